//! A run that was broken off and resumed ends as one that never was.

mod common;

use std::ops::ControlFlow;
use std::path::Path;

use candle_core::Device;
use common::networks::small;
use unbraid::nn::WeightsFile;
use unbraid::nn::config::NormKind;
use unbraid::train::augment::AugmentSpec;
use unbraid::train::data::DataSpec;
use unbraid::train::objective::Loss;
use unbraid::train::optimiser::Weights;
use unbraid::train::run::{BEST_FILE, Ending, Event, LOG_FILE, Run};
use unbraid::train::settings::{Preset, Settings};

const STEPS: u64 = 6;

fn settings(workers: usize) -> Settings {
    let preset = Preset::Small.settings();
    Settings {
        config: small(),
        data: DataSpec {
            demo_songs: 2,
            segment_s: 1.0,
            augment: AugmentSpec::default(),
            ..preset.data
        },
        batch: 2,
        workers,
        steps: STEPS,
        log_every_steps: 1,
        validate_every_steps: 4,
        statistics_s: 4.0,
        ..preset
    }
}

/// Goes on until `last` steps are done; the losses that it told.
fn go(run: &mut Run, last: u64) -> (Ending, Vec<f64>) {
    let mut losses = Vec::new();
    let ending = run.go(|event| {
        if let Event::Step {
            report, progress, ..
        } = event
        {
            losses.push(report.loss);
            if progress.step == last {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    });
    (ending.expect("it goes on"), losses)
}

fn finished(folder: &Path, workers: usize, stops: &[u64]) -> (Weights, Vec<f64>) {
    let mut run = Run::start(folder, settings(workers), &Device::Cpu).expect("a new run");
    let mut losses = Vec::new();
    for &stop in stops {
        let (ending, told) = go(&mut run, stop);
        assert_eq!(ending, Ending::Paused);
        losses.extend(told);
        run = Run::resume(folder, &Device::Cpu).expect("it was saved");
        assert_eq!(run.progress().step, stop);
    }
    let (ending, told) = go(&mut run, u64::MAX);
    assert_eq!(ending, Ending::Finished);
    losses.extend(told);
    (run.weights().clone(), losses)
}

#[test]
fn resumed_is_uninterrupted_bit_for_bit() {
    for workers in [1, 2] {
        let folder = tempfile::tempdir().expect("a folder");
        let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));
        let (want, want_losses) = finished(&whole, workers, &[]);
        let (got, got_losses) = finished(&broken, workers, &[1, 4]);
        assert_eq!(got_losses, want_losses, "{workers} workers");
        assert!(
            got == want,
            "weights, average and moments, {workers} workers"
        );
        assert!(want.values != want.average, "it has learned");

        let tensors = |folder: &Path| {
            let file = WeightsFile::read(&folder.join(BEST_FILE));
            file.expect("the best weights").tensors
        };
        assert!(tensors(&whole) == tensors(&broken));
        let log = std::fs::read_to_string(broken.join(LOG_FILE)).expect("a log");
        assert_eq!(log.lines().count(), 1 + STEPS as usize, "{log}");
    }
}

#[test]
fn a_folder_holds_one_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let start = || Run::start(folder.path(), settings(1), &Device::Cpu);
    start().expect("a new run");
    let error = start().err().expect("there is one").to_string();
    assert!(error.ends_with("choose another folder"), "{error}");
    let empty = tempfile::tempdir().expect("a folder");
    let error = Run::resume(empty.path(), &Device::Cpu).err();
    let error = error.expect("there is none").to_string();
    assert!(error.ends_with("settings.json, found none"), "{error}");
}

#[test]
fn settings_that_make_no_sense_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = |change: &dyn Fn(&mut Settings)| {
        let mut settings = settings(1);
        change(&mut settings);
        let run = Run::start(&folder.path().join("run"), settings, &Device::Cpu);
        run.err().expect("it makes no sense").to_string()
    };
    assert_eq!(
        error(&|s| s.batch = 0),
        "batch: expected at least a segment for each worker, found 0"
    );
    assert_eq!(
        error(&|s| s.warm_up_s = 1.0),
        "warm_up_s: expected less than data.segment_s, found 1"
    );
    assert_eq!(
        error(&|s| s.config.tcn.norm = NormKind::Global),
        "norm: expected a causal one, as validation plays hop by hop, found global"
    );
    assert_eq!(
        error(&|s| s.config = Preset::Paper.settings().config),
        "phases: expected a loss of waves where masks are no softmax over STFT bands, found \
         mask_cross_entropy"
    );
    assert_eq!(
        error(&|s| s.phases[0].loss = Loss::Waves(Vec::new())),
        "phases: expected a term in a loss of waves, found none"
    );
    assert!(
        !folder.path().join("run").exists(),
        "nothing is left behind"
    );
}
