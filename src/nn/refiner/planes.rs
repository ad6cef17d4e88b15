//! Convolutions over bands and frames, with the same taps for all bands.
//!
//! A frame is `[plane][row]`; a row holds its bands between two margins of zeros, so that no tap has
//! to ask whether there is a neighbour.

use crate::nn::matrix::Isa;

/// Zeros on each side of a row, and the most bands that a tap may reach to a side.
pub const MARGIN: usize = 8;

/// Bands that are summed at once, for this many outputs: the sums stay in registers.
const TILE: usize = 16;
const GROUP: usize = 4;

/// Values of a row, margins included.
pub fn row_len(num_bands: usize) -> usize {
    MARGIN + num_bands.next_multiple_of(TILE) + MARGIN
}

/// Where the bands stand in a row.
pub fn bands_of(row: &[f32], num_bands: usize) -> &[f32] {
    &row[MARGIN..MARGIN + num_bands]
}

/// As [`bands_of`].
pub fn bands_of_mut(row: &mut [f32], num_bands: usize) -> &mut [f32] {
    &mut row[MARGIN..MARGIN + num_bands]
}

/// The taps of a convolution.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// `[group][age][plane][tap][output of the group]`.
    weights: Vec<f32>,
    num_ages: usize,
    num_planes: usize,
    width: usize,
    isa: Isa,
}

impl Kernel {
    /// Packs `weight`, `[output][age][plane][tap]`, for given instructions.
    ///
    /// # Panics
    /// The number of outputs is no multiple of 4, or `width` is even or wider than the margins.
    pub fn new(weight: &[f32], num_ages: usize, num_planes: usize, width: usize, isa: Isa) -> Self {
        let inputs = num_ages * num_planes * width;
        assert!(weight.len().is_multiple_of(inputs * GROUP));
        assert!(width % 2 == 1 && width / 2 <= MARGIN);
        let groups = weight.chunks_exact(inputs * GROUP);
        let weights = groups.flat_map(|group| {
            (0..inputs).flat_map(move |k| (0..GROUP).map(move |o| group[o * inputs + k]))
        });
        Self {
            weights: weights.collect(),
            num_ages,
            num_planes,
            width,
            isa,
        }
    }

    /// Adds to the rows `y`, `[output][row]`, what the kernel makes of frames, one for each age. The
    /// margins of `y` stay as they are.
    pub fn add_to(&self, frames: &[&[f32]], num_bands: usize, y: &mut [f32]) {
        let row = row_len(num_bands);
        assert_eq!(frames.len(), self.num_ages);
        assert!(frames.iter().all(|f| f.len() == self.num_planes * row));
        let inputs = self.num_ages * self.num_planes * self.width;
        assert_eq!(y.len() * inputs, self.weights.len() * row);
        match self.isa {
            Isa::Portable => convolve(&self.weights, self.width, frames, num_bands, y),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => {
                // SAFETY: `Isa::Avx2` is only made where the machine has AVX2, FMA and F16C.
                unsafe { avx2::convolve(&self.weights, self.width, frames, num_bands, y) };
            }
        }
    }
}

/// The product of every group and tile in plain loops, by half groups, whose sums fit into the
/// registers of any machine.
fn convolve(weights: &[f32], width: usize, frames: &[&[f32]], num_bands: usize, y: &mut [f32]) {
    for_tiles(weights, num_bands, y, |weights, first| {
        let half = |from: usize| {
            let mut sums = [[0.0_f32; TILE]; GROUP / 2];
            for (x, weights) in tile_inputs(weights, width, frames, num_bands, first) {
                let (weights, _) = weights.as_chunks::<GROUP>();
                for (x, w) in x.windows(TILE).zip(weights) {
                    let x: &[f32; TILE] = x.try_into().expect("a tile");
                    for (sums, w) in sums.iter_mut().zip(&w[from..]) {
                        for (sum, x) in sums.iter_mut().zip(x) {
                            *sum += w * x;
                        }
                    }
                }
            }
            sums
        };
        let ([a, b], [c, d]) = (half(0), half(2));
        [a, b, c, d]
    });
}

/// Adds to each group of outputs, tile by tile, what `tile` sums for it from the group's weights and
/// the tile's first band.
#[inline(always)]
fn for_tiles(
    weights: &[f32],
    num_bands: usize,
    y: &mut [f32],
    tile: impl Fn(&[f32], usize) -> [[f32; TILE]; GROUP],
) {
    let row = row_len(num_bands);
    let num_groups = y.len() / (GROUP * row);
    let groups = weights.chunks_exact(weights.len() / num_groups);
    for (weights, y) in groups.zip(y.chunks_exact_mut(GROUP * row)) {
        for first in (0..num_bands).step_by(TILE) {
            let sums = tile(weights, first);
            let length = TILE.min(num_bands - first);
            for (y, sums) in y.chunks_exact_mut(row).zip(&sums) {
                let y = &mut y[MARGIN + first..][..length];
                for (y, sum) in y.iter_mut().zip(sums) {
                    *y += sum;
                }
            }
        }
    }
}

