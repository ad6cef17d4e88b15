//! Augmentation: one recording heard as many, by what studios, encoders and listeners do to it.
//!
//! Everything is drawn from the dice that the caller hands over, and done to the stems; the mix is
//! their sum afterwards, so nothing here may be non-linear across stems, and nothing clips.
//! Pitch and tempo change together, as on tape ([`varispeed`]): ±2 semitones are ±12 % of tempo.
//! It is exact and free of artefacts; changing one without the other would teach the network the
//! sound of a phase vocoder.

mod dynamics;
mod equalizer;
mod room;
mod stereo;
pub mod varispeed;

use serde::{Deserialize, Serialize};

use crate::dice::Dice;
use crate::dsp::decibel::db_to_gain;
use crate::stem::{NUM_CHANNELS, NUM_STEMS};

/// Audio of one stem, `[channel][sample]`.
pub type Stereo = [Vec<f32>; NUM_CHANNELS];

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

    const fn new(chance: f64, from: f64, to: f64) -> Self {
        Self { chance, from, to }
    }

    fn draw(&self, dice: &mut Dice) -> Option<f64> {
        dice.chance(self.chance).then(|| self.value(dice))
    }

    fn value(&self, dice: &mut Dice) -> f64 {
        dice.between(self.from, self.to)
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
    /// Probability that a stem falls silent.
    pub silence: f64,
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
            silence: 0.03,
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
            silence: 0.0,
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
            ("silence", self.silence),
        ];
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
            .iter()
            .copied()
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

    /// The factor by which a song is to run faster.
    pub fn draw_speed(&self, dice: &mut Dice) -> f64 {
        let semitones = self.speed_semitones.draw(dice).unwrap_or(0.0);
        (semitones / 12.0).exp2()
    }

    /// Everything but the speed, in the order of a studio: the stem's channel, the mix bus, the
    /// encoder, the listener.
    pub fn apply(&self, stems: &mut [Stereo; NUM_STEMS], rate_hz: f64, dice: &mut Dice) {
        for stem in stems.iter_mut() {
            self.change_stem(stem, rate_hz, dice);
        }
        let is_mono = dice.chance(self.mono);
        let low_pass_hz = self.low_pass_hz.draw(dice);
        let level_db = self.level_db.draw(dice);
        for stem in stems {
            if is_mono {
                stereo::set_width(stem, 0.0);
            }
            if let Some(cutoff_hz) = low_pass_hz {
                equalizer::low_pass(stem, cutoff_hz, rate_hz);
            }
            if let Some(level_db) = level_db {
                scale(stem, db_to_gain(level_db as f32));
            }
        }
    }

    fn change_stem(&self, stem: &mut Stereo, rate_hz: f64, dice: &mut Dice) {
        if dice.chance(self.silence) {
            stem.iter_mut().for_each(|channel| channel.fill(0.0));
        }
        if stem.iter().flatten().all(|sample| *sample == 0.0) {
            return;
        }
        if dice.chance(self.equalizer_db.chance) {
            for _ in 0..1 + dice.below(2) {
                let (band, gain_db) = (equalizer::Band::draw(dice), self.equalizer_db.value(dice));
                equalizer::equalize(stem, band, gain_db, rate_hz);
            }
        }
        if let Some(depth_db) = self.compression_db.draw(dice) {
            dynamics::compress(stem, depth_db, rate_hz);
        }
        if let Some(width) = self.width.draw(dice) {
            stereo::set_width(stem, width as f32);
        }
        if let Some(decay_s) = self.room_s.draw(dice) {
            room::add(stem, decay_s, rate_hz, dice);
        }
        if dice.chance(self.channel_swap) {
            stem.swap(0, 1);
        }
        let sign = if dice.chance(self.inversion) {
            -1.0
        } else {
            1.0
        };
        let gain_db = self.stem_gain_db.draw(dice).unwrap_or(0.0);
        if sign < 0.0 || gain_db != 0.0 {
            scale(stem, sign * db_to_gain(gain_db as f32));
        }
    }
}

fn scale(stem: &mut Stereo, gain: f32) {
    for sample in stem.iter_mut().flatten() {
        *sample *= gain;
    }
}

/// Mean square over both channels.
pub fn mean_square(stem: &Stereo) -> f64 {
    let sum = |channel: &Vec<f32>| -> f64 { channel.iter().map(|s| f64::from(s * s)).sum() };
    let num_samples = (NUM_CHANNELS * stem[0].len()).max(1);
    stem.iter().map(sum).sum::<f64>() / num_samples as f64
}

/// What the effects' tests measure with.
#[cfg(test)]
mod test_signals {
    use std::f64::consts::TAU;

    use super::Stereo;
    use crate::dice::Dice;

    pub const RATE_HZ: f64 = 44_100.0;

    pub fn sine(frequency_hz: f64, num_samples: usize) -> Stereo {
        let wave = |n: usize| (TAU * frequency_hz * n as f64 / RATE_HZ).sin() as f32;
        let channel: Vec<f32> = (0..num_samples).map(wave).collect();
        [channel.clone(), channel]
    }

