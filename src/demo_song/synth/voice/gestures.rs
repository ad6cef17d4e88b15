//! What the singer does: vowels, consonants, breaths and pitch, one value per millisecond.
//!
//! All is written as steps and then smoothed to both sides: the tongue is on its way before a sound
//! begins, which is coarticulation, and the pitch slides, which is portamento.

use super::Singer;
use crate::demo_song::dice::Dice;
use crate::demo_song::score::{Consonant, Sung, Vowel};

/// Step of the gestures.
pub const FRAME_S: f64 = 0.001;

/// Formants that move; the others belong to the throat and stay.
pub const NUM_MOVING: usize = 3;

/// First three formants of women (Peterson & Barney 1952, table II).
fn formants_hz(vowel: Vowel) -> [f64; NUM_MOVING] {
    match vowel {
        Vowel::Heed => [310.0, 2_790.0, 3_310.0],
        Vowel::Head => [610.0, 2_330.0, 2_990.0],
        Vowel::Had => [860.0, 2_050.0, 2_850.0],
        Vowel::Hod => [850.0, 1_220.0, 2_810.0],
        Vowel::Hawed => [590.0, 920.0, 2_710.0],
        Vowel::Whod => [370.0, 950.0, 2_670.0],
        Vowel::Hud => [760.0, 1_400.0, 2_780.0],
    }
}

/// How a consonant is made: durations before the vowel, and what sounds meanwhile.
struct Gesture {
    /// Time from the consonant's start to the vowel.
    lead_s: f64,
    /// Voice during the consonant, relative to the vowel.
    voicing: f64,
    /// Breath through the formants.
    aspiration: f64,
    /// Hiss from the teeth, its place in the spectrum, and when it starts and ends before the vowel.
    hiss: f64,
    hiss_hz: f64,
    hiss_s: (f64, f64),
    /// Where the tongue points: the formants, if they are not the vowel's.
    locus_hz: Option<[f64; NUM_MOVING]>,
    /// How many times wider the upper formants get: the nose's walls are soft.
    damping: f64,
}

fn gesture(consonant: Consonant) -> Gesture {
    let silent = Gesture {
        lead_s: 0.0,
        voicing: 1.0,
        aspiration: 0.0,
        hiss: 0.0,
        hiss_hz: 6_000.0,
        hiss_s: (0.0, 0.0),
        locus_hz: None,
        damping: 1.0,
    };
    match consonant {
        Consonant::None => silent,
        Consonant::S => Gesture {
            lead_s: 0.120,
            voicing: 0.0,
            hiss: 0.16,
            hiss_hz: 7_200.0,
            hiss_s: (0.115, 0.020),
            locus_hz: Some([400.0, 1_900.0, 2_900.0]),
            ..silent
        },
        Consonant::T => Gesture {
            lead_s: 0.085,
            voicing: 0.0,
            aspiration: 0.25,
            hiss: 0.34,
            hiss_hz: 4_600.0,
            hiss_s: (0.032, 0.016),
            locus_hz: Some([400.0, 1_900.0, 2_900.0]),
            ..silent
        },
        Consonant::H => Gesture {
            lead_s: 0.075,
            voicing: 0.0,
            aspiration: 0.5,
            ..silent
        },
        Consonant::M => Gesture {
            lead_s: 0.085,
            voicing: 0.42,
            locus_hz: Some([280.0, 1_000.0, 2_300.0]),
            damping: 3.5,
            ..silent
        },
        Consonant::N => Gesture {
            lead_s: 0.075,
            voicing: 0.42,
            locus_hz: Some([290.0, 1_650.0, 2_600.0]),
            damping: 3.5,
            ..silent
        },
        Consonant::L => Gesture {
            lead_s: 0.065,
            voicing: 0.6,
            locus_hz: Some([370.0, 1_150.0, 2_900.0]),
            damping: 1.6,
            ..silent
        },
        Consonant::W => Gesture {
            lead_s: 0.070,
            voicing: 0.6,
            locus_hz: Some([320.0, 700.0, 2_400.0]),
            ..silent
        },
        Consonant::Y => Gesture {
            lead_s: 0.070,
            voicing: 0.6,
            locus_hz: Some([300.0, 2_500.0, 3_200.0]),
            ..silent
        },
    }
}

