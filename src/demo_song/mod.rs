//! The demo song: a procedural piece of 24 to 30 s with exact stems, for any rate, from a seed alone.
//!
//! It stands in for a recording wherever the way from mix to stems has to be fed with music: in tests,
//! benches and the plug-in's demo. [`score`] writes it down, [`synth`] plays it; the seed decides on tempo,
//! key, chords, groove, melody, words and sounds. Stems are dry sums of instruments, each in a small
//! room of its own, so they add up to the mix exactly.

mod dice;
mod score;
mod synth;

use crate::dsp::compressor::Compressor;
use crate::dsp::reverb::Room;
use crate::stem::{Stem, Stems, Stereo, mix_of};
use score::Score;
use synth::voice::Part;
use synth::{Track, bass, drums, keys, voice};

/// The song that tests and demos play.
pub const DEFAULT_SEED: u64 = 21;

/// A rendered song.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoSong {
    pub rate_hz: f64,
    pub stems: Stems,
}

impl DemoSong {
    /// Samples per channel.
    pub fn len_samples(&self) -> usize {
        self.stems[0][0].len()
    }

    /// What is heard: the sum of the stems.
    pub fn mix(&self) -> Stereo {
        mix_of(&self.stems)
    }
}

/// Levels of the finished stems, linear.
const DRUMS_GAIN: f64 = 0.225;
const BASS_GAIN: f64 = 0.175;
const OTHER_GAIN: f64 = 0.25;
const VOCALS_GAIN: f64 = 0.49;

const DRUM_ROOM: Room = Room {
    size: 0.6,
    decay_s: 0.55,
    damping_hz: 5_500.0,
    low_cut_hz: 220.0,
    predelay_s: 0.004,
    wet: 0.10,
};
const BASS_ROOM: Room = Room {
    size: 0.5,
    decay_s: 0.35,
    damping_hz: 2_500.0,
    low_cut_hz: 300.0,
    predelay_s: 0.002,
    wet: 0.03,
};
const OTHER_ROOM: Room = Room {
    size: 0.9,
    decay_s: 0.95,
    damping_hz: 4_500.0,
    low_cut_hz: 200.0,
    predelay_s: 0.012,
    wet: 0.11,
};
const VOCAL_ROOM: Room = Room {
    size: 1.0,
    decay_s: 1.2,
    damping_hz: 4_800.0,
    low_cut_hz: 250.0,
    predelay_s: 0.025,
    wet: 0.10,
};

const LEAD: Part = Part {
    pan: 0.0,
    gain: 1.0,
    take: 0,
};
const BACKING: [Part; 2] = [
    Part {
        pan: -0.6,
        gain: 0.30,
        take: 1,
    },
    Part {
        pan: 0.6,
        gain: 0.30,
        take: 2,
    },
];

