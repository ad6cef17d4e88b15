//! Conv-TasNet as it plays: causal layers on `&[f32]`, frame by frame, without a framework.
//!
//! The network exists twice: here it runs, in `train` it learns. [`ConvTasNetConfig`] and the
//! named tensors of a weights file bind the two.

pub mod config;
pub mod features;
pub mod weights;

pub use config::{ConfigError, ConvTasNetConfig};
pub use weights::{ModelError, Precision, WeightsFile};