/// What the singer does, one value per [`FRAME_S`].
pub struct Gestures {
    /// MIDI pitch with portamento, vibrato and unsteadiness.
    pub pitch: Vec<f64>,
    pub voicing: Vec<f64>,
    pub aspiration: Vec<f64>,
    pub hiss: Vec<f64>,
    pub hiss_hz: Vec<f64>,
    pub formants_hz: [Vec<f64>; NUM_MOVING],
    pub damping: Vec<f64>,
}

impl Gestures {
    pub fn write(notes: &[Sung], singer: &Singer, dice: &mut Dice) -> Self {
        let end_s = notes
            .last()
            .map_or(0.0, |last| last.start_s + last.length_s)
            + 0.5;
        let num_frames = (end_s / FRAME_S) as usize;
        let track = |value: f64| vec![value; num_frames];
        let mut gestures = Self {
            pitch: track(notes.first().map_or(60.0, |first| f64::from(first.pitch))),
            voicing: track(0.0),
            aspiration: track(0.0),
            hiss: track(0.0),
            hiss_hz: track(6_000.0),
            formants_hz: formants_hz(Vowel::Hud).map(track),
            damping: track(1.0),
        };
        let mut vibrato = track(0.0);
        let mut end_before_s = 0.0;
        for (index, note) in notes.iter().enumerate() {
            let next = notes.get(index + 1).filter(|next| !next.begins_phrase);
            let next_lead_s = next.map_or(0.0, |next| gesture(next.syllable.consonant).lead_s);
            let end_s = match next {
                // A held note runs into the next consonant.
                Some(next) if next.start_s - note.start_s - note.length_s < 0.10 => {
                    next.start_s - next_lead_s
                }
                _ => note.start_s + note.length_s - 0.03,
            }
            .max(note.start_s + 0.05);
            if note.begins_phrase {
                gestures.breathe_in(end_before_s, note.start_s);
            }
            gestures.sing(note, end_s, end_before_s);
            // Vibrato comes late, and only where there is time for it.
            fill(
                &mut vibrato,
                note.start_s + 0.18,
                end_s,
                singer.vibrato_cents / 100.0,
            );
            end_before_s = end_s;
        }
        gestures.smooth();
        gestures.waver(&mut vibrato, singer, dice);
        gestures
    }

    /// A breath before a phrase, where there is time for it.
    fn breathe_in(&mut self, end_before_s: f64, start_s: f64) {
        let to_s = start_s - 0.17;
        let from_s = (to_s - 0.32).max(end_before_s + 0.06);
        let length_s = to_s - from_s;
        if length_s < 0.12 {
            return;
        }
        for frame in frames(&self.aspiration, from_s, to_s) {
            let part = (frame as f64 * FRAME_S - from_s) / length_s;
            self.aspiration[frame] =
                0.075 * (std::f64::consts::PI * part).sin().powi(2) * (0.4 + part);
        }
    }

    fn sing(&mut self, note: &Sung, end_s: f64, end_before_s: f64) {
        let gesture = gesture(note.syllable.consonant);
        let start_s = note.start_s;
        let lead_s = start_s - gesture.lead_s;
        let pitch = f64::from(note.pitch);

        // The pitch moves while nothing sounds, and a phrase is approached from just below.
        fill(
            &mut self.pitch,
            0.5 * (end_before_s + lead_s),
            f64::INFINITY,
            pitch,
        );
        if note.begins_phrase {
            fill(
                &mut self.pitch,
                0.5 * (end_before_s + lead_s),
                start_s + 0.03,
                pitch - 1.2,
            );
        }

        fill(&mut self.voicing, start_s, end_s, note.velocity);
        fill(
            &mut self.voicing,
            lead_s,
            start_s,
            gesture.voicing * note.velocity,
        );
        fill(
            &mut self.aspiration,
            start_s - 0.6 * gesture.lead_s,
            start_s + 0.01,
            gesture.aspiration * note.velocity,
        );
        let (hiss_from_s, hiss_to_s) = gesture.hiss_s;
        fill(
            &mut self.hiss,
            start_s - hiss_from_s,
            start_s - hiss_to_s,
            gesture.hiss * note.velocity,
        );
        fill(&mut self.hiss_hz, lead_s - 0.02, start_s, gesture.hiss_hz);
        fill(&mut self.damping, lead_s, start_s, gesture.damping);

        let vowel = formants_hz(note.syllable.vowel);
        let end = formants_hz(note.syllable.end);
        for formant in 0..NUM_MOVING {
            let track = &mut self.formants_hz[formant];
            // The mouth keeps the last vowel's shape until something else is sung.
            fill(track, lead_s, f64::INFINITY, vowel[formant]);
            if let Some(locus_hz) = gesture.locus_hz {
                fill(track, lead_s, start_s, locus_hz[formant]);
            }
            let turn_s = start_s + 0.55 * (end_s - start_s);
            for frame in frames(track, turn_s, f64::INFINITY) {
                let part = ((frame as f64 * FRAME_S - turn_s) / (end_s - turn_s)).min(1.0);
                track[frame] = vowel[formant] + part * (end[formant] - vowel[formant]);
            }
        }
    }

