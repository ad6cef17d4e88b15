//! The `evaluate` tool from the outside: its scores, its rules, and what it refuses.
#![cfg(feature = "tools")]

mod common;

use std::sync::LazyLock;

use common::scratch::Scratch;
use serde_json::Value;
use unbraid::demo_song::{DEFAULT_SEED, DemoSong, render};
use unbraid::stem::{NUM_CHANNELS, NUM_STEMS, Stem};

const RATE_HZ: f64 = 44_100.0;

/// Seconds of the demo song in which all stems sound, and a last part of one.
const EXCERPT_SAMPLES: std::ops::Range<usize> = 6 * 44_100..9 * 44_100 + 1234;

static EXCERPT: LazyLock<DemoSong> = LazyLock::new(|| {
    let mut song = render(RATE_HZ, DEFAULT_SEED);
    for channel in song.stems.iter_mut().flatten() {
        *channel = channel[EXCERPT_SAMPLES].to_vec();
    }
    song
});

fn silence(song: &DemoSong) -> [Vec<f32>; NUM_CHANNELS] {
    [(); NUM_CHANNELS].map(|()| vec![0.0; song.len_samples()])
}

fn write_wav(scratch: &Scratch, name: &str, [left, right]: &[Vec<f32>; NUM_CHANNELS]) {
    scratch.wav(name, RATE_HZ, &[left, right]);
}

/// Writes the four stems into a folder.
fn write_stems(scratch: &Scratch, folder: &str, song: &DemoSong) {
    for stem in Stem::ALL {
        let name = format!("{folder}/{}.wav", stem.name());
        write_wav(scratch, &name, &song.stems[stem as usize]);
    }
}

/// The run of this name.
fn run<'a>(report: &'a Value, name: &str) -> &'a Value {
    let runs = report["runs"].as_array().unwrap();
    let run = runs.iter().find(|run| run["name"] == name);
    run.unwrap_or_else(|| panic!("no run {name}: {report}"))
}

/// A figure of a row, in dB.
fn figure(report: &Value, run_name: &str, row: &str, title: &str) -> f64 {
    let rows = run(report, run_name)["rows"].as_array().unwrap();
    let row = rows
        .iter()
        .find(|found| found["name"] == row)
        .unwrap_or_else(|| panic!("{row}"));
    let value = &row["figures"][title]["value_db"];
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{run_name} {title}: {row}"))
}

fn notes(report: &Value) -> Vec<&str> {
    let notes = report["notes"].as_array().unwrap();
    notes.iter().map(|note| note.as_str().unwrap()).collect()
}

