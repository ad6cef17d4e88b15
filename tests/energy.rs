//! Whose energy it is: a column a hop reaches the editor, at the position at which its sound
//! leaves, while somebody looks.

mod common;

use std::sync::Arc;

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use common::networks::{model, random_weights, small, small_slow};
use common::*;
use unbraid::engine::{Chain, EnergyColumn, EnergyView, Engine};
use unbraid::separators::{NUM_ENERGY_BANDS, Networks, SeparatorKind, StemEnergy, build};
use unbraid::stem::Stem;

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const RATE_HZ: f64 = 44_100.0;

/// An engine that somebody looks at.
fn watched(kind: SeparatorKind) -> (Engine, Arc<EnergyView>) {
    watch(engine(kind, RATE_HZ))
}

fn watch(mut engine: Engine) -> (Engine, Arc<EnergyView>) {
    let view = Arc::new(EnergyView::new());
    engine.show_energy(view.clone());
    view.set_wanted(true);
    (engine, view)
}

/// Renders in blocks, and takes the columns that are due after each.
fn columns(
    engine: &mut Engine,
    view: &EnergyView,
    input: &Stereo,
    block_samples: usize,
) -> Vec<EnergyColumn> {
    let mut columns = Vec::new();
    for start in (0..input[0].len()).step_by(block_samples) {
        let end = input[0].len().min(start + block_samples);
        let piece = input.each_ref().map(|x| x[start..end].to_vec());
        render_unity(engine, &piece, &[block_samples]);
        view.pop_due(|column| {
            assert!(column.heard_at_samples < view.played_samples(), "too soon");
            columns.push(column.clone());
        });
    }
    columns
}

fn total(energy: &StemEnergy, stem: Stem) -> f32 {
    energy.bands[stem as usize].iter().sum()
}

#[test]
fn a_click_is_seen_when_it_is_heard() {
    for kind in [SeparatorKind::HpssLive, SeparatorKind::HpssMix] {
        for block_samples in [64, 480, 1024, 4096] {
            let mut sum_off = 0;
            // All over a hop of 256 samples.
            let positions = (20_000..20_256).step_by(32);
            let num_positions = positions.len() as i64;
            for at in positions {
                let (mut engine, view) = watched(kind);
                let heard = (at + engine.latency_samples()) as i64;
                let input = impulse(30_000, at);
                let columns = columns(&mut engine, &view, &input, block_samples);
                let drums = |column: &EnergyColumn| total(&column.energy, Stem::Drums);
                let loudest = columns
                    .iter()
                    .max_by(|a, b| drums(a).total_cmp(&drums(b)))
                    .expect("columns arrive");
                let off = loudest.heard_at_samples as i64 - heard;
                let case = format!("{kind:?}, click at {at}, blocks of {block_samples}");
                assert!(off.abs() <= 256, "{case}: {off} samples off");
                sum_off += off;
                // A click is the drums', which no tone is.
                assert!(
                    drums(loudest) > 10.0 * total(&loudest.energy, Stem::Other),
                    "{case}"
                );
            }
            // Neither early nor late as a rule.
            assert!((sum_off / num_positions).abs() < 128, "{kind:?}: {sum_off}");
        }
    }
}

#[test]
fn every_block_size_gives_the_same_columns_one_a_hop() {
    let input = noise(40_000, 1);
    for kind in kinds() {
        let (mut engine, view) = watched(kind);
        let want = columns(&mut engine, &view, &input, 1_000);
        let hops: Vec<u64> = want
            .windows(2)
            .map(|pair| pair[1].heard_at_samples - pair[0].heard_at_samples)
            .collect();
        assert!(hops.iter().all(|hop| *hop == hops[0]), "{kind:?}: {hops:?}");
        assert!(want.len() as u64 > 38_000 / hops[0], "{kind:?}");
        for block_samples in [64, 777, 8192] {
            let (mut engine, view) = watched(kind);
            let got = columns(&mut engine, &view, &input, block_samples);
            assert!(got == want, "{kind:?} in blocks of {block_samples}");
        }
    }
}

#[test]
fn a_blend_shows_its_main_network_when_that_is_heard() {
    let [fast, slow] = [small(), small_slow()].map(|config| model(&random_weights(&config, 1)));
    // From when which moment of the input is heard, and its energies.
    let seen = |networks: Networks| -> Vec<(i64, StemEnergy)> {
        let separator = networks.build(RATE_HZ).expect("a host's rate");
        let (mut engine, view) = watch(engine_of(separator, RATE_HZ));
        let latency = engine.latency_samples() as i64;
        let columns = columns(&mut engine, &view, &noise(20_000, 6), 500);
        let moment = |column: EnergyColumn| {
            let heard_at = column.heard_at_samples as i64;
            (heard_at - latency, column.energy)
        };
        columns.into_iter().map(moment).collect()
    };
    for (main, other) in [(&fast, &slow), (&slow, &fast)] {
        let alone = seen(main.clone().into());
        let blend = seen(Networks::blend(main.clone(), other.clone(), 0.3));
        assert!(blend.len() > 20);
        // The first ones of each are of silence that only one of them saw.
        for moment in &blend[4..] {
            assert!(alone.contains(moment), "{}", moment.0);
        }
    }
}

