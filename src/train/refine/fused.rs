//! The refiner as one operation, for CPUs: forward as it plays, over whole sequences, and its gradient
//! layer by layer, backwards.

use candle_core::{CpuStorage, CustomOp2, Device, Layout, Result, Shape, Tensor};

use super::kernels::{Frames, Patch, bend_gradient, kernel_gradient};
use crate::nn::Isa;
use crate::nn::refiner::config::{MAX_AGES, NEIGHBOURS, RefinerShape};
use crate::nn::refiner::planes::{Kernel, bands_of, row_len};
use crate::nn::refiner::{prelu_rows, write_feature_rows, write_rows};
use crate::train::hand_written::{Saved, contiguous};

pub(super) fn refine(
    shape: &RefinerShape,
    features: &Tensor,
    masks: &Tensor,
    weights: &[&Tensor],
) -> Result<Tensor> {
    let flat = weights.iter().map(|tensor| tensor.flatten_all());
    let packed = Tensor::cat(&flat.collect::<Result<Vec<_>>>()?, 0)?;
    masks.contiguous()?.apply_op2(
        &packed,
        Fused {
            shape: shape.clone(),
            features: features.detach().flatten_all()?.to_vec1()?,
            saved: Saved::default(),
        },
    )
}

struct Fused {
    shape: RefinerShape,
    /// `[sequence][frame][F]`.
    features: Vec<f32>,
    saved: Saved<Vec<Sequence>>,
}

/// What the gradient needs of a sequence.
struct Sequence {
    /// Inputs of the first layer.
    features: Planes,
    masks: Planes,
    /// Inputs of the other layers.
    hidden: Vec<Planes>,
    /// Of all layers but the last before their PReLU, `[frame][channel][row]`.
    unbent: Vec<Vec<f32>>,
}

/// All frames of a sequence, after some that are empty.
struct Planes {
    values: Vec<f32>,
    num_planes: usize,
    before: usize,
    row: usize,
}

impl Planes {
    fn new(num_frames: usize, num_planes: usize, before: usize, row: usize) -> Self {
        Self {
            values: vec![0.0; (before + num_frames) * num_planes * row],
            num_planes,
            before,
            row,
        }
    }

    fn frames(&self) -> Frames<'_> {
        Frames {
            values: &self.values,
            num_planes: self.num_planes,
            before: self.before,
        }
    }

    fn frame_mut(&mut self, index: usize) -> &mut [f32] {
        let length = self.num_planes * self.row;
        &mut self.values[(self.before + index) * length..][..length]
    }

    /// Adds what a kernel makes of each frame, and those so many before, to `y`.
    fn convolve(&self, kernel: &Kernel, ages: &[usize], num_bands: usize, y: &mut [f32]) {
        let num_frames = self.values.len() / (self.num_planes * self.row) - self.before;
        for (index, y) in y.chunks_exact_mut(y.len() / num_frames).enumerate() {
            let mut frames = [&[][..]; MAX_AGES];
            for (frame, &age) in frames.iter_mut().zip(ages) {
                *frame = self.frames().get(index, age, self.row);
            }
            kernel.add_to(&frames[..ages.len()], num_bands, y);
        }
    }
}

/// The parameters, from a flat row of all of them.
struct Parts<T> {
    features: T,
    masks: T,
    bias: T,
    slope: T,
    /// Weight, bias and slope of each.
    middles: Vec<[T; 3]>,
    last: T,
}

impl<T> Parts<T> {
    /// `take` gives as many values as it is asked for.
    fn new(shape: &RefinerShape, mut take: impl FnMut(usize) -> T) -> Self {
        let tensors = shape.tensors();
        let mut next = tensors
            .iter()
            .map(|(_, shape)| take(shape.iter().product()));
        let mut next = || next.next().expect("a refiner has all its tensors");
        Self {
            features: next(),
            masks: next(),
            bias: next(),
            slope: next(),
            middles: (shape.config.middle_ages.iter())
                .map(|_| [next(), next(), next()])
                .collect(),
            last: next(),
        }
    }

    fn of<'a>(shape: &RefinerShape, mut flat: &'a [f32]) -> Parts<&'a [f32]> {
        Parts::new(shape, |length| {
            let (part, rest) = flat.split_at(length);
            flat = rest;
            part
        })
    }

    fn of_mut<'a>(shape: &RefinerShape, mut flat: &'a mut [f32]) -> Parts<&'a mut [f32]> {
        Parts::new(shape, |length| {
            let (part, rest) = std::mem::take(&mut flat).split_at_mut(length);
            flat = rest;
            part
        })
    }
}

