//! Times of one kind of call, and how they are taken.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use serde::Serialize;
use unbraid::separators::Separator;
use unbraid::stem::{NUM_CHANNELS, StemBuffer};

/// Times of one kind of call, over all calls of a pass.
#[derive(Debug, Serialize)]
pub struct Cost {
    pub num_samples: usize,
    pub num_calls: usize,
    pub median_us: f64,
    pub p99_9_us: f64,
    pub max_us: f64,
    /// The mean call against the duration of its samples.
    pub mean_load: f64,
    /// The largest against that duration.
    pub max_load: f64,
}

impl Cost {
    pub fn new(mut times: Vec<Duration>, num_samples: usize, rate_hz: f64) -> Self {
        times.sort_unstable();
        let us = |time: Duration| time.as_nanos() as f64 / 1e3;
        // Nearest rank: a time that was measured, and never below the share it stands for.
        let rank = |share: f64| us(times[(share * times.len() as f64).ceil() as usize - 1]);
        let duration_us = num_samples as f64 / rate_hz * 1e6;
        let mean_us = us(times.iter().sum()) / times.len() as f64;
        Self {
            num_samples,
            num_calls: times.len(),
            median_us: rank(0.5),
            p99_9_us: rank(0.999),
            max_us: rank(1.0),
            mean_load: mean_us / duration_us,
            max_load: rank(1.0) / duration_us,
        }
    }
}

/// The best time of each call over several equal passes; a first one warms up.
pub fn best_times(passes: NonZeroUsize, mut pass: impl FnMut() -> Vec<Duration>) -> Vec<Duration> {
    pass();
    let mut best = pass();
    for _ in 1..passes.get() {
        for (best, time) in best.iter_mut().zip(pass()) {
            *best = time.min(*best);
        }
    }
    best
}

/// A hop with all the work that belongs to it, however it is sliced.
pub fn time_hops(separator: &mut dyn Separator, mix: &[Vec<f32>; NUM_CHANNELS]) -> Vec<Duration> {
    let hop_samples = separator.hop_samples();
    let num_parts = separator.num_parts();
    let mut stems = StemBuffer::new(hop_samples);
    separator.reset();
    let [left, right] = mix;
    let hops = left
        .chunks_exact(hop_samples)
        .zip(right.chunks_exact(hop_samples));
    hops.map(|(left, right)| {
        let start = Instant::now();
        separator.process_hop([left, right], &mut stems);
        if num_parts > 1 {
            (0..num_parts).for_each(|part| separator.work(part));
        }
        start.elapsed()
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let times = (1..=2_000).rev().map(Duration::from_micros).collect();
        let cost = Cost::new(times, 48, 48_000.0);
        assert_eq!(
            (cost.median_us, cost.p99_9_us, cost.max_us),
            (1_000.0, 1_998.0, 2_000.0)
        );
        assert!((cost.mean_load - 1.0005).abs() < 1e-9, "{}", cost.mean_load);
        assert_eq!(cost.max_load, 2.0);
    }

    #[test]
    fn the_best_of_each_call_counts() {
        let mut passes = [[90, 90], [5, 8], [7, 3]].into_iter();
        let best = best_times(NonZeroUsize::new(2).unwrap(), || {
            let pass = passes.next().expect("a warm-up and two passes");
            pass.map(Duration::from_micros).to_vec()
        });
        assert_eq!(best, [5, 3].map(Duration::from_micros));
    }
}
