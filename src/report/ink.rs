//! The colours of signals, in all pictures of a report; told apart by the colour-blind too.

use plotters::style::RGBColor;

use crate::stem::NUM_STEMS;

/// Of what is true.
pub const TRUTH: RGBColor = RGBColor(0x1f, 0x6f, 0xb2);
/// Of what was separated.
pub const ESTIMATE: RGBColor = RGBColor(0xe0, 0x7b, 0x1a);
/// Of stems, by `Stem as usize`.
pub const STEMS: [RGBColor; NUM_STEMS] = [
    RGBColor(0xd9, 0x82, 0x14),
    RGBColor(0x1f, 0x7d, 0xd1),
    RGBColor(0x2f, 0x9e, 0x5c),
    RGBColor(0xd6, 0x3f, 0x77),
];
