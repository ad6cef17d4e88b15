//! A network that begins from weights that play computes what they do, and learns from there.

mod common;
#[path = "common/learned.rs"]
mod learned;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use candle_core::{Device, Tensor};

use common::networks::{small, small_refiner};
use learned::{learned_net, learned_values};
use unbraid::dice::Dice;
use unbraid::nn::config::NormKind;
use unbraid::nn::refiner::config::RefinerConfig;
use unbraid::nn::{ConvTasNetConfig, Precision, WeightsFile};
use unbraid::train::augment::AugmentSpec;
use unbraid::train::data::{DataSpec, Library};
use unbraid::train::export::export;
use unbraid::train::net::Moments;
use unbraid::train::objective::{Loss, Objective};
use unbraid::train::optimiser::{OptimiserSettings, Weights};
use unbraid::train::parameters::{FilterInit, Layout, initial_values};
use unbraid::train::run::{BEST_FILE, Event, Run};
use unbraid::train::settings::{Beginning, Settings};
use unbraid::train::trainer::Trainer;
use unbraid::train::unfold::{can_begin_from, identity_moments, unfolded};

const FRAMES: usize = 400;

/// Mask values of a network on noise as features.
fn masks(config: &ConvTasNetConfig, values: &[f32], moments: Moments) -> Vec<f32> {
    let (net, _) = learned_net(config);
    net.load(values).expect("weights of its shape");
    let mut dice = Dice::new(11, 0_u64);
    let features: Vec<_> = (0..FRAMES * config.num_features())
        .map(|_| dice.between(-3.0, 3.0) as f32)
        .collect();
    let features = Tensor::from_vec(features, (1, FRAMES, config.num_features()), &Device::Cpu);
    let masks = net.masks(&features.expect("features"), moments);
    let values = masks.expect("it runs").values.flatten_all();
    values.and_then(|v| v.to_vec1()).expect("values")
}

fn snr_db(want: &[f32], got: &[f32]) -> f64 {
    let energy = |x: &mut dyn Iterator<Item = f32>| x.map(|x| f64::from(x).powi(2)).sum::<f64>();
    let error = energy(&mut want.iter().zip(got).map(|(a, b)| a - b));
    10.0 * (energy(&mut want.iter().copied()) / error).log10()
}

/// Segments of songs that the program makes up.
fn library() -> DataSpec {
    DataSpec {
        demo_songs: 2,
        segment_s: 2.0,
        augment: AugmentSpec::default(),
        ..DataSpec::default()
    }
}

#[test]
fn what_was_folded_computes_the_same_unfolded_and_rescaled() {
    for norm in [NormKind::Batch, NormKind::Frame, NormKind::Cumulative] {
        for (new_repeats, has_refiner) in [(0, false), (1, false), (0, true)] {
            let mut config = small();
            config.tcn.norm = norm;
            let (values, statistics) = learned_values(&config);
            let want = masks(&config, &values, Moments::Running(&statistics));
            let file = export(
                &config,
                &values,
                &statistics,
                "CC0-1.0",
                serde_json::json!({}),
            );
            for precision in [Precision::F32, Precision::F16] {
                let stored = file.to_bytes(precision);
                let read = WeightsFile::from_bytes("stored", &stored).expect("a file");
                let mut grown = config.clone();
                grown.tcn.repeats += new_repeats;
                grown.refiner = has_refiner.then(small_refiner);
                let initial = initial_values(&grown, FilterInit::Random, 9);
                let begun = unfolded(&read, &grown, initial);

                let loss = Loss::mask_cross_entropy();
                let objective = Arc::new(Objective::new(&grown, 0.2));
                let mut trainer = Trainer::new(
                    objective.clone(),
                    OptimiserSettings::default(),
                    1,
                    &[Device::Cpu],
                    Weights::new(begun),
                    0,
                )
                .expect("a trainer");
                let library = Library::open(&library(), 44_100.0, 1).expect("demo songs");
                let batches = || {
                    let mut index = 0;
                    let (library, objective, loss) = (&library, &objective, &loss);
                    move || {
                        index += 1;
                        let segment = (index <= 4).then(|| library.segment(index))?;
                        Some(Ok::<_, candle_core::Error>(vec![
                            objective.example(&segment.expect("a segment"), loss),
                        ]))
                    }
                };
                trainer.begin_from(&loss, batches).expect("it is measured");
                let measured = trainer.measure_statistics(&loss, batches());
                let measured = measured.expect("it is measured");
                let got = masks(
                    &grown,
                    &trainer.weights().values,
                    Moments::Running(&measured),
                );
                let snr_db = snr_db(&want, &got);
                let refiner = if has_refiner { "refiner, " } else { "" };
                let case = format!("{norm:?}, {refiner}{new_repeats} new, {precision:?}");
                // The moments of batches settle to about 1 %.
                assert!(snr_db > 38.0, "{case}: {snr_db:.1} dB");
            }
        }
    }
}

