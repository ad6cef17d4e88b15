//! The scale of every focus strip, in per cent: what its value, its text and its share have to do
//! with each other. Pure functions, used by the parameters and the editor.

use nice_plug::prelude::FloatRange;

/// Either end.
pub const MAX_PERCENT: f32 = 100.0;

/// The range of a focus parameter, whose plain value is in per cent; 0, as trained, lies exactly in
/// the middle.
pub const RANGE: FloatRange = FloatRange::Linear {
    min: -MAX_PERCENT,
    max: MAX_PERCENT,
};

/// What the engine takes, −1 to 1; 0 for a NaN that a damaged state may hold.
pub fn share(percent: f32) -> f32 {
    if percent.is_nan() {
        0.0
    } else {
        (percent / MAX_PERCENT).clamp(-1.0, 1.0)
    }
}

/// The value as text without its unit: `-35`, `0`, `100`.
pub fn percent_to_text(percent: f32) -> String {
    // Adding zero turns the −0.0 of a tiny negative value into 0.0.
    format!("{:.0}", percent.round() + 0.0)
}

/// The value in per cent that a text stands for, with or without unit and sign; `None` if it is no
/// number. Accepts the typographic minus sign and a decimal comma.
pub fn text_to_percent(text: &str) -> Option<f32> {
    let text = text
        .trim()
        .replace(['\u{2212}', '\u{2013}'], "-")
        .replace(',', ".");
    let number = text.strip_suffix('%').unwrap_or(&text).trim();
    number
        .parse::<f32>()
        .ok()
        .filter(|percent| percent.is_finite())
        .map(|percent| percent.clamp(-MAX_PERCENT, MAX_PERCENT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_as_trained_bit_for_bit() {
        assert_eq!(RANGE.unnormalize(0.5), 0.0);
        assert_eq!(RANGE.normalize(0.0), 0.5);
        assert_eq!(share(0.0), 0.0);
        assert_eq!(share(-100.0), -1.0);
        assert_eq!(share(1e30), 1.0);
        assert_eq!(share(f32::NAN), 0.0);
    }

    #[test]
    fn texts_that_people_type_are_understood() {
        for (text, want) in [
            ("35", 35.0),
            ("-35 %", -35.0),
            ("−35%", -35.0),
            ("12,5", 12.5),
            (" +20 % ", 20.0),
            ("300", MAX_PERCENT),
        ] {
            assert_eq!(text_to_percent(text), Some(want), "{text:?}");
        }
        for text in ["", "%", "inf", "nan", "much"] {
            assert_eq!(text_to_percent(text), None, "{text:?}");
        }
        assert_eq!(percent_to_text(-0.3), "0");
        assert_eq!(percent_to_text(-34.6), "-35");
    }
}
