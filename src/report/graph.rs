//! Lines over an axis of numbers.

use std::ops::Range;

use plotters::prelude::*;

use crate::plot::{Area, Error, Frame, GRID, Tick, px, round_ticks};

/// A frame whose sides are ranges of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    pub frame: Frame,
    pub x: Range<f64>,
    pub y: Range<f64>,
}

impl Graph {
    /// Where a point lies in the frame, from 0 to 1; heights beyond it lie on its edge.
    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let along =
            |value: f64, range: &Range<f64>| (value - range.start) / (range.end - range.start);
        (along(x, &self.x), along(y, &self.y).clamp(0.0, 1.0))
    }

    /// Draws a line through points, `width` pixels wide.
    pub fn line(
        &self,
        area: &Area,
        points: impl IntoIterator<Item = (f64, f64)>,
        colour: RGBColor,
        width: u32,
    ) -> Result<(), Error> {
        let places: Vec<_> = points.into_iter().map(|point| self.place(point)).collect();
        let style = colour.stroke_width(px(width));
        // Piece by piece: where a thick line turns sharply, plotters leaves holes in it.
        let mut pieces = places.windows(2);
        pieces.try_for_each(|ends| self.frame.line(area, ends.iter().copied(), style))
    }

    /// Lines behind the data, edges, and numbers at the left and below, with their units.
    pub fn axes(&self, area: &Area, x_unit: &str, y_unit: &str) -> Result<(), Error> {
        let frame = &self.frame;
        let columns = (frame.width / 90).max(2) as usize;
        self.grid(area, y_unit)?;
        frame.bottom_axis(area, x_unit, &round_ticks(self.x.clone(), columns))
    }

    /// Lines behind the data, edges, and numbers at the left with their unit.
    pub fn grid(&self, area: &Area, y_unit: &str) -> Result<(), Error> {
        let frame = &self.frame;
        let rows = (frame.height / 32).max(3) as usize;
        let ticks: Vec<Tick> = round_ticks(self.y.clone(), rows);
        for tick in &ticks {
            let ends = [(0.0, tick.at), (1.0, tick.at)];
            frame.line(area, ends, GRID.stroke_width(px(1)))?;
        }
        frame.outline(area)?;
        frame.left_axis(area, y_unit, &ticks)
    }
}
