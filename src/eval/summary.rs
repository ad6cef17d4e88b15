//! What the scores of many songs come to: a figure, and the interval that other songs might give.

use serde::Serialize;

use super::bootstrap::interval_95;
use super::runner::{SongScore, StemScore};
use crate::stem::NUM_STEMS;

/// What is told of a stem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    SiSdrImprovement,
    SiSdr,
    /// Over the whole song, as uSDR.
    SdrImprovement,
    Sdr,
    /// Of frames, as cSDR.
    FrameSdr,
    FrameIsr,
    FrameSir,
    FrameSar,
    Bleed,
}

impl Metric {
    pub const ALL: [Self; 9] = [
        Self::SiSdrImprovement,
        Self::SiSdr,
        Self::SdrImprovement,
        Self::Sdr,
        Self::FrameSdr,
        Self::FrameIsr,
        Self::FrameSir,
        Self::FrameSar,
        Self::Bleed,
    ];

    /// In tables; all are in dB.
    pub const fn title(self) -> &'static str {
        match self {
            Self::SiSdrImprovement => "SI-SDRi",
            Self::SiSdr => "SI-SDR",
            Self::SdrImprovement => "uSDRi",
            Self::Sdr => "uSDR",
            Self::FrameSdr => "cSDR",
            Self::FrameIsr => "cISR",
            Self::FrameSir => "cSIR",
            Self::FrameSar => "cSAR",
            Self::Bleed => "bleed",
        }
    }

    /// Of one stem of one song: for frames, the median over those that count.
    pub fn of(self, score: &StemScore) -> Option<f64> {
        let frames = score.frames.iter().flatten();
        let parts = frames.clone().filter_map(|frame| frame.parts);
        let whole = score.whole.as_ref();
        match self {
            Self::SiSdrImprovement => whole.map(|whole| whole.si_sdr_improvement_db),
            Self::SiSdr => whole.map(|whole| whole.si_sdr_db),
            Self::SdrImprovement => whole.map(|whole| whole.sdr_improvement_db),
            Self::Sdr => whole.map(|whole| whole.sdr_db),
            Self::FrameSdr => median(frames.map(|frame| frame.sdr_db)),
            Self::FrameIsr => median(parts.map(|parts| parts.isr_db)),
            Self::FrameSir => median(parts.map(|parts| parts.sir_db)),
            Self::FrameSar => median(parts.map(|parts| parts.sar_db)),
            Self::Bleed => score.bleed.map(|bleed| bleed.bleed_db),
        }
    }

    /// Of several songs: the median for what is of frames, else the mean.
    fn of_songs(self, values: impl Iterator<Item = f64>) -> Option<f64> {
        match self {
            Self::FrameSdr | Self::FrameIsr | Self::FrameSir | Self::FrameSar => median(values),
            _ => mean(values),
        }
    }
}

/// A figure in dB over all songs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figure {
    pub value_db: f64,
    /// 95 % bootstrap interval over songs; `None` for a single one.
    pub interval_db: Option<[f64; 2]>,
}

/// What a run comes to over all songs.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// `[metric][stem]`, in the order of [`Metric::ALL`]; `None` where no song tells.
    pub stems: [[Option<Figure>; NUM_STEMS]; Metric::ALL.len()],
    /// By metric: the mean over the stems, each of the same weight.
    pub overall: [Option<Figure>; Metric::ALL.len()],
    /// Frames that count, and all, over the songs in which the stem sounds.
    pub num_frames: [(usize, usize); NUM_STEMS],
    /// Songs in which the stem is scored for how it sounds.
    pub num_songs: [usize; NUM_STEMS],
}

