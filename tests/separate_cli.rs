//! The `separate` tool from the outside: what it writes, and what it refuses.
#![cfg(feature = "tools")]

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::scratch::{Run, Scratch, max_difference, song, sum};
use unbraid::audio_file::Audio;
use unbraid::stem::NUM_CHANNELS;

fn energy(audio: &Audio) -> f64 {
    let samples = audio.channels.iter().flatten();
    samples.map(|s| f64::from(*s) * f64::from(*s)).sum()
}

#[test]
fn stems_sum_to_the_song_at_its_own_rate() {
    let scratch = Scratch::new();
    for (rate_hz, num_samples) in [
        (44_100.0, 70_001),
        (48_000.0, 30_000),
        (22_050.0, 999),
        (96_000.0, 1),
    ] {
        let samples = song(rate_hz, num_samples, 1);
        scratch.wav("song.wav", rate_hz, &[&samples[0], &samples[1]]);
        for mode in ["hpss-mix", "hpss-live"] {
            scratch
                .run(&format!("song.wav -o out --overwrite --mode {mode}"))
                .expect_success();
            assert_eq!(
                scratch.names(),
                ["out/song/drums.wav", "out/song/other.wav", "song.wav"]
            );
            let (drums, other) = (
                scratch.audio("out/song/drums.wav"),
                scratch.audio("out/song/other.wav"),
            );
            for channel in 0..NUM_CHANNELS {
                let sum = sum(&[(1.0, &drums), (1.0, &other)], channel);
                // Other is rounded once and the sum once more, at levels below 1: 2 · 2⁻²⁴.
                let error = max_difference(&sum, &samples[channel]);
                assert!(error <= 1.2e-7, "{mode} {rate_hz}: {error}");
            }
            assert_eq!((drums.rate_hz, other.rate_hz), (rate_hz, rate_hz));
        }
    }
}

/// The sum would hide a common shift of one stem against the other: look at a stem itself.
#[test]
fn no_latency_is_left_in_a_stem() {
    let scratch = Scratch::new();
    for (rate_hz, at) in [(44_100.0, 30_000), (48_000.0, 12_345), (8_000.0, 5_000)] {
        let mut click = vec![0.0; 40_000];
        click[at] = 0.8;
        scratch.wav("click.wav", rate_hz, &[&click, &click]);
        for mode in ["hpss-mix", "hpss-live"] {
            scratch
                .run(&format!("click.wav -o out --overwrite --mode {mode}"))
                .expect_success();
            let drums = scratch.audio("out/click/drums.wav");
            let peak = (0..40_000)
                .max_by(|&a, &b| drums.channels[0][a].total_cmp(&drums.channels[0][b]))
                .unwrap();
            assert_eq!(peak, at, "{mode} at {rate_hz} Hz");
            assert!(drums.channels[0][at] > 0.4, "{}", drums.channels[0][at]);
        }
    }
}

#[test]
fn a_remix_has_the_gains() {
    let scratch = Scratch::new();
    let song = scratch.song("song.wav", 2);
    scratch
        .hpss("song.wav -o out --gain drums=-6dB,other=+3")
        .expect_success();
    let (drums, other) = (
        scratch.audio("out/song/drums.wav"),
        scratch.audio("out/song/other.wav"),
    );
    let mix = scratch.audio("out/song/mix.wav");
    let (quiet, loud) = (10_f32.powf(-0.3), 10_f32.powf(0.15));
    for channel in 0..NUM_CHANNELS {
        let expected = sum(&[(quiet, &drums), (loud, &other)], channel);
        let error = max_difference(&mix.channels[channel], &expected);
        assert!(error <= 1e-6, "{error}");
    }
    // The stems themselves are as they were.
    scratch.hpss("song.wav -o plain").expect_success();
    let tree = scratch.tree();
    assert_eq!(tree["out/song/drums.wav"], tree["plain/song/drums.wav"]);

    scratch
        .hpss("song.wav -o unity --gain drums=0 --gain vocals=0 --stems none")
        .expect_success();
    assert_eq!(
        scratch.audio("unity/song/mix.wav"),
        song,
        "unity is the song, bit for bit"
    );
    scratch
        .hpss("song.wav -o without --gain drums=-inf --stems none")
        .expect_success();
    let without = scratch.audio("without/song/mix.wav");
    assert!(max_difference(&without.channels[0], &other.channels[0]) <= 1.2e-7);
    assert!(
        energy(&drums) > 0.01 * energy(&song),
        "or the above says nothing"
    );
    let names = scratch.names();
    assert!(
        !names.contains(&"without/song/drums.wav".into()),
        "{names:?}"
    );
}

