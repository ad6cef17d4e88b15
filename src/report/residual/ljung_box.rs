//! The Ljung–Box test: is there anything in a residual but white noise?

use statrs::distribution::{ChiSquared, ContinuousCDF};

/// What the test says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LjungBox {
    /// `Q`: about as large as there are lags, if the signal is white noise; larger the less it is.
    pub statistic: f64,
    pub num_lags: usize,
    /// The probability that white noise has so large a `Q`.
    pub p_value: f64,
}

/// Tests the autocorrelations of a signal of `num_samples`; they begin at lag 0, and there is one
/// more at least: `Q = N·(N + 2)·Σ ρ_k² / (N − k)` against the chi-squared distribution of as many
/// degrees of freedom as there are lags (Ljung & Box, "On a measure of lack of fit in time series
/// models", Biometrika 65(2), 1978).
pub fn ljung_box(autocorrelations: &[f64], num_samples: usize) -> LjungBox {
    let length = num_samples as f64;
    let lags = autocorrelations.iter().enumerate().skip(1);
    let sum: f64 = lags
        .map(|(lag, value)| value * value / (length - lag as f64))
        .sum();
    let statistic = length * (length + 2.0) * sum;
    let num_lags = autocorrelations.len() - 1;
    let law = ChiSquared::new(num_lags as f64).expect("there is a lag at least");
    LjungBox {
        statistic,
        num_lags,
        p_value: law.sf(statistic),
    }
}

#[cfg(test)]
mod tests {
    use super::super::autocorrelation::autocorrelation;
    use super::super::test_signals::noise;
    use super::*;

    #[test]
    fn five_samples_by_hand() {
        // Q = 5·7·(0.4²/4 + 0.1²/3); with two degrees of freedom p is exp(−Q/2).
        let got = ljung_box(&[1.0, 0.4, -0.1], 5);
        let want = 35.0 * (0.04 + 0.01 / 3.0);
        assert!((got.statistic - want).abs() < 1e-12, "{got:?}");
        assert!((got.p_value - (-want / 2.0).exp()).abs() < 1e-12, "{got:?}");
    }

    #[test]
    fn p_values_are_those_of_the_tables() {
        // Upper 5 % and 1 % points of chi-squared with 1, 10 and 20 degrees of freedom.
        for (num_lags, statistic, want) in [
            (1, 3.841_459, 0.05),
            (10, 18.307_038, 0.05),
            (20, 31.410_433, 0.05),
            (20, 37.566_235, 0.01),
        ] {
            let law = ChiSquared::new(f64::from(num_lags)).expect("a law");
            assert!((law.sf(statistic) - want).abs() < 1e-7);
        }
    }

    #[test]
    fn white_noise_passes_and_its_moving_average_does_not() {
        let test = |signal: Vec<f32>| {
            let signal = [signal.clone(), signal];
            ljung_box(&autocorrelation(&signal, 20).expect("it moves"), 5_000)
        };
        let mut rejected = 0;
        for seed in 0..200 {
            let white = noise(seed, 5_000);
            rejected += usize::from(test(white.clone()).p_value < 0.05);
            let smooth = white.windows(2).map(|pair| 0.5 * (pair[0] + pair[1]));
            let smooth = test(smooth.chain([0.0]).collect());
            // ρ_1 is 1/2.
            assert!((smooth.statistic / 1_250.0 - 1.0).abs() < 0.2, "{smooth:?}");
            assert!(smooth.p_value < 1e-200, "{smooth:?}");
        }
        // 5 % of 200, give or take three standard deviations of 3.1.
        assert!((1..=19).contains(&rejected), "{rejected} of 200");
    }

    #[test]
    fn a_song_s_huge_statistic_has_a_p_value_too() {
        let got = ljung_box(&[1.0, 0.99, 0.97, 0.95], 1_000_000);
        assert_eq!(got.p_value, 0.0);
    }
}
