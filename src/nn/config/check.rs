//! Whether a description is a network's.

use std::fmt::{Debug, Display};
use std::ops::RangeInclusive;

use super::{ConvTasNetConfig, FrontEnd, LearnedFrontEnd, MaskKind, StftFrontEnd, Tcn};
use crate::dsp::grid::REFERENCE_HOP_SAMPLES;

/// Why a description is no network; one sentence each.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{field}: expected {expected}, found {found}")]
pub struct ConfigError {
    pub field: &'static str,
    pub expected: String,
    pub found: String,
}

fn require(
    holds: bool,
    field: &'static str,
    expected: &str,
    found: impl Debug,
) -> Result<(), ConfigError> {
    if holds {
        return Ok(());
    }
    Err(ConfigError {
        field,
        expected: expected.to_owned(),
        found: format!("{found:?}"),
    })
}

fn require_within<T: PartialOrd + Debug + Display>(
    range: RangeInclusive<T>,
    field: &'static str,
    found: T,
) -> Result<(), ConfigError> {
    let expected = format!("{} to {}", range.start(), range.end());
    require(range.contains(&found), field, &expected, found)
}

impl ConvTasNetConfig {
    /// Checks that the parts fit together.
    ///
    /// # Errors
    /// The first field that does not, with what was expected and what was found.
    pub fn check(&self) -> Result<(), ConfigError> {
        match &self.front_end {
            FrontEnd::Stft(stft) => stft.check()?,
            FrontEnd::Learned(learned) => {
                learned.check()?;
                require(
                    self.mask != MaskKind::Complex,
                    "mask",
                    "sigmoid or softmax with a learned front end",
                    self.mask,
                )?;
                require(
                    !(learned.stereo && self.mask_per_channel),
                    "mask_per_channel",
                    "false where the filters span both channels",
                    self.mask_per_channel,
                )?;
            }
        }
        self.tcn.check()?;
        require_within(1..=64, "network_every_hops", self.network_every_hops)?;
        require_within(0..=256, "lookahead_hops", self.lookahead_hops)?;
        let Some(refiner) = &self.refiner else {
            return Ok(());
        };
        let fits = matches!(self.front_end, FrontEnd::Stft(_)) && self.mask != MaskKind::Complex;
        let expected = "none without STFT bands and real masks";
        require(fits, "refiner", expected, refiner)?;
        refiner
            .check()
            .map_err(|(field, expected, found)| ConfigError {
                field,
                expected: expected.to_owned(),
                found,
            })
    }
}

impl StftFrontEnd {
    fn check(&self) -> Result<(), ConfigError> {
        let (analysis, synthesis) = (self.analysis_samples, self.synthesis_samples);
        let hop = self.hop_samples;
        for (field, samples) in [
            ("hop_samples", hop),
            ("synthesis_samples", synthesis),
            ("analysis_samples", analysis),
        ] {
            require(
                (1..=1 << 16).contains(&samples) && samples.is_multiple_of(REFERENCE_HOP_SAMPLES),
                field,
                "a multiple of 256 from 256 to 65536",
                samples,
            )?;
        }
        require(
            synthesis.is_multiple_of(hop) && synthesis >= 2 * hop,
            "synthesis_samples",
            "two or more hops",
            synthesis,
        )?;
        require(
            analysis >= synthesis,
            "analysis_samples",
            "at least synthesis_samples",
            analysis,
        )?;
        let bands = &self.bands;
        require_within(1.0..=1e4, "min_width_hz", bands.min_width_hz)?;
        require_within(0.0..=10.0, "relative_width", bands.relative_width)?;
        require(
            (bands.min_width_hz..=22_050.0).contains(&bands.top_hz),
            "top_hz",
            "min_width_hz to 22050",
            bands.top_hz,
        )
    }
}

impl LearnedFrontEnd {
    fn check(&self) -> Result<(), ConfigError> {
        let (window, hop) = (self.window_samples, self.hop_samples);
        require_within(1..=1 << 16, "hop_samples", hop)?;
        require(
            window.is_multiple_of(hop) && window >= hop && window <= 1 << 16,
            "window_samples",
            "a multiple of hop_samples up to 65536",
            window,
        )?;
        require_within(1..=1 << 14, "num_filters", self.num_filters)?;
        require_within(1_000.0..=768_000.0, "rate_hz", self.rate_hz)
    }
}

impl Tcn {
    fn check(&self) -> Result<(), ConfigError> {
        require_within(1..=1 << 14, "bottleneck", self.bottleneck)?;
        require_within(1..=1 << 14, "hidden", self.hidden)?;
        require_within(1..=64, "kernel", self.kernel)?;
        require_within(1..=16, "blocks", self.blocks)?;
        require_within(1..=16, "repeats", self.repeats)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_field_is_named() {
        let mut config = ConvTasNetConfig::live();
        config.tcn.hidden = 0;
        let error = config.check().expect_err("no hidden channels");
        assert_eq!(error.to_string(), "hidden: expected 1 to 16384, found 0");
        let mut config = ConvTasNetConfig::live();
        if let FrontEnd::Stft(stft) = &mut config.front_end {
            stft.synthesis_samples = 256;
        }
        assert_eq!(
            config.check().expect_err("one hop").field,
            "synthesis_samples"
        );
        let mut config = ConvTasNetConfig::live();
        if let FrontEnd::Stft(stft) = &mut config.front_end {
            stft.bands.min_width_hz = f64::NAN;
        }
        let error = config.check().expect_err("no width");
        assert_eq!(
            error.to_string(),
            "min_width_hz: expected 1 to 10000, found NaN"
        );
    }
}