#[test]
fn a_mono_song_gives_mono_stems() {
    let scratch = Scratch::new();
    let samples = song(44_100.0, 20_000, 3);
    scratch.wav("mono.wav", 44_100.0, &[&samples[0]]);
    scratch
        .hpss("mono.wav -o out --gain drums=-3")
        .expect_success();
    let (drums, other) = (
        scratch.audio("out/mono/drums.wav"),
        scratch.audio("out/mono/other.wav"),
    );
    for audio in [&drums, &other, &scratch.audio("out/mono/mix.wav")] {
        assert_eq!(audio.num_source_channels, 1);
    }
    assert!(max_difference(&sum(&[(1.0, &drums), (1.0, &other)], 0), &samples[0]) <= 1.2e-7);
}

#[test]
fn stems_that_the_mode_leaves_silent_are_written_only_on_request() {
    let scratch = Scratch::new();
    scratch.song("song.wav", 4);
    let run = scratch.hpss("song.wav -o out").expect_success();
    assert_eq!(
        scratch.names(),
        ["out/song/drums.wav", "out/song/other.wav", "song.wav"]
    );
    let note = "note: HPSS Mix does not fill bass and vocals, so they are not written";
    assert!(run.stderr.starts_with(note), "{}", run.stderr);
    assert_eq!(run.stderr.lines().count(), 1);

    let run = scratch.hpss("song.wav -o all --stems all").expect_success();
    assert!(
        run.stderr.contains("bass and vocals: silent"),
        "{}",
        run.stderr
    );
    for (stem, silent) in [
        ("drums", false),
        ("bass", true),
        ("other", false),
        ("vocals", true),
    ] {
        let audio = scratch.audio(&format!("all/song/{stem}.wav"));
        assert_eq!(audio.num_samples(), 44_100, "{stem}");
        assert_eq!(energy(&audio) == 0.0, silent, "{stem}");
    }

    let run = scratch
        .hpss("song.wav -o some --stems other")
        .expect_success();
    assert_eq!(run.stderr, "");
    assert!(!scratch.path("some/song/drums.wav").exists());
}

#[test]
fn every_format_is_separated_without_its_encoder_delay() {
    let scratch = Scratch::new();
    for name in [
        "tone.flac",
        "tone.mp3",
        "tone.ogg",
        "tone.m4a",
        "tone_alac.m4a",
        "tone.aiff",
    ] {
        scratch.data(name, name);
        let folder = name.replace('.', "_");
        scratch
            .hpss(&format!("{name} -o {folder}"))
            .expect_success();
        let stem = Path::new(name).file_stem().unwrap().to_str().unwrap();
        let drums = scratch.audio(&format!("{folder}/{stem}/drums.wav"));
        assert_eq!(drums.num_samples(), 8_820, "{name}");
    }
}

