//! The pictures of the walk-through.

use std::f64::consts::TAU;

use plotters::prelude::*;

use super::frame::Walk;
use crate::plot::{self, Area, ColourMap, Error, FAINT_INK, Frame, INK, px, round_ticks};
use crate::report::frequency_axis::{FrequencyAxis, FrequencyScale};
use crate::report::graph::Graph;
use crate::report::heat_map::{self, LevelScale, cell};
use crate::report::{ESTIMATE, Part, ReportError, TRUTH, waveform};

const SHADE: RGBColor = RGBColor(0xff, 0xe2, 0xb8);

/// How much of the passage the second row of the first picture shows.
const ZOOM_S: f64 = 0.5;

/// A wave of an angle in radians.
type Wave = fn(f64) -> f64;

/// Frames in the picture of cells.
const NUM_FRAMES: usize = 48;

fn panel(index: u32, height: u32) -> Frame {
    Frame {
        left: 60,
        top: 34 + index * (height + 64),
        width: 836,
        height,
    }
}

/// From the passage to half a second to the frame.
pub fn zoom(walk: &Walk) -> Result<Part, ReportError> {
    let total = walk.samples.len();
    let length = ((ZOOM_S * walk.rate_hz) as usize).clamp(walk.window_samples, total);
    let middle = walk.start + walk.window_samples / 2;
    let start = middle.saturating_sub(length / 2).min(total - length);
    let png = plot::png((940, 506), |area| {
        outline(walk, area, 0, (0, total), (start, length))?;
        outline(
            walk,
            area,
            1,
            (start, length),
            (walk.start, walk.window_samples),
        )?;
        let frame = walk.frame();
        let graph = curve_graph(walk, panel(2, 100), frame);
        graph.axes(area, "s", "")?;
        graph.line(area, points(walk, frame), INK, 1)
    })?;
    Ok(Part::Picture {
        name: "transform-zoom.png".into(),
        png,
        caption: format!(
            "The passage, {:.1} s of it, and one frame. What is shaded is what the next row shows.",
            length as f64 / walk.rate_hz
        ),
    })
}

/// A row of the first picture: samples `range`, of which `marked` is shaded, as start and length.
fn outline(
    walk: &Walk,
    area: &Area,
    index: u32,
    (start, length): (usize, usize),
    marked: (usize, usize),
) -> Result<(), Error> {
    let frame = panel(index, 100);
    let samples = walk.samples[start..start + length].to_vec();
    let signal = [samples.clone(), samples];
    let place = |sample: usize| (sample - start) as f64 / length as f64;
    let marked = place(marked.0)..place(marked.0 + marked.1);
    let band = Some((marked, SHADE));
    waveform::paint(
        area,
        &frame,
        &signal,
        (waveform::peak(&signal), TRUTH),
        band,
    )?;
    let seconds = walk.time_s(start)..walk.time_s(start + length);
    frame.bottom_axis(area, "s", &round_ticks(seconds, 10))
}

/// A graph of the frame's length, as high as a curve.
fn curve_graph(walk: &Walk, frame: Frame, curve: &[f32]) -> Graph {
    let peak = curve.iter().fold(1e-6_f32, |a, x| a.max(x.abs()));
    Graph {
        frame,
        x: walk.time_s(walk.start)..walk.time_s(walk.start + walk.window_samples),
        y: -f64::from(peak)..f64::from(peak),
    }
}

/// The points of a curve over the frame.
fn points<'a>(walk: &'a Walk, curve: &'a [f32]) -> impl Iterator<Item = (f64, f64)> + 'a {
    let curve = curve.iter().enumerate();
    curve.map(|(n, &x)| (walk.time_s(walk.start + n), f64::from(x)))
}

