//! Tone: gentle bands on single stems, and the steep low-pass of an encoder on all of them.

use std::f64::consts::PI;

use super::{Stereo, each_frame};
use crate::dice::Dice;
use crate::dsp::filter::{Bands, Svf};
use crate::stem::NUM_CHANNELS;

/// Which part of the spectrum is raised or lowered.
#[derive(Clone, Copy, Debug)]
pub struct Band {
    frequency_hz: f64,
    shape: Shape,
}

#[derive(Clone, Copy, Debug)]
enum Shape {
    LowShelf,
    Peak,
    HighShelf,
}

impl Band {
    /// A band where engineers put them.
    pub fn draw(dice: &mut Dice) -> Self {
        let (shape, low_hz, high_hz) = dice.pick(&[
            (Shape::LowShelf, 60.0_f64, 400.0_f64),
            (Shape::Peak, 200.0, 6_000.0),
            (Shape::HighShelf, 2_000.0, 10_000.0),
        ]);
        // Even over octaves, as pitch is heard.
        let frequency_hz = dice.between(low_hz.ln(), high_hz.ln()).exp();
        Self {
            frequency_hz,
            shape,
        }
    }
}

/// Raises or lowers a band: the filter's own output of that band, added to or taken from the whole.
pub fn equalize(stem: &mut Stereo, band: Band, gain_db: f64, rate_hz: f64) {
    let part: fn(Bands) -> f64 = match band.shape {
        Shape::LowShelf => |bands| bands.low,
        Shape::Peak => |bands| bands.band,
        Shape::HighShelf => |bands| bands.high,
    };
    let added = 10.0_f64.powf(gain_db / 20.0) - 1.0;
    let filter = Svf::new(band.frequency_hz, std::f64::consts::FRAC_1_SQRT_2, rate_hz);
    let mut filters = [filter; NUM_CHANNELS];
    each_frame(stem, |dry| {
        std::array::from_fn(|channel| {
            let bands = filters[channel].process(dry[channel]);
            dry[channel] + added * part(bands)
        })
    });
}

/// Sections of [`low_pass`].
const NUM_SECTIONS: usize = 4;

/// A Butterworth low-pass of eighth order: 3 dB at the cut-off, 48 dB an octave above it.
pub fn low_pass(stem: &mut Stereo, cutoff_hz: f64, rate_hz: f64) {
    let sections: [Svf; NUM_SECTIONS] = std::array::from_fn(|section| {
        let angle = PI * (2 * section + 1) as f64 / (4 * NUM_SECTIONS) as f64;
        Svf::new(cutoff_hz, 0.5 / angle.cos(), rate_hz)
    });
    let mut channels = [sections; NUM_CHANNELS];
    each_frame(stem, |dry| {
        std::array::from_fn(|channel| {
            let filter = |input, section: &mut Svf| section.process(input).low;
            channels[channel].iter_mut().fold(dry[channel], filter)
        })
    });
}

#[cfg(test)]
mod tests {
    use super::super::test_signals::{RATE_HZ, gain_db};
    use super::*;

    #[test]
    fn the_low_pass_is_flat_below_and_steep_above() {
        let level_db =
            |frequency_hz| gain_db(frequency_hz, |wave| low_pass(wave, 5_000.0, RATE_HZ));
        assert!(level_db(2_500.0).abs() < 0.01, "{}", level_db(2_500.0));
        assert!(
            (level_db(5_000.0) + 3.01).abs() < 0.02,
            "{}",
            level_db(5_000.0)
        );
        // 48 dB at the octave, and some more by the bilinear transform.
        assert!(
            (-60.0..-48.0).contains(&level_db(10_000.0)),
            "{}",
            level_db(10_000.0)
        );
    }

    #[test]
    fn bands_reach_their_gain_where_they_are_and_leave_the_rest() {
        let at = |shape, frequency_hz, wanted_db| {
            let band = Band {
                frequency_hz: 1_000.0,
                shape,
            };
            gain_db(frequency_hz, |wave| {
                equalize(wave, band, wanted_db, RATE_HZ);
            })
        };
        for wanted_db in [-6.0, 6.0] {
            // A second-order filter is within 0.3 dB of its limits this far from its corner.
            let near =
                |got: f64, want: f64| assert!((got - want).abs() < 0.3, "{got} dB, not {want}");
            near(at(Shape::LowShelf, 50.0, wanted_db), wanted_db);
            near(at(Shape::LowShelf, 18_000.0, wanted_db), 0.0);
            near(at(Shape::Peak, 1_000.0, wanted_db), wanted_db);
            near(at(Shape::Peak, 30.0, wanted_db), 0.0);
            near(at(Shape::HighShelf, 18_000.0, wanted_db), wanted_db);
            near(at(Shape::HighShelf, 50.0, wanted_db), 0.0);
        }
    }

    #[test]
    fn all_shapes_are_drawn() {
        let mut dice = Dice::new(1, 0_u64);
        let mut seen = [false; 3];
        for _ in 0..100 {
            let band = Band::draw(&mut dice);
            seen[band.shape as usize] = true;
            assert!((60.0..10_000.0).contains(&band.frequency_hz));
        }
        assert_eq!(seen, [true; 3]);
    }
}
