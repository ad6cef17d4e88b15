//! The score: everything that is played, in seconds, before any sound is made.
//!
//! Form, key, chords, groove and melody follow from the seed alone, so the score is the same at every
//! rate. Parts are written in sixteenths; the [`Clock`] turns them into time.

mod bass;
mod drums;
mod harmony;
mod keys;
mod lyrics;
mod melody;
mod pattern;

pub use drums::{Drum, Hit};
#[cfg(test)]
pub use lyrics::Syllable;
pub use lyrics::{Consonant, Vowel};
pub use melody::Sung;

use super::dice::{Dice, Purpose};
use harmony::{Chord, Key, PROGRESSIONS};
use pattern::STEPS_PER_BAR;

/// Silence before the first note, so that a breath or an early hand has room.
const LEAD_IN_S: f64 = 0.15;

/// Time after the last bar for everything to ring out.
const RING_OUT_S: f64 = 1.3;

/// One note of a pitched instrument.
#[derive(Clone, Copy, Debug)]
pub struct Note {
    pub start_s: f64,
    pub length_s: f64,
    /// MIDI pitch, 69 = A4 = 440 Hz.
    pub pitch: i32,
    /// How hard it is struck, 0…1.
    pub velocity: f64,
}

/// Part of the form that a bar belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Keys alone, then a hum and the bass's upbeat; no drums.
    Intro,
    Verse,
    /// The last verse bar: the keys stop and the drums fill.
    Break,
    Chorus,
    /// The last chorus bar, with a fill.
    Turnaround,
    /// One chord to ring out.
    Ending,
}

/// A whole song on paper.
pub struct Score {
    pub clock: Clock,
    pub key: Key,
    /// One entry per bar.
    pub form: Vec<Section>,
    /// Two per bar.
    pub chords: Vec<Chord>,
    pub drums: Vec<Hit>,
    pub bass: Vec<Note>,
    pub keys: Vec<Note>,
    pub plucks: Vec<Note>,
    pub pad: Vec<Note>,
    pub lead: Vec<Sung>,
    /// The lead's double, a third above, in the chorus.
    pub backing: Vec<Sung>,
    pub length_s: f64,
}

impl Score {
    /// Writes the song that belongs to this seed.
    pub fn compose(seed: u64) -> Self {
        let mut dice = Dice::new(seed, Purpose::Form);
        let bpm = dice.between(88.0, 128.0).round();
        let key = Key {
            tonic: dice.pick(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
        };
        let progression = dice.pick(&PROGRESSIONS);
        let form = form(bpm);
        let clock = Clock {
            step_s: 15.0 / bpm,
            swing: dice.between(0.50, 0.60),
            slow_from_step: ((form.len() - 2) * STEPS_PER_BAR + STEPS_PER_BAR / 2) as f64,
        };

        let mut score = Self {
            length_s: clock.seconds((form.len() * STEPS_PER_BAR) as f64) + RING_OUT_S,
            chords: chords(&form, &progression),
            clock,
            key,
            form,
            drums: Vec::new(),
            bass: Vec::new(),
            keys: Vec::new(),
            plucks: Vec::new(),
            pad: Vec::new(),
            lead: Vec::new(),
            backing: Vec::new(),
        };
        let groove = drums::pick_groove(&mut dice);
        score.drums = drums::write(&score, groove, seed);
        score.bass = bass::write(&score, groove, seed);
        (score.keys, score.plucks, score.pad) = keys::write(&score, seed);
        (score.lead, score.backing) = melody::write(&score, seed);
        score
    }

    /// The chord that sounds at a sixteenth.
    fn chord_at(&self, step: usize) -> Chord {
        let half_bar = step / (STEPS_PER_BAR / 2);
        self.chords[half_bar.min(self.chords.len() - 1)]
    }

    /// Bars with their index, section and first sixteenth.
    fn bars(&self) -> impl Iterator<Item = (usize, Section, usize)> {
        let form = self.form.iter().enumerate();
        form.map(|(bar, section)| (bar, *section, bar * STEPS_PER_BAR))
    }
}

/// The sections of a song that lasts 24 to 30 s: slow songs have a short intro, quick ones sing the
/// end of the chorus twice.
fn form(bpm: f64) -> Vec<Section> {
    use Section::{Break, Chorus, Ending, Intro, Turnaround, Verse};
    let mut form = vec![Intro; if bpm < 97.0 { 1 } else { 2 }];
    form.extend([Verse, Verse, Verse, Break]);
    form.extend([Chorus, Chorus, Chorus, Turnaround]);
    if bpm > 111.0 {
        form.extend([Chorus, Turnaround]);
    }
    form.push(Ending);
    form
}

fn chords(form: &[Section], progression: &harmony::Progression) -> Vec<Chord> {
    let mut verse = progression.verse.into_iter().cycle();
    let [.., before_last, last] = progression.chorus;
    let mut chorus = progression.chorus.into_iter().chain([before_last, last]);
    let mut roots = Vec::new();
    for (bar, section) in form.iter().enumerate() {
        match section {
            // The intro is the verse's beginning, without moving on.
            Section::Intro => roots.extend(progression.verse[bar]),
            Section::Verse | Section::Break => roots.extend(verse.next().into_iter().flatten()),
            Section::Chorus | Section::Turnaround => {
                roots.extend(chorus.next().into_iter().flatten());
            }
            Section::Ending => roots.extend([progression.home; 2]),
        }
    }
    roots.into_iter().map(|root| Chord { root }).collect()
}

/// Turns sixteenths into seconds: tempo, swing, and a slowing down into the last bar.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    step_s: f64,
    /// Where the second of two sixteenths falls within their pair: 0.5 straight, 0.667 triplets.
    swing: f64,
    /// From here on the time stretches.
    slow_from_step: f64,
}

