//! Runs one way to separate over one song, and scores what comes out.

use std::path::PathBuf;

use serde::{Serialize, Serializer};

use super::EvalError;
use super::bleed::{Bleed, bleed};
use super::bss_eval::{BssEval, FrameScore};
use super::oracle::Oracle;
use super::songs::{Song, Truth};
use crate::offline::OfflineEngine;
use crate::score::{sdr_db, si_sdr_db};
use crate::separators::{Networks, SeparatorKind, build};
use crate::stem::{NUM_STEMS, Stem, Stereo};

/// One way to get estimates of a song's stems.
#[derive(Clone, Debug)]
pub struct Run {
    /// What the output calls it.
    pub name: String,
    pub method: Method,
}

/// How estimates come about.
#[derive(Clone, Debug)]
pub enum Method {
    /// A mode with the build's own weights, through the engine.
    Mode(SeparatorKind),
    /// A network or several, through the engine.
    Networks(Networks),
    /// The mix at this gain, for every stem.
    Mix(f32),
    Oracle(Oracle),
    /// Files `FOLDER/<song>/<stem>.*`.
    Files(PathBuf),
}

/// The scores of one song.
#[derive(Clone, Debug, Serialize)]
pub struct SongScore {
    pub song: String,
    pub rate_hz: f64,
    pub num_samples: usize,
    /// Indexed by `Stem as usize`; `None` for a stem that the run does not estimate.
    #[serde(serialize_with = "by_name")]
    pub stems: [Option<StemScore>; NUM_STEMS],
}

/// In JSON, by the names of those that there are.
fn by_name<S: Serializer>(
    stems: &[Option<StemScore>; NUM_STEMS],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let stems = Stem::ALL.into_iter().zip(stems);
    serializer.collect_map(stems.filter_map(|(stem, score)| Some((stem.name(), score.as_ref()?))))
}

/// The scores of one stem of one song.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StemScore {
    /// `None` for a stem that is silent throughout.
    pub whole: Option<WholeScore>,
    /// By second; `None` for a frame that counts for no stem.
    pub frames: Vec<Option<FrameScore>>,
    /// `None` for a stem that never rests.
    pub bleed: Option<Bleed>,
}

/// Scores over a whole song, in dB; improvements are over the mix taken for the stem.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct WholeScore {
    pub si_sdr_improvement_db: f64,
    pub si_sdr_db: f64,
    pub sdr_improvement_db: f64,
    pub sdr_db: f64,
}

impl StemScore {
    /// Of an estimate of one of the true stems; `frames` are those of [`BssEval::frames`].
    pub fn new(
        reference: &Stereo,
        estimate: &Stereo,
        truth: &Truth,
        frames: Vec<Option<FrameScore>>,
    ) -> Self {
        let whole = || {
            let (si_sdr, sdr) = (
                si_sdr_db(reference, estimate)?,
                sdr_db(reference, estimate)?,
            );
            Some(WholeScore {
                si_sdr_improvement_db: si_sdr - si_sdr_db(reference, &truth.mix)?,
                si_sdr_db: si_sdr,
                sdr_improvement_db: sdr - sdr_db(reference, &truth.mix)?,
                sdr_db: sdr,
            })
        };
        Self {
            whole: whole(),
            frames,
            bleed: bleed(reference, estimate, &truth.mix, truth.rate_hz),
        }
    }
}

impl Run {
    /// The estimates of a song's stems, in time with it; `None` for a stem that the run never
    /// fills.
    ///
    /// # Errors
    /// Nothing can be built for the song's rate, a network gives values that are not finite, or
    /// files can't be read or do not fit the song.
    pub fn estimate(
        &self,
        song: &Song,
        truth: &Truth,
    ) -> Result<[Option<Stereo>; NUM_STEMS], EvalError> {
        let in_song = |source| EvalError::Build {
            path: song.path.clone(),
            source,
        };
        let (separator, fills) = match &self.method {
            Method::Mode(kind) => {
                let separator = build(*kind, truth.rate_hz).map_err(in_song)?;
                (separator, Stem::ALL.map(|stem| kind.fills(stem)))
            }
            Method::Networks(networks) => {
                let separator = networks.build(truth.rate_hz);
                (separator.map_err(in_song)?, [true; NUM_STEMS])
            }
            Method::Mix(gain) => {
                let scaled = |x: &Vec<f32>| x.iter().map(|x| gain * x).collect();
                return Ok([(); NUM_STEMS].map(|()| Some(truth.mix.each_ref().map(scaled))));
            }
            Method::Oracle(oracle) => {
                let stems = oracle.separate(&truth.mix, &truth.stems, truth.rate_hz);
                return Ok(stems.map(Some));
            }
            Method::Files(folder) => return truth.load_estimates(song, &folder.join(&song.name)),
        };
        let mut engine = OfflineEngine::new(separator, truth.rate_hz);
        let stems = engine.stems(&truth.mix);
        if engine.take_fault() {
            return Err(EvalError::Fault {
                path: song.path.clone(),
                run: self.name.clone(),
            });
        }
        let mut filled = fills.into_iter();
        Ok(stems.map(|stem| filled.next().unwrap_or(false).then_some(stem)))
    }
}

/// Scores all runs on a song; `with_parts` asks for ISR, SIR and SAR. `done` hears of each run.
///
/// # Errors
/// Of the first run that has no estimates for the song.
pub fn score(
    runs: &[Run],
    song: &Song,
    truth: &Truth,
    with_parts: bool,
    mut done: impl FnMut(),
) -> Result<Vec<SongScore>, EvalError> {
    let bss_eval = BssEval::new(&truth.stems, truth.rate_hz);
    let score = |run: &Run| {
        let estimates = run.estimate(song, truth)?;
        let mut frames = bss_eval.frames(&estimates, with_parts);
        let mut stems = [const { None }; NUM_STEMS];
        for (stem, estimate) in estimates.iter().enumerate() {
            if let Some(estimate) = estimate {
                let reference = &truth.stems[stem];
                let frames = std::mem::take(&mut frames[stem]);
                let score = StemScore::new(reference, estimate, truth, frames);
                stems[stem] = Some(score);
            }
        }
        done();
        Ok(SongScore {
            song: song.name.clone(),
            rate_hz: truth.rate_hz,
            num_samples: truth.mix[0].len(),
            stems,
        })
    };
    runs.iter().map(score).collect()
}
