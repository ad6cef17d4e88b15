//! The `train` program, as people run it.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::networks::small;
use unbraid::nn::WeightsFile;
use unbraid::train::data::{DataSpec, HeldOut};
use unbraid::train::settings::{Preset, Settings};

const STEPS: u64 = 8;

fn settings() -> Settings {
    let preset = Preset::Small.settings();
    Settings {
        config: small(),
        data: DataSpec {
            demo_songs: 1,
            held_out: HeldOut {
                demo_songs: 1,
                ..HeldOut::default()
            },
            segment_s: 1.0,
            ..preset.data
        },
        batch: 2,
        steps: STEPS,
        log_every_steps: 1,
        validate_every_steps: STEPS,
        checkpoint_every_s: 0.0,
        statistics_s: 4.0,
        ..preset
    }
}

fn train() -> Command {
    Command::new(env!("CARGO_BIN_EXE_train"))
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let output = train().arg("run").arg(folder).args(arguments).output();
    output.expect("train can be started")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn assert_done(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// The one line that tells what is wrong.
fn error(output: &Output) -> String {
    assert!(!output.status.success(), "{}", text(&output.stdout));
    let told = text(&output.stderr);
    assert!(!told.contains("panicked"), "{told}");
    let line = told.lines().find(|line| line.starts_with("error: "));
    line.unwrap_or_else(|| panic!("no error in {told:?}"))
        .to_owned()
}

fn steps_logged(run: &Path) -> Vec<u64> {
    let log = fs::read_to_string(run.join("log.csv")).unwrap_or_default();
    let rows = log.lines().skip(1);
    rows.filter_map(|row| row.split(',').next()?.parse().ok())
        .collect()
}

#[test]
fn a_killed_run_goes_on_and_gives_a_network() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let json = serde_json::to_string(&settings()).expect("settings are plain");
    fs::write(at("settings.json"), json).expect("a file");
    let path = at("settings.json").display().to_string();

    let mut child = train()
        .arg("run")
        .arg(at("run"))
        .args(["--settings", &path])
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("train can be started");
    let begin = Instant::now();
    while steps_logged(&at("run")).len() < 3 {
        assert!(begin.elapsed() < Duration::from_secs(120), "three steps");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("it still runs");
    child.wait().expect("it is dead");
    let reached = steps_logged(&at("run")).len() as u64;
    assert!(reached < STEPS, "killed before its end");

    let paused = assert_done(&run(&at("run"), &["--resume", "--stop-after", "0"]));
    // A step that was logged may not have been saved; one before it was.
    let saved: u64 = paused
        .split_whitespace()
        .find_map(|word| word.parse().ok())
        .unwrap_or_else(|| panic!("{paused}"));
    assert!(
        saved >= reached && saved <= reached + 1,
        "{paused}, {reached} logged"
    );
    let told = assert_done(&run(&at("run"), &["--resume"]));
    assert!(
        told.starts_with(&format!("finished after {STEPS} steps")),
        "{told}"
    );
    assert_eq!(steps_logged(&at("run")), (1..=STEPS).collect::<Vec<_>>());
    let picture = fs::read(at("run").join("curves.png")).expect("curves");
    assert!(picture.starts_with(b"\x89PNG"));

    for (name, option) in [
        ("half.safetensors", None),
        ("full.safetensors", Some("--f32")),
    ] {
        let export = train()
            .arg("export")
            .arg(at("run"))
            .arg("-o")
            .arg(at(name))
            .args(["--title", "A test"])
            .args(option)
            .output()
            .expect("train can be started");
        assert_done(&export);
    }
    let size = |name: &str| fs::metadata(at(name)).expect("a file").len();
    assert!(size("full.safetensors") > 3 * size("half.safetensors") / 2);
    let weights = WeightsFile::read(&at("half.safetensors")).expect("it can be read");
    assert_eq!(weights.config, small());
    assert_eq!(weights.provenance["title"], "A test");
    assert_eq!(weights.provenance["steps"], STEPS);
    assert!(weights.provenance["validation_si_sdr_improvement_db"].is_number());

    let average = train()
        .arg("export")
        .args([at("half.safetensors"), at("run")])
        .arg("-o")
        .arg(at("mean.safetensors"))
        .args(["--odds", "vocals=0.5"])
        .output();
    assert_done(&average.expect("train can be started"));
    let mean = WeightsFile::read(&at("mean.safetensors")).expect("it can be read");
    assert_eq!(mean.config, weights.config);
    assert_eq!(mean.provenance["mean_of"][1]["steps"], STEPS);
    assert_eq!(mean.provenance["odds"]["vocals"], 0.5);
    let moved = |place: usize| {
        let of = |weights: &WeightsFile| weights.tensor("mask.bias").values[place];
        of(&mean) - of(&weights)
    };
    let last = weights.tensor("mask.bias").values.len() - 1;
    assert!(moved(0).abs() < 1e-6 && (moved(last) - 0.5_f32.ln()).abs() < 1e-6);

    let inspect = train().arg("inspect").arg(at("half.safetensors")).output();
    let told = assert_done(&inspect.expect("train can be started"));
    // R · (2^X − 1) · (P − 1) = 2 · 7 · 2 hops.
    assert!(told.contains("28 hops, 0.2 s"), "{told}");
    assert!(told.contains("512 samples at 44100 Hz, 11.6 ms"), "{told}");
}

#[test]
fn what_is_wrong_is_told_in_a_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let told = error(&run(&at("run"), &[]));
    assert!(told.contains("nothing to learn from"), "{told}");
    let told = error(&run(&at("run"), &["--resume"]));
    assert!(told.contains("expected a run's folder"), "{told}");
    let told = error(&run(&at("run"), &["--data", "there/is/none"]));
    assert!(told.contains("there/is/none"), "{told}");
    let told = error(&run(&at("run"), &["--data", "folder=much"]));
    assert!(told.contains("expected a number after ="), "{told}");
    let told = error(&run(&at("run"), &["--resume", "--steps", "3"]));
    assert!(told.contains("cannot be used with"), "{told}");
    fs::write(at("bad.json"), "{\"config\": 3}").expect("a file");
    let bad = at("bad.json").display().to_string();
    let told = error(&run(&at("run"), &["--settings", &bad]));
    assert!(
        told.contains("bad.json: expected a run's settings"),
        "{told}"
    );
    assert!(!at("run").exists(), "nothing is left behind");

    let inspect = train().arg("inspect").arg(&bad).output();
    let told = error(&inspect.expect("train can be started"));
    assert!(
        told.contains("bad.json: expected a safetensors file"),
        "{told}"
    );
    fs::create_dir(at("empty")).expect("a folder");
    let export = train()
        .arg("export")
        .arg(at("empty"))
        .arg("-o")
        .arg(at("out"))
        .output();
    let told = error(&export.expect("train can be started"));
    assert!(told.contains("expected a run with weights"), "{told}");
    for odds in ["vocals", "piano=2", "vocals=0", "vocals=nan"] {
        let export = train()
            .args(["export", "run", "-o", "out", "--odds", odds])
            .output();
        let told = error(&export.expect("train can be started"));
        assert!(told.contains("such as vocals=0.5"), "{told}");
    }
    let networks = ["live", "studio"].map(|name| format!("models/conv_tasnet_{name}.safetensors"));
    let export = train()
        .arg("export")
        .args(&networks)
        .arg("-o")
        .arg(at("out"))
        .output();
    let told = error(&export.expect("train can be started"));
    let [live, studio] = &networks;
    let why = format!("{studio}: expected the network of the first, {live}, found another");
    assert!(told.contains(&why), "{told}");
    assert!(!at("out").exists());
}
