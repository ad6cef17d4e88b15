//! The drummer: a groove, its variation in the chorus, fills, and human hands.

use super::pattern::{strokes, velocity};
use super::{Score, Section};
use crate::demo_song::dice::{Dice, Purpose};

/// One piece of the kit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drum {
    Kick,
    Snare,
    CrossStick,
    ClosedHat,
    OpenHat,
    HighTom,
    MidTom,
    LowTom,
    Crash,
}

/// One stroke on one drum.
#[derive(Clone, Copy, Debug)]
pub struct Hit {
    pub start_s: f64,
    pub drum: Drum,
    /// How hard it is struck, 0…1.
    pub velocity: f64,
}

/// Patterns of one bar that belong together; see [`super::pattern`] for the letters and
/// [`super::bass`] for those of the bass.
#[derive(Clone, Copy)]
pub struct Groove {
    verse: &'static [(Drum, &'static str)],
    chorus: &'static [(Drum, &'static str)],
    pub verse_bass: [&'static str; 2],
    pub chorus_bass: [&'static str; 2],
}

const GROOVES: [Groove; 4] = [
    // Neo-soul: a lazy kick, ghosts on the snare.
    Groove {
        verse: &[
            (Drum::Kick, "X......x..x....."),
            (Drum::CrossStick, "....X.......X..o"),
            (Drum::ClosedHat, "X.o.x.ooX.o.x.o."),
        ],
        chorus: &[
            (Drum::Kick, "X..o...x..X....o"),
            (Drum::Snare, "....X..o.o..X..o"),
            (Drum::ClosedHat, "X.oox.o.X.oox..."),
            (Drum::OpenHat, "..............x."),
        ],
        verse_bass: ["R--...-R--8-..5.", "R-----.R--R-..a-"],
        chorus_bass: ["R-.R...R-.8-5-a-", "R-.R...R--R-8-a-"],
    },
    // Pop: straight eighths, four kicks.
    Groove {
        verse: &[
            (Drum::Kick, "X.....x.x......."),
            (Drum::Snare, "....x.......x..."),
            (Drum::ClosedHat, "X.x.X.x.X.x.X.x."),
        ],
        chorus: &[
            (Drum::Kick, "X.....x.X.x....."),
            (Drum::Snare, "....X.......X..o"),
            (Drum::ClosedHat, "X.x.X...X.x.X..."),
            (Drum::OpenHat, "......x.......x."),
        ],
        verse_bass: ["R-----R-R---..5-", "R-----R-R---..a-"],
        chorus_bass: ["R-R-R-R-R-R-5-8-", "R-R-R-R-R-R-R-a-"],
    },
    // Half time: the snare on three, hats in sixteenths.
    Groove {
        verse: &[
            (Drum::Kick, "X.....o...x....."),
            (Drum::CrossStick, "........X......."),
            (Drum::ClosedHat, "XoxoXoxoXoxoXoxo"),
        ],
        chorus: &[
            (Drum::Kick, "X..x..x...X....o"),
            (Drum::Snare, "....o...X.....o."),
            (Drum::ClosedHat, "XoxoXoxoXoxoXo.."),
            (Drum::OpenHat, "..............x."),
        ],
        verse_bass: ["R-----..-.8---5.", "R-------..R---a-"],
        chorus_bass: ["R--R--R---8-..5-", "R--R--R---R-8-a-"],
    },
    // Four on the floor, open hats on the off-beats.
    Groove {
        verse: &[
            (Drum::Kick, "X...x...X...x..."),
            (Drum::CrossStick, "....x.......x.o."),
            (Drum::ClosedHat, "o.X.o.X.o.X.o.Xo"),
        ],
        chorus: &[
            (Drum::Kick, "X...X...X...X..."),
            (Drum::Snare, "....X.......X..."),
            (Drum::ClosedHat, "xo.oxo.oxo.oxo.o"),
            (Drum::OpenHat, "..X...X...X...X."),
        ],
        verse_bass: ["R-..R-.R..8-..5-", "R-..R-.R..R-..a-"],
        chorus_bass: ["..R-..R-..8-..R-", "..R-..R-..5-..a-"],
    },
];

/// Fills of half a bar, from the third beat.
const FILLS: [&[(Drum, &str)]; 3] = [
    &[
        (Drum::Snare, "X.xx...."),
        (Drum::HighTom, "....Xx.."),
        (Drum::LowTom, "......XX"),
        (Drum::Kick, "x......."),
    ],
    &[
        (Drum::HighTom, "X.x....."),
        (Drum::MidTom, "...x.x.."),
        (Drum::LowTom, "......X."),
        (Drum::Snare, ".......x"),
        (Drum::Kick, "X...x..."),
    ],
    &[
        (Drum::Snare, "xooxXoxX"),
        (Drum::Kick, "X...X..."),
        (Drum::LowTom, "......x."),
    ],
];

/// Standard deviation of a stroke's time.
const HAND_S: f64 = 0.0025;

pub fn pick_groove(dice: &mut Dice) -> Groove {
    dice.pick(&GROOVES)
}

pub fn write(score: &Score, groove: Groove, seed: u64) -> Vec<Hit> {
    let mut dice = Dice::new(seed, Purpose::Drums);
    let mut drummer = Drummer {
        score,
        hits: Vec::new(),
    };
    let mut section_before = Section::Intro;
    for (_, section, first_step) in score.bars() {
        let (patterns, strength) = match section {
            Section::Intro => (&[][..], 0.0),
            Section::Verse | Section::Break => (groove.verse, 0.82),
            Section::Chorus | Section::Turnaround => (groove.chorus, 1.0),
            Section::Ending => (&[(Drum::Kick, "X...............")][..], 1.0),
        };
        let fill = matches!(section, Section::Break | Section::Turnaround);
        let last_step = if fill { 8 } else { 16 };
        for (drum, pattern) in patterns {
            drummer.play(
                &mut dice,
                (*drum, &pattern[..last_step]),
                first_step,
                strength,
            );
        }
        if fill {
            for part in dice.pick(&FILLS) {
                drummer.play(&mut dice, *part, first_step + 8, 0.95);
            }
        }
        let new_part = section != section_before
            && matches!(section, Section::Chorus | Section::Ending | Section::Verse);
        if new_part {
            let strength = if section == Section::Verse { 0.55 } else { 1.0 };
            drummer.play(&mut dice, (Drum::Crash, "X"), first_step, strength);
        }
        section_before = section;
    }
    drummer.hits.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
    drummer.hits
}

struct Drummer<'a> {
    score: &'a Score,
    hits: Vec<Hit>,
}

impl Drummer<'_> {
    fn play(&mut self, dice: &mut Dice, part: (Drum, &str), first_step: usize, strength: f64) {
        let (drum, pattern) = part;
        // A backbeat a few milliseconds late sits; hats a little early drive.
        let lean_s = match drum {
            Drum::Snare | Drum::CrossStick => 0.006,
            Drum::ClosedHat | Drum::OpenHat => -0.002,
            _ => 0.0,
        };
        for stroke in strokes(pattern) {
            let beat_s = self.score.clock.seconds((first_step + stroke.step) as f64);
            let hand = 1.0 + 0.2 * dice.bell();
            self.hits.push(Hit {
                start_s: beat_s + lean_s + 3.0 * HAND_S * dice.bell(),
                drum,
                velocity: (velocity(stroke.symbol) * strength * hand).min(1.0),
            });
        }
    }
}