/// Through the engine as through `separate`, whose stems are tested to be in time.
#[test]
fn a_mode_has_the_scores_of_its_stems_on_disk() {
    let scratch = Scratch::new();
    let song = EXCERPT.clone();
    write_stems(&scratch, "songs/demo", &song);
    write_wav(&scratch, "demo.wav", &song.mix());
    scratch.hpss("demo.wav -o stems").expect_success();
    let report = scratch
        .evaluate("songs --mode hpss-mix --estimates stems --json")
        .expect_success();
    let report = report.json();
    let (live, disk) = (run(&report, "hpss-mix"), run(&report, "stems"));
    assert_eq!(live["songs"], disk["songs"]);
    assert_eq!(live["rows"], disk["rows"]);
    let rows = live["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].as_str().unwrap());
    assert_eq!(rows.collect::<Vec<_>>(), ["drums", "other", "all"]);
    let gain_db = figure(&report, "hpss-mix", "drums", "SI-SDRi");
    assert!(
        gain_db > 1.0,
        "a delay would cost more than the mode gains: {gain_db}"
    );
    assert!(notes(&report).contains(&"hpss-mix: does not fill vocals, which is left out"));
}

#[test]
fn baselines_are_in_order() {
    let scratch = Scratch::new();
    write_stems(&scratch, "songs/demo", &EXCERPT);
    let baselines = "mix,quarter-mix,irm,irm-model,ibm,mwf";
    let report = scratch.evaluate(&format!("songs --baselines {baselines} --json"));
    let report = report.expect_success().json();
    let all = |run: &str, title: &str| figure(&report, run, "all", title);
    for title in ["SI-SDRi", "uSDRi"] {
        assert_eq!(all("mix", title), 0.0, "{title}");
    }
    // A quarter is exact in f32, but sums of squares round.
    assert!(all("quarter-mix", "SI-SDRi").abs() < 1e-9);
    assert!(
        all("quarter-mix", "uSDRi") > 3.0,
        "silence is worth more than the mix"
    );
    let [irm, irm_model, ibm, mwf] =
        ["irm", "irm-model", "ibm", "mwf"].map(|run| all(run, "SI-SDRi"));
    assert!(
        irm_model > 8.0 && irm > irm_model && mwf > irm,
        "{irm_model} {irm} {mwf}"
    );
    assert!(ibm > 8.0, "{ibm}");
    let rows = run(&report, "irm")["rows"].as_array().unwrap();
    assert_eq!(
        rows[0]["num_frames"], 3,
        "the last part of a second is dropped"
    );
}

#[test]
fn truth_silence_and_rests_have_the_scores_of_the_rules() {
    let scratch = Scratch::new();
    let mut song = EXCERPT.clone();
    song.stems[Stem::Vocals as usize] = silence(&song);
    write_stems(&scratch, "songs/demo", &song);
    let mut estimates = song.clone();
    estimates.stems[Stem::Bass as usize] = silence(&song);
    // As loud as the mix: a bleed of 0 dB.
    estimates.stems[Stem::Vocals as usize] = song.mix();
    write_stems(&scratch, "stems/demo", &estimates);

    let report = scratch
        .evaluate("songs --estimates stems --json")
        .expect_success()
        .json();
    let of = |stem: &str, title: &str| figure(&report, "stems", stem, title);
    assert_eq!((of("drums", "uSDR"), of("drums", "SI-SDR")), (100.0, 100.0));
    assert_eq!((of("bass", "uSDR"), of("bass", "SI-SDR")), (0.0, -30.0));
    assert_eq!(of("vocals", "bleed"), 0.0);
    let stems = &run(&report, "stems")["songs"][0]["stems"];
    assert_eq!(stems["vocals"]["whole"], Value::Null);
    // The silent estimate of the bass, which sounds, costs every frame; the vocals cost none.
    assert_eq!(
        stems["drums"]["frames"],
        serde_json::json!([null, null, null])
    );
    let want = "stems: vocals is silent, and scored as bleed only, in demo";
    assert!(notes(&report).contains(&want), "{:?}", notes(&report));
}

#[test]
fn the_table_has_a_row_for_each_stem_and_repeats_the_rules() {
    let scratch = Scratch::new();
    let song = EXCERPT.clone();
    for name in ["one", "two"] {
        write_stems(&scratch, &format!("songs/test/{name}"), &song);
    }
    std::fs::remove_file(scratch.path("songs/test/two/vocals.wav")).unwrap();
    write_stems(&scratch, "songs/train/three", &song);
    let result = scratch
        .evaluate("songs --baselines irm --full -j 2")
        .expect_success();
    assert_eq!(result.stderr, "");
    let (table, notes) = result
        .stdout
        .split_once("\n\n")
        .expect("notes below the table");
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "irm: 2 songs, 0:06");
    let first_words: Vec<_> = lines[1..]
        .iter()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(
        first_words,
        ["dB", "drums", "bass", "other", "vocals", "all"]
    );
    for title in [
        "SI-SDRi", "uSDR", "cSDR", "cISR", "cSIR", "cSAR", "bleed", "frames",
    ] {
        assert!(lines[1].contains(title), "{title}: {}", lines[1]);
    }
    assert!(
        lines[2].ends_with("2     6/6") && lines[2].contains(" ["),
        "{}",
        lines[2]
    );
    assert!(lines[5].ends_with("1     3/3"), "{}", lines[5]);
    assert!(
        notes.contains("two: no file for vocals, so it is silent"),
        "{notes}"
    );
    assert!(
        notes.contains("irm: vocals is silent, and scored as bleed only, in two"),
        "{notes}"
    );

    let train = scratch
        .evaluate("songs --baselines mix --split train")
        .expect_success();
    assert!(
        train.stdout.starts_with("mix: 1 song, 0:03\n"),
        "{}",
        train.stdout
    );
}