    /// Gives every part of the body its inertia.
    fn smooth(&mut self) {
        smooth(&mut self.pitch, 0.055);
        smooth(&mut self.voicing, 0.022);
        smooth(&mut self.aspiration, 0.014);
        smooth(&mut self.hiss, 0.009);
        smooth(&mut self.hiss_hz, 0.010);
        smooth(&mut self.damping, 0.020);
        for track in &mut self.formants_hz {
            smooth(track, 0.040);
        }
    }

    /// Adds vibrato, and a drift of some cents that no voice is free of.
    fn waver(&mut self, vibrato: &mut [f64], singer: &Singer, dice: &mut Dice) {
        smooth(vibrato, 0.20);
        let mut drift: Vec<f64> = vibrato.iter().map(|_| dice.bell()).collect();
        smooth(&mut drift, 0.06);
        // A mean of n values of variance 1/9, twice, shrinks to about this.
        let drift_scale = 0.05 / 0.035;
        let mut cycles = 0.0;
        for (frame, pitch) in self.pitch.iter_mut().enumerate() {
            cycles += FRAME_S * singer.vibrato_hz * (1.0 + 2.0 * drift[frame]);
            let sway = (std::f64::consts::TAU * cycles).sin();
            *pitch += vibrato[frame] * sway + drift_scale * drift[frame];
            // The loudness sways along as the harmonics cross the formants.
            self.voicing[frame] *= 1.0 + 0.25 * vibrato[frame] * sway;
        }
    }

    /// Stretches of time in which anything sounds, with room for the formants to ring.
    pub fn sounding(&self) -> Vec<(f64, f64)> {
        let mut stretches: Vec<(f64, f64)> = Vec::new();
        for frame in 0..self.voicing.len() {
            if self.voicing[frame] + self.aspiration[frame] + self.hiss[frame] < 1e-5 {
                continue;
            }
            let time_s = frame as f64 * FRAME_S;
            match stretches.last_mut() {
                Some((_, to_s)) if time_s - *to_s < 0.0 => *to_s = time_s + 0.10,
                _ => stretches.push((time_s - FRAME_S, time_s + 0.10)),
            }
        }
        stretches
    }
}

/// Indices of the frames in a stretch of time.
fn frames(track: &[f64], from_s: f64, to_s: f64) -> std::ops::Range<usize> {
    let frame = |time_s: f64| ((time_s / FRAME_S).round().max(0.0) as usize).min(track.len());
    frame(from_s)..frame(to_s).max(frame(from_s))
}

fn fill(track: &mut [f64], from_s: f64, to_s: f64, value: f64) {
    let range = frames(track, from_s, to_s);
    track[range].fill(value);
}

/// Two moving averages over `width_s`: a smooth slope with as much of it before a step as after.
fn smooth(track: &mut [f64], width_s: f64) {
    let half = (width_s / FRAME_S / 2.0).round() as usize;
    for _ in 0..2 {
        let mut sums = Vec::with_capacity(track.len() + 1);
        sums.push(0.0);
        for value in track.iter() {
            sums.push(sums.last().copied().unwrap_or(0.0) + value);
        }
        for frame in 0..track.len() {
            let (from, to) = (
                frame.saturating_sub(half),
                (frame + half + 1).min(track.len()),
            );
            track[frame] = (sums[to] - sums[from]) / (to - from) as f64;
        }
    }
}
