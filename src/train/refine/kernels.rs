//! Gradients of the refiner's convolutions and of what bends them, on frames of rows
//! ([`crate::nn::refiner::planes`]). Gradients of parameters are added to what is there.

use multiversion::multiversion;
use multiversion::target::target_cfg_f;

use crate::nn::refiner::planes::{MARGIN, bands_of, product_sum, row_len};

/// Values summed side by side.
const LANES: usize = 8;

/// Frames that are summed before lanes are.
const BLOCK_FRAMES: usize = 4;

/// Outputs at a time.
const GROUP: usize = 4;

/// Frames of one sequence, and as many empty ones before them as ages reach back.
pub struct Frames<'a> {
    pub values: &'a [f32],
    pub num_planes: usize,
    /// Empty frames before the first.
    pub before: usize,
}

impl<'a> Frames<'a> {
    /// The frame `age` before frame `index`, `[plane][row]`.
    pub fn get(&self, index: usize, age: usize, row: usize) -> &'a [f32] {
        let length = self.num_planes * row;
        &self.values[(self.before + index - age) * length..][..length]
    }
}

/// What a kernel's gradient is made of.
pub struct Patch<'a> {
    pub ages: &'a [usize],
    pub width: usize,
    pub num_bands: usize,
}

/// Adds the gradient of a kernel, `[output][age][plane][tap]`; `gradient` is that of its outputs,
/// `[frame][output][row]`, with margins of 0.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn kernel_gradient(x: &Frames, gradient: &[f32], patch: &Patch, sums: &mut [f32]) {
    if target_cfg_f!(target_feature = "fma") {
        kernel_gradient_with::<true>(x, gradient, patch, sums);
    } else {
        kernel_gradient_with::<false>(x, gradient, patch, sums);
    }
}

#[inline(always)]
fn kernel_gradient_with<const FUSED: bool>(
    x: &Frames,
    gradient: &[f32],
    patch: &Patch,
    sums: &mut [f32],
) {
    let row = row_len(patch.num_bands);
    let inputs = patch.ages.len() * x.num_planes * patch.width;
    let outputs = sums.len() / inputs;
    let block = BLOCK_FRAMES * outputs * row;
    for (index, gradient) in gradient.chunks(block).enumerate() {
        let first_frame = index * BLOCK_FRAMES;
        for (group, sums) in sums.chunks_exact_mut(GROUP * inputs).enumerate() {
            let mut input = 0;
            for &age in patch.ages {
                for plane in 0..x.num_planes {
                    let place = |frame: usize| {
                        let frame = x.get(first_frame + frame, age, row);
                        &frame[plane * row..][..row]
                    };
                    let mut tap = 0;
                    while tap < patch.width {
                        let from = MARGIN - patch.width / 2 + tap;
                        let of_frames = gradient.chunks_exact(outputs * row).enumerate();
                        let rows = of_frames.map(|(frame, gradient)| {
                            let gradient = &gradient[group * GROUP * row..][..GROUP * row];
                            (&place(frame)[from..], gradient)
                        });
                        let (count, found) = match patch.width - tap >= 3 {
                            true => (3, products::<FUSED, 3>(rows, patch.num_bands)),
                            false => (1, {
                                let [only] = products::<FUSED, 1>(rows, patch.num_bands);
                                [only, [0.0; GROUP], [0.0; GROUP]]
                            }),
                        };
                        for (tap, found) in found[..count].iter().enumerate() {
                            for (output, found) in found.iter().enumerate() {
                                sums[output * inputs + input + tap] += found;
                            }
                        }
                        tap += count;
                        input += count;
                    }
                }
            }
        }
    }
}

/// Sums of products of rows that begin `TAPS` places apart with those of some outputs.
#[inline(always)]
fn products<'a, const FUSED: bool, const TAPS: usize>(
    rows: impl Iterator<Item = (&'a [f32], &'a [f32])>,
    num_bands: usize,
) -> [[f32; GROUP]; TAPS] {
    let row = row_len(num_bands);
    let length = num_bands.next_multiple_of(LANES);
    let mut sums = [[[0.0_f32; LANES]; GROUP]; TAPS];
    for (x, gradient) in rows {
        let (a, rest) = gradient.split_at(row);
        let (b, rest) = rest.split_at(row);
        let (c, d) = rest.split_at(row);
        let gradients = [a, b, c, d].map(|g| &g[MARGIN..][..length]);
        let x = &x[..length + TAPS - 1];
        let mut first = 0;
        while first + LANES <= length {
            let g = gradients.map(|g| lanes(g, first));
            for (tap, sums) in sums.iter_mut().enumerate() {
                let x = lanes(x, first + tap);
                for (sums, g) in sums.iter_mut().zip(&g) {
                    for lane in 0..LANES {
                        sums[lane] = product_sum::<FUSED>(x[lane], g[lane], sums[lane]);
                    }
                }
            }
            first += LANES;
        }
    }
    sums.map(|sums| sums.map(|lanes| lanes.iter().sum()))
}

#[inline(always)]
fn lanes(x: &[f32], from: usize) -> [f32; LANES] {
    let mut lanes = [0.0; LANES];
    lanes.copy_from_slice(&x[from..from + LANES]);
    lanes
}

/// The gradient of PReLU with a slope a row, `[frame][channel][row]`: from the gradient of what came
/// out to that of `x`, which holds the bias. Bias: `[channel][band]`.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn bend_gradient(
    x: &[f32],
    slopes: &[f32],
    num_bands: usize,
    gradient: &mut [f32],
    bias_gradient: &mut [f32],
    slope_gradient: &mut [f32],
) {
    let row = row_len(num_bands);
    let frames = x.chunks_exact(row * slopes.len());
    for (x, gradient) in frames.zip(gradient.chunks_exact_mut(row * slopes.len())) {
        let rows = x.chunks_exact(row).zip(gradient.chunks_exact_mut(row));
        for (channel, (x, gradient)) in rows.enumerate() {
            let slope = slopes[channel];
            let x = bands_of(x, num_bands);
            let gradient = &mut gradient[MARGIN..][..num_bands];
            let bias = &mut bias_gradient[channel * num_bands..][..num_bands];
            let mut sums = [0.0_f32; LANES];
            for (band, ((x, g), bias)) in x.iter().zip(gradient).zip(bias).enumerate() {
                let is_negative = if *x > 0.0 { 0.0 } else { 1.0 };
                sums[band % LANES] += *g * *x * is_negative;
                *g *= 1.0 - is_negative + slope * is_negative;
                *bias += *g;
            }
            slope_gradient[channel] += sums.iter().sum::<f32>();
        }
    }
}
