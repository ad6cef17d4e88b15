//! The bands that a network with an STFT front end sees and masks.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::dsp::grid::{Grid, REFERENCE_RATE_HZ};

/// Bands that are one bin wide at the bottom and grow with frequency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bands {
    /// Width of the lowest bands in Hz; also the bins' distance at 44.1 kHz, so that a bin lies in
    /// the middle of its band.
    pub min_width_hz: f64,
    /// Width of a high band as a part of its lower edge.
    pub relative_width: f64,
    /// The last band ends at the first edge from here on; the bins above share its mask.
    pub top_hz: f64,
}

impl Default for Bands {
    /// One bin of a 2048-sample window at 44.1 kHz, then 1.2 % of the frequency, up to 16.5 kHz.
    fn default() -> Self {
        Self {
            min_width_hz: REFERENCE_RATE_HZ / 2048.0,
            relative_width: 0.012,
            top_hz: 16_500.0,
        }
    }
}

impl Bands {
    /// Edges in Hz, ascending, one more than there are bands. The first lies below 0 Hz, so that
    /// the bin at 0 Hz is in the middle of its band.
    pub fn edges_hz(&self) -> Vec<f64> {
        let mut edges_hz = vec![-0.5 * self.min_width_hz];
        let mut edge_hz = edges_hz[0];
        while edge_hz < self.top_hz {
            edge_hz += self.min_width_hz.max(self.relative_width * edge_hz);
            edges_hz.push(edge_hz);
        }
        edges_hz
    }

    /// For each band the bins of an FFT over `window_samples` whose mean power is its feature. A
    /// band without a bin takes its lower neighbour's; one above the Nyquist frequency has none.
    pub fn feature_bins(&self, grid: &Grid, window_samples: usize) -> Vec<Range<usize>> {
        let edges_hz = self.edges_hz();
        let nyquist_hz = grid.rate_hz() / 2.0;
        let mut bins = grid.band_bins(&edges_hz, window_samples);
        for band in 1..bins.len() {
            if bins[band].is_empty() && edges_hz[band] <= nyquist_hz {
                bins[band] = bins[band - 1].clone();
            }
        }
        bins
    }

    /// For each bin of an FFT over `window_samples` the band whose mask it takes.
    pub fn mask_bands(&self, grid: &Grid, window_samples: usize) -> Vec<usize> {
        let edges_hz = self.edges_hz();
        let last = edges_hz.len() - 2;
        (0..=window_samples / 2)
            .map(|bin| {
                let hz = grid.bin_hz(bin, window_samples);
                edges_hz[1..].partition_point(|&edge| edge <= hz).min(last)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_the_reference_rate_every_band_has_bins_and_every_bin_its_band() {
        let grid = Grid::new(REFERENCE_RATE_HZ);
        let bands = Bands::default();
        let features = bands.feature_bins(&grid, 2048);
        let masks = bands.mask_bands(&grid, 2048);
        let mut next = 0;
        for (band, bins) in features.iter().enumerate() {
            assert_eq!(bins.start, next, "bands share no bin and leave none out");
            assert!(!bins.is_empty());
            assert!(masks[bins.clone()].iter().all(|&m| m == band));
            next = bins.end;
        }
        assert!(masks[next..].iter().all(|&m| m == features.len() - 1));
        // Low bands are single bins.
        assert_eq!(features[40], 40..41);
    }

    #[test]
    fn bands_without_bins_lend_and_bands_above_nyquist_are_empty() {
        let grid = Grid::new(8_000.0);
        let window = grid.samples(2048);
        let features = Bands::default().feature_bins(&grid, window);
        let edges_hz = Bands::default().edges_hz();
        for (band, bins) in features.iter().enumerate() {
            assert_eq!(bins.is_empty(), edges_hz[band] > 4_000.0, "band {band}");
        }
    }
}
