//! Whose energy is it? Per stem and display band, for the editor's picture.

use std::ops::Range;

use crate::dsp::grid::Grid;
use crate::stem::NUM_STEMS;

/// Bands of the picture, from low to high.
pub const NUM_ENERGY_BANDS: usize = 64;

const LOWEST_EDGE_HZ: f64 = 30.0;
const HIGHEST_EDGE_HZ: f64 = 20_000.0;

/// Energies of one hop, shape `[stem][band]`: sums over both channels of squared bin magnitudes,
/// scaled to what the same sound has at 44.1 kHz.
#[derive(Clone, Debug, PartialEq)]
pub struct StemEnergy {
    pub bands: [[f32; NUM_ENERGY_BANDS]; NUM_STEMS],
}

impl StemEnergy {
    /// No energy anywhere.
    pub const SILENCE: Self = Self {
        bands: [[0.0; NUM_ENERGY_BANDS]; NUM_STEMS],
    };

    /// Edges of the bands in Hz, equally spaced in pitch; the first band reaches down to 0 Hz.
    pub fn edges_hz() -> [f64; NUM_ENERGY_BANDS + 1] {
        let octaves = (HIGHEST_EDGE_HZ / LOWEST_EDGE_HZ).log2();
        std::array::from_fn(|edge| match edge {
            0 => 0.0,
            _ => LOWEST_EDGE_HZ * (octaves * edge as f64 / NUM_ENERGY_BANDS as f64).exp2(),
        })
    }

    /// The bins of each band for an FFT over `window_samples`.
    pub fn band_bins(grid: &Grid, window_samples: usize) -> Vec<Range<usize>> {
        grid.band_bins(&Self::edges_hz(), window_samples)
    }
}
