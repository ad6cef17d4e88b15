//! All songs, several at a time.

use std::fs;
use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::Context;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::Settings;
use crate::plan::Song;
use crate::report::{Report, SongReport, say};
use crate::song;

/// Steps of a song's progress bar.
const BAR_STEPS: u64 = 1_000;

/// The folder that all songs go to. If this run made it and nothing came of it, it goes again.
pub struct OutputFolder {
    created: Option<PathBuf>,
}

impl OutputFolder {
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let existed = path.exists();
        fs::create_dir_all(path)
            .with_context(|| format!("{}: can't be created", path.display()))?;
        Ok(Self {
            created: (!existed).then(|| path.to_owned()),
        })
    }
}

impl Drop for OutputFolder {
    fn drop(&mut self) {
        if let Some(path) = &self.created {
            // Only succeeds on an empty folder.
            let _ = fs::remove_dir(path);
        }
    }
}

/// Does all songs and tells about each as it is done: on stdout, or on stderr if it failed.
pub fn run(songs: &[Song], settings: &Settings, quiet: bool) -> Report {
    let start = Instant::now();
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let num_threads = settings
        .jobs
        .map_or(cores, NonZeroUsize::get)
        .min(songs.len());
    let progress = Progress::new(songs.len(), quiet);
    let next = AtomicUsize::new(0);
    let reports: Vec<Mutex<Option<SongReport>>> = songs.iter().map(|_| Mutex::new(None)).collect();
    thread::scope(|scope| {
        for _ in 0..num_threads {
            scope.spawn(|| {
                while let Some((song, slot)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    songs.get(index).zip(reports.get(index))
                } {
                    let report = separate(song, settings, &progress);
                    progress.tell(&report, quiet);
                    *slot.lock().expect("only this thread fills the slot") = Some(report);
                }
            });
        }
    });
    progress.finish();
    let reports = reports
        .into_iter()
        .filter_map(|slot| slot.into_inner().expect("no thread panicked"))
        .collect();
    Report::new(settings, reports, start.elapsed().as_secs_f64())
}

fn separate(song: &Song, settings: &Settings, progress: &Progress) -> SongReport {
    if song.tracks.is_empty() {
        return SongReport::kept(song);
    }
    let bar = progress.song(song);
    let result = song::separate(song, settings, |fraction| {
        bar.set_position((fraction * BAR_STEPS as f64) as u64);
    });
    progress.bars.remove(&bar);
    match result {
        Ok(done) => SongReport::written(song, done),
        Err(error) => SongReport::failed(song, &error),
    }
}

/// Bars on stderr: one for each song at work, and one for the batch if it has several.
struct Progress {
    bars: MultiProgress,
    total: Option<ProgressBar>,
}

impl Progress {
    fn new(num_songs: usize, quiet: bool) -> Self {
        let hidden = quiet || !std::io::stderr().is_terminal();
        let bars = MultiProgress::with_draw_target(if hidden {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        });
        let total = (num_songs > 1).then(|| {
            let style = style("{wide_bar} {pos}/{len} songs, {elapsed} ");
            bars.add(ProgressBar::new(num_songs as u64).with_style(style))
        });
        Self { bars, total }
    }

    fn song(&self, song: &Song) -> ProgressBar {
        let bar = ProgressBar::new(BAR_STEPS)
            .with_style(style("{bar:30} {percent:>3} %  {wide_msg}"))
            .with_message(song.input.display().to_string());
        self.bars.insert(0, bar)
    }

    fn tell(&self, report: &SongReport, quiet: bool) {
        // Printing past the bars would leave torn ones on the screen.
        self.bars.suspend(|| {
            if let Some(error) = &report.error {
                eprintln!("error: {error}");
            } else if !quiet {
                say(report);
            }
        });
        if let Some(total) = &self.total {
            total.inc(1);
        }
    }

    fn finish(&self) {
        if let Some(total) = &self.total {
            total.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is fixed and right")
}
