//! The chapters of a report, one file each.

mod conv_tasnet;
mod limits;
mod medians;
mod overview;
mod residual;
mod spectrograms;
mod transform;

use super::{Chapter, Material, ReportError};

/// A chapter of the material; `None` if it has nothing to tell about it.
pub type ChapterFn = fn(&Material) -> Result<Option<Chapter>, ReportError>;

/// All chapters in order, each with what it is about.
pub const CHAPTERS: [(&str, ChapterFn); 7] = [
    ("overview", overview::chapter),
    ("waveform and transform", transform::chapter),
    ("spectrograms", spectrograms::chapter),
    ("median filters", medians::chapter),
    ("limits of masks", limits::chapter),
    ("residual", residual::chapter),
    ("network", conv_tasnet::chapter),
];
