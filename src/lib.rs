//! Unbraid separates a mix into vocals, drums, bass and other while it plays.
//!
//! The straight way, one module per station:
//!
//! ```text
//! host block → engine (FIFO → hop) → separators → stems → gains → host block
//! ```

pub mod demo_song;
pub mod dsp;
pub mod engine;
pub mod separators;
pub mod stem;

#[cfg(feature = "tools")]
pub mod audio_file;

#[cfg(feature = "plugin")]
pub mod plugin;
