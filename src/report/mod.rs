//! Pictures that explain a song, and the report: a page of them.
//!
//! A [`page`](Page) is a list of chapters. Each chapter is a file in `chapters/`, a function
//! from the [`Material`] to its text, pictures, tables and players; it leaves out what the material
//! does not tell and says so.

mod chapters;
mod error;
pub mod frequency_axis;
mod graph;
mod heat_map;
mod ink;
mod legend;
mod material;
pub mod network;
mod page;
pub mod passage;
pub mod residual;
pub mod sound;
pub mod spectrogram;
mod waveform;
mod words;

pub use chapters::{CHAPTERS, ChapterFn};
pub use error::ReportError;
use ink::{ESTIMATE, TRUTH};
pub use material::{Material, Network, Way};
pub use page::{Chapter, Page, Part};
