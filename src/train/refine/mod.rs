//! The refiner as it learns: see [`crate::nn::refiner`].
//!
//! On a CPU it is one operation with a hand-written gradient ([`fused`]), for in candle's own
//! operations ([`plain`]) it costs many times as much. They must agree.

mod fused;
pub mod grown;
mod kernels;
mod plain;

use candle_core::{Result, Tensor};

use crate::nn::refiner::config::RefinerShape;

/// Refines mask values, `[batch, frames, M]`, by features, `[batch, frames, F]`, which get no
/// gradient. `weights` are the tensors of [`RefinerShape::tensors`].
pub fn refine(
    shape: &RefinerShape,
    features: &Tensor,
    masks: &Tensor,
    weights: &[&Tensor],
) -> Result<Tensor> {
    if masks.device().is_cpu() {
        fused::refine(shape, features, masks, weights)
    } else {
        refine_plain(shape, features, masks, weights)
    }
}

/// The same in candle's own operations, on any device.
pub fn refine_plain(
    shape: &RefinerShape,
    features: &Tensor,
    masks: &Tensor,
    weights: &[&Tensor],
) -> Result<Tensor> {
    plain::refine(shape, features, masks, weights)
}
