//! From what was learned to what plays: folds batch norms into their neighbours.
//!
//! A norm with moments `m, v`, scale `g` and shift `b` is `y = s·x + t` with `s = g / √(v + ε)`
//! and `t = b − m·s`. The features' goes into the bottleneck, a block's first into its depthwise
//! convolution, its second into the residual and skip convolutions. Where a folded convolution
//! reaches back before the first frame, the network learned with zeros *behind* the norm: so the
//! past is filled with `−t/s`, which the norm maps to 0.

use std::collections::BTreeMap;

use super::parameters::{
    BIAS1, BIAS2, Layout, SCALE1, SCALE2, SHIFT1, SHIFT2, SLOPE1, SLOPE2, TAPS,
};
use crate::nn::config::NormKind;
use crate::nn::{ConvTasNetConfig, NORM_EPSILON, Tensor, WeightsFile, weights::expected_tensors};

/// A channel's scale below which its norm can't be undone: it then tells nothing anyway.
const SMALLEST_SCALE: f32 = 1e-6;

/// The weights file of a network: `parameters` and `statistics` are flat, laid out by [`Layout`].
pub fn export(
    config: &ConvTasNetConfig,
    parameters: &[f32],
    statistics: &[f32],
    licence: &str,
    provenance: serde_json::Value,
) -> WeightsFile {
    let network = Network {
        config,
        layout: Layout::parameters(config),
        parameters,
        statistics_layout: Layout::statistics(config),
        statistics,
    };
    let tensors = network.tensors();
    let named: BTreeMap<String, Tensor> = expected_tensors(config)
        .into_iter()
        .map(|(name, shape)| {
            let values = tensors.get(&name).cloned();
            let values = values.unwrap_or_else(|| panic!("{name} is exported"));
            assert_eq!(values.len(), shape.iter().product::<usize>(), "{name}");
            (name, Tensor { shape, values })
        })
        .collect();
    WeightsFile {
        config: config.clone(),
        licence: licence.to_owned(),
        provenance,
        tensors: named,
    }
}

struct Network<'a> {
    config: &'a ConvTasNetConfig,
    layout: Layout,
    parameters: &'a [f32],
    statistics_layout: Layout,
    statistics: &'a [f32],
}

/// `y = scale · x + shift`, a value a channel.
struct Affine {
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl Affine {
    fn folded(moments: [&[f32]; 2], scale: &[f32], shift: &[f32]) -> Self {
        let [mean, variance] = moments;
        let scale: Vec<f32> = scale
            .iter()
            .zip(variance)
            .map(|(g, v)| {
                let s = g / (v + NORM_EPSILON).sqrt();
                if s.abs() < SMALLEST_SCALE {
                    SMALLEST_SCALE
                } else {
                    s
                }
            })
            .collect();
        let shift = shift.iter().zip(mean).zip(&scale);
        let shift = shift.map(|((b, m), s)| b - m * s).collect();
        Self { scale, shift }
    }
}

impl<'a> Network<'a> {
    fn parameter(&self, name: &str) -> &'a [f32] {
        self.layout.tensor(name).of(self.parameters)
    }

    /// Row of a matrix of moments.
    fn moments(&self, name: &str, row: usize) -> &'a [f32] {
        let parameter = self.statistics_layout.tensor(name);
        let columns = parameter.shape[1];
        &parameter.of(self.statistics)[row * columns..][..columns]
    }

    fn tensors(&self) -> BTreeMap<String, Vec<f32>> {
        let config = self.config;
        let is_batch = config.tcn.norm == NormKind::Batch;
        let hidden = config.tcn.hidden;
        let taps = config.tcn.kernel;
        let mut tensors = BTreeMap::new();
        let mut put = |name: String, values: Vec<f32>| {
            tensors.insert(name, values);
        };
        // What has the same name and meaning in both.
        for parameter in &self.layout.tensors {
            put(
                parameter.name.clone(),
                parameter.of(self.parameters).to_vec(),
            );
        }
        if is_batch {
            let features = config.num_features();
            let moments = [0, 1].map(|row| self.moments("input_norm", row));
            let affine = Affine::folded(moments, &vec![1.0; features], &vec![0.0; features]);
            let weight = self.parameter("bottleneck.weight");
            let (weight, mut bias) = fold_columns(weight, &affine);
            add(&mut bias, self.parameter("bottleneck.bias"));
            put("bottleneck.weight".into(), weight);
            put("bottleneck.bias".into(), bias);
        }
        for block in 0..config.num_blocks() {
            let name = |part: &str| format!("blocks.{block}.{part}");
            let middle = self.parameter(&name("middle"));
            let row = |index: usize| &middle[index * hidden..][..hidden];
            let after = TAPS + taps;
            put(name("expand.bias"), row(BIAS1).to_vec());
            put(name("expand.slope"), row(SLOPE1).to_vec());
            put(name("depthwise.slope"), row(after + SLOPE2).to_vec());
            let mut depthwise = middle[TAPS * hidden..after * hidden].to_vec();
            let mut bias = row(after + BIAS2).to_vec();
            let mut second = None;
            if is_batch {
                let statistics = format!("blocks.{block}");
                let moments =
                    |first: usize| [first, first + 1].map(|index| self.moments(&statistics, index));
                let first = Affine::folded(moments(0), row(SCALE1), row(SHIFT1));
                for tap in depthwise.chunks_exact_mut(hidden) {
                    for j in 0..hidden {
                        bias[j] += tap[j] * first.shift[j];
                        tap[j] *= first.scale[j];
                    }
                }
                let history = first.shift.iter().zip(&first.scale);
                put(
                    name("depthwise.history"),
                    history.map(|(t, s)| -t / s).collect(),
                );
                second = Some(Affine::folded(
                    moments(2),
                    row(after + SCALE2),
                    row(after + SHIFT2),
                ));
            } else {
                put(name("norm1.scale"), row(SCALE1).to_vec());
                put(name("norm1.shift"), row(SHIFT1).to_vec());
                put(name("norm2.scale"), row(after + SCALE2).to_vec());
                put(name("norm2.shift"), row(after + SHIFT2).to_vec());
            }
            put(name("depthwise.weight"), depthwise);
            put(name("depthwise.bias"), bias);
            for (part, has) in [
                ("residual", config.has_residual(block)),
                ("skip", config.tcn.skip_connections),
            ] {
                if has {
                    let weight = self.parameter(&name(&format!("{part}.weight")));
                    let (weight, bias) = match &second {
                        Some(affine) => fold_columns(weight, affine),
                        None => (weight.to_vec(), vec![0.0; config.tcn.bottleneck]),
                    };
                    put(name(&format!("{part}.weight")), weight);
                    put(name(&format!("{part}.bias")), bias);
                }
            }
        }
        tensors
    }
}

/// `W · (s·x + t) = (W·s) · x + W·t`: the new matrix and bias.
fn fold_columns(weight: &[f32], affine: &Affine) -> (Vec<f32>, Vec<f32>) {
    let rows = weight.chunks_exact(affine.scale.len());
    let bias = rows
        .clone()
        .map(|row| {
            let products = row.iter().zip(&affine.shift);
            products.map(|(w, t)| f64::from(w * t)).sum::<f64>() as f32
        })
        .collect();
    let folded = rows.flat_map(|row| row.iter().zip(&affine.scale).map(|(w, s)| w * s));
    (folded.collect(), bias)
}

fn add(sum: &mut [f32], values: &[f32]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value;
    }
}
