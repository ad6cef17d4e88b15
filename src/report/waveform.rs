//! Signals over time, as the outline of all that their samples reach.

use std::ops::Range;

use plotters::style::{RGBColor, WHITE};

use crate::plot::{Area, Error, Frame, GRID};
use crate::stem::Stereo;

/// A part of a frame, behind the signal, and its colour.
pub type Band = (Range<f64>, RGBColor);

/// The lowest and highest sample of either channel by column.
pub fn envelope(signal: &Stereo, columns: usize) -> Vec<(f32, f32)> {
    let num_samples = signal[0].len();
    let column = |index: usize| {
        let start = index * num_samples / columns;
        let end = ((index + 1) * num_samples / columns).clamp(start + 1, num_samples);
        let samples = signal.iter().flat_map(|channel| &channel[start..end]);
        samples.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &x| {
            (low.min(x), high.max(x))
        })
    };
    (0..columns).map(column).collect()
}

/// Paints a signal; the frame is `±peak` high.
pub fn paint(
    area: &Area,
    frame: &Frame,
    signal: &Stereo,
    (peak, colour): (f32, RGBColor),
    band: Option<Band>,
) -> Result<(), Error> {
    let (columns, rows) = frame.num_points();
    let outline = envelope(signal, columns);
    // As thick as a line at least, where the signal rests.
    let least = 1.0 / rows as f64;
    frame.paint(area, |x, y| {
        let (low, high) = outline[((x * columns as f64) as usize).min(columns - 1)];
        let place = |sample: f32| 0.5 + 0.5 * f64::from(sample / peak);
        if place(low) - least <= y && y <= place(high) + least {
            return colour;
        }
        match &band {
            Some((range, shade)) if range.contains(&x) => *shade,
            _ => WHITE,
        }
    })?;
    frame.line(area, [(0.0, 0.0), (1.0, 0.0)], (&GRID).into())?;
    frame.line(area, [(0.0, 1.0), (1.0, 1.0)], (&GRID).into())
}

/// The greatest absolute sample, or 1 of silence.
pub fn peak(signal: &Stereo) -> f32 {
    let peak = signal.iter().flatten().fold(0.0_f32, |a, x| a.max(x.abs()));
    if peak > 0.0 { peak } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_lies_within_the_outline() {
        let signal = [
            vec![0.0, 0.5, -0.25, 0.0, 0.1],
            vec![0.0, 0.0, 0.0, -1.0, 0.1],
        ];
        assert_eq!(envelope(&signal, 1), [(-1.0, 0.5)]);
        let parts = [(0.0, 0.5), (-1.0, 0.1)];
        assert_eq!(envelope(&signal, 2), parts);
        // More columns than samples.
        let many = envelope(&signal, 10);
        assert_eq!((many[0], many[9]), ((0.0, 0.0), (0.1, 0.1)));
        assert_eq!(peak(&signal), 1.0);
        assert_eq!(peak(&[vec![0.0], vec![0.0]]), 1.0);
    }
}
