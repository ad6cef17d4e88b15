//! Pictures that explain a song, and the report: a page of them.
//!
//! A [`page`](Page) is a list of chapters. Each chapter is a file in `chapters/`, a function
//! from the [`Material`] to its text, pictures, tables and players; it leaves out what the material
//! does not tell and says so.

mod error;
pub mod frequency_axis;
mod material;
mod page;
pub mod residual;
pub mod sound;
pub mod spectrogram;

pub use error::ReportError;
pub use material::{Material, Network, Way};
pub use page::{Chapter, Page, Part};
