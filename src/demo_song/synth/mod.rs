//! The instruments, and the small set of tools that they are made of.
//!
//! Sound is a function of *time in seconds*: oscillators stop below half the rate, noise is one
//! continuous random signal, filters are set in Hz. So every rate samples the same song, only with
//! more or less treble.

pub mod bass;
pub mod drums;
pub mod keys;
pub mod voice;

mod modes;
mod noise;
mod track;
mod wavetable;

pub use track::Track;

/// Frequency of a MIDI pitch, which may lie between two keys.
fn pitch_hz(pitch: f64) -> f64 {
    440.0 * ((pitch - 69.0) / 12.0).exp2()
}

/// Highest frequency that an oscillator may have: below what people hear, and clear of half the rate.
fn limit_hz(rate_hz: f64) -> f64 {
    (0.42 * rate_hz).min(18_000.0)
}

/// A gain that rises from 0 over `attack_s` and falls back to 0 over the last `release_s` of
/// `length_s`, both as half a cosine: no corner, so no click.
fn swell(time_s: f64, length_s: f64, attack_s: f64, release_s: f64) -> f64 {
    let ease = |part: f64| 0.5 - 0.5 * (std::f64::consts::PI * part.clamp(0.0, 1.0)).cos();
    if time_s < attack_s {
        ease(time_s / attack_s)
    } else if time_s > length_s - release_s {
        ease((length_s - time_s) / release_s)
    } else {
        1.0
    }
}

/// Counts samples between two settings of a filter.
struct Every {
    period_samples: usize,
    left_samples: usize,
}

impl Every {
    fn new(period_s: f64, rate_hz: f64) -> Self {
        Self {
            period_samples: ((period_s * rate_hz) as usize).max(1),
            left_samples: 0,
        }
    }

    /// To be asked once per sample: true for the first and then once per period.
    fn is_due(&mut self) -> bool {
        let due = self.left_samples == 0;
        self.left_samples = if due {
            self.period_samples
        } else {
            self.left_samples
        } - 1;
        due
    }
}
