//! A compressor as on a vocal channel: evens out what vowels, pitches and phrases differ in loudness.

use crate::stem::NUM_CHANNELS;

/// Leaves a third of the level differences, in dB, above a threshold; both channels share one gain.
pub struct Compressor {
    /// Mean square at the threshold.
    threshold: f64,
    rise: f64,
    fall: f64,
    mean_square: f64,
}

impl Compressor {
    /// `threshold` is an rms value, linear.
    pub fn new(threshold: f64, attack_s: f64, release_s: f64, rate_hz: f64) -> Self {
        let smoothing = |time_s: f64| 1.0 - (-1.0 / (time_s * rate_hz)).exp();
        Self {
            threshold: threshold * threshold,
            rise: smoothing(attack_s),
            fall: smoothing(release_s),
            mean_square: 0.0,
        }
    }

    /// The next sample of both channels, louder ones softer.
    pub fn process(&mut self, dry: [f64; NUM_CHANNELS]) -> [f64; NUM_CHANNELS] {
        let square = dry.iter().map(|value| value * value).sum::<f64>() / NUM_CHANNELS as f64;
        let speed = if square > self.mean_square {
            self.rise
        } else {
            self.fall
        };
        self.mean_square += speed * (square - self.mean_square);
        let excess = (self.mean_square / self.threshold).max(1.0);
        // The cube root of a power ratio is two thirds of the excess in dB, as an amplitude.
        let gain = 1.0 / excess.cbrt();
        dry.map(|value| gain * value)
    }
}