/// The frame, the window, and what is left of the frame.
pub fn window(walk: &Walk) -> Result<Part, ReportError> {
    let (frame, window) = (walk.frame(), walk.window());
    let windowed: Vec<f32> = frame.iter().zip(&window).map(|(x, w)| x * w).collect();
    let png = plot::png((940, 386), |area| {
        let graph = curve_graph(walk, panel(0, 130), frame);
        graph.grid(area, "")?;
        graph.frame.title(area, "Frame and window")?;
        graph.line(area, points(walk, frame), FAINT_INK, 1)?;
        let curve: Vec<f32> = window.iter().map(|w| w * graph.y.end as f32).collect();
        graph.line(area, points(walk, &curve), ESTIMATE, 2)?;
        let below = Graph {
            frame: panel(1, 130),
            ..graph
        };
        below.axes(area, "s", "")?;
        below.frame.title(area, "Their product")?;
        below.line(area, points(walk, &windowed), INK, 1)
    })?;
    Ok(Part::Picture {
        name: "transform-window.png".into(),
        png,
        caption:
            "The frame (grey), the Hann window (orange, drawn as high as the frame), and their \
                  product, which begins and ends at zero."
                .into(),
    })
}

/// The frame's spectrum with the window and without.
pub fn leakage(walk: &Walk) -> Result<Part, ReportError> {
    let graph = spectrum_graph(walk, (walk.rate_hz / 2.0).min(5e3), 220);
    let png = plot::png((940, 304), |area| {
        graph.axes(area, "Hz", "dB")?;
        for (levels_db, colour) in [(&walk.unwindowed_db, ESTIMATE), (&walk.levels_db, TRUTH)] {
            graph.line(area, bins(walk, levels_db, graph.x.end), colour, 1)?;
        }
        Ok(())
    })?;
    Ok(Part::Picture {
        name: "transform-leakage.png".into(),
        png,
        caption:
            "The spectrum of the frame cut out as it is (orange), and with the window (blue). \
                  What fills the valleys without the window is not in the music: it leaks from the \
                  peaks."
                .into(),
    })
}

fn spectrum_graph(walk: &Walk, high_hz: f64, height: u32) -> Graph {
    let top = walk.levels_db.iter().copied().fold(-130.0, f32::max);
    let top_db = f64::from((top / 10.0).ceil() * 10.0);
    Graph {
        frame: panel(0, height),
        x: 0.0..high_hz,
        y: top_db - 90.0..top_db,
    }
}

/// Frequencies and levels of the bins up to a frequency.
fn bins<'a>(
    walk: &'a Walk,
    levels_db: &'a [f32],
    high_hz: f64,
) -> impl Iterator<Item = (f64, f64)> + 'a {
    let bin_hz = walk.rate_hz / walk.window_samples as f64;
    let points = levels_db.iter().enumerate();
    points
        .map(move |(bin, &level_db)| (bin as f64 * bin_hz, f64::from(level_db)))
        .take_while(move |(hz, _)| *hz <= high_hz)
}

/// The windowed frame, a bin's cosine and sine, and the products.
pub fn bin(walk: &Walk, bin: usize) -> Result<Part, ReportError> {
    let window = walk.window();
    let windowed = walk.frame().iter().zip(&window).map(|(x, w)| x * w);
    let windowed: Vec<f32> = windowed.collect();
    let omega = TAU * bin as f64 / walk.window_samples as f64;
    let waves: [(&str, Wave); 2] = [
        (
            "Frame and cosine, and their product: its sum is the real part",
            f64::cos,
        ),
        (
            "Frame and negative sine, and their product: its sum is the imaginary part",
            |x| -x.sin(),
        ),
    ];
    let png = plot::png((940, 386), |area| {
        for (index, (title, wave)) in waves.into_iter().enumerate() {
            let graph = curve_graph(walk, panel(index as u32, 130), &windowed);
            let wave: Vec<f32> = (0..walk.window_samples)
                .map(|n| wave(omega * n as f64) as f32)
                .collect();
            let product: Vec<f32> = windowed.iter().zip(&wave).map(|(x, c)| x * c).collect();
            let shown: Vec<f32> = wave.iter().map(|c| c * graph.y.end as f32).collect();
            if index == 1 {
                graph.axes(area, "s", "")?;
            } else {
                graph.grid(area, "")?;
            }
            graph.frame.title(area, title)?;
            graph.line(area, points(walk, &shown), SHADE, 2)?;
            graph.line(area, points(walk, &windowed), FAINT_INK, 1)?;
            graph.line(area, points(walk, &product), TRUTH, 2)?;
        }
        Ok(())
    })?;
    Ok(Part::Picture {
        name: "transform-bin.png".into(),
        png,
        caption: format!(
            "The windowed frame (grey), the two waves of bin {bin} (yellow, drawn as high as the \
             frame), and the products (blue)."
        ),
    })
}

