//! The grid: hop and window sizes in time, bands in Hz, for any host rate.
//!
//! Lengths are defined at 44.1 kHz as multiples of a 256-sample hop and scale with the host rate,
//! so that nothing is ever resampled: a window lasts as long, and a band covers the same
//! frequencies, at every rate. The hop is chosen to have small prime factors, for the FFT's sake.

use std::ops::Range;

/// The rate that all lengths are defined at, in Hz.
pub const REFERENCE_RATE_HZ: f64 = 44_100.0;

/// The hop at the reference rate, in samples.
pub const REFERENCE_HOP_SAMPLES: usize = 256;

/// How far a hop may leave its ideal length for smaller prime factors: 1 % keeps two hops
/// within 11.75 ms at every rate.
const HOP_TOLERANCE: f64 = 0.01;

/// Hop and window sizes at one host rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    rate_hz: f64,
    hop_samples: usize,
}

impl Grid {
    /// `rate_hz`: any finite rate from 1 kHz.
    pub fn new(rate_hz: f64) -> Self {
        debug_assert!(rate_hz.is_finite() && rate_hz >= 1_000.0);
        Self {
            rate_hz,
            hop_samples: hop_samples(rate_hz),
        }
    }

    /// The host rate in Hz.
    pub fn rate_hz(&self) -> f64 {
        self.rate_hz
    }

    /// One hop in samples.
    pub fn hop_samples(&self) -> usize {
        self.hop_samples
    }

    /// A length of `reference_samples` at 44.1 kHz, a multiple of 256, in samples here.
    pub fn samples(&self, reference_samples: usize) -> usize {
        debug_assert_eq!(reference_samples % REFERENCE_HOP_SAMPLES, 0);
        reference_samples / REFERENCE_HOP_SAMPLES * self.hop_samples
    }

    /// What an FFT of a window is multiplied by to see the spectrum that the same sound has at
    /// the reference rate.
    pub fn spectrum_scale(&self) -> f32 {
        (REFERENCE_RATE_HZ / self.rate_hz) as f32
    }

    /// Frequency in Hz of bin `bin` of an FFT over `window_samples`.
    pub fn bin_hz(&self, bin: usize, window_samples: usize) -> f64 {
        bin as f64 * self.rate_hz / window_samples as f64
    }

    /// The bins of an FFT over `window_samples` that lie in each band; `edges_hz` ascends and
    /// holds one value more than there are bands.
    ///
    /// A bin belongs to the band whose `[lower, upper)` holds its frequency. A range is empty
    /// where the bins are wider than the band or the band lies above Nyquist.
    pub fn band_bins(&self, edges_hz: &[f64], window_samples: usize) -> Vec<Range<usize>> {
        let num_bins = window_samples / 2 + 1;
        let first_bin_from = |edge_hz: f64| {
            let bin = (edge_hz * window_samples as f64 / self.rate_hz).ceil();
            (bin as usize).min(num_bins)
        };
        edges_hz
            .windows(2)
            .map(|edges| first_bin_from(edges[0])..first_bin_from(edges[1]))
            .collect()
    }
}

/// The number without a prime factor above 7 that lies nearest to the ideal hop, if one lies
/// within the tolerance; else the nearest whole number.
fn hop_samples(rate_hz: f64) -> usize {
    let ideal = rate_hz * REFERENCE_HOP_SAMPLES as f64 / REFERENCE_RATE_HZ;
    let distance = |hop: usize| (hop as f64 - ideal).abs();
    let reach = ideal * HOP_TOLERANCE;
    let first = (ideal - reach).ceil() as usize;
    let last = (ideal + reach).floor() as usize;
    (first..=last)
        .filter(|&hop| is_7_smooth(hop))
        .min_by(|&a, &b| distance(a).total_cmp(&distance(b)))
        .unwrap_or(ideal.round() as usize)
}

fn is_7_smooth(mut number: usize) -> bool {
    for prime in [2, 3, 5, 7] {
        while number > 0 && number.is_multiple_of(prime) {
            number /= prime;
        }
    }
    number == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops_at_the_usual_rates() {
        for (rate_hz, hop) in [
            (44_100.0, 256),
            (48_000.0, 280),
            (88_200.0, 512),
            (96_000.0, 560),
            (192_000.0, 1120),
            (1_000.0, 6),
        ] {
            assert_eq!(Grid::new(rate_hz).hop_samples(), hop, "{rate_hz} Hz");
        }
    }

    #[test]
    fn two_hops_stay_within_the_latency_promised_at_every_rate() {
        let mut rate_hz = 44_100.0;
        while rate_hz <= 768_000.0 {
            let grid = Grid::new(rate_hz);
            let latency_ms = 1e3 * grid.samples(512) as f64 / rate_hz;
            assert!(latency_ms <= 11.75, "{latency_ms} ms at {rate_hz} Hz");
            assert_eq!(grid.samples(2048), 8 * grid.hop_samples());
            rate_hz += 97.123;
        }
    }

    #[test]
    fn bands_hold_their_frequencies_at_every_rate() {
        let edges_hz = [0.0, 10.0, 100.0, 1_000.0, 10_000.0, 30_000.0];
        for rate_hz in [8_000.0, 44_100.0, 45_678.901, 192_000.0] {
            let grid = Grid::new(rate_hz);
            let window = grid.samples(2048);
            let bands = grid.band_bins(&edges_hz, window);
            assert_eq!(bands.len(), edges_hz.len() - 1);
            for (band, edges) in bands.iter().zip(edges_hz.windows(2)) {
                for bin in 0..=window / 2 {
                    let hz = grid.bin_hz(bin, window);
                    let inside = hz >= edges[0] && hz < edges[1];
                    assert_eq!(band.contains(&bin), inside, "{hz} Hz at {rate_hz} Hz");
                }
            }
        }
    }
}
