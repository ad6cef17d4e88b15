//! Scores of separated stems against the true ones, the way the field counts them.
//!
//! Beside the way: any mode or network runs through the engine as it does live, its latency is
//! taken off, and what comes out is compared. Nothing forgives a delay.
//!
//! Rules, which the output repeats where they bite:
//! - The mix is the song's `mixture` file, or the sum of its stems if it has none. A stem without
//!   a file is silent. A mono file counts as two equal channels.
//! - A stem that is silent for a whole song has no SDR there; like every silent stretch of a stem
//!   it is scored as [`bleed`]. A stem that a mode never fills has no score in that mode's run. A
//!   silent estimate of a sounding stem does have scores: see [`score`](crate::score).
//! - Frames last a second, and a last part of one is dropped. A frame in which any sounding stem
//!   or any of their estimates is silent counts for no stem ([`bss_eval`]).

pub mod bleed;
pub mod bootstrap;
pub mod bss_eval;
mod error;
mod filters;
pub mod oracle;
pub mod runner;
pub mod songs;
pub mod summary;

pub use error::EvalError;

use crate::stem::{NUM_CHANNELS, Stereo};

/// Samples `range` of both channels.
fn part(signal: &Stereo, range: std::ops::Range<usize>) -> [&[f32]; NUM_CHANNELS] {
    signal.each_ref().map(|channel| &channel[range.clone()])
}

/// Whether both channels sum to zero everywhere: what museval calls silent.
fn is_silent(signal: [&[f32]; NUM_CHANNELS]) -> bool {
    let [left, right] = signal;
    left.iter().zip(right).all(|(l, r)| l + r == 0.0)
}

/// The frames of a signal, a second each; one shorter than that is a frame of its own.
fn frames(num_samples: usize, rate_hz: f64) -> impl Iterator<Item = std::ops::Range<usize>> {
    let length = (rate_hz as usize).min(num_samples);
    (0..num_samples / length.max(1)).map(move |index| index * length..(index + 1) * length)
}
