//! How loud each frequency is at each time, of the mix and of every stem.

use std::ops::Range;

use crate::audio_file::Audio;
use crate::dsp::grid::Grid;
use crate::plot::{self, ColourMap, Frame};
use crate::report::frequency_axis::{FrequencyAxis, FrequencyScale};
use crate::report::heat_map::{self, LevelScale};
use crate::report::spectrogram::{self, View};
use crate::report::{Chapter, Material, Part, ReportError};
use crate::stem::{Stem, Stereo};

/// From the darkest colour to the brightest.
const RANGE_DB: f32 = 80.0;

pub fn chapter(material: &Material) -> Result<Option<Chapter>, ReportError> {
    let look = Look::new(material);
    let mix_frame = Frame {
        left: 56,
        top: 34,
        width: 790,
        height: 300,
    };
    let mut parts = vec![
        Part::Text(
            "A spectrogram puts frame beside frame: time runs to the right, frequency upwards, and \
             the colour is the level. Frequencies are spread so that every octave is as wide; a tone \
             is then a stack of lines that lie closer together the higher they are, and a melody \
             keeps its shape wherever it is sung."
                .into(),
        ),
        Part::Text(format!(
            "All that follow are made of {}, and have one scale, that of the mix: 0 dB is a sine wave at \
             full scale, and black lies {RANGE_DB} dB below the loudest point.",
            look.windows()
        )),
        picture(&look, "spectrogram-mix.png", &[("Mix".into(), material.mix(), mix_frame)])?,
    ];
    for stem in Stem::ALL {
        let sides = [
            ("separated", material.estimate(stem)),
            ("true", material.true_stem(stem)),
        ];
        let sides = sides
            .into_iter()
            .filter_map(|(word, signal)| Some((word, signal?)));
        let signals: Vec<_> = sides
            .enumerate()
            .map(|(index, (word, signal))| {
                let frame = Frame {
                    left: 56 + 425 * index as u32,
                    top: 34,
                    width: 365,
                    height: 230,
                };
                (format!("{}, {word}", stem.title()), signal, frame)
            })
            .collect();
        if !signals.is_empty() {
            let name = format!("spectrogram-{}.png", stem.name());
            parts.push(picture(&look, &name, &signals)?);
        }
    }
    Ok(Some(Chapter {
        title: "Spectrograms of mix and stems".into(),
        parts,
    }))
}

/// How all signals of a passage are looked at.
pub struct Look {
    view: View,
    rate_hz: f64,
    pub scale: LevelScale,
    /// Times of the song.
    pub seconds: Range<f64>,
}

impl Look {
    pub fn new(material: &Material) -> Self {
        let rate_hz = material.rate_hz();
        let window_samples = Grid::new(rate_hz).samples(4096);
        let axis = FrequencyAxis {
            scale: FrequencyScale::Log,
            low_hz: 30.0,
            high_hz: (rate_hz / 2.0).min(20e3),
        };
        let seconds = material.truth.seconds();
        let mut look = Self {
            view: View {
                window_samples,
                hop_samples: window_samples / 4,
                axis,
                range_db: RANGE_DB,
                top_db: None,
                colours: ColourMap::Magma,
                size: spectrogram::MIN_SIZE,
            },
            rate_hz,
            scale: LevelScale {
                top_db: 0.0,
                range_db: RANGE_DB,
                colours: ColourMap::Magma,
            },
            seconds: seconds.start_s..seconds.end_s,
        };
        let levels_db = look.levels_db(material.mix(), (900, 300));
        let levels = levels_db.iter().flatten().copied();
        look.scale.top_db = levels.fold(f32::NEG_INFINITY, f32::max);
        look
    }

    /// The frequencies from bottom to top.
    pub fn axis(&self) -> &FrequencyAxis {
        &self.view.axis
    }

    /// The levels in dB at the points of a picture, `[column][row]`, rows from low to high.
    pub fn levels_db(&self, signal: &Stereo, points: (usize, usize)) -> Vec<Vec<f32>> {
        let audio = Audio {
            rate_hz: self.rate_hz,
            num_source_channels: 2,
            channels: signal.clone(),
        };
        spectrogram::levels_db(&audio, &self.view, points)
    }

    /// Window and hop in words.
    pub fn windows(&self) -> String {
        let (window, hop) = (self.view.window_samples, self.view.hop_samples);
        let ms = |samples: usize| 1e3 * samples as f64 / self.rate_hz;
        format!(
            "Hann windows of {window} samples ({:.0} ms) every {hop} ({:.0} ms)",
            ms(window),
            ms(hop)
        )
    }
}

fn picture(
    look: &Look,
    name: &str,
    signals: &[(String, &Stereo, Frame)],
) -> Result<Part, ReportError> {
    let last = signals.last().expect("there is something to draw").2;
    let size = (last.left + last.width + 94, last.top + last.height + 40);
    let png = plot::png(size, |area| {
        for (title, signal, frame) in signals {
            let levels_db = look.levels_db(signal, frame.num_points());
            look.scale.paint(area, frame, &levels_db)?;
            heat_map::axes(area, frame, look.axis(), look.seconds.clone())?;
            frame.title(area, title)?;
        }
        look.scale.bar(area, &last)
    })?;
    let caption = match signals {
        [(title, _, _)] => format!("{title}."),
        _ => {
            let stem = signals[0].0.split(',').next().unwrap_or_default();
            format!("{stem}: separated at the left, true at the right.")
        }
    };
    Ok(Part::Picture {
        name: name.into(),
        png,
        caption,
    })
}
