//! The latency reported is the latency measured, to the sample.

mod common;

use common::*;
use unbraid::separators::SeparatorKind;
use unbraid::stem::Stem;

/// The first sample that is not silent, and the loudest.
fn first_and_peak(x: &[f32]) -> (usize, usize) {
    let first = x.iter().position(|&x| x != 0.0).expect("something arrives");
    let peak = (0..x.len())
        .max_by(|&a, &b| x[a].abs().total_cmp(&x[b].abs()))
        .expect("not empty");
    (first, peak)
}

#[test]
fn an_impulse_through_an_identity_arrives_when_reported() {
    for (hop, delay_hops) in [(1, 0), (7, 0), (256, 1), (280, 16), (4459, 2)] {
        for stem in Stem::ESTIMATED {
            let mut shares = [0.0; 4];
            shares[stem as usize] = 1.0;
            let separator = DelaySeparator::boxed(hop, delay_hops, shares);
            let mut engine = engine_of(separator, 44_100.0);
            let latency = engine.latency_samples();
            assert_eq!(latency, hop * (delay_hops + 1));
            let at = 37;
            let input = impulse(latency + 100, at);
            for pattern in BLOCK_PATTERNS {
                engine.reset();
                let got = render(&mut engine, &input, pattern, |_| only(stem)).output;
                assert_eq!(
                    first_and_peak(&got[1]),
                    (at + latency, at + latency),
                    "{stem:?}, hop {hop}, {delay_hops} hops of delay, blocks of {pattern:?}"
                );
            }
        }
    }
}

#[test]
fn latencies_are_those_promised() {
    for (rate_hz, live, mix) in [
        (44_100.0, 512, 17 * 256),
        (48_000.0, 560, 17 * 280),
        (96_000.0, 1120, 17 * 560),
    ] {
        assert_eq!(
            engine(SeparatorKind::HpssLive, rate_hz).latency_samples(),
            live
        );
        assert_eq!(
            engine(SeparatorKind::HpssMix, rate_hz).latency_samples(),
            mix
        );
    }
}

#[test]
fn an_impulse_through_hpss_peaks_when_reported() {
    for kind in [SeparatorKind::HpssLive, SeparatorKind::HpssMix] {
        for rate_hz in HOST_RATES_HZ {
            let mut engine = engine(kind, rate_hz);
            let latency = engine.latency_samples();
            // An impulse alone is all percussive: the drums carry it, and nothing but rounding
            // before it.
            let at = latency;
            let input = impulse(2 * latency + 100, at);
            let got = render(&mut engine, &input, &[480], |_| only(Stem::Drums)).output;
            let peak = first_and_peak(&got[0]).1;
            assert_eq!(peak, at + latency, "{kind:?} at {rate_hz} Hz");
            assert!(
                got[0][..latency].iter().all(|&x| x == 0.0),
                "{kind:?} at {rate_hz} Hz"
            );
        }
    }
}
