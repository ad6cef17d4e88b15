//! `train run`: starts a run or goes on with it, and shows how it goes.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use candle_core::Device;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use unbraid::nn::WeightsFile;
use unbraid::stem::Stem;
use unbraid::train::data::DataSet;
use unbraid::train::run::{BEST_FILE, CURVES_FILE, Ending, Event, LOG_FILE, Run, parse_settings};
use unbraid::train::settings::{Beginning, Preset, Settings};
use unbraid::train::validate::MeanScore;

use crate::say;

#[derive(Args)]
pub struct RunArgs {
    /// The run's folder: settings, checkpoint, log, curves and best weights
    #[arg(value_name = "RUN")]
    folder: PathBuf,

    /// Go on with the run in the folder; its settings stay as they are
    #[arg(long, conflicts_with = "Choice")]
    resume: bool,

    /// End this sitting after so many minutes, with a checkpoint
    #[arg(long, value_name = "MINUTES")]
    stop_after: Option<f64>,

    /// What computes
    #[arg(long, value_enum, default_value = "cpu")]
    device: DeviceKind,

    #[command(flatten)]
    choice: Choice,
}

#[derive(Clone, Copy, ValueEnum)]
enum DeviceKind {
    Cpu,
    /// The first Nvidia GPU; needs a build with the feature `cuda`
    Cuda,
}

#[derive(Args)]
#[group(id = "Choice", multiple = true)]
struct Choice {
    /// Network and settings to begin with
    #[arg(long, value_name = "NAME", default_value = "live", value_parser = preset_parser())]
    preset: Preset,

    /// Settings from a file instead, as `train settings` prints them
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    settings: Option<PathBuf>,

    /// Begin from the weights in this file and learn on, with its network [default: random weights].
    /// With --settings, their network may have more repeats than the file's, or a larger refiner
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    begin_from: Option<PathBuf>,

    /// Folder to learn from, with how often it is drawn beside the others [default weight: 1].
    /// MUSDB18(-HQ) folders, folders of songs, or loose stems in drums/, bass/, other/, vocals/
    #[arg(long, value_name = "FOLDER[=WEIGHT]")]
    data: Vec<String>,

    /// Also learn from so many songs that the program makes up
    #[arg(long, value_name = "COUNT")]
    demo_songs: Option<usize>,

    /// Folder of songs to validate with
    #[arg(long, value_name = "FOLDER")]
    held_out: Vec<PathBuf>,

    /// Songs of the data to validate with instead of learning from them: a part of their name
    #[arg(long, value_name = "NAME")]
    held_out_name: Vec<String>,

    /// Also validate with so many songs that the program makes up
    #[arg(long, value_name = "COUNT")]
    held_out_demo_songs: Option<usize>,

    /// Steps in all
    #[arg(long, value_name = "COUNT")]
    steps: Option<u64>,

    /// Segments in a step
    #[arg(long, value_name = "COUNT")]
    batch: Option<usize>,

    /// Threads that learn; one more makes the segments ready
    #[arg(long, value_name = "COUNT")]
    workers: Option<usize>,

    /// The highest learning rate
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,

    /// Steps between validations
    #[arg(long, value_name = "STEPS")]
    validate_every: Option<u64>,

    /// What everything random follows from
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,

    /// Licence of the weights, as an SPDX expression [default: NOASSERTION]
    #[arg(long, value_name = "SPDX")]
    licence: Option<String>,

    /// What the data is, for whoever reads the weights file
    #[arg(long, value_name = "TEXT")]
    data_note: Option<String>,
}

#[derive(Args)]
pub struct SettingsArgs {
    /// Network and settings
    #[arg(long, value_name = "NAME", default_value = "live", value_parser = preset_parser())]
    preset: Preset,
}

fn preset_parser() -> impl TypedValueParser<Value = Preset> {
    PossibleValuesParser::new(Preset::ALL.map(Preset::name)).map(|name| {
        let preset = Preset::ALL.into_iter().find(|preset| preset.name() == name);
        preset.expect("clap has checked the name")
    })
}

pub fn print_settings(args: &SettingsArgs) -> Result<()> {
    say(&serde_json::to_string_pretty(&args.preset.settings())?)
}

