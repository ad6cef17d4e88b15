//! What lies between the two matrices of a block: bias, PReLU, norm, dilated depthwise
//! convolution, bias, PReLU, norm.
//!
//! In candle's own operations ([`plain`]) it costs more than the matrices do, so on a CPU one
//! operation with a hand-written gradient does it all ([`fused`]). They must agree.

mod fused;
mod kernels;
mod plain;

use candle_core::{Result, Tensor};

use super::parameters::MIDDLE_ROWS;
use crate::nn::config::NormKind;

pub use plain::prelu;

/// Shape of a middle.
#[derive(Clone, Copy, Debug)]
pub struct Middle {
    pub dilation: usize,
    pub norm: NormKind,
    /// Whether to tell the moments of the input of batch norms that take others.
    pub is_watched: bool,
}

/// `[batch, frames, hidden]`, and the moments `[4, hidden]` that its batch norms took, if it has any,
/// or that their inputs have, if they are watched.
pub struct Output {
    pub values: Tensor,
    pub moments: Option<Vec<f32>>,
}

impl Middle {
    /// Runs on `x`, `[batch, frames, hidden]`, with `packed` parameters `[8 + P, hidden]`. Batch
    /// norms take `running` moments, `[4, hidden]`, where there are some.
    pub fn apply(&self, x: &Tensor, packed: &Tensor, running: Option<&[f32]>) -> Result<Output> {
        let fits = matches!(self.norm, NormKind::Batch | NormKind::Frame);
        if fits && x.device().is_cpu() && !self.is_watched {
            fused::apply(*self, x, packed, running)
        } else {
            self.apply_plain(x, packed, running)
        }
    }

    /// The same in candle's own operations, on any device.
    pub fn apply_plain(
        &self,
        x: &Tensor,
        packed: &Tensor,
        running: Option<&[f32]>,
    ) -> Result<Output> {
        plain::apply(*self, x, packed, running)
    }
}

fn num_taps(packed: &Tensor) -> Result<usize> {
    Ok(packed.dim(0)? - MIDDLE_ROWS)
}
