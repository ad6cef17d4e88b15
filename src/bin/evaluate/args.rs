//! The command line, and what it asks for.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::{Parser, ValueEnum};
use unbraid::eval::oracle::Oracle;
use unbraid::eval::runner::{Method, Run};
use unbraid::eval::songs::Seconds;
use unbraid::nn::{ConvTasNetConfig, ConvTasNetModel, shared};
use unbraid::separators::{SeparatorKind, default_models};

const EXAMPLES: &str = "\
Examples:
  evaluate musdb18hq/
      scores the network of the build on the test songs
  evaluate musdb18hq/ --mode hpss-mix --model mine.safetensors --baselines mix,irm
      scores a mode, a network of one's own and two baselines on the same songs
  evaluate songs/ --estimates stems/ --full
      scores the stems in stems/<song>/ with ISR, SIR and SAR
  evaluate songs/ --museval scores/
      also writes scores/<run>/<song>.json, which museval can aggregate";

const NOTES: &str = "\
Songs are folders with drums, bass, other and vocals as audio files, and mixture if there is
one (else the mix is their sum), or files named *.stem.mp4. FOLDER/test is searched if there
is one (--split train: FOLDER/train), else FOLDER. Latency is taken off before anything is
scored.

All scores are in dB, over both channels. SI-SDR, uSDR (over the whole song) and bleed are
means over songs; cSDR, cISR, cSIR and cSAR (BSSEval 4) are medians over frames of 1 s, then
over songs; SI-SDRi and uSDRi are improvements over the mix. The last row is the mean over the
stems. In brackets: where the middle 95 % of 2000 bootstrap resamples of the songs lie.

A stem without a file is silent. A stem that is silent for a whole song is left out of all but
bleed: the energy of the estimate relative to the mix, over the seconds in which the true stem
is 60 dB below the mix or lower. A stem that a mode never fills is left out of its run. A
silent estimate of a sounding stem has SDR 0 and SI-SDR -30. A frame in which a sounding stem
or its estimate is silent counts for no stem. A mono file counts as two equal channels.

A song that can't be scored is reported on standard error and does not stop the others; the
exit code is then 1.";

/// Score separated stems against the true ones.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, after_long_help = format!("{NOTES}\n\n{EXAMPLES}"))]
pub struct Args {
    /// Folders of songs with true stems, or single songs
    #[arg(required = true, value_name = "FOLDER")]
    pub folders: Vec<PathBuf>,

    /// Modes to score, with the weights of the build [default, without anything else to score:
    /// conv-tasnet-live, or hpss-mix in a build without its model]
    #[arg(short, long, value_name = "MODE,…", value_delimiter = ',', value_enum)]
    mode: Vec<SeparatorKind>,

    /// Networks to score, as .safetensors files
    #[arg(long, value_name = "FILE,…", value_delimiter = ',')]
    model: Vec<PathBuf>,

    /// Folders of stems to score: DIR/<song>/drums.wav, and so on
    #[arg(long, value_name = "DIR,…", value_delimiter = ',')]
    estimates: Vec<PathBuf>,

    /// Yardsticks to score
    #[arg(short, long, value_enum, value_name = "NAME,…", value_delimiter = ',')]
    baselines: Vec<Baseline>,

    /// Which songs of MUSDB18
    #[arg(long, value_enum, default_value = "test")]
    pub split: Split,

    /// The part of each song that counts
    #[arg(long, value_name = "START..END", value_parser = parse_seconds)]
    pub seconds: Option<Seconds>,

    /// Also score ISR, SIR and SAR of frames, which take longest
    #[arg(long)]
    pub full: bool,

    /// Also write DIR/<run>/<song>.json as museval does; means --full
    #[arg(long, value_name = "DIR")]
    pub museval: Option<PathBuf>,

    /// Songs to work on at the same time [default: one per core]
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,

