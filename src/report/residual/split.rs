//! The error of an estimate, split: what would the true phases have gained, and what the true
//! magnitudes?
//!
//! Two hybrids are made of the spectra, back to sound by overlap-add, and scored: the estimate's
//! magnitudes with the true phases, and the true magnitudes with the estimate's phases. A real mask
//! can change magnitudes only, so the first is what it can't reach, however well it is learned. The
//! two gains do not add up to anything: they are two answers to two questions.

use unbraid_fft::Complex32;

use super::frames::visit_frames;
use crate::dsp::stft::{StftSizes, Synthesis};
use crate::score::{sdr_db, si_sdr_db};
use crate::stem::Stereo;

/// SI-SDR and SDR against the true stem, in dB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scores {
    pub si_sdr_db: f64,
    pub sdr_db: f64,
}

/// The scores of an estimate and of its hybrids.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    pub estimate: Scores,
    /// Of the estimate's magnitudes with the true phases.
    pub true_phase: Scores,
    /// Of the true magnitudes with the estimate's phases.
    pub true_magnitude: Scores,
}

/// Splits the error of an estimate; `None` for a silent stem. Both are of one length.
///
/// Where the true stem is silent in a bin, the estimate keeps its own phase; where the estimate is
/// silent, it has no phase to give, and the bin stays silent.
pub fn split(truth: &Stereo, estimate: &Stereo, sizes: StftSizes) -> Option<Split> {
    let scores = |signal: &Stereo| {
        Some(Scores {
            si_sdr_db: si_sdr_db(truth, signal)?,
            sdr_db: sdr_db(truth, signal)?,
        })
    };
    let [true_phase, true_magnitude] = hybrids(truth, estimate, sizes);
    Some(Split {
        estimate: scores(estimate)?,
        true_phase: scores(&true_phase)?,
        true_magnitude: scores(&true_magnitude)?,
    })
}

/// The estimate's magnitudes with the true phases, and the other way round.
fn hybrids(truth: &Stereo, estimate: &Stereo, sizes: StftSizes) -> [Stereo; 2] {
    let mut syntheses = [(); 2].map(|()| Synthesis::new(sizes));
    let mut spectra = [(); 2].map(|()| vec![Complex32::default(); sizes.num_bins()]);
    let mut hop = vec![0.0; sizes.hop_samples];
    let mut signals: [Stereo; 2] = Default::default();
    visit_frames(
        sizes,
        [truth, estimate],
        |channel, frame, [truth, estimate]| {
            if frame == 0 {
                syntheses.iter_mut().for_each(Synthesis::reset);
            }
            for (bin, (&truth, &estimate)) in truth.iter().zip(estimate).enumerate() {
                spectra[0][bin] = with_phase(estimate, truth).unwrap_or(estimate);
                spectra[1][bin] = with_phase(truth, estimate).unwrap_or_default();
            }
            let parts = syntheses.iter_mut().zip(&mut spectra).zip(&mut signals);
            for ((synthesis, spectrum), signal) in parts {
                synthesis.process(spectrum, &mut hop);
                signal[channel].extend_from_slice(&hop);
            }
        },
    );
    for channel in signals.iter_mut().flatten() {
        channel.drain(..sizes.latency_samples());
        channel.truncate(truth[0].len());
    }
    signals
}

/// The magnitude of one with the phase of the other, which silence does not have.
fn with_phase(magnitude: Complex32, phase: Complex32) -> Option<Complex32> {
    let length = phase.norm();
    (length > 0.0).then(|| phase * (magnitude.norm() / length))
}

#[cfg(test)]
mod tests {
    use super::super::test_signals::{sine, stereo_noise, sum};
    use super::*;

    const SIZES: StftSizes = StftSizes {
        analysis_samples: 512,
        synthesis_samples: 512,
        hop_samples: 128,
    };
    /// No multiple of a hop.
    const LENGTH: usize = 20_001;

    #[test]
    fn a_copy_stays_a_copy() {
        let truth = stereo_noise(1, LENGTH);
        let got = split(&truth, &truth, SIZES).expect("it sounds");
        for scores in [got.true_phase, got.true_magnitude] {
            // f32 and its FFTs.
            assert!(scores.sdr_db > 90.0, "{got:?}");
        }
    }

    #[test]
    fn a_wrong_level_is_an_error_of_magnitude_alone() {
        // At a gain of 1/2 the SDR is 6.02 dB, and the true phases change nothing.
        let truth = stereo_noise(1, LENGTH);
        let got = split(&truth, &sum(&[(0.5, &truth)]), SIZES).expect("it sounds");
        assert!((got.estimate.sdr_db - 6.0206).abs() < 1e-3, "{got:?}");
        assert!((got.true_phase.sdr_db - 6.0206).abs() < 1e-3, "{got:?}");
        assert!(got.true_magnitude.sdr_db > 90.0, "{got:?}");
    }

    #[test]
    fn a_turned_sine_is_an_error_of_phase_alone() {
        let at = |phase| [(); 2].map(|()| sine(40.25 / 512.0, phase, LENGTH));
        // 60° apart, a chord is as long as the radius: SDR 0 dB, SI-SDR 10·log10(cos²/sin²).
        let turn = std::f64::consts::FRAC_PI_3;
        let got = split(&at(0.0), &at(turn), SIZES).expect("it sounds");
        assert!(got.estimate.sdr_db.abs() < 0.01, "{got:?}");
        assert!((got.estimate.si_sdr_db + 4.771).abs() < 0.01, "{got:?}");
        // Only where it begins and ends are the magnitudes others.
        assert!(got.true_phase.sdr_db > 25.0, "{got:?}");
        assert!(
            (got.true_magnitude.sdr_db - got.estimate.sdr_db).abs() < 0.1,
            "{got:?}"
        );
    }

    #[test]
    fn silence_has_an_answer() {
        let (noise, silence) = (stereo_noise(1, 3_000), [vec![0.0; 3_000], vec![0.0; 3_000]]);
        assert_eq!(split(&silence, &noise, SIZES), None);
        let got = split(&noise, &silence, SIZES).expect("the stem sounds");
        assert_eq!(got.true_phase.sdr_db, 0.0);
        assert_eq!(got.true_magnitude.sdr_db, 0.0);
    }
}