#[test]
fn museval_can_read_the_scores() {
    let scratch = Scratch::new();
    let mut song = EXCERPT.clone();
    // A frame that counts for no stem.
    for channel in &mut song.stems[Stem::Drums as usize] {
        channel[..44_100].fill(0.0);
    }
    write_stems(&scratch, "songs/demo", &song);
    scratch
        .evaluate("songs/demo --baselines irm --museval scores")
        .expect_success();
    let text = std::fs::read_to_string(scratch.path("scores/irm/demo.json")).unwrap();
    assert!(
        text.contains(r#""SDR": NaN, "SIR": NaN"#),
        "museval knows no null: {text}"
    );
    let scores: Value = serde_json::from_str(&text.replace("NaN", "null")).unwrap();
    let targets = scores["targets"].as_array().unwrap();
    assert_eq!(targets.len(), NUM_STEMS);
    for (target, stem) in targets.iter().zip(Stem::ALL) {
        assert_eq!(target["name"], stem.name());
        for (index, frame) in target["frames"].as_array().unwrap().iter().enumerate() {
            assert_eq!(
                (&frame["time"], &frame["duration"]),
                (&(index as f64).into(), &1.0.into())
            );
            for metric in ["SDR", "SIR", "SAR", "ISR"] {
                assert_eq!(frame["metrics"][metric].is_number(), index > 0, "{frame}");
            }
        }
    }
}

#[test]
fn a_part_of_a_song_and_a_stem_mp4_are_songs_too() {
    let scratch = Scratch::new();
    let song = EXCERPT.clone();
    write_stems(&scratch, "songs/demo", &song);
    let mut part = song.clone();
    for channel in part.stems.iter_mut().flatten() {
        *channel = channel[22_050..2 * 44_100].to_vec();
    }
    write_stems(&scratch, "parts/demo", &part);
    let scores = |arguments: &str| {
        let report = scratch.evaluate(&format!("{arguments} --mode hpss-live --json"));
        run(&report.expect_success().json(), "hpss-live")["songs"].clone()
    };
    assert_eq!(scores("songs --seconds 0.5..2"), scores("parts"));

    scratch.data("sines.stem.mp4", "mp4/sines.stem.mp4");
    let report = scratch
        .evaluate("mp4 --baselines irm --json")
        .expect_success()
        .json();
    let gain_db = figure(&report, "irm", "bass", "SI-SDRi");
    assert!(gain_db > 10.0, "sines are easily told apart: {gain_db}");
    assert_eq!(run(&report, "irm")["songs"][0]["song"], "sines");
}

#[test]
fn what_can_not_be_scored_is_one_sentence() {
    let scratch = Scratch::new();
    let song = EXCERPT.clone();
    let [left, right] = &song.stems[0];
    std::fs::create_dir(scratch.path("empty")).unwrap();
    let short = [left[1..].to_vec(), right[1..].to_vec()];
    for folder in ["short", "rate", "nan", "silent", "cut", "fine"] {
        write_stems(&scratch, &format!("{folder}/demo"), &song);
    }
    write_wav(&scratch, "short/demo/vocals.wav", &short);
    scratch.wav("rate/demo/vocals.wav", 48_000.0, &[left, right]);
    scratch.wav("slow/demo/drums.wav", 500.0, &[left, right]);
    scratch.wav("nan/demo/vocals.wav", RATE_HZ, &[&[0.0, f32::NAN, 0.0]]);
    for stem in Stem::ALL {
        let name = format!("silent/demo/{}.wav", stem.name());
        write_wav(&scratch, &name, &silence(&song));
    }
    scratch.file("stems/other/notes.txt", "no audio");
    write_wav(&scratch, "late/demo/drums.wav", &short);
    scratch.file("void/demo/readme.txt", "no audio");
    for (arguments, words) in [
        ("empty", "empty: expected songs"),
        ("nowhere", "nowhere: can't be searched: "),
        (
            "short",
            "short/demo/vocals.wav: expected 133534 samples as in the rest of the song, found 133533",
        ),
        (
            "rate",
            "rate/demo/vocals.wav: expected 44100 Hz as in the rest of the song, found 48000 Hz",
        ),
        (
            "nan",
            "nan/demo/vocals.wav: expected finite samples, found 1",
        ),
        ("slow", "slow/demo: sample rate 500 Hz is not supported"),
        ("silent", "silent/demo: expected sound, found silence"),
        (
            "fine --seconds 10..",
            "fine/demo: expected a song that lasts beyond 10 s, found 3.0 s",
        ),
        (
            "fine --estimates nowhere",
            "--estimates: nowhere: there is no such folder",
        ),
        ("fine --estimates stems", "stems/demo: can't be searched: "),
        (
            "fine --estimates void",
            "void/demo: expected drums, bass, other or vocals of demo, found none",
        ),
        (
            "fine --estimates late",
            "late/demo/drums.wav: expected 133534 samples",
        ),
        (
            "fine cut",
            "demo: expected other names, found two songs of this one",
        ),
        (
            "fine --mode hpss-mix,hpss-mix",
            "hpss-mix is to be scored twice",
        ),
        ("fine --model fine/demo/drums.wav", "fine/demo/drums.wav"),
    ] {
        let rest = if arguments.contains("--") {
            ""
        } else {
            " --baselines mix"
        };
        let result = scratch.evaluate(&format!("{arguments}{rest}"));
        assert_eq!(result.stdout, "", "{arguments}");
        let error = result.expect_one_error().replace('\\', "/");
        assert!(
            error.starts_with(&format!("error: {words}")),
            "{arguments}: {error}"
        );
    }
}

#[test]
fn a_song_that_fails_does_not_stop_the_others() {
    let scratch = Scratch::new();
    let song = EXCERPT.clone();
    write_stems(&scratch, "songs/fine", &song);
    scratch.file("songs/broken/drums.wav", "no audio");
    let result = scratch.evaluate("songs --baselines mix");
    assert_eq!(result.code, 1);
    assert!(
        result.stderr.starts_with("error: songs"),
        "{}",
        result.stderr
    );
    assert!(
        result.stdout.starts_with("mix: 1 song, 0:03\n"),
        "{}",
        result.stdout
    );
    assert!(
        result.stdout.contains("note: 1 song failed and left out"),
        "{}",
        result.stdout
    );
}
