//! Focus bends the masks of single stems: it trades bleed against what is missing, moves without a
//! click, and never touches what equal gains give.

mod common;

use std::convert::Infallible;
use std::time::{Duration, Instant};

use common::networks::{random_weights, separator, small, small_learned};
use common::*;
use unbraid::demo_song;
use unbraid::engine::{Chain, Engine, GainTargets};
use unbraid::nn::config::MaskKind;
use unbraid::offline::OfflineEngine;
use unbraid::score::si_sdr_improvement_db;
use unbraid::separators::{Focus, NO_FOCUS, Separator, SeparatorKind, build};
use unbraid::stem::{Stem, StemBuffer, Stems};

const RATE_HZ: f64 = 44_100.0;

/// Stems apart, with a focus.
fn focused(focus: Focus) -> GainTargets {
    GainTargets {
        stems: [1.0, 0.5, 0.7, 0.3],
        focus,
        ..GainTargets::UNITY
    }
}

/// An engine on a small network with masks of a kind, and one that learned its front end.
fn networks() -> Vec<(String, Engine)> {
    let of = |config| separator(&random_weights(&config, 7), RATE_HZ);
    let kinds = [MaskKind::Sigmoid, MaskKind::Softmax, MaskKind::Complex];
    let mut engines: Vec<(String, Engine)> = kinds
        .into_iter()
        .map(|mask| {
            let config = unbraid::nn::ConvTasNetConfig { mask, ..small() };
            (format!("{mask:?}"), engine_of(of(config), RATE_HZ))
        })
        .collect();
    let learned = engine_of(of(small_learned(true)), RATE_HZ);
    engines.push(("learned".to_owned(), learned));
    engines
}

fn all_engines() -> Vec<(String, Engine)> {
    let built_in = kinds()
        .into_iter()
        .map(|kind| (format!("{kind:?}"), engine(kind, RATE_HZ)));
    built_in.chain(networks()).collect()
}

#[test]
fn unity_nulls_with_any_focus() {
    let input = noise(30_000, 1);
    for (name, mut engine) in all_engines() {
        let latency = engine.latency_samples();
        let got = render(&mut engine, &input, &[480], |n| GainTargets {
            focus: [[1.0, -1.0, 1.0], [-1.0; 3], [0.3, 0.0, -0.2]][n / 4_800 % 3],
            ..GainTargets::UNITY
        });
        assert_delayed(&got.output, &input, latency, &name);
    }
}

#[test]
fn a_constant_focus_is_the_same_in_blocks_of_any_size_and_others_stay_apart() {
    let input = noise(20_000, 2);
    for (name, mut engine) in all_engines() {
        let mut rendered = |pattern: &[usize], focus| {
            engine.reset();
            render(&mut engine, &input, pattern, |_| focused(focus))
        };
        let want = rendered(&[512], [0.5, -0.5, 1.0]);
        for pattern in [&[1_usize][..], &[64], BLOCK_PATTERNS[8]] {
            assert!(
                rendered(pattern, [0.5, -0.5, 1.0]) == want,
                "{name}, {pattern:?}"
            );
        }
        let plain = rendered(&[512], [0.0; 3]);
        assert!(plain != want, "{name}: it is heard");
        // With 0, and after it was used, the masks are those of a new instance.
        engine.reset();
        assert!(render(&mut engine, &input, &[512], |_| focused([0.0; 3])) == plain);
        if name == "Complex" {
            // Magnitudes above 1 grow, and what that takes from Other it takes from all.
            continue;
        }
        engine.reset();
        let drums_only = render(&mut engine, &input, &[512], |_| focused([1.0, 0.0, 0.0]));
        for stem in [Stem::Bass, Stem::Vocals] {
            let stem = stem as usize;
            assert!(drums_only.stems[stem] == plain.stems[stem], "{name}");
        }
    }
}

