//! A run: a folder in which a network learns, over as many sittings as it takes.
//!
//! | file | what |
//! |---|---|
//! | `settings.json` | the run's [`Settings`] |
//! | `checkpoint.safetensors` | where it stands |
//! | `log.csv`, `curves.png` | how it went |
//! | `best.safetensors` | the weights of the best validation, in f32, ready to play |

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use candle_core::Device;

use super::batches::Batches;
use super::checkpoint::{Checkpoint, CheckpointError, Progress};
use super::curves;
use super::data::{DataError, HeldOutSong, Library};
use super::export::export;
use super::log::{LogError, LogRow, TrainingLog};
use super::objective::Objective;
use super::optimiser::Weights;
use super::parameters::{Layout, initial_values};
use super::settings::{Settings, SettingsError};
use super::trainer::{StepReport, Trainer};
use super::unfold::{can_begin_from, unfolded};
use super::validate::{self, MeanScore, SongScore, score_song};
use crate::dsp::grid::Grid;
use crate::nn::{ConvTasNetModel, ModelError, Precision, WeightsFile};
use crate::offline::OfflineEngine;
use crate::plot::PlotError;
use crate::separators::ConvTasNet;
use crate::stem::NUM_STEMS;
use crate::whole_file;

pub const SETTINGS_FILE: &str = "settings.json";
pub const CHECKPOINT_FILE: &str = "checkpoint.safetensors";
pub const LOG_FILE: &str = "log.csv";
pub const CURVES_FILE: &str = "curves.png";
pub const BEST_FILE: &str = "best.safetensors";

/// Why a run can't go on; one sentence each.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("{}: holds a run already; go on with --resume, or choose another folder", .0.display())]
    Exists(PathBuf),
    #[error("{}: expected a run's folder with {SETTINGS_FILE}, found none", .0.display())]
    NoRun(PathBuf),
    #[error("{}: {reason}", path.display())]
    SettingsFile { path: PathBuf, reason: String },
    #[error("{}: {source}", path.display())]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Curves(#[from] PlotError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error("the network can't be computed: {0}")]
    Candle(#[from] candle_core::Error),
    #[error(
        "{}: expected weights of the network in the settings, or of one with fewer repeats or a smaller refiner, found another",
        .0.display()
    )]
    OtherNetwork(PathBuf),
    #[error("{0}: the network gives values that are no numbers")]
    Fault(String),
    #[error("the loss is {loss} at step {step}: a lower learning rate may help")]
    Diverged { step: u64, loss: f64 },
}

/// What happens in a run, for whoever shows it.
pub enum Event<'a> {
    Step {
        report: StepReport,
        progress: &'a Progress,
        /// Seconds of audio learned from in a second, since this sitting began.
        speed: f64,
    },
    Validated {
        score: &'a MeanScore,
        is_best: bool,
    },
}

/// Why a sitting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All steps are done.
    Finished,
    /// No better validation for as long as the settings' patience.
    Flat,
    /// Whoever watches wanted it.
    Paused,
}

/// A run, open in its folder.
pub struct Run {
    folder: PathBuf,
    settings: Arc<Settings>,
    batches: Batches,
    trainer: Trainer,
    log: TrainingLog,
    progress: Progress,
}

impl Run {
    /// Begins a run in a folder that holds none.
    ///
    /// # Errors
    /// There is one, or the settings or the data are not as they should be.
    pub fn start(folder: &Path, mut settings: Settings, device: &Device) -> Result<Self, RunError> {
        settings.check()?;
        let path = folder.join(SETTINGS_FILE);
        if path.exists() {
            return Err(RunError::Exists(folder.to_owned()));
        }
        let library = Library::open(&settings.data, settings.config.rate_hz(), settings.seed)?;
        fs::create_dir_all(folder).map_err(|source| RunError::Io {
            path: folder.to_owned(),
            source,
        })?;
        let mut values = initial_values(&settings.config, settings.filters, settings.seed);
        if let Some(beginning) = &mut settings.begin_from {
            let weights = WeightsFile::read(&beginning.file)?;
            if !can_begin_from(&settings.config, &weights.config) {
                return Err(RunError::OtherNetwork(beginning.file.clone()));
            }
            values = unfolded(&weights, &settings.config, values);
            beginning.provenance = weights.provenance;
        }
        let checkpoint = Checkpoint {
            progress: Progress::default(),
            weights: Weights::new(values),
        };
        let mut run = Self::open(folder, settings, library, checkpoint, device)?;
        if run.settings.begin_from.is_some() {
            let Self {
                batches,
                trainer,
                settings,
                ..
            } = &mut run;
            trainer.begin_from(settings.loss_at(0), || batches.for_statistics::<RunError>())?;
        }
        run.save()?;
        // Last: a folder with settings holds a whole run.
        let json = serde_json::to_string_pretty(&*run.settings).expect("settings are plain");
        whole_file::write(&path, json.as_bytes())
            .map_err(|source| RunError::Io { path, source })?;
        Ok(run)
    }

