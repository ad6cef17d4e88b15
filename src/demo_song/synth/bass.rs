//! The electric bass: a plucked string's spectrum from a band-limited wavetable, through two low-pass
//! filters that close as the string calms down, with the finger's noise.

use super::noise::Noise;
use super::wavetable::Wavetable;
use super::{Every, Track, limit_hz, pitch_hz, swell};
use crate::demo_song::dice::{Dice, Purpose};
use crate::demo_song::score::Note;
use crate::dsp::filter::Svf;

/// Time between two settings of the filter.
const TUNING_S: f64 = 0.001;

/// Plays the bass part.
pub fn play(notes: &[Note], seed: u64, track: &mut Track) {
    let rate_hz = track.rate_hz();
    let mut dice = Dice::new(seed, Purpose::BassSound);
    // Where the string is plucked and where the pickup sits, as parts of its length: harmonics with a
    // node there are missing.
    let plucked_at = dice.between(0.13, 0.24);
    let pickup_at = dice.between(0.09, 0.14);
    let resting_hz = dice.between(260.0, 420.0);
    let bite_hz = dice.between(900.0, 2_000.0);
    let string = Wavetable::new(96, |k| {
        let k = k as f64;
        let shape = |place: f64| (std::f64::consts::PI * place * k).sin();
        (
            0.0,
            5.0 * shape(plucked_at) * shape(pickup_at) / k.powf(0.9),
        )
    });
    let noise = Noise::new(&mut dice, rate_hz);

    for note in notes {
        let frequency_hz = pitch_hz(f64::from(note.pitch));
        let bandwidth = Wavetable::bandwidth(frequency_hz, limit_hz(rate_hz));
        let release_s = 0.045;
        let length_s = note.length_s + release_s;
        let mut filters = [Svf::new(resting_hz, 0.8, rate_hz); 2];
        let mut finger = noise.burst(&mut dice);
        let mut finger_tone = Svf::new(900.0, 0.9, rate_hz);
        let mut tuning = Every::new(TUNING_S, rate_hz);
        track.play(note.start_s, length_s, 0.0, |time_s| {
            if tuning.is_due() {
                let cutoff_hz = resting_hz
                    + 1.5 * frequency_hz
                    + bite_hz * note.velocity * (-time_s / 0.11).exp();
                filters[0].tune(cutoff_hz, 0.6, rate_hz);
                filters[1].tune(cutoff_hz, 1.0, rate_hz);
            }
            let cycles = frequency_hz * time_s;
            let string = string.read(cycles, bandwidth);
            let mellow = filters
                .iter_mut()
                .fold(string, |sound, filter| filter.process(sound).low);
            let fundamental = (std::f64::consts::TAU * cycles).sin();
            let finger = finger_tone.process(finger.next(time_s)).band * (-time_s / 0.006).exp();
            let body = (0.9 * (0.62 * fundamental + 0.75 * mellow)).tanh();
            let ring = (-time_s / 1.3).exp();
            note.velocity
                * swell(time_s, length_s, 0.005, release_s)
                * (ring * body + 0.25 * finger)
        });
    }
}
