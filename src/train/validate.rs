//! Scores of whole songs, separated as the plug-in would: the exported weights, hop by hop,
//! through the engine.

use std::convert::Infallible;

use crate::engine::GainTargets;
use crate::offline::OfflineEngine;
use crate::score::{sdr_db, si_sdr_db};
use crate::stem::{NUM_CHANNELS, NUM_STEMS, Stem};

/// How well one stem was separated, in dB; see [`score`](crate::score).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StemScore {
    pub si_sdr_db: f64,
    /// SI-SDR above that of the mix taken for the stem: 0 for an untouched mix at any gain.
    pub si_sdr_improvement_db: f64,
    pub sdr_db: f64,
}

/// The scores of one song.
#[derive(Clone, Debug, PartialEq)]
pub struct SongScore {
    pub name: String,
    /// Indexed by `Stem as usize`; `None` for a silent stem.
    pub stems: [Option<StemScore>; NUM_STEMS],
}

/// The scores of some songs together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanScore {
    /// Each over the songs in which the stem sounds, indexed by `Stem as usize`.
    pub stems: [Option<StemScore>; NUM_STEMS],
    /// Over the stems, each of the same weight; `None` if none ever sounds.
    pub overall: Option<StemScore>,
}

/// Separates the sum of the stems, `[stem][channel][sample]` at the engine's rate and of one
/// length, and scores what comes out. One song does not influence the next.
pub fn score_song(
    engine: &mut OfflineEngine,
    name: &str,
    stems: &[[Vec<f32>; NUM_CHANNELS]; NUM_STEMS],
) -> SongScore {
    let mix: [Vec<f32>; NUM_CHANNELS] = std::array::from_fn(|channel| {
        let samples = 0..stems[0][channel].len();
        let at = |sample: usize| stems.iter().map(|stem| stem[channel][sample]).sum();
        samples.map(at).collect()
    });
    let mut estimates: [[Vec<f32>; NUM_CHANNELS]; NUM_STEMS] = Default::default();
    let Ok(()) = engine.separate::<Infallible>(
        mix.each_ref().map(Vec::as_slice),
        &GainTargets::UNITY,
        |piece| {
            for stem in Stem::ALL {
                for (channel, estimate) in estimates[stem as usize].iter_mut().enumerate() {
                    estimate.extend_from_slice(piece.stem(stem, channel));
                }
            }
            Ok(())
        },
    );
    let score = |stem: usize| {
        let (reference, estimate) = (&stems[stem], &estimates[stem]);
        let score_db = si_sdr_db(reference, estimate)?;
        Some(StemScore {
            si_sdr_db: score_db,
            si_sdr_improvement_db: score_db - si_sdr_db(reference, &mix)?,
            sdr_db: sdr_db(reference, estimate)?,
        })
    };
    SongScore {
        name: name.to_owned(),
        stems: std::array::from_fn(score),
    }
}

/// The mean over songs.
pub fn mean(songs: &[SongScore]) -> MeanScore {
    let stems =
        std::array::from_fn(|stem| mean_of(songs.iter().filter_map(|song| song.stems[stem])));
    MeanScore {
        overall: mean_of(stems.into_iter().flatten()),
        stems,
    }
}

