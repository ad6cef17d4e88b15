//! What the scores come to, as tables and as JSON.

use std::fmt;

use serde::{Serialize, Serializer};
use unbraid::eval::runner::{Run, SongScore};
use unbraid::eval::summary::{Figure, Metric, Summary};
use unbraid::stem::Stem;

use crate::Done;

/// About all runs and songs. Scores are in dB.
#[derive(Serialize)]
pub struct Report {
    pub runs: Vec<RunReport>,
    pub num_failed: usize,
    /// What of the rules had an effect on these songs.
    notes: Vec<String>,
}

#[derive(Serialize)]
pub struct RunReport {
    pub name: String,
    rows: Vec<Row>,
    pub songs: Vec<SongScore>,
}

/// One stem, or all of them.
#[derive(Serialize)]
struct Row {
    name: &'static str,
    /// By the title of each metric that any row has.
    #[serde(serialize_with = "as_map")]
    figures: Vec<(&'static str, Option<Figure>)>,
    /// Songs in which the stem is scored, frames that count in them, and all frames.
    #[serde(flatten)]
    counts: Option<Counts>,
}

#[derive(Clone, Copy, Serialize)]
struct Counts {
    num_songs: usize,
    num_frames_kept: usize,
    num_frames: usize,
}

/// In JSON, by title.
fn as_map<S: Serializer>(
    figures: &[(&'static str, Option<Figure>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(figures.iter().copied())
}

impl Report {
    /// `songs` are those that did not fail; at least one.
    pub fn new(runs: &[Run], songs: Vec<Done>, num_failed: usize) -> Self {
        let mut notes = Vec::new();
        if num_failed > 0 {
            notes.push(format!("{} failed and left out", count(num_failed)));
        }
        for done in &songs {
            let song = &done.scores[0].song;
            for stem in &done.missing {
                notes.push(format!(
                    "{song}: no file for {}, so it is silent",
                    stem.name()
                ));
            }
        }
        let mut by_run: Vec<Vec<SongScore>> = runs.iter().map(|_| Vec::new()).collect();
        for done in songs {
            for (of_run, score) in by_run.iter_mut().zip(done.scores) {
                of_run.push(score);
            }
        }
        let runs = runs.iter().zip(by_run).map(|(run, songs)| {
            let report = RunReport::new(run, songs);
            notes.extend(report.notes());
            report
        });
        Self {
            runs: runs.collect(),
            num_failed,
            notes,
        }
    }
}

impl RunReport {
    fn new(run: &Run, songs: Vec<SongScore>) -> Self {
        let summary = Summary::new(&songs);
        let figures = |of_metric: &dyn Fn(usize) -> Option<Figure>| {
            let metrics = Metric::ALL.into_iter().enumerate();
            let told = metrics.filter(|(index, _)| summary.overall[*index].is_some());
            told.map(|(index, metric)| (metric.title(), of_metric(index)))
                .collect()
        };
        let estimated = |stem: &Stem| songs.iter().any(|s| s.stems[*stem as usize].is_some());
        let stems = Stem::ALL.into_iter().filter(estimated).map(|stem| {
            let (num_frames_kept, num_frames) = summary.num_frames[stem as usize];
            Row {
                name: stem.name(),
                figures: figures(&|metric| summary.stems[metric][stem as usize]),
                counts: Some(Counts {
                    num_songs: summary.num_songs[stem as usize],
                    num_frames_kept,
                    num_frames,
                }),
            }
        });
        let mut rows: Vec<Row> = stems.collect();
        rows.push(Row {
            name: "all",
            figures: figures(&|metric| summary.overall[metric]),
            counts: None,
        });
        Self {
            name: run.name.clone(),
            rows,
            songs,
        }
    }

    /// Which stems are left out, and where.
    fn notes(&self) -> Vec<String> {
        let songs_where = |holds: &dyn Fn(&SongScore) -> bool| {
            let songs = self.songs.iter().filter(|song| holds(song));
            songs.map(|song| song.song.as_str()).collect::<Vec<_>>()
        };
        let mut notes = Vec::new();
        for stem in Stem::ALL {
            let (index, name) = (stem as usize, stem.name());
            let not_estimated = songs_where(&|song| song.stems[index].is_none());
            let silent = songs_where(&|song| {
                song.stems[index]
                    .as_ref()
                    .is_some_and(|score| score.whole.is_none())
            });
            let run = &self.name;
            if not_estimated.len() == self.songs.len() {
                notes.push(format!("{run}: does not fill {name}, which is left out"));
            } else if !not_estimated.is_empty() {
                let songs = not_estimated.join(", ");
                notes.push(format!(
                    "{run}: no estimate of {name}, which is left out, in {songs}"
                ));
            }
            if !silent.is_empty() {
                let songs = silent.join(", ");
                notes.push(format!(
                    "{run}: {name} is silent, and scored as bleed only, in {songs}"
                ));
            }
        }
        notes
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for run in &self.runs {
            let samples_s = |song: &SongScore| song.num_samples as f64 / song.rate_hz;
            let audio_s = run.songs.iter().map(samples_s).sum::<f64>().round() as u64;
            let (minutes, seconds) = (audio_s / 60, audio_s % 60);
            let songs = count(run.songs.len());
            writeln!(f, "{}: {songs}, {minutes}:{seconds:02}", run.name)?;
            write_table(f, &run.rows)?;
            writeln!(f)?;
        }
        self.notes
            .iter()
            .try_for_each(|note| writeln!(f, "note: {note}"))
    }
}

fn count(num_songs: usize) -> String {
    let ending = if num_songs == 1 { "" } else { "s" };
    format!("{num_songs} song{ending}")
}

fn write_table(f: &mut fmt::Formatter, rows: &[Row]) -> fmt::Result {
    let titles = rows[0].figures.iter().map(|(title, _)| (*title).to_owned());
    let head = [vec!["dB".to_owned()], titles.collect()].concat();
    let head = [head, vec!["songs".to_owned(), "frames".to_owned()]].concat();
    let mut table = vec![head];
    for row in rows {
        let mut cells = vec![row.name.to_owned()];
        cells.extend(
            row.figures
                .iter()
                .map(|(_, figure)| figure.map_or("-".into(), cell)),
        );
        cells.extend(match row.counts {
            Some(counts) => [
                counts.num_songs.to_string(),
                format!("{}/{}", counts.num_frames_kept, counts.num_frames),
            ],
            None => [String::new(), String::new()],
        });
        table.push(cells);
    }
    let widths = (0..table[0].len()).map(|column| {
        let lengths = table.iter().map(|row| row[column].chars().count());
        lengths.max().unwrap_or(0)
    });
    let widths: Vec<usize> = widths.collect();
    for row in &table {
        write!(f, "{:<width$}", row[0], width = widths[0])?;
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            write!(f, "  {cell:>width$}")?;
        }
        writeln!(f)?;
    }
    Ok(())
}

fn cell(figure: Figure) -> String {
    match figure.interval_db {
        Some([low, high]) => format!("{:.2} [{low:.1} {high:.1}]", figure.value_db),
        None => format!("{:.2}", figure.value_db),
    }
}
