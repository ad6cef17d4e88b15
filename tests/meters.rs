//! What the meters say: the null, and no clip that is missed.

mod common;

use std::sync::Arc;

use common::*;
use unbraid::engine::{Chain, Engine, GainTargets, Meters, chain_swap};
use unbraid::separators::{SeparatorKind, build};
use unbraid::stem::{NUM_STEMS, Stem};

const RATE_HZ: f64 = 44_100.0;

fn metered(kind: SeparatorKind) -> (Engine, Arc<Meters>) {
    let separator = build(kind, RATE_HZ).expect("the kind plays");
    let meters = Arc::new(Meters::new());
    meters.set_wanted(true);
    let chain = Box::new(Chain::new(separator, RATE_HZ, 0));
    (Engine::new(chain, chain_swap().0, meters.clone()), meters)
}

#[test]
fn the_difference_is_zero_where_it_nulls_and_else_what_is_missing() {
    let input = noise(20_000, 1);
    for kind in kinds() {
        let (mut engine, meters) = metered(kind);
        for block in [64, 480, 1024] {
            render_unity(&mut engine, &input, &[block]);
            assert_eq!(meters.difference_peak(), 0.0, "{kind:?}");
        }
        // Half of all is half away.
        let half = GainTargets {
            stems: [0.5; NUM_STEMS],
            ..GainTargets::UNITY
        };
        render(&mut engine, &input, &[480], |_| half);
        assert!((meters.difference_peak() - 0.25).abs() < 1e-3, "{kind:?}");
        let bypassed = GainTargets {
            bypass: true,
            ..half
        };
        render(&mut engine, &input, &[480], |_| bypassed);
        assert_eq!(meters.difference_peak(), 0.0, "{kind:?}");
    }
}

#[test]
fn the_largest_sample_stays_until_it_is_taken() {
    let (mut engine, meters) = metered(SeparatorKind::HpssLive);
    let mut input = noise(20_000, 2);
    input[0][18_500] = -1.5;
    render_unity(&mut engine, &input, &[64]);
    // The falling peak has left it behind.
    assert!(meters.output_peak(0) < 1.5);
    assert_eq!(meters.take_max_output_peak(0), 1.5);
    assert!(meters.take_max_output_peak(1) <= 0.5);
    let of_stems = [Stem::Drums, Stem::Other].map(|stem| meters.take_max_stem_peak(stem, 0));
    assert!(of_stems[0] + of_stems[1] >= 1.5, "{of_stems:?}");
    assert_eq!(meters.take_max_stem_peak(Stem::Vocals, 0), 0.0);
    assert_eq!(meters.take_max_output_peak(0), 0.0, "taken");
    // What falls is no new clip.
    render_unity(&mut engine, &noise(640, 3), &[64]);
    assert!(meters.output_peak(0) > 1.0);
    assert!(meters.take_max_output_peak(0) <= 0.5);
}

#[test]
fn unwanted_meters_stay_as_they_are() {
    let (mut engine, meters) = metered(SeparatorKind::HpssLive);
    meters.set_wanted(false);
    let input = noise(20_000, 4);
    render(&mut engine, &input, &[480], |_| only(Stem::Drums));
    assert_eq!(meters.difference_peak(), 0.0);
    assert_eq!(meters.take_max_output_peak(0), 0.0);
}
