//! Where a frequency stands along an axis.

use clap::ValueEnum;

use crate::plot::{Tick, round_ticks};

/// How frequencies are spread along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FrequencyScale {
    /// Every Hz alike: harmonics lie evenly
    Linear,
    /// Every octave alike: an interval is as wide anywhere
    Log,
    /// As pitches are heard: nearly linear up to 700 Hz, nearly logarithmic above
    Mel,
}

impl FrequencyScale {
    /// A measure that grows evenly along the axis. Mel: `log10(1 + f / 700 Hz)` (O'Shaughnessy,
    /// "Speech Communication", 1987), whose usual factor of 2595 cancels.
    fn measure(self, hz: f64) -> f64 {
        match self {
            Self::Linear => hz,
            Self::Log => hz.log10(),
            Self::Mel => (1.0 + hz / 700.0).log10(),
        }
    }

    fn hz(self, measure: f64) -> f64 {
        match self {
            Self::Linear => measure,
            Self::Log => 10_f64.powf(measure),
            Self::Mel => 700.0 * (10_f64.powf(measure) - 1.0),
        }
    }
}

/// An axis from one frequency to another.
#[derive(Clone, Copy, Debug)]
pub struct FrequencyAxis {
    pub scale: FrequencyScale,
    /// Above 0 if the scale is logarithmic.
    pub low_hz: f64,
    /// Above `low_hz`.
    pub high_hz: f64,
}

impl FrequencyAxis {
    /// Where a frequency stands: 0 at the low end, 1 at the high one.
    pub fn place(&self, hz: f64) -> f64 {
        let [low, at, high] = [self.low_hz, hz, self.high_hz].map(|hz| self.scale.measure(hz));
        (at - low) / (high - low)
    }

    /// The frequency at a place.
    pub fn hz(&self, place: f64) -> f64 {
        let [low, high] = [self.low_hz, self.high_hz].map(|hz| self.scale.measure(hz));
        self.scale.hz(low + place * (high - low))
    }

    /// Round frequencies, each at its place, as many as an axis of so many pixels has room for.
    pub fn ticks(&self, pixels: u32) -> Vec<Tick> {
        let label = |hz: f64| {
            if hz < 1e3 {
                format!("{hz}")
            } else {
                format!("{}k", hz / 1e3)
            }
        };
        let tick = |hz: f64| Tick {
            at: self.place(hz),
            label: label(hz),
        };
        let decades = (0..6).flat_map(|power| [1.0, 2.0, 5.0].map(|f| f * 10_f64.powi(power)));
        let frequencies: Vec<f64> = match self.scale {
            FrequencyScale::Linear => {
                let span = self.high_hz - self.low_hz;
                let ticks = round_ticks(self.low_hz..self.high_hz, (pixels / 40).max(2) as usize)
                    .into_iter();
                // Back to whole Hz, which their places are a rounding away from.
                let hz = ticks.map(|tick| (1e3 * (self.low_hz + tick.at * span)).round() / 1e3);
                return hz.map(tick).collect();
            }
            FrequencyScale::Log => decades.collect(),
            FrequencyScale::Mel => [0.0].into_iter().chain(decades).collect(),
        };
        let mut ticks: Vec<Tick> = Vec::new();
        let within = |hz: &f64| (self.low_hz..=self.high_hz).contains(hz);
        for tick in frequencies.into_iter().filter(within).map(tick) {
            // Closer, their numbers would touch.
            let has_room = |last: &Tick| (tick.at - last.at) * f64::from(pixels) > 18.0;
            if ticks.last().is_none_or(has_room) {
                ticks.push(tick);
            }
        }
        ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(scale: FrequencyScale) -> FrequencyAxis {
        FrequencyAxis {
            scale,
            low_hz: 20.0,
            high_hz: 20_000.0,
        }
    }

    #[test]
    fn places_and_frequencies_undo_each_other() {
        for &scale in FrequencyScale::value_variants() {
            let axis = axis(scale);
            assert_eq!((axis.place(20.0), axis.place(20e3)), (0.0, 1.0));
            for hz in [20.0, 440.0, 7_000.0, 20e3] {
                let back = axis.hz(axis.place(hz));
                assert!(
                    (back / hz - 1.0).abs() < 1e-9,
                    "{scale:?}: {hz} Hz → {back}"
                );
            }
        }
    }

    #[test]
    fn the_scales_are_what_they_are_called() {
        // A decade of three; (440 − 20) / 19 980; mel(440) is 549.64, mel(20) 31.75, mel(20 k) 3816.9.
        for (scale, hz, want) in [
            (FrequencyScale::Log, 200.0, 1.0 / 3.0),
            (FrequencyScale::Linear, 440.0, 420.0 / 19_980.0),
            (FrequencyScale::Mel, 440.0, 0.136_825),
        ] {
            let place = axis(scale).place(hz);
            assert!(
                (place - want).abs() < 1e-5,
                "{scale:?}: {place}, want {want}"
            );
        }
    }

    #[test]
    fn ticks_are_readable() {
        let labels = |scale| {
            let ticks = axis(scale).ticks(400).into_iter();
            ticks.map(|tick| tick.label).collect::<Vec<_>>()
        };
        let log = "20 50 100 200 500 1k 2k 5k 10k 20k";
        assert_eq!(labels(FrequencyScale::Log).join(" "), log);
        let linear = "2k 4k 6k 8k 10k 12k 14k 16k 18k 20k";
        assert_eq!(labels(FrequencyScale::Linear).join(" "), linear);
        assert_eq!(
            labels(FrequencyScale::Mel).join(" "),
            "20 200 500 1k 2k 5k 10k 20k"
        );
    }
}
