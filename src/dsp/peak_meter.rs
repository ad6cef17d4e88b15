//! Ballistics of a peak meter: rises at once, falls by a fixed number of dB per second of audio.

use super::decibel::db_to_gain;

/// Fall of the meter in dB per second, the rate of a programme meter of type I (IEC 60268-10:
/// 20 dB in 1.7 s).
pub const FALL_DB_PER_SECOND: f32 = 20.0 / 1.7;

/// Below this level, −120 dB, a falling meter reads exactly 0, so that silence is silence and
/// never a denormal.
const FLOOR_GAIN: f32 = 1e-6;

/// Follows the peak of one channel.
#[derive(Clone, Debug)]
pub struct PeakMeter {
    peak: f32,
    fall_per_sample: f32,
}

impl PeakMeter {
    /// For audio at `rate_hz`.
    pub fn new(rate_hz: f64) -> Self {
        Self {
            peak: 0.0,
            fall_per_sample: db_to_gain(-FALL_DB_PER_SECOND / rate_hz as f32),
        }
    }

    /// Follows a block and returns the linear peak at its end.
    pub fn process(&mut self, block: &[f32]) -> f32 {
        let block_peak = block.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        let fallen = self.peak * self.fall_per_sample.powi(block.len() as i32);
        self.peak = block_peak.max(if fallen > FLOOR_GAIN { fallen } else { 0.0 });
        self.peak
    }

    /// Back to silence.
    pub fn reset(&mut self) {
        self.peak = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::decibel::gain_to_db;

    #[test]
    fn rises_at_once_and_falls_as_stated() {
        let rate_hz = 48_000.0;
        let mut meter = PeakMeter::new(rate_hz);
        assert_eq!(meter.process(&[0.1, -0.5, 0.2]), 0.5);
        let mut peak = 0.5;
        for _ in 0..100 {
            peak = meter.process(&[0.0; 480]);
        }
        let fall_db = gain_to_db(0.5) - gain_to_db(peak);
        // One second in 100 blocks; the per-sample factor carries f32's rounding 48 000 times.
        assert!((fall_db - FALL_DB_PER_SECOND).abs() < 0.1, "{fall_db} dB");
    }

    #[test]
    fn silence_reads_zero_in_the_end() {
        let mut meter = PeakMeter::new(1_000.0);
        meter.process(&[1.0]);
        for _ in 0..11 {
            meter.process(&[0.0; 1_000]);
        }
        assert_eq!(meter.process(&[0.0]), 0.0);
    }
}
