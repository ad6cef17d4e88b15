//! The middle of a block as one operation, for CPUs, with batch or frame norm.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp2, DType, Device, Layout, Result, Shape, Tensor};

use super::kernels::{
    Moments, channel_moments, convolve, convolve_gradient, norm_channels, norm_channels_gradient,
    norm_rows, norm_rows_gradient, prelu, prelu_gradient, row_moments,
};
use super::{Middle, Output};
use crate::nn::config::NormKind;
use crate::train::hand_written::{Saved, contiguous};
use crate::train::parameters::{
    BIAS1, BIAS2, MIDDLE_ROWS, SCALE1, SCALE2, SHIFT1, SHIFT2, SLOPE1, SLOPE2, TAPS,
};

pub(super) fn apply(
    middle: Middle,
    x: &Tensor,
    packed: &Tensor,
    running: Option<&[f32]>,
) -> Result<Output> {
    let saved = Arc::<Saved<Forward>>::default();
    let values = x.contiguous()?.apply_op2(
        packed,
        Fused {
            middle,
            running: running.map(<[f32]>::to_vec),
            saved: saved.clone(),
        },
    )?;
    let moments = match (middle.norm, &*saved.look()) {
        (NormKind::Batch, Some(Forward { first, second, .. })) => Some(
            [
                &first.mean[..],
                &first.variance,
                &second.mean,
                &second.variance,
            ]
            .concat(),
        ),
        _ => None,
    };
    Ok(Output { values, moments })
}

struct Fused {
    middle: Middle,
    /// `[4, hidden]`, of batch norms that do not learn.
    running: Option<Vec<f32>>,
    saved: Arc<Saved<Forward>>,
}

/// What the gradient needs of the forward pass.
struct Forward {
    /// Before the second PReLU, bias not added.
    convolved: Vec<f32>,
    first: Moments,
    second: Moments,
}

/// The rows of `packed`.
struct Rows<'a> {
    packed: &'a [f32],
    hidden: usize,
    taps: usize,
}

impl<'a> Rows<'a> {
    fn new(packed: &'a [f32], hidden: usize) -> Self {
        let taps = packed.len() / hidden - MIDDLE_ROWS;
        Self {
            packed,
            hidden,
            taps,
        }
    }

    fn row(&self, index: usize) -> &'a [f32] {
        &self.packed[index * self.hidden..][..self.hidden]
    }

    fn second(&self, index: usize) -> &'a [f32] {
        self.row(TAPS + self.taps + index)
    }

    fn taps(&self) -> &'a [f32] {
        &self.packed[TAPS * self.hidden..][..self.taps * self.hidden]
    }
}

impl Fused {
    /// Normalises in place, and says by what. `first`: index of the mean in the running moments.
    fn normalise(&self, x: &mut [f32], first: usize, scale: &[f32], shift: &[f32]) -> Moments {
        let hidden = scale.len();
        let moments = match (&self.running, self.middle.norm) {
            (Some(running), NormKind::Batch) => {
                let row = |index: usize| running[index * hidden..][..hidden].to_vec();
                Moments::new(row(first), row(first + 1))
            }
            (None, NormKind::Batch) => channel_moments(x, hidden),
            _ => row_moments(x, hidden),
        };
        self.apply_moments(x, &moments, scale, shift);
        moments
    }

    fn apply_moments(&self, x: &mut [f32], moments: &Moments, scale: &[f32], shift: &[f32]) {
        match self.middle.norm {
            NormKind::Batch => norm_channels(x, moments, scale, shift),
            _ => norm_rows(x, moments, scale, shift),
        }
    }

    fn norm_gradient(
        &self,
        x: &[f32],
        moments: &Moments,
        scale: &[f32],
        gradient: &mut [f32],
        [scale_gradient, shift_gradient]: [&mut [f32]; 2],
    ) {
        match self.middle.norm {
            NormKind::Batch => norm_channels_gradient(
                x,
                moments,
                self.running.is_some(),
                scale,
                gradient,
                scale_gradient,
                shift_gradient,
            ),
            _ => norm_rows_gradient(x, moments, scale, gradient, scale_gradient, shift_gradient),
        }
    }
}

