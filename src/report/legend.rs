//! Which colour is which.

use plotters::style::{Color, RGBColor};

use crate::plot::{self, Area, Error, Frame, px};

/// Writes names in a row from a place in pixels, each after a line of its colour.
pub fn legend(
    area: &Area,
    (left, top): (u32, u32),
    names: &[(&str, RGBColor)],
) -> Result<(), Error> {
    let mut frame = Frame {
        left,
        top,
        width: 22,
        height: 16,
    };
    for (name, colour) in names {
        frame.line(area, [(0.0, 0.5), (1.0, 0.5)], colour.stroke_width(px(2)))?;
        let style = plot::text(14, plot::INK);
        let at = (px(frame.left + 28) as i32, px(frame.top) as i32);
        area.draw_text(name, &style, at)?;
        let (width, _) = area.estimate_text_size(name, &style)?;
        frame.left += 28 + width / px(1) + 18;
    }
    Ok(())
}