#[test]
fn a_little_focus_is_a_little_change() {
    let input = noise(20_000, 3);
    for (name, mut engine) in all_engines() {
        let mut drums = |focus: f32| {
            engine.reset();
            let targets = |_| focused([focus, focus, focus]);
            let rendered = render(&mut engine, &input, &[512], targets);
            rendered.stems[Stem::Drums as usize][0].clone()
        };
        let plain = drums(0.0);
        for (focus, most_db) in [(0.01, -30.0), (-0.01, -30.0), (1e-6, -90.0)] {
            let changed_db = error_db(&drums(focus), &plain, 0);
            assert!(changed_db < most_db, "{name}: {changed_db} dB at {focus}");
        }
    }
}

#[test]
fn moving_focus_does_not_click() {
    // A steady 50 Hz tone moves by 2π·50/44100 = 0.0071 a sample, and no mask makes it louder. A
    // click would be a step of the order of 1.
    let tone: Vec<f32> = (0..66_150)
        .map(|n| (n as f32 * 50.0 * std::f32::consts::TAU / RATE_HZ as f32).sin())
        .collect();
    let input = [tone.clone(), tone];
    for kind in kinds() {
        for stem in Stem::ESTIMATED {
            let mut engine = engine(kind, RATE_HZ);
            let got = render(&mut engine, &input, &[64], |n| GainTargets {
                focus: [if n / 3_200 % 2 == 0 { 1.0 } else { -1.0 }; 3],
                ..only(stem)
            });
            let jump = got.output[0][20_000..]
                .windows(2)
                .map(|pair| (pair[1] - pair[0]).abs())
                .fold(0.0, f32::max);
            assert!(jump < 0.0071 + 0.005, "{kind:?}, {stem:?} jumps by {jump}");
        }
    }
}

#[test]
fn a_chain_that_takes_over_has_the_focus_from_its_first_hop_on() {
    // HPSS forgets, so that another of its kind in step with it is the same after its warm-up.
    let hpss = || build(SeparatorKind::HpssLive, RATE_HZ).expect("HPSS plays");
    let input = noise(256 * 200, 5);
    let targets = focused([1.0, 0.0, 0.0]);
    let want = render(&mut engine_of(hpss(), RATE_HZ), &input, &[256], |_| targets);
    let (mut engine, mut sender) = swappable_engine(hpss(), RATE_HZ);
    let mut drums = Vec::new();
    for start in (0..input[0].len()).step_by(256) {
        if start == 256 * 50 {
            sender.send(Box::new(Chain::new(hpss(), RATE_HZ, 1)));
        }
        engine.poll_chain(false);
        let piece = input.each_ref().map(|x| x[start..start + 256].to_vec());
        let rendered = render(&mut engine, &piece, &[256], |_| targets);
        drums.extend_from_slice(&rendered.stems[Stem::Drums as usize][0]);
    }
    assert_eq!(engine.chain_id(), 1, "the swap came about");
    for (n, (got, want)) in drums
        .iter()
        .zip(&want.stems[Stem::Drums as usize][0])
        .enumerate()
    {
        // Two roundings of a cross-fade between equal samples below 1.
        assert!((got - want).abs() < 1e-6, "sample {n}: {got}, want {want}");
    }
}

/// Energy of each estimate relative to that of the mix, in dB, over all seconds in which the mix
/// sounds and the true stem lies 60 dB below it or rests; `None` if there are none.
fn bleeds_db<const N: usize>(
    truth: &Stereo,
    estimates: [&Stereo; N],
    mix: &Stereo,
) -> Option<[f64; N]> {
    let second = RATE_HZ as usize;
    let energy = |signal: &Stereo, start: usize| -> f64 {
        let samples = signal.iter().flat_map(|x| &x[start..start + second]);
        samples.map(|&x| f64::from(x).powi(2)).sum()
    };
    let starts = (0..truth[0].len() - second).step_by(second);
    let rests: Vec<usize> = starts
        .filter(|&start| energy(mix, start) > 0.0)
        .filter(|&start| energy(truth, start) < 1e-6 * energy(mix, start))
        .collect();
    let sum = |signal| -> f64 { rests.iter().map(|&start| energy(signal, start)).sum() };
    let of = |estimate| 10.0 * (sum(estimate) / sum(mix)).log10();
    (!rests.is_empty()).then(|| estimates.map(of))
}

