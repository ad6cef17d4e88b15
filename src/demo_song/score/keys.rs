//! Chords: an electric piano that comps, a plucked string that breaks the chords, and a pad.

use super::harmony::{NUM_VOICES, lead_voices};
use super::pattern::{STEPS_PER_BAR, Stroke, strokes, velocity};
use super::{Note, Score, Section};
use crate::demo_song::dice::{Dice, Purpose};

const VERSE_COMPS: [&str; 3] = ["X-----.x--..x-..", "X--x--..x..x--..", "X-------..x-x---"];
const CHORUS_COMPS: [&str; 3] = ["X---x---X---x-x-", "X--X--X---x-X---", "X-----x-X--x--x-"];

/// Digits are voices of the chord from below; `4` is the lowest one, an octave up.
const ARPEGGIOS: [&str; 3] = ["0.2.1.3.2.4.3.2.", "0.1.2.3.4.3.2.1.", "02.31.4.02.31.4."];

/// Middle of the piano's chords and of the pad's, as MIDI pitches.
const PIANO_CENTRE: i32 = 62;
const PAD_CENTRE: i32 = 67;

/// Piano, plucked string and pad.
pub fn write(score: &Score, seed: u64) -> (Vec<Note>, Vec<Note>, Vec<Note>) {
    let mut dice = Dice::new(seed, Purpose::Keys);
    let verse_comp = dice.pick(&VERSE_COMPS);
    let chorus_comp = dice.pick(&CHORUS_COMPS);
    let arpeggio = dice.pick(&ARPEGGIOS);
    let voicings = voice_all(score, PIANO_CENTRE);
    let pad_voicings = voice_all(score, PAD_CENTRE);
    let (mut piano, mut plucks, mut pad) = (Vec::new(), Vec::new(), Vec::new());

    for (_, section, first_step) in score.bars() {
        let (comp, strength) = match section {
            Section::Intro => ("X-----------x---", 0.6),
            Section::Verse => (verse_comp, 0.7),
            // Two stabs, then nothing: the fill has the room for itself.
            Section::Break => ("X-..X-..........", 0.85),
            Section::Chorus | Section::Turnaround => (chorus_comp, 0.9),
            Section::Ending => ("X---------------", 0.8),
        };
        for stroke in strokes(comp) {
            for (from, to) in within_chords(score, first_step, stroke) {
                let voicing = &voicings[from / HALF_BAR];
                strum(
                    score,
                    &mut dice,
                    voicing,
                    (from, to),
                    strength * velocity(stroke.symbol),
                    &mut piano,
                );
            }
        }

        let plucked = matches!(
            section,
            Section::Intro | Section::Chorus | Section::Turnaround
        );
        for stroke in strokes(if plucked { arpeggio } else { "" }) {
            let step = first_step + stroke.step;
            let voicing = &voicings[step / HALF_BAR];
            let voice = stroke.symbol.to_digit(10).map_or(0, |digit| digit as usize);
            let octaves = 1 + voice / NUM_VOICES;
            let accent = if stroke.step.is_multiple_of(4) {
                1.0
            } else {
                0.75
            };
            plucks.push(Note {
                start_s: score.clock.seconds(step as f64) + 0.005 * dice.bell(),
                length_s: 5.0 * score.clock.step_s(),
                pitch: score.key.pitch(voicing[voice % NUM_VOICES]) + 12 * octaves as i32,
                velocity: accent * (0.75 + 0.15 * dice.bell()),
            });
        }

        let sustained = matches!(
            section,
            Section::Intro | Section::Chorus | Section::Turnaround | Section::Ending
        );
        let whole_bar = Stroke {
            step: 0,
            num_steps: STEPS_PER_BAR,
            symbol: 'x',
        };
        for (from, to) in within_chords(score, first_step, whole_bar) {
            if sustained {
                for degree in pad_voicings[from / HALF_BAR] {
                    let start_s = score.clock.seconds(from as f64);
                    pad.push(Note {
                        start_s,
                        length_s: score.clock.seconds(to as f64) - start_s,
                        pitch: score.key.pitch(degree),
                        velocity: if section == Section::Intro { 0.55 } else { 0.9 },
                    });
                }
            }
        }
    }
    (piano, plucks, pad)
}

const HALF_BAR: usize = STEPS_PER_BAR / 2;

/// One voicing per half bar, each led from the one before.
fn voice_all(score: &Score, centre_pitch: i32) -> Vec<[i32; NUM_VOICES]> {
    let centre = score.key.degree_at_or_below(centre_pitch);
    let mut before = None;
    let voiced = score.chords.iter().map(|chord| {
        let voicing = lead_voices(*chord, before, centre);
        before = Some(voicing);
        voicing
    });
    voiced.collect()
}

/// A stroke as ranges of sixteenths, cut where the chord changes under it.
fn within_chords(score: &Score, first_step: usize, stroke: Stroke) -> Vec<(usize, usize)> {
    let from = first_step + stroke.step;
    let to = from + stroke.num_steps;
    let change = (from / HALF_BAR + 1) * HALF_BAR;
    if change < to && score.chord_at(from) != score.chord_at(change) {
        vec![(from, change), (change, to)]
    } else {
        vec![(from, to)]
    }
}

/// Plays a chord the way a hand does: from below, the notes a few milliseconds apart.
fn strum(
    score: &Score,
    dice: &mut Dice,
    voicing: &[i32; NUM_VOICES],
    (from, to): (usize, usize),
    strength: f64,
    notes: &mut Vec<Note>,
) {
    let hand_s = score.clock.seconds(from as f64) + 0.006 * dice.bell();
    let spread_s = dice.between(0.003, 0.010);
    for (voice, degree) in voicing.iter().enumerate() {
        let start_s = hand_s + spread_s * voice as f64;
        notes.push(Note {
            start_s,
            length_s: score.clock.seconds(to as f64) - start_s - 0.01,
            pitch: score.key.pitch(*degree),
            velocity: strength * (1.0 + 0.15 * dice.bell()),
        });
    }
}
