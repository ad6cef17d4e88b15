//! The `spectrogram` tool from the outside: its picture, and what it refuses.
#![cfg(feature = "tools")]

use std::f64::consts::TAU;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use unbraid::audio_file::{SampleFormat, WavWriter};
use unbraid::report::frequency_axis::{FrequencyAxis, FrequencyScale};
use unbraid::report::spectrogram::frame;

const RATE_HZ: f64 = 44_100.0;
const SINE_HZ: f64 = 1_500.0;

struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

fn spectrogram(folder: &Path, arguments: &str) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_spectrogram"))
        .current_dir(folder)
        .args(arguments.split_whitespace())
        .output()
        .unwrap();
    Run {
        code: output.status.code().expect("it was not killed"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder with `sine.wav`, two seconds.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let at = |n: u32| 0.5 * (TAU * SINE_HZ / RATE_HZ * f64::from(n)).sin() as f32;
    let sine: Vec<f32> = (0..88_200).map(at).collect();
    let path = folder.path().join("sine.wav");
    let mut writer = WavWriter::create(&path, RATE_HZ, 1, SampleFormat::Float32).unwrap();
    writer.write(&[&sine]).unwrap();
    writer.finish().unwrap();
    folder
}

/// Width, height and the bytes of the pixels.
fn read_png(path: &Path) -> (u32, u32, Vec<u8>) {
    let file = BufReader::new(File::open(path).expect("it was written"));
    let mut reader = png::Decoder::new(file).read_info().expect("it is a PNG");
    let (width, height) = (reader.info().width, reader.info().height);
    let mut pixels = vec![0; 3 * (width * height) as usize];
    reader.next_frame(&mut pixels).expect("it is whole");
    (width, height, pixels)
}

#[test]
fn a_sine_is_a_line_at_its_frequency_on_every_axis() {
    let folder = folder();
    for (name, scale, low_hz) in [
        ("linear", FrequencyScale::Linear, 0.0),
        ("log", FrequencyScale::Log, 30.0),
        ("mel", FrequencyScale::Mel, 0.0),
    ] {
        let arguments = format!("sine.wav --axis {name} -o {name}.png --size 700 400");
        let run = spectrogram(folder.path(), &arguments);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
        assert_eq!(run.stdout, format!("{name}.png\n"));
        let (width, height, pixels) = read_png(&folder.path().join(format!("{name}.png")));
        assert_eq!((width, height), (700, 400));

        let plot = frame((width, height));
        let axis = FrequencyAxis {
            scale,
            low_hz,
            high_hz: RATE_HZ / 2.0,
        };
        let place = (1.0 - axis.place(SINE_HZ)) * f64::from(plot.height);
        for column in [0.2, 0.5, 0.8].map(|x| plot.left + (x * f64::from(plot.width)) as u32) {
            let brightness = |row: u32| -> u32 {
                let pixel = 3 * ((plot.top + row) * width + column) as usize;
                pixels[pixel..pixel + 3]
                    .iter()
                    .map(|&byte| u32::from(byte))
                    .sum()
            };
            let brightest = (0..plot.height).max_by_key(|&row| brightness(row));
            let brightest = f64::from(brightest.expect("there are rows")) + 0.5;
            // The row that the frequency lies in, or its neighbour where it lies on the edge.
            let distance = (brightest - place).abs();
            assert!(distance <= 1.0, "{name}: row {brightest}, want {place}");
        }
    }
}

#[test]
fn the_picture_lies_beside_the_song() {
    let folder = folder();
    let run = spectrogram(folder.path(), "sine.wav --colours viridis");
    assert_eq!(run.stdout, "sine.spectrogram.png\n", "{}", run.stderr);
    let (width, height, _) = read_png(&folder.path().join("sine.spectrogram.png"));
    assert_eq!((width, height), (1200, 600));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn errors_are_one_sentence() {
    let folder = folder();
    fs::write(folder.path().join("empty.wav"), "").unwrap();
    fs::write(folder.path().join("text.txt"), "la la la").unwrap();
    for (arguments, words) in [
        ("none.wav", "none.wav: there is no such file"),
        (".", ".: expected an audio file, found a folder"),
        ("empty.wav", "expected audio, found an empty file (0 bytes)"),
        ("text.txt", "text.txt: expected WAV, AIFF, FLAC"),
        (
            "sine.wav --window 3",
            "expected 16 to 262144 samples, found 3",
        ),
        (
            "sine.wav --hop 0",
            "expected 1 sample to the window's 4096, found 0",
        ),
        ("sine.wav --hop 5000", "the window's 4096, found 5000"),
        ("sine.wav --low 0", "found 0 to 22050 Hz"),
        ("sine.wav --low 900 --high 800", "found 900 to 800 Hz"),
        (
            "sine.wav --high 30000",
            "at most 22050 Hz, half the sample rate",
        ),
        ("sine.wav --axis mel --low nan", "found NaN to 22050 Hz"),
        ("sine.wav --range 0", "expected at least 1 dB, found 0"),
        ("sine.wav --top inf", "expected a finite level"),
        ("sine.wav --size 100 100", "found 100 x 100"),
        (
            "sine.wav -o no/a.png",
            "no/a.png: the picture can't be written",
        ),
    ] {
        let run = spectrogram(folder.path(), arguments);
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{arguments}");
        let one_line = run.stderr.starts_with("error: ") && run.stderr.lines().count() == 1;
        assert!(
            one_line && run.stderr.contains(words),
            "{arguments}: {}",
            run.stderr
        );
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
}
