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
                    for (x, w) in x.windows(TILE).zip(weights.chunks_exact(GROUP)) {
                        for (sums, w) in sums.iter_mut().zip(w) {
                            for (sum, x) in sums.iter_mut().zip(x) {
                                *sum = product_sum::<FUSED>(*w, *x, *sum);
                            }
                        }
                    }
                }
            }
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

/// `a · b + c`, in one rounding where the machine has an instruction for it.
#[inline(always)]
pub fn product_sum<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}
