//! `train`: networks that learn, and weights files.

mod export;
mod inspect;
mod run;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use unbraid::train::heap::keep_freed_memory;

const EXAMPLES: &str = "\
Examples:
  train run runs/first --preset small --demo-songs 40 --held-out-demo-songs 4 --steps 2000
      learns from songs that the program makes up itself
  train run runs/live --data ~/musdb18hq --held-out ~/musdb18hq
      learns from MUSDB18-HQ's train folder, and validates with its test folder
  train run runs/live --resume
      goes on where it was stopped or killed
  train run runs/mine --begin-from live.safetensors --data ~/stems --steps 2000
      teaches a network that can separate already on stems of yours
  train export runs/live -o live.safetensors
      writes the best weights so far, for the plug-in and for separate --model
  train export runs/mine live.safetensors -o mean.safetensors
      writes the mean of a run and of what it began from, which may play better than either
  train inspect live.safetensors
      tells what a weights file or a run is";

/// Teach networks to separate, and look into weights files.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Learn in a folder, or go on learning
    Run(Box<run::RunArgs>),
    /// Write a run's best weights, or the mean of several, as a file to play
    Export(export::ExportArgs),
    /// Tell what a weights file or a run is: shape, latency, receptive field, size, provenance
    Inspect(inspect::InspectArgs),
    /// Print a preset's settings, to be changed and given to `run --settings`
    Settings(run::SettingsArgs),
}

fn main() -> ExitCode {
    use_one_thread_a_product();
    keep_freed_memory();
    let result = match Cli::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Settings(args) => run::print_settings(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Prints a text on standard output, of which a reader like `head` may want a part only.
fn say(text: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// The workers are the threads: splitting every matrix product as well costs more than it gives.
/// candle asks the environment for the number of its threads.
fn use_one_thread_a_product() {
    // SAFETY: no other thread runs yet.
    unsafe { std::env::set_var("RAYON_NUM_THREADS", "1") };
}