#[test]
fn integer_files_hold_the_same_and_what_clips_is_counted() {
    let scratch = Scratch::new();
    scratch.song("song.wav", 5);
    scratch.hpss("song.wav -o float").expect_success();
    scratch
        .hpss("song.wav -o int --format s24")
        .expect_success();
    for stem in ["drums", "other"] {
        let float = scratch.audio(&format!("float/song/{stem}.wav"));
        let int = scratch.audio(&format!("int/song/{stem}.wav"));
        let error = max_difference(&float.channels[1], &int.channels[1]);
        assert!(error <= 0.5 / 8_388_608.0, "{stem}: {error}");
        let bytes = scratch.tree()[&format!("int/song/{stem}.wav")].len();
        assert!(bytes < 44_100 * 2 * 3 + 100, "{bytes}");
    }

    // 12 dB is a factor of 3.98.
    let levels: Vec<f32> = (0..10_000)
        .map(|n| if n == 5_000 { 0.9 } else { 0.2 })
        .collect();
    scratch.wav("loud.wav", 44_100.0, &[&levels, &levels]);
    let arguments =
        "loud.wav -o loud --stems none --gain drums=12,bass=12,other=12,vocals=12 --json";
    let json = scratch
        .hpss(&format!("{arguments} --format s24"))
        .expect_success()
        .json();
    assert_eq!(json["songs"][0]["clipped_samples"], 2);
    let json = scratch
        .hpss(&format!("{arguments} --overwrite"))
        .expect_success()
        .json();
    assert_eq!(json["songs"][0]["clipped_samples"], 0);
    let run = scratch.hpss(&arguments.replace("--json", "--overwrite --format s24"));
    assert!(run.expect_success().stdout.contains("2 samples clipped"));
}

#[test]
fn folders_are_searched_for_songs() {
    let scratch = Scratch::new();
    scratch.song("music/a.wav", 1);
    scratch.data("tone.flac", "music/album/one.FLAC");
    scratch.file("music/album/cover.jpg", "a picture");
    scratch.file("music/album/._one.flac", "what macOS leaves behind");
    scratch.file("music/.hidden/two.wav", "not for us");
    let expected = [
        "music/stems/a/drums.wav",
        "music/stems/a/other.wav",
        "music/stems/album/one/drums.wav",
        "music/stems/album/one/other.wav",
    ];
    // The second time, the stems of the first lie among the songs.
    for flag in ["", "--overwrite"] {
        let run = scratch
            .hpss(&format!("music -o music/stems {flag}"))
            .expect_success();
        let names = scratch.names();
        let wavs: Vec<&String> = names
            .iter()
            .filter(|name| name.contains("/stems/"))
            .collect();
        assert_eq!(wavs, expected);
        assert!(
            run.stdout.contains("2 songs: 2 written; 0:01 of audio in"),
            "{}",
            run.stdout
        );
    }

    scratch.file("papers/letter.txt", "no song");
    let error = scratch.hpss("papers -o out").expect_one_error();
    assert!(error.contains("papers: expected songs"), "{error}");
    let error = scratch.hpss("music -o music").expect_one_error();
    assert!(error.contains("other than the folder of songs"), "{error}");
    assert!(!scratch.path("out").exists());
}

#[cfg(unix)]
#[test]
fn links_in_a_folder_are_followed() {
    use std::os::unix::fs::symlink;
    let scratch = Scratch::new();
    scratch.song("elsewhere/deep/a.wav", 1);
    scratch.song("b.wav", 2);
    fs::create_dir(scratch.path("music")).unwrap();
    symlink("../elsewhere", scratch.path("music/folder")).unwrap();
    symlink("../b.wav", scratch.path("music/b.wav")).unwrap();
    symlink("nowhere.txt", scratch.path("music/letter.txt")).unwrap();
    scratch.hpss("music -o out").expect_success();
    assert!(scratch.path("out/folder/deep/a/drums.wav").is_file());
    assert!(scratch.path("out/b/drums.wav").is_file());

    symlink("nowhere.wav", scratch.path("music/gone.wav")).unwrap();
    let run = scratch.hpss("music -o out2");
    assert!(
        run.stderr.contains("gone.wav: there is no such file"),
        "{}",
        run.stderr
    );
    assert_eq!(
        (run.code, scratch.path("out2/b/drums.wav").is_file()),
        (1, true)
    );
}

/// Header of a WAV file that holds 16-bit samples.
fn pcm_wav(num_channels: u16, declared_bytes: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + declared_bytes).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0");
    bytes.extend(num_channels.to_le_bytes());
    bytes.extend(44_100_u32.to_le_bytes());
    bytes.extend((88_200 * u32::from(num_channels)).to_le_bytes());
    bytes.extend((2 * num_channels).to_le_bytes());
    bytes.extend(b"\x10\0data");
    bytes.extend(declared_bytes.to_le_bytes());
    bytes.extend(body);
    bytes
}

