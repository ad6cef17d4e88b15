//! How a signal resembles itself some samples later: autocorrelation, and what each lag adds to
//! the shorter ones, partial autocorrelation.
//!
//! White noise resembles itself nowhere; a residual that does still has something in it that a
//! better estimate could have taken (Box & Jenkins, "Time Series Analysis", 1970).

use crate::stem::Stereo;

/// Autocorrelations at lags `0..=max_lag`, the first of which is 1:
/// `ρ_k = Σ d[n]·d[n + k] / Σ d[n]²`, where `d` is the signal less its mean and the sums run over
/// both channels. `None` for a constant signal.
pub fn autocorrelation(signal: &Stereo, max_lag: usize) -> Option<Vec<f64>> {
    let mut sums = vec![0.0; max_lag + 1];
    for channel in signal {
        let mean = channel.iter().map(|&x| f64::from(x)).sum::<f64>() / channel.len() as f64;
        let deviations: Vec<f64> = channel.iter().map(|&x| f64::from(x) - mean).collect();
        for (lag, sum) in sums.iter_mut().enumerate().take(deviations.len()) {
            *sum += dot(&deviations, &deviations[lag..]);
        }
    }
    let power = sums[0];
    (power > 0.0).then(|| sums.iter().map(|sum| sum / power).collect())
}

/// The sum of products, as far as both go; in eight sums, which a processor adds side by side.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 8;
    let length = a.len().min(b.len());
    let (a, b) = (
        a[..length].chunks_exact(LANES),
        b[..length].chunks_exact(LANES),
    );
    let rest: f64 = a
        .remainder()
        .iter()
        .zip(b.remainder())
        .map(|(a, b)| a * b)
        .sum();
    let mut sums = [0.0; LANES];
    for (a, b) in a.zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// Partial autocorrelations at the lags of `autocorrelations`, the first of which is 1, by the
/// Durbin–Levinson recursion (Durbin, "The fitting of time-series models", Rev. Int. Stat. Inst.
/// 28(3), 1960). They are 0 from where shorter lags already tell the signal exactly.
pub fn partial_autocorrelation(autocorrelations: &[f64]) -> Vec<f64> {
    let mut partial = vec![0.0; autocorrelations.len()];
    partial[0] = 1.0;
    // Of the best prediction from the lags so far: its coefficients, and what it misses of 1.
    let mut coefficients: Vec<f64> = Vec::new();
    let mut missed = 1.0;
    for lag in 1..autocorrelations.len() {
        if missed < f64::EPSILON {
            break;
        }
        let nearer = autocorrelations[1..lag].iter().rev();
        let predicted: f64 = coefficients.iter().zip(nearer).map(|(c, r)| c * r).sum();
        // Only rounding can carry it beyond ±1.
        let reflection = ((autocorrelations[lag] - predicted) / missed).clamp(-1.0, 1.0);
        partial[lag] = reflection;
        let mirrored: Vec<f64> = coefficients.iter().rev().copied().collect();
        for (coefficient, mirrored) in coefficients.iter_mut().zip(mirrored) {
            *coefficient -= reflection * mirrored;
        }
        coefficients.push(reflection);
        missed *= 1.0 - reflection * reflection;
    }
    partial
}

