//! Pure signal tools on slices: they know nothing of stems, parameters or hosts.

pub mod compressor;
pub mod decibel;
pub mod delay_line;
pub mod exponential;
pub mod filter;
pub mod grid;
pub mod peak_meter;
pub mod power;
pub mod resample;
pub mod reverb;
pub mod row_median;
pub mod running_median;
pub mod stft;
