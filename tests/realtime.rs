//! The audio thread never allocates or frees: not in `process`, not through a swap, not in
//! `reset`. Prints what a hop costs.

mod common;

use std::time::Instant;

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use common::networks::{random_weights, separator, small, small_learned, small_refiner};
use common::*;
use unbraid::engine::{Chain, GainTargets, StemTap};
use unbraid::nn::ConvTasNetConfig;
use unbraid::separators::{Separator, SeparatorKind, build};
use unbraid::stem::Stem;

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

#[test]
fn playing_swapping_and_resetting_never_allocate() {
    for rate_hz in [8_000.0, 44_100.0, 45_678.901, 192_000.0] {
        let swaps = kinds()
            .into_iter()
            .flat_map(|to| [(SeparatorKind::HpssLive, to), (to, SeparatorKind::HpssLive)]);
        for (from, to) in swaps {
            let separator = |kind| build(kind, rate_hz).expect("the kind plays");
            let (mut engine, mut sender) = swappable_engine(separator(from), rate_hz);
            sender.send(Box::new(Chain::new(separator(to), rate_hz, 1)));
            let [mut left, mut right] = noise(1_000, 1);
            assert_no_alloc(|| {
                for block in 0..1_000 {
                    engine.poll_chain(true);
                    let stem = Stem::ALL[block / 10 % 4];
                    let length = [1, 1_000, 480, 63][block % 4];
                    let targets = GainTargets {
                        focus: [[1.0, -1.0, 0.5], [0.0; 3]][block / 7 % 2],
                        ..only(stem)
                    };
                    engine.process([&mut left[..length], &mut right[..length]], &targets);
                    engine.stem_outputs(StemTap::PostFader);
                    if block == 900 {
                        engine.reset();
                    }
                }
            });
            if rate_hz < 192_000.0 {
                assert_eq!(engine.chain_id(), 1, "the swap came about at {rate_hz} Hz");
            }
        }
    }
}

#[test]
fn a_network_never_allocates() {
    let sliced = ConvTasNetConfig {
        sliced: true,
        lookahead_hops: 2,
        network_every_hops: 2,
        ..small()
    };
    let refined = ConvTasNetConfig {
        refiner: Some(small_refiner()),
        ..small()
    };
    for config in [
        small(),
        sliced,
        refined,
        small_learned(true),
        small_learned(false),
    ] {
        let mut separator = separator(&random_weights(&config, 1), 44_100.0);
        separator.set_energy_wanted(true);
        let mut engine = engine_of(separator, 44_100.0);
        let [mut left, mut right] = noise(1_000, 1);
        assert_no_alloc(|| {
            for block in 0..200 {
                let length = [1, 1_000, 480, 63][block % 4];
                let targets = GainTargets {
                    focus: [-0.5; 3],
                    ..only(Stem::Bass)
                };
                engine.process([&mut left[..length], &mut right[..length]], &targets);
            }
            engine.reset();
        });
    }
}

#[test]
fn a_swapped_chain_comes_back_to_be_freed() {
    let rate_hz = 44_100.0;
    let separator = || build(SeparatorKind::HpssLive, rate_hz).expect("HPSS plays");
    let (mut engine, mut sender) = swappable_engine(separator(), rate_hz);
    let [mut left, mut right] = noise(1_000, 1);
    // More than the rings hold: each arrival needs the one before collected.
    for id in 1..=20 {
        sender.send(Box::new(Chain::new(separator(), rate_hz, id)));
        let mut blocks = 0;
        while engine.chain_id() != id {
            assert_no_alloc(|| {
                engine.poll_chain(false);
                engine.process([&mut left, &mut right], &only(Stem::Drums));
            });
            blocks += 1;
            assert!(blocks < 100, "chain {id} never took over");
        }
    }
}

#[test]
fn the_worst_hop_is_printed() {
    for kind in kinds() {
        let rate_hz = 44_100.0;
        let mut engine = engine(kind, rate_hz);
        let input = noise(256 * 400, 1);
        let mut micros = Vec::new();
        for start in (0..input[0].len()).step_by(256) {
            let mut piece = input.clone().map(|x| x[start..start + 256].to_vec());
            let [left, right] = &mut piece;
            let begun = Instant::now();
            engine.process([left, right], &only(Stem::Drums));
            micros.push(begun.elapsed().as_secs_f64() * 1e6);
        }
        micros.sort_by(f64::total_cmp);
        println!(
            "{kind:?}: a hop of 256 samples takes {:.1} µs (median), {:.1} µs (worst)",
            micros[micros.len() / 2],
            micros[micros.len() - 1]
        );
        // A loose bound, for a busy machine: half of real time even with debug assertions.
        assert!(micros[micros.len() / 2] < 0.5e6 * 256.0 / rate_hz);
    }
}
