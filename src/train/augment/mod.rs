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
mod spec;
mod stereo;
pub mod varispeed;

pub use spec::{AugmentSpec, Draw, StemChances};

use crate::dice::Dice;
use crate::dsp::decibel::db_to_gain;
use crate::stem::{NUM_CHANNELS, Stems, Stereo};

impl AugmentSpec {
    /// The factor by which a song is to run faster.
    pub fn draw_speed(&self, dice: &mut Dice) -> f64 {
        let semitones = self.speed_semitones.draw(dice).unwrap_or(0.0);
        (semitones / 12.0).exp2()
    }

    /// Everything but the speed, in the order of a studio: the stem's channel, the mix bus, the
    /// encoder, the listener.
    pub fn apply(&self, stems: &mut Stems, rate_hz: f64, dice: &mut Dice) {
        for (stem, silence) in stems.iter_mut().zip(self.silence.each()) {
            self.change_stem(stem, silence, rate_hz, dice);
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

    fn change_stem(&self, stem: &mut Stereo, silence: f64, rate_hz: f64, dice: &mut Dice) {
        if dice.chance(silence) {
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

/// Sends both channels through an effect, sample by sample.
fn each_frame(
    stem: &mut Stereo,
    mut effect: impl FnMut([f64; NUM_CHANNELS]) -> [f64; NUM_CHANNELS],
) {
    let [left, right] = stem;
    for (left, right) in left.iter_mut().zip(right) {
        let out = effect([f64::from(*left), f64::from(*right)]);
        *left = out[0] as f32;
        *right = out[1] as f32;
    }
}

/// Mean square over both channels; in eight sums, which the CPU adds side by side.
pub fn mean_square(stem: &Stereo) -> f64 {
    let mut sums = [0.0; 8];
    for channel in stem {
        let (eights, rest) = channel.as_chunks::<8>();
        for samples in eights.iter().map(<[f32; 8]>::as_slice).chain([rest]) {
            for (sum, sample) in sums.iter_mut().zip(samples) {
                *sum += f64::from(sample * sample);
            }
        }
    }
    sums.iter().sum::<f64>() / (NUM_CHANNELS * stem[0].len()).max(1) as f64
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
    use crate::stem::Stem;

    fn stems() -> Stems {
        std::array::from_fn(|stem| noise(stem as u64, 4_000))
    }

    /// The stems after one augmentation alone, which always happens.
    fn changed(spec: AugmentSpec) -> Stems {
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
                silence: StemChances::Alike(1.0),
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
    fn stems_may_fall_silent_each_as_often_as_it_is_told_to() {
        let silence = r#"{"drums": 0, "bass": 0.0, "other": 0, "vocals": 1}"#;
        let spec = AugmentSpec {
            silence: serde_json::from_str(silence).unwrap(),
            ..AugmentSpec::none()
        };
        let mut expected = stems();
        expected[Stem::Vocals as usize]
            .iter_mut()
            .for_each(|channel| channel.fill(0.0));
        assert_eq!(changed(spec), expected);

        let one: StemChances = serde_json::from_str("0.5").unwrap();
        assert_eq!(one, StemChances::Alike(0.5));
        let incomplete = serde_json::from_str::<StemChances>(r#"{"vocals": 0.5}"#);
        let why = incomplete.unwrap_err().to_string();
        assert!(
            why.contains("each of drums, bass, other and vocals"),
            "{why}"
        );
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
}
