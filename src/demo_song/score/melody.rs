//! The melody, its words, and the backing voice a third above.
//!
//! Rhythms are written by hand, pitches are found: of all ways through the scale the melody takes the
//! cheapest one (dynamic programming, as in Viterbi 1967), where leaps cost, tones outside the
//! chord cost on strong beats, and so does distance from the phrase's contour. A repeated phrase keeps
//! its rhythm, contour and words, so that it is heard as the same one over other chords.

use super::harmony::Chord;
use super::lyrics::{Consonant, Syllable, Vowel, invent_syllable};
use super::pattern::{STEPS_PER_BAR, Stroke, strokes, velocity};
use super::{Score, Section};
use crate::demo_song::dice::{Dice, Purpose};

/// One sung note.
#[derive(Clone, Copy, Debug)]
pub struct Sung {
    /// Where the vowel begins; the consonant comes before.
    pub start_s: f64,
    pub length_s: f64,
    /// MIDI pitch.
    pub pitch: i32,
    /// Loudness, 0…1.
    pub velocity: f64,
    pub syllable: Syllable,
    /// The singer breathes before it.
    pub begins_phrase: bool,
}

/// Phrases of two bars; the rests are for breath.
const VERSE_RHYTHMS: [&str; 4] = [
    "..x-x-x-X---x-X- --x-x-X-----....",
    "X--x--x-X--x--x- x---x-X-----....",
    "....x-x-x-X---x- X-----x-X----...",
    "x-x-X--x--x-X--- ..x-x-X--x----..",
];
const CHORUS_RHYTHMS: [&str; 4] = [
    "X---x-X-----x-x- X-----x-X-----..",
    "X-----x-X---x--- X--x--X-------..",
    "x-x-X---x-x-X--- X---x-X-------..",
    "X--x--X-----x-x- X--x--X-------..",
];
const INTRO_HUM: &str = "........X---x--.";
const ENDING: &str = "X-----------....";

/// Heights of a phrase from start to end, in degrees above the section's centre.
type Contour = [f64; 5];
const VERSE_CONTOURS: [Contour; 4] = [
    [-1.0, 1.0, 2.0, 1.0, -1.0],
    [2.0, 2.0, 1.0, 0.0, -2.0],
    [-2.0, -1.0, 1.0, 2.0, 1.0],
    [0.0, 2.0, 0.0, 2.0, -1.0],
];
const CHORUS_CONTOURS: [Contour; 4] = [
    [2.0, 4.0, 3.0, 3.0, 1.0],
    [4.0, 3.0, 2.0, 4.0, 2.0],
    [1.0, 2.0, 4.0, 5.0, 2.0],
    [3.0, 5.0, 4.0, 2.0, 0.0],
];

/// Pitches that the singer is comfortable with.
pub const VOICE_RANGE: std::ops::RangeInclusive<i32> = 55..=74;

/// A phrase before it meets its chords.
struct Motif {
    strokes: Vec<Stroke>,
    contour: Contour,
    words: Vec<Syllable>,
    /// The singer's whims: a small cost for each note and each degree of the voice's range.
    whims: Vec<[f64; NUM_WHIMS]>,
}

/// At least as many as there are degrees in [`VOICE_RANGE`].
const NUM_WHIMS: usize = 16;

/// Lead and backing.
pub fn write(score: &Score, seed: u64) -> (Vec<Sung>, Vec<Sung>) {
    let mut dice = Dice::new(seed, Purpose::Melody);
    let mut words = Dice::new(seed, Purpose::Lyrics);
    let verse = Motif::invent(&mut dice, &mut words, &VERSE_RHYTHMS, &VERSE_CONTOURS);
    let answer = Motif {
        contour: dice.pick(&VERSE_CONTOURS),
        ..Motif::invent(&mut dice, &mut words, &VERSE_RHYTHMS, &VERSE_CONTOURS)
    };
    let chorus = Motif::invent(&mut dice, &mut words, &CHORUS_RHYTHMS, &CHORUS_CONTOURS);
    let hum = Motif::hum(INTRO_HUM, [1.0, 2.0, 1.0, 0.0, 0.0]);
    let farewell = Motif::hum(ENDING, [0.0; 5]);
    // About E4: the verse lies in the middle of the range, the chorus above.
    let centre = score.key.degree_at_or_below(63);

    let mut singer = Singer {
        score,
        lead: Vec::new(),
        steps: Vec::new(),
        degrees: Vec::new(),
    };
    let mut phrase = 0;
    for (bar, section, first_step) in score.bars() {
        let first_of = |section| bar == 0 || score.form[bar - 1] != section;
        match section {
            Section::Intro if score.form[bar + 1] == Section::Verse && bar > 0 => {
                singer.sing(&hum, first_step, centre, &mut dice);
            }
            Section::Ending => {
                let last = singer.degrees.last().copied().unwrap_or(centre);
                singer.sing(&farewell, first_step, last, &mut dice);
            }
            Section::Verse if first_of(Section::Verse) => phrase = 0,
            Section::Chorus if first_of(Section::Chorus) => phrase = 0,
            _ => {}
        }
        let in_verse = matches!(section, Section::Verse | Section::Break);
        if in_verse || matches!(section, Section::Chorus | Section::Turnaround) {
            if phrase % 2 == 0 {
                let motif = match (in_verse, phrase) {
                    (true, 0) => &verse,
                    (true, _) => &answer,
                    (false, _) => &chorus,
                };
                singer.sing(motif, first_step, centre, &mut dice);
            }
            phrase += 1;
        }
    }
    let backing = singer.second(&mut Dice::new(seed, Purpose::Backing));
    (singer.lead, backing)
}

