//! Pictures that explain a song.

pub mod frequency_axis;
pub mod residual;
pub mod spectrogram;
