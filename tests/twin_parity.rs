//! The network that learns and the one that plays give the same masks, frame by frame from the
//! first one after a reset.

mod common;
#[path = "common/learned.rs"]
mod learned;

use std::sync::Arc;

use candle_core::{Device, Tensor};
use common::networks::{small, small_learned, small_refiner};
use common::{engine_of, noise, render_unity};
use learned::{learned_net, learned_values, separated};
use unbraid::dice::Dice;
use unbraid::dsp::grid::Grid;
use unbraid::nn::config::{FrontEnd, MaskKind, NormKind};
use unbraid::nn::refiner::config::RefinerConfig;
use unbraid::nn::{ConvTasNetConfig, ConvTasNetModel, ConvTasNetState, Precision};
use unbraid::separators::ConvTasNet;
use unbraid::stem::{Stem, Stems};
use unbraid::train::export::export;
use unbraid::train::net::Moments;

/// Masks of random features by both, `[frame][M]`.
fn masks_of_both(config: &ConvTasNetConfig, precision: Precision, frames: usize) -> [Vec<f32>; 2] {
    let (values, statistics) = learned_values(config);
    let mut dice = Dice::new(6, 0_u64);
    let num_features = config.num_features();
    let features: Vec<f32> = (0..frames * num_features)
        .map(|_| dice.between(-2.0, 3.0) as f32)
        .collect();

    let (net, _) = learned_net(config);
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
        for part in 0..model.num_parts() {
            model.run_part(&mut state, part);
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
        ("refiner", with(&|c| c.refiner = Some(small_refiner()))),
        (
            "refiner of one layer, sigmoid, one mask, no coherence",
            with(&|c| {
                c.mask = MaskKind::Sigmoid;
                c.mask_per_channel = false;
                if let FrontEnd::Stft(front_end) = &mut c.front_end {
                    front_end.coherence = false;
                }
                c.refiner = Some(RefinerConfig {
                    middle_ages: Vec::new(),
                    ..small_refiner()
                });
            }),
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

/// Stems of a mix: those of the whole signal at once, and those that play hop by hop, the latency
/// taken off; `[stem][channel][sample]`.
fn stems_of_both(
    config: &ConvTasNetConfig,
    heard: &[Vec<f32>; 2],
    learns_from: usize,
) -> (Stems, Stems, usize) {
    let (values, statistics) = learned_values(config);
    let separated = separated(config, heard.each_ref().map(|x| &x[learns_from..]));
    let learns: Vec<Vec<Vec<f32>>> = separated
        .stems
        .squeeze(0)
        .and_then(|stems| stems.to_vec3())
        .expect("[stem][channel][sample]");
    let learns = std::array::from_fn(|s| std::array::from_fn(|c| learns[s][c].clone()));

    let weights = export(
        config,
        &values,
        &statistics,
        "CC0-1.0",
        serde_json::Value::Null,
    );
    let model = ConvTasNetModel::new("test", &weights, Precision::F32).expect("it can be streamed");
    let separator = ConvTasNet::new(Arc::new(model), &Grid::new(44_100.0));
    let mut engine = engine_of(Box::new(separator), 44_100.0);
    let latency = engine.latency_samples();
    let plays = render_unity(&mut engine, heard, &[512]).stems;
    let plays = plays.map(|stem| stem.map(|x| x[latency + learns_from..].to_vec()));
    (learns, plays, separated.whole_samples)
}

fn assert_stems_equal(name: &str, [learns, plays]: [&Stems; 2], samples: std::ops::Range<usize>) {
    for stem in Stem::ESTIMATED {
        for channel in 0..2 {
            let (a, b) = (
                &learns[stem as usize][channel],
                &plays[stem as usize][channel],
            );
            let level = a.iter().fold(0.0_f32, |m, x| m.max(x.abs()));
            assert!(level > 0.05, "{name}: {stem:?} is heard, {level}");
            for n in samples.clone() {
                let error = (a[n] - b[n]).abs();
                assert!(
                    error <= 1e-5 * level.max(1.0),
                    "{name}, {stem:?}, sample {n}: {} learns, {} plays",
                    a[n],
                    b[n]
                );
            }
        }
    }
}

#[test]
fn a_whole_signal_at_once_is_the_signal_hop_by_hop() {
    let mut configs = configs();
    // The paper's 5 million weights at hop 8 take long for what the masks' test has shown.
    configs.retain(|(name, _)| *name != "the paper's");
    let timed = |name, change: &dyn Fn(&mut ConvTasNetConfig)| {
        let mut config = small();
        change(&mut config);
        (name, config)
    };
    configs.push(timed("look-ahead, every third hop", &|c| {
        c.lookahead_hops = 2;
        c.network_every_hops = 3;
    }));
    configs.push((
        "learned, mono, look-ahead",
        ConvTasNetConfig {
            lookahead_hops: 2,
            ..small_learned(false)
        },
    ));
    for (name, config) in configs {
        let hops = 16_384 / config.hop_samples();
        let mix = noise(hops * config.hop_samples(), 9);
        let (learns, plays, whole) = stems_of_both(&config, &mix, 0);
        let end = whole.min(plays[0][0].len());
        assert!(end > 12_000, "{name}");
        assert_stems_equal(name, [&learns, &plays], 0..end);
    }
}

#[test]
fn after_ten_minutes_it_still_plays_what_was_learned() {
    let mut config = small();
    // Its memory has no end: whoever hears the end only finds another level.
    if let FrontEnd::Stft(front_end) = &mut config.front_end {
        front_end.steady_level = false;
    }
    let hop = config.hop_samples();
    let minutes = 10;
    let num_hops = minutes * 60 * 44_100 / hop;
    let mix = noise(num_hops * hop, 10);
    // The one that learns hears the end only: long enough to fill its memory.
    let memory = (config.receptive_field_hops() + 9) * hop;
    let heard = memory + 100 * hop;
    let (learns, plays, whole) = stems_of_both(&config, &mix, num_hops * hop - heard);
    let end = whole.min(plays[0][0].len());
    assert!(end > memory + 80 * hop);
    assert_stems_equal("after ten minutes", [&learns, &plays], memory..end);
}
