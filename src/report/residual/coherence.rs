//! Magnitude-squared coherence: at which frequencies one signal is a filtered copy of another.
//!
//! `C = |S_xy|² / (S_xx·S_yy)` of spectra averaged over windows that overlap by half (Welch, "The
//! use of fast Fourier transform for the estimation of power spectra", IEEE Trans. Audio
//! Electroacoust. AU-15(2), 1967; Carter, Knapp & Nuttall, "Estimation of the magnitude-squared
//! coherence function via overlapped fast Fourier transform processing", ibid. AU-21(4), 1973).
//! The windows are Hann windows. It is 1 where `y` is `x` through any filter that does not change
//! in time, and near 0 where they have nothing to do with each other.

use std::f64::consts::TAU;

use unbraid_fft::{Complex32, plan_forward};

use crate::stem::{NUM_CHANNELS, Stereo};

/// Hann windows half a window apart share so much: `(Σ w[n]·w[n + N/2] / Σ w²)²`, which is
/// (1/6)². Windows farther apart share nothing.
const SHARED_BY_NEIGHBOURS: f64 = 1.0 / 36.0;

/// How two signals cohere.
#[derive(Clone, Debug, PartialEq)]
pub struct Coherence {
    /// 0…1 by bin, from 0 Hz to the Nyquist frequency; 0 where one of the signals has no energy.
    pub bins: Vec<f64>,
    /// Windows that were averaged, 2 at least; each counts once for both channels.
    pub num_averages: usize,
    /// `S_yy` by bin, in no unit.
    y_powers: Vec<f64>,
}

/// The coherence of two signals of one length over windows of `window_samples`, an even number.
/// `None` if fewer than two windows lie within them: of one alone everything is coherent.
pub fn coherence(x: &Stereo, y: &Stereo, window_samples: usize) -> Option<Coherence> {
    let hop = window_samples / 2;
    let num_averages = (x[0].len() / hop).saturating_sub(1);
    if num_averages < 2 {
        return None;
    }
    let hann = |n: usize| 0.5 - 0.5 * (TAU * n as f64 / window_samples as f64).cos();
    let window: Vec<f32> = (0..window_samples).map(|n| hann(n) as f32).collect();
    let fft = plan_forward(window_samples);
    let mut windowed = fft.make_input_vec();
    let mut spectra = [fft.make_output_vec(), fft.make_output_vec()];
    let num_bins = spectra[0].len();
    let (mut x_powers, mut y_powers) = (vec![0.0; num_bins], vec![0.0; num_bins]);
    let mut crosses = vec![(0.0, 0.0); num_bins];
    for channel in 0..NUM_CHANNELS {
        for start in (0..num_averages).map(|index| index * hop) {
            for (signal, spectrum) in [x, y].into_iter().zip(&mut spectra) {
                let samples = &signal[channel][start..start + window_samples];
                for ((out, sample), weight) in windowed.iter_mut().zip(samples).zip(&window) {
                    *out = sample * weight;
                }
                fft.process(&mut windowed, spectrum)
                    .expect("the buffers are of the plan's own lengths");
            }
            for bin in 0..num_bins {
                let (x, y) = (spectra[0][bin], spectra[1][bin]);
                x_powers[bin] += f64::from(x.norm_sqr());
                y_powers[bin] += f64::from(y.norm_sqr());
                let cross: Complex32 = y * x.conj();
                crosses[bin].0 += f64::from(cross.re);
                crosses[bin].1 += f64::from(cross.im);
            }
        }
    }
    let bin = |bin: usize| {
        let (re, im) = crosses[bin];
        let powers = x_powers[bin] * y_powers[bin];
        // Rounding may carry a perfect copy beyond 1.
        if powers > 0.0 {
            ((re * re + im * im) / powers).min(1.0)
        } else {
            0.0
        }
    };
    Some(Coherence {
        bins: (0..num_bins).map(bin).collect(),
        num_averages,
        y_powers,
    })
}

impl Coherence {
    /// How many windows without overlap would tell as much (Welch 1967):
    /// `L / (1 + 2·(L − 1)/L·ρ)`, where neighbours share `ρ`.
    pub fn num_independent(&self) -> f64 {
        let averages = self.num_averages as f64;
        averages / (1.0 + 2.0 * (averages - 1.0) / averages * SHARED_BY_NEIGHBOURS)
    }