/// Renders the song of this seed at this rate.
///
/// The same seed gives the same music at every rate, low-passed where the rate is low; from 1 kHz on,
/// nothing panics. Takes under a second of CPU time at 44.1 kHz, so call it off the audio thread.
pub fn render(rate_hz: f64, seed: u64) -> DemoSong {
    let score = Score::compose(seed);
    let stem = |stem: Stem| {
        let mut track = Track::new(rate_hz, score.length_s);
        let (room, gain) = match stem {
            Stem::Drums => {
                drums::play(&score.drums, seed, &mut track);
                (DRUM_ROOM, DRUMS_GAIN)
            }
            Stem::Bass => {
                bass::play(&score.bass, seed, &mut track);
                (BASS_ROOM, BASS_GAIN)
            }
            Stem::Other => {
                keys::play_piano(&score.keys, seed, &mut track);
                keys::play_plucks(&score.plucks, seed, &mut track);
                keys::play_pad(&score.pad, seed, &mut track);
                (OTHER_ROOM, OTHER_GAIN)
            }
            Stem::Vocals => {
                voice::sing(&score.lead, LEAD, seed, &mut track);
                for part in BACKING {
                    voice::sing(&score.backing, part, seed, &mut track);
                }
                track.compress(Compressor::new(0.08, 0.008, 0.120, rate_hz));
                (VOCAL_ROOM, VOCALS_GAIN)
            }
        };
        track.place_in(&room);
        track.finish(gain)
    };
    DemoSong {
        rate_hz,
        stems: Stem::ALL.map(stem),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use super::*;
    use crate::stem::NUM_STEMS;

    /// The default song at 44.1 kHz, rendered once for all tests.
    fn default_song() -> &'static DemoSong {
        static SONG: OnceLock<DemoSong> = OnceLock::new();
        SONG.get_or_init(|| render(44_100.0, DEFAULT_SEED))
    }

    fn mean_square(samples: &[f32]) -> f64 {
        let sum: f64 = samples
            .iter()
            .map(|sample| f64::from(*sample).powi(2))
            .sum();
        sum / samples.len().max(1) as f64
    }

    fn peak(samples: &[f32]) -> f64 {
        samples
            .iter()
            .fold(0.0, |peak, sample| f64::from(sample.abs()).max(peak))
    }

    fn amplitude_db(amplitude: f64) -> f64 {
        20.0 * amplitude.max(1e-15).log10()
    }

    /// Level of both channels together in every tenth of a second, in dB.
    fn envelope_db(stem: &Stereo, rate_hz: f64) -> Vec<f64> {
        let edge = |tenth: usize| (0.1 * tenth as f64 * rate_hz).round() as usize;
        let num_tenths = (stem[0].len() as f64 / rate_hz / 0.1) as usize;
        let level = |tenth: usize| {
            let [left, right] = stem
                .each_ref()
                .map(|channel| mean_square(&channel[edge(tenth)..edge(tenth + 1)]));
            amplitude_db((0.5 * (left + right)).sqrt())
        };
        (0..num_tenths).map(level).collect()
    }

    /// Below this a stem counts as silent, above as sounding.
    const SILENT_DB: f64 = -70.0;
    const SOUNDING_DB: f64 = -50.0;

    /// Mean level in dB while a stem sounds.
    fn level_db(envelope_db: &[f64]) -> f64 {
        let squares = envelope_db
            .iter()
            .filter(|level_db| **level_db > SOUNDING_DB);
        let squares: Vec<f64> = squares
            .map(|level_db| 10.0_f64.powf(level_db / 10.0))
            .collect();
        10.0 * (squares.iter().sum::<f64>() / squares.len() as f64).log10()
    }

    #[test]
    fn a_seed_is_a_song() {
        assert_eq!(render(8_000.0, 3), render(8_000.0, 3), "the same seed");
        let (one, other) = (render(8_000.0, 3), render(8_000.0, 4));
        for stem in Stem::ALL {
            let (one, other) = (&one.stems[stem as usize], &other.stems[stem as usize]);
            assert_ne!(one, other, "{stem:?} does not depend on the seed");
        }
    }

    #[test]
    fn the_mix_is_the_sum_of_the_stems_bit_for_bit() {
        let song = default_song();
        let mix = song.mix();
        for (channel, mix) in mix.iter().enumerate() {
            assert_eq!(mix.len(), song.len_samples());
            for (sample, got) in mix.iter().enumerate() {
                let [drums, bass, other, vocals] =
                    song.stems.each_ref().map(|stem| stem[channel][sample]);
                let want = drums + bass + other + vocals;
                assert_eq!(
                    got.to_bits(),
                    want.to_bits(),
                    "channel {channel}, sample {sample}: {got}, not {want}"
                );
            }
        }
    }

    #[test]
    fn levels_are_those_of_a_finished_mix() {
        for seed in [DEFAULT_SEED, 0, 1, 2, 3] {
            let song = if seed == DEFAULT_SEED {
                default_song()
            } else {
                &render(44_100.0, seed)
            };
            let peak_db = song
                .mix()
                .iter()
                .map(|channel| amplitude_db(peak(channel)))
                .fold(f64::MIN, f64::max);
            assert!(
                (-6.0..=-1.0).contains(&peak_db),
                "seed {seed}: the mix peaks at {peak_db} dBFS"
            );
            let mut levels_db = [0.0; NUM_STEMS];
            for stem in Stem::ALL {
                let channels = &song.stems[stem as usize];
                for samples in channels {
                    assert!(
                        samples.iter().all(|sample| sample.is_finite()),
                        "seed {seed}: {stem:?}"
                    );
                    let dc = samples.iter().map(|sample| f64::from(*sample)).sum::<f64>()
                        / samples.len() as f64;
                    assert!(dc.abs() < 1e-5, "seed {seed}: {stem:?} has DC of {dc}");
                }
                let envelope_db = envelope_db(channels, song.rate_hz);
                let part = |wanted: &dyn Fn(f64) -> bool| {
                    envelope_db
                        .iter()
                        .filter(|level_db| wanted(**level_db))
                        .count() as f64
                        / envelope_db.len() as f64
                };
                let sounding = part(&|level_db| level_db > SOUNDING_DB);
                let silent = part(&|level_db| level_db < SILENT_DB);
                assert!(
                    sounding > 0.5 && silent > 0.01,
                    "seed {seed}: {stem:?} sounds for {sounding}, is silent for {silent}"
                );
                levels_db[stem as usize] = level_db(&envelope_db);
            }
            let [drums_db, bass_db, other_db, vocals_db] = levels_db;
            for level_db in [drums_db, bass_db, other_db] {
                assert!(
                    (-29.0..=-23.0).contains(&level_db),
                    "seed {seed}: {levels_db:?} dB"
                );
            }
            assert!(
                (-25.5..=-22.5).contains(&vocals_db),
                "seed {seed}: {levels_db:?} dB"
            );
        }
    }

    #[test]
    fn drums_are_percussive_and_the_rest_is_not() {
        let song = default_song();
        // The share of its sounding time in which a stem spends the loudest 80 % of its energy: strokes
        // that die away need little, held tones most.
        let share = |stem: Stem| {
            let hundredths = song.stems[stem as usize][0]
                .chunks_exact(441)
                .map(mean_square);
            let mut squares: Vec<f64> = hundredths.filter(|square| *square > 1e-5).collect();
            squares.sort_by(|one, other| other.total_cmp(one));
            let mut left = 0.8 * squares.iter().sum::<f64>();
            let loud = squares.iter().take_while(|square| {
                left -= **square;
                left > 0.0
            });
            loud.count() as f64 / squares.len() as f64
        };
        let shares = Stem::ALL.map(share);
        let [drums, others @ ..] = shares;
        assert!(drums < 0.36, "{shares:?}");
        assert!(others.iter().all(|share| *share > 0.42), "{shares:?}");
    }

    #[test]
    fn stems_have_their_own_places() {
        let song = default_song();
        let width_db = |stem: Stem| {
            let [left, right] = &song.stems[stem as usize];
            let side: Vec<f32> = left
                .iter()
                .zip(right)
                .map(|(left, right)| left - right)
                .collect();
            let mid: Vec<f32> = left
                .iter()
                .zip(right)
                .map(|(left, right)| left + right)
                .collect();
            10.0 * (mean_square(&side) / mean_square(&mid)).log10()
        };
        let widths_db = Stem::ALL.map(width_db);
        let [drums_db, bass_db, other_db, vocals_db] = widths_db;
        assert!(bass_db < -25.0 && other_db > -12.0, "{widths_db:?} dB");
        assert!(
            other_db > vocals_db && vocals_db > bass_db && drums_db > bass_db,
            "{widths_db:?} dB"
        );
    }

    /// Fails where a stem sounds and its level differs by more than its tolerance in any tenth of a second.
    fn assert_same_music(got: &DemoSong, want: &DemoSong, tolerances_db: [f64; NUM_STEMS]) {
        for stem in Stem::ALL {
            let [got_db, want_db] =
                [got, want].map(|song| envelope_db(&song.stems[stem as usize], song.rate_hz));
            assert_eq!(got_db.len(), want_db.len(), "{stem:?}");
            for (tenth, (got_db, want_db)) in got_db.iter().zip(&want_db).enumerate() {
                let close = (got_db - want_db).abs() <= tolerances_db[stem as usize];
                assert!(
                    close || *want_db < SOUNDING_DB,
                    "{stem:?} at {tenth}/10 s: {got_db} dB at {} Hz, {want_db} dB at {} Hz",
                    got.rate_hz,
                    want.rate_hz
                );
            }
        }
    }

    #[test]
    fn every_rate_plays_the_same_music() {
        // Oscillators and noise are the same, filters near half the rate are not quite: that is
        // cymbals, consonants and the upper formants.
        let tolerances_db = [0.6, 0.05, 0.05, 1.5];
        assert_same_music(
            &render(96_000.0, DEFAULT_SEED),
            default_song(),
            tolerances_db,
        );
    }

    #[test]
    fn a_low_rate_only_loses_treble() {
        // What 8 kHz can carry must sound the same there: an alias would add to it.
        let lows = |rate_hz: f64| {
            let mut song = render(rate_hz, DEFAULT_SEED);
            for channel in song.stems.iter_mut().flatten() {
                let mut filters = [crate::dsp::filter::Svf::new(800.0, 0.7, rate_hz); 6];
                for sample in channel {
                    let sound = f64::from(*sample);
                    *sample = filters
                        .iter_mut()
                        .fold(sound, |sound, filter| filter.process(sound).low)
                        as f32;
                }
            }
            song
        };
        // The voice's compressor gives back what the missing treble no longer takes up, so its lows may
        // well be louder.
        let tolerances_db = [0.5, 0.5, 0.5, f64::INFINITY];
        assert_same_music(&lows(8_000.0), &lows(48_000.0), tolerances_db);
    }

    #[test]
    fn odd_and_tiny_rates_render() {
        for rate_hz in [1_000.0, 1_234.567_8, 22_050.0, 45_678.901] {
            let song = render(rate_hz, DEFAULT_SEED);
            let finite = song
                .stems
                .iter()
                .flatten()
                .flatten()
                .all(|sample| sample.is_finite());
            assert!(finite, "{rate_hz} Hz");
            let peak_db = song
                .mix()
                .iter()
                .map(|channel| amplitude_db(peak(channel)))
                .fold(f64::MIN, f64::max);
            assert!(
                (-16.0..=-1.0).contains(&peak_db),
                "{rate_hz} Hz: the mix peaks at {peak_db} dBFS"
            );
        }
    }
}
