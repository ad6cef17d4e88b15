//! Bleed: what is heard in a stem while the true one rests.
//!
//! Over all frames of a second in which the mix sounds and the true stem is more than 60 dB below
//! it: the energy of the estimate relative to that of the mix. Recorded stems rarely rest at
//! digital silence; at −60 dB a rest is one to the ear, and a perfect estimate still scores −60 dB.

use serde::Serialize;

use super::{Stereo, frames, part};
use crate::stem::NUM_CHANNELS;

/// A stem rests where its energy is this far below the mix's.
pub const REST_DB: f64 = -60.0;

/// No bleed is below this: a silent estimate gets it.
pub const MIN_BLEED_DB: f64 = -100.0;

/// What is heard while the true stem rests.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bleed {
    /// Energy of the estimate relative to the mix, at least [`MIN_BLEED_DB`].
    pub bleed_db: f64,
    /// How long the stem rests while the mix sounds.
    pub rest_s: f64,
}

/// The bleed into an estimate; `None` if the true stem never rests. All are of one length.
pub fn bleed(truth: &Stereo, estimate: &Stereo, mix: &Stereo, rate_hz: f64) -> Option<Bleed> {
    let (mut bled, mut heard, mut rest_samples) = (0.0, 0.0, 0);
    for frame in frames(mix[0].len(), rate_hz) {
        let of = |signal| energy(part(signal, frame.clone()));
        let mix = of(mix);
        if mix > 0.0 && of(truth) < mix * 10.0_f64.powf(REST_DB / 10.0) {
            bled += of(estimate);
            heard += mix;
            rest_samples += frame.len();
        }
    }
    (rest_samples > 0).then(|| Bleed {
        bleed_db: (10.0 * (bled / heard).log10()).max(MIN_BLEED_DB),
        rest_s: rest_samples as f64 / rate_hz,
    })
}

/// Sum of squares over both channels.
fn energy(signal: [&[f32]; NUM_CHANNELS]) -> f64 {
    let samples = signal.into_iter().flatten();
    samples.map(|&x| f64::from(x).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One value a second at 10 Hz, in both channels.
    fn steps(values: &[f32]) -> Stereo {
        let channel: Vec<f32> = values.iter().flat_map(|&value| [value; 10]).collect();
        [channel.clone(), channel]
    }

    #[test]
    fn only_rests_count_and_are_pooled() {
        let mix = steps(&[1.0, 1.0, 0.5, 0.0, 1.0]);
        // It sounds, rests, rests at −66 dB, rests with the mix, and is at −54 dB.
        let truth = steps(&[0.5, 0.0, 0.00025, 0.0, 0.002]);
        let estimate = steps(&[0.9, 0.1, 0.2, 0.3, 0.9]);
        let got = bleed(&truth, &estimate, &mix, 10.0).expect("it rests");
        let want_db = 10.0 * ((0.01 + 0.04) / (1.0 + 0.25_f64)).log10();
        // f32 values of 0.1 and 0.2.
        assert!(
            (got.bleed_db - want_db).abs() < 1e-5,
            "{got:?}, want {want_db}"
        );
        assert_eq!(got.rest_s, 2.0);
    }

    #[test]
    fn ends_of_the_scale() {
        let (mix, silence) = (steps(&[1.0, 1.0]), steps(&[0.0, 0.0]));
        assert_eq!(bleed(&mix, &mix, &mix, 10.0), None, "it never rests");
        let of_silence = bleed(&silence, &silence, &mix, 10.0).expect("it rests");
        assert_eq!(of_silence.bleed_db, MIN_BLEED_DB);
        let of_mix = bleed(&silence, &mix, &mix, 10.0).expect("it rests");
        assert_eq!(of_mix.bleed_db, 0.0);
    }
}
