//! What the built-in networks do to demo songs, which they never learned from, in figures that
//! worse weights can't reach.
#![cfg(feature = "default-models")]

use rubato::{SincInterpolationParameters, WindowFunction};
use unbraid::demo_song::{self, DemoSong};
use unbraid::dsp::resample::resample;
use unbraid::offline::OfflineEngine;
use unbraid::score::si_sdr_improvement_db;
use unbraid::separators::{SeparatorKind, build};
use unbraid::stem::{NUM_STEMS, Stems, mix_of};

const KINDS: [SeparatorKind; 2] = [
    SeparatorKind::ConvTasNetLive,
    SeparatorKind::ConvTasNetStudio,
];

#[cfg(feature = "train")]
#[test]
fn their_networks_are_those_of_the_presets() {
    use unbraid::separators::default_models;
    use unbraid::train::settings::Preset;

    for (kind, preset) in KINDS.into_iter().zip([Preset::Live, Preset::Studio]) {
        let networks = default_models::load(kind).expect("it is part of the build");
        assert_eq!(
            *networks.main().config(),
            preset.settings().config,
            "{kind:?}"
        );
    }
}

/// SI-SDR improvement over the mix of each stem, in dB.
fn improvements_db(kind: SeparatorKind, song: &DemoSong) -> [f64; NUM_STEMS] {
    let separator = build(kind, song.rate_hz).expect("it has a model");
    let mut engine = OfflineEngine::new(separator, song.rate_hz);
    let mix = song.mix();
    let estimates = engine.stems(&mix);
    assert!(!engine.take_fault());
    std::array::from_fn(|stem| {
        let gained = si_sdr_improvement_db(&song.stems[stem], &estimates[stem], &mix);
        gained.expect("every stem sounds")
    })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The same song at another rate.
fn resampled(song: &DemoSong, rate_hz: f64) -> DemoSong {
    let filter = SincInterpolationParameters::new(256, WindowFunction::BlackmanHarris2);
    let factor = rate_hz / song.rate_hz;
    DemoSong {
        rate_hz,
        stems: (song.stems.each_ref()).map(|stem| resample(stem, factor, &filter)),
    }
}

#[test]
fn every_stem_gains_and_as_much_at_every_rate() {
    let rates_hz = [44_100.0, 48_000.0, 88_200.0, 96_000.0];
    let songs = [2, 3].map(|seed| demo_song::render(rates_hz[0], seed));
    let songs = rates_hz.map(|rate_hz| songs.each_ref().map(|song| resampled(song, rate_hz)));
    for (kind, floor_db) in KINDS.into_iter().zip([5.7, 7.3]) {
        // One song alone differs by 0.1 dB from rate to rate: the mean of each stem over both.
        let gained_db = songs.each_ref().map(|songs| {
            let [one, other] = songs.each_ref().map(|song| improvements_db(kind, song));
            std::array::from_fn::<f64, NUM_STEMS, _>(|stem| mean(&[one[stem], other[stem]]))
        });
        println!("{kind:?}: drums, bass, other, vocals: {gained_db:.2?} dB at {rates_hz:?} Hz");
        for (gained, rate_hz) in gained_db.iter().zip(rates_hz) {
            let case = format!("{kind:?} at {rate_hz} Hz: {gained:?} dB");
            assert!(mean(gained) >= floor_db, "{case}");
            assert!(gained.iter().all(|&stem| stem > 3.0), "{case}");
            let apart = mean(gained) - mean(&gained_db[0]);
            assert!(apart.abs() <= 0.1, "{case}: {apart} dB from 44.1 kHz");
        }
    }
}

#[test]
fn gain_and_mono_matter_little() {
    let song = demo_song::render(44_100.0, 3);
    let gain = |song: &DemoSong, db: f32| {
        let mut song = song.clone();
        let gain = 10.0_f32.powf(db / 20.0);
        (song.stems.iter_mut().flatten().flatten()).for_each(|sample| *sample *= gain);
        song
    };
    let mono = {
        let mut song = song.clone();
        for [left, right] in &mut song.stems {
            for (left, right) in left.iter_mut().zip(right) {
                *left = 0.5 * (*left + *right);
                *right = *left;
            }
        }
        song
    };
    let changed = [gain(&song, -24.0), gain(&song, 6.0), mono];
    for kind in KINDS {
        let nominal = mean(&improvements_db(kind, &song));
        let found = (changed.each_ref()).map(|song| mean(&improvements_db(kind, song)));
        println!("{kind:?}: {nominal:.2} dB; at −24 dB, at +6 dB and in mono {found:.2?} dB");
        for db in found {
            assert!(
                (db - nominal).abs() <= 0.5,
                "{kind:?}: {db} dB, nominal {nominal} dB"
            );
        }
    }
}

#[test]
fn passages_gain_alike_after_a_reset_and_after_other_music() {
    const RATE_HZ: usize = 44_100;
    let songs: Vec<_> = (4..8)
        .map(|seed| demo_song::render(RATE_HZ as f64, seed))
        .collect();
    for kind in KINDS {
        let separator = build(kind, RATE_HZ as f64).expect("it has a model");
        let mut engine = OfflineEngine::new(separator, RATE_HZ as f64);
        // What ten seconds of a song gain after so many of another, over and over.
        let mut gained_after = |seconds: usize, song: &DemoSong, other: &DemoSong| -> f64 {
            let stems: Stems = std::array::from_fn(|stem| {
                std::array::from_fn(|channel| {
                    let before = other.stems[stem][channel].iter().cycle();
                    let passage = &song.stems[stem][channel][10 * RATE_HZ..20 * RATE_HZ];
                    let before = before.take(seconds * RATE_HZ);
                    before.chain(passage).copied().collect()
                })
            });
            let estimates = engine.stems(&mix_of(&stems));
            let cut = |stems: &Stems| -> Stems {
                (stems.each_ref())
                    .map(|stem| stem.each_ref().map(|x| x[seconds * RATE_HZ..].to_vec()))
            };
            let (stems, estimates) = (cut(&stems), cut(&estimates));
            let mix = mix_of(&stems);
            let gained: [f64; NUM_STEMS] = std::array::from_fn(|stem| {
                si_sdr_improvement_db(&stems[stem], &estimates[stem], &mix).expect("it sounds")
            });
            mean(&gained)
        };
        let [anew, later] = [0, 60].map(|seconds| -> Vec<f64> {
            let others = songs.iter().cycle().skip(1);
            (songs.iter().zip(others))
                .map(|(song, other)| gained_after(seconds, song, other))
                .collect()
        });
        println!("{kind:?}: {anew:.2?} dB after a reset, {later:.2?} dB after a minute");
        assert!(
            (mean(&later) - mean(&anew)).abs() <= 0.2,
            "{kind:?}: {anew:?} dB after a reset, {later:?} dB after a minute"
        );
        // What came before is no reason to separate one song better and another worse.
        for (anew, later) in anew.iter().zip(&later) {
            let case = format!("{kind:?}: {anew} dB after a reset, {later} dB after a minute");
            assert!((later - anew).abs() <= 0.4, "{case}");
        }
    }
}
