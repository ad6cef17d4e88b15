//! What a network learns: named tensors, laid one after the other in a flat vector.
//!
//! The optimiser, the average of the weights, checkpoints and workers all see the flat vector; the
//! network sees tensors. Names follow the weights file's ([`crate::nn::config`]), with these
//! differences: what stands between a block's matrices is packed into one tensor (`middle`), batch
//! norms have statistics beside them, and residual and skip convolutions have no bias, as the
//! shift of the norm before them is one.

use std::f64::consts::PI;
use std::ops::Range;

use crate::dice::Dice;
use crate::nn::config::{ConvTasNetConfig, FrontEnd, LearnedFrontEnd, NormKind};
use crate::stem::NUM_CHANNELS;

/// Rows of a block's `middle` besides the P taps, which come after the first four.
pub const MIDDLE_ROWS: usize = 8;

/// Row of [`MIDDLE_ROWS`]: bias and PReLU slope of the expansion, scale and shift of its norm.
pub const BIAS1: usize = 0;
pub const SLOPE1: usize = 1;
pub const SCALE1: usize = 2;
pub const SHIFT1: usize = 3;
/// The first tap, the oldest.
pub const TAPS: usize = 4;

/// Rows after the taps: bias and slope of the depthwise convolution, scale and shift of its norm.
pub const BIAS2: usize = 0;
pub const SLOPE2: usize = 1;
pub const SCALE2: usize = 2;
pub const SHIFT2: usize = 3;

/// How the filters of a learned front end begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterInit {
    #[default]
    Random,
    /// Windowed cosines and sines of both signs, as ReLU lets only one through.
    Fourier,
}

/// One tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub name: String,
    pub shape: Vec<usize>,
    /// Where it begins in the flat vector.
    pub start: usize,
}

impl Parameter {
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its part of a flat vector.
    pub fn of<'a>(&self, flat: &'a [f32]) -> &'a [f32] {
        &flat[self.start..self.start + self.len()]
    }
}

/// A row of tensors and how long they are together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    pub tensors: Vec<Parameter>,
    pub len: usize,
}

impl Layout {
    fn add(&mut self, name: String, shape: &[usize]) {
        let parameter = Parameter {
            name,
            shape: shape.to_vec(),
            start: self.len,
        };
        self.len += parameter.len();
        self.tensors.push(parameter);
    }

    /// What a network of this description learns.
    pub fn parameters(config: &ConvTasNetConfig) -> Self {
        let tcn = &config.tcn;
        let (b, h) = (tcn.bottleneck, tcn.hidden);
        let mut layout = Self::default();
        if let FrontEnd::Learned(learned) = &config.front_end {
            let shape = [learned.num_filters, filter_samples(learned)];
            layout.add("encoder.weight".into(), &shape);
            layout.add("decoder.weight".into(), &shape);
        }
        if tcn.norm != NormKind::Batch {
            // The bottleneck is as good a scale and shift, where a norm is folded into it.
            layout.add("input_norm.scale".into(), &[config.num_features()]);
            layout.add("input_norm.shift".into(), &[config.num_features()]);
        }
        layout.add("bottleneck.weight".into(), &[b, config.num_features()]);
        layout.add("bottleneck.bias".into(), &[b]);
        for block in 0..config.num_blocks() {
            layout.add(format!("blocks.{block}.expand.weight"), &[h, b]);
            layout.add(
                format!("blocks.{block}.middle"),
                &[MIDDLE_ROWS + tcn.kernel, h],
            );
            if config.has_residual(block) {
                layout.add(format!("blocks.{block}.residual.weight"), &[b, h]);
            }
            if tcn.skip_connections {
                layout.add(format!("blocks.{block}.skip.weight"), &[b, h]);
            }
        }
        layout.add("mask.slope".into(), &[b]);
        layout.add("mask.weight".into(), &[config.num_mask_values(), b]);
        layout.add("mask.bias".into(), &[config.num_mask_values()]);
        if let Some(refiner) = config.refiner_shape() {
            for (name, shape) in refiner.tensors() {
                layout.add(name, &shape);
            }
        }
        layout
    }