    /// What the coherence of signals that have nothing to do with each other exceeds at a share
    /// `alpha` of the bins: `1 − alpha^(1/(L − 1))` with the independent windows `L` (Carter et al.
    /// 1973). Channels that differ make it a little too strict, never too lax.
    pub fn significance(&self, alpha: f64) -> f64 {
        1.0 - alpha.powf((self.num_independent() - 1.0).recip())
    }

    /// The share 0…1 of `y`'s energy that is `x` through some filter that does not change in time:
    /// `Σ C·S_yy / Σ S_yy`; 0 if `y` is silent. Chance alone makes it about `1/L`.
    pub fn explained(&self) -> f64 {
        let whole: f64 = self.y_powers.iter().sum();
        let pairs = self.bins.iter().zip(&self.y_powers);
        let shared: f64 = pairs.map(|(bin, power)| bin * power).sum();
        if whole > 0.0 { shared / whole } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_signals::{noise, stereo_noise, sum};
    use super::*;

    const LENGTH: usize = 1 << 17;
    const WINDOW: usize = 512;

    #[test]
    fn a_filtered_copy_coheres_wholly() {
        let x = stereo_noise(1, LENGTH);
        // An echo half a sample's level down, three samples later, and a gain.
        let y = x.each_ref().map(|x| {
            let at = |n: usize| 0.3 * (x[n] + n.checked_sub(3).map_or(0.0, |n| -0.5 * x[n]));
            (0..LENGTH).map(at).collect()
        });
        let got = coherence(&x, &y, WINDOW).expect("it is long enough");
        assert_eq!(got.num_averages, 2 * LENGTH / WINDOW - 1);
        // The window cuts the echo off by three of its 512 samples.
        for (bin, value) in got.bins.iter().enumerate() {
            assert!(*value > 0.999, "bin {bin}: {value}");
        }
        assert!(got.explained() > 0.999);
    }

    #[test]
    fn noise_on_top_lowers_it_by_its_power() {
        // y = x + n with power 1 : g² coheres by 1 / (1 + g²).
        let (x, n) = (stereo_noise(1, LENGTH), stereo_noise(2, LENGTH));
        for gain in [0.5_f32, 1.0, 2.0] {
            let got = coherence(&x, &sum(&[(1.0, &x), (gain, &n)]), WINDOW).expect("long enough");
            let mean = got.bins.iter().sum::<f64>() / got.bins.len() as f64;
            let want = f64::from(1.0 + gain * gain).recip();
            // 257 bins of 1000 averages: the mean wanders by less than 0.003.
            assert!((mean - want).abs() < 0.005, "{gain}: {mean}, want {want}");
            assert!((got.explained() - want).abs() < 0.005);
        }
    }

    #[test]
    fn strangers_exceed_the_level_as_often_as_it_says() {
        // Equal channels: no more is known than of one.
        let both = |x: Vec<f32>| [x.clone(), x];
        let (mut above, mut bins) = (0, 0);
        let mut level = 0.0;
        for seed in 0..40 {
            let (x, y) = (noise(2 * seed, 8_192), noise(2 * seed + 1, 8_192));
            let got = coherence(&both(x), &both(y), 256).expect("long enough");
            level = got.significance(0.05);
            // The ends' bins are real: other laws hold there.
            let inner = &got.bins[1..got.bins.len() - 1];
            above += inner.iter().filter(|value| **value > level).count();
            bins += inner.len();
        }
        // 63 windows, of which 59.8 are independent.
        assert!(
            (level - (1.0 - 0.05_f64.powf(1.0 / 58.78))).abs() < 1e-4,
            "{level}"
        );
        let share = above as f64 / bins as f64;
        // 5080 bins, each third of which is alone: one standard deviation is 0.004.
        assert!((share - 0.05).abs() < 0.012, "{share} above {level}");
    }

    #[test]
    fn silence_and_short_signals_have_an_answer() {
        let (x, silence) = (stereo_noise(1, 4_096), [vec![0.0; 4_096], vec![0.0; 4_096]]);
        let got = coherence(&x, &silence, WINDOW).expect("long enough");
        assert!(got.bins.iter().all(|value| *value == 0.0));
        assert_eq!(got.explained(), 0.0);
        let short = stereo_noise(1, WINDOW + WINDOW / 2 - 1);
        assert_eq!(coherence(&short, &short, WINDOW), None);
    }
}