/// Half of the band about 0 within which 95 % of the (partial) autocorrelations of white noise lie:
/// `1.96 / √N`. `num_samples` is that of one channel, so for channels that differ the band is too
/// wide, never too narrow.
pub fn band_95(num_samples: usize) -> f64 {
    1.959_964 / (num_samples as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::test_signals::{noise, sine};
    use super::*;

    fn both(channel: Vec<f32>) -> Stereo {
        [channel.clone(), channel]
    }

    fn assert_near(got: &[f64], want: &[f64], tolerance: f64) {
        assert_eq!(got.len(), want.len());
        for (lag, (got, want)) in got.iter().zip(want).enumerate() {
            assert!(
                (got - want).abs() < tolerance,
                "lag {lag}: {got}, want {want}"
            );
        }
    }

    #[test]
    fn five_samples_by_hand() {
        // Less the mean of 3: −2, −1, 0, 1, 2, of energy 10.
        let got = autocorrelation(&both(vec![1.0, 2.0, 3.0, 4.0, 5.0]), 6).expect("it moves");
        assert_near(&got, &[1.0, 0.4, -0.1, -0.4, -0.4, 0.0, 0.0], 1e-12);
        assert_eq!(autocorrelation(&both(vec![0.25; 100]), 3), None);
    }

    #[test]
    fn channels_are_pooled_and_do_not_cancel() {
        let x = noise(3, 1_000);
        let inverted = x.iter().map(|x| -x).collect();
        let want = autocorrelation(&both(x.clone()), 20).expect("it moves");
        let got = autocorrelation(&[x, inverted], 20).expect("it moves");
        assert_near(&got, &want, 1e-12);
    }

    #[test]
    fn a_sine_comes_back_after_its_period() {
        let got = autocorrelation(&both(sine(0.02, 0.7, 100_000)), 100).expect("it moves");
        // The last lags have 0.1 % fewer terms.
        let want: Vec<f64> = (0..=100)
            .map(|lag| (std::f64::consts::TAU * 0.02 * f64::from(lag)).cos())
            .collect();
        assert_near(&got, &want, 2e-3);
        // Two lags tell a sine: cos ω, then −1.
        let partial = partial_autocorrelation(&want);
        assert_near(&partial[..3], &[1.0, want[1], -1.0], 1e-9);
        assert!(partial[3..].iter().all(|value| *value == 0.0));
    }

    #[test]
    fn autoregressions_end_at_their_order() {
        // AR(1): ρ_k = φ^k. AR(2): ρ_k = φ1·ρ_(k−1) + φ2·ρ_(k−2), from ρ_1 = φ1 / (1 − φ2).
        for (first, second) in [(0.7, 0.0), (-0.5, 0.0), (0.5, 0.3), (1.2, -0.6)] {
            let mut autocorrelations = vec![1.0, first / (1.0 - second)];
            for lag in 2..30 {
                let next = first * autocorrelations[lag - 1] + second * autocorrelations[lag - 2];
                autocorrelations.push(next);
            }
            let mut want = vec![0.0; 30];
            want[..3].copy_from_slice(&[1.0, autocorrelations[1], second]);
            assert_near(&partial_autocorrelation(&autocorrelations), &want, 1e-12);
        }
    }

    #[test]
    fn a_moving_average_fades_out_in_the_partial_ones() {
        // MA(1), ρ_1 = θ / (1 + θ²): −(−θ)^k·(1 − θ²) / (1 − θ^(2k + 2)).
        let theta: f64 = 0.6;
        let mut autocorrelations = vec![0.0; 20];
        autocorrelations[0] = 1.0;
        autocorrelations[1] = theta / (1.0 + theta * theta);
        let closed = |lag: i32| match lag {
            0 => 1.0,
            _ => -(-theta).powi(lag) * (1.0 - theta.powi(2)) / (1.0 - theta.powi(2 * lag + 2)),
        };
        let want: Vec<f64> = (0..20).map(closed).collect();
        assert_near(&partial_autocorrelation(&autocorrelations), &want, 1e-12);
    }

    #[test]
    fn white_noise_stays_within_the_band_as_often_as_it_should() {
        let (mut outside, mut partial_outside) = (0, 0);
        for seed in 0..20 {
            let got = autocorrelation(&both(noise(seed, 5_000)), 100).expect("it moves");
            let beyond = |values: &[f64]| {
                let values = values[1..].iter();
                values.filter(|value| value.abs() > band_95(5_000)).count()
            };
            outside += beyond(&got);
            partial_outside += beyond(&partial_autocorrelation(&got));
        }
        // 5 % of 2000, give or take three standard deviations of 9.7.
        for count in [outside, partial_outside] {
            assert!((71..=129).contains(&count), "{count} of 2000");
        }
    }
}