    pub fn noise(seed: u64, num_samples: usize) -> Stereo {
        [0_u64, 1].map(|channel| {
            let mut dice = Dice::new(seed, channel);
            (0..num_samples)
                .map(|_| dice.between(-1.0, 1.0) as f32)
                .collect()
        })
    }

    /// Level in dB of what `effect` leaves of a sine, once it has settled.
    pub fn gain_db(frequency_hz: f64, effect: impl Fn(&mut Stereo)) -> f64 {
        let mut wave = sine(frequency_hz, 20_000);
        effect(&mut wave);
        let settled = wave.map(|channel| channel[10_000..].to_vec());
        // A sine's mean square is a half.
        10.0 * (super::mean_square(&settled) / 0.5).log10()
    }
}

#[cfg(test)]
mod tests {
    use super::test_signals::{RATE_HZ, noise};
    use super::*;

    fn stems() -> [Stereo; NUM_STEMS] {
        std::array::from_fn(|stem| noise(stem as u64, 4_000))
    }

    /// The stems after one augmentation alone, which always happens.
    fn changed(spec: AugmentSpec) -> [Stereo; NUM_STEMS] {
        let mut stems = stems();
        spec.apply(&mut stems, RATE_HZ, &mut Dice::new(5, 0_u64));
        stems
    }

    #[test]
    fn none_changes_nothing() {
        assert_eq!(changed(AugmentSpec::none()), stems());
        let speed = AugmentSpec::none().draw_speed(&mut Dice::new(1, 0_u64));
        assert_eq!(speed, 1.0);
    }

    #[test]
    fn speed_stays_within_two_semitones_by_default() {
        let mut dice = Dice::new(1, 0_u64);
        let speeds: Vec<f64> = (0..2_000)
            .map(|_| AugmentSpec::default().draw_speed(&mut dice))
            .collect();
        let (low, high) = ((-2.0 / 12.0_f64).exp2(), (2.0 / 12.0_f64).exp2());
        assert!(speeds.iter().all(|speed| (low..=high).contains(speed)));
        assert!(speeds.iter().any(|speed| *speed < 0.9));
        assert!(speeds.iter().any(|speed| *speed > 1.11));
    }

    #[test]
    fn levels_polarity_swap_mono_and_silence_do_what_they_say() {
        let none = AugmentSpec::none;
        let always = |value| Draw::new(1.0, value, value);
        let each = |spec, wanted: &dyn Fn(&Stereo) -> Stereo| {
            assert_eq!(changed(spec), stems().each_ref().map(wanted));
        };
        let scaled = |gain: f32| {
            move |stem: &Stereo| {
                stem.each_ref()
                    .map(|c| c.iter().map(|s| gain * s).collect())
            }
        };

        each(
            AugmentSpec {
                inversion: 1.0,
                ..none()
            },
            &scaled(-1.0),
        );
        // 20 dB are a factor of 10, which f32 holds exactly.
        each(
            AugmentSpec {
                stem_gain_db: always(20.0),
                ..none()
            },
            &scaled(10.0),
        );
        each(
            AugmentSpec {
                level_db: always(20.0),
                ..none()
            },
            &scaled(10.0),
        );
        each(
            AugmentSpec {
                silence: 1.0,
                ..none()
            },
            &scaled(0.0),
        );
        each(
            AugmentSpec {
                channel_swap: 1.0,
                ..none()
            },
            &|[left, right]| [right.clone(), left.clone()],
        );
        for [left, right] in changed(AugmentSpec {
            mono: 1.0,
            ..none()
        }) {
            assert_eq!(left, right);
        }
    }

    #[test]
    fn a_low_pass_and_a_level_are_the_same_for_all_stems() {
        let spec = AugmentSpec {
            low_pass_hz: Draw::new(1.0, 5_000.0, 15_000.0),
            level_db: Draw::new(1.0, -20.0, 20.0),
            ..AugmentSpec::none()
        };
        let one = noise(1, 4_000);
        let mut stems = std::array::from_fn(|_| one.clone());
        spec.apply(&mut stems, RATE_HZ, &mut Dice::new(3, 0_u64));
        assert_ne!(stems[0], one);
        assert!(stems.iter().all(|stem| *stem == stems[0]));
    }

    #[test]
    fn all_effects_together_stay_finite() {
        let mut spec = AugmentSpec::default();
        for draw in [
            &mut spec.equalizer_db,
            &mut spec.compression_db,
            &mut spec.room_s,
            &mut spec.width,
            &mut spec.low_pass_hz,
        ] {
            draw.chance = 1.0;
        }
        let mut dice = Dice::new(9, 0_u64);
        // 8 kHz is below every default cut-off.
        for rate_hz in [8_000.0, RATE_HZ] {
            for _ in 0..20 {
                let mut stems = stems();
                spec.apply(&mut stems, rate_hz, &mut dice);
                // +20 dB of level, 6 of gain, 12 of bands and a room: 40 dB at the very most.
                let is_sane = |sample: &f32| sample.abs() < 100.0;
                assert!(stems.iter().flatten().flatten().all(is_sane));
            }
        }
    }

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
                    silence: f64::NAN,
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
