//! The phases of a separated stem beside the true ones.

use std::f64::consts::PI;

use plotters::style::RGBColor;

use super::analysis::Analysis;
use crate::plot::{self, Area, Error, Frame, round_ticks};
use crate::report::frequency_axis::{FrequencyAxis, FrequencyScale};
use crate::report::graph::Graph;
use crate::report::heat_map;
use crate::report::legend::legend;
use crate::report::residual::phase::{NUM_HISTOGRAM_BINS, PhaseError};
use crate::report::words::number;
use crate::report::{ESTIMATE, Material, Part, ReportError, TRUTH};
use crate::stem::Stem;

/// Bins further below the loudest are white in the map.
const MAP_RANGE_DB: f64 = 60.0;

/// Bins of the loudest frame further below its loudest have no dot.
const DOTS_RANGE_DB: f32 = 40.0;

const MAP: Frame = Frame {
    left: 56,
    top: 34,
    width: 790,
    height: 240,
};

pub fn picture(material: &Material, stem: Stem, analysis: &Analysis) -> Result<Part, ReportError> {
    let Some(phase) = &analysis.phase else {
        let title = stem.title();
        return Ok(Part::Text(format!(
            "{title}: the separated stem is silent, and has no phase."
        )));
    };
    let axis = FrequencyAxis {
        scale: FrequencyScale::Log,
        low_hz: 30.0,
        high_hz: (material.rate_hz() / 2.0).min(20e3),
    };
    let within = histogram_share(phase, 45.0);
    let png = plot::png((940, 556), |area| {
        map(area, material, analysis, (phase, &axis))?;
        MAP.title(area, &format!("{}: wrapped phase error", stem.title()))?;
        loudest_frame(area, material, analysis, (phase, &axis))?;
        histogram(area, phase)
    })?;
    Ok(Part::Picture {
        name: format!("residual-{}-phase.png", stem.name()),
        png,
        caption: format!(
            "{}: how far the separated phase is from the true one. White is right, or more than {} dB below \
             the stem's loudest; a quarter turn ahead is orange, behind violet, half a turn black. Below: the \
             phase spectrum of the loudest frame, as far as it is within {} dB of its loudest bin; and how \
             much of the stem's energy has which error: {} % are within ±45°, where a level line would have \
             25 %. Windows of {} samples.",
            stem.title(),
            number(MAP_RANGE_DB, 0),
            DOTS_RANGE_DB,
            number(100.0 * within, 0),
            analysis.sizes.analysis_samples
        ),
    })
}

/// The share of energy whose error is within `±degrees`, a multiple of the histogram's width.
fn histogram_share(phase: &PhaseError, degrees: f64) -> f64 {
    let half = NUM_HISTOGRAM_BINS / 2;
    let reach = (degrees / 360.0 * NUM_HISTOGRAM_BINS as f64).round() as usize;
    // Where ±45° are not edges of its columns, half a column more on either side.
    phase.histogram[half - reach..half + reach].iter().sum()
}

/// White where the phase is right, and going round through a colour for each side to black.
fn colour(error: f64, weight: f64) -> RGBColor {
    const AHEAD: [f64; 3] = [230.0, 126.0, 34.0];
    const BEHIND: [f64; 3] = [118.0, 68.0, 178.0];
    let side = if error < 0.0 { BEHIND } else { AHEAD };
    let quarters = error.abs() / (PI / 2.0);
    let blend = |channel: usize| {
        let pure = if quarters <= 1.0 {
            255.0 + quarters * (side[channel] - 255.0)
        } else {
            (2.0 - quarters) * side[channel]
        };
        (255.0 + weight * (pure - 255.0)).round() as u8
    };
    RGBColor(blend(0), blend(1), blend(2))
}

