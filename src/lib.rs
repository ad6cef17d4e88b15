//! Unbraid separates a mix into vocals, drums, bass and other while it plays.
//!
//! The straight way, one module per station:
//!
//! ```text
//! host block → engine (FIFO → hop) → separators → stems → gains → host block
//! ```
//!
//! `src/guide.md` leads there from a WAV file, with pictures.

pub mod demo_song;
pub mod dice;
pub mod dsp;
pub mod engine;
pub mod nn;
pub mod offline;
pub mod score;
pub mod separators;
pub mod stem;
pub mod whole_file;

#[cfg(feature = "audio-files")]
pub mod audio_file;
#[cfg(feature = "tools")]
pub mod plot;
#[cfg(feature = "tools")]
pub mod report;
#[cfg(feature = "tools")]
pub mod scratch_nn;

#[cfg(feature = "tools")]
pub mod eval;

#[cfg(feature = "train")]
pub mod train;

#[cfg(feature = "plugin")]
pub mod plugin;

#[cfg(feature = "plugin")]
nice_plug::nice_export_clap!(plugin::Unbraid, plugin::UnbraidMultiOut);
#[cfg(feature = "plugin")]
nice_plug::nice_export_vst3!(plugin::Unbraid, plugin::UnbraidMultiOut);
