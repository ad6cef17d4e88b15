//! Scores of whole songs, separated as the plug-in would: the exported weights, hop by hop,
//! through the engine.

use crate::offline::OfflineEngine;
use crate::score::si_sdr_improvement_db;
use crate::stem::{NUM_STEMS, Stems, mix_of};

/// SI-SDR improvement over the mix of each stem in dB, indexed by `Stem as usize`; `None` for a
/// silent stem.
pub type SongScore = [Option<f64>; NUM_STEMS];

/// The scores of some songs together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanScore {
    /// Each over the songs in which the stem sounds.
    pub stems_db: SongScore,
    /// Over the stems, each of the same weight; `None` if none ever sounds.
    pub mean_db: Option<f64>,
}

/// Separates the sum of the stems, at the engine's rate, and scores what comes out. One song does
/// not influence the next.
pub fn score_song(engine: &mut OfflineEngine, stems: &Stems) -> SongScore {
    let mix = mix_of(stems);
    let estimates = engine.stems(&mix);
    std::array::from_fn(|stem| si_sdr_improvement_db(&stems[stem], &estimates[stem], &mix))
}

/// The mean over songs.
pub fn mean(songs: &[SongScore]) -> MeanScore {
    let stems_db = std::array::from_fn(|stem| mean_of(songs.iter().filter_map(|song| song[stem])));
    MeanScore {
        stems_db,
        mean_db: mean_of(stems_db.into_iter().flatten()),
    }
}

fn mean_of(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;
    use crate::score::si_sdr_db;
    use crate::separators::{Focus, Separator, StemEnergy};
    use crate::stem::{NUM_CHANNELS, Stem, StemBuffer};

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

        fn set_focus(&mut self, _focus: &Focus) {}

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
    fn song(seed: u64, vocals: [f32; 2], drums: [f32; 2]) -> Stems {
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
        let score = score_song(&mut engine(), &stems);
        assert_eq!(score[Stem::Bass as usize], None);
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
            let got = score[stem as usize].expect("it sounds");
            // Sums in another order: f32 rounding.
            assert!((got - (want - mix_db)).abs() < 1e-3, "{stem:?}: {got}");
            assert!(got > 6.0, "a separator that separates: {got} dB");
        }
    }

    #[test]
    fn one_song_does_not_influence_the_next() {
        let stems = song(2, [1.0, 0.1], [0.2, 1.0]);
        let mut engine = engine();
        let first = score_song(&mut engine, &stems);
        score_song(&mut engine, &song(3, [0.5, 0.5], [1.0, 0.0]));
        assert_eq!(score_song(&mut engine, &stems), first);
    }

    #[test]
    fn means_leave_out_what_is_silent() {
        let songs = [
            [Some(2.0), Some(1.0), None, None],
            [Some(4.0), None, None, Some(5.0)],
        ];
        let mean_score = mean(&songs);
        assert_eq!(mean_score.stems_db, [Some(3.0), Some(1.0), None, Some(5.0)]);
        assert_eq!(mean_score.mean_db, Some(3.0));
        assert_eq!(mean(&[]).mean_db, None);
    }
}
