//! How to separate: the mode, and the network of a Conv-TasNet mode.

use std::path::Path;

use anyhow::{Context, bail};
use serde::Serialize;
use unbraid::nn::shared;
use unbraid::separators::{BuildError, Networks, Separator, SeparatorKind, build, default_models};

/// What separates every song.
#[derive(Debug)]
pub struct Method {
    pub kind: SeparatorKind,
    networks: Option<Networks>,
    /// Where the model is from.
    file: Option<String>,
}

/// What is told of a model.
#[derive(Debug, Serialize)]
pub struct About {
    /// `None` for the build's own.
    file: Option<String>,
    title: Option<String>,
    /// Of the weights, as an SPDX expression.
    licence: String,
}

impl Method {
    /// Loads the model, once for all songs. Without a mode, a network separates if there is one.
    pub fn new(kind: Option<SeparatorKind>, file: Option<&Path>) -> anyhow::Result<Self> {
        let kind = kind.unwrap_or(match file {
            Some(_) => SeparatorKind::ConvTasNetLive,
            None => default_models::usual_kind(),
        });
        let networks = match file {
            None if kind.needs_model() => Some(
                default_models::load(kind)
                    .with_context(|| format!("--mode {} needs --model FILE", kind.name()))?,
            ),
            None => None,
            Some(file) if kind.needs_model() => Some(shared::load(file)?.into()),
            Some(_) => bail!(
                "--model: expected --mode conv-tasnet-live or conv-tasnet-studio, found {}",
                kind.name()
            ),
        };
        Ok(Self {
            kind,
            networks,
            file: file.map(|file| file.to_string_lossy().into_owned()),
        })
    }

    /// A separator for songs of a rate in Hz.
    pub fn build(&self, rate_hz: f64) -> Result<Box<dyn Separator>, BuildError> {
        match &self.networks {
            Some(networks) => networks.build(rate_hz),
            None => build(self.kind, rate_hz),
        }
    }

    /// What is told of the model, if there is one.
    pub fn about(&self) -> Option<About> {
        let model = self.networks.as_ref()?.main();
        Some(About {
            file: self.file.clone(),
            title: model.provenance()["title"].as_str().map(str::to_owned),
            licence: model.licence().to_owned(),
        })
    }
}