    /// Goes on where a run's last checkpoint was written.
    ///
    /// # Errors
    /// There is no run in the folder, or its files are damaged, or its data is gone.
    pub fn resume(folder: &Path, device: &Device) -> Result<Self, RunError> {
        let settings = read_settings(folder)?;
        settings.check()?;
        let library = Library::open(&settings.data, settings.config.rate_hz(), settings.seed)?;
        let length = Layout::parameters(&settings.config).len;
        let checkpoint = Checkpoint::read(&folder.join(CHECKPOINT_FILE), length)?;
        Self::open(folder, settings, library, checkpoint, device)
    }

    fn open(
        folder: &Path,
        settings: Settings,
        library: Library,
        checkpoint: Checkpoint,
        device: &Device,
    ) -> Result<Self, RunError> {
        let Checkpoint { progress, weights } = checkpoint;
        let mut log = TrainingLog::open(&folder.join(LOG_FILE))?;
        log.truncate_after(progress.step)?;
        let settings = Arc::new(settings);
        let objective = Arc::new(Objective::new(&settings.config, settings.warm_up_s));
        let trainer = Trainer::new(
            objective.clone(),
            settings.optimiser.clone(),
            settings.steps,
            &vec![device.clone(); settings.workers],
            weights,
            progress.step,
        )?;
        Ok(Self {
            folder: folder.to_owned(),
            batches: Batches {
                settings: settings.clone(),
                library: Arc::new(library),
                objective,
            },
            settings,
            trainer,
            log,
            progress,
        })
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    pub fn weights(&self) -> &Weights {
        self.trainer.weights()
    }

    /// Learns until the end, or until `tell` breaks it off; a checkpoint is written either way.
    ///
    /// # Errors
    /// Data, files or the network fail; the last checkpoint stays.
    pub fn go(
        &mut self,
        mut tell: impl FnMut(Event) -> ControlFlow<()>,
    ) -> Result<Ending, RunError> {
        let began = Instant::now();
        let elapsed_before = self.progress.elapsed_s;
        let first_step = self.progress.step;
        let mut saved = Instant::now();
        let mut loss_sum = LossSum::default();
        let segment_s = self.settings.data.segment_s;
        let audio_a_step = self.settings.batch as f64 * segment_s;
        let mut batches = self.batches.from_step(first_step);
        let mut flow = ControlFlow::Continue(());
        let ending = loop {
            if self.progress.step >= self.settings.steps {
                break Ending::Finished;
            }
            if self.settings.patience > 0
                && self.progress.validations_since_best >= self.settings.patience
            {
                break Ending::Flat;
            }
            if flow.is_break() {
                break Ending::Paused;
            }
            let batch = batches.next()?;
            let loss = self.settings.loss_at(self.progress.step);
            let report = self.trainer.step(&batch, loss)?;
            self.progress.step += 1;
            self.progress.elapsed_s = elapsed_before + began.elapsed().as_secs_f64();
            let step = self.progress.step;
            if !report.loss.is_finite() || !report.gradient_norm.is_finite() {
                let loss = report.loss;
                return Err(RunError::Diverged { step, loss });
            }
            loss_sum.add(report.loss);
            flow = tell(Event::Step {
                report,
                progress: &self.progress,
                speed: (step - first_step) as f64 * audio_a_step / began.elapsed().as_secs_f64(),
            });
            let validates = step.is_multiple_of(self.settings.validate_every_steps)
                || step == self.settings.steps;
            let mut row = LogRow {
                step,
                audio_s: step as f64 * audio_a_step,
                elapsed_s: self.progress.elapsed_s,
                learning_rate: report.learning_rate,
                loss: loss_sum.mean(),
                stems_db: [None; NUM_STEMS],
                mean_db: None,
            };
            if validates {
                let (score, is_best) = self.validate()?;
                row.stems_db = score.stems_db;
                row.mean_db = score.mean_db;
                let validated = tell(Event::Validated {
                    score: &score,
                    is_best,
                });
                if validated.is_break() {
                    flow = validated;
                }
            }
            if validates || step.is_multiple_of(self.settings.log_every_steps) {
                self.log.append(&row)?;
                loss_sum = LossSum::default();
            }
            if validates {
                curves::draw(&self.log.rows()?, &self.folder.join(CURVES_FILE))?;
            }
            if validates || saved.elapsed().as_secs_f64() >= self.settings.checkpoint_every_s {
                self.save()?;
                saved = Instant::now();
            }
        };
        self.save()?;
        Ok(ending)
    }

    /// Scores the averaged weights on the held-out songs, as they will play; keeps the best.
    fn validate(&mut self) -> Result<(MeanScore, bool), RunError> {
        let mut weights = self.weights_file()?;
        let songs = score_songs(
            &weights,
            self.batches.library.held_out(),
            self.settings.workers,
        )?;
        let score = validate::mean(&songs);
        let is_best = match (score.mean_db, self.progress.best) {
            (Some(db), Some((_, best))) => db > best,
            // Without songs to validate with, the newest is the best there is.
            (_, None) | (None, _) => true,
        };
        if is_best {
            self.progress.best = score.mean_db.map(|db| (self.progress.step, db));
            self.progress.validations_since_best = 0;
            weights.provenance["validation_si_sdr_improvement_db"] = score.mean_db.into();
            let path = self.folder.join(BEST_FILE);
            whole_file::write(&path, &weights.to_bytes(Precision::F32))
                .map_err(|source| RunError::Io { path, source })?;
        } else {
            self.progress.validations_since_best += 1;
        }
        Ok((score, is_best))
    }

    /// What plays, of the averaged weights.
    fn weights_file(&self) -> Result<WeightsFile, RunError> {
        let statistics = self.measure_statistics()?;
        let settings = &*self.settings;
        let audio_s = self.progress.step as f64 * settings.batch as f64 * settings.data.segment_s;
        let held_out = self.batches.library.held_out().iter();
        let provenance = serde_json::json!({
            "trained_by": concat!("unbraid ", env!("CARGO_PKG_VERSION")),
            "steps": self.progress.step,
            "audio_h": audio_s / 3600.0,
            "training_h": self.progress.elapsed_s / 3600.0,
            "seed": settings.seed,
            "phases": settings.phases,
            "began_from": settings.begin_from.as_ref().map(|beginning| &beginning.provenance),
            "data": settings.data_note,
            "held_out": held_out.map(|song| song.name()).collect::<Vec<_>>(),
        });
        Ok(export(
            &settings.config,
            &self.trainer.weights().average,
            &statistics,
            &settings.licence,
            provenance,
        ))
    }

    fn measure_statistics(&self) -> Result<Vec<f32>, RunError> {
        if Layout::statistics(&self.settings.config).len == 0 {
            return Ok(Vec::new());
        }
        let loss = self.settings.loss_at(self.progress.step);
        self.trainer
            .measure_statistics(loss, self.batches.for_statistics())
    }

    fn save(&self) -> Result<(), RunError> {
        let checkpoint = Checkpoint {
            progress: self.progress.clone(),
            weights: self.trainer.weights().clone(),
        };
        Ok(checkpoint.write(&self.folder.join(CHECKPOINT_FILE))?)
    }
}

/// Separates songs with these weights, as the plug-in would in f16, and scores the stems; several
/// songs side by side.
fn score_songs(
    weights: &WeightsFile,
    songs: &[HeldOutSong],
    num_threads: usize,
) -> Result<Vec<SongScore>, RunError> {
    let rate_hz = weights.config.rate_hz();
    let model = Arc::new(ConvTasNetModel::new(BEST_FILE, weights, Precision::F16)?);
    let score = |songs: &[HeldOutSong]| -> Result<Vec<SongScore>, RunError> {
        let separator = ConvTasNet::new(model.clone(), &Grid::new(rate_hz));
        let mut engine = OfflineEngine::new(Box::new(separator), rate_hz);
        let score_one = |song: &HeldOutSong| {
            let score = score_song(&mut engine, &song.load()?);
            match engine.take_fault() {
                true => Err(RunError::Fault(song.name().to_owned())),
                false => Ok(score),
            }
        };
        songs.iter().map(score_one).collect()
    };
    let share = songs.len().div_ceil(num_threads).max(1);
    thread::scope(|scope| {
        let threads: Vec<_> = songs
            .chunks(share)
            .map(|songs| scope.spawn(|| score(songs)))
            .collect();
        let mut scores = Vec::new();
        for thread in threads {
            match thread.join() {
                Ok(found) => scores.extend(found?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(scores)
    })
}

/// The settings of the run in a folder.
///
/// # Errors
/// There is none, or its settings can't be read.
pub fn read_settings(folder: &Path) -> Result<Settings, RunError> {
    let path = folder.join(SETTINGS_FILE);
    if !path.is_file() {
        return Err(RunError::NoRun(folder.to_owned()));
    }
    let text = fs::read_to_string(&path).map_err(|source| RunError::Io {
        path: path.clone(),
        source,
    })?;
    parse_settings(&path, &text)
}

/// Settings from a file's text.
///
/// # Errors
/// The text is no settings.
pub fn parse_settings(path: &Path, text: &str) -> Result<Settings, RunError> {
    serde_json::from_str(text).map_err(|error| RunError::SettingsFile {
        path: path.to_owned(),
        reason: format!("expected a run's settings, found {error}"),
    })
}

#[derive(Default)]
struct LossSum {
    sum: f64,
    count: f64,
}

impl LossSum {
    fn add(&mut self, loss: f64) {
        self.sum += loss;
        self.count += 1.0;
    }

    fn mean(&self) -> f64 {
        self.sum / self.count
    }
}
