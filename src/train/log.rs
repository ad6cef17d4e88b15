//! The training log: a CSV file with a row every so many steps, and the validation's scores in the
//! rows that have any.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::stem::NUM_STEMS;

const HEADER: &str =
    "step,audio_s,elapsed_s,learning_rate,loss,drums_db,bass_db,other_db,vocals_db,mean_db";

/// What is known after a step.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRow {
    /// Steps done.
    pub step: u64,
    /// Audio learned from so far, in seconds.
    pub audio_s: f64,
    /// Time of training so far, in seconds.
    pub elapsed_s: f64,
    pub learning_rate: f64,
    /// Mean since the row before.
    pub loss: f64,
    /// SI-SDR improvement in validation, indexed by `Stem as usize`; `None` for a stem that never
    /// sounds, or without validation at this step.
    pub stems_db: [Option<f64>; NUM_STEMS],
    /// The mean over the stems.
    pub mean_db: Option<f64>,
}

/// Why a log can't be used; one sentence each.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    #[error("{}: the training log can't be read", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{}: the training log can't be written", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("{}: expected a training log that begins with {HEADER:?}, found {found:?}", path.display())]
    Header { path: PathBuf, found: String },
    #[error("{}, line {line}: expected {expected}, found {found:?}", path.display())]
    Row {
        path: PathBuf,
        /// Counted from 1, the header's.
        line: usize,
        expected: &'static str,
        found: String,
    },
}

/// A log on disk.
#[derive(Debug)]
pub struct TrainingLog {
    path: PathBuf,
    file: File,
}

