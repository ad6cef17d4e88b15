//! The residual as a waveform, and as a difference of spectrograms.

use plotters::style::RGBColor;

use super::analysis::Analysis;
use crate::plot::{self, ColourMap, FAINT_INK, Frame, round_ticks};
use crate::report::chapters::spectrograms::Look;
use crate::report::heat_map::{self, cell, colour_bar};
use crate::report::residual::spectral::spectral_residual_db;
use crate::report::words::db;
use crate::report::{ESTIMATE, Material, Part, ReportError, TRUTH, waveform};
use crate::stem::Stem;

/// From the middle of the colours to an end.
const SIDE_DB: f64 = 30.0;

pub fn waveforms(
    material: &Material,
    stem: Stem,
    analysis: &Analysis,
) -> Result<Part, ReportError> {
    let rows: [(&str, _, RGBColor); 3] = [
        ("true", analysis.truth, TRUTH),
        ("separated", analysis.estimate, ESTIMATE),
        ("residual", &analysis.residual, FAINT_INK),
    ];
    let peak = rows.iter().map(|(_, signal, _)| waveform::peak(signal));
    let peak = peak.fold(0.0, f32::max);
    let frame = |index: usize| Frame {
        left: 20,
        top: 30 + 92 * index as u32,
        width: 900,
        height: 62,
    };
    let png = plot::png((940, frame(rows.len()).top + 10), |area| {
        for (index, (word, signal, colour)) in rows.iter().enumerate() {
            waveform::paint(area, &frame(index), signal, (peak, *colour), None)?;
            frame(index).title(area, &format!("{}, {word}", stem.title()))?;
        }
        let seconds = material.truth.seconds();
        let times = round_ticks(seconds.start_s..seconds.end_s, 10);
        frame(rows.len() - 1).bottom_axis(area, "s", &times)
    })?;
    Ok(Part::Picture {
        name: format!("residual-{}-waveform.png", stem.name()),
        png,
        caption: format!(
            "{}: the true stem, the separated one, and the first less the second, at one scale. The \
             thinner the residual, the better: its energy is {} dB below the stem's. Where it is as \
             high as the stem, nothing of the stem was found, or something else was.",
            stem.title(),
            db(Some(analysis.split.estimate.sdr_db))
        ),
    })
}

pub fn spectrum(look: &Look, stem: Stem, analysis: &Analysis) -> Result<Part, ReportError> {
    let frame = Frame {
        left: 56,
        top: 34,
        width: 790,
        height: 260,
    };
    let levels_db = |signal| look.levels_db(signal, frame.num_points());
    let range_db = look.scale.range_db;
    let difference_db = spectral_residual_db(
        &levels_db(analysis.truth),
        &levels_db(analysis.estimate),
        range_db,
    );
    let png = plot::png((940, 334), |area| {
        frame.paint(area, |x, y| {
            let place = f64::from(cell(&difference_db, x, y)) / (2.0 * SIDE_DB);
            ColourMap::Sides.at(0.5 + place)
        })?;
        frame.title(area, &format!("{}: separated less true", stem.title()))?;
        heat_map::axes(area, &frame, look.axis(), look.seconds.clone())?;
        colour_bar(area, &frame, ColourMap::Sides, -SIDE_DB..SIDE_DB, "dB")
    })?;
    Ok(Part::Picture {
        name: format!("residual-{}-spectrum.png", stem.name()),
        png,
        caption: format!(
            "{}: the spectral residual, the level of the separated stem less that of the true one. \
             Violet is missing, orange should not be there, white is right, or more than {range_db:.0} dB \
             below the stem's loudest point in both. {}.",
            stem.title(),
            look.windows()
        ),
    })
}
