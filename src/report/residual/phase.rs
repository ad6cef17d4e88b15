//! The phase of an estimate, and how far it is from the true one.
//!
//! An angle is known only up to whole turns, so a difference is *wrapped* to −π…π. The phase of
//! what can't be heard is of no account: each bin of each frame counts by its true energy.

use std::f64::consts::PI;

use unbraid_fft::Complex32;

use super::frames::visit_frames;
use crate::dsp::stft::StftSizes;
use crate::stem::Stereo;

/// Columns of the histogram, from −π to π.
pub const NUM_HISTOGRAM_BINS: usize = 36;

/// The phases of an estimate beside the true ones.
#[derive(Clone, Debug)]
pub struct PhaseError {
    /// `Σ Ŝ·S*` over both channels, `[frame][bin]`: its angle is the phase error.
    pub crosses: Vec<Vec<Complex32>>,
    /// True energy `Σ |S|²` over both channels, `[frame][bin]`.
    pub energies: Vec<Vec<f32>>,
    /// Share of the true energy by phase error; they sum to 1.
    pub histogram: [f64; NUM_HISTOGRAM_BINS],
    /// Mean of the absolute phase error in radians, by energy: 0 at best, π/2 by chance.
    pub mean_absolute: f64,
    /// The frame of the most energy.
    pub loudest_frame: usize,
    /// Phases in it of the first channel, true and estimated, by bin, in radians.
    pub loudest_phases: Vec<[f32; 2]>,
}

/// Compares the phases of an estimate with the true ones, both of one length. Bins where either is
/// silent have no phase error and do not count; `None` if that is so everywhere.
pub fn phase_error(truth: &Stereo, estimate: &Stereo, sizes: StftSizes) -> Option<PhaseError> {
    let (mut crosses, mut energies) = (Vec::<Vec<Complex32>>::new(), Vec::<Vec<f32>>::new());
    let mut histogram = [0.0; NUM_HISTOGRAM_BINS];
    let (mut whole, mut sum) = (0.0, 0.0);
    visit_frames(sizes, [truth, estimate], |_, frame, [truth, estimate]| {
        if crosses.len() == frame {
            crosses.push(vec![Complex32::default(); truth.len()]);
            energies.push(vec![0.0; truth.len()]);
        }
        for (bin, (truth, estimate)) in truth.iter().zip(estimate).enumerate() {
            let cross = estimate * truth.conj();
            crosses[frame][bin] += cross;
            energies[frame][bin] += truth.norm_sqr();
            if cross.norm_sqr() > 0.0 {
                let (error, energy) = (f64::from(cross.arg()), f64::from(truth.norm_sqr()));
                whole += energy;
                sum += energy * error.abs();
                let turn = (error + PI) / (2.0 * PI) * NUM_HISTOGRAM_BINS as f64;
                histogram[(turn as usize).min(NUM_HISTOGRAM_BINS - 1)] += energy;
            }
        }
    });
    let energy = |frame: &usize| energies[*frame].iter().sum::<f32>();
    let loudest = (0..energies.len()).max_by(|a, b| energy(a).total_cmp(&energy(b)))?;
    let mut phases = Vec::new();
    visit_frames(sizes, [truth, estimate], |channel, frame, spectra| {
        if (channel, frame) == (0, loudest) {
            let [truth, estimate] = spectra;
            let pairs = truth.iter().zip(estimate);
            phases = pairs.map(|(t, e)| [t.arg(), e.arg()]).collect();
        }
    });
    (whole > 0.0).then(|| PhaseError {
        histogram: histogram.map(|energy| energy / whole),
        mean_absolute: sum / whole,
        loudest_frame: loudest,
        loudest_phases: phases,
        crosses,
        energies,
    })
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::super::test_signals::{sine, stereo_noise, sum};
    use super::*;

    const SIZES: StftSizes = StftSizes {
        analysis_samples: 512,
        synthesis_samples: 512,
        hop_samples: 128,
    };

    #[test]
    fn a_turned_sine_is_off_by_its_turn_wrapped() {
        let at = |phase: f64| [0.0, 1.0].map(|more| sine(40.25 / 512.0, phase + more, 10_000));
        for (turn, want) in [(0.0, 0.0), (0.5, 0.5), (-2.0, -2.0), (4.0, 4.0 - TAU)] {
            let got = phase_error(&at(0.2), &at(0.2 + turn), SIZES).expect("it sounds");
            let want: f64 = want;
            // Where it begins and ends it is no sine.
            assert!(
                (got.mean_absolute - want.abs()).abs() < 5e-3,
                "{turn}: {got:?}"
            );
            let error = f64::from(got.crosses[40][40].arg());
            assert!((error - want).abs() < 1e-3, "{turn}: {error}, want {want}");
            let column = ((want + PI) / TAU * 36.0) as usize;
            if turn != 0.0 {
                assert!(got.histogram[column] > 0.98, "{turn}: {:?}", got.histogram);
            }
            let [truth, estimate] = got.loudest_phases[40].map(f64::from);
            let wrapped = (estimate - truth - want + PI).rem_euclid(TAU) - PI;
            assert!(wrapped.abs() < 1e-3, "{turn}: {truth} and {estimate}");
        }
    }

    #[test]
    fn the_loud_counts_and_the_quiet_does_not() {
        // A quarter turn at −40 dB beside a sine in phase: 1e-4 of the energy.
        let pair = |phase| {
            let loud = [(); 2].map(|()| sine(0.1, 0.0, 20_000));
            let quiet = [(); 2].map(|()| sine(0.3, phase, 20_000));
            sum(&[(1.0, &loud), (0.01, &quiet)])
        };
        let got = phase_error(&pair(0.0), &pair(PI / 2.0), SIZES).expect("it sounds");
        assert!(got.mean_absolute < 2e-4 * PI / 2.0, "{}", got.mean_absolute);
        assert!(
            got.mean_absolute > 0.5e-4 * PI / 2.0,
            "{}",
            got.mean_absolute
        );
    }

    #[test]
    fn strangers_are_off_by_a_quarter_turn() {
        let got = phase_error(&stereo_noise(1, 60_000), &stereo_noise(2, 60_000), SIZES);
        let got = got.expect("it sounds");
        assert!(
            (got.mean_absolute - PI / 2.0).abs() < 0.02,
            "{}",
            got.mean_absolute
        );
        let whole: f64 = got.histogram.iter().sum();
        assert!((whole - 1.0).abs() < 1e-9);
        for share in got.histogram {
            assert!((share - 1.0 / 36.0).abs() < 0.006, "{:?}", got.histogram);
        }
    }

    #[test]
    fn silence_has_no_phase() {
        let (noise, silence) = (stereo_noise(1, 3_000), [vec![0.0; 3_000], vec![0.0; 3_000]]);
        assert!(phase_error(&noise, &silence, SIZES).is_none());
        assert!(phase_error(&silence, &noise, SIZES).is_none());
    }
}