/// Takes all steps; the validations' scores.
fn scores(run: &mut Run) -> Vec<f64> {
    let mut scores = Vec::new();
    run.go(|event| {
        if let Event::Validated { score, .. } = event {
            scores.extend(score.mean_db);
        }
        ControlFlow::Continue(())
    })
    .expect("it goes on");
    scores
}

fn settings(begin_from: Option<&Path>, steps: u64) -> Settings {
    let mut data = library();
    data.held_out.demo_songs = 1;
    Settings {
        data,
        begin_from: begin_from.map(|file| Beginning {
            file: file.to_owned(),
            provenance: serde_json::Value::Null,
        }),
        batch: 2,
        workers: 1,
        steps,
        validate_every_steps: 30,
        statistics_s: 20.0,
        ..Settings::of(small())
    }
}

#[test]
fn a_run_goes_on_from_where_a_file_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
    let mut run = Run::start(&first, settings(None, 60), &Device::Cpu).expect("a run");
    let before = scores(&mut run);
    let file = first.join(BEST_FILE);
    let mut go_on = settings(Some(&file), 1);
    // A step that leads nowhere: validation is of what the run began from.
    go_on.optimiser.learning_rate = 1e-12;
    let mut run = Run::start(&second, go_on, &Device::Cpu).expect("a run");
    let after = scores(&mut run);
    let best = before.iter().copied().fold(f64::MIN, f64::max);
    assert_eq!(best, before[1], "{before:?}");
    assert!((after[0] - best).abs() < 0.02, "{before:?}, then {after:?}");
    let weights = WeightsFile::read(&second.join(BEST_FILE)).expect("weights");
    assert_eq!(weights.provenance["began_from"]["steps"], 60);
}

#[test]
fn a_refiner_changes_nothing_at_first_and_is_kept_later() {
    let (values, statistics) = learned_values(&small());
    let export = |config: &ConvTasNetConfig, values: &[f32]| {
        export(
            config,
            values,
            &statistics,
            "CC0-1.0",
            serde_json::json!({}),
        )
    };
    let without = export(&small(), &values);
    let refined = ConvTasNetConfig {
        refiner: Some(small_refiner()),
        ..small()
    };
    let moments = Moments::Running(&identity_moments(&small())[..]);
    let initial = |seed| initial_values(&refined, FilterInit::Random, seed);
    let plain = unfolded(
        &without,
        &small(),
        initial_values(&small(), FilterInit::Random, 9),
    );
    let begun = unfolded(&without, &refined, initial(9));
    assert_eq!(
        masks(&refined, &begun, moments),
        masks(&small(), &plain, moments)
    );
    // Weights with a refiner that has learned something.
    let (values, _) = learned_values(&refined);
    let with = export(&refined, &values);
    assert!(can_begin_from(&refined, &with.config));
    let begun = unfolded(&with, &refined, initial(9));
    let mut larger = refined.clone();
    larger.refiner = Some(RefinerConfig {
        channels: 12,
        bands: 9,
        ages: vec![0, 1, 2, 4, 6],
        middle_ages: vec![2, 3, 1],
    });
    let grown = initial_values(&larger, FilterInit::Random, 7);
    let snr_db = snr_db(
        &masks(&refined, &begun, moments),
        &masks(&larger, &unfolded(&with, &larger, grown), moments),
    );
    // Sums in another order.
    assert!(snr_db > 90.0, "{snr_db:.1} dB");
    assert!(
        !can_begin_from(&refined, &larger),
        "what it knows would be lost"
    );
    let refiner = Layout::parameters(&refined);
    let refiner = refiner.tensor("refiner.features.weight").start..refiner.len;
    assert_eq!(begun[refiner.clone()], values[refiner]);
    assert!(!can_begin_from(&small(), &with.config), "it would be lost");
}

#[test]
fn another_network_is_refused_and_leaves_no_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let (values, statistics) = learned_values(&small());
    let file = export(
        &small(),
        &values,
        &statistics,
        "CC0-1.0",
        serde_json::json!({}),
    );
    let path = folder.path().join("a.safetensors");
    std::fs::write(&path, file.to_bytes(Precision::F32)).expect("it is written");
    let mut other = settings(Some(&path), 1);
    other.config.tcn.hidden += 8;
    let run = folder.path().join("run");
    let error = Run::start(&run, other, &Device::Cpu)
        .err()
        .expect("another network");
    assert!(
        error
            .to_string()
            .contains("a.safetensors: expected weights of the network")
    );
    Run::start(&run, settings(Some(&path), 1), &Device::Cpu).expect("the folder is free");
}