/// The stems of a song with this focus for all, latency removed.
fn stems_of(kind: SeparatorKind, mix: &Stereo, focus: f32) -> Stems {
    let separator = build(kind, RATE_HZ).expect("the kind plays");
    let mut stems = Stems::default();
    let targets = GainTargets {
        focus: [focus; 3],
        ..GainTargets::UNITY
    };
    let mix = mix.each_ref().map(Vec::as_slice);
    let mut engine = OfflineEngine::new(separator, RATE_HZ);
    let Ok(()) = engine.separate::<Infallible>(mix, &targets, |piece| {
        for stem in Stem::ALL {
            for (channel, signal) in stems[stem as usize].iter_mut().enumerate() {
                signal.extend_from_slice(piece.stem(stem, channel));
            }
        }
        Ok(())
    });
    stems
}

#[test]
fn focus_trades_bleed_against_what_is_missing() {
    let song = demo_song::render(RATE_HZ, 3);
    let mix = song.mix();
    let focuses = [-1.0, -0.5, 0.0, 0.5, 1.0];
    for kind in kinds() {
        let estimates = focuses.map(|focus| stems_of(kind, &mix, focus));
        for stem in Stem::ESTIMATED {
            if !kind.fills(stem) {
                continue;
            }
            let truth = &song.stems[stem as usize];
            let of = estimates.each_ref().map(|stems| &stems[stem as usize]);
            let gained_db = of.map(|x| si_sdr_improvement_db(truth, x, &mix).expect("it sounds"));
            println!("{kind:?}, {stem:?}: SI-SDR improvement {gained_db:.2?} dB at {focuses:?}");
            let Some(bleeds_db) = bleeds_db(truth, of, &mix) else {
                continue;
            };
            println!("{kind:?}, {stem:?}: bleed {bleeds_db:.1?} dB");
            let case = format!("{kind:?}, {stem:?}: {bleeds_db:.1?} dB");
            assert!(bleeds_db.is_sorted_by(|a, b| a > b), "{case}");
            let [most, .., least] = bleeds_db;
            assert!(
                most > bleeds_db[2] + 0.3 && least < bleeds_db[2] - 0.3,
                "{case}"
            );
        }
    }
}

/// What a hop of noise takes: the mean over hops of the best of some passes.
fn hop_time(separator: &mut dyn Separator) -> Duration {
    const HOPS: usize = 40;
    let hop_samples = separator.hop_samples();
    let input = noise(HOPS * hop_samples, 8);
    let mut stems = StemBuffer::new(hop_samples);
    let mut best = [Duration::MAX; HOPS];
    for _ in 0..50 {
        for (hop, best) in best.iter_mut().enumerate() {
            let mix = (input.each_ref()).map(|x| &x[hop * hop_samples..][..hop_samples]);
            let begun = Instant::now();
            separator.process_hop(mix, &mut stems);
            for part in 0..separator.num_parts() {
                separator.work(part);
            }
            *best = begun.elapsed().min(*best);
        }
    }
    best.into_iter().sum::<Duration>() / HOPS as u32
}

#[test]
fn what_focus_and_energies_cost_is_printed() {
    for kind in kinds() {
        let mut separator = build(kind, RATE_HZ).expect("the kind plays");
        let plain = hop_time(separator.as_mut());
        separator.set_focus(&[0.5; 3]);
        let focused = hop_time(separator.as_mut());
        separator.set_focus(&NO_FOCUS);
        separator.set_energy_wanted(true);
        let measured = hop_time(separator.as_mut());
        let hop_seconds = separator.hop_samples() as f64 / RATE_HZ;
        let percent =
            |time: Duration| 100.0 * (time.as_secs_f64() - plain.as_secs_f64()) / hop_seconds;
        let [focus, energies] = [percent(focused), percent(measured)];
        println!("{kind:?}: focus takes {focus:.2} % of a core, energies {energies:.2} %");
        // Loose bounds, for a busy machine and slow builds.
        assert!(
            focus < 3.0 && energies < 3.0,
            "{kind:?}: {focus}, {energies} %"
        );
    }
}
