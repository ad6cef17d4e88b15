//! What the built-in network does to demo songs, which it never learned from, in figures that
//! worse weights can't reach.
#![cfg(feature = "default-models")]

use std::convert::Infallible;

use unbraid::demo_song::{self, DemoSong};
use unbraid::engine::GainTargets;
use unbraid::offline::OfflineEngine;
use unbraid::score::si_sdr_db;
use unbraid::separators::{SeparatorKind, build};
use unbraid::stem::{NUM_CHANNELS, NUM_STEMS, Stem};

type Stems = [[Vec<f32>; NUM_CHANNELS]; NUM_STEMS];

/// Stems of a mix at a rate, in time with it.
fn separated(mix: &[Vec<f32>; NUM_CHANNELS], rate_hz: f64) -> Stems {
    let separator = build(SeparatorKind::ConvTasNetLive, rate_hz).expect("it has a model");
    let mut engine = OfflineEngine::new(separator, rate_hz);
    let mut stems: Stems = Default::default();
    let mix = mix.each_ref().map(Vec::as_slice);
    let Ok(()) = engine.separate::<Infallible>(mix, &GainTargets::UNITY, |piece| {
        for stem in Stem::ALL {
            for (channel, samples) in stems[stem as usize].iter_mut().enumerate() {
                samples.extend_from_slice(piece.stem(stem, channel));
            }
        }
        Ok(())
    });
    assert!(!engine.take_fault());
    stems
}

/// SI-SDR improvement over the mix of each stem, in dB.
fn improvements_db(song: &DemoSong, mix: &[Vec<f32>; NUM_CHANNELS]) -> [f64; NUM_STEMS] {
    let estimates = separated(mix, song.rate_hz);
    std::array::from_fn(|stem| {
        let score = |estimate: &[Vec<f32>; NUM_CHANNELS]| {
            si_sdr_db(&song.stems[stem], estimate).expect("every stem sounds")
        };
        score(&estimates[stem]) - score(mix)
    })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn every_stem_gains_and_as_much_at_every_rate() {
    let rates_hz = [44_100.0, 48_000.0, 88_200.0, 96_000.0];
    let gained_db = rates_hz.map(|rate_hz| {
        let song = demo_song::render(rate_hz, 2);
        improvements_db(&song, &song.mix())
    });
    println!("drums, bass, other, vocals: {gained_db:.2?} dB at {rates_hz:?} Hz");
    for (gained, rate_hz) in gained_db.iter().zip(rates_hz) {
        assert!(mean(gained) >= 3.0, "{gained:?} dB at {rate_hz} Hz");
        let apart = mean(gained) - mean(&gained_db[0]);
        assert!(
            apart.abs() <= 0.1,
            "{apart} dB from 44.1 kHz at {rate_hz} Hz"
        );
    }
}

#[test]
fn gain_and_mono_matter_little_and_quiet_songs_not_too_much() {
    let song = demo_song::render(44_100.0, 3);
    let nominal = mean(&improvements_db(&song, &song.mix()));
    let changed = |change: &dyn Fn(&Stems) -> Stems| {
        let mut song = song.clone();
        song.stems = change(&song.stems);
        mean(&improvements_db(&song, &song.mix()))
    };
    let gain = |db: f32| {
        let gain = 10.0_f32.powf(db / 20.0);
        changed(&|stems| {
            stems
                .clone()
                .map(|s| s.map(|x| x.iter().map(|x| gain * x).collect()))
        })
    };
    let mono = changed(&|stems| {
        stems.clone().map(|[left, right]| {
            let mean: Vec<f32> = left
                .iter()
                .zip(&right)
                .map(|(l, r)| 0.5 * (l + r))
                .collect();
            [mean.clone(), mean]
        })
    });
    let found = [gain(-24.0), gain(6.0), mono];
    println!("{nominal:.2} dB; at −24 dB, at +6 dB and in mono {found:.2?} dB");
    // Quiet songs lose too much: 1.29 dB with these weights, measured before the bound was set.
    for (db, tolerance) in found.into_iter().zip([1.5, 0.5, 0.5]) {
        assert!(
            (db - nominal).abs() <= tolerance,
            "{db} dB, nominal {nominal} dB"
        );
    }
}
