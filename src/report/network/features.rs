//! Simple features of a mix over time, and how one series goes along with another.

use std::f64::consts::TAU;

use unbraid_fft::{Complex32, plan_forward, plan_inverse};

use crate::stem::Stereo;

/// The lowest and highest pitch that counts as harmonic.
const PITCH_HZ: (f64, f64) = (80.0, 1_000.0);

/// Bins further below the loudest of the passage rise and fall unheard.
const ONSET_RANGE_DB: f32 = 60.0;

/// A passage's features by frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// Power of the window in dB, in no absolute unit.
    pub level_db: Vec<f64>,
    /// Mean rise of the bins' levels since the frame before, falls left out, in dB: the spectral
    /// flux (Dixon, "Onset detection revisited", DAFx 2006).
    pub onset: Vec<f64>,
    /// 0…1: the highest normalised autocorrelation at a period of 80 to 1000 Hz, that of the window
    /// divided out (Boersma, "Accurate short-term analysis of the fundamental frequency and the
    /// harmonics-to-noise ratio of a sampled sound", Proc. IFA 17, 1993).
    pub harmonicity: Vec<f64>,
}

/// The features of the mean of both channels, over Hann windows of `window_samples` centred on
/// `centres`; silence lies around the signal.
pub fn features(signal: &Stereo, rate_hz: f64, window_samples: usize, centres: &[f64]) -> Features {
    let hann = |n: usize| 0.5 - 0.5 * (TAU * (n as f64 + 0.5) / window_samples as f64).cos();
    let window: Vec<f32> = (0..window_samples).map(|n| hann(n) as f32).collect();
    let mut spectra = PaddedSpectra::new(window_samples);
    let of_window = spectra.autocorrelation(&window);
    let lags = {
        let lag = |hz: f64| (rate_hz / hz) as usize;
        // Beyond half a window, the window itself has next to nothing in common with itself.
        lag(PITCH_HZ.1).max(1)..lag(PITCH_HZ.0).min(window_samples / 2)
    };
    let mut levels: Vec<Vec<f32>> = Vec::new();
    let (mut level_db, mut harmonicity) = (Vec::new(), Vec::new());
    for centre in centres {
        let start = (centre - window_samples as f64 / 2.0).round() as isize;
        let sample = |n: usize| {
            let at = usize::try_from(start + n as isize).ok()?;
            Some(0.5 * (signal[0].get(at)? + signal[1].get(at)?))
        };
        let windowed: Vec<f32> = window
            .iter()
            .enumerate()
            .map(|(n, weight)| weight * sample(n).unwrap_or(0.0))
            .collect();
        let correlation = spectra.autocorrelation(&windowed);
        levels.push(
            spectra
                .powers
                .iter()
                .map(|p| 10.0 * (p + 1e-20).log10())
                .collect(),
        );
        level_db.push(10.0 * f64::from(correlation[0].max(1e-20)).log10());
        let normalised =
            |lag: usize| correlation[lag] / correlation[0] * of_window[0] / of_window[lag];
        let highest = lags.clone().map(normalised).fold(0.0, f32::max);
        harmonicity.push(if correlation[0] > 0.0 {
            f64::from(highest.min(1.0))
        } else {
            0.0
        });
    }
    let loudest = levels
        .iter()
        .flatten()
        .copied()
        .fold(f32::NEG_INFINITY, f32::max);
    let floor_db = loudest - ONSET_RANGE_DB;
    let onset = (0..levels.len()).map(|frame| {
        let before = &levels[frame.saturating_sub(1)];
        let rises = levels[frame].iter().zip(before);
        let rises = rises.map(|(now, before)| (now.max(floor_db) - before.max(floor_db)).max(0.0));
        f64::from(rises.sum::<f32>()) / before.len() as f64
    });
    Features {
        onset: onset.collect(),
        level_db,
        harmonicity,
    }
}

/// Spectra of windows with as much silence after them, so that no lag comes round.
struct PaddedSpectra {
    forward: std::sync::Arc<dyn unbraid_fft::RealToComplex<f32>>,
    inverse: std::sync::Arc<dyn unbraid_fft::ComplexToReal<f32>>,
    padded: Vec<f32>,
    spectrum: Vec<Complex32>,
    /// Of the last window, by bin.
    powers: Vec<f32>,
}

impl PaddedSpectra {
    fn new(window_samples: usize) -> Self {
        let (forward, inverse) = (
            plan_forward(2 * window_samples),
            plan_inverse(2 * window_samples),
        );
        Self {
            padded: forward.make_input_vec(),
            spectrum: forward.make_output_vec(),
            powers: Vec::new(),
            forward,
            inverse,
        }
    }

