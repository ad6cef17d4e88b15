//! The command line, and what it asks for.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use clap::Parser;
use unbraid::eval::runner::Method;
use unbraid::eval::songs::{Song, find};
use unbraid::nn::{WeightsFile, shared};
use unbraid::report::{Network, Way};
use unbraid::separators::{SeparatorKind, default_models};

const EXAMPLES: &str = "\
Examples:
  report musdb18hq/test/song/
      writes musdb18hq/test/song.report.html about 20 s of the song, separated by the network of
      the build
  report song.mp3
      the same of a mix alone, without what needs true stems
  report song/ --start 60 --seconds 30 --model mine.safetensors -o mine.html
      another passage and a network of one's own
  report song/ --estimates stems/song/ --pictures pictures/
      about stems on disk; also writes every picture as a PNG";

const NOTES: &str = "\
The page is one file that holds all its pictures and sounds and needs no network: waveforms, the
way from a frame to a spectrogram, spectrograms of all stems, median filters and their masks, what
masks could do at best, what is wrong with the separation, and what its network did and how it
learned.

SONG is an audio file, or a folder with drums, bass, other and vocals as audio files and mixture if
there is one (else the mix is their sum), or a file named *.stem.mp4. What needs true stems that
are not there is left out, and the page says so. Only the passage is separated, from silence on, so
its scores are those of evaluate --seconds. A report that exists is replaced, when the new one is
whole.";

/// Explain a song and its separation in one HTML page.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, after_long_help = format!("{NOTES}\n\n{EXAMPLES}"))]
pub struct Args {
    /// The song: an audio file, or a folder with its stems
    #[arg(value_name = "SONG")]
    pub song: PathBuf,

    /// Page to write [default: SONG with the ending .report.html]
    #[arg(short, long, value_name = "HTML")]
    output: Option<PathBuf>,

    /// Folder to write the pictures to as well, as PNG files
    #[arg(short, long, value_name = "DIR")]
    pub pictures: Option<PathBuf>,

    /// How to separate [default: conv-tasnet-live, or hpss-mix in a build without its model]
    #[arg(short, long, value_name = "MODE", value_enum)]
    mode: Option<SeparatorKind>,

    /// Network for a Conv-TasNet mode, as a .safetensors file [default: the one that is part of the
    /// build]
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,

    /// Folder of a training run: takes its best weights for a Conv-TasNet mode, and shows its curves
    #[arg(long, value_name = "DIR", conflicts_with = "model")]
    run: Option<PathBuf>,

    /// Folder of stems that have been separated, instead of separating: DIR/drums.wav, and so on
    #[arg(long, value_name = "DIR", conflicts_with_all = ["mode", "model", "run"])]
    estimates: Option<PathBuf>,

    /// Where the passage begins [default: where most stems sound, and loudest]
    #[arg(long, value_name = "SECONDS")]
    pub start: Option<f64>,

    /// How long the passage is
    #[arg(long, value_name = "SECONDS", default_value = "20")]
    pub seconds: f64,
}

impl Args {
    /// Refuses what can be seen to fail before any work is done.
    pub fn check(&self) -> anyhow::Result<()> {
        ensure!(
            (1.0..=120.0).contains(&self.seconds),
            "--seconds: expected 1 to 120, found {}",
            self.seconds
        );
        if let Some(start_s) = self.start {
            ensure!(
                start_s.is_finite() && start_s >= 0.0,
                "--start: expected seconds from 0, found {start_s}"
            );
        }
        let output = self.output()?;
        ensure!(
            output.extension() == Some(OsStr::new("html")),
            "{}: expected a name that ends in .html",
            output.display()
        );
        let folder = match output.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        ensure!(
            folder.is_dir(),
            "{}: can't be written: there is no folder {}",
            output.display(),
            folder.display()
        );
        Ok(())
    }

