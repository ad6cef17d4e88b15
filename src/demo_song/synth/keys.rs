//! Chords: electric piano, plucked string and pad.

use super::modes::{Mode, Modes};
use super::wavetable::Wavetable;
use super::{Every, Track, limit_hz, pitch_hz, swell};
use crate::demo_song::dice::{Dice, Purpose};
use crate::demo_song::score::Note;
use crate::dsp::filter::Svf;

/// Partials of the electric piano: ratio to the fundamental, gain, decay in s at C4, and how much a hard
/// stroke adds. The pickup's asymmetry makes the harmonics; 6.27 and 17.5 are the second and third
/// bending modes of the tine, a bar clamped at one end.
const PIANO: [(f64, f64, f64, f64); 7] = [
    (1.0, 1.00, 1.60, 0.0),
    (2.0, 0.55, 0.95, 0.8),
    (3.0, 0.30, 0.65, 1.2),
    (4.0, 0.20, 0.45, 1.6),
    (5.0, 0.12, 0.32, 1.8),
    (6.27, 0.16, 0.12, 1.2),
    (17.5, 0.05, 0.040, 1.5),
];

/// Harmonics of the plucked string.
const NUM_STRING_MODES: usize = 20;

/// Electric piano, a little to the right, with the slow stereo tremolo of its loudspeakers.
pub fn play_piano(notes: &[Note], seed: u64, track: &mut Track) {
    let rate_hz = track.rate_hz();
    let mut dice = Dice::new(seed, Purpose::PianoSound);
    let brightness = dice.between(0.7, 1.3);
    let tremolo_hz = dice.between(3.8, 5.4);
    let depth = dice.between(0.2, 0.4);
    let mut dry = Track::new(rate_hz, track.length_s());
    for note in notes {
        let frequency_hz = pitch_hz(f64::from(note.pitch));
        // Low tines ring longer.
        let ring = (261.6 / frequency_hz).sqrt();
        let mut tine = Modes::new(
            PIANO.map(|(ratio, gain, decay_s, bark)| {
                let harder = brightness * note.velocity;
                Mode {
                    frequency_hz: ratio * frequency_hz,
                    gain: if ratio == 1.0 {
                        gain
                    } else {
                        gain * harder.powf(bark)
                    },
                    decay_s: decay_s * ring,
                    phase: 0.0,
                }
            }),
            rate_hz,
        );
        let release_s = 0.12;
        let length_s = note.length_s + release_s;
        dry.play(note.start_s, length_s, 0.0, |time_s| {
            0.25 * note.velocity * swell(time_s, length_s, 0.002, release_s) * tine.next(time_s)
        });
    }
    dry.process(|time_s, [left, right]| {
        let pan = 0.15 + depth * (std::f64::consts::TAU * tremolo_hz * time_s).sin();
        let (to_right, to_left) = (std::f64::consts::FRAC_PI_4 * (1.0 + pan)).sin_cos();
        let mono = std::f64::consts::FRAC_1_SQRT_2 * (left + right);
        [to_left * mono, to_right * mono]
    });
    track.add(&dry);
}

/// A plucked string on the left: stiff, so its harmonics are slightly sharp, and the high ones fade
/// first.
pub fn play_plucks(notes: &[Note], seed: u64, track: &mut Track) {
    let rate_hz = track.rate_hz();
    let mut dice = Dice::new(seed, Purpose::PluckSound);
    let plucked_at = dice.between(0.11, 0.22);
    let stiffness = 1.5e-4;
    for note in notes {
        let frequency_hz = pitch_hz(f64::from(note.pitch));
        let mut string = Modes::new(
            (1..=NUM_STRING_MODES).map(|k| {
                let k = k as f64;
                Mode {
                    frequency_hz: k * frequency_hz * (1.0 + stiffness * k * k).sqrt(),
                    gain: (std::f64::consts::PI * plucked_at * k).sin()
                        / k.powf(1.9 - 0.6 * note.velocity),
                    decay_s: 0.42 / (1.0 + 0.06 * k * k),
                    phase: 0.0,
                }
            }),
            rate_hz,
        );
        let length_s = note.length_s + 0.1;
        track.play(note.start_s, length_s, -0.5, |time_s| {
            0.42 * note.velocity * swell(time_s, length_s, 0.0015, 0.15) * string.next(time_s)
        });
    }
}

/// A pad: two detuned sawtooth-like waves on each side, under a filter that opens slowly.
pub fn play_pad(notes: &[Note], seed: u64, track: &mut Track) {
    let rate_hz = track.rate_hz();
    let mut dice = Dice::new(seed, Purpose::PadSound);
    let detune_cents = dice.between(5.0, 9.0);
    let open_hz = dice.between(1_500.0, 2_400.0);
    let wave = Wavetable::new(48, |k| (0.0, (k as f64).powf(-1.1)));
    for note in notes {
        let frequency_hz = pitch_hz(f64::from(note.pitch));
        // Cents and starting phase of `[side][wave]`.
        let cents = [[-1.0, 0.55], [-0.55, 1.0]].map(|side| side.map(|part| part * detune_cents));
        let phases = [[dice.unit(), dice.unit()], [dice.unit(), dice.unit()]];
        let waves_hz = cents.map(|side| side.map(|cents| frequency_hz * (cents / 1200.0).exp2()));
        let bandwidth = Wavetable::bandwidth(1.01 * frequency_hz, limit_hz(rate_hz));
        let mut filters = [Svf::new(open_hz, 0.7, rate_hz); 2];
        let (attack_s, release_s) = (0.14, 0.25);
        let length_s = note.length_s + release_s;
        let mut tuning = Every::new(0.002, rate_hz);
        track.play_stereo(note.start_s, length_s, |time_s| {
            if tuning.is_due() {
                let cutoff_hz = open_hz * (0.6 + 0.8 * (time_s / 1.5).min(1.0)) * note.velocity;
                filters
                    .iter_mut()
                    .for_each(|filter| filter.tune(cutoff_hz, 0.7, rate_hz));
            }
            let gain = 0.065 * note.velocity * swell(time_s, length_s, attack_s, release_s);
            let mut side = |side: usize| {
                let phase = |index: usize| phases[side][index] + waves_hz[side][index] * time_s;
                let waves = wave.read(phase(0), bandwidth) + wave.read(phase(1), bandwidth);
                gain * filters[side].process(waves).low
            };
            [side(0), side(1)]
        });
    }
}