    /// `Σ x[n]·x[n + k]` at the lags `k` up to the window's length, times a factor of the FFT.
    fn autocorrelation(&mut self, window: &[f32]) -> Vec<f32> {
        self.padded.fill(0.0);
        self.padded[..window.len()].copy_from_slice(window);
        self.forward
            .process(&mut self.padded, &mut self.spectrum)
            .expect("the buffers are of the plan's own lengths");
        self.powers = self.spectrum.iter().map(|bin| bin.norm_sqr()).collect();
        for (bin, &power) in self.spectrum.iter_mut().zip(&self.powers) {
            *bin = Complex32::new(power, 0.0);
        }
        self.inverse
            .process(&mut self.spectrum, &mut self.padded)
            .expect("the buffers are of the plan's own lengths");
        self.padded[..window.len()].to_vec()
    }
}

/// Pearson's correlation coefficient of pairs, −1…1; `None` if either does not move, or there are
/// fewer than three.
pub fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let count = pairs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / count;
    let (mean_x, mean_y) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let sum = |of: &dyn Fn(f64, f64) -> f64| {
        let terms = pairs.iter().map(|(x, y)| of(x - mean_x, y - mean_y));
        terms.sum::<f64>()
    };
    let (xx, yy, xy) = (sum(&|x, _| x * x), sum(&|_, y| y * y), sum(&|x, y| x * y));
    // What rounding alone moves does not move.
    let moves = |sum: f64, mean: f64| sum > count * (1e-9 * mean.abs()).powi(2) && sum > 0.0;
    let both_move = pairs.len() > 2 && moves(xx, mean_x) && moves(yy, mean_y);
    both_move.then(|| xy / (xx * yy).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    const RATE_HZ: f64 = 44_100.0;

    fn of(at: impl FnMut(usize) -> f32) -> Features {
        let channel: Vec<f32> = (0..20_000).map(at).collect();
        features(
            &[channel.clone(), channel],
            RATE_HZ,
            2_048,
            &[5e3, 1e4, 1.5e4],
        )
    }

    #[test]
    fn tones_are_harmonic_and_noise_is_not() {
        let saw = of(|n| (220.0 * n as f64 / RATE_HZ).fract() as f32 - 0.5);
        assert!(saw.harmonicity.iter().all(|h| *h > 0.95), "{saw:?}");
        let mut dice = Dice::new(1, 0_u64);
        let noise = of(|_| dice.bell() as f32);
        assert!(noise.harmonicity.iter().all(|h| *h < 0.35), "{noise:?}");
        assert!(of(|_| 0.0).harmonicity.iter().all(|h| *h == 0.0));
    }

    #[test]
    fn levels_and_onsets_are_where_the_sound_begins() {
        let mut dice = Dice::new(1, 0_u64);
        let got = of(|n| dice.bell() as f32 * if n < 8_000 { 0.01 } else { 0.1 });
        assert!(
            (got.level_db[1] - got.level_db[0] - 20.0).abs() < 1.0,
            "{got:?}"
        );
        assert!(got.onset[1] > 15.0 && got.onset[2] < 6.0, "{got:?}");
        assert_eq!(got.onset[0], 0.0);
    }

    #[test]
    fn coefficients_by_hand() {
        let pairs = |ys: [f64; 4]| [0.0, 1.0, 2.0, 3.0].into_iter().zip(ys).collect::<Vec<_>>();
        for (ys, want) in [
            ([1.0, 3.0, 5.0, 7.0], Some(1.0)),
            ([2.0, 1.0, 0.0, -1.0], Some(-1.0)),
            ([1.0, 0.0, 0.0, 1.0], Some(0.0)),
            // Deviations −1.5 … 1.5 and −0.5, 0.5, −0.5, 0.5: 1 / √(5·1).
            ([0.0, 1.0, 0.0, 1.0], Some(0.2_f64.sqrt())),
            ([0.3, 0.3, 0.3, 0.3], None),
        ] {
            match (correlation(&pairs(ys)), want) {
                (Some(got), Some(want)) => assert!((got - want).abs() < 1e-12, "{ys:?}: {got}"),
                (got, want) => assert_eq!(got, want, "{ys:?}"),
            }
        }
        assert_eq!(correlation(&[(0.0, 0.0), (1.0, 1.0)]), None);
    }
}