impl Motif {
    fn invent(
        dice: &mut Dice,
        words: &mut Dice,
        rhythms: &[&'static str],
        contours: &[Contour],
    ) -> Self {
        let strokes = strokes(dice.pick(rhythms));
        let mut before = Consonant::None;
        let syllable = |stroke: &Stroke| {
            let syllable = invent_syllable(words, before, stroke.num_steps);
            before = syllable.consonant;
            syllable
        };
        Self {
            words: strokes.iter().map(syllable).collect(),
            whims: strokes
                .iter()
                .map(|_| std::array::from_fn(|_| 0.9 * dice.unit()))
                .collect(),
            contour: dice.pick(contours),
            strokes,
        }
    }

    /// A phrase on one soft vowel.
    fn hum(rhythm: &str, contour: Contour) -> Self {
        let strokes = strokes(rhythm);
        let word = |index| Syllable {
            consonant: if index == 0 {
                Consonant::None
            } else {
                Consonant::L
            },
            vowel: Vowel::Hawed,
            end: Vowel::Whod,
        };
        Self {
            words: (0..strokes.len()).map(word).collect(),
            whims: vec![[0.0; NUM_WHIMS]; strokes.len()],
            contour,
            strokes,
        }
    }

    /// Height of the contour at a note.
    fn height(&self, stroke: &Stroke) -> f64 {
        let end = self.strokes.last().map_or(1, |last| last.step.max(1));
        let position = stroke.step as f64 / end as f64 * (self.contour.len() - 1) as f64;
        let below = (position as usize).min(self.contour.len() - 2);
        let within = position - below as f64;
        self.contour[below] * (1.0 - within) + self.contour[below + 1] * within
    }
}

/// The lead as it grows, with each note's sixteenth and degree.
struct Singer<'a> {
    score: &'a Score,
    lead: Vec<Sung>,
    steps: Vec<usize>,
    degrees: Vec<i32>,
}

impl Singer<'_> {
    /// Sings a motif from `first_step` around the degree `centre`.
    fn sing(&mut self, motif: &Motif, first_step: usize, centre: i32, dice: &mut Dice) {
        let clock = &self.score.clock;
        let degrees = self.find_degrees(motif, first_step, centre);
        for (index, (stroke, degree)) in motif.strokes.iter().zip(degrees).enumerate() {
            let step = first_step + stroke.step;
            let start_s = clock.seconds(step as f64);
            let end_s = clock.seconds((step + stroke.num_steps) as f64);
            let late_s = 0.008 + 0.010 * dice.bell();
            let section = self.score.form[step / STEPS_PER_BAR];
            let strength = match section {
                Section::Intro => 0.6,
                Section::Verse | Section::Break => 0.85,
                _ => 1.0,
            };
            self.lead.push(Sung {
                start_s: start_s + late_s,
                length_s: end_s - start_s - late_s,
                pitch: self.score.key.pitch(degree),
                velocity: strength
                    * (0.6 + 0.4 * velocity(stroke.symbol))
                    * (1.0 + 0.08 * dice.bell()),
                syllable: motif.words[index],
                begins_phrase: index == 0,
            });
            self.steps.push(step);
            self.degrees.push(degree);
        }
    }

    /// The cheapest way through the scale.
    fn find_degrees(&self, motif: &Motif, first_step: usize, centre: i32) -> Vec<i32> {
        let key = self.score.key;
        let lowest = key.degree_at_or_below(VOICE_RANGE.start() - 1) + 1;
        let highest = key.degree_at_or_below(*VOICE_RANGE.end());
        let candidates: Vec<i32> = (lowest..=highest).collect();

        // costs[candidate] of the best path that ends there, and for each note where it came from.
        let mut costs = vec![0.0; candidates.len()];
        let mut origins: Vec<Vec<usize>> = Vec::new();
        for (index, stroke) in motif.strokes.iter().enumerate() {
            let chord = self.chord_under(first_step + stroke.step, stroke.num_steps);
            let last = index + 1 == motif.strokes.len();
            let wanted = f64::from(centre) + motif.height(stroke);
            let (mut new_costs, mut new_origins) = (Vec::new(), Vec::new());
            for degree in &candidates {
                let here = tone_cost(chord, *degree, stroke, last)
                    + 0.45 * (f64::from(*degree) - wanted).abs()
                    + motif.whims[index][(degree - lowest) as usize];
                let arrive = |origin: usize| {
                    let first = index == 0;
                    costs[origin]
                        + if first {
                            0.0
                        } else {
                            leap_cost(key.pitch(candidates[origin]), key.pitch(*degree))
                        }
                };
                let origin = (0..candidates.len())
                    .min_by(|a, b| arrive(*a).total_cmp(&arrive(*b)))
                    .expect("the voice's range holds at least one degree");
                new_costs.push(arrive(origin) + here);
                new_origins.push(origin);
            }
            costs = new_costs;
            origins.push(new_origins);
        }

        let mut at = (0..candidates.len())
            .min_by(|a, b| costs[*a].total_cmp(&costs[*b]))
            .expect("the voice's range holds at least one degree");
        let mut degrees = Vec::new();
        for new_origins in origins.iter().rev() {
            degrees.push(candidates[at]);
            at = new_origins[at];
        }
        degrees.reverse();
        degrees
    }

    /// The chord that a note is heard against: for a note held over a change, the later one.
    fn chord_under(&self, step: usize, num_steps: usize) -> Chord {
        self.score.chord_at(step + num_steps / 2)
    }

    /// The backing voice in the chorus: the chord tone, else the scale's third, above the lead.
    fn second(&self, dice: &mut Dice) -> Vec<Sung> {
        let mut backing = Vec::new();
        for ((sung, step), degree) in self.lead.iter().zip(&self.steps).zip(&self.degrees) {
            if !matches!(
                self.score.form[step / STEPS_PER_BAR],
                Section::Chorus | Section::Turnaround | Section::Ending
            ) {
                continue;
            }
            let num_steps = (sung.length_s / self.score.clock.step_s()).round() as usize;
            let chord = self.chord_under(*step, num_steps);
            let is_chord_tone = |degree: &i32| matches!(chord.interval_to(*degree), 0 | 2 | 4);
            let third = degree + 2;
            let degree = [third, degree + 3]
                .into_iter()
                .find(is_chord_tone)
                .unwrap_or(third);
            backing.push(Sung {
                start_s: sung.start_s + 0.012 * dice.bell(),
                pitch: self.score.key.pitch(degree),
                velocity: 0.9 * sung.velocity,
                ..*sung
            });
        }
        backing
    }
}