impl CustomOp2 for Fused {
    fn name(&self) -> &'static str {
        "middle"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        packed: &CpuStorage,
        packed_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (_, frames, hidden) = x_layout.shape().dims3()?;
        let x = contiguous(x, x_layout)?;
        let p = Rows::new(contiguous(packed, packed_layout)?, hidden);

        let mut z = vec![0.0; x.len()];
        prelu(x, p.row(BIAS1), p.row(SLOPE1), &mut z);
        let first = self.normalise(&mut z, 0, p.row(SCALE1), p.row(SHIFT1));
        let mut convolved = vec![0.0; x.len()];
        let sequences = z.chunks_exact(frames * hidden);
        for (z, u) in sequences.zip(convolved.chunks_exact_mut(frames * hidden)) {
            convolve(z, p.taps(), hidden, self.middle.dilation, u);
        }
        let mut y = z;
        prelu(&convolved, p.second(BIAS2), p.second(SLOPE2), &mut y);
        let second = self.normalise(&mut y, 2, p.second(SCALE2), p.second(SHIFT2));
        self.saved.put(Forward {
            convolved,
            first,
            second,
        });
        Ok((CpuStorage::F32(y), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        packed: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (_, frames, hidden) = x.dims3()?;
        let saved = self.saved.take()?;
        let x_values = values(x)?;
        let packed_values = values(packed)?;
        let mut g = values(gradient)?;
        let p = Rows::new(&packed_values, hidden);
        let mut packed_gradient = vec![0.0; packed_values.len()];
        let (before, rest) = packed_gradient.split_at_mut(TAPS * hidden);
        let (taps_gradient, after) = rest.split_at_mut(p.taps * hidden);
        let [bias1, slope1, scale1, shift1] = four_rows(before, hidden);
        let [bias2, slope2, scale2, shift2] = four_rows(after, hidden);

        let mut activated = vec![0.0; x_values.len()];
        let u = &saved.convolved;
        prelu(u, p.second(BIAS2), p.second(SLOPE2), &mut activated);
        let norm2 = [scale2, shift2];
        self.norm_gradient(&activated, &saved.second, p.second(SCALE2), &mut g, norm2);
        prelu_gradient(u, p.second(BIAS2), p.second(SLOPE2), &mut g, bias2, slope2);

        prelu(&x_values, p.row(BIAS1), p.row(SLOPE1), &mut activated);
        let mut z = activated.clone();
        self.apply_moments(&mut z, &saved.first, p.row(SCALE1), p.row(SHIFT1));
        let mut x_gradient = vec![0.0; x_values.len()];
        let length = frames * hidden;
        for ((z, g), out) in z
            .chunks_exact(length)
            .zip(g.chunks_exact(length))
            .zip(x_gradient.chunks_exact_mut(length))
        {
            let dilation = self.middle.dilation;
            convolve_gradient(z, p.taps(), dilation, g, out, taps_gradient, hidden);
        }
        let g = &mut x_gradient;
        let norm1 = [scale1, shift1];
        self.norm_gradient(&activated, &saved.first, p.row(SCALE1), g, norm1);
        prelu_gradient(&x_values, p.row(BIAS1), p.row(SLOPE1), g, bias1, slope1);
        Ok((
            Some(Tensor::from_vec(x_gradient, x.shape(), &Device::Cpu)?),
            Some(Tensor::from_vec(
                packed_gradient,
                packed.shape(),
                &Device::Cpu,
            )?),
        ))
    }
}

fn four_rows(rows: &mut [f32], hidden: usize) -> [&mut [f32]; 4] {
    let (a, rest) = rows.split_at_mut(hidden);
    let (b, rest) = rest.split_at_mut(hidden);
    let (c, d) = rest.split_at_mut(hidden);
    [a, b, c, d]
}

fn values(tensor: &Tensor) -> Result<Vec<f32>> {
    debug_assert_eq!(tensor.dtype(), DType::F32);
    tensor.flatten_all()?.to_vec1()
}
