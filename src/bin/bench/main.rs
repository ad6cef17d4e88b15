//! `bench`: what separation costs: one hop, one host block, a whole song, and networks by size.
//!
//! A busy machine interrupts what is measured. Each pass over the signal does exactly the same
//! work hop by hop, so every hop is timed in several passes and its best time taken: what remains
//! is the cost of that hop's own work. Of these times the median, the 99.9th percentile and the
//! largest are told, because one late hop is one click. Hot caches are part of the method.

mod cost;
mod networks;

use std::fmt;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::{Parser, ValueEnum};
use serde::Serialize;
use unbraid::demo_song;
use unbraid::engine::{Chain, Engine, GainTargets, MAX_BLOCK_SAMPLES, Meters, chain_swap};
use unbraid::offline::OfflineEngine;
use unbraid::separators::{BuildError, Separator, SeparatorKind, build};
use unbraid::stem::NUM_CHANNELS;

use crate::cost::{Cost, best_times, time_hops};

/// Measure what separation costs on this machine.
///
/// Best run while nothing else does. A host may also be late for reasons of its own.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Sample rates to measure at
    #[arg(
        long,
        value_name = "HZ,…",
        value_delimiter = ',',
        default_value = "44100,48000,96000,192000"
    )]
    rates: Vec<f64>,

    /// Host block to measure
    #[arg(long, value_name = "SAMPLES", default_value = "64")]
    block: NonZeroUsize,

    /// What to separate
    #[arg(long, value_enum, default_value = "demo-song")]
    signal: Signal,

    /// Length of the signal
    #[arg(long, value_name = "S", default_value = "30")]
    seconds: f64,

    /// Passes over the signal; the best time of each hop counts
    #[arg(long, value_name = "N", default_value = "5")]
    passes: NonZeroUsize,

    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Signal {
    /// The demo song, from its start again when it ends
    DemoSong,
    /// White noise: no two neighbours are alike, as bad as it gets for sorting medians
    Noise,
}

impl Signal {
    fn render(self, rate_hz: f64, seconds: f64) -> [Vec<f32>; NUM_CHANNELS] {
        let num_samples = (rate_hz * seconds) as usize;
        match self {
            Self::DemoSong => demo_song::render(rate_hz, demo_song::DEFAULT_SEED)
                .mix()
                .map(|channel| channel.into_iter().cycle().take(num_samples).collect()),
            Self::Noise => noise(num_samples),
        }
    }
}

#[derive(Debug, Default, Serialize)]
struct Report {
    modes: Vec<Row>,
    networks: Vec<networks::Row>,
}

/// One separator at one rate.
#[derive(Debug, Serialize)]
struct Row {
    mode: &'static str,
    rate_hz: f64,
    latency_samples: usize,
    hop: Cost,
    /// Of the whole engine: most blocks only collect, some run a hop.
    block: Cost,
    /// Seconds of audio that are separated in a second, one core.
    song_real_time_factor: f64,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> anyhow::Result<()> {
    ensure!(
        args.block.get() <= MAX_BLOCK_SAMPLES,
        "--block: expected up to {MAX_BLOCK_SAMPLES} samples, found {}",
        args.block
    );
    ensure!(
        (0.1..=3_600.0).contains(&args.seconds),
        "--seconds: expected 0.1 to 3600, found {}",
        args.seconds
    );
    let mut report = Report::default();
    for kind in SeparatorKind::ALL {
        for &rate_hz in &args.rates {
            match build(kind, rate_hz) {
                Ok(separator) => {
                    let row = measure(kind, separator, rate_hz, args)?;
                    if !args.json {
                        if report.modes.is_empty() {
                            println!("{Head}");
                        }
                        println!("{row}");
                    }
                    report.modes.push(row);
                }
                Err(BuildError::NoModel { .. }) => break,
                Err(error) => return Err(error).context("--rates"),
            }
        }
    }
    let mix = args.signal.render(
        networks::RATE_HZ,
        args.seconds.min(networks::LONGEST_SECONDS),
    );
    if !args.json {
        println!("\n{}", networks::Head);
    }
    report.networks = networks::measure(&mix, args.passes, |row| {
        if !args.json {
            println!("{row}");
        }
    })?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    }
    Ok(())
}