/// What each plane's taps reach of a tile, `TILE + width − 1` values, and their weights, `[tap][output]`.
#[inline(always)]
fn tile_inputs<'a>(
    weights: &'a [f32],
    width: usize,
    frames: &'a [&'a [f32]],
    num_bands: usize,
    first: usize,
) -> impl Iterator<Item = (&'a [f32], &'a [f32])> {
    let planes = frames
        .iter()
        .flat_map(move |f| f.chunks_exact(row_len(num_bands)));
    let reached = planes.map(move |p| &p[first + MARGIN - width / 2..][..TILE + width - 1]);
    reached.zip(weights.chunks_exact(width * GROUP))
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::{GROUP, TILE, for_tiles, tile_inputs};

    const LANES: usize = 8;

    /// As [`super::convolve`], with all sums of a tile in registers.
    #[target_feature(enable = "avx2,fma")]
    pub fn convolve(
        weights: &[f32],
        width: usize,
        frames: &[&[f32]],
        num_bands: usize,
        y: &mut [f32],
    ) {
        for_tiles(weights, num_bands, y, |weights, first| {
            let mut sums = [[_mm256_setzero_ps(); TILE / LANES]; GROUP];
            for (x, weights) in tile_inputs(weights, width, frames, num_bands, first) {
                let (weights, _) = weights.as_chunks::<GROUP>();
                for (x, w) in x.windows(TILE).zip(weights) {
                    let (low, high) = x.split_at(LANES);
                    // SAFETY: both halves of a window are 8 floats; loads need no alignment.
                    let x = unsafe { [low, high].map(|x| _mm256_loadu_ps(x.as_ptr())) };
                    for output in 0..GROUP {
                        let w = _mm256_set1_ps(w[output]);
                        for vector in 0..TILE / LANES {
                            let sum = &mut sums[output][vector];
                            *sum = _mm256_fmadd_ps(w, x[vector], *sum);
                        }
                    }
                }
            }
            let mut values = [[0.0; TILE]; GROUP];
            for (values, sums) in values.iter_mut().zip(sums) {
                for (values, sum) in values.chunks_exact_mut(LANES).zip(sums) {
                    // SAFETY: the chunk holds 8 floats.
                    unsafe { _mm256_storeu_ps(values.as_mut_ptr(), sum) };
                }
            }
            values
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_those_of_plain_loops_and_margins_stay() {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        for (bands, ages, planes, width, outputs) in [
            (1, 1, 1, 1, 4),
            (16, 2, 3, 3, 8),
            (37, 3, 2, 15, 4),
            (328, 1, 8, 9, 12),
        ] {
            let case = format!("{bands} bands, {ages} ages, {planes} planes, {width} taps");
            let mut random = |count: usize| -> Vec<f32> { (0..count).map(|_| next()).collect() };
            let row = row_len(bands);
            let mut rows = |planes: usize| {
                let mut rows = vec![0.0; planes * row];
                for row in rows.chunks_exact_mut(row) {
                    bands_of_mut(row, bands).copy_from_slice(&random(bands));
                }
                rows
            };
            let frames: Vec<_> = (0..ages).map(|_| rows(planes)).collect();
            let before = rows(outputs);
            let weight = random(outputs * ages * planes * width);
            let slices: Vec<_> = frames.iter().map(Vec::as_slice).collect();
            let got = [Isa::Portable, Isa::detect()].map(|isa| {
                let mut got = before.clone();
                Kernel::new(&weight, ages, planes, width, isa).add_to(&slices, bands, &mut got);
                got
            });
            for place in 0..before.len() {
                let (output, at) = (place / row, place % row);
                let mut want = f64::from(before[place]);
                if (MARGIN..MARGIN + bands).contains(&at) {
                    for (age, frame) in frames.iter().enumerate() {
                        for plane in 0..planes {
                            for tap in 0..width {
                                let index = ((output * ages + age) * planes + plane) * width + tap;
                                let x = frame[plane * row + at + tap - width / 2];
                                want += f64::from(weight[index]) * f64::from(x);
                            }
                        }
                    }
                }
                for got in &got {
                    // f32 sums of some ten terms of order 1.
                    let error = (f64::from(got[place]) - want).abs();
                    assert!(error < 1e-5, "{case}, {place}: off by {error}");
                }
            }
        }
    }
}