impl Summary {
    pub fn new(songs: &[SongScore]) -> Self {
        let table = |metric: Metric| -> Vec<[Option<f64>; NUM_STEMS]> {
            let row = |song: &SongScore| {
                let stems = song.stems.each_ref();
                stems.map(|stem| metric.of(stem.as_ref()?))
            };
            songs.iter().map(row).collect()
        };
        let figure = |statistic: &dyn Fn(&[usize]) -> Option<f64>| {
            let all: Vec<usize> = (0..songs.len()).collect();
            Some(Figure {
                value_db: statistic(&all)?,
                interval_db: interval_95(songs.len(), statistic),
            })
        };
        let scores = |stem: usize| {
            songs
                .iter()
                .filter_map(move |song| song.stems[stem].as_ref())
        };
        let tables = Metric::ALL.map(|metric| (metric, table(metric)));
        let over = |metric: Metric, table: &[[Option<f64>; NUM_STEMS]], stem, drawn: &[usize]| {
            metric.of_songs(drawn.iter().filter_map(|&song| table[song][stem]))
        };
        Self {
            stems: tables.each_ref().map(|(metric, table)| {
                std::array::from_fn(|stem| figure(&|drawn| over(*metric, table, stem, drawn)))
            }),
            overall: tables.each_ref().map(|(metric, table)| {
                figure(&|drawn| {
                    mean((0..NUM_STEMS).filter_map(|stem| over(*metric, table, stem, drawn)))
                })
            }),
            num_frames: std::array::from_fn(|stem| {
                let frames = || scores(stem).flat_map(|score| &score.frames);
                (frames().flatten().count(), frames().count())
            }),
            num_songs: std::array::from_fn(|stem| {
                scores(stem).filter(|score| score.whole.is_some()).count()
            }),
        }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

/// The middle value, or the mean of the two in the middle.
fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    Some((values[last / 2] + values[last.div_ceil(2)]) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::bss_eval::FrameScore;
    use crate::eval::runner::WholeScore;

    fn stem(db: f64, frames_db: &[Option<f64>]) -> Option<StemScore> {
        let frame = |sdr_db| FrameScore {
            sdr_db,
            parts: None,
        };
        Some(StemScore {
            whole: Some(WholeScore {
                si_sdr_improvement_db: db,
                si_sdr_db: db + 1.0,
                sdr_improvement_db: db + 2.0,
                sdr_db: db + 3.0,
            }),
            frames: frames_db.iter().map(|db| db.map(frame)).collect(),
            bleed: None,
        })
    }

    fn song(stems: [Option<StemScore>; NUM_STEMS]) -> SongScore {
        SongScore {
            song: String::new(),
            rate_hz: 44_100.0,
            num_samples: 1,
            stems,
        }
    }

    fn value(figure: Option<Figure>) -> Option<f64> {
        figure.map(|figure| figure.value_db)
    }

    #[test]
    fn frames_have_medians_and_songs_means() {
        let silent = Some(StemScore {
            whole: None,
            frames: Vec::new(),
            bleed: None,
        });
        let summary = Summary::new(&[
            song([
                stem(1.0, &[Some(1.0), None, Some(5.0), Some(2.0)]),
                stem(4.0, &[]),
                None,
                None,
            ]),
            song([stem(2.0, &[Some(9.0), Some(11.0)]), None, None, None]),
            song([stem(6.0, &[Some(3.0)]), silent, None, None]),
        ]);
        let at = |metric: Metric| {
            Metric::ALL
                .iter()
                .position(|&m| m == metric)
                .expect("it is one")
        };
        let improvement = at(Metric::SiSdrImprovement);
        assert_eq!(
            summary.stems[improvement].map(value),
            [Some(3.0), Some(4.0), None, None]
        );
        assert_eq!(value(summary.overall[improvement]), Some(3.5));
        // The songs' medians are 2, 10 and 3; bass has no frame that counts.
        assert_eq!(value(summary.stems[at(Metric::FrameSdr)][0]), Some(3.0));
        assert_eq!(value(summary.overall[at(Metric::FrameSdr)]), Some(3.0));
        assert_eq!(value(summary.stems[at(Metric::FrameIsr)][0]), None);
        assert_eq!(summary.num_frames[0], (6, 7));
        assert_eq!(summary.num_songs, [3, 1, 0, 0]);
        let interval_db = summary.stems[improvement][0]
            .expect("there are songs")
            .interval_db;
        assert_eq!(interval_db, Some([1.0, 6.0]), "the extremes of three songs");
    }
}
