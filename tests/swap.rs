//! Chains change while the music plays.

mod common;

use common::*;
use unbraid::engine::{Chain, Engine, GainTargets};
use unbraid::separators::{Separator, SeparatorKind, build};
use unbraid::stem::Stem;

const RATE_HZ: f64 = 44_100.0;

fn hpss(kind: SeparatorKind) -> Box<dyn Separator> {
    build(kind, RATE_HZ).expect("HPSS plays")
}

fn chain(separator: Box<dyn Separator>, id: u64) -> Box<Chain> {
    Box::new(Chain::new(separator, RATE_HZ, id))
}

/// Plays a tone in blocks of 100 samples, polling before each, and returns the left output.
fn play(engine: &mut Engine, num_samples: usize, latency_may_change: bool) -> Vec<f32> {
    let mut output = Vec::new();
    for start in (0..num_samples).step_by(100) {
        engine.poll_chain(latency_may_change);
        let tone: Vec<f32> = (start..start + 100)
            .map(|n| (n as f32 * 50.0 * std::f32::consts::TAU / RATE_HZ as f32).sin())
            .collect();
        let piece = [tone.clone(), tone];
        let unity = |_| GainTargets::UNITY;
        output.extend(render(engine, &piece, &[100], unity).output[0].iter());
    }
    output
}

fn largest_jump(x: &[f32]) -> f32 {
    x.windows(2)
        .fold(0.0, |jump, pair| jump.max((pair[1] - pair[0]).abs()))
}

#[test]
fn a_chain_of_another_latency_fades_out_and_in() {
    let (mut engine, mut sender) = swappable_engine(hpss(SeparatorKind::HpssLive), RATE_HZ);
    // Whole periods, so that the tone goes on without a step.
    play(&mut engine, 44_100, true);
    sender.send(chain(hpss(SeparatorKind::HpssMix), 1));
    let output = play(&mut engine, 60_000, true);
    assert_eq!(engine.chain_id(), 1);
    assert_eq!(engine.latency_samples(), 17 * 256);
    // The tone moves by 2π·50/44100 = 0.0071 a sample, and a fade adds 1/441 = 0.0023; in between
    // there is one moment of silence.
    assert!(
        largest_jump(&output) < 0.01,
        "jumps by {}",
        largest_jump(&output)
    );
    let quiet = output.windows(10).any(|x| x.iter().all(|x| x.abs() < 0.03));
    assert!(quiet, "it was faded out");
}

#[test]
fn where_latency_may_not_change_the_old_chain_plays_until_the_new_one_is_installed() {
    let (mut engine, mut sender) = swappable_engine(hpss(SeparatorKind::HpssLive), RATE_HZ);
    sender.send(chain(hpss(SeparatorKind::HpssMix), 1));
    assert_eq!(engine.poll_chain(false), Some(17 * 256), "reported once");
    assert_eq!(engine.poll_chain(false), None);
    play(&mut engine, 60_000, false);
    assert_eq!((engine.chain_id(), engine.latency_samples()), (0, 512));
    engine.install_chain();
    assert_eq!((engine.chain_id(), engine.latency_samples()), (1, 17 * 256));
}

#[test]
fn a_newer_chain_replaces_one_that_waits() {
    let (mut engine, mut sender) = swappable_engine(hpss(SeparatorKind::HpssLive), RATE_HZ);
    sender.send(chain(hpss(SeparatorKind::HpssMix), 1));
    assert!(engine.poll_chain(false).is_some());
    // Back to the mode that plays: the latency is the old one again, so nothing is to be reported.
    sender.send(chain(hpss(SeparatorKind::HpssLive), 2));
    assert_eq!(engine.poll_chain(false), None);
    play(&mut engine, 60_000, false);
    assert_eq!((engine.chain_id(), engine.latency_samples()), (2, 512));
}

#[test]
fn only_the_newest_of_several_waiting_chains_arrives() {
    let (mut engine, mut sender) = swappable_engine(hpss(SeparatorKind::HpssLive), RATE_HZ);
    for id in 1..=5 {
        sender.send(chain(hpss(SeparatorKind::HpssLive), id));
    }
    play(&mut engine, 60_000, false);
    assert_eq!(engine.chain_id(), 1, "the first was in the slot already");
    sender.deliver();
    play(&mut engine, 60_000, false);
    assert_eq!(engine.chain_id(), 5);
}

#[test]
fn stems_cross_fade_within_one_latency() {
    let all_drums = DelaySeparator::boxed(256, 1, [1.0, 0.0, 0.0, 0.0]);
    let no_drums = DelaySeparator::boxed(256, 1, [0.0; 4]);
    let (mut engine, mut sender) = swappable_engine(all_drums, RATE_HZ);
    let ones = [vec![1.0; 4_000], vec![1.0; 4_000]];
    render_unity(&mut engine, &ones, &[100]);
    sender.send(chain(no_drums, 1));
    engine.poll_chain(false);
    let drums = render_unity(&mut engine, &ones, &[100]).stems[Stem::Drums as usize][0].clone();
    assert_eq!((drums[0], drums[3_999]), (1.0, 0.0));
    // 10 ms of steady fade are 441 samples.
    let fading = drums.iter().filter(|&&x| x > 0.0 && x < 1.0).count();
    assert_eq!(fading, 440);
    assert!(largest_jump(&drums) < 1.01 / 441.0);
}

#[test]
fn hpss_live_and_conv_tasnet_live_swap_without_a_gap() {
    let [from, to] = [SeparatorKind::HpssLive, SeparatorKind::ConvTasNetLive];
    if !kinds().contains(&to) {
        return;
    }
    for rate_hz in HOST_RATES_HZ
        .into_iter()
        .filter(|&rate_hz| rate_hz <= 48_000.0)
    {
        let separator = |kind| build(kind, rate_hz).expect("the kind plays");
        let (mut engine, mut sender) = swappable_engine(separator(from), rate_hz);
        let latency = engine.latency_samples();
        let input = noise(42_000, 4);
        let mut output: Stereo = Default::default();
        for (id, kind) in [(0, from), (1, to), (2, from)] {
            if id > 0 {
                sender.send(Box::new(Chain::new(separator(kind), rate_hz, id)));
                sender.deliver();
            }
            let start = output[0].len();
            for block in (start..start + input[0].len() / 3).step_by(100) {
                assert_eq!(engine.poll_chain(true), None, "no other latency");
                let piece = input.each_ref().map(|x| x[block..block + 100].to_vec());
                let rendered = render_unity(&mut engine, &piece, &[100]).output;
                for (output, rendered) in output.iter_mut().zip(rendered) {
                    output.extend(rendered);
                }
            }
            assert_eq!(engine.chain_id(), id, "{kind:?} plays at {rate_hz} Hz");
        }
        assert_delayed(&output, &input, latency, &format!("{rate_hz} Hz"));
    }
}
