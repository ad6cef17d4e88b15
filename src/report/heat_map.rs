//! Colours over time and frequency.

use std::ops::Range;

use super::frequency_axis::FrequencyAxis;
use crate::plot::{Area, ColourMap, Error, Frame, round_ticks};

/// The colours of levels in dB: the brightest at `top_db`, the darkest `range_db` below.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LevelScale {
    pub top_db: f32,
    pub range_db: f32,
    pub colours: ColourMap,
}

impl LevelScale {
    /// Paints levels in dB, `[column][row]`, rows from low to high.
    pub fn paint(&self, area: &Area, frame: &Frame, levels_db: &[Vec<f32>]) -> Result<(), Error> {
        frame.paint(area, |x, y| {
            let level_db = cell(levels_db, x, y);
            self.colours
                .at(f64::from(1.0 + (level_db - self.top_db) / self.range_db))
        })
    }

    /// Draws the bar that tells the level of each colour, to the right of a frame.
    pub fn bar(&self, area: &Area, beside: &Frame) -> Result<(), Error> {
        let top = f64::from(self.top_db);
        colour_bar(
            area,
            beside,
            self.colours,
            top - f64::from(self.range_db)..top,
            "dB",
        )
    }
}

/// The value at a place, 0…1 in both directions, of `[column][row]`.
pub fn cell<T: Copy>(values: &[Vec<T>], x: f64, y: f64) -> T {
    let index = |place: f64, length: usize| ((place * length as f64) as usize).min(length - 1);
    let column = &values[index(x, values.len())];
    column[index(y, column.len())]
}

/// Draws the bar that tells the number of each colour, to the right of a frame.
pub fn colour_bar(
    area: &Area,
    beside: &Frame,
    colours: ColourMap,
    values: Range<f64>,
    unit: &str,
) -> Result<(), Error> {
    let bar = Frame {
        left: beside.left + beside.width + 34,
        width: 12,
        ..*beside
    };
    bar.paint(area, |_, y| colours.at(y))?;
    let ticks = (bar.height / 45).max(2) as usize;
    bar.right_axis(area, unit, &round_ticks(values, ticks))
}

/// Numbers at the left and below of a frame over frequencies and `seconds`.
pub fn axes(
    area: &Area,
    frame: &Frame,
    axis: &FrequencyAxis,
    seconds: Range<f64>,
) -> Result<(), Error> {
    frame.left_axis(area, "Hz", &axis.ticks(frame.height))?;
    let times = (frame.width / 75).max(2) as usize;
    frame.bottom_axis(area, "s", &round_ticks(seconds, times))
}
