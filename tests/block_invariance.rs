//! Any split of the input into blocks gives the same output and stems, bit for bit, also while
//! gains move.

mod common;

use common::*;
use unbraid::engine::GainTargets;
use unbraid::stem::Stem;

#[test]
fn every_pattern_gives_the_same() {
    for kind in kinds() {
        for rate_hz in [8_000.0, 44_100.0, 45_678.901] {
            let input = noise(40_000, 1);
            let mut engine = engine(kind, rate_hz);
            let want = render(&mut engine, &input, &[512], |_| only(Stem::Drums));
            for pattern in BLOCK_PATTERNS {
                engine.reset();
                let got = render(&mut engine, &input, pattern, |_| only(Stem::Drums));
                assert!(
                    got == want,
                    "{kind:?} at {rate_hz} Hz in blocks of {pattern:?}"
                );
            }
        }
    }
}

#[test]
fn moving_gains_do_not_depend_on_the_blocks() {
    // Targets change every 1000 samples; each host cuts its blocks there, as it does for events.
    let targets = |n: usize| match n / 1000 % 4 {
        0 => GainTargets::UNITY,
        1 => only(Stem::Drums),
        2 => only(Stem::Other),
        _ => GainTargets {
            bypass: true,
            ..GainTargets::UNITY
        },
    };
    let input = noise(20_000, 2);
    for kind in kinds() {
        let mut engine = engine(kind, 44_100.0);
        let want = render(&mut engine, &input, &[1000], targets);
        for pattern in [&[1][..], &[8], &[200, 300, 499, 1], &[999, 1]] {
            engine.reset();
            let got = render(&mut engine, &input, pattern, targets);
            assert!(got == want, "{kind:?} in blocks of {pattern:?}");
        }
    }
}
