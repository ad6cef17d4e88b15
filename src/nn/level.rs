//! The running level of a mix, by which the network can see songs of any loudness alike.
//!
//! A mean of the power of all frames so far that falls by a factor of e over [`MEMORY_S`], divided by
//! the weights in it, so that the first frames count in full. Frames below the absolute gate of
//! loudness meters (ITU-R BS.1770-5, −70 dB) don't count: what follows a pause begins at the level
//! before it.

use super::config::StftFrontEnd;
use crate::dsp::grid::Grid;

/// Long enough to leave verse and chorus apart.
const MEMORY_S: f64 = 10.0;

/// The level that songs are shown at.
const SHOWN_DB: f64 = -20.0;

/// Songs below this level are shown by as much more quietly.
const QUIETEST_DB: f64 = -60.0;

const GATE_DB: f64 = -70.0;

/// How the level is found for one front end at one host rate.
#[derive(Clone, Copy, Debug)]
pub struct LevelMeter {
    decay: f64,
    /// Powers of a frame at [`SHOWN_DB`], [`QUIETEST_DB`] and [`GATE_DB`].
    shown: f64,
    quietest: f64,
    gate: f64,
}

/// What a stream remembers of its level.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunningLevel {
    power: f64,
    weight: f64,
}

impl LevelMeter {
    pub fn new(front_end: &StftFrontEnd, grid: &Grid) -> Self {
        let hop_s = grid.samples(front_end.hop_samples) as f64 / grid.rate_hz();
        let window_samples = front_end.analysis_samples as f64;
        // Parseval, over the bins from 0 up, with a window whose squares sum to half its length.
        let full_scale = window_samples * window_samples / 4.0;
        let power = |db: f64| full_scale * 10.0_f64.powf(db / 10.0);
        Self {
            decay: (-hop_s / MEMORY_S).exp(),
            shown: power(SHOWN_DB),
            quietest: power(QUIETEST_DB),
            gate: power(GATE_DB),
        }
    }

    /// Takes in a frame of a mean power of both channels, summed over all bins; returns the factor
    /// that shows its power, `level` being known, at the level of all songs.
    pub fn factor(&self, power: f32, level: &mut RunningLevel) -> f32 {
        let power = f64::from(power);
        if power.is_finite() && power > self.gate {
            let newest = 1.0 - self.decay;
            level.power += newest * (power - level.power);
            level.weight += newest * (1.0 - level.weight);
        }
        let mean = match level.weight > 0.0 {
            true => level.power / level.weight,
            false => 0.0,
        };
        (self.shown / mean.max(self.quietest)) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::config::{ConvTasNetConfig, FrontEnd};

    fn meter() -> LevelMeter {
        let FrontEnd::Stft(front_end) = ConvTasNetConfig::live().front_end else {
            panic!("the live network has an STFT front end")
        };
        LevelMeter::new(&front_end, &Grid::new(44_100.0))
    }

    /// Factors in dB for frames of these levels in dB.
    fn factors_db(levels_db: &[f64]) -> Vec<f64> {
        let (meter, mut level) = (meter(), RunningLevel::default());
        let factor = |db: &f64| {
            let power = meter.shown * 10.0_f64.powf((db - SHOWN_DB) / 10.0);
            10.0 * f64::from(meter.factor(power as f32, &mut level)).log10()
        };
        levels_db.iter().map(factor).collect()
    }

    fn assert_near(got_db: f64, want_db: f64) {
        assert!(
            (got_db - want_db).abs() < 0.01,
            "{got_db} dB, not {want_db} dB"
        );
    }

    #[test]
    fn songs_of_any_level_are_shown_at_one() {
        for level_db in [-50.0, -24.0, 6.0] {
            for factor_db in factors_db(&[level_db; 3]) {
                assert_near(level_db + factor_db, SHOWN_DB);
            }
        }
    }

    #[test]
    fn pauses_and_what_is_no_number_leave_the_level_as_it_is() {
        let got = factors_db(&[
            -30.0,
            f64::NEG_INFINITY,
            -90.0,
            f64::INFINITY,
            f64::NAN,
            -30.0,
        ]);
        got.into_iter().for_each(|db| assert_near(db, 10.0));
    }

    #[test]
    fn a_song_that_began_with_nothing_is_no_louder_than_allowed() {
        assert_near(factors_db(&[f64::NEG_INFINITY])[0], SHOWN_DB - QUIETEST_DB);
        assert_near(factors_db(&[-65.0])[0], SHOWN_DB - QUIETEST_DB);
    }

    #[test]
    fn the_memory_is_ten_seconds_long() {
        let frames_a_memory = (MEMORY_S * 44_100.0 / 256.0).round() as usize;
        let mut levels_db = vec![-20.0; 100 * frames_a_memory];
        levels_db.extend(vec![-40.0; frames_a_memory]);
        // 1/e of the louder power and the rest of the quieter one.
        let rest = (-1.0_f64).exp();
        let want_db = 10.0 * (rest + (1.0 - rest) * 0.01).log10();
        assert_near(*factors_db(&levels_db).last().unwrap(), -want_db);
    }
}
