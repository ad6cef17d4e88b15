//! `train export`: a run's best weights, or the mean of several, as a file to play.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::Args;
use unbraid::nn::{Precision, WeightsFile};
use unbraid::stem::Stem;
use unbraid::train::average::mean;
use unbraid::train::odds::multiply_odds;
use unbraid::train::run::BEST_FILE;
use unbraid::whole_file;

#[derive(Args)]
pub struct ExportArgs {
    /// A run's folder, or a weights file; of several, which went on from one another, their mean is
    /// written
    #[arg(value_name = "RUN|FILE", required = true)]
    sources: Vec<PathBuf>,

    /// File to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Name of the network, for whoever plays it
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,

    /// How likely a stem is, as a multiple of what was learned: below 1 it bleeds less, and more of it
    /// is missing
    #[arg(long, value_name = "STEM=FACTOR", value_parser = parse_odds)]
    odds: Vec<(Stem, f32)>,

    /// Store matrices in 32 bits instead of 16: twice the size, to compare with
    #[arg(long)]
    f32: bool,
}

pub fn run(args: &ExportArgs) -> Result<()> {
    let mut weights = read_mean(&args.sources)?;
    if let (Some(title), Some(provenance)) = (&args.title, weights.provenance.as_object_mut()) {
        provenance.insert("title".to_owned(), title.clone().into());
    }
    for &(stem, factor) in &args.odds {
        ensure!(
            multiply_odds(&mut weights, stem, factor),
            "--odds: expected softmax masks, found {:?}",
            weights.config.mask
        );
    }
    let precision = if args.f32 {
        Precision::F32
    } else {
        Precision::F16
    };
    let bytes = weights.to_bytes(precision);
    // What can't be played is not worth writing.
    WeightsFile::from_bytes(&args.output.display().to_string(), &bytes)?;
    whole_file::write(&args.output, &bytes)
        .map_err(|error| anyhow::anyhow!("{}: can't be written: {error}", args.output.display()))?;
    println!(
        "{}: {:.2} MB, {}",
        args.output.display(),
        bytes.len() as f64 / 1e6,
        weights.licence
    );
    Ok(())
}

fn parse_odds(text: &str) -> Result<(Stem, f32), String> {
    let parsed = text.split_once('=').and_then(|(name, factor)| {
        let stem = Stem::ALL.into_iter().find(|stem| stem.name() == name)?;
        let factor: f32 = factor.parse().ok()?;
        (factor.is_finite() && factor > 0.0).then_some((stem, factor))
    });
    parsed.ok_or_else(|| {
        "expected drums, bass, other or vocals, = and a number above 0, such as vocals=0.5".into()
    })
}

/// The weights of a source, or the mean of several.
fn read_mean(sources: &[PathBuf]) -> Result<WeightsFile> {
    let read = |source: &PathBuf| Ok(WeightsFile::read(&weights_path(source)?)?);
    let mut all: Vec<WeightsFile> = sources.iter().map(read).collect::<Result<_>>()?;
    let first = all.remove(0);
    mean(first, &all).map_err(|unlike| {
        let source = sources[unlike.index].display();
        anyhow::anyhow!(
            "{source}: {unlike}, {}, found another",
            sources[0].display()
        )
    })
}

/// The weights of a run's folder, or the file itself.
pub fn weights_path(source: &Path) -> Result<PathBuf> {
    if !source.is_dir() {
        return Ok(source.to_owned());
    }
    let best = source.join(BEST_FILE);
    ensure!(
        best.is_file(),
        "{}: expected a run with weights, found no {BEST_FILE}: it has not been validated yet",
        source.display()
    );
    Ok(best)
}
