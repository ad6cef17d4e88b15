//! The frame of a plot: its pixels, its lines and its axes.

use std::ops::Range;

use plotters::element::BitMapElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{Area, Error, FAINT_INK, GRID, INK, px, text};

/// A rectangle of a picture, in its pixels. Places in it run from 0 to 1, to the right and up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
}

/// A place along an axis, 0…1, and what is written there.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    pub at: f64,
    pub label: String,
}

impl Frame {
    /// The pixel of the drawing at a place.
    fn pixel(&self, (x, y): (f64, f64)) -> (i32, i32) {
        (
            (f64::from(px(self.left)) + x * f64::from(px(self.width))).round() as i32,
            (f64::from(px(self.top)) + (1.0 - y) * f64::from(px(self.height))).round() as i32,
        )
    }

    /// Columns and rows of the drawing within.
    pub fn num_points(&self) -> (usize, usize) {
        (px(self.width) as usize, px(self.height) as usize)
    }

    /// Gives every point the colour of its place.
    pub fn paint(&self, area: &Area, colour: impl Fn(f64, f64) -> RGBColor) -> Result<(), Error> {
        let (width, height) = self.num_points();
        let mut pixels = Vec::with_capacity(3 * width * height);
        for row in (0..height).rev() {
            for column in 0..width {
                let x = (column as f64 + 0.5) / width as f64;
                let y = (row as f64 + 0.5) / height as f64;
                let RGBColor(red, green, blue) = colour(x, y);
                pixels.extend([red, green, blue]);
            }
        }
        let (corner, size) = (self.pixel((0.0, 1.0)), (width as u32, height as u32));
        let image = BitMapElement::<_>::with_owned_buffer(corner, size, pixels)
            .expect("every point has three bytes");
        Ok(area.draw(&image)?)
    }

    /// Draws a line through places.
    pub fn line(
        &self,
        area: &Area,
        places: impl IntoIterator<Item = (f64, f64)>,
        style: ShapeStyle,
    ) -> Result<(), Error> {
        let points: Vec<_> = places.into_iter().map(|place| self.pixel(place)).collect();
        Ok(area.draw(&PathElement::new(points, style))?)
    }

    /// Draws a disc around a place, `radius` pixels wide to each side.
    pub fn disc(
        &self,
        area: &Area,
        place: (f64, f64),
        radius: u32,
        colour: RGBColor,
    ) -> Result<(), Error> {
        let disc = Circle::new(self.pixel(place), px(radius), colour.filled());
        Ok(area.draw(&disc)?)
    }

    /// Draws the edges, as lines behind the data are.
    pub fn outline(&self, area: &Area) -> Result<(), Error> {
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)];
        self.line(area, corners, GRID.stroke_width(px(1)))
    }

    /// Writes above the upper left corner.
    pub fn title(&self, area: &Area, title: &str) -> Result<(), Error> {
        let style = text(17, INK).pos(Pos::new(HPos::Left, VPos::Bottom));
        let (x, y) = self.pixel((0.0, 1.0));
        Ok(area.draw_text(title, &style, (x, y - px(6) as i32))?)
    }

    /// Writes numbers left of the frame, and the unit above them.
    pub fn left_axis(&self, area: &Area, unit: &str, ticks: &[Tick]) -> Result<(), Error> {
        self.side_axis(area, 0.0, HPos::Right, unit, ticks)
    }

    /// Writes numbers right of the frame, and the unit above them.
    pub fn right_axis(&self, area: &Area, unit: &str, ticks: &[Tick]) -> Result<(), Error> {
        self.side_axis(area, 1.0, HPos::Left, unit, ticks)
    }

    fn side_axis(
        &self,
        area: &Area,
        x: f64,
        align: HPos,
        unit: &str,
        ticks: &[Tick],
    ) -> Result<(), Error> {
        let outwards = if matches!(align, HPos::Right) { -1 } else { 1 };
        for tick in ticks {
            let (x, y) = self.pixel((x, tick.at));
            let end = x + outwards * px(5) as i32;
            let mark = PathElement::new([(x, y), (end, y)], FAINT_INK.stroke_width(px(1)));
            area.draw(&mark)?;
            let style = text(14, FAINT_INK).pos(Pos::new(align, VPos::Center));
            // The font's middle lies above that of its letters.
            let at = (end + outwards * px(4) as i32, y + px(2) as i32);
            area.draw_text(&tick.label, &style, at)?;
        }
        let (x, y) = self.pixel((x, 1.0));
        let style = text(14, INK).pos(Pos::new(align, VPos::Bottom));
        let at = (x + outwards * px(9) as i32, y - px(10) as i32);
        Ok(area.draw_text(unit, &style, at)?)
    }

    /// Writes numbers below the frame, and the unit after them.
    pub fn bottom_axis(&self, area: &Area, unit: &str, ticks: &[Tick]) -> Result<(), Error> {
        let below = text(14, FAINT_INK).pos(Pos::new(HPos::Center, VPos::Top));
        for tick in ticks {
            let (x, y) = self.pixel((tick.at, 0.0));
            let end = y + px(5) as i32;
            let mark = PathElement::new([(x, y), (x, end)], FAINT_INK.stroke_width(px(1)));
            area.draw(&mark)?;
            area.draw_text(&tick.label, &below, (x, end + px(4) as i32))?;
        }
        let (x, y) = self.pixel((1.0, 0.0));
        let style = text(14, INK).pos(Pos::new(HPos::Left, VPos::Top));
        let at = (x + px(20) as i32, y + px(9) as i32);
        Ok(area.draw_text(unit, &style, at)?)
    }
}

/// Round numbers (1, 2 or 5 times a power of ten apart) within a range, about `count` of them,
/// each at its place in the range.
pub fn round_ticks(range: Range<f64>, count: usize) -> Vec<Tick> {
    let span = range.end - range.start;
    let rough = span / count as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| *step >= rough * 0.999)
        .unwrap_or(10.0 * power);
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    // A hair wider, so that rounding does not lose the ends.
    let (first, last) = (range.start / step - 1e-9, range.end / step + 1e-9);
    let numbers = first.ceil() as i64..=last.floor() as i64;
    let ticks = numbers.map(|number| {
        let value = number as f64 * step;
        Tick {
            at: (value - range.start) / span,
            label: format!("{value:.decimals$}").replace('-', "−"),
        }
    });
    ticks.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(range: Range<f64>, count: usize) -> Vec<String> {
        let ticks = round_ticks(range, count).into_iter();
        ticks.map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_and_in_place() {
        assert_eq!(labels(0.0..10.0, 5), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(labels(-83.0..-3.0, 4), ["−80", "−60", "−40", "−20"]);
        assert_eq!(labels(0.0..0.3, 3), ["0.0", "0.1", "0.2", "0.3"]);
        let ticks = round_ticks(-83.0..-3.0, 4);
        assert!((ticks[1].at - 23.0 / 80.0).abs() < 1e-12, "{ticks:?}");
    }
}
