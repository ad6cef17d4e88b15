//! A change of gain at sample t acts on the audio that entered at t: no sooner, no later, in every
//! mode; and it moves in a ramp that does not click.

mod common;

use common::*;
use unbraid::engine::{GAIN_RAMP_MS, GainTargets};
use unbraid::stem::{NUM_STEMS, Stem};

/// Unity, with one stem's gain from sample `at` on.
fn step(stem: Stem, gain: f32, at: usize) -> impl Fn(usize) -> GainTargets {
    move |n| {
        let mut targets = GainTargets::UNITY;
        if n >= at {
            targets.stems[stem as usize] = gain;
        }
        targets
    }
}

#[test]
fn an_event_changes_the_audio_that_entered_with_it() {
    let rate_hz = 44_100.0;
    let at = 10_007;
    let input = noise(40_000, 1);
    for kind in kinds() {
        let mut engine = engine(kind, rate_hz);
        let latency = engine.latency_samples();
        let unity = render_unity(&mut engine, &input, &[1]);
        engine.reset();
        let got = render(&mut engine, &input, &[1], step(Stem::Drums, 0.0, at));
        let first = (0..input[0].len())
            .find(|&n| got.output[0][n] != unity.output[0][n])
            .expect("the step is heard");
        assert_eq!(first, at + latency, "{kind:?}");
        // After the ramp, exactly the drums are missing.
        let ramp = (GAIN_RAMP_MS * 1e-3 * rate_hz).ceil() as usize;
        for n in at + latency + ramp..input[0].len() {
            let want = unity.output[0][n] - got.stems[Stem::Drums as usize][0][n];
            // One rounding of a sum of samples below 1.
            assert!(
                (got.output[0][n] - want).abs() < 1e-6,
                "{kind:?}, sample {n}"
            );
        }
    }
}

#[test]
fn gains_move_linearly_within_the_ramp() {
    // A steady mix, all of it in the drums, shows the gain itself.
    let rate_hz = 44_100.0;
    let separator = DelaySeparator::boxed(256, 1, [1.0, 0.0, 0.0, 0.0]);
    let mut engine = engine_of(separator, rate_hz);
    let latency = engine.latency_samples();
    let input = [vec![1.0; 8_000], vec![1.0; 8_000]];
    let at = 3_000;
    let got = render(&mut engine, &input, &[1000], step(Stem::Drums, 0.0, at));
    let ramp = (GAIN_RAMP_MS * 1e-3 * rate_hz).ceil() as usize;
    for n in latency..input[0].len() {
        let done = (n + 1).saturating_sub(at + latency).min(ramp);
        let want = 1.0 - done as f32 / ramp as f32;
        assert!((got.output[0][n] - want).abs() < 1e-6, "sample {n}");
    }
}

#[test]
fn solo_mute_and_bypass_do_not_click() {
    // A steady 50 Hz tone moves by at most 2π·50/44100 = 0.0071 a sample; a ramp of 441 samples
    // adds at most 1/441 = 0.0023. A click would be a jump of the order of 1.
    let rate_hz = 44_100.0;
    let tone: Vec<f32> = (0..88_200)
        .map(|n| (n as f32 * 50.0 * std::f32::consts::TAU / rate_hz as f32).sin())
        .collect();
    let input = [tone.clone(), tone];
    let scenes = [
        GainTargets::UNITY,
        only(Stem::Other),
        only(Stem::Drums),
        GainTargets {
            stems: [0.0; NUM_STEMS],
            ..GainTargets::UNITY
        },
        GainTargets {
            stems: [0.0; NUM_STEMS],
            bypass: true,
            ..GainTargets::UNITY
        },
    ];
    for kind in kinds() {
        let mut engine = engine(kind, rate_hz);
        // Scenes change every 100 samples, so also in mid-ramp, then every 3000.
        let got = render(&mut engine, &input, &[100], |n| {
            let period = if n < 44_100 { 100 } else { 3_000 };
            scenes[n / period % scenes.len()]
        });
        let settled = &got.output[0][20_000..];
        let jump = settled
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .fold(0.0, f32::max);
        assert!(jump < 0.0071 + 0.0023 + 0.001, "{kind:?} jumps by {jump}");
    }
}
