//! What a hop costs by the size of the network, the precision of its weights and the instructions
//! that the processor has; front end and synthesis included.
//!
//! Only the size counts, so the larger networks have random weights.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use serde::Serialize;
use unbraid::dice::Dice;
use unbraid::dsp::grid::{Grid, REFERENCE_RATE_HZ};
use unbraid::nn::weights::expected_tensors;
use unbraid::nn::{
    ConvTasNetConfig, ConvTasNetModel, Isa, ModelError, Precision, Tensor, WeightsFile,
};
use unbraid::separators::{ConvTasNet, Separator, SeparatorKind, default_models};
use unbraid::stem::NUM_CHANNELS;

use crate::cost::{Cost, best_times, time_hops};

/// A network costs the same at every rate.
pub const RATE_HZ: f64 = REFERENCE_RATE_HZ;

/// Length of the signal, at most: large networks without vector instructions take their time.
pub const LONGEST_SECONDS: f64 = 10.0;

/// One network in one precision on one instruction set.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Its letters as in the paper: B, H, X, R.
    shape: String,
    /// Whether it is the one that this build plays.
    built_in: bool,
    precision: &'static str,
    isa: &'static str,
    /// Weights that a hop reads.
    num_bytes: usize,
    hop: Cost,
}

/// Measures each network and hands its row to `tell` as soon as there is one.
pub fn measure(
    mix: &[Vec<f32>; NUM_CHANNELS],
    passes: NonZeroUsize,
    tell: impl Fn(&Row),
) -> Result<Vec<Row>, ModelError> {
    let mut rows = Vec::new();
    // Without instructions for f16 all weights are read as f32.
    let mut kinds = vec![(Precision::F32, Isa::Portable)];
    let best = Isa::detect();
    if best != Isa::Portable {
        kinds.splice(..0, [(Precision::F16, best), (Precision::F32, best)]);
    }
    for (built_in, weights) in networks()? {
        for &(precision, isa) in &kinds {
            let model = ConvTasNetModel::with_isa("a network", &weights, precision, isa)?;
            let num_bytes = model.num_bytes();
            let mut separator = ConvTasNet::new(Arc::new(model), &Grid::new(RATE_HZ));
            let times = best_times(passes, || time_hops(&mut separator, mix));
            let row = Row {
                shape: shape(&weights.config),
                built_in,
                precision: match precision {
                    Precision::F16 => "f16",
                    Precision::F32 => "f32",
                },
                isa: match isa {
                    Isa::Portable => "portable",
                    #[cfg(target_arch = "x86_64")]
                    Isa::Avx2 => "avx2",
                },
                num_bytes,
                hop: Cost::new(times, separator.hop_samples(), RATE_HZ),
            };
            tell(&row);
            rows.push(row);
        }
    }
    Ok(rows)
}

/// The build's own networks and two with Live's windows and no refiner, and whether it is one of
/// the first.
fn networks() -> Result<Vec<(bool, WeightsFile)>, ModelError> {
    let mut networks = Vec::new();
    for bytes in SeparatorKind::ALL
        .into_iter()
        .filter_map(default_models::bytes)
    {
        let weights = WeightsFile::from_bytes("the built-in model", bytes)?;
        networks.push((true, weights));
    }
    let mut longer = ConvTasNetConfig::live();
    longer.refiner = None;
    let mut wider = longer.clone();
    longer.tcn.repeats = 3;
    (wider.tcn.bottleneck, wider.tcn.hidden) = (256, 512);
    networks.extend([longer, wider].map(|config| (false, random_weights(config))));
    Ok(networks)
}

fn shape(config: &ConvTasNetConfig) -> String {
    let tcn = &config.tcn;
    format!(
        "B{} H{} X{} R{}",
        tcn.bottleneck, tcn.hidden, tcn.blocks, tcn.repeats
    )
}

/// Weights of the usual size, so that nothing overflows or dies out.
fn random_weights(config: ConvTasNetConfig) -> WeightsFile {
    let mut dice = Dice::new(1, 0_u64);
    let tensors = expected_tensors(&config).into_iter().map(|(name, shape)| {
        let num_inputs = *shape.last().expect("every tensor has a dimension");
        let limit = 1.7 / (num_inputs as f64).sqrt();
        let count = shape.iter().product();
        let values = (0..count).map(|_| dice.between(-limit, limit) as f32);
        let values = values.collect();
        (name, Tensor { shape, values })
    });
    WeightsFile {
        tensors: tensors.collect(),
        config,
        licence: "CC0-1.0".into(),
        provenance: serde_json::Value::Null,
    }
}

/// Widths of a line of the table; the head and the rows share them.
macro_rules! line {
    ($f:expr, $($cell:expr),*) => {
        write!(
            $f,
            "{:<16} {:<8} {:>7} {:<9} {:>7} | {:>5} {:>9} {:>8} {:>8} {:>6}",
            $($cell),*
        )
    };
}

/// The head of the table of rows.
pub struct Head;

impl fmt::Display for Head {
    #[rustfmt::skip]
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        line!(
            f, "network", "weights", "in", "with", "KiB",
            "hop", "median µs", "p99.9 µs", "max µs", "load %"
        )
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let one = |value: f64| format!("{value:.1}");
        let Self { hop, .. } = self;
        line!(
            f,
            self.shape,
            if self.built_in { "built in" } else { "random" },
            self.precision,
            self.isa,
            self.num_bytes / 1024,
            hop.num_samples,
            one(hop.median_us),
            one(hop.p99_9_us),
            one(hop.max_us),
            format!("{:.2}", hop.mean_load * 100.0)
        )
    }
}
