//! The program without a DAW, from the outside: what it refuses before it opens a window.
#![cfg(feature = "standalone")]

use std::process::Command;

/// Runs it on a machine without JACK, sound card and screen; what it says on stderr, and its code.
fn unbraid(arguments: &[&str]) -> (String, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_unbraid"))
        .args(arguments)
        .env("JACK_DEFAULT_SERVER", "nobody-runs-this-one")
        .env("ALSA_CONFIG_PATH", "/dev/null")
        .env_remove("DISPLAY")
        .output()
        .expect("the program can be started");
    let errors = String::from_utf8(output.stderr).expect("it is text");
    (errors, output.status.code())
}

fn one_sentence(arguments: &[&str]) -> String {
    let (errors, code) = unbraid(arguments);
    assert_eq!(code, Some(1), "{arguments:?}: {errors}");
    let mut lines = errors.lines();
    let line = lines.next().expect("a line on stderr").to_owned();
    assert_eq!(lines.next(), None, "after: {line}");
    assert!(line.starts_with("error: "), "{line}");
    line
}

#[test]
fn a_song_that_cannot_be_read_is_told_in_one_sentence() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/standalone_cli.rs");
    for (song, reason) in [
        ("no-such-song.mp3", "there is no such file"),
        (env!("CARGO_MANIFEST_DIR"), "found a folder"),
        (source, "found no audio"),
    ] {
        let line = one_sentence(&[song, "--backend", "dummy"]);
        assert!(line.contains(song) && line.contains(reason), "{line}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_sound_card_it_names_the_way_out() {
    for arguments in [&[][..], &["--backend", "alsa"]] {
        let line = one_sentence(arguments);
        assert!(line.contains("--backend dummy"), "{line}");
    }
    let line = one_sentence(&["--backend", "jack"]);
    assert!(line.contains("no JACK server is running"), "{line}");
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_screen_it_says_so() {
    let (errors, code) = unbraid(&["--backend", "dummy"]);
    assert_eq!(code, Some(1), "{errors}");
    let last = errors.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("error: the window can't be opened"),
        "{errors}"
    );
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    for arguments in [
        &["--size", "big"][..],
        &["--mode", "magic"],
        &["--sample-rate", "3"],
        &["--period-size", "0"],
        &["song.mp3", "--input-device", "x"],
    ] {
        let (errors, code) = unbraid(arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {errors}");
    }
}
