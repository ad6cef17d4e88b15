//! Networks of random weights, for tests of what does not depend on what was learned.

use std::collections::BTreeMap;
use std::sync::Arc;

use unbraid::dsp::grid::Grid;
use unbraid::nn::config::{FrontEnd, LearnedFrontEnd, MaskKind, NormKind, Tcn};
use unbraid::nn::refiner::config::RefinerConfig;
use unbraid::nn::weights::expected_tensors;
use unbraid::nn::{ConvTasNetConfig, ConvTasNetModel, Precision, Tensor, WeightsFile};
use unbraid::separators::ConvTasNet;

/// A small network on STFT bands.
pub fn small() -> ConvTasNetConfig {
    let mut config = ConvTasNetConfig::live();
    config.tcn = Tcn {
        bottleneck: 24,
        hidden: 40,
        blocks: 3,
        ..config.tcn
    };
    config.refiner = None;
    config
}

/// The same with twice the hop, look-ahead, and sliced.
#[allow(dead_code, reason = "not every test that has this module asks for it")]
pub fn small_slow() -> ConvTasNetConfig {
    let mut config = ConvTasNetConfig {
        lookahead_hops: 1,
        sliced: true,
        ..small()
    };
    let FrontEnd::Stft(stft) = &mut config.front_end else {
        unreachable!("a small network has an STFT");
    };
    stft.hop_samples *= 2;
    stft.synthesis_samples *= 2;
    config
}

/// A refiner with a layer of each kind.
#[allow(dead_code, reason = "not every test that has this module asks for it")]
pub fn small_refiner() -> RefinerConfig {
    RefinerConfig {
        channels: 8,
        bands: 5,
        ages: vec![0, 1, 4],
        middle_ages: vec![2, 3],
    }
}

/// A small network with a learned front end.
pub fn small_learned(stereo: bool) -> ConvTasNetConfig {
    ConvTasNetConfig {
        front_end: FrontEnd::Learned(LearnedFrontEnd {
            window_samples: 64,
            hop_samples: 16,
            num_filters: 48,
            stereo,
            rate_hz: 44_100.0,
        }),
        mask: MaskKind::Sigmoid,
        mask_per_channel: false,
        tcn: Tcn {
            norm: NormKind::Cumulative,
            ..small().tcn
        },
        ..small()
    }
}

/// Weights from a seed, scaled so that every layer gives values of order 1.
pub fn random_weights(config: &ConvTasNetConfig, seed: u32) -> WeightsFile {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    let mut tensors = BTreeMap::new();
    for (name, shape) in expected_tensors(config) {
        let count = shape.iter().product();
        let (centre, spread) = match name.rsplit('.').next() {
            Some("weight") if name.contains("depthwise") => (0.0, 1.0),
            Some("weight") => (0.0, 1.7 / (shape[shape.len() - 1] as f32).sqrt()),
            Some("slope") => (0.25, 0.1),
            Some("scale") => (1.0, 0.2),
            _ => (0.0, 0.3),
        };
        let values = (0..count).map(|_| centre + spread * next()).collect();
        tensors.insert(name, Tensor { shape, values });
    }
    WeightsFile {
        config: config.clone(),
        licence: "CC0-1.0".to_owned(),
        provenance: format!("seed {seed}").into(),
        tensors,
    }
}

/// Weights whose sigmoid masks are 1 everywhere.
pub fn open_masks(config: &ConvTasNetConfig) -> WeightsFile {
    assert_eq!(config.mask, MaskKind::Sigmoid);
    let mut weights = random_weights(config, 1);
    weights
        .tensors
        .get_mut("mask.weight")
        .expect("a mask layer")
        .values
        .fill(0.0);
    weights
        .tensors
        .get_mut("mask.bias")
        .expect("a mask layer")
        .values
        .fill(80.0);
    weights
}

/// The model of a weights file, packed in f32.
pub fn model(weights: &WeightsFile) -> Arc<ConvTasNetModel> {
    let model = ConvTasNetModel::new("test", weights, Precision::F32);
    Arc::new(model.expect("it can be streamed"))
}

/// Its separator.
pub fn separator(weights: &WeightsFile, rate_hz: f64) -> Box<ConvTasNet> {
    Box::new(ConvTasNet::new(model(weights), &Grid::new(rate_hz)))
}
