//! Ballistics of a peak meter: rises at once, falls by a fixed number of dB per second of audio.

use super::decibel::db_to_gain;

/// Fall of the meter in dB per second, the rate of a programme meter of type I (IEC 60268-10:
/// 20 dB in 1.7 s).
pub const FALL_DB_PER_SECOND: f32 = 20.0 / 1.7;

/// Below this level, −120 dB, a falling meter reads exactly 0, so that silence is silence and
/// never a denormal.
const FLOOR_GAIN: f32 = 1e-6;

/// The largest magnitude in a block, linear.
pub fn peak_of(block: &[f32]) -> f32 {
    block.iter().fold(0.0, |peak: f32, x| peak.max(x.abs()))
}

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

    /// Follows a block of `num_samples` by its [`peak_of`], and returns the linear peak at its end.
    pub fn process(&mut self, block_peak: f32, num_samples: usize) -> f32 {
        let fallen = self.peak * self.fall_per_sample.powi(num_samples as i32);
        self.peak = block_peak.max(if fallen > FLOOR_GAIN { fallen } else { 0.0 });
        self.peak
    }

    /// Back to silence.
    pub fn reset(&mut self) {
        self.peak = 0.0;
    }
}

/// The peak of one stretch of audio after the other, for what is exactly 0 or not.
#[derive(Clone, Debug)]
pub struct StretchPeak {
    stretch_samples: usize,
    done_samples: usize,
    peak: f32,
}

impl StretchPeak {
    /// Of at least `stretch_samples` each, rounded up to whole blocks.
    pub fn new(stretch_samples: usize) -> Self {
        Self {
            stretch_samples,
            done_samples: 0,
            peak: 0.0,
        }
    }

    /// Takes in a block of `num_samples` by its [`peak_of`]; the linear peak of the stretch that
    /// ends with it, if one does.
    pub fn process(&mut self, block_peak: f32, num_samples: usize) -> Option<f32> {
        self.peak = self.peak.max(block_peak);
        self.done_samples += num_samples;
        (self.done_samples >= self.stretch_samples).then(|| {
            self.done_samples = 0;
            std::mem::take(&mut self.peak)
        })
    }

    /// Begins a new stretch.
    pub fn reset(&mut self) {
        self.done_samples = 0;
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
        assert_eq!(meter.process(peak_of(&[0.1, -0.5, 0.2]), 3), 0.5);
        let mut peak = 0.5;
        for _ in 0..100 {
            peak = meter.process(0.0, 480);
        }
        let fall_db = gain_to_db(0.5) - gain_to_db(peak);
        // One second in 100 blocks; the per-sample factor carries f32's rounding 48 000 times.
        assert!((fall_db - FALL_DB_PER_SECOND).abs() < 0.1, "{fall_db} dB");
    }

    #[test]
    fn silence_reads_zero_in_the_end() {
        let mut meter = PeakMeter::new(1_000.0);
        meter.process(1.0, 1);
        for _ in 0..11 {
            meter.process(0.0, 1_000);
        }
        assert_eq!(meter.process(0.0, 1), 0.0);
    }

    #[test]
    fn a_stretch_has_the_peak_of_its_blocks() {
        let mut meter = StretchPeak::new(100);
        assert_eq!(meter.process(0.5, 60), None);
        assert_eq!(meter.process(0.2, 60), Some(0.5));
        assert_eq!(meter.process(0.0, 100), Some(0.0));
        assert_eq!(meter.process(0.5, 60), None);
        meter.reset();
        assert_eq!(meter.process(0.1, 60), None);
        assert_eq!(meter.process(0.0, 60), Some(0.1));
    }
}
