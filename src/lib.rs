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
pub mod separators;
pub mod stem;
