//! Networks that play together: each stem is the weighted mean of what each gives alone, in time.

mod common;

use std::sync::Arc;

use common::networks::{model, random_weights, small, small_slow};
use common::*;
use unbraid::nn::ConvTasNetModel;
use unbraid::separators::Networks;
use unbraid::stem::{NUM_CHANNELS, Stem};

const OTHER_SHARE: f32 = 0.25;

/// One network, and one with twice its hop.
fn models() -> [Arc<ConvTasNetModel>; 2] {
    [small(), small_slow()].map(|config| model(&random_weights(&config, 1)))
}

fn rendered(networks: &Networks, rate_hz: f64, pattern: &[usize]) -> (usize, Rendered) {
    let separator = networks.build(rate_hz).expect("a host's rate");
    let mut engine = engine_of(separator, rate_hz);
    let input = noise(20_000, 3);
    (
        engine.latency_samples(),
        render_unity(&mut engine, &input, pattern),
    )
}

#[test]
fn each_stem_is_the_weighted_mean_of_what_each_network_gives() {
    let [fast, slow] = models();
    // Whichever is the main one, the slower sets the pace.
    for (main, other) in [(&slow, &fast), (&fast, &slow), (&fast, &fast)] {
        for rate_hz in [44_100.0, 48_000.0] {
            let alone = [main, other]
                .map(|model| rendered(&Networks::from(model.clone()), rate_hz, &[512]));
            let networks = Networks::blend(main.clone(), other.clone(), OTHER_SHARE);
            let (latency, blend) = rendered(&networks, rate_hz, &[512]);
            let [main, other] = &alone;
            // In a blend, all are sliced.
            let least = main.0.max(other.0);
            assert!(latency >= least, "{latency} samples, {least} alone");
            for stem in Stem::ESTIMATED {
                for channel in 0..NUM_CHANNELS {
                    let at = |(own, got): &(usize, Rendered), n: usize| {
                        got.stems[stem as usize][channel][n - latency + own]
                    };
                    for n in latency..20_000 {
                        let want = (1.0 - OTHER_SHARE) * at(main, n) + OTHER_SHARE * at(other, n);
                        let got = blend.stems[stem as usize][channel][n];
                        assert!(
                            (got - want).abs() <= 1e-6,
                            "{stem:?}, sample {n} at {rate_hz} Hz: {got}, {want} expected"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn the_slowest_sets_the_latency_and_a_sliced_one_adds_none() {
    let [fast, slow] = models();
    let latency = |networks: Networks| {
        let separator = networks.build(44_100.0).expect("a host's rate");
        (separator.hop_samples(), separator.latency_samples())
    };
    let alone = latency(slow.clone().into());
    assert_eq!(alone, (512, 1024 - 512 + 2 * 512));
    assert_eq!(latency(Networks::blend(slow, fast, OTHER_SHARE)), alone);
}

#[test]
fn blocks_of_any_size_give_the_same_and_so_does_a_reset() {
    let [fast, slow] = models();
    let networks = Networks::blend(slow, fast, OTHER_SHARE);
    let (_, want) = rendered(&networks, 44_100.0, &[512]);
    for pattern in BLOCK_PATTERNS {
        let (_, got) = rendered(&networks, 44_100.0, pattern);
        assert!(got == want, "{pattern:?}");
    }
    let separator = networks.build(44_100.0).expect("a host's rate");
    let mut engine = engine_of(separator, 44_100.0);
    render_unity(&mut engine, &noise(5_000, 8), &[100]);
    engine.reset();
    assert!(render_unity(&mut engine, &noise(20_000, 3), &[512]) == want);
}
