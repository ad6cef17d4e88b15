//! Harmonic/percussive separation: medians along time and along frequency, and their masks.
//!
//! All that is drawn is read out of the separator itself, hop by hop: what it masks, with its own
//! windows, medians and margin.

use std::ops::Range;

use plotters::style::RGBColor;

use crate::dsp::grid::Grid;
use crate::offline::OfflineEngine;
use crate::plot::{self, ColourMap, Frame};
use crate::report::frequency_axis::{FrequencyAxis, FrequencyScale};
use crate::report::heat_map::{self, LevelScale, cell, colour_bar};
use crate::report::words::db;
use crate::report::{Chapter, Material, Part, ReportError};
use crate::score::si_sdr_improvement_db;
use crate::separators::{FREQUENCY_MEDIAN_BINS, Hpss, HpssConfig, Separator, TIME_MEDIAN_HOPS};
use crate::stem::{Stem, StemBuffer};

/// What of the passage is drawn, in seconds: hops must be wide enough to be seen.
const SHOWN_S: f64 = 5.0;

/// The highest frequency drawn, in Hz.
const HIGH_HZ: f64 = 8e3;

const CONFIG: HpssConfig = HpssConfig::MIX;

const HARMONIC: RGBColor = RGBColor(0x3d, 0x2c, 0x8d);
const PERCUSSIVE: RGBColor = RGBColor(0xf2, 0xa1, 0x3d);
const NEITHER: RGBColor = RGBColor(0xee, 0xee, 0xee);

pub fn chapter(material: &Material) -> Result<Option<Chapter>, ReportError> {
    let grid = Grid::new(material.rate_hz());
    let hops = Hops::new(material, &grid);
    let ms = |samples: usize| 1e3 * samples as f64 / material.rate_hz();
    let time_ms = ms(TIME_MEDIAN_HOPS * grid.hop_samples());
    let bin_hz = grid.bin_hz(1, hops.window_samples);
    let margin = CONFIG.margin;
    let text = |text: String| Part::Text(text);
    let mut parts = vec![
        text(format!(
            "In a spectrogram, tones are ridges along time and hits are ridges along frequency \
             (Fitzgerald, DAFx 2010). A median over {TIME_MEDIAN_HOPS} frames ({time_ms:.0} ms) along \
             time keeps what lasts and drops what is short; one over {FREQUENCY_MEDIAN_BINS} bins \
             ({:.0} Hz) along frequency keeps what is wide and drops what is narrow. These are the \
             medians of Unbraid's own HPSS Mix, which needs no training.",
            FREQUENCY_MEDIAN_BINS as f64 * bin_hz
        )),
        medians(&hops)?,
        Part::Heading("Masks".into()),
        text(format!(
            "Where the median along frequency is the greater, the bin is percussive, where the one \
             along time is, harmonic. A binary mask gives each bin wholly to the one or the other. \
             With a margin of {margin}, one must be {margin} times as great as the other in magnitude \
             to have the bin, and what neither claims is left to the rest (Driedger et al., ISMIR \
             2014). A soft mask shares each bin out, P / (P + {margin}² · H) of the powers P and H: \
             without hard edges there is less of the warbling that binary masks are known for. This \
             is the mask that the separator multiplies the mix by; Drums are what passes, Other is \
             the rest."
        )),
        masks(&hops)?,
    ];
    parts.extend(score(material, &grid).map(Part::Text));
    Ok(Some(Chapter {
        title: "Median filters: harmonic and percussive".into(),
        parts,
    }))
}

/// What the separator saw and did over the shown part, of the left channel, `[hop][bin]`.
struct Hops {
    power: Vec<Vec<f32>>,
    harmonic: Vec<Vec<f32>>,
    percussive: Vec<Vec<f32>>,
    mask: Vec<Vec<f32>>,
    window_samples: usize,
    /// Times of the song.
    seconds: Range<f64>,
    axis: FrequencyAxis,
}

impl Hops {
    fn new(material: &Material, grid: &Grid) -> Self {
        let mut hpss = Hpss::new(CONFIG, grid);
        let hop = hpss.hop_samples();
        let num_samples = material.num_samples();
        let latency_hops = hpss.latency_samples() / hop;
        let num_hops = num_samples.div_ceil(hop);
        let shown = ((SHOWN_S * grid.rate_hz()) as usize)
            .div_ceil(hop)
            .min(num_hops);
        let first = (num_hops - shown) / 2;

        let num_bins = hpss.last_hop().power.len() / 2;
        let window_samples = 2 * (num_bins - 1);
        let bin_hz = grid.bin_hz(1, window_samples);
        let high = ((HIGH_HZ / bin_hz) as usize + 1).min(num_bins);
        let time_s = |hop_index: usize| {
            let start_s = material.truth.seconds().start_s;
            start_s + (hop_index * hop) as f64 / grid.rate_hz()
        };
        let mut hops = Self {
            power: Vec::new(),
            harmonic: Vec::new(),
            percussive: Vec::new(),
            mask: Vec::new(),
            window_samples,
            seconds: time_s(first)..time_s(first + shown),
            axis: FrequencyAxis {
                scale: FrequencyScale::Linear,
                low_hz: 0.0,
                high_hz: (high - 1) as f64 * bin_hz,
            },
        };
        let mut stems = StemBuffer::new(hop);
        let mut input = [vec![0.0; hop], vec![0.0; hop]];
        for index in 0..first + shown + latency_hops {
            for (input, mix) in input.iter_mut().zip(material.mix()) {
                let rest = mix.get(index * hop..).unwrap_or(&[]);
                let count = rest.len().min(hop);
                input[..count].copy_from_slice(&rest[..count]);
                input[count..].fill(0.0);
            }
            hpss.process_hop([&input[0], &input[1]], &mut stems);
            if index >= first + latency_hops {
                let view = hpss.last_hop();
                let left = |values: &[f32]| values[..high].to_vec();
                hops.power.push(left(view.power));
                hops.harmonic.push(left(view.harmonic));
                hops.percussive.push(left(view.percussive));
                hops.mask.push(left(view.mask));
            }
        }
        hops
    }
}

