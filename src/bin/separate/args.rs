//! The command line, and what it asks for.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use clap::{Parser, ValueEnum};
use unbraid::audio_file::SampleFormat;
use unbraid::dsp::decibel::db_to_gain;
use unbraid::engine::GainTargets;
use unbraid::separators::SeparatorKind;
use unbraid::stem::{NUM_STEMS, Stem};

use crate::method::Method;

/// The highest gain, as in the plug-in.
const MAX_GAIN_DB: f32 = 12.0;

const EXAMPLES: &str = "\
Examples:
  separate song.mp3 -o stems
      writes stems/song/drums.wav, bass.wav, other.wav and vocals.wav
  separate song.mp3 -o stems --model mine.safetensors
      the same with a network of one's own
  separate song.mp3 -o stems --mode hpss-mix
      writes drums and the rest, found without a network
  separate album/ -o stems --gain drums=-6,other=+1.5
      writes a remix, mix.wav, beside the stems of every song in the folder
  separate song.flac -o out --gain drums=-inf --stems none
      writes only the remix: the song without its drums
  separate archive/ -o stems --skip-existing --shard 2/3 --json
      does the second of three machines' share of a long batch, or the rest of it";

const NOTES: &str = "\
The stems of a song sum to the song, and are as long: no latency is left in them. A mono song
gives mono stems. Songs are read from WAV, AIFF, FLAC, MP3, Ogg Vorbis and M4A at their own
sample rate. A song that fails is reported on standard error and does not stop the others; the
exit code is then 1.";

/// Split songs into stems: drums, bass, vocals and other.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, after_long_help = format!("{NOTES}\n\n{EXAMPLES}"))]
pub struct Args {
    /// Songs, and folders to search for songs
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,

    /// Folder to write to: DIR/<song>/drums.wav, and so on
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,

    /// How to separate [default: conv-tasnet-live, or hpss-mix in a build without its model]
    #[arg(short, long, value_name = "MODE", value_enum)]
    pub mode: Option<SeparatorKind>,

    /// Network for a Conv-TasNet mode, as a .safetensors file; any plays in either mode [default:
    /// the one that is part of the build]
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,

    /// Stems to write: drums, bass, other, vocals, all or none [default: those that the mode fills]
    #[arg(short, long, value_name = "STEM,…", value_delimiter = ',')]
    pub stems: Vec<String>,

    /// Also write a remix, mix.wav, with these stems at other levels: -inf to 12 dB
    #[arg(short, long, value_name = "STEM=DB,…", value_delimiter = ',')]
    pub gain: Vec<String>,

    /// How samples are stored
    #[arg(short, long, value_enum, default_value = "f32")]
    pub format: Format,

    /// Songs to work on at the same time [default: one per core]
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,

    /// Keep files that exist and write only what is missing, e.g. to resume a batch that was
    /// stopped; whether they were made with other settings is not checked
    #[arg(long, conflicts_with = "overwrite")]
    pub skip_existing: bool,

    /// Replace files that exist
    #[arg(long)]
    pub overwrite: bool,

    /// Do only the K-th of every N songs, to share a batch among N machines
    #[arg(long, value_name = "K/N")]
    pub shard: Option<String>,

    /// Print one JSON document about all songs instead of a line for each
    #[arg(long)]
    pub json: bool,

    /// Print nothing but errors
    #[arg(short, long)]
    pub quiet: bool,
}

/// How samples are stored.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Format {
    /// 32-bit float: exactly what was computed
    F32,
    /// 24-bit integer: smaller, clips beyond full scale
    S24,
}

impl Format {
    pub fn name(self) -> &'static str {
        match self {
            Format::F32 => "f32",
            Format::S24 => "s24",
        }
    }
}

impl From<Format> for SampleFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::F32 => SampleFormat::Float32,
            Format::S24 => SampleFormat::Int24,
        }
    }
}

/// A file to write for every song.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Track {
    Stem(Stem),
    /// All stems together, at their gains.
    Remix,
}

impl Track {
    pub fn file_name(self) -> String {
        match self {
            Track::Stem(stem) => format!("{}.wav", stem.name()),
            Track::Remix => "mix.wav".into(),
        }
    }
}

/// What the command line asks for every song.
#[derive(Debug)]
pub struct Settings {
    pub method: Method,
    pub tracks: Vec<Track>,
    pub gains: GainTargets,
    pub format: Format,
    pub jobs: Option<NonZeroUsize>,
    /// Whether the stems are the mode's own, not chosen by the user.
    default_stems: bool,
}

impl Settings {
    pub fn new(args: &Args) -> anyhow::Result<Self> {
        let method = Method::new(args.mode, args.model.as_deref())?;
        let default_stems = args.stems.is_empty();
        let stems = if default_stems {
            let filled = Stem::ALL
                .into_iter()
                .filter(|&stem| method.kind.fills(stem));
            filled.collect()
        } else {
            parse_stems(&args.stems)?
        };
        let gains = GainTargets {
            stems: parse_gains(&args.gain)?,
            ..GainTargets::UNITY
        };
        let mut tracks: Vec<Track> = stems.into_iter().map(Track::Stem).collect();
        if !args.gain.is_empty() {
            tracks.push(Track::Remix);
        }
        ensure!(
            !tracks.is_empty(),
            "--stems none leaves nothing to write: expected a --gain for the remix"
        );
        Ok(Self {
            method,
            tracks,
            gains,
            format: args.format,
            jobs: args.jobs,
            default_stems,
        })
    }

