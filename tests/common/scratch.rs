//! A folder in which the tools run, and songs for them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use unbraid::audio_file::{Audio, SampleFormat, WavWriter, read};
use unbraid::stem::NUM_CHANNELS;

pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    fn of(mut command: Command) -> Self {
        let output = command.output().unwrap();
        Self {
            code: output.status.code().expect("it was not killed"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn expect_success(self) -> Self {
        assert_eq!(self.code, 0, "stderr: {}", self.stderr);
        self
    }

    /// Exit code 1 and exactly one line on stderr, which is returned.
    pub fn expect_one_error(self) -> String {
        assert_eq!(self.code, 1, "stderr: {}", self.stderr);
        let mut lines = self.stderr.lines();
        let line = lines.next().expect("a line on stderr").to_owned();
        assert_eq!(lines.next(), None, "after: {line}");
        assert!(line.starts_with("error: "), "{line}");
        line
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|e| panic!("{e}\nstdout: {}\nstderr: {}", self.stdout, self.stderr))
    }
}

/// A folder of its own for each test; the tool runs in it, so all its paths are relative.
pub struct Scratch(TempDir);

impl Scratch {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn command(&self, arguments: &str) -> Command {
        self.tool(env!("CARGO_BIN_EXE_separate"), arguments)
    }

    fn tool(&self, path: &str, arguments: &str) -> Command {
        let mut command = Command::new(path);
        command
            .current_dir(self.0.path())
            .args(arguments.split_whitespace())
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &str) -> Run {
        Run::of(self.command(arguments))
    }

    pub fn evaluate(&self, arguments: &str) -> Run {
        Run::of(self.tool(env!("CARGO_BIN_EXE_evaluate"), arguments))
    }

    pub fn report(&self, arguments: &str) -> Run {
        Run::of(self.tool(env!("CARGO_BIN_EXE_report"), arguments))
    }

    /// Runs in the mode whose stems most tests know: what they are about has nothing to do with it.
    pub fn hpss(&self, arguments: &str) -> Run {
        self.run(&format!("--mode hpss-mix {arguments}"))
    }

    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Copies a file of `tests/data`.
    pub fn data(&self, from: &str, to: &str) {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
        self.file(to, fs::read(data.join(from)).unwrap());
    }

    pub fn wav(&self, name: &str, rate_hz: f64, channels: &[&[f32]]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let format = SampleFormat::Float32;
        let mut writer = WavWriter::create(&path, rate_hz, channels.len(), format).unwrap();
        writer.write(channels).unwrap();
        writer.finish().unwrap();
    }

    /// A second of music of a kind; other sounds for another seed.
    pub fn song(&self, name: &str, seed: u32) -> Audio {
        let song = song(44_100.0, 44_100, seed);
        self.wav(name, 44_100.0, &[&song[0], &song[1]]);
        self.audio(name)
    }

    pub fn audio(&self, name: &str) -> Audio {
        read(&self.path(name)).unwrap_or_else(|e| panic!("{e}"))
    }

    /// Every file below, by name, with its content.
    pub fn tree(&self) -> BTreeMap<String, Vec<u8>> {
        walkdir::WalkDir::new(self.0.path())
            .into_iter()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| {
                let name = entry.path().strip_prefix(self.0.path()).unwrap();
                let name = name.to_str().unwrap().replace('\\', "/");
                (name, fs::read(entry.path()).unwrap())
            })
            .collect()
    }

    pub fn names(&self) -> Vec<String> {
        self.tree().into_keys().collect()
    }
}

/// A chord with a hit every quarter of a second, in stereo.
pub fn song(rate_hz: f64, num_samples: usize, seed: u32) -> [Vec<f32>; NUM_CHANNELS] {
    let mut state = seed;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1_u32 << 24) as f32 - 0.5
    };
    std::array::from_fn(|channel| {
        (0..num_samples)
            .map(|n| {
                let t = n as f64 / rate_hz;
                let chord = [
                    220.0,
                    277.2,
                    329.6 + channel as f64,
                    10.0 * f64::from(seed % 50),
                ];
                let chord: f64 = chord
                    .iter()
                    .map(|f| (std::f64::consts::TAU * f * t).sin())
                    .sum();
                let hit = (-60.0 * (t % 0.25)).exp() as f32;
                0.1 * chord as f32 + 0.6 * hit * noise()
            })
            .collect()
    })
}

pub fn max_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}

/// Sum of several files, sample by sample.
pub fn sum(parts: &[(f32, &Audio)], channel: usize) -> Vec<f32> {
    (0..parts[0].1.num_samples())
        .map(|n| {
            parts
                .iter()
                .map(|(gain, audio)| gain * audio.channels[channel][n])
                .sum()
        })
        .collect()
}
