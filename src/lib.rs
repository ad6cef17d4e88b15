//! Unbraid separates a mix into vocals, drums, bass and other while it plays.
//!
//! The straight way, one module per station:
//!
//! ```text
//! host block → engine (FIFO → hop) → separators → stems → gains → host block
//! ```

pub mod dsp;
pub mod engine;
pub mod nn;
pub mod offline;
pub mod separators;
pub mod stem;

#[cfg(feature = "tools")]
pub mod audio_file;