fn map(
    area: &Area,
    material: &Material,
    analysis: &Analysis,
    (phase, axis): (&PhaseError, &FrequencyAxis),
) -> Result<(), Error> {
    let (hop, window) = (analysis.sizes.hop_samples, analysis.sizes.analysis_samples);
    let loudest = phase
        .energies
        .iter()
        .flatten()
        .copied()
        .fold(f32::MIN_POSITIVE, f32::max);
    let last_frame = phase.crosses.len() - 1;
    MAP.paint(area, |x, y| {
        // A frame is drawn at its window's middle.
        let middle = x * material.num_samples() as f64 + window as f64 / 2.0;
        let frame = ((middle / hop as f64 - 1.0).round() as usize).min(last_frame);
        let bin = (axis.hz(y) * window as f64 / material.rate_hz()).round() as usize;
        let bin = bin.min(window / 2);
        let level_db = 10.0 * f64::from(phase.energies[frame][bin] / loudest).log10();
        let weight = (1.0 + level_db / MAP_RANGE_DB).clamp(0.0, 1.0);
        colour(f64::from(phase.crosses[frame][bin].arg()), weight)
    })?;
    let seconds = material.truth.seconds();
    heat_map::axes(area, &MAP, axis, seconds.start_s..seconds.end_s)?;
    let bar = Frame {
        left: MAP.left + MAP.width + 34,
        width: 12,
        ..MAP
    };
    bar.paint(area, |_, y| colour((2.0 * y - 1.0) * PI, 1.0))?;
    bar.right_axis(area, "°", &degrees())
}

/// Round angles from −180° to 180°.
fn degrees() -> Vec<plot::Tick> {
    let ticks = [-180_i32, -90, 0, 90, 180]
        .into_iter()
        .map(|angle| plot::Tick {
            at: f64::from(angle + 180) / 360.0,
            label: angle.to_string().replace('-', "−"),
        });
    ticks.collect()
}

fn loudest_frame(
    area: &Area,
    material: &Material,
    analysis: &Analysis,
    (phase, axis): (&PhaseError, &FrequencyAxis),
) -> Result<(), Error> {
    let frame = Frame {
        left: 56,
        top: 348,
        width: 500,
        height: 160,
    };
    frame.outline(area)?;
    frame.left_axis(area, "°", &degrees())?;
    frame.bottom_axis(area, "Hz", &axis.ticks(frame.width))?;
    let energies = &phase.energies[phase.loudest_frame];
    let loudest = energies.iter().copied().fold(0.0, f32::max);
    let audible = loudest * 10_f32.powf(-DOTS_RANGE_DB / 10.0);
    for (bin, phases) in phase.loudest_phases.iter().enumerate() {
        let hz = bin as f64 * material.rate_hz() / analysis.sizes.analysis_samples as f64;
        let x = axis.place(hz.max(f64::MIN_POSITIVE));
        if energies[bin] < audible || !(0.0..=1.0).contains(&x) {
            continue;
        }
        for (phase, (colour, radius)) in phases.iter().zip([(TRUTH, 3), (ESTIMATE, 2)]) {
            let y = (f64::from(*phase) + PI) / (2.0 * PI);
            frame.disc(area, (x, y), radius, colour)?;
        }
    }
    frame.title(area, "Phases of the loudest frame, left channel")?;
    legend(
        area,
        (420, 320),
        &[("true", TRUTH), ("separated", ESTIMATE)],
    )
}

fn histogram(area: &Area, phase: &PhaseError) -> Result<(), Error> {
    let highest = phase.histogram.iter().copied().fold(0.0, f64::max);
    let graph = Graph {
        frame: Frame {
            left: 650,
            top: 348,
            width: 240,
            height: 160,
        },
        x: -180.0..180.0,
        y: 0.0..100.0 * highest * 1.05,
    };
    graph.grid(area, "%")?;
    let ticks = round_ticks(-180.0..180.0, 4);
    let ticks = if ticks.len() > 2 { degrees() } else { ticks };
    graph.frame.bottom_axis(area, "°", &ticks)?;
    let width = 360.0 / NUM_HISTOGRAM_BINS as f64;
    let steps = phase
        .histogram
        .iter()
        .enumerate()
        .flat_map(|(column, share)| {
            let left = column as f64 * width - 180.0;
            [(left, 100.0 * share), (left + width, 100.0 * share)]
        });
    graph.line(area, steps.collect::<Vec<_>>(), ESTIMATE, 2)?;
    graph.frame.title(area, "Energy by phase error")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_round() {
        let white = RGBColor(255, 255, 255);
        assert_eq!(colour(0.0, 1.0), white);
        assert_eq!(colour(2.0, 0.0), white);
        assert_eq!(colour(PI, 1.0), RGBColor(0, 0, 0));
        assert_eq!(colour(-PI, 1.0), RGBColor(0, 0, 0));
        let (ahead, behind) = (colour(PI / 2.0, 1.0), colour(-PI / 2.0, 1.0));
        assert!(ahead.0 > ahead.2 && behind.2 > behind.0);
    }
}
