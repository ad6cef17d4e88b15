//! All that decides how a run goes; saved beside it as JSON.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::data::DataSpec;
use super::objective::Loss;
use super::optimiser::OptimiserSettings;
use super::parameters::FilterInit;
use crate::nn::ConvTasNetConfig;
use crate::nn::config::{ConfigError, FrontEnd, MaskKind, NormKind, Tcn};

/// The settings of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub config: ConvTasNetConfig,
    /// How a learned front end begins.
    #[serde(default)]
    pub filters: FilterInit,
    pub data: DataSpec,
    /// Weights to begin from instead of random ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begin_from: Option<Beginning>,
    /// What is learned from which step on, in the order of the steps; the first begins at 0.
    pub phases: Vec<Phase>,
    /// The first part of each segment only fills the network's memory. What does not count is not
    /// learned: with 0 the network plays well from the first moment after a reset.
    pub warm_up_s: f64,
    /// Segments in a step.
    pub batch: usize,
    /// Threads that find gradients, each on its share of the batch.
    pub workers: usize,
    /// Steps in all.
    pub steps: u64,
    #[serde(default)]
    pub optimiser: OptimiserSettings,
    pub seed: u64,
    pub log_every_steps: u64,
    pub validate_every_steps: u64,
    pub checkpoint_every_s: f64,
    /// Validations without a new best after which the run ends; 0: never.
    pub patience: u32,
    /// Training audio over which batch norms' statistics are measured for what is played.
    pub statistics_s: f64,
    /// Of the weights, as an SPDX expression; `NOASSERTION` says nothing.
    pub licence: String,
    /// Where the data comes from, for whoever reads the weights file.
    #[serde(default)]
    pub data_note: String,
}

/// Weights that a run begins from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beginning {
    pub file: PathBuf,
    /// Of the file, kept for the provenance of what comes of it; filled in as the run begins.
    #[serde(default)]
    pub provenance: serde_json::Value,
}

/// A stretch of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    pub from_step: u64,
    pub loss: Loss,
}

/// Networks that have a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// The low-latency network that is built in.
    Live,
    /// The network for mixing that is built in.
    Studio,
    /// Live's windows with a network that learns within minutes.
    Small,
    /// The paper's, on one channel, with its learned front end.
    Paper,
}

impl Preset {
    pub const ALL: [Preset; 4] = [Preset::Live, Preset::Studio, Preset::Small, Preset::Paper];

    pub const fn name(self) -> &'static str {
        match self {
            Preset::Live => "live",
            Preset::Studio => "studio",
            Preset::Small => "small",
            Preset::Paper => "paper",
        }
    }

    pub fn settings(self) -> Settings {
        Settings::of(match self {
            Preset::Live => ConvTasNetConfig::live(),
            Preset::Studio => ConvTasNetConfig::studio(),
            Preset::Small => small(),
            Preset::Paper => ConvTasNetConfig::paper(),
        })
    }
}

fn small() -> ConvTasNetConfig {
    let live = ConvTasNetConfig::live();
    let front_end = match live.front_end {
        FrontEnd::Stft(mut stft) => {
            stft.bands.relative_width = 0.03;
            FrontEnd::Stft(stft)
        }
        learned => learned,
    };
    ConvTasNetConfig {
        front_end,
        tcn: Tcn {
            bottleneck: 64,
            hidden: 128,
            blocks: 7,
            ..live.tcn
        },
        refiner: None,
        ..live
    }
}

/// Why settings make no sense; one sentence each.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("network description: {0}")]
    Config(#[from] ConfigError),
    #[error("{field}: expected {expected}, found {found}")]
    Field {
        field: &'static str,
        expected: &'static str,
        found: String,
    },
}

impl Settings {
    /// What a network is usually taught with.
    pub fn of(config: ConvTasNetConfig) -> Self {
        let loss = match (&config.front_end, config.mask) {
            (FrontEnd::Stft(_), MaskKind::Softmax) => Loss::mask_cross_entropy(),
            _ => Loss::log_snr(),
        };
        Settings {
            config,
            filters: FilterInit::default(),
            data: DataSpec::default(),
            begin_from: None,
            phases: vec![Phase { from_step: 0, loss }],
            warm_up_s: 0.0,
            batch: 4,
            workers: 2,
            steps: 20_000,
            optimiser: OptimiserSettings::default(),
            seed: 1,
            log_every_steps: 50,
            validate_every_steps: 1_000,
            checkpoint_every_s: 120.0,
            patience: 10,
            statistics_s: 600.0,
            licence: "NOASSERTION".to_owned(),
            data_note: String::new(),
        }
    }

    /// Checks that they make sense together; the data has checks of its own.
    ///
    /// # Errors
    /// The first field that does not.
    pub fn check(&self) -> Result<(), SettingsError> {
        self.config.check()?;
        let require = |holds: bool, field, expected, found: &dyn std::fmt::Display| {
            let found = found.to_string();
            let wrong = SettingsError::Field {
                field,
                expected,
                found,
            };
            if holds { Ok(()) } else { Err(wrong) }
        };
        require(
            self.config.tcn.norm != NormKind::Global,
            "norm",
            "a causal one, as validation plays hop by hop",
            &"global",
        )?;
        require(self.workers > 0, "workers", "1 or more", &self.workers)?;
        require(
            self.batch >= self.workers,
            "batch",
            "at least a segment for each worker",
            &self.batch,
        )?;
        require(self.steps > 0, "steps", "1 or more", &self.steps)?;
        let every = [
            ("log_every_steps", self.log_every_steps),
            ("validate_every_steps", self.validate_every_steps),
        ];
        for (field, steps) in every {
            require(steps > 0, field, "1 or more", &steps)?;
        }
        require(
            (0.0..self.data.segment_s).contains(&self.warm_up_s),
            "warm_up_s",
            "less than data.segment_s",
            &self.warm_up_s,
        )?;
        require(
            self.statistics_s > 0.0,
            "statistics_s",
            "more than 0 seconds",
            &self.statistics_s,
        )?;
        let first = self.phases.first().map(|phase| phase.from_step);
        require(
            first == Some(0) && self.phases.is_sorted_by_key(|phase| phase.from_step),
            "phases",
            "from_step to ascend from 0",
            &format!(
                "{:?}",
                self.phases.iter().map(|p| p.from_step).collect::<Vec<_>>()
            ),
        )?;
        let fits = matches!(
            (&self.config.front_end, self.config.mask),
            (FrontEnd::Stft(_), MaskKind::Softmax)
        );
        for phase in &self.phases {
            require(
                fits || !matches!(phase.loss, Loss::MaskCrossEntropy { .. }),
                "phases",
                "a loss of waves where masks are no softmax over STFT bands",
                &"mask_cross_entropy",
            )?;
            require(
                !matches!(&phase.loss, Loss::Waves(terms) if terms.is_empty()),
                "phases",
                "a term in a loss of waves",
                &"none",
            )?;
        }
        Ok(())
    }

    /// What is learned at a step.
    pub fn loss_at(&self, step: u64) -> &Loss {
        let mut phases = self.phases.iter().rev();
        let phase = phases.find(|phase| phase.from_step <= step);
        &phase.unwrap_or(&self.phases[0]).loss
    }
}
