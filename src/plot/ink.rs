//! The font and the colours of everything that is not data.

use std::sync::Once;

use plotters::prelude::*;

/// Of titles.
pub const INK: RGBColor = RGBColor(0x26, 0x2b, 0x33);
/// Of the numbers at an axis.
pub const FAINT_INK: RGBColor = RGBColor(0x6b, 0x73, 0x80);
/// Of lines behind the data.
pub const GRID: RGBColor = RGBColor(0xe4, 0xe7, 0xec);

const FONT: &str = "plot";

/// Letters of this height, in pixels of the picture.
pub fn text(size: u32, colour: RGBColor) -> TextStyle<'static> {
    (FONT, super::px(size)).into_font().color(&colour)
}

/// Makes the font known to plotters, before the first text.
pub(super) fn register_font() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let font = epaint_default_fonts::UBUNTU_LIGHT;
        let done = plotters::style::register_font(FONT, FontStyle::Normal, font);
        debug_assert!(done.is_ok(), "the font is one");
    });
}