fn mean_of(scores: impl Iterator<Item = StemScore> + Clone) -> Option<StemScore> {
    let count = scores.clone().count();
    let mean = |value: fn(StemScore) -> f64| scores.clone().map(value).sum::<f64>() / count as f64;
    (count > 0).then(|| StemScore {
        si_sdr_db: mean(|score| score.si_sdr_db),
        si_sdr_improvement_db: mean(|score| score.si_sdr_improvement_db),
        sdr_db: mean(|score| score.sdr_db),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;
    use crate::separators::{Separator, StemEnergy};
    use crate::stem::StemBuffer;

    const HOP_SAMPLES: usize = 64;

    /// Gives back, one hop late, the channels' sum as vocals and their difference as drums.
    struct MidSide {
        last: [Vec<f32>; NUM_CHANNELS],
    }

    impl Separator for MidSide {
        fn hop_samples(&self) -> usize {
            HOP_SAMPLES
        }

        fn latency_samples(&self) -> usize {
            HOP_SAMPLES
        }

        fn warm_up_samples(&self) -> usize {
            HOP_SAMPLES
        }

        fn process_hop(&mut self, mix: [&[f32]; NUM_CHANNELS], stems: &mut StemBuffer) {
            for n in 0..HOP_SAMPLES {
                let [left, right] = [self.last[0][n], self.last[1][n]];
                for (channel, side) in [(0, 0.5), (1, -0.5)] {
                    stems.channel_mut(Stem::Vocals, channel)[n] = 0.5 * (left + right);
                    stems.channel_mut(Stem::Drums, channel)[n] = side * (left - right);
                    stems.channel_mut(Stem::Bass, channel)[n] = 0.0;
                }
            }
            for (last, mix) in self.last.iter_mut().zip(mix) {
                last.copy_from_slice(mix);
            }
        }

        fn set_energy_wanted(&mut self, _wanted: bool) {}

        fn stem_energy(&self) -> &StemEnergy {
            &StemEnergy::SILENCE
        }

        fn reset(&mut self) {
            self.last.iter_mut().for_each(|x| x.fill(0.0));
        }
    }

    fn engine() -> OfflineEngine {
        let separator = MidSide {
            last: [vec![0.0; HOP_SAMPLES], vec![0.0; HOP_SAMPLES]],
        };
        OfflineEngine::new(Box::new(separator), 44_100.0)
    }

    /// Vocals and drums, each with so much of its signal in the middle and so much at the sides;
    /// the other stems are silent.
    fn song(seed: u64, vocals: [f32; 2], drums: [f32; 2]) -> [[Vec<f32>; NUM_CHANNELS]; NUM_STEMS] {
        // No multiple of a hop or a block.
        let silence = || [vec![0.0; 5000], vec![0.0; 5000]];
        let mut stems = [(); NUM_STEMS].map(|()| silence());
        for (stem, [mid, side]) in [(Stem::Vocals, vocals), (Stem::Drums, drums)] {
            let mut dice = Dice::new(seed, stem as u64);
            for n in 0..5000 {
                let x = dice.between(-1.0, 1.0) as f32;
                stems[stem as usize][0][n] = (mid + side) * x;
                stems[stem as usize][1][n] = (mid - side) * x;
            }
        }
        stems
    }

    #[test]
    fn a_song_is_scored_against_its_mix_without_the_latency() {
        let stems = song(1, [1.0, 0.1], [0.2, 1.0]);
        let score = score_song(&mut engine(), "one", &stems);
        assert_eq!(
            (score.name.as_str(), score.stems[Stem::Bass as usize]),
            ("one", None)
        );
        let mix: [Vec<f32>; 2] = std::array::from_fn(|channel| {
            let pairs = stems[Stem::Vocals as usize][channel].iter();
            let pairs = pairs.zip(&stems[Stem::Drums as usize][channel]);
            pairs.map(|(vocals, drums)| vocals + drums).collect()
        });
        let half = |side: f32| -> Vec<f32> {
            let pairs = mix[0].iter().zip(&mix[1]);
            pairs.map(|(l, r)| 0.5 * (l + side * r)).collect()
        };
        let (middle, side) = (half(1.0), half(-1.0));
        let other_side: Vec<f32> = side.iter().map(|x| -x).collect();
        for (stem, estimate) in [
            (Stem::Vocals, [&middle, &middle]),
            (Stem::Drums, [&side, &other_side]),
        ] {
            let reference = &stems[stem as usize];
            let want = si_sdr_db(reference, &estimate).expect("it sounds");
            let mix_db = si_sdr_db(reference, &mix).expect("it sounds");
            let got = score.stems[stem as usize].expect("it sounds");
            // Sums in another order: f32 rounding.
            let near = |got: f64, want: f64| {
                assert!((got - want).abs() < 1e-3, "{stem:?}: {got}, want {want}");
            };
            near(got.si_sdr_db, want);
            near(got.si_sdr_improvement_db, want - mix_db);
            near(got.sdr_db, sdr_db(reference, &estimate).expect("it sounds"));
            assert!(
                got.si_sdr_improvement_db > 6.0,
                "a separator that separates: {got:?}"
            );
        }
    }

    #[test]
    fn one_song_does_not_influence_the_next() {
        let stems = song(2, [1.0, 0.1], [0.2, 1.0]);
        let mut engine = engine();
        let first = score_song(&mut engine, "", &stems);
        score_song(&mut engine, "", &song(3, [0.5, 0.5], [1.0, 0.0]));
        assert_eq!(score_song(&mut engine, "", &stems), first);
    }

    #[test]
    fn means_leave_out_what_is_silent() {
        let score = |db: f64| {
            Some(StemScore {
                si_sdr_db: db,
                si_sdr_improvement_db: db + 1.0,
                sdr_db: db + 2.0,
            })
        };
        let song = |stems| SongScore {
            name: String::new(),
            stems,
        };
        let songs = [
            song([score(2.0), score(1.0), None, None]),
            song([score(4.0), None, None, score(5.0)]),
        ];
        let mean_score = mean(&songs);
        assert_eq!(mean_score.stems, [score(3.0), score(1.0), None, score(5.0)]);
        assert_eq!(mean_score.overall, score(3.0));
        assert_eq!(mean(&[]).overall, None);
    }
}
