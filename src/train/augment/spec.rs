//! What is done to training audio, as it is written in a run's settings.

use serde::{Deserialize, Serialize};

use crate::dice::Dice;
use crate::stem::NUM_STEMS;

/// A number that is drawn now and then: with this chance, uniformly from this range.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draw {
    /// Probability, 0…1.
    pub chance: f64,
    pub from: f64,
    pub to: f64,
}

impl Draw {
    const NEVER: Draw = Draw::new(0.0, 0.0, 0.0);

    pub const fn new(chance: f64, from: f64, to: f64) -> Self {
        Self { chance, from, to }
    }

    pub(super) fn draw(&self, dice: &mut Dice) -> Option<f64> {
        dice.chance(self.chance).then(|| self.value(dice))
    }

    pub(super) fn value(&self, dice: &mut Dice) -> f64 {
        dice.between(self.from, self.to)
    }
}

/// Probabilities of something that happens to stems.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "expected a probability, or one for each of drums, bass, other and vocals"
)]
pub enum StemChances {
    Alike(f64),
    Each {
        drums: f64,
        bass: f64,
        other: f64,
        vocals: f64,
    },
}

impl StemChances {
    /// In the order of [`crate::stem::Stem::ALL`].
    pub fn each(self) -> [f64; NUM_STEMS] {
        match self {
            Self::Alike(chance) => [chance; NUM_STEMS],
            Self::Each {
                drums,
                bass,
                other,
                vocals,
            } => [drums, bass, other, vocals],
        }
    }
}

/// What is done to training audio, how often and how much. Unless said otherwise, each stem has
/// draws of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AugmentSpec {
    /// Probability that a segment's stems come from different songs.
    pub remix: f64,
    /// Pitch and tempo in semitones; one draw for all stems of a song.
    pub speed_semitones: Draw,
    pub stem_gain_db: Draw,
    /// Probability of the opposite polarity.
    pub inversion: f64,
    /// Probability that left and right change places.
    pub channel_swap: f64,
    /// Gain of the difference between the channels, linear; 0 is mono.
    pub width: Draw,
    /// Probability that all stems are mono.
    pub mono: f64,
    /// Gain of one or two bands.
    pub equalizer_db: Draw,
    /// How far below the stem's level a compressor begins to work.
    pub compression_db: Draw,
    /// Decay time of a room around the stem.
    pub room_s: Draw,
    /// Probability that a stem falls silent. The more often one rests in training, the less of the
    /// others it is given where it rests, and where it is in doubt.
    pub silence: StemChances,
    /// Cut-off of a low-pass like an encoder's, the same for all stems.
    pub low_pass_hz: Draw,
    /// Level of the whole segment.
    pub level_db: Draw,
}

impl Default for AugmentSpec {
    fn default() -> Self {
        Self {
            remix: 0.5,
            speed_semitones: Draw::new(0.4, -2.0, 2.0),
            stem_gain_db: Draw::new(0.8, -6.0, 6.0),
            inversion: 0.5,
            channel_swap: 0.5,
            width: Draw::new(0.2, 0.0, 1.4),
            mono: 0.05,
            equalizer_db: Draw::new(0.2, -6.0, 6.0),
            compression_db: Draw::new(0.1, 0.0, 12.0),
            room_s: Draw::new(0.05, 0.2, 1.5),
            silence: StemChances::Alike(0.03),
            low_pass_hz: Draw::new(0.15, 11_000.0, 18_000.0),
            level_db: Draw::new(0.7, -20.0, 20.0),
        }
    }
}

impl AugmentSpec {
    /// Songs as they are.
    pub const fn none() -> Self {
        Self {
            remix: 0.0,
            speed_semitones: Draw::NEVER,
            stem_gain_db: Draw::NEVER,
            inversion: 0.0,
            channel_swap: 0.0,
            width: Draw::NEVER,
            mono: 0.0,
            equalizer_db: Draw::NEVER,
            compression_db: Draw::NEVER,
            room_s: Draw::NEVER,
            silence: StemChances::Alike(0.0),
            low_pass_hz: Draw::NEVER,
            level_db: Draw::NEVER,
        }
    }

    /// The name of the first setting that makes no sense, and what is expected of it.
    pub fn check(&self) -> Result<(), (&'static str, &'static str)> {
        let chances = [
            ("remix", self.remix),
            ("inversion", self.inversion),
            ("channel_swap", self.channel_swap),
            ("mono", self.mono),
        ];
        let silence = self.silence.each().map(|chance| ("silence", chance));
        // Each draw with the range in which its effect is what its name says.
        let draws = [
            ("speed_semitones", self.speed_semitones, -12.0..=12.0),
            ("stem_gain_db", self.stem_gain_db, -60.0..=60.0),
            ("width", self.width, 0.0..=4.0),
            ("equalizer_db", self.equalizer_db, -24.0..=24.0),
            ("compression_db", self.compression_db, -60.0..=60.0),
            ("room_s", self.room_s, 0.01..=20.0),
            ("low_pass_hz", self.low_pass_hz, 20.0..=100_000.0),
            ("level_db", self.level_db, -60.0..=60.0),
        ];
        let is_chance = |chance: &f64| (0.0..=1.0).contains(chance);
        for (name, chance) in chances
            .into_iter()
            .chain(silence)
            .chain(draws.each_ref().map(|d| (d.0, d.1.chance)))
        {
            if !is_chance(&chance) {
                return Err((name, "a probability from 0 to 1"));
            }
        }
        for (name, draw, range) in draws {
            let is_range = range.contains(&draw.from) && range.contains(&draw.to);
            if draw.chance > 0.0 && !(is_range && draw.from <= draw.to) {
                return Err((name, "a range in ascending order and within reason"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_without_sense_are_named() {
        assert_eq!(AugmentSpec::default().check(), Ok(()));
        assert_eq!(AugmentSpec::none().check(), Ok(()));
        let wrong = [
            (
                "remix",
                AugmentSpec {
                    remix: 1.5,
                    ..Default::default()
                },
            ),
            (
                "silence",
                AugmentSpec {
                    silence: StemChances::Alike(f64::NAN),
                    ..Default::default()
                },
            ),
            (
                "width",
                AugmentSpec {
                    width: Draw::new(-0.1, 0.0, 1.0),
                    ..Default::default()
                },
            ),
            (
                "level_db",
                AugmentSpec {
                    level_db: Draw::new(0.5, 3.0, -3.0),
                    ..Default::default()
                },
            ),
            (
                "room_s",
                AugmentSpec {
                    room_s: Draw::new(0.5, 0.0, 1.0),
                    ..Default::default()
                },
            ),
        ];
        for (name, spec) in wrong {
            assert_eq!(spec.check().map_err(|(name, _)| name), Err(name));
        }
    }
}
