//! A tape that runs faster or slower: pitch and tempo change by one factor.

use rubato::{SincInterpolationParameters, SincInterpolationType, WindowFunction};

use super::Stereo;
use crate::dsp::resample::resample;

/// Taps of the interpolation filter. With a Blackman window it reaches to 0.81 of half the rate,
/// 17.9 kHz at 44.1 kHz, and aliases are at −74 dB: as far as most of the songs' own encoders went.
const SINC_SAMPLES: usize = 32;

/// Points of the filter between two samples; linear interpolation between them errs by
/// (π/128)²/8, −82 dB, at half the rate.
const OVERSAMPLING: usize = 128;

/// How many samples [`play`] needs for `num_samples` of output.
pub fn input_samples(num_samples: usize, speed: f64) -> usize {
    (num_samples as f64 * speed).ceil() as usize + SINC_SAMPLES
}

/// The first `num_samples` of `stem` at `speed` times its speed; silence follows where it ends
/// earlier. At speed 1 the samples are those of `stem`, bit for bit.
pub fn play(mut stem: Stereo, speed: f64, num_samples: usize) -> Stereo {
    if speed != 1.0 {
        stem = resample(&stem, speed.recip(), &filter());
    }
    for channel in &mut stem {
        channel.resize(num_samples, 0.0);
    }
    stem
}

fn filter() -> SincInterpolationParameters {
    SincInterpolationParameters::new(SINC_SAMPLES, WindowFunction::Blackman)
        .oversampling_factor(OVERSAMPLING)
        .interpolation(SincInterpolationType::Linear)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::super::test_signals::{RATE_HZ, noise, sine};
    use super::*;

    /// Power of what a sine of this frequency leaves unexplained, relative to all, in dB.
    fn residual_db(samples: &[f32], frequency_hz: f64) -> f64 {
        let phase = |n: usize| TAU * frequency_hz * n as f64 / RATE_HZ;
        let project = |wave: fn(f64) -> f64| {
            let terms = samples
                .iter()
                .enumerate()
                .map(|(n, s)| f64::from(*s) * wave(phase(n)));
            2.0 * terms.sum::<f64>() / samples.len() as f64
        };
        let (cosine, sine) = (project(f64::cos), project(f64::sin));
        let left = samples.iter().enumerate().map(|(n, s)| {
            (f64::from(*s) - cosine * phase(n).cos() - sine * phase(n).sin()).powi(2)
        });
        let power: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
        10.0 * (left.sum::<f64>() / power).log10()
    }

    #[test]
    fn a_sine_moves_by_exactly_the_speed() {
        for speed in [0.89, 1.0, 1.05, 1.122] {
            // Ten seconds: a thousandth of a hertz off would show at −33 dB.
            let num_samples = 441_000;
            let played = play(
                sine(1_000.0, input_samples(num_samples, speed)),
                speed,
                num_samples,
            );
            for channel in &played {
                assert_eq!(channel.len(), num_samples);
                let inner = &channel[100..num_samples - 100];
                let got = residual_db(inner, 1_000.0 * speed);
                // The filter's images; the projection itself is good to about −80 dB.
                assert!(got < -60.0, "speed {speed}: {got} dB");
                let power: f64 = inner.iter().map(|s| f64::from(*s).powi(2)).sum();
                let level_db = 10.0 * (2.0 * power / inner.len() as f64).log10();
                assert!(level_db.abs() < 0.05, "speed {speed}: {level_db} dB");
            }
        }
    }

    #[test]
    fn speed_one_is_exact_and_what_is_short_is_filled() {
        let [left, right] = noise(1, 300);
        let played = play([left.clone(), right], 1.0, 400);
        assert_eq!(played[0][..300], left);
        assert_eq!(played[0][300..], [0.0; 100]);
        assert_eq!(play(noise(1, 300), 1.1, 400)[1].len(), 400);
        assert!(
            play(noise(1, 1), 0.9, 10)
                .iter()
                .flatten()
                .all(|s| s.is_finite())
        );
    }
}
