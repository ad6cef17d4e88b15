//! The colours of signals, in all pictures of a report; told apart by the colour-blind too.

use plotters::style::RGBColor;

/// Of what is true.
pub const TRUTH: RGBColor = RGBColor(0x1f, 0x6f, 0xb2);
/// Of what was separated.
pub const ESTIMATE: RGBColor = RGBColor(0xe0, 0x7b, 0x1a);