fn packed(weight: &[f32], num_ages: usize, num_planes: usize, width: usize) -> Kernel {
    Kernel::new(weight, num_ages, num_planes, width, Isa::detect())
}

/// `weight`, `[output][age][plane][tap]`, as the kernel that takes gradients of outputs back to the
/// planes of one age.
fn transposed(weight: &[f32], age: usize, [ages, planes, width]: [usize; 3]) -> Kernel {
    let outputs = weight.len() / (ages * planes * width);
    let mut back = vec![0.0; planes * outputs * width];
    for output in 0..outputs {
        for plane in 0..planes {
            for tap in 0..width {
                let from = ((output * ages + age) * planes + plane) * width + tap;
                let to = (plane * outputs + output) * width + width - 1 - tap;
                back[to] = weight[from];
            }
        }
    }
    packed(&back, 1, outputs, width)
}

impl Fused {
    /// Refines one sequence in place, `[frame][M]`.
    fn forward(&self, features: &[f32], values: &mut [f32], parts: &Parts<&[f32]>) -> Sequence {
        let shape = &self.shape;
        let (bands, c) = (shape.num_bands, shape.config.channels);
        let ages = &shape.config.ages;
        let middle_ages = &shape.config.middle_ages;
        let row = row_len(bands);
        let num_frames = values.len() / (shape.masks * bands);
        let oldest = ages.iter().max().copied().unwrap_or(0);
        let mut seen = Planes::new(num_frames, shape.features, oldest, row);
        for (index, x) in features.chunks_exact(shape.features * bands).enumerate() {
            write_feature_rows(x, bands, seen.frame_mut(index));
        }
        let mut masks = Planes::new(num_frames, shape.masks, 0, row);
        for (index, x) in values.chunks_exact(shape.masks * bands).enumerate() {
            write_rows(x, bands, masks.frame_mut(index));
        }
        let biased = |bias: &[f32]| {
            let mut rows = vec![0.0; c * row];
            write_rows(bias, bands, &mut rows);
            rows.repeat(num_frames)
        };
        let bent = |x: &[f32], slopes: &[f32], before: usize| {
            let mut planes = Planes::new(num_frames, c, before, row);
            for (index, x) in x.chunks_exact(c * row).enumerate() {
                let place = planes.frame_mut(index);
                place.copy_from_slice(x);
                prelu_rows(place, slopes);
            }
            planes
        };
        // As each layer keeps its input, the empty frames are those that the next one asks for.
        let before = |layer: usize| middle_ages.get(layer).copied().unwrap_or(0);

        let mut x = biased(parts.bias);
        let kernel = packed(
            parts.features,
            ages.len(),
            shape.features,
            shape.config.bands,
        );
        seen.convolve(&kernel, ages, bands, &mut x);
        let kernel = packed(parts.masks, 1, shape.masks, NEIGHBOURS);
        masks.convolve(&kernel, &[0], bands, &mut x);
        let mut hidden = vec![bent(&x, parts.slope, before(0))];
        let mut unbent = vec![x];
        for (layer, [weight, bias, slope]) in parts.middles.iter().enumerate() {
            let mut x = biased(bias);
            let kernel = packed(weight, 2, c, NEIGHBOURS);
            let input = &hidden[layer];
            input.convolve(&kernel, &[0, middle_ages[layer]], bands, &mut x);
            let mut output = bent(&x, slope, before(layer + 1));
            let skipped = &input.values[input.before * c * row..];
            let sums = &mut output.values[output.before * c * row..];
            for (sum, x) in sums.iter_mut().zip(skipped) {
                *sum += x;
            }
            hidden.push(output);
            unbent.push(x);
        }
        let kernel = packed(parts.last, 1, c, NEIGHBOURS);
        let mut refined = masks.values.clone();
        hidden[middle_ages.len()].convolve(&kernel, &[0], bands, &mut refined);
        let rows = refined.chunks_exact(row);
        for (values, refined) in values.chunks_exact_mut(bands).zip(rows) {
            values.copy_from_slice(bands_of(refined, bands));
        }
        Sequence {
            features: seen,
            masks,
            hidden,
            unbent,
        }
    }

