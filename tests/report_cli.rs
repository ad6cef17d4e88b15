//! The `report` tool from the outside: its page, what it leaves out, and what it refuses.
#![cfg(feature = "tools")]

mod common;

use std::sync::LazyLock;

use common::networks::{random_weights, small, small_learned};
use common::scratch::Scratch;
use unbraid::demo_song::{DEFAULT_SEED, DemoSong, render};
use unbraid::nn::Precision;
use unbraid::stem::{Stem, Stereo};

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

fn write_wav(scratch: &Scratch, name: &str, [left, right]: &Stereo) {
    scratch.wav(name, RATE_HZ, &[left, right]);
}

/// Writes these stems of the excerpt into a folder.
fn write_stems(scratch: &Scratch, folder: &str, stems: &[Stem]) {
    for &stem in stems {
        let name = format!("{folder}/{}.wav", stem.name());
        write_wav(scratch, &name, &EXCERPT.stems[stem as usize]);
    }
}

fn page(scratch: &Scratch, name: &str) -> String {
    std::fs::read_to_string(scratch.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What the page says, without its tags.
fn text(html: &str) -> String {
    let pieces = html
        .split('<')
        .map(|piece| piece.split_once('>').unwrap_or(("", piece)).1);
    pieces.collect::<Vec<_>>().join(" ")
}

/// The cells of the table row that begins with a name.
fn row<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let start = html
        .find(&format!("<tr><td>{name}</td>"))
        .expect("a row of the table");
    let row = &html[start..start + html[start..].find("</tr>").expect("it ends")];
    let cells = row
        .split("</td>")
        .map(|cell| cell.rsplit('>').next().expect("a cell"));
    cells.collect()
}

fn num_players(html: &str) -> usize {
    html.matches("<audio controls").count()
}

#[test]
fn a_song_with_stems_has_all_chapters_and_the_scores_of_evaluate() {
    let scratch = Scratch::new();
    write_stems(&scratch, "songs/demo", &Stem::ALL);
    let run =
        scratch.report("songs/demo --mode hpss-mix --start 1 --seconds 2 --pictures pictures");
    let run = run.expect_success();
    assert_eq!(
        (run.stdout.as_str(), run.stderr.as_str()),
        ("songs/demo.report.html\n", "")
    );
    let html = page(&scratch, "songs/demo.report.html");
    let text = text(&html);
    for title in [
        "Overview",
        "From the waveform to the spectrogram",
        "Spectrograms of mix and stems",
        "Median filters: harmonic and percussive",
        "The limits of magnitude masks",
        "What is left: the residual",
    ] {
        assert_eq!(
            text.matches(title).count(),
            2,
            "{title}: in the contents and its chapter"
        );
    }
    assert!(text.contains("from 0:01 to 0:03 of 0:03"), "{text}");
    assert!(text.contains("There is no separated bass and vocals"));
    assert_eq!(
        num_players(&html),
        7,
        "the mix, four true stems, two separated"
    );

    let scores = scratch.evaluate("songs/demo --mode hpss-mix --seconds 1..3 --json");
    let scores = scores.expect_success().json();
    let drums = &scores["runs"][0]["songs"][0]["stems"]["drums"]["whole"];
    let want = ["si_sdr_db", "si_sdr_improvement_db"].map(|key| drums[key].as_f64().unwrap());
    let want = want.map(|db| format!("{db:.1}").replace('-', "−"));
    assert_eq!(row(&html, "Drums")[1..3], want);

    let pictures = scratch
        .names()
        .into_iter()
        .filter(|name| name.starts_with("pictures/"));
    assert_eq!(pictures.count(), html.matches("<img ").count());
    let png = std::fs::read(scratch.path("pictures/waveforms.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG"));
}

#[test]
fn the_page_needs_nothing_but_itself() {
    let scratch = Scratch::new();
    write_wav(&scratch, "<b>&amp;.wav", &EXCERPT.mix());
    scratch
        .report("<b>&amp;.wav --mode hpss-live -o page.html")
        .expect_success();
    let html = page(&scratch, "page.html");
    assert!(html.contains("<h1>&lt;b&gt;&amp;amp;</h1>"));
    let count = |word: &str| html.matches(word).count();
    assert_eq!(count(" src=\""), count(" src=\"data:"));
    assert!(count("http") == 1, "only http-equiv");
    for word in ["<script", "<link", "<iframe", "@import", "url("] {
        assert_eq!(count(word), 0, "{word}");
    }
    assert!(html.contains("default-src 'none'") && html.ends_with("</html>\n"));
}

#[test]
fn a_mix_alone_leaves_out_what_needs_true_stems_and_says_so() {
    let scratch = Scratch::new();
    write_wav(&scratch, "demo.wav", &EXCERPT.mix());
    scratch.report("demo.wav --mode hpss-mix").expect_success();
    let html = page(&scratch, "demo.report.html");
    let text = text(&html);
    assert!(text.contains("Nobody knows the true stems"), "{text}");
    assert!(!text.contains("The limits of magnitude masks") && !text.contains("SI-SDR in dB"));
    assert!(text.contains("Median filters: harmonic and percussive"));
    assert_eq!(num_players(&html), 3, "the mix, drums and other");
}

#[test]
fn a_missing_stem_is_unknown_or_silent() {
    let scratch = Scratch::new();
    let known = [Stem::Drums, Stem::Bass, Stem::Other];
    write_stems(&scratch, "unknown", &known);
    write_wav(&scratch, "unknown/mixture.wav", &EXCERPT.mix());
    write_stems(&scratch, "silent", &known);
    for (song, words, has_limits) in [
        (
            "unknown",
            "so what needs the true vocals, or all true stems, is left out",
            false,
        ),
        ("silent", "so the song is known to have none", true),
    ] {
        scratch
            .report(&format!("{song} --mode hpss-mix"))
            .expect_success();
        let text = text(&page(&scratch, &format!("{song}.report.html")));
        assert!(text.contains(words), "{text}");
        assert_eq!(
            text.contains("The limits of magnitude masks"),
            has_limits,
            "{song}"
        );
    }
}

#[test]
fn stems_on_disk_are_taken_as_they_are() {
    let scratch = Scratch::new();
    write_stems(&scratch, "demo", &Stem::ALL);
    write_stems(&scratch, "stems", &[Stem::Drums]);
    scratch.report("demo --estimates stems").expect_success();
    let html = page(&scratch, "demo.report.html");
    assert!(text(&html).contains("Stems from stems"));
    // An exact copy, by any score; the first table with this row has SI-SDR first, uSDR third.
    let drums = row(&html, "Drums");
    assert_eq!((drums[1], drums[3]), ("100.0", "100.0"));
}

#[test]
fn the_network_of_a_run_has_a_chapter_with_its_curves() {
    let scratch = Scratch::new();
    write_stems(&scratch, "songs/demo", &Stem::ALL);
    for (name, config) in [("stft", small()), ("learned", small_learned(true))] {
        let weights = random_weights(&config, 5).to_bytes(Precision::F16);
        scratch.file(&format!("{name}/best.safetensors"), weights);
        scratch.file(&format!("{name}/curves.png"), "how it learned");
        let arguments = format!("--run {name} -o {name}.html --pictures {name}-pictures");
        let run = scratch.report(&format!("songs/demo --start 1 --seconds 1 {arguments}"));
        run.expect_success();
        let text = text(&page(&scratch, &format!("{name}.html")));
        assert!(text.contains("The network: Conv-TasNet"), "{name}");
        let picture = |picture: &str| {
            let path = scratch.path(format!("{name}-pictures/network-{picture}.png"));
            std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        assert_eq!(picture("curves"), b"how it learned", "{name}");
        assert!(picture("masks").starts_with(b"\x89PNG"), "{name}");
    }
    let error = scratch
        .report("songs/demo --run nowhere")
        .expect_one_error();
    assert!(error.contains("nowhere/"), "{error}");
}

#[cfg(feature = "default-models")]
#[test]
fn a_network_that_does_not_play_alone_says_so() {
    let scratch = Scratch::new();
    write_stems(&scratch, "songs/demo", &Stem::ALL);
    for (mode, share) in [
        ("conv-tasnet-studio", Some("70 %")),
        ("conv-tasnet-live", None),
    ] {
        let run = scratch.report(&format!(
            "songs/demo --seconds 1 --mode {mode} -o {mode}.html"
        ));
        run.expect_success();
        let text = text(&page(&scratch, &format!("{mode}.html")));
        assert!(text.contains("as it is built in"), "{mode}");
        assert_eq!(
            text.contains("It does not play alone"),
            share.is_some(),
            "{mode}"
        );
        assert!(share.is_none_or(|share| text.contains(&format!("{share} of each stem"))));
    }
}

#[test]
fn odd_songs_have_reports_too() {
    let scratch = Scratch::new();
    let mono: Vec<f32> = EXCERPT.mix()[0].clone();
    scratch.wav("mono.wav", RATE_HZ, &[&mono]);
    scratch.wav("tiny.wav", RATE_HZ, &[&[0.5, -0.5, 0.25]]);
    scratch.wav("slow.wav", 1_000.0, &[&mono[..3_000]]);
    scratch.wav("fast.wav", 192_000.0, &[&mono, &mono]);
    scratch.data("sines.stem.mp4", "sines.stem.mp4");
    for song in [
        "mono.wav",
        "tiny.wav",
        "slow.wav",
        "fast.wav",
        "sines.stem.mp4",
    ] {
        let run = scratch.report(&format!("{song} --mode hpss-live -o {song}.html"));
        assert_eq!(run.expect_success().stdout, format!("{song}.html\n"));
        assert!(page(&scratch, &format!("{song}.html")).ends_with("</html>\n"));
    }
}

#[test]
fn what_has_no_report_is_one_sentence_and_leaves_the_old_one() {
    let scratch = Scratch::new();
    let [left, right] = EXCERPT.mix();
    write_stems(&scratch, "song", &Stem::ALL);
    for folder in ["short", "rate", "nan"] {
        write_stems(&scratch, folder, &Stem::ALL);
    }
    scratch.wav("short/bass.wav", RATE_HZ, &[&left[1..], &right[1..]]);
    scratch.wav("rate/vocals.wav", 48_000.0, &[&left, &right]);
    scratch.wav("nan/drums.wav", RATE_HZ, &[&[0.0, f32::NAN]]);
    scratch.wav("short_stems/drums.wav", RATE_HZ, &[&left[1..], &right[1..]]);
    scratch.wav("silence.wav", RATE_HZ, &[&[0.0; 50_000]]);
    scratch.wav("nan.wav", RATE_HZ, &[&[0.0, f32::INFINITY]]);
    scratch.wav("slow.wav", 500.0, &[&left]);
    scratch.wav("three.wav", RATE_HZ, &[&left, &left, &left]);
    scratch.file("text.txt", "la la la");
    scratch.file("empty.wav", "");
    scratch.file("void/readme.txt", "no audio");
    write_stems(&scratch, "songs/a", &[Stem::Drums]);
    write_stems(&scratch, "songs/b", &[Stem::Drums]);
    scratch.file("page.html", "the old one");
    let before = scratch.names();
    for (arguments, words) in [
        ("none.wav", "none.wav: there is no such file"),
        ("text.txt", "text.txt: expected WAV, AIFF, FLAC"),
        (
            "empty.wav",
            "empty.wav: expected audio, found an empty file",
        ),
        ("nan.wav", "nan.wav: expected finite samples, found 1"),
        ("three.wav", "three.wav: expected 1 or 2 channels, found 3"),
        ("slow.wav", "slow.wav: sample rate 500 Hz is not supported"),
        ("silence.wav", "silence.wav: expected sound, found silence"),
        ("void", "void: expected songs (folders with drums.wav"),
        ("songs", "songs: expected one song, found 2 such as songs/a"),
        (
            "short",
            "short/bass.wav: expected 133534 samples as in the rest of the song, found 133533",
        ),
        ("rate", "rate/vocals.wav: expected 44100 Hz as in the rest"),
        ("nan", "nan/drums.wav: expected finite samples"),
        (
            "song --start 10",
            "song: expected a song that lasts beyond 10 s, found 3.0 s",
        ),
        ("song --start -1", ""),
        (
            "song --start nan",
            "--start: expected seconds from 0, found NaN",
        ),
        (
            "song --seconds 0.5",
            "--seconds: expected 1 to 120, found 0.5",
        ),
        (
            "song --estimates none",
            "--estimates: none: there is no such folder",
        ),
        (
            "song --estimates void",
            "void: expected drums, bass, other or vocals of song, found none",
        ),
        (
            "song --estimates short_stems",
            "short_stems/drums.wav: expected 133534 samples",
        ),
        (
            "song --model text.txt",
            "text.txt: expected a safetensors file",
        ),
        (
            "song --model none.safetensors",
            "none.safetensors: can't be read",
        ),
        (
            "song --mode hpss-live --model text.txt",
            "--model or --run: expected --mode conv-tasnet-live",
        ),
        (
            "song -o nowhere/page.html",
            "nowhere/page.html: can't be written: there is no folder",
        ),
        (
            "song -o song/drums.wav",
            "song/drums.wav: expected a name that ends in .html",
        ),
        ("silence.wav -o page.html", "silence.wav: expected sound"),
    ] {
        let run = scratch.report(arguments);
        assert_eq!(run.stdout, "", "{arguments}");
        if words.is_empty() {
            // What clap refuses.
            assert_eq!(run.code, 2, "{arguments}");
            continue;
        }
        let error = run.expect_one_error().replace('\\', "/");
        assert!(
            error.starts_with(&format!("error: {words}")),
            "{arguments}: {error}"
        );
    }
    assert_eq!(scratch.names(), before);
    assert_eq!(page(&scratch, "page.html"), "the old one");
}
