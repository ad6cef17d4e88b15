//! Everything that can be wrong with training data, each in one sentence.

use std::io;
use std::path::PathBuf;

use crate::audio_file::AudioFileError;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    #[error(transparent)]
    Audio(#[from] AudioFileError),
    #[error(
        "{}: expected {expected_hz} Hz, found {found_hz} Hz: convert the file, or train at its rate",
        path.display()
    )]
    Rate {
        path: PathBuf,
        expected_hz: f64,
        found_hz: f64,
    },
    #[error(
        "{}: expected stems of one length, found {first_samples} samples of {first} and \
         {second_samples} of {second}",
        song.display()
    )]
    UnequalLengths {
        song: PathBuf,
        first: &'static str,
        first_samples: usize,
        second: &'static str,
        second_samples: usize,
    },
    #[error(
        "{}: expected 5 audio tracks (mixture, drums, bass, other, vocals), found {found}",
        path.display()
    )]
    NumTracks { path: PathBuf, found: usize },
    #[error("{}: can't be listed", folder.display())]
    Folder { folder: PathBuf, source: io::Error },
    #[error(
        "{}: expected songs (SONG/drums.wav …, SONG.stem.mp4, or {part}/ with those) or loose stems \
         (drums/ANY.wav …), found none",
        folder.display()
    )]
    NoSongs {
        folder: PathBuf,
        /// `train` or `test`.
        part: &'static str,
    },
    #[error(
        "{}: expected whole songs to validate with, found only loose stems",
        folder.display()
    )]
    OnlyLoose { folder: PathBuf },
    #[error("{}: is both learned from and held out: leave it in one of them", path.display())]
    InBoth { path: PathBuf },
    #[error("held-out song \"{name}\": expected it in a data set, found no song with that name")]
    NoSuchSong { name: String },
    #[error("nothing to learn from: expected a data set or demo songs, found neither")]
    Nothing,
    #[error("{setting}: expected {expected}")]
    Setting { setting: String, expected: String },
}
