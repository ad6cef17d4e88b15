//! A separator of one rate plays at any other in time, and leaves nothing of the stems in Other.

mod common;

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use common::networks::{random_weights, separator, small_learned};
use common::*;
use unbraid::separators::{Resampled, Separator};
use unbraid::stem::{Stem, StemBuffer};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const INNER_RATE_HZ: f64 = 44_100.0;

fn identity(hop_samples: usize, host_rate_hz: f64) -> Box<Resampled> {
    let inner = DelaySeparator::boxed(hop_samples, 1, [1.0, 0.0, 0.0, 0.0]);
    Box::new(Resampled::new(inner, INNER_RATE_HZ, host_rate_hz))
}

#[test]
fn the_phase_slope_of_the_stems_is_the_latency() {
    for rate_hz in HOST_RATES_HZ {
        for hop_samples in [8, 256] {
            let mut engine = engine_of(identity(hop_samples, rate_hz), rate_hz);
            let latency = engine.latency_samples();
            let input = noise(2 * latency + 20_000, 2);
            let got = render_unity(&mut engine, &input, &[64]);
            let drums = &got.stems[Stem::Drums as usize][0];
            let delay = delay_from_phase_slope(&input[0][latency..], &drums[latency..], latency);
            // 0.02 samples of the slower rate: where the host is faster, only the lowest part of its
            // spectrum comes through, and its own samples are shorter.
            let tolerance = 0.02 * (rate_hz / INNER_RATE_HZ).max(1.0);
            assert!(
                (delay - latency as f64).abs() < tolerance,
                "{rate_hz} Hz, hop {hop_samples}: measured {delay}, reported {latency}"
            );
            assert_delayed(&got.output, &input, latency, &format!("{rate_hz} Hz"));
        }
    }
}

#[test]
fn a_tone_within_both_bands_leaves_other_silent() {
    for rate_hz in [32_000.0, 45_678.901, 48_000.0, 96_000.0, 192_000.0] {
        let mut engine = engine_of(identity(256, rate_hz), rate_hz);
        let tone: Vec<f32> = (0..60_000)
            .map(|n| (n as f64 / rate_hz * 10_000.0 * std::f64::consts::TAU).sin() as f32)
            .collect();
        let got = render_unity(&mut engine, &[tone.clone(), tone], &[512]);
        let energy = |x: &[f32]| x[20_000..].iter().map(|x| x * x).sum::<f32>();
        let other = energy(&got.stems[Stem::Other as usize][0]);
        let left_db = 10.0 * (other / energy(&got.output[0])).log10();
        // 0.005 samples at 32 kHz are 10 mrad at 10 kHz: −40 dB.
        assert!(left_db < -40.0, "{rate_hz} Hz leaves {left_db} dB");
    }
}

#[test]
fn it_never_runs_dry_and_never_allocates() {
    for rate_hz in [8_000.0, 45_678.901, 48_000.0, 192_000.0] {
        let weights = random_weights(&small_learned(true), 3);
        let inner = separator(&weights, INNER_RATE_HZ);
        let mut resampled = Resampled::new(inner, INNER_RATE_HZ, rate_hz);
        let hop = resampled.hop_samples();
        let [left, right] = noise(hop, 1);
        let mut stems = StemBuffer::new(hop);
        // Debug assertions inside would see a FIFO run dry.
        assert_no_alloc(|| {
            for _ in 0..1_000 {
                resampled.process_hop([&left, &right], &mut stems);
            }
            resampled.reset();
        });
    }
}

#[test]
fn a_learned_front_end_resets_and_does_not_depend_on_blocks() {
    let rate_hz = 48_000.0;
    let weights = random_weights(&small_learned(false), 3);
    let inner = separator(&weights, INNER_RATE_HZ);
    let resampled = Box::new(Resampled::new(inner, INNER_RATE_HZ, rate_hz));
    let mut engine = engine_of(resampled, rate_hz);
    let input = noise(20_000, 4);
    let want = render_unity(&mut engine, &input, &[512]);
    for pattern in BLOCK_PATTERNS {
        engine.reset();
        assert!(
            render_unity(&mut engine, &input, pattern) == want,
            "{pattern:?}"
        );
    }
}