    /// Print one JSON document instead of tables
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Baseline {
    /// The mix as every stem
    Mix,
    /// A quarter of the mix as every stem: what an SDR is worth that knows nothing
    QuarterMix,
    /// Ideal ratio mask of magnitudes, windows of 4096 every 1024 samples
    Irm,
    /// The same on the windows, hop and bands of the first --model, or of the build's live network
    IrmModel,
    /// Ideal binary mask, windows of 4096 every 1024 samples
    Ibm,
    /// Multichannel Wiener filter with the true powers and places, windows of 4096 every 1024 samples
    Mwf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Split {
    Test,
    Train,
}

impl Split {
    pub fn name(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Train => "train",
        }
    }
}

fn parse_seconds(text: &str) -> Result<Seconds, String> {
    let parsed = text.split_once("..").and_then(|(start, end)| {
        let or = |text: &str, default| match text.trim() {
            "" => Some(default),
            text => text.parse().ok(),
        };
        let (start_s, end_s) = (or(start, 0.0)?, or(end, f64::INFINITY)?);
        (0.0 <= start_s && start_s < end_s).then_some(Seconds { start_s, end_s })
    });
    parsed.ok_or_else(|| "expected START..END in seconds with 0 ≤ START < END".into())
}

impl Args {
    /// What is to be scored, in the order of the help; loads each model once for all songs.
    pub fn runs(&self) -> anyhow::Result<Vec<Run>> {
        let mut runs = Vec::new();
        let mut modes = self.mode.clone();
        let none = self.model.is_empty() && self.estimates.is_empty() && self.baselines.is_empty();
        if modes.is_empty() && none {
            modes.push(default_models::usual_kind());
        }
        for kind in modes {
            // Held until all songs are done, so that not every song unpacks it anew.
            let method = if kind.needs_model() {
                let networks = default_models::load(kind);
                Method::Networks(networks.with_context(|| format!("--mode {}", kind.name()))?)
            } else {
                Method::Mode(kind)
            };
            push(&mut runs, kind.name(), method)?;
        }
        let models = self
            .model
            .iter()
            .map(|file| Ok((file, shared::load(file)?)));
        let models = models.collect::<anyhow::Result<Vec<_>>>()?;
        for (file, model) in &models {
            push(
                &mut runs,
                &name_of(file.with_extension("").as_path()),
                Method::Networks(model.clone().into()),
            )?;
        }
        for folder in &self.estimates {
            ensure!(
                folder.is_dir(),
                "--estimates: {}: there is no such folder",
                folder.display()
            );
            push(&mut runs, &name_of(folder), Method::Files(folder.clone()))?;
        }
        for &baseline in &self.baselines {
            let name = baseline
                .to_possible_value()
                .expect("no baseline is skipped");
            let method = match baseline {
                Baseline::Mix => Method::Mix(1.0),
                Baseline::QuarterMix => Method::Mix(0.25),
                Baseline::Irm => Method::Oracle(Oracle::RatioMask),
                Baseline::IrmModel => Method::Oracle(ceiling(models.first().map(|(_, m)| &**m))?),
                Baseline::Ibm => Method::Oracle(Oracle::BinaryMask),
                Baseline::Mwf => Method::Oracle(Oracle::Wiener),
            };
            push(&mut runs, name.get_name(), method)?;
        }
        Ok(runs)
    }
}

fn push(runs: &mut Vec<Run>, name: &str, method: Method) -> anyhow::Result<()> {
    if runs.iter().any(|run| run.name == name) {
        bail!("{name} is to be scored twice: expected other names");
    }
    let name = name.to_owned();
    runs.push(Run { name, method });
    Ok(())
}

/// The last part of a path, also where it is written as `.` or `stems/..`.
fn name_of(path: &Path) -> String {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = whole.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// The ratio mask of a network; without one, of the build's, or of the live network's shape.
fn ceiling(model: Option<&ConvTasNetModel>) -> anyhow::Result<Oracle> {
    let own = default_models::load(SeparatorKind::ConvTasNetLive).ok();
    let own = own.as_ref().map(|networks| &**networks.main());
    let config = match model.or(own) {
        Some(model) => model.config(),
        None => &ConvTasNetConfig::live(),
    };
    Oracle::of_model(config)
        .context("irm-model: expected a network with an STFT front end, found a learned one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Args::command().debug_assert();
    }

    #[test]
    fn parts_of_songs_are_read_as_people_write_them() {
        let seconds = |start_s, end_s| Some(Seconds { start_s, end_s });
        for (text, want) in [
            ("10..20", seconds(10.0, 20.0)),
            ("0.5..", seconds(0.5, f64::INFINITY)),
            ("..30", seconds(0.0, 30.0)),
            ("20..10", None),
            ("-1..10", None),
            ("10", None),
            ("nan..1", None),
            ("a..b", None),
        ] {
            assert_eq!(parse_seconds(text).ok(), want, "{text:?}");
        }
    }
}
