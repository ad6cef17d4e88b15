//! Decibels of amplitude: `db = 20 · log10(gain)`.

/// Linear gain of a level in dB; −∞ dB is exactly 0.
pub fn db_to_gain(db: f32) -> f32 {
    10.0_f32.powf(db / 20.0)
}

/// Level in dB of a linear gain; 0 is −∞ dB. Negative gains have no level: NaN.
pub fn gain_to_db(gain: f32) -> f32 {
    20.0 * gain.log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_and_unity_are_exact() {
        assert_eq!(db_to_gain(0.0), 1.0);
        assert_eq!(db_to_gain(f32::NEG_INFINITY), 0.0);
        assert_eq!(gain_to_db(1.0), 0.0);
        assert_eq!(gain_to_db(0.0), f32::NEG_INFINITY);
    }

    #[test]
    fn conversions_undo_each_other() {
        for db in [-120.0, -60.0, -6.0, 0.1, 12.0] {
            // f32 carries about 7 digits; 1e-4 dB is far below what anyone hears.
            assert!((gain_to_db(db_to_gain(db)) - db).abs() < 1e-4, "{db} dB");
        }
        assert!((db_to_gain(20.0) - 10.0).abs() < 1e-5);
    }
}
