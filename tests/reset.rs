//! After `reset()` the output equals a fresh instance's, bit for bit, whatever played before.

mod common;

use common::*;
use unbraid::engine::Chain;
use unbraid::separators::{SeparatorKind, build};
use unbraid::stem::Stem;

#[test]
fn a_reset_engine_is_like_new() {
    for kind in kinds() {
        for rate_hz in [1_234.567_8, 44_100.0] {
            let input = noise(30_000, 1);
            let want = render(&mut engine(kind, rate_hz), &input, &[100], |_| {
                only(Stem::Other)
            });
            let mut used = engine(kind, rate_hz);
            render(&mut used, &noise(12_345, 9), &[77], |n| match n / 770 % 2 {
                0 => only(Stem::Drums),
                _ => only(Stem::Vocals),
            });
            used.reset();
            let got = render(&mut used, &input, &[100], |_| only(Stem::Other));
            assert!(got == want, "{kind:?} at {rate_hz} Hz");
        }
    }
}

#[test]
fn a_reset_in_the_middle_of_a_swap_is_like_the_new_chain() {
    let rate_hz = 44_100.0;
    let input = noise(30_000, 2);
    let [live, mix] = [SeparatorKind::HpssLive, SeparatorKind::HpssMix];
    let want = render(&mut engine(mix, rate_hz), &input, &[100], |_| {
        only(Stem::Drums)
    });
    let (mut engine, mut sender) =
        swappable_engine(build(live, rate_hz).expect("HPSS plays"), rate_hz);
    // 0: not begun to warm up; the others: somewhere in it, and in the fades.
    for swapping_samples in [0, 5_000, 18_000] {
        let separator = build(mix, rate_hz).expect("HPSS plays");
        sender.send(Box::new(Chain::new(separator, rate_hz, 1)));
        assert!(engine.poll_chain(true).is_some() || engine.chain_id() == 1);
        render_unity(&mut engine, &noise(swapping_samples, 3), &[64]);
        engine.reset();
        let got = render(&mut engine, &input, &[100], |_| only(Stem::Drums));
        assert!(got == want, "reset after {swapping_samples} samples");
        assert_eq!(engine.chain_id(), 1);
    }
}