    /// Means and variances of a network with batch norms: `[mean, variance]` of the features, then
    /// `[mean1, variance1, mean2, variance2]` of each block. Empty for other norms.
    pub fn statistics(config: &ConvTasNetConfig) -> Self {
        let mut layout = Self::default();
        if config.tcn.norm == NormKind::Batch {
            layout.add("input_norm".into(), &[2, config.num_features()]);
            for block in 0..config.num_blocks() {
                layout.add(format!("blocks.{block}"), &[4, config.tcn.hidden]);
            }
        }
        layout
    }

    /// Where each norm's means and variances stand, in a layout of [`Layout::statistics`].
    pub fn moment_pairs(&self) -> impl Iterator<Item = [Range<usize>; 2]> {
        self.tensors.iter().flat_map(|tensor| {
            let columns = tensor.shape[1];
            (0..tensor.shape[0] / 2).map(move |pair| {
                let start = tensor.start + 2 * pair * columns;
                [start..start + columns, start + columns..start + 2 * columns]
            })
        })
    }

    /// The tensor of a name.
    ///
    /// # Panics
    /// If there is none.
    pub fn tensor(&self, name: &str) -> &Parameter {
        let found = self.tensors.iter().find(|t| t.name == name);
        found.unwrap_or_else(|| panic!("the network has a tensor {name}"))
    }
}

/// Samples that a filter of a learned front end spans, over its channels.
pub fn filter_samples(learned: &LearnedFrontEnd) -> usize {
    let channels = if learned.stereo { NUM_CHANNELS } else { 1 };
    channels * learned.window_samples
}

/// Initial values: matrices uniform with variance 1 / inputs (residual convolutions smaller, so
/// that the sum of the blocks begins with variance 1), PReLU slopes 0.25, scales 1, the rest 0. A
/// refiner begins as one that changes nothing.
pub fn initial_values(config: &ConvTasNetConfig, filters: FilterInit, seed: u64) -> Vec<f32> {
    let layout = Layout::parameters(config);
    let mut values = vec![0.0; layout.len];
    for (stream, parameter) in layout.tensors.iter().enumerate() {
        let mut dice = Dice::new(seed, stream as u64);
        let place = &mut values[parameter.start..][..parameter.len()];
        let name = parameter.name.as_str();
        let columns = *parameter.shape.last().expect("no tensor is a scalar");
        let mut fill = |place: &mut [f32], deviation: f64| {
            let limit = 3.0_f64.sqrt() * deviation;
            place.fill_with(|| dice.between(-limit, limit) as f32);
        };
        let inputs = columns as f64;
        if name.ends_with("middle") {
            let taps = config.tcn.kernel;
            let row = |index: usize| index * columns..(index + 1) * columns;
            fill(
                &mut place[TAPS * columns..(TAPS + taps) * columns],
                (taps as f64).recip().sqrt(),
            );
            for slope in [SLOPE1, TAPS + taps + SLOPE2] {
                place[row(slope)].fill(0.25);
            }
            for scale in [SCALE1, TAPS + taps + SCALE2] {
                place[row(scale)].fill(1.0);
            }
        } else if name == "encoder.weight" || name == "decoder.weight" {
            let FrontEnd::Learned(learned) = &config.front_end else {
                unreachable!("only a learned front end has filters")
            };
            match filters {
                FilterInit::Random => fill(place, inputs.recip().sqrt()),
                FilterInit::Fourier => fourier_filters(learned, name == "decoder.weight", place),
            }
        } else if name.ends_with("residual.weight") || name.ends_with("skip.weight") {
            let deviation = (inputs * config.num_blocks() as f64).recip().sqrt();
            fill(place, deviation);
        } else if name == "refiner.masks.weight" {
            // Mask values are some times as large as the scaled features.
            fill(place, 0.25 * inputs.recip().sqrt());
        } else if name.ends_with("weight") && name != "refiner.last.weight" {
            fill(place, inputs.recip().sqrt());
        } else if name.ends_with("slope") {
            place.fill(0.25);
        } else if name.ends_with("scale") {
            place.fill(1.0);
        }
    }
    values
}