fn panel(index: u32) -> Frame {
    Frame {
        left: 60,
        top: 34 + 252 * index,
        width: 786,
        height: 180,
    }
}

const SIZE: (u32, u32) = (940, 758);

fn medians(hops: &Hops) -> Result<Part, ReportError> {
    let level = |power: f32| 10.0 * power.max(1e-30).log10();
    let loudest = hops.power.iter().flatten().copied().fold(0.0, f32::max);
    let scale = LevelScale {
        top_db: 0.0,
        range_db: 70.0,
        colours: ColourMap::Magma,
    };
    let png = plot::png(SIZE, |area| {
        for (index, (title, powers)) in [
            ("Mix", &hops.power),
            ("Median along time: what lasts", &hops.harmonic),
            ("Median along frequency: what is wide", &hops.percussive),
        ]
        .into_iter()
        .enumerate()
        {
            let frame = panel(index as u32);
            frame.paint(area, |x, y| {
                let level_db = level(cell(powers, x, y)) - level(loudest);
                (scale.colours).at(f64::from(1.0 + level_db / scale.range_db))
            })?;
            frame.title(area, title)?;
            heat_map::axes(area, &frame, &hops.axis, hops.seconds.clone())?;
            scale.bar(area, &frame)?;
        }
        Ok(())
    })?;
    Ok(Part::Picture {
        name: "hpss-medians.png".into(),
        png,
        caption: format!(
            "The middle {:.0} s of the passage, left channel: the mix and its two medians, in dB below \
             the loudest bin.",
            hops.seconds.end - hops.seconds.start
        ),
    })
}

fn masks(hops: &Hops) -> Result<Part, ReportError> {
    // Of powers, as the medians are.
    let margin = CONFIG.margin.powi(2);
    let owner = |x: f64, y: f64, margin: f32| {
        let (harmonic, percussive) = (cell(&hops.harmonic, x, y), cell(&hops.percussive, x, y));
        if percussive > margin * harmonic {
            PERCUSSIVE
        } else if harmonic > margin * percussive {
            HARMONIC
        } else {
            NEITHER
        }
    };
    let png = plot::png(SIZE, |area| {
        let (whole, margins, soft) = (panel(0), panel(1), panel(2));
        whole.paint(area, |x, y| owner(x, y, 1.0))?;
        whole.title(area, "Binary masks: percussive orange, harmonic violet")?;
        margins.paint(area, |x, y| owner(x, y, margin))?;
        let title = format!(
            "Binary masks with a margin of {}: grey is neither",
            CONFIG.margin
        );
        margins.title(area, &title)?;
        soft.paint(area, |x, y| {
            ColourMap::Viridis.at(f64::from(cell(&hops.mask, x, y)))
        })?;
        soft.title(area, "Soft mask of the drums")?;
        colour_bar(area, &soft, ColourMap::Viridis, 0.0..1.0, "")?;
        for frame in [whole, margins, soft] {
            heat_map::axes(area, &frame, &hops.axis, hops.seconds.clone())?;
        }
        Ok(())
    })?;
    Ok(Part::Picture {
        name: "hpss-masks.png".into(),
        png,
        caption: "The masks that the medians give, of the same part and channel.".into(),
    })
}

/// What the mask is worth, where the true drums are known and sound.
fn score(material: &Material, grid: &Grid) -> Option<String> {
    let truth = material.true_stem(Stem::Drums)?;
    let hpss = Box::new(Hpss::new(CONFIG, grid));
    let stems = OfflineEngine::new(hpss, material.rate_hz()).stems(material.mix());
    let gain = |drums| si_sdr_improvement_db(truth, drums, material.mix());
    let hpss_db = gain(&stems[Stem::Drums as usize])?;
    let estimate = match material.estimate(Stem::Drums).and_then(gain) {
        Some(estimate_db) => format!(
            ", those of the separation that this report is about {} dB",
            db(Some(estimate_db))
        ),
        None => String::new(),
    };
    Some(format!(
        "Through the engine, the drums of this mask score {} dB over the mix (SI-SDR improvement, of \
         this passage){estimate}. Medians know nothing of instruments: a plucked string begins like a \
         drum, and a cymbal rings like a tone.",
        db(Some(hpss_db))
    ))
}