impl TrainingLog {
    /// Opens a log, or starts one. A last line without its end, left by a killed run, is taken off.
    ///
    /// # Errors
    /// The file is no training log, or can't be read or written.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let unwritable = |source| LogError::Unwritable {
            path: path.to_owned(),
            source,
        };
        let file = OpenOptions::new().create(true).append(true).open(path);
        let mut log = Self {
            path: path.to_owned(),
            file: file.map_err(unwritable)?,
        };
        let text = log.read()?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        // The header's first part may be all there is; another file's text is not ours to cut.
        let header = text.lines().next().unwrap_or_default();
        if header != HEADER && (whole > 0 || !HEADER.starts_with(header)) {
            return Err(LogError::Header {
                path: path.to_owned(),
                found: header.chars().take(HEADER.len()).collect(),
            });
        }
        if whole < text.len() {
            log.file.set_len(whole as u64).map_err(unwritable)?;
        }
        if whole == 0 {
            log.write_line(HEADER)?;
        }
        Ok(log)
    }

    /// Adds a row.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn append(&mut self, row: &LogRow) -> Result<(), LogError> {
        let scores = row.stems_db.iter().chain([&row.mean_db]);
        let scores = scores.map(|db| db.map(|db| db.to_string()).unwrap_or_default());
        let line = format!(
            "{},{},{},{},{},{}",
            row.step,
            row.audio_s,
            row.elapsed_s,
            row.learning_rate,
            row.loss,
            scores.collect::<Vec<_>>().join(",")
        );
        self.write_line(&line)
    }

    /// Every row, oldest first, as it was appended.
    ///
    /// # Errors
    /// The file can't be read, or a line is no row.
    pub fn rows(&self) -> Result<Vec<LogRow>, LogError> {
        let text = self.read()?;
        let rows = text.lines().enumerate().skip(1);
        rows.map(|(index, text)| self.parse(index + 1, text))
            .collect()
    }

    /// Takes off all rows of later steps: what a resumed run will do again.
    ///
    /// # Errors
    /// The file can't be read or written, or a line is no row.
    pub fn truncate_after(&mut self, step: u64) -> Result<(), LogError> {
        let num_kept = self
            .rows()?
            .iter()
            .take_while(|row| row.step <= step)
            .count();
        let text = self.read()?;
        let lines = text.split_inclusive('\n').take(1 + num_kept);
        let kept = lines.map(str::len).sum::<usize>();
        self.file
            .set_len(kept as u64)
            .map_err(|source| self.unwritable(source))
    }

    /// In one write, so that a kill leaves at most one torn line, the last.
    fn write_line(&mut self, line: &str) -> Result<(), LogError> {
        self.file
            .write_all(format!("{line}\n").as_bytes())
            .map_err(|source| self.unwritable(source))
    }

    fn read(&self) -> Result<String, LogError> {
        fs::read_to_string(&self.path).map_err(|source| LogError::Unreadable {
            path: self.path.clone(),
            source,
        })
    }

    fn unwritable(&self, source: io::Error) -> LogError {
        LogError::Unwritable {
            path: self.path.clone(),
            source,
        }
    }

    fn parse(&self, line: usize, text: &str) -> Result<LogRow, LogError> {
        let wrong = |expected, found: &str| LogError::Row {
            path: self.path.clone(),
            line,
            expected,
            found: found.to_owned(),
        };
        let fields: Vec<&str> = text.split(',').collect();
        let [
            step,
            audio_s,
            elapsed_s,
            learning_rate,
            loss,
            stems_db @ ..,
            mean_db,
        ] = &fields[..]
        else {
            return Err(wrong("ten fields", text));
        };
        let stems_db: &[&str; NUM_STEMS] =
            stems_db.try_into().map_err(|_| wrong("ten fields", text))?;
        let number = |text: &str| text.parse::<f64>().map_err(|_| wrong("a number", text));
        let score = |text: &str| match text {
            "" => Ok(None),
            text => number(text).map(Some),
        };
        let mut scores = [None; NUM_STEMS];
        for (score_db, text) in scores.iter_mut().zip(stems_db) {
            *score_db = score(text)?;
        }
        Ok(LogRow {
            step: step.parse().map_err(|_| wrong("a whole number", step))?,
            audio_s: number(audio_s)?,
            elapsed_s: number(elapsed_s)?,
            learning_rate: number(learning_rate)?,
            loss: number(loss)?,
            stems_db: scores,
            mean_db: score(mean_db)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(step: u64) -> LogRow {
        let x = step as f64;
        LogRow {
            step,
            audio_s: 6.0 * x,
            elapsed_s: 0.1 * x,
            learning_rate: 1e-3 / 3.0,
            loss: -1.0 / 3.0,
            stems_db: [Some(5.3), None, Some(-1e-9), Some(4.0)],
            mean_db: step.is_multiple_of(2).then_some(x / 7.0),
        }
    }

    /// A log with the rows of steps 1 to 4, in a folder that lives as long as it.
    fn log() -> (tempfile::TempDir, PathBuf, TrainingLog) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("log.csv");
        let mut log = TrainingLog::open(&path).expect("a new log");
        for step in 1..=4 {
            log.append(&row(step)).expect("it can be written");
        }
        (folder, path, log)
    }

    fn write(path: &Path, text: &str) {
        fs::write(path, text).expect("it can be written");
    }

    #[test]
    fn rows_come_back_bit_for_bit() {
        let (_folder, path, log) = log();
        let want: Vec<_> = (1..=4).map(row).collect();
        assert_eq!(log.rows().unwrap(), want);
        assert_eq!(TrainingLog::open(&path).unwrap().rows().unwrap(), want);
        let text = fs::read_to_string(path).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], HEADER);
        assert_eq!(
            lines[1],
            "1,6,0.1,0.0003333333333333333,-0.3333333333333333,5.3,,-0.000000001,4,"
        );
    }

    #[test]
    fn a_loss_that_is_no_number_is_logged_too() {
        let (_folder, _path, mut log) = log();
        let broken = LogRow {
            loss: f64::NAN,
            ..row(5)
        };
        log.append(&broken).unwrap();
        assert!(log.rows().unwrap()[4].loss.is_nan());
    }

    #[test]
    fn a_torn_last_line_is_taken_off_wherever_it_tore() {
        let (_folder, path, _) = log();
        let text = fs::read_to_string(&path).unwrap();
        for length in 0..text.len() {
            write(&path, &text[..length]);
            let mut log = TrainingLog::open(&path).expect("it can be repaired");
            let whole_rows = text[..length].matches('\n').count().saturating_sub(1);
            log.append(&row(9)).unwrap();
            let mut want: Vec<_> = (1..=4).map(row).take(whole_rows).collect();
            want.push(row(9));
            assert_eq!(log.rows().unwrap(), want, "torn after {length} bytes");
        }
    }

    #[test]
    fn resuming_forgets_later_steps() {
        let (_folder, _path, mut log) = log();
        log.truncate_after(4).unwrap();
        assert_eq!(log.rows().unwrap().len(), 4);
        log.truncate_after(2).unwrap();
        log.append(&row(3)).unwrap();
        assert_eq!(log.rows().unwrap(), [row(1), row(2), row(3)]);
        log.truncate_after(0).unwrap();
        assert_eq!(log.rows().unwrap(), []);
    }

    #[test]
    fn other_files_are_refused_and_left_alone() {
        let (_folder, path, log) = log();
        for text in ["step,loss\n1,2\n", "a letter", "step,audio_s\n"] {
            write(&path, text);
            let error = TrainingLog::open(&path).expect_err(text).to_string();
            assert!(
                error.contains("log.csv: expected a training log"),
                "{error}"
            );
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        for (text, want) in [
            (
                "1,2,3\n",
                r#"log.csv, line 2: expected ten fields, found "1,2,3""#,
            ),
            ("1,2,3,4,5,,,,,,\n", "expected ten fields"),
            ("1,2,3,4,x,,,,,\n", r#"expected a number, found "x""#),
            (
                "1.5,2,3,4,5,,,,,\n",
                r#"expected a whole number, found "1.5""#,
            ),
        ] {
            write(&path, &format!("{HEADER}\n{text}"));
            let error = log.rows().expect_err(text).to_string();
            assert!(error.contains(want), "{error}");
        }
    }

    #[test]
    fn a_log_in_no_folder_is_an_error() {
        let (folder, _, _) = log();
        let path = folder.path().join("nowhere/log.csv");
        let error = TrainingLog::open(&path).expect_err("no folder").to_string();
        assert!(
            error.ends_with("nowhere/log.csv: the training log can't be written"),
            "{error}"
        );
    }
}
