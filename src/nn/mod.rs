//! Conv-TasNet as it plays: causal layers on `&[f32]`, frame by frame, without a framework.
//!
//! The network exists twice: here it runs, in `train` it learns. [`ConvTasNetConfig`] and the
//! named tensors of a weights file bind the two.

mod activation;
pub mod config;
mod depthwise;
pub mod features;
pub mod level;
mod matrix;
mod model;
mod norm;
pub mod refiner;
pub mod shared;
pub mod weights;

pub use activation::softmax_of_four;
pub use config::{ConfigError, ConvTasNetConfig};
pub use matrix::{Isa, Matrix};
pub use model::{ConvTasNetModel, ConvTasNetState};
pub use norm::NORM_EPSILON;
pub use weights::{ModelError, Precision, Tensor, WeightsFile};
