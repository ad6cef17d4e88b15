//! What all pictures share: the font, the inks, the frames of plots, and smooth PNG files.

mod colour_map;
mod frame;
mod ink;
mod pixels;

use std::io;
use std::path::{Path, PathBuf};

use plotters::coord::Shift;
use plotters::prelude::*;

pub use colour_map::ColourMap;
pub use frame::{Frame, Tick, round_ticks};
pub use ink::{FAINT_INK, GRID, INK, text};
pub use pixels::px;

use crate::whole_file;

/// What a drawing may fail with.
pub type Error = Box<dyn std::error::Error>;

/// A part of a picture, `px(1)` to the pixel.
pub type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

/// Why there is no picture file; one sentence each.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    #[error("{}: {source}", path.display())]
    Undrawn { path: PathBuf, source: Undrawn },
    #[error("{}: the picture can't be written", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
}

/// A drawing that failed, and why.
#[derive(Debug, thiserror::Error)]
#[error("the picture can't be drawn: {reason}")]
pub struct Undrawn {
    reason: String,
}

impl Undrawn {
    fn new(reason: impl ToString) -> Self {
        Self {
            reason: reason.to_string(),
        }
    }
}

/// The bytes of a PNG file of `size` pixels, width and height, of what `paint` draws on white.
///
/// # Errors
/// The drawing fails.
pub fn png(
    size: (u32, u32),
    paint: impl FnOnce(&Area) -> Result<(), Error>,
) -> Result<Vec<u8>, Undrawn> {
    let large = (px(size.0), px(size.1));
    let mut pixels = vec![0; 3 * (large.0 * large.1) as usize];
    ink::register_font();
    let drawn = || {
        let root = BitMapBackend::with_buffer(&mut pixels, large).into_drawing_area();
        root.fill(&WHITE)?;
        paint(&root)?;
        Ok(root.present()?)
    };
    drawn().map_err(|error: Error| Undrawn::new(error))?;
    pixels::png(&pixels::shrink(&pixels, size), size).map_err(Undrawn::new)
}

/// Writes what `paint` draws on white to a PNG file of `size` pixels, width and height; what was
/// there stays until the new file is whole.
///
/// # Errors
/// The file can't be written, or the drawing fails.
pub fn draw(
    path: &Path,
    size: (u32, u32),
    paint: impl FnOnce(&Area) -> Result<(), Error>,
) -> Result<(), PlotError> {
    let picture = png(size, paint).map_err(|source| PlotError::Undrawn {
        path: path.to_owned(),
        source,
    })?;
    whole_file::write(path, &picture).map_err(|source| PlotError::Unwritable {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_in_no_folder_is_an_error() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("nowhere/curves.png");
        let error = draw(&path, (8, 8), |_| Ok(())).expect_err("no folder");
        assert!(
            (error.to_string()).ends_with("nowhere/curves.png: the picture can't be written"),
            "{error}"
        );
    }

    #[test]
    fn a_drawing_that_fails_leaves_the_old_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.png");
        draw(&path, (8, 8), |_| Ok(())).unwrap();
        let old = fs::read(&path).unwrap();
        let error = draw(&path, (8, 8), |_| Err("out of ink".into())).expect_err("it fails");
        let end = "a.png: the picture can't be drawn: out of ink";
        assert!(error.to_string().ends_with(end), "{error}");
        assert_eq!(fs::read(&path).unwrap(), old);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