fn measure(
    kind: SeparatorKind,
    mut separator: Box<dyn Separator>,
    rate_hz: f64,
    args: &Args,
) -> anyhow::Result<Row> {
    let mix = args.signal.render(rate_hz, args.seconds);
    let hop_samples = separator.hop_samples();
    let hop = best_times(args.passes, || time_hops(separator.as_mut(), &mix));
    let mut engine = engine(build(kind, rate_hz)?, rate_hz);
    let latency_samples = engine.latency_samples();
    let block = best_times(args.passes, || {
        time_blocks(&mut engine, &mix, args.block.get())
    });
    let mut offline = OfflineEngine::new(separator, rate_hz);
    let pieces = best_times(args.passes, || time_pieces(&mut offline, &mix));
    let song: Duration = pieces.iter().sum();
    Ok(Row {
        mode: kind.name(),
        rate_hz,
        latency_samples,
        hop: Cost::new(hop, hop_samples, rate_hz),
        block: Cost::new(block, args.block.get(), rate_hz),
        song_real_time_factor: mix[0].len() as f64 / rate_hz / song.as_secs_f64(),
    })
}

fn engine(separator: Box<dyn Separator>, rate_hz: f64) -> Engine {
    let (incoming, _) = chain_swap();
    let chain = Box::new(Chain::new(separator, rate_hz, 0));
    Engine::new(chain, incoming, std::sync::Arc::new(Meters::new()))
}

fn time_blocks(
    engine: &mut Engine,
    mix: &[Vec<f32>; NUM_CHANNELS],
    block_samples: usize,
) -> Vec<Duration> {
    engine.reset();
    let mut io: [Vec<f32>; NUM_CHANNELS] = std::array::from_fn(|_| vec![0.0; block_samples]);
    // Gains apart, or the engine would have nothing to do but pass the mix on.
    let targets = GainTargets {
        stems: [1.0, 0.5, 0.7, 0.3],
        ..GainTargets::UNITY
    };
    let [left, right] = mix;
    let blocks = left
        .chunks_exact(block_samples)
        .zip(right.chunks_exact(block_samples));
    blocks
        .map(|(left, right)| {
            let [io_left, io_right] = &mut io;
            io_left.copy_from_slice(left);
            io_right.copy_from_slice(right);
            let start = Instant::now();
            engine.process([io_left, io_right], &targets);
            start.elapsed()
        })
        .collect()
}

/// Each piece of a whole song; what runs before the first one comes out counts to it.
fn time_pieces(offline: &mut OfflineEngine, mix: &[Vec<f32>; NUM_CHANNELS]) -> Vec<Duration> {
    let mut times = Vec::with_capacity(mix[0].len() / MAX_BLOCK_SAMPLES + 2);
    let mut num_samples = 0;
    let mut start = Instant::now();
    let result = offline.separate([&mix[0], &mix[1]], &GainTargets::UNITY, |piece| {
        num_samples += piece.num_samples();
        let now = Instant::now();
        times.push(now - start);
        start = now;
        Ok::<_, std::convert::Infallible>(())
    });
    let Ok(()) = result;
    assert_eq!(num_samples, mix[0].len(), "the whole song came out");
    times
}

fn noise(num_samples: usize) -> [Vec<f32>; NUM_CHANNELS] {
    let mut state = 1_u32;
    std::array::from_fn(|_| {
        std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1_u32 << 24) as f32 - 0.5
        })
        .take(num_samples)
        .collect()
    })
}

/// Widths of a line of the table; the head and the rows share them.
macro_rules! line {
    ($f:expr, $($cell:expr),*) => {
        write!(
            $f,
            "{:<18} {:>7} {:>10} | {:>5} {:>9} {:>8} {:>8} {:>6} | {:>5} {:>8} {:>13} | {:>11}",
            $($cell),*
        )
    };
}

/// The head of the table of rows.
struct Head;

impl fmt::Display for Head {
    #[rustfmt::skip]
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        line!(
            f, "mode", "rate Hz", "latency ms",
            "hop", "median µs", "p99.9 µs", "max µs", "load %",
            "block", "max µs", "of deadline %",
            "x real time"
        )
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let one = |value: f64| format!("{value:.1}");
        let two = |value: f64| format!("{value:.2}");
        let Self { hop, block, .. } = self;
        line!(
            f,
            self.mode,
            self.rate_hz,
            two(self.latency_samples as f64 / self.rate_hz * 1e3),
            hop.num_samples,
            one(hop.median_us),
            one(hop.p99_9_us),
            one(hop.max_us),
            two(hop.mean_load * 100.0),
            block.num_samples,
            one(block.max_us),
            one(block.max_load * 100.0),
            self.song_real_time_factor.round()
        )
    }
}
