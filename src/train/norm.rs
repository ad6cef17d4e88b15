//! Norms of sequences, `[batch, frames, channels]`, in candle's own operations: the reference for
//! the fused block, and the norm of whatever is not fused.

use candle_core::{D, Result, Tensor};

use crate::nn::NORM_EPSILON;
use crate::nn::config::NormKind;

/// A normalised tensor, and the mean and variance of each channel that did it (batch norm only), or
/// that `x` has, if it is watched.
pub struct Normalised {
    pub values: Tensor,
    pub moments: Option<[Tensor; 2]>,
}

/// `(x − mean) / √(variance + ε)`. Batch norm takes `running` moments where there are some.
pub fn normalise(
    x: &Tensor,
    kind: NormKind,
    running: Option<[Tensor; 2]>,
    is_watched: bool,
) -> Result<Normalised> {
    let (batch, frames, channels) = x.dims3()?;
    let of_batch = || -> Result<_> {
        let rows = x.reshape((batch * frames, channels))?;
        let mean = rows.mean(0)?;
        let variance = rows.broadcast_sub(&mean)?.sqr()?.mean(0)?;
        Ok((mean, variance))
    };
    let (mean, variance) = match (kind, running) {
        (NormKind::Batch, Some([mean, variance])) => (mean, variance),
        (NormKind::Batch, None) => of_batch()?,
        (NormKind::Frame, _) => {
            let mean = x.mean_keepdim(D::Minus1)?;
            let variance = x.broadcast_sub(&mean)?.sqr()?.mean_keepdim(D::Minus1)?;
            (mean, variance)
        }
        (NormKind::Cumulative, _) => {
            // Sums over the channels of this frame and all before: Luo & Mesgarani 2019, III-C.
            let counts: Vec<f32> = (1..=frames).map(|t| (t * channels) as f32).collect();
            let counts = Tensor::from_vec(counts, (1, frames, 1), x.device())?;
            let so_far = |x: &Tensor| x.sum_keepdim(D::Minus1)?.cumsum(1)?.broadcast_div(&counts);
            let mean = so_far(x)?;
            let variance = (so_far(&x.sqr()?)? - mean.sqr()?)?.relu()?;
            (mean, variance)
        }
        (NormKind::Global, _) => {
            let mean = x.mean_keepdim((1, 2))?;
            let variance = x.broadcast_sub(&mean)?.sqr()?.mean_keepdim((1, 2))?;
            (mean, variance)
        }
    };
    let deviation = (&variance + f64::from(NORM_EPSILON))?.sqrt()?;
    let values = x.broadcast_sub(&mean)?.broadcast_div(&deviation)?;
    let moments = match kind {
        NormKind::Batch if is_watched => Some(of_batch()?.into()),
        NormKind::Batch => Some([mean, variance]),
        _ => None,
    };
    Ok(Normalised { values, moments })
}