#[test]
fn a_song_that_cannot_be_read_is_one_line_and_leaves_nothing() {
    let scratch = Scratch::new();
    let cut = |from: &str, to: &str| {
        scratch.data(from, to);
        let bytes = fs::read(scratch.path(to)).unwrap();
        scratch.file(to, &bytes[..bytes.len() * 2 / 3]);
    };
    scratch.file("empty.wav", "");
    scratch.file("silent.wav", pcm_wav(2, 0, &[]));
    scratch.file("cut.wav", pcm_wav(2, 40_000, &[7; 20_000]));
    cut("tone.flac", "cut.flac");
    cut("tone.mp3", "cut.mp3");
    cut("tone.ogg", "cut.ogg");
    cut("tone.m4a", "cut.m4a");
    scratch.file("text.wav", "This is no audio.\n".repeat(50));
    scratch.data("tone.opus", "tone.opus");
    scratch.file("zero.wav", pcm_wav(0, 4_000, &[0; 4_000]));
    scratch.file("six.wav", pcm_wav(6, 12_000, &[0; 12_000]));
    let mut samples = song(44_100.0, 3_000, 1);
    samples[1][1_234] = f32::NAN;
    scratch.wav("nan.wav", 44_100.0, &[&samples[0], &samples[1]]);
    scratch.wav("slow.wav", 500.0, &[&[0.1; 900]]);
    let before = scratch.tree();
    for (name, words) in [
        ("missing.wav", "there is no such file"),
        ("empty.wav", "0 bytes"),
        ("silent.wav", "0 samples"),
        ("cut.wav", "is cut off: expected 10000 samples, found 5000"),
        ("cut.flac", "is cut off: expected 8820 samples"),
        ("cut.mp3", "is cut off: expected 8820 samples"),
        ("cut.ogg", "is cut off"),
        ("cut.m4a", "is cut off"),
        ("text.wav", "found no audio"),
        (
            "tone.opus",
            "Opus is not supported: convert it, e.g. to FLAC",
        ),
        ("zero.wav", "expected 1 or 2 channels, found 0"),
        ("six.wav", "expected 1 or 2 channels, found 6"),
        (
            "nan.wav",
            "1 that are NaN or infinite, the first one in channel 2 at sample 1234",
        ),
        ("slow.wav", "sample rate 500 Hz is not supported"),
    ] {
        let run = scratch.hpss(&format!("{name} -o out"));
        assert_eq!(
            run.stdout.lines().filter(|l| l.contains(".wav")).count(),
            0,
            "{}",
            run.stdout
        );
        let error = run.expect_one_error();
        assert!(
            error.contains(name) && error.contains(words),
            "{name}: {error}"
        );
        assert!(!scratch.path("out").exists(), "{name}");
        assert_eq!(scratch.tree(), before, "{name}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_one_line() {
    let scratch = Scratch::new();
    scratch.song("song.wav", 1);
    scratch.file("taken", "a file");
    scratch.file("half/song", "a file");
    let before = scratch.tree();
    for output in ["taken", "taken/inside", "half"] {
        let error = scratch
            .hpss(&format!("song.wav -o {output}"))
            .expect_one_error();
        assert!(
            error.contains(output) && error.contains("can't be created"),
            "{error}"
        );
        assert_eq!(scratch.tree(), before);
    }
}

/// A limit on the size of files stands for a disk that is full.
#[cfg(unix)]
#[test]
fn a_full_disk_is_one_line_and_leaves_nothing() {
    let scratch = Scratch::new();
    scratch.song("song.wav", 1);
    let before = scratch.tree();
    let tool = env!("CARGO_BIN_EXE_separate");
    let script =
        format!("trap '' XFSZ; ulimit -f 100; exec '{tool}' song.wav -o out --mode hpss-mix");
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(scratch.path(""))
        .output()
        .unwrap();
    let run = Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    let error = run.expect_one_error();
    assert!(error.contains("drums.wav: can't be written: "), "{error}");
    assert!(!scratch.path("out").exists());
    assert_eq!(scratch.tree(), before);
}

#[test]
fn what_the_command_line_asks_wrongly_is_one_line() {
    let scratch = Scratch::new();
    scratch.song("song.wav", 1);
    let before = scratch.tree();
    for (arguments, words) in [
        (
            "--gain drums",
            "expected STEM=DB such as drums=-6, found \"drums\"",
        ),
        (
            "--gain drums=loud",
            "expected -inf to 12 dB, found \"loud\"",
        ),
        ("--gain drums=13", "expected -inf to 12 dB, found \"13\""),
        ("--gain drums=nan", "found \"nan\""),
        ("--gain drums=inf", "found \"inf\""),
        (
            "--gain piano=-6",
            "expected drums, bass, other or vocals, found \"piano\"",
        ),
        ("--gain drums=-6 --gain drums=-3", "drums is named twice"),
        (
            "--stems piano",
            "expected drums, bass, other or vocals, found \"piano\"",
        ),
        ("--stems drums,drums", "drums is named twice"),
        ("--stems none", "nothing to write"),
        ("--shard 4/3", "expected K/N with 1 ≤ K ≤ N, found \"4/3\""),
    ] {
        let error = scratch
            .run(&format!("song.wav -o out {arguments}"))
            .expect_one_error();
        assert!(error.contains(words), "{arguments}: {error}");
        assert_eq!(scratch.tree(), before, "{arguments}");
    }
    for usage in [
        "",
        "song.wav",
        "-o out",
        "song.wav -o out --mode spleeter",
        "song.wav -o out --jobs 0",
        "song.wav -o out --format mp3",
        "song.wav -o out --overwrite --skip-existing",
        "song.wav -o out --loud",
    ] {
        assert_eq!(scratch.run(usage).code, 2, "{usage}");
        assert_eq!(scratch.tree(), before, "{usage}");
    }
}

#[test]
fn nothing_is_written_over_anything() {
    let scratch = Scratch::new();
    scratch.song("a/song.wav", 1);
    scratch.song("b/song.flac.wav", 2);
    scratch.song("b/song.wav", 3);
    scratch.data("tone.mp3", "a/song.mp3");
    // An earlier output that is an input now.
    scratch.song("stems/song/drums.wav", 4);
    let before = scratch.tree();
    for (arguments, words) in [
        ("a -o out", "would both write to out/song"),
        (
            "a/song.wav b/song.wav -o out",
            "a/song.wav and b/song.wav would both write to out/song",
        ),
        (
            "a/song.wav a/song.wav -o out",
            "would both write to out/song",
        ),
        ("b/song.wav b -o out", "would both write to out/song"),
        (
            "a/song.wav stems/song/drums.wav -o stems",
            "drums.wav is an input and would be overwritten",
        ),
        (
            "a/song.wav stems/song/drums.wav -o a/../stems --overwrite",
            "drums.wav is an input and would be overwritten",
        ),
        (
            "a/song.wav -o stems",
            "stems/song/drums.wav exists: --overwrite",
        ),
        (
            "a/song.wav b/song.flac.wav -o stems",
            "stems/song/drums.wav exists: --overwrite",
        ),
    ] {
        let error = scratch.hpss(arguments).expect_one_error();
        assert!(
            error.replace('\\', "/").contains(words),
            "{arguments}: {error}"
        );
        assert_eq!(scratch.tree(), before, "{arguments}");
    }
    scratch
        .hpss("a/song.wav -o stems --overwrite")
        .expect_success();
    assert_ne!(
        scratch.tree()["stems/song/drums.wav"],
        before["stems/song/drums.wav"]
    );
}

#[test]
fn a_song_that_fails_does_not_stop_the_others() {
    let scratch = Scratch::new();
    scratch.song("1.wav", 1);
    scratch.file("2.wav", "no audio");
    scratch.song("3.wav", 3);
    let run = scratch.hpss("1.wav 2.wav missing.wav 3.wav -o out --jobs 1");
    assert_eq!(run.code, 1);
    let errors: Vec<&str> = run
        .stderr
        .lines()
        .filter(|l| l.starts_with("error: "))
        .collect();
    assert_eq!(errors.len(), 2, "{}", run.stderr);
    assert!(errors[0].contains("2.wav") && errors[1].contains("missing.wav"));
    assert!(
        run.stdout.contains("4 songs: 2 written, 2 failed"),
        "{}",
        run.stdout
    );
    let names = scratch.names();
    let outputs: Vec<&String> = names
        .iter()
        .filter(|name| name.starts_with("out/"))
        .collect();
    let expected = [
        "out/1/drums.wav",
        "out/1/other.wav",
        "out/3/drums.wav",
        "out/3/other.wav",
    ];
    assert_eq!(outputs, expected);
    assert!(!scratch.path("out/2").exists());
}

#[test]
fn a_batch_is_resumed_where_it_stopped() {
    let scratch = Scratch::new();
    for seed in 1..=3 {
        scratch.song(&format!("songs/{seed}.wav"), seed);
    }
    scratch.hpss("songs -o whole").expect_success();
    // Done, half done and not begun, with the leftover of a killed run.
    scratch.file("out/1/drums.wav", "mine");
    scratch.file("out/1/other.wav", "mine too");
    scratch.file("out/2/other.wav", "keep me");
    scratch.file("out/2/.drums.wav.part", "half a file");
    let json = scratch
        .hpss("songs -o out --skip-existing --json")
        .expect_success()
        .json();
    let statuses: Vec<&str> = json["songs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|song| song["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["kept", "written", "written"]);
    let tree = scratch.tree();
    assert_eq!(tree["out/1/drums.wav"], b"mine");
    assert_eq!(tree["out/2/other.wav"], b"keep me");
    for name in ["2/drums.wav", "3/drums.wav", "3/other.wav"] {
        assert!(
            tree[&format!("out/{name}")] == tree[&format!("whole/{name}")],
            "{name}"
        );
    }
    assert!(!tree.contains_key("out/2/.drums.wav.part"));
    let run = scratch
        .hpss("songs -o out --skip-existing")
        .expect_success();
    assert!(
        run.stdout.contains("3 songs: 0 written, 3 kept"),
        "{}",
        run.stdout
    );
    assert_eq!(scratch.tree(), tree);
}

#[test]
fn shards_share_a_batch_without_gap_or_overlap() {
    let scratch = Scratch::new();
    for seed in 1..=5 {
        scratch.song(&format!("songs/{seed}.wav"), seed);
    }
    let mut done = Vec::new();
    for shard in 1..=3 {
        let run = scratch.hpss(&format!("songs -o out --shard {shard}/3 --json"));
        let json = run.expect_success().json();
        for song in json["songs"].as_array().unwrap() {
            assert_eq!(song["status"], "written");
            done.push(song["input"].as_str().unwrap().replace('\\', "/"));
        }
    }
    done.sort();
    assert_eq!(done, [1, 2, 3, 4, 5].map(|n| format!("songs/{n}.wav")));
    let json = scratch
        .hpss("songs/1.wav -o more --shard 2/2 --json")
        .expect_success()
        .json();
    assert_eq!(json["songs"].as_array().unwrap().len(), 0);
}

#[test]
fn the_number_of_jobs_changes_nothing() {
    let scratch = Scratch::new();
    for seed in 1..=4 {
        scratch.song(&format!("songs/{seed}.wav"), seed);
    }
    for jobs in [1, 2] {
        scratch
            .hpss(&format!("songs -o out{jobs} --jobs {jobs} --gain drums=-6"))
            .expect_success();
    }
    let tree = scratch.tree();
    let of = |folder: &str| -> Vec<(String, &Vec<u8>)> {
        tree.iter()
            .filter_map(|(name, bytes)| Some((name.strip_prefix(folder)?.to_owned(), bytes)))
            .collect()
    };
    assert_eq!(of("out1/").len(), 12);
    assert!(of("out1/") == of("out2/"));
    assert_ne!(tree["out1/1/drums.wav"], tree["out1/2/drums.wav"]);
}

#[test]
fn json_tells_all_about_every_song() {
    let scratch = Scratch::new();
    scratch.song("song.wav", 1);
    scratch.file("bad.wav", "no audio");
    let run = scratch.hpss("song.wav bad.wav -o out --json");
    assert_eq!(run.code, 1);
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    let json = run.json();
    assert_eq!(json["mode"], "hpss-mix");
    assert_eq!(json["model"], serde_json::Value::Null);
    assert_eq!(json["format"], "f32");
    assert_eq!(json["num_failed"], 1);
    let (song, bad) = (&json["songs"][0], &json["songs"][1]);
    assert_eq!(song["input"], "song.wav");
    assert_eq!(song["status"], "written");
    assert_eq!(song["error"], serde_json::Value::Null);
    assert_eq!(song["rate_hz"], 44_100.0);
    assert_eq!(song["num_channels"], 2);
    assert_eq!(song["audio_s"], 1.0);
    // 17 hops of 256 samples.
    assert_eq!(song["latency_samples"], 17 * 256);
    assert_eq!(song["outputs"].as_array().unwrap().len(), 2);
    for output in song["outputs"].as_array().unwrap() {
        assert!(scratch.path(output.as_str().unwrap()).is_file());
    }
    let (factor, elapsed_s) = (&song["real_time_factor"], &song["elapsed_s"]);
    assert!((factor.as_f64().unwrap() * elapsed_s.as_f64().unwrap() - 1.0).abs() < 1e-9);
    assert_eq!(bad["status"], "failed");
    assert!(bad["error"].as_str().unwrap().contains("found no audio"));

    let run = scratch.hpss("song.wav -o quiet -q").expect_success();
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
}

#[test]
fn a_killed_run_leaves_no_half_file_that_looks_whole() {
    let scratch = Scratch::new();
    // Long enough to be killed in.
    let samples = song(44_100.0, 44_100 * 40, 1);
    scratch.wav("long.wav", 44_100.0, &[&samples[0], &samples[1]]);
    let mut child = scratch
        .command("long.wav -o out -q --mode hpss-mix")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let part = scratch.path("out/long/.drums.wav.part");
    let deadline = Instant::now() + Duration::from_secs(60);
    // The first bytes on disk show that separation is under way.
    while fs::metadata(&part).map_or(0, |m| m.len()) < 100_000 {
        assert!(Instant::now() < deadline, "it never began to write");
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before it could be killed"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let names = scratch.names();
    assert_eq!(
        names,
        [
            "long.wav",
            "out/long/.drums.wav.part",
            "out/long/.other.wav.part"
        ]
    );

    scratch
        .hpss("long.wav -o out -q --skip-existing")
        .expect_success();
    assert_eq!(
        scratch.names(),
        ["long.wav", "out/long/drums.wav", "out/long/other.wav"]
    );
    assert_eq!(
        scratch.audio("out/long/drums.wav").num_samples(),
        44_100 * 40
    );
}

#[test]
fn a_reader_that_goes_away_does_not_stop_a_batch() {
    let scratch = Scratch::new();
    for seed in 1..=3 {
        scratch.song(&format!("songs/{seed}.wav"), seed);
    }
    let mut child = scratch
        .command("songs -o out --jobs 1 --mode hpss-mix")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
    assert_eq!(
        scratch
            .names()
            .iter()
            .filter(|name| name.starts_with("out/"))
            .count(),
        6
    );
}

#[test]
fn help_fits_a_terminal_and_shows_examples() {
    let scratch = Scratch::new();
    for flag in ["-h", "--help"] {
        let run = scratch.run(flag).expect_success();
        assert!(
            run.stdout.contains("separate song.mp3 -o stems"),
            "{}",
            run.stdout
        );
        for line in run.stdout.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
}
