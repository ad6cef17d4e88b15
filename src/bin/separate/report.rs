//! What a run has to tell, as text and as JSON.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::args::Settings;
use crate::method::About;
use crate::plan::Song;
use crate::song::Done;

/// Prints a line on stdout. A reader that has gone away (`separate … | head`) must not stop a batch,
/// as the panic of `println!` would.
pub fn say(line: impl fmt::Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// About all songs. Times are in seconds; a real-time factor of 60 means a minute of audio in a
/// second.
#[derive(Debug, Serialize)]
pub struct Report {
    mode: &'static str,
    model: Option<About>,
    format: &'static str,
    songs: Vec<SongReport>,
    pub num_failed: usize,
    audio_s: f64,
    elapsed_s: f64,
    real_time_factor: Option<f64>,
}

#[derive(Debug, Serialize)]
pub struct SongReport {
    input: String,
    status: Status,
    /// Where its files are.
    folder: String,
    /// Files that this run wrote.
    outputs: Vec<String>,
    #[serde(flatten)]
    figures: Option<Figures>,
    pub error: Option<String>,
}

#[derive(Debug, Serialize)]
struct Figures {
    rate_hz: f64,
    num_channels: usize,
    audio_s: f64,
    elapsed_s: f64,
    real_time_factor: f64,
    /// Taken off: no output is late by it.
    latency_samples: usize,
    clipped_samples: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Written,
    /// All its files were there.
    Kept,
    Failed,
}

impl Report {
    pub fn new(settings: &Settings, songs: Vec<SongReport>, elapsed_s: f64) -> Self {
        let figures = songs.iter().filter_map(|song| song.figures.as_ref());
        let audio_s: f64 = figures.map(|figures| figures.audio_s).sum();
        Self {
            mode: settings.method.kind.name(),
            model: settings.method.about(),
            format: settings.format.name(),
            num_failed: songs
                .iter()
                .filter(|song| song.status == Status::Failed)
                .count(),
            audio_s,
            elapsed_s,
            real_time_factor: (audio_s > 0.0).then(|| audio_s / elapsed_s),
            songs,
        }
    }

    pub fn wrote_any(&self) -> bool {
        self.songs.iter().any(|song| song.status == Status::Written)
    }

    /// One line about a batch; a single song has told all.
    pub fn print_total(&self) {
        if self.songs.len() == 1 {
            return;
        }
        let count = |wanted| self.songs.iter().filter(|s| s.status == wanted).count();
        let mut parts = vec![format!("{} written", count(Status::Written))];
        for (status, name) in [(Status::Kept, "kept"), (Status::Failed, "failed")] {
            if count(status) > 0 {
                parts.push(format!("{} {name}", count(status)));
            }
        }
        let mut line = format!("{} songs: {}", self.songs.len(), parts.join(", "));
        if let Some(factor) = self.real_time_factor {
            line += &format!("; {}", Speed(self.audio_s, self.elapsed_s, factor));
        }
        say(line);
    }
}

impl SongReport {
    pub fn written(song: &Song, done: Done) -> Self {
        Self {
            outputs: done.outputs.iter().map(|path| text(path)).collect(),
            figures: Some(Figures {
                rate_hz: done.rate_hz,
                num_channels: done.num_channels,
                audio_s: done.audio_s,
                elapsed_s: done.elapsed_s,
                real_time_factor: done.audio_s / done.elapsed_s,
                latency_samples: done.latency_samples,
                clipped_samples: done.clipped_samples,
            }),
            ..Self::new(song, Status::Written)
        }
    }

    pub fn kept(song: &Song) -> Self {
        Self::new(song, Status::Kept)
    }

    pub fn failed(song: &Song, error: &anyhow::Error) -> Self {
        Self {
            error: Some(format!("{error:#}")),
            ..Self::new(song, Status::Failed)
        }
    }

    fn new(song: &Song, status: Status) -> Self {
        Self {
            input: text(&song.input),
            status,
            folder: text(&song.folder),
            outputs: Vec::new(),
            figures: None,
            error: None,
        }
    }
}

impl fmt::Display for SongReport {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Some(figures) = &self.figures else {
            return write!(f, "{}: already there", self.folder);
        };
        let names = self.outputs.iter().map(|output| {
            let name = Path::new(output).file_stem().unwrap_or_default();
            name.to_string_lossy()
        });
        let names: Vec<_> = names.collect();
        let speed = Speed(figures.audio_s, figures.elapsed_s, figures.real_time_factor);
        write!(f, "{}: {}; {speed}", self.folder, names.join(", "))?;
        if figures.clipped_samples > 0 {
            write!(f, "; {} samples clipped", figures.clipped_samples)?;
        }
        Ok(())
    }
}

/// Seconds of audio, seconds taken, and their ratio.
struct Speed(f64, f64, f64);

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Speed(audio_s, elapsed_s, factor) = self;
        // Rounded before it is split, or 59.6 s would be 0:60.
        let whole_s = audio_s.round() as u64;
        let (minutes, seconds) = (whole_s / 60, whole_s % 60);
        write!(
            f,
            "{minutes}:{seconds:02} of audio in {elapsed_s:.1} s, {factor:.0}x real time"
        )
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
