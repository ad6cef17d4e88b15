//! Pictures that explain a song.

pub mod frequency_axis;
pub mod spectrogram;
