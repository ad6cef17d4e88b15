//! The scale of every gain knob: what its travel, its value in dB, its text and its linear gain
//! have to do with each other. Pure functions, used by the parameters and the editor.
//!
//! Travel is the formats' normalised value, 0 to 1. Unity sits exactly in the middle: below it the
//! level falls with the square of the distance down to [`OFF_DB`], where the knob is off (−∞ dB);
//! above it the level rises with the square up to [`MAX_DB`]. The square leaves most of the travel
//! to the levels that a mix is made with, and is flat at unity, so unity is easy to find by hand.

use nice_plug::prelude::FloatRange;

use crate::dsp::decibel::db_to_gain;

/// The bottom end in dB, which means "off". With 12 dB at the top, unity lies at 84 / 96 = 7/8 of
/// the range: a number that `f32` holds exactly, so that the middle of the travel is exactly 0 dB.
pub const OFF_DB: f32 = -84.0;

/// The top end in dB.
pub const MAX_DB: f32 = 12.0;

/// Levels below this are off too: rounded to one decimal they would read as the bottom end.
const OFF_BELOW_DB: f32 = OFF_DB + 0.05;

/// The range of a gain parameter, whose plain value is in dB.
pub const RANGE: FloatRange = FloatRange::SymmetricalSkewed {
    min: OFF_DB,
    max: MAX_DB,
    // The exponent from level to travel: a square root, the inverse of the square above.
    factor: 0.5,
    center: 0.0,
};

/// Linear gain of a knob at `db`: 0.0 when off, 1.0 at 0 dB, never above that of [`MAX_DB`], even
/// for values that a damaged state may hold.
pub fn linear_gain(db: f32) -> f32 {
    // A NaN fails both comparisons and must not reach the audio.
    if db >= OFF_BELOW_DB {
        db_to_gain(db.min(MAX_DB))
    } else {
        0.0
    }
}

/// The level as text without its unit: `-6.0`, `0.0`, `-inf`.
pub fn db_to_text(db: f32) -> String {
    if db < OFF_BELOW_DB {
        return String::from("-inf");
    }
    // Adding zero turns the −0.0 of a tiny negative level into 0.0.
    let rounded_db = (db * 10.0).round() / 10.0 + 0.0;
    format!("{rounded_db:.1}")
}

/// The level in dB that a text stands for, with or without unit, sign and decimals; `None` if it is
/// no level. Accepts the typographic minus and infinity signs, and a decimal comma.
pub fn text_to_db(text: &str) -> Option<f32> {
    let text = text
        .trim()
        .to_lowercase()
        .replace(['\u{2212}', '\u{2013}'], "-")
        .replace('∞', "inf")
        .replace(',', ".");
    let number = text.strip_suffix("db").unwrap_or(&text).trim();
    // Rust's parser would also take "nan", and "inf" without a sign, which no knob can reach.
    match number {
        "-inf" | "-infinity" => Some(OFF_DB),
        _ => number
            .parse::<f32>()
            .ok()
            .filter(|db| db.is_finite())
            .map(|db| db.clamp(OFF_DB, MAX_DB)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unity_is_the_middle_of_the_travel_bit_for_bit() {
        assert_eq!(RANGE.unnormalize(0.5), 0.0);
        assert_eq!(RANGE.normalize(0.0), 0.5);
        assert_eq!(linear_gain(RANGE.unnormalize(0.5)), 1.0);
    }

    #[test]
    fn the_ends_are_off_and_plus_12_db() {
        assert_eq!(linear_gain(RANGE.unnormalize(0.0)), 0.0);
        assert_eq!(linear_gain(RANGE.unnormalize(1.0)), db_to_gain(12.0));
        assert_eq!(RANGE.normalize(OFF_DB), 0.0);
        assert_eq!(RANGE.normalize(MAX_DB), 1.0);
    }

    #[test]
    fn more_travel_is_more_gain() {
        let gains: Vec<f32> = (0..=1000)
            .map(|step| linear_gain(RANGE.unnormalize(step as f32 / 1000.0)))
            .collect();
        for (step, pair) in gains.windows(2).enumerate() {
            // The square is flat at the middle, where neighbours may round to the same gain.
            assert!(
                pair[1] > pair[0] || (pair[0] - 1.0).abs() < 1e-3 || pair[1] == 0.0,
                "step {step}: {pair:?}"
            );
        }
    }

    #[test]
    fn damaged_values_never_reach_the_audio() {
        assert_eq!(linear_gain(f32::NAN), 0.0);
        assert_eq!(linear_gain(f32::NEG_INFINITY), 0.0);
        assert_eq!(linear_gain(-1e30), 0.0);
        assert_eq!(linear_gain(1e30), db_to_gain(12.0));
    }

    #[test]
    fn texts_that_people_type_are_understood() {
        for (text, want_db) in [
            ("-6", -6.0),
            ("-6 dB", -6.0),
            ("-6dB", -6.0),
            ("−6", -6.0),
            ("-6,5 db", -6.5),
            ("+3", 3.0),
            (" 0.0 dB ", 0.0),
            ("12", 12.0),
            ("40", MAX_DB),
            ("-200", OFF_DB),
            ("-inf", OFF_DB),
            ("-inf dB", OFF_DB),
            ("-∞ dB", OFF_DB),
            ("−∞", OFF_DB),
        ] {
            assert_eq!(text_to_db(text), Some(want_db), "{text:?}");
        }
        for text in ["", "dB", "inf", "nan", "loud", "1.2.3", "--6"] {
            assert_eq!(text_to_db(text), None, "{text:?}");
        }
    }

    #[test]
    fn text_to_level_and_back_is_stable_over_the_whole_travel() {
        for step in 0..=10_000 {
            let text = db_to_text(RANGE.unnormalize(step as f32 / 10_000.0));
            let db = text_to_db(&text).unwrap_or_else(|| panic!("{text:?} is not understood"));
            let again = db_to_text(RANGE.unnormalize(RANGE.normalize(db)));
            assert_eq!(again, text, "step {step}");
        }
        assert_eq!(db_to_text(-0.01), "0.0");
    }
}