/// Filters `4k … 4k + 3` are a cosine, a sine and their negatives at the k-th of K = N/4
/// frequencies that fill the band evenly, under a sine window; on both channels they are equal for
/// even k and opposite for odd k.
///
/// A filter and its negative let through both signs, so the ReLU loses nothing; and as
/// `Σ_k cos(ω_k d) = K` for `d = 0` and 0 for other lags, decoding gives the signal back if K is
/// at least half the window (and about so in stereo).
fn fourier_filters(learned: &LearnedFrontEnd, decodes: bool, place: &mut [f32]) {
    let window = learned.window_samples;
    let num_frequencies = learned.num_filters.div_ceil(4);
    let overlap = window as f64 / learned.hop_samples as f64;
    let channels = place.len() / learned.num_filters / window;
    let norm = (window as f64 / 2.0).sqrt();
    let scale = if decodes {
        // The squared windows add up to half the overlap.
        2.0 * norm / (num_frequencies as f64 * overlap)
    } else {
        1.0 / norm
    };
    for (index, filter) in place.chunks_exact_mut(channels * window).enumerate() {
        let k = index / 4;
        let omega = PI * (k as f64 + 0.5) / num_frequencies as f64;
        let (phase, sign) = [(0.0, 1.0), (0.0, -1.0), (PI / 2.0, 1.0), (PI / 2.0, -1.0)][index % 4];
        for (n, value) in filter.iter_mut().enumerate() {
            let (channel, n) = (n / window, (n % window) as f64 + 0.5);
            let side = if channel == 1 && k % 2 == 1 {
                -1.0
            } else {
                1.0
            };
            let envelope = (PI * n / window as f64).sin();
            *value = (side * sign * scale * envelope * (omega * n - phase).cos()) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::*;
    use crate::score::si_sdr_db;
    use crate::train::net::Net;
    use crate::train::wave::frames::{frames, overlap_add};

    #[test]
    fn fourier_filters_give_back_what_they_encode() -> candle_core::Result<()> {
        let mut config = ConvTasNetConfig::paper();
        let learned = LearnedFrontEnd {
            window_samples: 64,
            hop_samples: 16,
            num_filters: 256,
            stereo: false,
            rate_hz: 44_100.0,
        };
        config.front_end = FrontEnd::Learned(learned);
        let net = Net::new(&config, &Device::Cpu)?;
        net.load(&initial_values(&config, FilterInit::Fourier, 1))?;
        let mut dice = Dice::new(1, 0_u64);
        let x: Vec<f32> = (0..1024).map(|_| dice.between(-1.0, 1.0) as f32).collect();
        let mix = Tensor::from_slice(&[x.clone(), x.clone()].concat(), (1, 2, 1024), &Device::Cpu)?;
        let codes = net.encode(&frames(&mix, 64, 16)?)?;
        let back = overlap_add(&net.decode(&codes)?, 16)?
            .flatten_all()?
            .to_vec1::<f32>()?;
        // Between the ends, where all windows overlap.
        let cut = |x: &[f32]| x[64..960].to_vec();
        let (want, got) = (cut(&x), cut(&back));
        let score = si_sdr_db(&[&want, &want], &[&got, &got]).expect("noise sounds");
        assert!(score > 60.0, "{score} dB");
        let energy = |x: &[f32]| x.iter().map(|x| x * x).sum::<f32>();
        let gain = (energy(&got) / energy(&want)).sqrt();
        assert!((gain - 1.0).abs() < 1e-3, "{gain}");
        Ok(())
    }
}
