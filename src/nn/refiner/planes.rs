//! Convolutions over bands and frames, with the same taps for all bands.
//!
//! A frame is `[plane][row]`; a row holds its bands between two margins of zeros, so that no tap has
//! to ask whether there is a neighbour.

use multiversion::multiversion;
use multiversion::target::target_cfg_f;

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
}

impl Kernel {
    /// Packs `weight`, `[output][age][plane][tap]`.
    ///
    /// # Panics
    /// The number of outputs is no multiple of 4, or `width` is even or wider than the margins.
    pub fn new(weight: &[f32], num_ages: usize, num_planes: usize, width: usize) -> Self {
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
        convolve(&self.weights, self.width, frames, num_bands, y);
    }
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn convolve(weights: &[f32], width: usize, frames: &[&[f32]], num_bands: usize, y: &mut [f32]) {
    if target_cfg_f!(target_feature = "fma") {
        convolve_with::<true>(weights, width, frames, num_bands, y);
    } else {
        convolve_with::<false>(weights, width, frames, num_bands, y);
    }
}

#[inline(always)]
fn convolve_with<const FUSED: bool>(
    weights: &[f32],
    width: usize,
    frames: &[&[f32]],
    num_bands: usize,
    y: &mut [f32],
) {
    let row = row_len(num_bands);
    let num_groups = y.len() / (GROUP * row);
    let groups = weights.chunks_exact(weights.len() / num_groups);
    for (weights, y) in groups.zip(y.chunks_exact_mut(GROUP * row)) {
        for first in (0..num_bands).step_by(TILE) {
            let mut sums = [[0.0_f32; TILE]; GROUP];
            let mut of_planes = weights.chunks_exact(width * GROUP);
            for frame in frames {
                let planes = frame.chunks_exact(row);
                for (plane, weights) in planes.zip(of_planes.by_ref()) {
                    let x = &plane[first + MARGIN - width / 2..][..TILE + width - 1];
                    for (tap, w) in weights.chunks_exact(GROUP).enumerate() {
                        let mut values = [0.0; TILE];
                        values.copy_from_slice(&x[tap..tap + TILE]);
                        for output in 0..GROUP {
                            for lane in 0..TILE {
                                sums[output][lane] = product_sum::<FUSED>(
                                    w[output],
                                    values[lane],
                                    sums[output][lane],
                                );
                            }
                        }
                    }
                }
            }
            let length = TILE.min(num_bands - first);
            for (output, y) in y.chunks_exact_mut(row).enumerate() {
                let y = &mut y[MARGIN + first..][..length];
                for (y, sum) in y.iter_mut().zip(sums[output]) {
                    *y += sum;
                }
            }
        }
    }
}

/// `a · b + c`, in one rounding where the machine has an instruction for it.
#[inline(always)]
pub fn product_sum<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
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
            let mut got = before.clone();
            let slices: Vec<_> = frames.iter().map(Vec::as_slice).collect();
            Kernel::new(&weight, ages, planes, width).add_to(&slices, bands, &mut got);
            for (place, got) in got.iter().enumerate() {
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
                // f32 sums of some ten terms of order 1.
                assert!((f64::from(*got) - want).abs() < 1e-5, "{case}, {place}");
            }
        }
    }
}
