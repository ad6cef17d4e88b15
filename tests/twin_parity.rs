//! The network that learns and the one that plays give the same masks, frame by frame from the
//! first one after a reset.

mod common;

use candle_core::{Device, Tensor};
use common::networks::{small, small_learned};
use unbraid::dice::Dice;
use unbraid::nn::config::{MaskKind, NormKind};
use unbraid::nn::{ConvTasNetConfig, ConvTasNetModel, ConvTasNetState, Precision};
use unbraid::train::export::export;
use unbraid::train::net::{Moments, Net};
use unbraid::train::parameters::{FilterInit, Layout, initial_values};

/// Weights as they might be after learning: every kind of value moved from where it began.
fn learned_values(config: &ConvTasNetConfig) -> (Vec<f32>, Vec<f32>) {
    let mut dice = Dice::new(5, 0_u64);
    let mut values = initial_values(config, FilterInit::Random, 3);
    values
        .iter_mut()
        .for_each(|x| *x += dice.between(-0.05, 0.05) as f32);
    let statistics = (0..Layout::statistics(config).len)
        .map(|_| dice.between(0.3, 1.5) as f32)
        .collect();
    (values, statistics)
}

/// Masks of random features by both, `[frame][M]`.
fn masks_of_both(config: &ConvTasNetConfig, precision: Precision, frames: usize) -> [Vec<f32>; 2] {
    let (values, statistics) = learned_values(config);
    let mut dice = Dice::new(6, 0_u64);
    let num_features = config.num_features();
    let features: Vec<f32> = (0..frames * num_features)
        .map(|_| dice.between(-2.0, 3.0) as f32)
        .collect();

    let net = Net::new(config, &Device::Cpu).expect("a network");
    net.load(&values).expect("weights of its shape");
    let input = Tensor::from_slice(&features, (1, frames, num_features), &Device::Cpu);
    let masks = net.masks(&input.expect("features"), Moments::Running(&statistics));
    let masks = net.activate(&masks.expect("it runs").values);
    let learns = masks.and_then(|m| m.flatten_all()?.to_vec1());

    let weights = export(
        config,
        &values,
        &statistics,
        "CC0-1.0",
        serde_json::Value::Null,
    );
    let model = ConvTasNetModel::new("test", &weights, precision).expect("it can be streamed");
    let mut state = ConvTasNetState::new(&model);
    let mut plays = vec![0.0; frames * config.num_mask_values()];
    let rows = features.chunks_exact(num_features);
    for (features, masks) in rows.zip(plays.chunks_exact_mut(config.num_mask_values())) {
        model.begin(&mut state, features);
        for block in 0..config.num_blocks() {
            model.run_block(&mut state, block);
        }
        model.finish(&mut state, masks);
    }
    [learns.expect("masks"), plays]
}

fn configs() -> Vec<(&'static str, ConvTasNetConfig)> {
    let with = |change: &dyn Fn(&mut ConvTasNetConfig)| {
        let mut config = small();
        change(&mut config);
        config
    };
    vec![
        ("batch norm, softmax", small()),
        (
            "frame norm, sigmoid, no skips, one mask",
            with(&|c| {
                c.tcn.norm = NormKind::Frame;
                c.tcn.skip_connections = false;
                c.mask = MaskKind::Sigmoid;
                c.mask_per_channel = false;
            }),
        ),
        (
            "batch norm, complex, no skips, two taps",
            with(&|c| {
                c.mask = MaskKind::Complex;
                c.tcn.skip_connections = false;
                c.tcn.kernel = 2;
            }),
        ),
        (
            "cumulative norm",
            with(&|c| c.tcn.norm = NormKind::Cumulative),
        ),
        ("learned, stereo", small_learned(true)),
        ("the paper's", ConvTasNetConfig::paper()),
    ]
}

#[test]
fn masks_are_equal_from_the_first_frame() {
    for (name, config) in configs() {
        let [learns, plays] = masks_of_both(&config, Precision::F32, 130);
        let spread = |masks: &[f32]| {
            let top = masks.iter().fold(f32::MIN, |a, &b| a.max(b));
            top - masks.iter().fold(f32::MAX, |a, &b| a.min(b))
        };
        assert!(spread(&learns) > 0.3, "{name}: the masks say something");
        for (i, (a, b)) in learns.iter().zip(&plays).enumerate() {
            assert!(
                (a - b).abs() <= 1e-4,
                "{name}, frame {}: {a} learns, {b} plays",
                i / config.num_mask_values()
            );
        }
    }
}

#[test]
fn halves_change_little() {
    for (name, config) in configs() {
        let [learns, plays] = masks_of_both(&config, Precision::F16, 130);
        let energy = |x: &[f32]| x.iter().map(|x| f64::from(x * x)).sum::<f64>();
        let error: Vec<f32> = learns.iter().zip(&plays).map(|(a, b)| a - b).collect();
        let snr_db = 10.0 * (energy(&learns) / energy(&error)).log10();
        assert!(snr_db > 55.0, "{name}: {snr_db} dB");
    }
}
