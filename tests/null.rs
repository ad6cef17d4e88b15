//! Equal gains give the delayed input, bit for bit: for every separator, rate and block pattern,
//! through swaps of one latency, and in bypass.

mod common;

use common::*;
use unbraid::engine::{Chain, GainTargets};
use unbraid::separators::{SeparatorKind, build};
use unbraid::stem::{NUM_STEMS, Stem};

#[test]
fn unity_is_the_delayed_input_at_every_rate() {
    for kind in kinds() {
        for rate_hz in HOST_RATES_HZ {
            let mut engine = engine(kind, rate_hz);
            let latency = engine.latency_samples();
            let input = noise(latency + 5_000, 1);
            for pattern in BLOCK_PATTERNS {
                engine.reset();
                let got = render_unity(&mut engine, &input, pattern);
                let case = format!("{kind:?} at {rate_hz} Hz in blocks of {pattern:?}");
                assert_delayed(&got.output, &input, latency, &case);
            }
        }
    }
}

#[test]
fn equal_gains_scale_the_delayed_input() {
    let input = noise(20_000, 2);
    for gain in [0.0, 0.25, 0.3, 3.98] {
        let mut targets = GainTargets::UNITY;
        targets.stems = [gain; NUM_STEMS];
        for kind in kinds() {
            let mut engine = engine(kind, 44_100.0);
            let latency = engine.latency_samples();
            let got = render(&mut engine, &input, &[480], |_| targets);
            let want = input.clone().map(|x| x.iter().map(|x| gain * x).collect());
            assert_delayed(
                &got.output,
                &want,
                latency,
                &format!("{kind:?}, gain {gain}"),
            );
        }
    }
}

#[test]
fn a_separator_that_splits_badly_nulls_too() {
    let input = noise(20_000, 3);
    let separator = DelaySeparator::boxed(100, 3, [0.7, -2.0, 0.0, 1.9]);
    let mut engine = engine_of(separator, 44_100.0);
    let latency = engine.latency_samples();
    assert_eq!(latency, 400);
    let got = render_unity(&mut engine, &input, BLOCK_PATTERNS[8]);
    assert_delayed(&got.output, &input, latency, "bad splitter");
}

#[test]
fn a_separator_that_breaks_leaves_the_mix_in_other() {
    let input = noise(20_000, 4);
    let separator = DelaySeparator::boxed(100, 3, [f32::NAN, 0.5, 0.0, f32::INFINITY]);
    let mut engine = engine_of(separator, 44_100.0);
    let latency = engine.latency_samples();
    let got = render_unity(&mut engine, &input, &[64]);
    assert_delayed(&got.output, &input, latency, "broken separator");
    assert!(got.stems[Stem::Drums as usize][0].iter().all(|&x| x == 0.0));
}

#[test]
fn non_finite_input_counts_as_silence_and_leaves_no_trace() {
    let clean = noise(30_000, 5);
    let mut dirty = clean.clone();
    let mut silenced = clean.clone();
    for (n, bad) in [
        (3_000, f32::NAN),
        (3_001, f32::INFINITY),
        (9_000, f32::NEG_INFINITY),
    ] {
        dirty[0][n] = bad;
        silenced[0][n] = 0.0;
    }
    for kind in kinds() {
        let got = render_unity(&mut engine(kind, 44_100.0), &dirty, &[512]);
        let want = render_unity(&mut engine(kind, 44_100.0), &silenced, &[512]);
        assert_eq!(got, want, "{kind:?}");
    }
}

#[test]
fn bypass_is_the_delayed_input_whatever_the_gains() {
    let input = noise(30_000, 6);
    let bypassed = GainTargets {
        bypass: true,
        ..only(Stem::Drums)
    };
    for kind in kinds() {
        let mut engine = engine(kind, 48_000.0);
        let latency = engine.latency_samples();
        let got = render(&mut engine, &input, &[333], |_| bypassed);
        assert_delayed(&got.output, &input, latency, &format!("{kind:?}"));
    }
}

#[test]
fn a_swap_of_the_same_latency_keeps_the_null() {
    let rate_hz = 44_100.0;
    let input = noise(120_000, 7);
    for pattern in [&[64_usize][..], &[8192], BLOCK_PATTERNS[8]] {
        let live = || build(SeparatorKind::HpssLive, rate_hz).expect("HPSS plays");
        let (mut engine, mut sender) = swappable_engine(live(), rate_hz);
        let latency = engine.latency_samples();
        let mut output = Vec::new();
        let blocks = pattern.iter().cycle();
        let mut start = 0;
        for (count, block) in blocks.enumerate() {
            if count == 3 {
                // An identity in place of HPSS, of the same latency by its own means.
                let other = DelaySeparator::boxed(256, 1, [1.0, 0.0, 0.0, 0.0]);
                sender.send(Box::new(Chain::new(other, rate_hz, 9)));
            }
            assert_eq!(engine.poll_chain(false), None);
            let end = (start + block).min(input[0].len());
            let piece = [input[0][start..end].to_vec(), input[1][start..end].to_vec()];
            output.extend(render_unity(&mut engine, &piece, &[*block]).output[0].iter());
            start = end;
            if start == input[0].len() {
                break;
            }
        }
        assert_eq!(engine.chain_id(), 9, "the swap came about in {pattern:?}");
        let left_only = [output, input[1].clone()];
        let want = [input[0].clone(), input[1].clone()];
        for (n, got) in left_only[0].iter().enumerate() {
            let want = if n < latency {
                0.0
            } else {
                want[0][n - latency]
            };
            assert_eq!(*got, want, "sample {n} in blocks of {pattern:?}");
        }
    }
}