/// What a tone costs against its chord: little in passing, much on a strong beat or held, most at
/// the end of a phrase.
fn tone_cost(chord: Chord, degree: i32, stroke: &Stroke, last: bool) -> f64 {
    let dissonance = match chord.interval_to(degree) {
        0 | 2 | 4 => 0.0,
        6 if !matches!(chord.root, 0 | 3) => 0.7,
        1 => 1.0,
        5 => 1.1,
        _ => 2.0,
    };
    let strong = stroke.step.is_multiple_of(4) || stroke.num_steps >= 3;
    dissonance
        * if last {
            6.0
        } else if strong {
            3.0
        } else {
            0.5
        }
}

/// What a melodic interval costs: steps are free, repetition soon dull, leaps an effort, the tritone
/// and anything beyond a fifth hard to sing.
fn leap_cost(from: i32, to: i32) -> f64 {
    match (to - from).abs() {
        0 => 0.55,
        1 | 2 => 0.0,
        3 | 4 => 0.35,
        5 | 7 => 1.0,
        6 => 4.0,
        8..=12 => 2.5,
        _ => 9.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn melodies_are_singable_and_consonant() {
        for seed in 0..100 {
            let score = Score::compose(seed);
            let (mut strong, mut consonant) = (0, 0);
            for (index, sung) in score.lead.iter().enumerate() {
                assert!(
                    VOICE_RANGE.contains(&sung.pitch),
                    "seed {seed}, note {index}: {sung:?}"
                );
                assert!(sung.length_s > 0.05, "seed {seed}, note {index}: {sung:?}");
                let next = score.lead.get(index + 1).filter(|next| !next.begins_phrase);
                if let Some(next) = next {
                    let leap = (next.pitch - sung.pitch).abs();
                    assert!(
                        leap <= 12 && leap != 6,
                        "seed {seed}, note {index} leaps {leap} semitones"
                    );
                }
                let mid_s = sung.start_s + sung.length_s / 2.0;
                if sung.length_s < 2.9 * score.clock.step_s() {
                    continue;
                }
                let step = (0..score.form.len() * STEPS_PER_BAR)
                    .rfind(|step| score.clock.seconds(*step as f64) <= mid_s)
                    .expect("a note lies in the song");
                let chord = score.chord_at(step);
                strong += 1;
                let tones = chord
                    .degrees()
                    .map(|degree| score.key.pitch(degree).rem_euclid(12));
                consonant += i32::from(tones.contains(&sung.pitch.rem_euclid(12)));
            }
            assert!(
                f64::from(consonant) >= 0.85 * f64::from(strong),
                "seed {seed}: {consonant} of {strong}"
            );
        }
    }
}
