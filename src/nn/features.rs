//! What the network sees of an STFT frame: logarithmic band powers, and inter-channel coherence.
//!
//! The same code serves playing and training, so the two cannot drift apart.

use std::ops::Range;

use unbraid_fft::Complex32;

use super::config::{FEATURE_FLOOR_POWER, StftFrontEnd};
use super::level::{LevelMeter, RunningLevel};
use crate::dsp::grid::Grid;
use crate::stem::NUM_CHANNELS;

/// Band features at one host rate.
#[derive(Clone, Debug)]
pub struct BandFeatures {
    bins: Vec<Range<usize>>,
    coherence: bool,
    level: Option<LevelMeter>,
    /// To the power that the same sound has at the reference rate.
    power_scale: f32,
}

impl BandFeatures {
    pub fn new(front_end: &StftFrontEnd, grid: &Grid) -> Self {
        let window_samples = grid.samples(front_end.analysis_samples);
        Self {
            bins: front_end.bands.feature_bins(grid, window_samples),
            coherence: front_end.coherence,
            level: (front_end.steady_level).then(|| LevelMeter::new(front_end, grid)),
            power_scale: grid.spectrum_scale().powi(2),
        }
    }

    /// The bins of each band, empty above the Nyquist frequency.
    pub fn bins(&self) -> &[Range<usize>] {
        &self.bins
    }

    /// Mean power of each band's bins, as at the reference rate; 0 for an empty band.
    pub fn write_powers(&self, spectrum: &[Complex32], powers: &mut [f32]) {
        for (power, bins) in powers.iter_mut().zip(&self.bins) {
            let sum: f32 = spectrum[bins.clone()].iter().map(Complex32::norm_sqr).sum();
            *power = sum * self.power_scale / bins.len().max(1) as f32;
        }
    }

    /// The next frame's features, `[left, right(, coherence)][band]`, from both channels' unnormalised
    /// spectra; `level` is that of the frames before.
    pub fn write(
        &self,
        spectra: [&[Complex32]; NUM_CHANNELS],
        level: &mut RunningLevel,
        features: &mut [f32],
    ) {
        let num_bands = self.bins.len();
        let [left, right] = spectra;
        let (powers, coherences) = features.split_at_mut(NUM_CHANNELS * num_bands);
        for (spectrum, powers) in spectra.iter().zip(powers.chunks_exact_mut(num_bands)) {
            self.write_powers(spectrum, powers);
        }
        let factor = match &self.level {
            Some(meter) => meter.factor(self.mean_power(powers), level),
            None => 1.0,
        };
        powers.iter_mut().for_each(|power| *power *= factor);
        if self.coherence {
            for (band, (coherence, bins)) in coherences.iter_mut().zip(&self.bins).enumerate() {
                let bins = bins.clone();
                let count = bins.len().max(1) as f32;
                let pairs = left[bins.clone()].iter().zip(&right[bins]);
                let cross: f32 = pairs.map(|(l, r)| l.re * r.re + l.im * r.im).sum();
                let cross = cross * factor * self.power_scale / count;
                let (l, r) = (powers[band], powers[num_bands + band]);
                // The floor fades coherence out with the level; the square roots keep the product
                // of powers in range.
                let level = (l + FEATURE_FLOOR_POWER).sqrt() * (r + FEATURE_FLOOR_POWER).sqrt();
                *coherence = cross / level;
            }
        }
        for power in powers {
            *power = (*power + FEATURE_FLOOR_POWER).ln();
        }
    }

    /// Mean over the channels of the power in all bins, of the mean powers of the bands' bins.
    fn mean_power(&self, powers: &[f32]) -> f32 {
        let counts = self.bins.iter().map(|bins| bins.len() as f32).cycle();
        let sum: f32 = powers.iter().zip(counts).map(|(p, count)| p * count).sum();
        sum / NUM_CHANNELS as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::config::{ConvTasNetConfig, FrontEnd};

    fn features_of(left: f32, right: f32) -> (Vec<f32>, usize) {
        levelled_features_of(left, right, false)
    }

    fn levelled_features_of(left: f32, right: f32, steady_level: bool) -> (Vec<f32>, usize) {
        let FrontEnd::Stft(mut front_end) = ConvTasNetConfig::live().front_end else {
            panic!("the live network has an STFT front end")
        };
        front_end.steady_level = steady_level;
        let features = BandFeatures::new(&front_end, &Grid::new(44_100.0));
        let num_bands = features.bins().len();
        let spectrum = |value: f32| vec![Complex32::new(0.6 * value, 0.8 * value); 1025];
        let mut got = vec![0.0; 3 * num_bands];
        let spectra = [&spectrum(left)[..], &spectrum(right)];
        features.write(spectra, &mut RunningLevel::default(), &mut got);
        (got, num_bands)
    }

    #[test]
    fn powers_are_means_and_coherence_tells_phase() {
        let (got, num_bands) = features_of(10.0, 10.0);
        for band in 0..num_bands {
            assert!((got[band] - 100.0_f32.ln()).abs() < 1e-4, "band {band}");
            assert!(
                (got[2 * num_bands + band] - 1.0).abs() < 1e-4,
                "band {band}"
            );
        }
        let (got, num_bands) = features_of(10.0, -1.0);
        assert!((got[num_bands] - 0.0).abs() < 1e-3);
        assert!((got[2 * num_bands] + 1.0).abs() < 1e-3);
    }

    #[test]
    fn at_a_steady_level_gain_changes_nothing() {
        let (want, _) = levelled_features_of(10.0, -4.0, true);
        let (got, _) = levelled_features_of(0.4, -0.16, true);
        for (got, want) in got.iter().zip(&want) {
            assert!((got - want).abs() < 1e-3, "{got} {want}");
        }
        assert!((levelled_features_of(0.4, -0.16, false).0[0] - want[0]).abs() > 1.0);
    }

    #[test]
    fn silence_is_the_floor() {
        let (got, num_bands) = features_of(0.0, 0.0);
        assert!(
            got[..2 * num_bands]
                .iter()
                .all(|&x| x == FEATURE_FLOOR_POWER.ln())
        );
        assert!(got[2 * num_bands..].iter().all(|&x| x == 0.0));
    }
}