    /// From the gradient of what came out, `[frame][M]`, to that of the mask values, in its place.
    fn backward(
        &self,
        sequence: &Sequence,
        gradient: &mut [f32],
        parts: &Parts<&[f32]>,
        sums: &mut Parts<&mut [f32]>,
    ) {
        let shape = &self.shape;
        let (bands, c) = (shape.num_bands, shape.config.channels);
        let middle_ages = &shape.config.middle_ages;
        let row = row_len(bands);
        let num_frames = gradient.len() / (shape.masks * bands);
        let mut of_masks = Planes::new(num_frames, shape.masks, 0, row);
        for (index, x) in gradient.chunks_exact(shape.masks * bands).enumerate() {
            write_rows(x, bands, of_masks.frame_mut(index));
        }
        fn near(ages: &[usize], num_bands: usize) -> Patch<'_> {
            Patch {
                ages,
                width: NEIGHBOURS,
                num_bands,
            }
        }
        let last = sequence.hidden[middle_ages.len()].frames();
        kernel_gradient(&last, &of_masks.values, &near(&[0], bands), sums.last);
        let mut of_hidden = Planes::new(num_frames, c, 0, row);
        let kernel = transposed(parts.last, 0, [1, c, NEIGHBOURS]);
        let g = &mut of_hidden.values;
        of_masks.convolve(&kernel, &[0], bands, g);

        for layer in (0..middle_ages.len()).rev() {
            let [weight, _, slope] = parts.middles[layer];
            let [weight_sums, bias_sums, slope_sums] = &mut sums.middles[layer];
            let age = middle_ages[layer];
            let x = &sequence.unbent[layer + 1];
            let mut unbent = Planes {
                values: of_hidden.values.clone(),
                ..Planes::new(0, c, 0, row)
            };
            bend_gradient(x, slope, bands, &mut unbent.values, bias_sums, slope_sums);
            let input = sequence.hidden[layer].frames();
            kernel_gradient(&input, &unbent.values, &near(&[0, age], bands), weight_sums);
            let sizes = [2, c, NEIGHBOURS];
            let g = &mut of_hidden.values;
            unbent.convolve(&transposed(weight, 0, sizes), &[0], bands, g);
            // What came out of a frame goes back to the one so many before.
            if age < num_frames {
                let later = Planes {
                    values: unbent.values[age * c * row..].to_vec(),
                    ..Planes::new(0, c, 0, row)
                };
                let g = &mut of_hidden.values[..(num_frames - age) * c * row];
                later.convolve(&transposed(weight, 1, sizes), &[0], bands, g);
            }
        }
        let g = &mut of_hidden.values;
        bend_gradient(
            &sequence.unbent[0],
            parts.slope,
            bands,
            g,
            sums.bias,
            sums.slope,
        );
        let seen = sequence.features.frames();
        let patch = Patch {
            ages: &shape.config.ages,
            width: shape.config.bands,
            num_bands: bands,
        };
        kernel_gradient(&seen, g, &patch, sums.features);
        let masks = sequence.masks.frames();
        kernel_gradient(&masks, g, &near(&[0], bands), sums.masks);
        let kernel = transposed(parts.masks, 0, [1, shape.masks, NEIGHBOURS]);
        of_hidden.convolve(&kernel, &[0], bands, &mut of_masks.values);
        let rows = of_masks.values.chunks_exact(row);
        for (gradient, found) in gradient.chunks_exact_mut(bands).zip(rows) {
            gradient.copy_from_slice(bands_of(found, bands));
        }
    }
}

impl CustomOp2 for Fused {
    fn name(&self) -> &'static str {
        "refiner"
    }

    fn cpu_fwd(
        &self,
        masks: &CpuStorage,
        layout: &Layout,
        packed: &CpuStorage,
        packed_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (batch, frames, num_values) = layout.shape().dims3()?;
        let parts = Parts::<&[f32]>::of(&self.shape, contiguous(packed, packed_layout)?);
        let mut values = contiguous(masks, layout)?.to_vec();
        let features = self.features.chunks_exact(self.features.len() / batch);
        let sequences = features.zip(values.chunks_exact_mut(frames * num_values));
        let saved = sequences.map(|(features, values)| self.forward(features, values, &parts));
        self.saved.put(saved.collect());
        Ok((CpuStorage::F32(values), layout.shape().clone()))
    }

    fn bwd(
        &self,
        masks: &Tensor,
        packed: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let saved = self.saved.take()?;
        let weights: Vec<f32> = packed.to_vec1()?;
        let parts = Parts::<&[f32]>::of(&self.shape, &weights);
        let mut weight_sums = vec![0.0; weights.len()];
        let mut sums = Parts::<&mut [f32]>::of_mut(&self.shape, &mut weight_sums);
        let mut values: Vec<f32> = gradient.flatten_all()?.to_vec1()?;
        let length = values.len() / saved.len();
        for (sequence, gradient) in saved.iter().zip(values.chunks_exact_mut(length)) {
            self.backward(sequence, gradient, &parts, &mut sums);
        }
        Ok((
            Some(Tensor::from_vec(values, masks.shape(), &Device::Cpu)?),
            Some(Tensor::from_vec(weight_sums, packed.shape(), &Device::Cpu)?),
        ))
    }
}