    /// Says which stems have nothing in them.
    pub fn print_notes(&self) {
        let unfilled = Stem::ALL
            .into_iter()
            .filter(|&stem| !self.method.kind.fills(stem))
            .filter(|&stem| self.default_stems || self.tracks.contains(&Track::Stem(stem)));
        let names: Vec<&str> = unfilled.map(Stem::name).collect();
        if names.is_empty() {
            return;
        }
        let (names, title) = (names.join(" and "), self.method.kind.title());
        if self.default_stems {
            eprintln!(
                "note: {title} does not fill {names}, so they are not written (--stems all writes them, silent)"
            );
        } else {
            eprintln!("note: {title} does not fill {names}: silent");
        }
    }
}

fn parse_stems(names: &[String]) -> anyhow::Result<Vec<Stem>> {
    match names {
        [name] if name == "all" => return Ok(Stem::ALL.to_vec()),
        [name] if name == "none" => return Ok(Vec::new()),
        _ => {}
    }
    let mut stems = Vec::new();
    for name in names {
        let stem = parse_stem(name).context("--stems")?;
        ensure!(!stems.contains(&stem), "--stems: {name} is named twice");
        stems.push(stem);
    }
    stems.sort_by_key(|&stem| stem as usize);
    Ok(stems)
}

fn parse_stem(name: &str) -> anyhow::Result<Stem> {
    Stem::ALL
        .into_iter()
        .find(|stem| stem.name() == name)
        .with_context(|| format!("expected drums, bass, other or vocals, found {name:?}"))
}

/// Linear gains by stem; those that are not named stay at unity.
fn parse_gains(texts: &[String]) -> anyhow::Result<[f32; NUM_STEMS]> {
    let mut gains = [None; NUM_STEMS];
    for text in texts {
        let Some((name, level)) = text.split_once('=') else {
            bail!("--gain: expected STEM=DB such as drums=-6, found {text:?}");
        };
        let stem = parse_stem(name.trim()).context("--gain")?;
        let gain = parse_db(level).context("--gain")?;
        let previous = gains[stem as usize].replace(db_to_gain(gain));
        ensure!(previous.is_none(), "--gain: {} is named twice", stem.name());
    }
    Ok(gains.map(|gain| gain.unwrap_or(1.0)))
}

/// A level such as "-6", "+1.5 dB" or "-inf".
fn parse_db(text: &str) -> anyhow::Result<f32> {
    let trimmed = text.trim();
    let number = match trimmed
        .len()
        .checked_sub(2)
        .and_then(|at| trimmed.split_at_checked(at))
    {
        Some((number, unit)) if unit.eq_ignore_ascii_case("db") => number.trim_end(),
        _ => trimmed,
    };
    match number.parse::<f32>() {
        // Also keeps out NaN, which compares with nothing.
        Ok(db) if db <= MAX_GAIN_DB => Ok(db),
        _ => bail!("expected -inf to {MAX_GAIN_DB} dB, found {text:?}"),
    }
}

/// `K/N` as the index of the share, from 0, and their number.
pub fn parse_shard(text: &str) -> anyhow::Result<(usize, usize)> {
    let parsed = text.split_once('/').and_then(|(k, n)| {
        let (k, n) = (k.parse::<usize>().ok()?, n.parse::<usize>().ok()?);
        (1..=n).contains(&k).then(|| (k - 1, n))
    });
    parsed.with_context(|| format!("--shard: expected K/N with 1 ≤ K ≤ N, found {text:?}"))
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
    fn levels_are_read_as_people_write_them() {
        for (text, db) in [
            ("-6", -6.0),
            ("-6dB", -6.0),
            (" -6 dB ", -6.0),
            ("+1.5db", 1.5),
            ("0", 0.0),
            ("12", 12.0),
            ("-inf", f32::NEG_INFINITY),
            ("-Inf dB", f32::NEG_INFINITY),
        ] {
            assert_eq!(parse_db(text).unwrap(), db, "{text:?}");
        }
        for text in [
            "", "dB", "loud", "nan", "inf", "+inf", "12.1", "1e9", "-6 dBu", "−6",
        ] {
            let error = parse_db(text).expect_err(text);
            assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
        }
    }

    #[test]
    fn shards_are_counted_from_one() {
        assert_eq!(parse_shard("1/1").unwrap(), (0, 1));
        assert_eq!(parse_shard("3/4").unwrap(), (2, 4));
        for text in ["0/3", "4/3", "1", "1/0", "a/b", "1/2/3", "-1/2", ""] {
            assert!(parse_shard(text).is_err(), "{text:?}");
        }
    }
}