    /// The page's file.
    pub fn output(&self) -> anyhow::Result<PathBuf> {
        if let Some(output) = &self.output {
            return Ok(output.clone());
        }
        if !self.song.is_dir() {
            return Ok(self.song.with_extension("report.html"));
        }
        // A folder may be written as `.` and may have a dot in its name.
        let folder = match self.song.file_name() {
            Some(_) => self.song.clone(),
            None => (self.song.canonicalize())
                .with_context(|| format!("{}: can't be found", self.song.display()))?,
        };
        let mut name = (folder.file_name())
            .with_context(|| format!("{}: expected --output", folder.display()))?
            .to_owned();
        name.push(".report.html");
        Ok(folder.with_file_name(name))
    }

    /// The one song that is meant.
    pub fn song(&self) -> anyhow::Result<Song> {
        let is_stems = self.song.to_string_lossy().ends_with(".stem.mp4");
        if !self.song.is_dir() && !is_stems {
            return Ok(Song::of_mix(&self.song));
        }
        let mut songs = find(&self.song, "test")?;
        ensure!(
            songs.len() == 1,
            "{}: expected one song, found {} such as {}",
            self.song.display(),
            songs.len(),
            songs[0].path.display()
        );
        Ok(songs.remove(0))
    }

    /// What separates.
    pub fn way(&self) -> anyhow::Result<Way> {
        if let Some(folder) = &self.estimates {
            ensure!(
                folder.is_dir(),
                "--estimates: {}: there is no such folder",
                folder.display()
            );
            return Ok(Way::Folder(folder.clone()));
        }
        // A run's best weights and curves are called this by `train`.
        let of_run = self.run.as_ref().map(|run| run.join("best.safetensors"));
        let model = self.model.as_ref().or(of_run.as_ref());
        let curves = self
            .run
            .as_ref()
            .map(|run| read(&run.join("curves.png")))
            .transpose()?;
        let kind = self.mode.unwrap_or(match model {
            Some(_) => SeparatorKind::ConvTasNetLive,
            None => default_models::usual_kind(),
        });
        match model {
            Some(_) if !kind.needs_model() => bail!(
                "--model or --run: expected --mode conv-tasnet-live or conv-tasnet-studio, found {}",
                kind.name()
            ),
            Some(file) => {
                let network = network(&file.to_string_lossy(), &read(file)?, curves, 1.0)?;
                let title = network.weights.provenance["title"].as_str();
                let name = file.file_name().unwrap_or(file.as_os_str());
                Ok(Way::Run {
                    method: Method::Networks(network.model.clone().into()),
                    title: format!(
                        "{}, the network of {}",
                        title.unwrap_or("Conv-TasNet"),
                        name.to_string_lossy()
                    ),
                    network: Some(network),
                })
            }
            None if kind.needs_model() => {
                let bytes = default_models::bytes(kind).with_context(|| {
                    format!(
                        "--mode {} needs --model FILE: this build has no model for it",
                        kind.name()
                    )
                })?;
                let curves = default_models::curves(kind).map(<[u8]>::to_vec);
                let networks = default_models::load(kind)?;
                let share = networks.main_share();
                Ok(Way::Run {
                    method: Method::Networks(networks),
                    title: format!("{}, as it is built in", kind.title()),
                    network: Some(network("the built-in model", bytes, curves, share)?),
                })
            }
            None => Ok(Way::Run {
                method: Method::Mode(kind),
                title: format!("{}, median filters", kind.title()),
                network: None,
            }),
        }
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("{}: can't be read", file.display()))
}

/// A network of a file's name and content, and its share of each stem.
fn network(
    file: &str,
    bytes: &[u8],
    curves: Option<Vec<u8>>,
    share: f32,
) -> anyhow::Result<Network> {
    Ok(Network {
        model: shared::load_bytes(file, bytes)?,
        weights: Arc::new(WeightsFile::from_bytes(file, bytes)?),
        curves,
        share,
    })
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
    fn the_page_lies_beside_the_song() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("Mr. X")).expect("a folder");
        for (song, want) in [
            ("a.b.mp3", "a.b.report.html"),
            ("Mr. X/", "Mr. X.report.html"),
        ] {
            let args =
                Args::parse_from([OsStr::new("report"), folder.path().join(song).as_os_str()]);
            assert_eq!(args.output().expect("a name"), folder.path().join(want));
        }
    }
}
