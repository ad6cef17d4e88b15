//! `nn-demo`: three stories of networks from scratch, each with a picture at its end.

mod lines;
mod masks;
mod song;
mod xor;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

/// Watch small neural networks learn, from XOR to a mask estimator; no framework inside.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    story: Story,
}

#[derive(Subcommand)]
enum Story {
    /// Exclusive or, which no single neuron can do: in loops, and in arrays
    Xor(Options),
    /// Horizontal or vertical lines, in noise and in the demo song: the idea of HPSS, learnt
    Lines(Options),
    /// Masks for the four stems of the demo song, estimated from its mix
    Masks(Options),
}

#[derive(Args)]
struct Options {
    /// Times to go through all examples [default: until it is learnt]
    #[arg(long, value_name = "N")]
    epochs: Option<NonZeroUsize>,

    /// First weights, and the order of examples
    #[arg(long, value_name = "N", default_value = "1")]
    seed: u64,

    /// Picture to write [default: nn-demo-STORY.png]
    #[arg(short, long, value_name = "PNG")]
    output: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Cli::parse().story) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(story: &Story) -> Result<()> {
    let (name, options) = match story {
        Story::Xor(options) => ("xor", options),
        Story::Lines(options) => ("lines", options),
        Story::Masks(options) => ("masks", options),
    };
    let default_path = || PathBuf::from(format!("nn-demo-{name}.png"));
    let path = options.output.clone().unwrap_or_else(default_path);
    let epochs = |default| options.epochs.map_or(default, NonZeroUsize::get);
    match story {
        Story::Xor(_) => xor::learn(epochs(xor::EPOCHS), options.seed).draw(&path)?,
        Story::Lines(_) => lines::learn(epochs(lines::EPOCHS), options.seed).draw(&path)?,
        Story::Masks(_) => masks::learn(epochs(masks::EPOCHS), options.seed).draw(&path)?,
    }
    println!("{}", path.display());
    Ok(())
}

/// Says how it goes, about ten times.
fn report(epoch: usize, num_epochs: usize, loss: f64) {
    let is_due = (epoch + 1).is_multiple_of(num_epochs.div_ceil(10));
    if is_due || epoch == 0 || epoch + 1 == num_epochs {
        eprintln!("epoch {:>5} of {num_epochs}: loss {loss:.4}", epoch + 1);
    }
}
