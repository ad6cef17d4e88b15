//! One diagram of the picture.

use std::ops::Range;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::SIZE;
use crate::plot::{Area, Error, FAINT_INK, GRID, INK, px, text};

/// The column right of the plots, in pixels.
const LABELS_WIDTH: u32 = 150;

/// One line of a panel.
pub struct Curve {
    /// Written where the curve ends.
    pub label: String,
    pub colour: RGBColor,
    pub width: u32,
    /// Ascending in x, all finite.
    pub points: Vec<(f64, f64)>,
    /// What the points were smoothed from, drawn faintly behind them; may be empty.
    pub raw: Vec<(f64, f64)>,
}

/// One diagram.
pub struct Panel<'a> {
    pub title: &'a str,
    pub steps: Range<f64>,
    /// What the y axis shows; the curves' points lie within.
    pub values: Range<f64>,
    pub curves: Vec<Curve>,
    /// Of the numbers on the y axis.
    pub format: fn(&f64) -> String,
}

impl Panel<'_> {
    pub fn draw(self, area: &Area) -> Result<(), Error> {
        area.draw_text(self.title, &text(20, INK), (px(14) as i32, px(14) as i32))?;
        let mut chart = ChartBuilder::on(area)
            .margin_top(px(46))
            .margin_right(px(LABELS_WIDTH))
            .margin_bottom(px(8))
            .x_label_area_size(px(28))
            .y_label_area_size(px(64))
            .build_cartesian_2d(self.steps.clone(), self.values.clone())?;
        chart
            .configure_mesh()
            .max_light_lines(0)
            .bold_line_style(GRID.stroke_width(px(1)))
            .axis_style(GRID.stroke_width(px(1)))
            .label_style(text(15, FAINT_INK))
            .x_label_formatter(&|step| thousands(*step))
            .y_label_formatter(&self.format)
            .x_labels(9)
            .y_labels(6)
            .draw()?;
        let line =
            |points: &[(f64, f64)], style: ShapeStyle| LineSeries::new(points.to_vec(), style);
        for curve in &self.curves {
            let faint = curve.colour.mix(0.25).stroke_width(px(1));
            chart.draw_series(line(&curve.raw, faint))?;
            let style = curve.colour.stroke_width(px(curve.width));
            chart.draw_series(line(&curve.points, style))?;
            // The last point, and the only one of a first validation, which is no line yet.
            let last = curve
                .points
                .last()
                .map(|&last| Circle::new(last, px(curve.width + 1), curve.colour.filled()));
            chart.draw_series(last)?;
        }
        let after_plot = |x: u32| px(SIZE.0 - LABELS_WIDTH + x) as i32;
        let bottom = area.dim_in_pixel().1 as i32;
        // Beyond half of the axis's last number.
        let at = (after_plot(42), bottom - px(33) as i32);
        area.draw_text("steps", &text(15, FAINT_INK), at)?;
        let top = area.get_base_pixel().1;
        let ends = self.curves.iter().filter_map(|curve| {
            let (_, y) = chart.backend_coord(curve.points.last()?);
            Some((f64::from(y - top), curve))
        });
        let mut ends: Vec<_> = ends.collect();
        ends.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let wanted: Vec<f64> = ends.iter().map(|(y, _)| *y).collect();
        for (y, (_, curve)) in spread(&wanted, f64::from(px(20))).into_iter().zip(ends) {
            let style = text(15, curve.colour).pos(Pos::new(HPos::Left, VPos::Center));
            // The font's middle lies above that of its letters.
            let at = (after_plot(14), y as i32 + px(2) as i32);
            area.draw_text(&curve.label, &style, at)?;
        }
        Ok(())
    }
}

/// Moves ascending positions apart to at least `distance`, each group about its middle.
fn spread(wanted: &[f64], distance: f64) -> Vec<f64> {
    // Groups of neighbours that touch: the first one's position, and how many they are.
    let mut groups: Vec<(f64, usize)> = Vec::new();
    for &position in wanted {
        let mut group = (position, 1);
        while let Some(&(first, count)) = groups.last()
            && first + count as f64 * distance > group.0
        {
            groups.pop();
            let num = count + group.1;
            let moved = group.0 - count as f64 * distance;
            group = (
                (first * count as f64 + moved * group.1 as f64) / num as f64,
                num,
            );
        }
        groups.push(group);
    }
    let positions = groups
        .iter()
        .flat_map(|&(first, count)| (0..count).map(move |i| first + i as f64 * distance));
    positions.collect()
}

/// What holds all values, with a margin; never empty.
pub fn range_of<'a>(points: impl Iterator<Item = &'a (f64, f64)>) -> Range<f64> {
    let (low, high) = points.fold(
        (f64::INFINITY, f64::NEG_INFINITY),
        |(low, high), &(_, y)| (low.min(y), high.max(y)),
    );
    if low > high {
        return 0.0..1.0;
    }
    let margin = (high - low) * 0.06;
    // One value, or all the same: still a range.
    let margin = if margin > 0.0 {
        margin
    } else {
        low.abs().max(1.0) * 0.5
    };
    low - margin..high + margin
}

/// `12 345`, as the axis of steps has it.
fn thousands(step: f64) -> String {
    let digits = format!("{step:.0}");
    let groups: Vec<_> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(String::from_utf8_lossy)
        .collect();
    groups.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_collide_move_apart() {
        for (wanted, want) in [
            ([0.0, 100.0, 200.0], [0.0, 100.0, 200.0]),
            ([100.0, 100.0, 300.0], [90.0, 110.0, 300.0]),
            (
                [100.0, 105.0, 111.0],
                [85.0, 105.0, 125.0].map(|y| y + 1.0 / 3.0),
            ),
            ([100.0, 100.0, 115.0], [85.0, 105.0, 125.0]),
            // Pushed apart, two meet a third.
            ([79.0, 100.0, 100.0], [73.0, 93.0, 113.0]),
        ] {
            for (got, want) in spread(&wanted, 20.0).into_iter().zip(want) {
                assert!((got - want).abs() < 1e-9, "{wanted:?}: {got}, want {want}");
            }
        }
    }

    #[test]
    fn steps_are_grouped() {
        let texts = [0.0, 950.0, 12_000.0, 1_234_567.0].map(thousands);
        assert_eq!(texts, ["0", "950", "12 000", "1 234 567"]);
    }
}