/// The frame's spectrum up to where single bins can be seen.
pub fn spectrum(walk: &Walk) -> Result<Part, ReportError> {
    let graph = spectrum_graph(walk, low_hz(walk), 240);
    let png = plot::png((940, 324), |area| {
        graph.axes(area, "Hz", "dB")?;
        for (hz, level_db) in bins(walk, &walk.levels_db, graph.x.end) {
            let foot = [(hz, graph.y.start), (hz, level_db)];
            graph.line(area, foot, TRUTH, 1)?;
            if level_db > graph.y.start {
                let place = (hz / graph.x.end, (level_db - graph.y.start) / 90.0);
                graph.frame.disc(area, place, 2, TRUTH)?;
            }
        }
        Ok(())
    })?;
    Ok(Part::Picture {
        name: "transform-bins.png".into(),
        png,
        caption: format!(
            "The levels of the lowest bins, up to {:.0} Hz of {:.0}. A tone between two bins shows in \
             both, and the window spreads every tone over three or four.",
            graph.x.end,
            walk.rate_hz / 2.0
        ),
    })
}

/// So low that bins are 10 pixels apart.
fn low_hz(walk: &Walk) -> f64 {
    let bins = 85.min(walk.window_samples / 2);
    bins as f64 * walk.rate_hz / walk.window_samples as f64
}

/// Some frames as columns of cells, the frame of before among them.
pub fn cells(walk: &Walk) -> Result<Part, ReportError> {
    let hop = walk.hop_samples;
    let before = (NUM_FRAMES / 3).min(walk.start / hop);
    let first = walk.start - before * hop;
    let high_hz = low_hz(walk);
    let num_bins = (high_hz * walk.window_samples as f64 / walk.rate_hz).round() as usize + 1;
    let column = |index: usize| {
        let mut levels_db = walk.levels_db(first + index * hop);
        levels_db.truncate(num_bins);
        levels_db
    };
    let columns: Vec<Vec<f32>> = (0..NUM_FRAMES).map(column).collect();
    let top_db = columns.iter().flatten().copied().fold(-130.0, f32::max);
    let scale = LevelScale {
        top_db,
        range_db: 80.0,
        colours: ColourMap::Magma,
    };
    let frame = Frame {
        width: 792,
        ..panel(0, 340)
    };
    let bin_hz = walk.rate_hz / walk.window_samples as f64;
    // A cell is a bin high, with its frequency in the middle.
    let axis = FrequencyAxis {
        scale: FrequencyScale::Linear,
        low_hz: -0.5 * bin_hz,
        high_hz: (num_bins as f64 - 0.5) * bin_hz,
    };
    let middle_s =
        |index: f64| walk.time_s(first) + (index * hop as f64 + 2.0 * hop as f64) / walk.rate_hz;
    let png = plot::png((940, 420), |area| {
        frame.paint(area, |x, y| {
            let level_db = cell(&columns, x, y);
            (scale.colours).at(f64::from(1.0 + (level_db - top_db) / scale.range_db))
        })?;
        let (from, to) = (before as f64, before as f64 + 1.0);
        let edge = |x: f64| x / NUM_FRAMES as f64;
        let corners = [
            (edge(from), 0.0),
            (edge(from), 1.0),
            (edge(to), 1.0),
            (edge(to), 0.0),
        ];
        let closed = corners.into_iter().chain([corners[0]]);
        frame.line(area, closed, WHITE.stroke_width(px(1)))?;
        let seconds = middle_s(-0.5)..middle_s(NUM_FRAMES as f64 - 0.5);
        heat_map::axes(area, &frame, &axis, seconds)?;
        scale.bar(area, &frame)
    })?;
    Ok(Part::Picture {
        name: "transform-cells.png".into(),
        png,
        caption: format!(
            "{NUM_FRAMES} frames of the lowest {num_bins} bins, unsmoothed: a cell is one number. \
             The frame of this chapter is outlined."
        ),
    })
}
