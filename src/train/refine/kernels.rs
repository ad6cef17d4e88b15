//! Gradients of the refiner's convolutions and of what bends them, on frames of rows
//! ([`crate::nn::refiner::planes`]). Gradients of parameters are added to what is there.

use multiversion::multiversion;

use crate::nn::Isa;
use crate::nn::refiner::planes::{MARGIN, bands_of, row_len};

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
pub fn kernel_gradient(x: &Frames, gradient: &[f32], patch: &Patch, sums: &mut [f32]) {
    let isa = Isa::detect();
    let row = row_len(patch.num_bands);
    let inputs = patch.ages.len() * x.num_planes * patch.width;
    let outputs = sums.len() / inputs;
    let block = BLOCK_FRAMES * outputs * row;
    for (index, gradient) in gradient.chunks(block).enumerate() {
        let first_frame = index * BLOCK_FRAMES;
        for (group, sums) in sums.chunks_exact_mut(GROUP * inputs).enumerate() {
            let of_group = group * GROUP * row..(group + 1) * GROUP * row;
            let mut input = 0;
            for &age in patch.ages {
                for plane in 0..x.num_planes {
                    let mut rows = [Rows::default(); BLOCK_FRAMES];
                    let frames = gradient.chunks_exact(outputs * row).enumerate();
                    let num_frames = frames.len();
                    for (rows, (frame, gradient)) in rows.iter_mut().zip(frames) {
                        let x = &x.get(first_frame + frame, age, row)[plane * row..][..row];
                        *rows = Rows {
                            x: &x[MARGIN - patch.width / 2..],
                            gradient: &gradient[of_group.clone()],
                        };
                    }
                    let rows = &rows[..num_frames];
                    let mut add = |found: &[[f32; GROUP]]| {
                        for found in found {
                            for (output, found) in found.iter().enumerate() {
                                sums[output * inputs + input] += found;
                            }
                            input += 1;
                        }
                    };
                    let in_threes = patch.width / 3 * 3;
                    for tap in (0..in_threes).step_by(3) {
                        add(&products::<3>(isa, rows, tap, patch.num_bands));
                    }
                    for tap in in_threes..patch.width {
                        add(&products::<1>(isa, rows, tap, patch.num_bands));
                    }
                }
            }
        }
    }
}

/// What a frame gives to the gradients of some taps of a plane.
#[derive(Clone, Copy, Default)]
struct Rows<'a> {
    /// From where the first tap reaches the first band.
    x: &'a [f32],
    /// `[output of the group][row]`.
    gradient: &'a [f32],
}

/// Sums over frames and bands of the products of `x` at some taps with the outputs' gradients.
fn products<const TAPS: usize>(
    isa: Isa,
    frames: &[Rows],
    first_tap: usize,
    num_bands: usize,
) -> [[f32; GROUP]; TAPS] {
    match isa {
        Isa::Portable => {
            let mut sums = [[0.0; GROUP]; TAPS];
            for rows in frames {
                let gradients = rows.gradient.chunks_exact(row_len(num_bands));
                for (output, gradient) in gradients.enumerate() {
                    let gradient = bands_of(gradient, num_bands);
                    for (tap, sums) in sums.iter_mut().enumerate() {
                        let x = &rows.x[first_tap + tap..][..num_bands];
                        sums[output] += dot(x, gradient);
                    }
                }
            }
            sums
        }
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => {
            // SAFETY: `Isa::Avx2` is only made where the machine has AVX2, FMA and F16C.
            unsafe { avx2::products(frames, first_tap, num_bands) }
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0_f32; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::{GROUP, LANES, MARGIN, Rows, row_len};

    /// As [`super::products`], with all sums in registers.
    #[target_feature(enable = "avx2,fma")]
    pub fn products<const TAPS: usize>(
        frames: &[Rows],
        first_tap: usize,
        num_bands: usize,
    ) -> [[f32; GROUP]; TAPS] {
        let row = row_len(num_bands);
        // Behind the bands gradients are 0 up to the end of the row.
        let length = num_bands.next_multiple_of(LANES);
        let mut sums = [[_mm256_setzero_ps(); GROUP]; TAPS];
        for rows in frames {
            let x = &rows.x[first_tap..][..length + TAPS - 1];
            let gradient = &rows.gradient[..GROUP * row];
            assert!(MARGIN + length <= row);
            for first in (0..length).step_by(LANES) {
                // SAFETY: 8 values from `first + tap` on end at `length + TAPS - 1` at most, and 8
                // of a row from `MARGIN + first` on at `MARGIN + length`; loads need no alignment.
                let (x, g) = unsafe {
                    let x = x.as_ptr().add(first);
                    let g = gradient.as_ptr().add(MARGIN + first);
                    (
                        std::array::from_fn::<_, TAPS, _>(|tap| _mm256_loadu_ps(x.add(tap))),
                        std::array::from_fn::<_, GROUP, _>(|o| _mm256_loadu_ps(g.add(o * row))),
                    )
                };
                for tap in 0..TAPS {
                    for output in 0..GROUP {
                        sums[tap][output] = _mm256_fmadd_ps(x[tap], g[output], sums[tap][output]);
                    }
                }
            }
        }
        sums.map(|sums| sums.map(|sum| sum_of_lanes(sum)))
    }

    #[target_feature(enable = "avx2")]
    fn sum_of_lanes(x: __m256) -> f32 {
        let halves = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
        let pairs = _mm_add_ps(halves, _mm_movehl_ps(halves, halves));
        _mm_cvtss_f32(_mm_add_ss(pairs, _mm_movehdup_ps(pairs)))
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    #[test]
    fn products_are_the_same_by_all_instructions() {
        let num_bands = 37;
        let row = row_len(num_bands);
        let mut dice = Dice::new(1, 0_u64);
        let mut rows = |count: usize| {
            let mut rows = vec![0.0; count * row];
            for row in rows.chunks_exact_mut(row) {
                row[MARGIN..MARGIN + num_bands].fill_with(|| dice.between(-1.0, 1.0) as f32);
            }
            rows
        };
        let (x, gradient) = ([rows(1), rows(1)], [rows(GROUP), rows(GROUP)]);
        let frames = [0, 1].map(|frame| Rows {
            x: &x[frame][MARGIN - 2..],
            gradient: &gradient[frame],
        });
        let first_tap = 1;
        let [portable, detected] = [Isa::Portable, Isa::detect()]
            .map(|isa| products::<3>(isa, &frames, first_tap, num_bands));
        for tap in 0..3 {
            for output in 0..GROUP {
                let want: f64 = (frames.iter())
                    .flat_map(|rows| {
                        let x = &rows.x[first_tap + tap..][..num_bands];
                        let gradient = &rows.gradient[output * row + MARGIN..];
                        x.iter().zip(gradient)
                    })
                    .map(|(x, g)| f64::from(*x) * f64::from(*g))
                    .sum();
                for got in [&portable, &detected] {
                    let error = (f64::from(got[tap][output]) - want).abs();
                    // f32 sums of some ten terms of order 1.
                    assert!(error < 1e-5, "tap {tap}, output {output}: off by {error}");
                }
            }
        }
    }
}
