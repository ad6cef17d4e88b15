//! Mask cross-entropy: how far softmax masks are from ideal ones.
//!
//! Per channel, frame and band `−Σ_k ideal_k · log softmax_k`, weighted, with an [`IdealMask`]. It is
//! convex in the network's last values, has a signal in every band, and needs no inverse FFT. Where
//! the network can't know, it is least at the mean of the ideal masks.

use candle_core::{CpuStorage, CustomOp1, Device, Layout, Result, Shape, Tensor};

use serde::{Deserialize, Serialize};

use super::hand_written::{Saved, contiguous};
use crate::nn::softmax_of_four;
use crate::stem::NUM_STEMS;

/// Keeps a probability's logarithm finite.
const SMALLEST_PROBABILITY: f32 = 1e-30;

/// Added to the sum of magnitudes, so that silence has masks of 0.
const MAGNITUDE_FLOOR: f32 = 1e-4;

/// What the masks of a band ought to be, by the mean powers `P` of the stems in its bins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdealMask {
    /// The ideal ratio mask, `√P_k / Σ √P`; what settings mean that say nothing.
    #[default]
    Magnitudes,
    /// The Wiener filter, `P_k / Σ P`: of all real masks the one whose stems have the least squared
    /// error, if the stems' phases are independent.
    Powers,
}

impl IdealMask {
    /// From the stems' powers to their masks.
    pub fn of(self, mut powers: [f32; NUM_STEMS]) -> [f32; NUM_STEMS] {
        let floor = match self {
            Self::Magnitudes => {
                powers = powers.map(f32::sqrt);
                MAGNITUDE_FLOOR
            }
            Self::Powers => MAGNITUDE_FLOOR * MAGNITUDE_FLOOR,
        };
        let sum = powers.iter().sum::<f32>() + floor;
        powers.map(|p| p / sum)
    }
}

/// What masks ought to be.
#[derive(Clone, Debug, PartialEq)]
pub struct MaskTargets {
    /// Ideal masks, `[frame][stem][channel][band]`.
    pub masks: Vec<f32>,
    /// How much each counts, `[frame][channel][band]`; mean 1 over the frames that count.
    pub weights: Vec<f32>,
    pub num_frames: usize,
    /// Frames that count: those after the warm-up.
    pub num_counted: usize,
}

/// Mean loss over the frames that count of `values`, `[batch, frames, M]`.
pub fn mask_cross_entropy(values: &Tensor, targets: &[&MaskTargets]) -> Result<Tensor> {
    if !values.device().is_cpu() {
        return plain(values, targets);
    }
    let rows: Vec<_> = targets.iter().map(|t| (*t).clone()).collect();
    values.contiguous()?.apply_op1(CrossEntropy {
        targets: rows,
        gradient: Saved::default(),
    })
}

/// The same in candle's own operations.
pub fn plain(values: &Tensor, targets: &[&MaskTargets]) -> Result<Tensor> {
    let (batch, frames, _) = values.dims3()?;
    let device = values.device();
    let values = values.reshape((batch, frames, NUM_STEMS, ()))?;
    let shifted = values.broadcast_sub(&values.max_keepdim(2)?.detach())?;
    let logarithm = shifted.exp()?.sum_keepdim(2)?.log()?;
    let log_masks = shifted.broadcast_sub(&logarithm)?;
    let gather = |part: fn(&MaskTargets) -> &[f32], stems: usize| {
        let all: Vec<f32> = targets.iter().flat_map(|t| part(t)).copied().collect();
        Tensor::from_vec(all, (batch, frames, stems, ()), device)
    };
    let masks = gather(|t| &t.masks, NUM_STEMS)?;
    let weights = gather(|t| &t.weights, 1)?;
    let loss = (log_masks * masks)?.broadcast_mul(&weights)?.sum_all()?;
    loss * -counted(targets, values.dim(3)?).recip()
}

/// Values that the mean is over.
fn counted(targets: &[&MaskTargets], values_a_stem: usize) -> f64 {
    let frames: usize = targets.iter().map(|t| t.num_counted).sum();
    (frames * values_a_stem).max(1) as f64
}

struct CrossEntropy {
    targets: Vec<MaskTargets>,
    /// Found along with the loss.
    gradient: Saved<Vec<f32>>,
}

impl CustomOp1 for CrossEntropy {
    fn name(&self) -> &'static str {
        "mask-cross-entropy"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (_, frames, num_values) = layout.shape().dims3()?;
        let num_weights = num_values / NUM_STEMS;
        let references: Vec<_> = self.targets.iter().collect();
        let scale = counted(&references, num_weights).recip();
        let mut gradient = contiguous(storage, layout)?.to_vec();
        let mut sum = 0.0;
        let examples = gradient.chunks_exact_mut(frames * num_values);
        for (values, targets) in examples.zip(&self.targets) {
            for (frame, values) in values.chunks_exact_mut(num_values).enumerate() {
                let weights = &targets.weights[frame * num_weights..][..num_weights];
                let masks = &targets.masks[frame * num_values..][..num_values];
                sum += frame_loss(values, masks, weights, scale as f32);
            }
        }
        self.gradient.put(gradient);
        let loss = (sum * scale) as f32;
        Ok((CpuStorage::F32(vec![loss]), Shape::from(())))
    }

    fn bwd(&self, values: &Tensor, _: &Tensor, upstream: &Tensor) -> Result<Option<Tensor>> {
        let mut gradient = self.gradient.take()?;
        let factor = upstream.to_scalar::<f32>()?;
        if factor != 1.0 {
            gradient.iter_mut().for_each(|g| *g *= factor);
        }
        Tensor::from_vec(gradient, values.shape(), &Device::Cpu).map(Some)
    }
}

/// A frame's weighted sum; puts the gradient, times `scale`, in the values' place.
fn frame_loss(values: &mut [f32], masks: &[f32], weights: &[f32], scale: f32) -> f64 {
    if weights.iter().all(|&w| w == 0.0) {
        values.fill(0.0);
        return 0.0;
    }
    softmax_of_four(values);
    let length = weights.len();
    let mut sum = 0.0;
    for (i, &weight) in weights.iter().enumerate() {
        let total: f32 = (0..NUM_STEMS).map(|k| masks[k * length + i]).sum();
        let mut loss = 0.0;
        for k in 0..NUM_STEMS {
            let (p, mask) = (&mut values[k * length + i], masks[k * length + i]);
            loss -= mask * p.max(SMALLEST_PROBABILITY).ln();
            *p = weight * scale * (*p * total - mask);
        }
        sum += f64::from(weight * loss);
    }
    sum
}
