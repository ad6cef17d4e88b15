//! Whether a description is a network's.

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
    found: impl std::fmt::Debug,
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
        let every = self.network_every_hops;
        let times = 1..=64;
        require(
            times.contains(&every),
            "network_every_hops",
            "1 to 64",
            every,
        )?;
        let lookahead = self.lookahead_hops;
        require(lookahead <= 256, "lookahead_hops", "0 to 256", lookahead)?;
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
        let on_grid = |samples: usize| {
            (1..=1 << 16).contains(&samples) && samples.is_multiple_of(REFERENCE_HOP_SAMPLES)
        };
        let lengths = "a multiple of 256 from 256 to 65536";
        let StftFrontEnd {
            analysis_samples: analysis,
            synthesis_samples: synthesis,
            hop_samples: hop,
            ..
        } = *self;
        require(on_grid(hop), "hop_samples", lengths, hop)?;
        require(on_grid(synthesis), "synthesis_samples", lengths, synthesis)?;
        require(on_grid(analysis), "analysis_samples", lengths, analysis)?;
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
        require(
            (1.0..=1e4).contains(&bands.min_width_hz),
            "min_width_hz",
            "1 to 10000",
            bands.min_width_hz,
        )?;
        require(
            (0.0..=10.0).contains(&bands.relative_width),
            "relative_width",
            "0 to 10",
            bands.relative_width,
        )?;
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
        require(
            (1..=1 << 16).contains(&hop),
            "hop_samples",
            "1 to 65536",
            hop,
        )?;
        require(
            window.is_multiple_of(hop) && window >= hop && window <= 1 << 16,
            "window_samples",
            "a multiple of hop_samples up to 65536",
            window,
        )?;
        require(
            (1..=1 << 14).contains(&self.num_filters),
            "num_filters",
            "1 to 16384",
            self.num_filters,
        )?;
        require(
            (1_000.0..=768_000.0).contains(&self.rate_hz),
            "rate_hz",
            "1000 to 768000",
            self.rate_hz,
        )
    }
}

impl Tcn {
    fn check(&self) -> Result<(), ConfigError> {
        for (field, size, most, expected) in [
            ("bottleneck", self.bottleneck, 1 << 14, "1 to 16384"),
            ("hidden", self.hidden, 1 << 14, "1 to 16384"),
            ("kernel", self.kernel, 64, "1 to 64"),
            ("blocks", self.blocks, 16, "1 to 16"),
            ("repeats", self.repeats, 16, "1 to 16"),
        ] {
            require((1..=most).contains(&size), field, expected, size)?;
        }
        Ok(())
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
    }
}
