//! The bass player: follows the chords in the groove's rhythm.
//!
//! Letters of a bass pattern: `R` root, `5` fifth, `8` octave, `a` the step below the next root, which
//! leads there.

use super::drums::Groove;
use super::harmony::OCTAVE;
use super::pattern::{STEPS_PER_BAR, strokes};
use super::{Note, Score, Section};
use crate::demo_song::dice::{Dice, Purpose};

/// E1, the lowest string of a bass guitar.
const LOWEST_PITCH: i32 = 28;

pub fn write(score: &Score, groove: Groove, seed: u64) -> Vec<Note> {
    let mut dice = Dice::new(seed, Purpose::Bass);
    let mut notes = Vec::new();
    for (bar, section, first_step) in score.bars() {
        let next = score.form.get(bar + 1);
        let (pattern, strength) = match section {
            Section::Intro if next == Some(&Section::Verse) => ("............a---", 0.7),
            Section::Intro => ("................", 0.0),
            Section::Verse => (groove.verse_bass[bar % 2], 0.85),
            Section::Break => ("R---R-..R-....a-", 0.9),
            Section::Chorus => (groove.chorus_bass[bar % 2], 1.0),
            Section::Turnaround => ("R---..R-R---..a-", 1.0),
            Section::Ending => ("R-----------....", 1.0),
        };
        for stroke in strokes(pattern) {
            let step = first_step + stroke.step;
            let root = lowest_root(score, score.chord_at(step).root);
            let degree = match stroke.symbol {
                '5' => root + 4,
                '8' => root + OCTAVE,
                'a' => {
                    let next_bar = (bar + 1) * STEPS_PER_BAR;
                    let target = lowest_root(score, score.chord_at(next_bar).root);
                    // The open string has no step below it.
                    if score.key.pitch(target - 1) < LOWEST_PITCH {
                        target + 1
                    } else {
                        target - 1
                    }
                }
                _ => root,
            };
            let start_s = score.clock.seconds(step as f64);
            let end_s = score.clock.seconds((step + stroke.num_steps) as f64);
            // Slightly behind the kick, and let go a little before the next note.
            let late_s = 0.004 + 0.006 * dice.bell();
            notes.push(Note {
                start_s: start_s + late_s,
                length_s: 0.93 * (end_s - start_s),
                pitch: score.key.pitch(degree),
                velocity: strength
                    * (1.0 + 0.15 * dice.bell())
                    * if stroke.step.is_multiple_of(4) {
                        1.0
                    } else {
                        0.85
                    },
            });
        }
    }
    notes
}

/// The lowest degree with this root that a bass guitar has.
fn lowest_root(score: &Score, root: i32) -> i32 {
    let lowest = score.key.degree_at_or_below(LOWEST_PITCH - 1) + 1;
    lowest + (root - lowest).rem_euclid(OCTAVE)
}
