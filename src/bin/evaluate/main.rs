//! `evaluate`: true stems and a way to separate in, scores out.

mod args;
mod museval;
mod report;

use std::collections::HashSet;
use std::io::{IsTerminal, Write};
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, ensure};
use clap::Parser;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use unbraid::eval::runner::{Run, SongScore, score};
use unbraid::eval::songs::{Seconds, Song, find};
use unbraid::stem::Stem;

use crate::args::Args;
use crate::report::Report;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        // Each song has told its own error when it happened.
        Ok(num_failed) if num_failed > 0 => ExitCode::FAILURE,
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Returns how many songs failed.
fn run(args: &Args) -> anyhow::Result<usize> {
    let runs = args.runs()?;
    let mut songs = Vec::new();
    for folder in &args.folders {
        songs.extend(find(folder, args.split.name())?);
    }
    let mut names = HashSet::new();
    for song in &songs {
        let is_new = names.insert(&song.name);
        ensure!(
            is_new,
            "{}: expected other names, found two songs of this one",
            song.name
        );
    }
    let done = score_all(&songs, &runs, args);
    let num_failed = songs.len() - done.len();
    if done.is_empty() {
        return Ok(num_failed);
    }
    let report = Report::new(&runs, done, num_failed);
    if let Some(folder) = &args.museval {
        museval::write(folder, &report)?;
    }
    let text = if args.json {
        serde_json::to_string_pretty(&report).context("can't write the scores")?
    } else {
        report.to_string()
    };
    // A reader that has gone away (`evaluate … | head`) is no error.
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
    Ok(num_failed)
}

/// What became of a song: its scores by run, and its stems without a file.
pub struct Done {
    pub scores: Vec<SongScore>,
    pub missing: Vec<Stem>,
}

/// Scores all songs, several at a time; those that failed are left out, and told on stderr.
fn score_all(songs: &[Song], runs: &[Run], args: &Args) -> Vec<Done> {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let num_threads = args.jobs.map_or(cores, NonZeroUsize::get).min(songs.len());
    let bar = progress_bar(songs.len() * runs.len());
    let next = AtomicUsize::new(0);
    let slots: Vec<Mutex<Option<Done>>> = songs.iter().map(|_| Mutex::new(None)).collect();
    let score_song = |song: &Song| {
        let truth = song.load(args.seconds.unwrap_or(Seconds::ALL))?;
        let with_parts = args.full || args.museval.is_some();
        let scores = score(runs, song, &truth, with_parts, || bar.inc(1))?;
        anyhow::Ok(Done {
            scores,
            missing: truth.missing,
        })
    };
    thread::scope(|scope| {
        for _ in 0..num_threads {
            scope.spawn(|| {
                while let Some((song, slot)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    songs.get(index).zip(slots.get(index))
                } {
                    match score_song(song) {
                        Ok(done) => {
                            *slot.lock().expect("only this thread fills the slot") = Some(done);
                        }
                        // Printing past the bar would leave a torn one on the screen.
                        Err(error) => bar.suspend(|| eprintln!("error: {error:#}")),
                    }
                }
            });
        }
    });
    bar.finish_and_clear();
    let done = slots
        .into_iter()
        .map(|slot| slot.into_inner().expect("no thread panicked"));
    done.flatten().collect()
}

fn progress_bar(num_steps: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} scored, {elapsed} ");
    let style = style.expect("the template is fixed and right");
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    ProgressBar::with_draw_target(Some(num_steps as u64), target).with_style(style)
}
