//! `train inspect`: what a weights file is.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use unbraid::nn::config::{FrontEnd, MaskKind, NormKind};
use unbraid::nn::{ConvTasNetConfig, WeightsFile};

use crate::export::weights_path;
use crate::say;

#[derive(Args)]
pub struct InspectArgs {
    /// A weights file, or a run's folder
    #[arg(value_name = "FILE|RUN")]
    source: PathBuf,

    /// Print everything as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &InspectArgs) -> Result<()> {
    let weights = WeightsFile::read(&weights_path(&args.source)?)?;
    let config = &weights.config;
    let num_values: usize = weights.tensors.values().map(|t| t.values.len()).sum();
    let rate_hz = config.rate_hz();
    let ms = |samples: usize| 1e3 * samples as f64 / rate_hz;
    if args.json {
        let told = serde_json::json!({
            "config": config,
            "licence": weights.licence,
            "provenance": weights.provenance,
            "num_parameters": num_values,
            "macs_per_hop": config.macs_per_hop(),
            "latency_samples": config.latency_samples(),
            "latency_ms": ms(config.latency_samples()),
            "receptive_field_hops": config.receptive_field_hops(),
            "receptive_field_s": ms(config.receptive_field_hops() * config.hop_samples()) / 1e3,
        });
        return say(&serde_json::to_string_pretty(&told)?);
    }
    let macs = config.macs_per_hop() as f64;
    let provenance = serde_json::to_string_pretty(&weights.provenance)?;
    let rows = [
        ("front end", front_end(config)),
        ("network", network(config)),
        ("refiner", refiner(config)),
        ("masks", masks(config)),
        (
            "latency",
            format!(
                "{} samples at {rate_hz} Hz, {:.1} ms{}",
                config.latency_samples(),
                ms(config.latency_samples()),
                if config.sliced { ", sliced" } else { "" }
            ),
        ),
        (
            "receptive field",
            format!(
                "{} hops, {:.1} s",
                config.receptive_field_hops(),
                ms(config.receptive_field_hops() * config.hop_samples()) / 1e3
            ),
        ),
        (
            "parameters",
            format!(
                "{:.2} M, {:.2} MMAC a hop, {:.2} GMAC/s",
                num_values as f64 / 1e6,
                macs / 1e6,
                macs * rate_hz / config.hop_samples() as f64 / 1e9
            ),
        ),
        ("licence", weights.licence.clone()),
        ("provenance", provenance),
    ];
    let lines = rows.map(|(name, value)| format!("{name:<16} {value}"));
    say(&lines.join("\n"))
}

fn masks(config: &ConvTasNetConfig) -> String {
    let kind = match config.mask {
        MaskKind::Sigmoid => "sigmoid",
        MaskKind::Softmax => "softmax over the stems",
        MaskKind::Complex => "complex",
    };
    let channels = match config.mask_per_channel {
        true => "for each channel",
        false => "for both channels",
    };
    match config.network_every_hops {
        1 => format!("{kind}, {channels}"),
        n => format!("{kind}, {channels}, held for {n} hops"),
    }
}

fn front_end(config: &ConvTasNetConfig) -> String {
    match &config.front_end {
        FrontEnd::Stft(stft) => format!(
            "STFT: windows {}/{}, hop {} at 44.1 kHz, {} bands to {} Hz{}{}, native at every rate",
            stft.analysis_samples,
            stft.synthesis_samples,
            stft.hop_samples,
            config.num_bands(),
            stft.bands.top_hz,
            if stft.coherence { ", coherence" } else { "" },
            if stft.steady_level {
                ", steady level"
            } else {
                ""
            }
        ),
        FrontEnd::Learned(learned) => format!(
            "learned: {} {} filters of {}, hop {}, at {} Hz",
            learned.num_filters,
            if learned.stereo { "stereo" } else { "mono" },
            learned.window_samples,
            learned.hop_samples,
            learned.rate_hz
        ),
    }
}

fn refiner(config: &ConvTasNetConfig) -> String {
    match &config.refiner {
        Some(refiner) => format!(
            "C {}, features of {} bands in frames {:?} back, middle layers {:?} back",
            refiner.channels, refiner.bands, refiner.ages, refiner.middle_ages
        ),
        None => "none".to_owned(),
    }
}

fn network(config: &ConvTasNetConfig) -> String {
    let tcn = &config.tcn;
    format!(
        "B {}, H {}, P {}, X {}, R {}, {} norm, {}",
        tcn.bottleneck,
        tcn.hidden,
        tcn.kernel,
        tcn.blocks,
        tcn.repeats,
        match tcn.norm {
            NormKind::Batch => "batch",
            NormKind::Frame => "frame",
            NormKind::Cumulative => "cumulative",
            NormKind::Global => "global",
        },
        if tcn.skip_connections {
            "skip connections"
        } else {
            "no skip connections"
        }
    )
}