impl Clock {
    /// Length added to each sixteenth for every sixteenth after `slow_from_step`, relative: half a bar
    /// slows by a tenth on average.
    const SLOWING: f64 = 0.012;

    /// Time of a sixteenth, which may lie between two.
    pub fn seconds(&self, step: f64) -> f64 {
        let pair = (step / 2.0).floor();
        let within = step - 2.0 * pair;
        let swung = if within < 1.0 {
            2.0 * self.swing * within
        } else {
            2.0 * self.swing + 2.0 * (1.0 - self.swing) * (within - 1.0)
        };
        let straight = 2.0 * pair + swung;
        // The last bar keeps the tempo that the slowing led to.
        let past = (straight - self.slow_from_step).max(0.0);
        let slowing = past.min(STEPS_PER_BAR as f64 / 2.0);
        let stretched = Self::SLOWING * slowing * (past - slowing / 2.0);
        LEAD_IN_S + self.step_s * (straight + stretched)
    }

    /// Length of one sixteenth before any slowing.
    pub fn step_s(&self) -> f64 {
        self.step_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_song_lasts_24_to_30_s() {
        for seed in 0..500 {
            let length_s = Score::compose(seed).length_s;
            assert!(
                (24.0..=30.0).contains(&length_s),
                "seed {seed}: {length_s} s"
            );
        }
    }

    #[test]
    fn the_clock_swings_slows_and_never_turns_back() {
        let clock = Clock {
            step_s: 0.1,
            swing: 0.6,
            slow_from_step: 32.0,
        };
        let near = |got: f64, want: f64| assert!((got - want).abs() < 1e-9, "{got}, not {want}");
        near(clock.seconds(4.0), LEAD_IN_S + 0.4);
        near(clock.seconds(5.0), LEAD_IN_S + 0.52);
        near(clock.seconds(32.0), LEAD_IN_S + 3.2);
        assert!(clock.seconds(40.0) > LEAD_IN_S + 4.02);
        let mut before_s = 0.0;
        for eighth_step in 0..400 {
            let now_s = clock.seconds(f64::from(eighth_step) / 8.0);
            assert!(now_s > before_s, "step {eighth_step}/8");
            before_s = now_s;
        }
    }
}
