//! The `separate` tool with networks: the build's own and the user's.
#![cfg(feature = "tools")]

mod common;

use common::networks::{random_weights, small, small_learned};
use common::scratch::{Scratch, max_difference, song, sum};
use serde_json::Value;
use unbraid::nn::{ConvTasNetConfig, Precision};

/// Whether the build has a model of its own.
const DEFAULT_MODELS: bool = cfg!(feature = "default-models");

const STEMS: [&str; 4] = ["drums", "bass", "other", "vocals"];

fn write_network(scratch: &Scratch, name: &str, config: &ConvTasNetConfig) {
    let mut weights = random_weights(config, 5);
    weights.provenance = serde_json::json!({ "title": "Dice" });
    scratch.file(name, weights.to_bytes(Precision::F16));
}

#[test]
fn a_network_fills_every_stem_and_they_sum_to_the_song() {
    let scratch = Scratch::new();
    write_network(&scratch, "stft.safetensors", &small());
    write_network(&scratch, "learned.safetensors", &small_learned(true));
    for rate_hz in [44_100.0, 48_000.0] {
        let samples = song(rate_hz, 20_001, 1);
        scratch.wav("song.wav", rate_hz, &[&samples[0], &samples[1]]);
        for (model, mode) in [
            ("stft", "conv-tasnet-live"),
            ("stft", "conv-tasnet-studio"),
            ("learned", "conv-tasnet-studio"),
        ] {
            let arguments = format!("--overwrite --json --mode {mode} --model {model}.safetensors");
            let run = scratch.run(&format!("song.wav -o out {arguments}"));
            let json = run.expect_success().json();
            assert_eq!(json["mode"], mode);
            assert_eq!(json["model"]["file"], format!("{model}.safetensors"));
            assert_eq!(json["model"]["title"], "Dice");
            assert_eq!(json["model"]["licence"], "CC0-1.0");
            let stems = STEMS.map(|stem| scratch.audio(&format!("out/song/{stem}.wav")));
            for channel in 0..2 {
                let parts = stems.each_ref().map(|audio| (1.0, audio));
                let error = max_difference(&sum(&parts, channel), &samples[channel]);
                // Four roundings at levels up to 1.
                assert!(error <= 2.4e-7, "{model}, {mode}, {rate_hz} Hz: {error}");
                for audio in &stems {
                    let energy: f32 = audio.channels[channel].iter().map(|x| x * x).sum();
                    assert!(energy > 1.0, "{model}: a stem is empty");
                }
            }
        }
    }
}

#[test]
fn without_a_mode_a_network_separates_if_there_is_one() {
    let scratch = Scratch::new();
    scratch.song("song.wav", 1);
    write_network(&scratch, "mine.safetensors", &small());
    let mine = scratch.run("song.wav -o mine --json --model mine.safetensors");
    let mine = mine.expect_success().json();
    assert_eq!(mine["mode"], "conv-tasnet-live");
    assert_eq!(mine["model"]["file"], "mine.safetensors");

    let json = scratch
        .run("song.wav -o out --json")
        .expect_success()
        .json();
    if DEFAULT_MODELS {
        assert_eq!(json["mode"], "conv-tasnet-live");
        assert_eq!(json["model"]["file"], Value::Null);
        assert!(json["model"]["title"].is_string(), "{json}");
        let vocals = |folder: &str| scratch.audio(&format!("{folder}/song/vocals.wav"));
        assert_ne!(vocals("out"), vocals("mine"));
    } else {
        assert_eq!(json["mode"], "hpss-mix");
        assert_eq!(json["model"], Value::Null);
    }
}

#[test]
fn a_model_that_is_missing_broken_or_not_wanted_is_one_line() {
    let scratch = Scratch::new();
    scratch.song("song.wav", 1);
    scratch.file("bad.safetensors", "");
    write_network(&scratch, "good.safetensors", &small());
    let before = scratch.tree();
    let mut cases = vec![
        (
            "--model gone.safetensors",
            "gone.safetensors: cannot be read: ",
        ),
        (
            "--mode conv-tasnet-studio --model bad.safetensors",
            "bad.safetensors: expected a safetensors file, found an empty file",
        ),
        (
            "--mode hpss-live --model good.safetensors",
            "--model: expected --mode conv-tasnet-live or conv-tasnet-studio, found hpss-live",
        ),
    ];
    if !DEFAULT_MODELS {
        cases.push((
            "--mode conv-tasnet-live",
            "Conv-TasNet Live has no model in this build",
        ));
    }
    for (arguments, words) in cases {
        let run = scratch.run(&format!("song.wav -o out {arguments}"));
        let error = run.expect_one_error();
        assert!(error.contains(words), "{arguments}: {error}");
        assert_eq!(scratch.tree(), before, "{arguments}");
    }
}