pub fn run(args: &RunArgs) -> Result<()> {
    let device = device(args.device)?;
    let mut run = if args.resume {
        Run::resume(&args.folder, &device)?
    } else {
        Run::start(&args.folder, settings(&args.choice)?, &device)?
    };
    let sitting = args
        .stop_after
        .map(|minutes| Duration::try_from_secs_f64(60.0 * minutes))
        .transpose()
        .context("--stop-after: expected a number of minutes")?;

    let bar = ProgressBar::new(run.settings().steps).with_position(run.progress().step);
    let style = "{bar:24} {pos}/{len}, {msg}, {eta} left";
    bar.set_style(ProgressStyle::with_template(style)?);
    bar.reset_eta();
    let mut smooth_loss: Option<f64> = None;
    let begin = Instant::now();
    let mut show = |event: Event| match event {
        Event::Step {
            report,
            progress,
            speed,
        } => {
            let before = smooth_loss.unwrap_or(report.loss);
            let loss = before + 0.02 * (report.loss - before);
            smooth_loss = Some(loss);
            bar.set_position(progress.step);
            bar.set_message(format!("loss {loss:.4}, {speed:.1} s of audio a second"));
        }
        Event::Validated { score, is_best } => {
            let best = if is_best { ", the best so far" } else { "" };
            // Within `suspend` the bar is locked.
            let line = format!("step {}: {}{best}", bar.position(), told(score));
            bar.suspend(|| eprintln!("{line}"));
        }
    };
    let ending = run.go(|event| {
        show(event);
        match sitting {
            Some(limit) if begin.elapsed() >= limit => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    })?;
    bar.abandon();
    let progress = run.progress();
    println!(
        "{} after {} steps and {:.1} h{}; {BEST_FILE}, {LOG_FILE} and {CURVES_FILE} are in {}",
        match ending {
            Ending::Finished => "finished",
            Ending::Flat => "ended, as validation no longer improves,",
            Ending::Paused => "paused",
        },
        progress.step,
        progress.elapsed_s / 3600.0,
        progress.best.map_or(String::new(), |(step, db)| format!(
            "; best: {db:.2} dB SI-SDR improvement at step {step}"
        )),
        args.folder.display(),
    );
    Ok(())
}

/// The improvement of SI-SDR over the mix.
fn told(score: &MeanScore) -> String {
    let Some(mean_db) = score.mean_db else {
        return "no songs to validate with".to_owned();
    };
    let stems = Stem::ALL.map(|stem| match score.stems_db[stem as usize] {
        Some(db) => format!("{} {db:.2}", stem.name()),
        None => format!("{} –", stem.name()),
    });
    format!("SI-SDR improvement {mean_db:.2} dB ({})", stems.join(", "))
}

fn device(kind: DeviceKind) -> Result<Device> {
    match kind {
        DeviceKind::Cpu => Ok(Device::Cpu),
        DeviceKind::Cuda => Device::new_cuda(0).context("--device cuda: there is no such device"),
    }
}

fn settings(choice: &Choice) -> Result<Settings> {
    let mut settings = match (&choice.settings, &choice.begin_from) {
        (Some(path), _) => {
            let text = fs::read_to_string(path)
                .with_context(|| format!("{}: can't be read", path.display()))?;
            parse_settings(path, &text)?
        }
        (None, Some(file)) => Settings::of(WeightsFile::read(file)?.config),
        (None, None) => choice.preset.settings(),
    };
    if let Some(file) = &choice.begin_from {
        settings.begin_from = Some(Beginning {
            file: file.clone(),
            provenance: serde_json::Value::Null,
        });
    }
    let data = &mut settings.data;
    for text in &choice.data {
        data.sets.push(data_set(text)?);
    }
    data.held_out.folders.extend(choice.held_out.clone());
    data.held_out.names.extend(choice.held_out_name.clone());
    set(&mut data.demo_songs, choice.demo_songs);
    set(&mut data.held_out.demo_songs, choice.held_out_demo_songs);
    set(&mut settings.steps, choice.steps);
    set(&mut settings.batch, choice.batch);
    set(&mut settings.workers, choice.workers);
    set(&mut settings.optimiser.learning_rate, choice.learning_rate);
    set(&mut settings.validate_every_steps, choice.validate_every);
    set(&mut settings.seed, choice.seed);
    set(&mut settings.licence, choice.licence.clone());
    set(&mut settings.data_note, choice.data_note.clone());
    Ok(settings)
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn data_set(text: &str) -> Result<DataSet> {
    let (folder, weight) = match text.rsplit_once('=') {
        Some((folder, weight)) => match weight.parse() {
            Ok(weight) => (folder, weight),
            Err(_) => bail!("--data {text}: expected a number after =, found {weight:?}"),
        },
        None => (text, 1.0),
    };
    Ok(DataSet {
        folder: folder.into(),
        weight,
    })
}