#[test]
fn a_tone_lies_in_its_band_of_its_stem() {
    let tone_hz = 1_000.0;
    let tone: Vec<f32> = (0..44_100)
        .map(|n| 0.3 * (n as f64 * tone_hz * std::f64::consts::TAU / RATE_HZ).sin() as f32)
        .collect();
    let (mut engine, view) = watched(SeparatorKind::HpssMix);
    let columns = columns(&mut engine, &view, &[tone.clone(), tone], 512);
    let energy = &columns.last().expect("columns arrive").energy;
    let other = energy.bands[Stem::Other as usize];
    let loudest = (0..NUM_ENERGY_BANDS)
        .max_by(|&a, &b| other[a].total_cmp(&other[b]))
        .expect("there are bands");
    let edges_hz = StemEnergy::edges_hz();
    assert!((edges_hz[loudest]..edges_hz[loudest + 1]).contains(&tone_hz));
    assert!(total(energy, Stem::Other) > 100.0 * total(energy, Stem::Drums));
}

#[test]
fn nothing_is_sent_while_nobody_looks_and_nothing_old_when_somebody_looks_again() {
    for kind in kinds() {
        let (mut engine, view) = watched(kind);
        view.set_wanted(false);
        let loud = noise(10_000, 2);
        assert_eq!(columns(&mut engine, &view, &loud, 500), []);
        view.set_wanted(true);
        assert!(!columns(&mut engine, &view, &loud, 500).is_empty());
        view.set_wanted(false);
        // No more than what is on its way, half a window of it.
        assert!(columns(&mut engine, &view, &loud, 500).len() <= 4);
        // Silence until no window, no median and no network holds anything of the noise.
        let silence = impulse(88_200, usize::MAX);
        render_unity(&mut engine, &silence, &[500]);
        view.set_wanted(true);
        for column in columns(&mut engine, &view, &silence, 500) {
            assert_eq!(column.energy, StemEnergy::SILENCE, "{kind:?}");
        }
    }
}

#[test]
fn a_reset_forgets_what_was_on_its_way_and_time_goes_on() {
    let (mut engine, view) = watched(SeparatorKind::HpssLive);
    render_unity(&mut engine, &noise(1_024, 3), &[256]);
    let played = view.played_samples();
    engine.reset();
    let silence = impulse(4_096, usize::MAX);
    let columns = columns(&mut engine, &view, &silence, 256);
    assert!(!columns.is_empty());
    for column in columns {
        assert!(column.heard_at_samples >= played);
        assert_eq!(column.energy, StemEnergy::SILENCE);
    }
}

#[test]
fn a_chain_is_seen_from_when_it_is_heard() {
    let [from, to] = [SeparatorKind::HpssLive, SeparatorKind::HpssMix];
    let separator = |kind| build(kind, RATE_HZ).expect("HPSS plays");
    let (mut engine, mut sender) = swappable_engine(separator(from), RATE_HZ);
    let view = Arc::new(EnergyView::new());
    engine.show_energy(view.clone());
    view.set_wanted(true);
    sender.send(Box::new(Chain::new(separator(to), RATE_HZ, 1)));
    let input = noise(64, 4);
    let mut positions = Vec::new();
    let mut swapped_at = None;
    for _ in 0..1_000 {
        engine.poll_chain(true);
        render_unity(&mut engine, &input, &[64]);
        view.pop_due(|column| positions.push(column.heard_at_samples));
        if swapped_at.is_none() && engine.chain_id() == 1 {
            swapped_at = Some(view.played_samples());
        }
    }
    let swapped_at = swapped_at.expect("the swap came about");
    // One column a hop all the time: never both chains at once, never neither.
    for pair in positions.windows(2) {
        let hop = pair[1] - pair[0];
        assert!(
            (1..=512).contains(&hop),
            "{pair:?}, swapped at {swapped_at}"
        );
    }
    let expected = view.played_samples() / 256;
    assert!((positions.len() as u64).abs_diff(expected) <= 3);
}

#[test]
fn looking_allocates_nothing_on_the_audio_thread() {
    for kind in kinds() {
        let (mut engine, view) = watched(kind);
        let [mut left, mut right] = noise(480, 5);
        // Many more hops than the ring holds.
        assert_no_alloc(|| {
            for block in 0..1_000 {
                engine.process([&mut left, &mut right], &only(Stem::Drums));
                if block == 500 {
                    engine.reset();
                    view.pop_due(|_| ());
                }
            }
        });
        let mut num_columns = 0;
        view.pop_due(|_| num_columns += 1);
        assert!(num_columns > 0, "{kind:?}");
    }
}
