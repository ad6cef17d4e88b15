//! Coherence over frequency, and the residual's autocorrelations.

use plotters::style::RGBColor;

use super::ALPHA;
use super::analysis::Analysis;
use crate::plot::{self, FAINT_INK, Frame, INK};
use crate::report::frequency_axis::{FrequencyAxis, FrequencyScale};
use crate::report::graph::Graph;
use crate::report::legend::legend;
use crate::report::residual::autocorrelation::band_95;
use crate::report::words::number;
use crate::report::{ESTIMATE, Material, Part, ReportError, TRUTH};
use crate::stem::Stem;

const LEAKED: RGBColor = RGBColor(0xc2, 0x2f, 0x6d);

/// Parts of the axis over which a curve is averaged.
const NUM_STEPS: usize = 240;

pub fn coherence(
    material: &Material,
    stem: Stem,
    analysis: &Analysis,
) -> Result<Part, ReportError> {
    let Some(coherences) = &analysis.coherences else {
        return Ok(Part::Text(format!(
            "The passage is too short for the coherence: expected two windows of {} samples.",
            analysis.window_samples
        )));
    };
    let axis = FrequencyAxis {
        scale: FrequencyScale::Log,
        low_hz: 30.0,
        high_hz: (material.rate_hz() / 2.0).min(20e3),
    };
    let graph = Graph {
        frame: Frame {
            left: 56,
            top: 44,
            width: 840,
            height: 200,
        },
        x: 0.0..1.0,
        y: 0.0..1.0,
    };
    let curves = [
        ("separated with true stem", TRUTH),
        ("residual with true stem", ESTIMATE),
        ("residual with the rest", LEAKED),
    ];
    let level = coherences[0].significance(ALPHA);
    let png = plot::png((940, 288), |area| {
        graph.grid(area, "")?;
        let ticks = axis.ticks(graph.frame.width);
        graph.frame.bottom_axis(area, "Hz", &ticks)?;
        graph.line(area, [(0.0, level), (1.0, level)], INK, 1)?;
        let bin_hz = material.rate_hz() / analysis.window_samples as f64;
        for (coherence, (_, colour)) in coherences.iter().zip(curves) {
            graph.line(area, averaged(&coherence.bins, bin_hz, &axis), colour, 2)?;
        }
        graph
            .frame
            .title(area, &format!("{}: coherence", stem.title()))?;
        legend(area, (380, 16), &curves)
    })?;
    Ok(Part::Picture {
        name: format!("residual-{}-coherence.png", stem.name()),
        png,
        caption: format!(
            "{}: magnitude-squared coherence, 1 where one signal is the other through a fixed filter. \
             Blue should be near 1; orange tells where something of the stem was lost, red where the \
             rest of the mix has leaked in. Below the black line at {} it may be chance ({} %). Means of {} \
             Hann windows of {} samples that overlap by half, smoothed along the axis.",
            stem.title(),
            number(level, 3),
            number(100.0 * ALPHA, 0),
            coherences[0].num_averages,
            analysis.window_samples
        ),
    })
}

/// The means of the bins in each step of the axis, at the steps' middles; a step without a bin is
/// left out.
fn averaged(bins: &[f64], bin_hz: f64, axis: &FrequencyAxis) -> Vec<(f64, f64)> {
    let mut sums = vec![(0.0, 0_usize); NUM_STEPS];
    for (bin, value) in bins.iter().enumerate().skip(1) {
        let place = axis.place(bin as f64 * bin_hz);
        if (0.0..1.0).contains(&place) {
            let (sum, count) = &mut sums[(place * NUM_STEPS as f64) as usize];
            *sum += value;
            *count += 1;
        }
    }
    let steps = sums
        .into_iter()
        .enumerate()
        .filter(|(_, (_, count))| *count > 0);
    let middle = |step: usize| (step as f64 + 0.5) / NUM_STEPS as f64;
    steps
        .map(|(step, (sum, count))| (middle(step), sum / count as f64))
        .collect()
}

pub fn autocorrelations(
    material: &Material,
    stem: Stem,
    analysis: &Analysis,
) -> Result<Part, ReportError> {
    let Some(correlations) = &analysis.correlations else {
        let title = stem.title();
        return Ok(Part::Text(format!(
            "{title}: nothing is left, so nothing resembles itself."
        )));
    };
    let longest = correlations.autocorrelations.len() - 1;
    let ms = |lag: usize| 1e3 * lag as f64 / material.rate_hz();
    let graph = |index: u32, last: f64| Graph {
        frame: Frame {
            left: 56 + 470 * index,
            top: 44,
            width: 370,
            height: 180,
        },
        x: 0.0..last,
        y: -1.0..1.0,
    };
    let (left, right) = (
        graph(0, ms(longest)),
        graph(1, (correlations.partial.len() - 1) as f64),
    );
    let band = band_95(material.num_samples());
    let png = plot::png((940, 268), |area| {
        for (graph, unit) in [(&left, "ms"), (&right, "lag")] {
            graph.axes(area, unit, "")?;
            for side in [-band, band] {
                let ends = [(graph.x.start, side), (graph.x.end, side)];
                graph.line(area, ends, FAINT_INK, 1)?;
            }
        }
        let points = correlations.autocorrelations.iter().enumerate();
        let points = points.map(|(lag, value)| (ms(lag), *value));
        left.line(area, points, TRUTH, 2)?;
        for (lag, value) in correlations.partial.iter().enumerate().skip(1) {
            right.line(area, [(lag as f64, 0.0), (lag as f64, *value)], TRUTH, 3)?;
        }
        let title = |text| format!("{}: {text}", stem.title());
        left.frame
            .title(area, &title("autocorrelation of the residual"))?;
        right.frame.title(area, &title("partial autocorrelation"))
    })?;
    Ok(Part::Picture {
        name: format!("residual-{}-correlation.png", stem.name()),
        png,
        caption: format!(
            "{}: how the residual resembles itself some time later, and what each lag of one sample \
             adds to the shorter ones. White noise would stay within the two grey lines at ±{} at 95 % of \
             the lags. A slow fall tells of low frequencies, a wave of tones with that period.",
            stem.title(),
            number(band, 4)
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_averaged_where_it_is_dense() {
        let axis = FrequencyAxis {
            scale: FrequencyScale::Log,
            low_hz: 30.0,
            high_hz: 20e3,
        };
        // Every other bin is 1: alone at the bottom, a half together at the top.
        let bins: Vec<f64> = (0..2049).map(|bin| f64::from(bin % 2)).collect();
        let got = averaged(&bins, 10.77, &axis);
        assert!(got.len() < NUM_STEPS && got.is_sorted_by(|a, b| a.0 < b.0));
        assert!([0.0, 1.0].contains(&got[0].1), "{:?}", got[0]);
        let last = got[got.len() - 1];
        assert!((last.1 - 0.5).abs() < 0.05, "{last:?}");
    }
}
