//! Why a song can't be scored, each in one sentence.

use std::io;
use std::path::PathBuf;

use crate::audio_file::AudioFileError;
use crate::separators::BuildError;
use crate::stem::NUM_STEMS;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    #[error(transparent)]
    AudioFile(#[from] AudioFileError),
    #[error("{}: can't be searched", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error(
        "{}: expected songs (folders with drums.wav, bass.wav, other.wav and vocals.wav, or files \
         named *.stem.mp4), found none",
        path.display()
    )]
    NoSongs { path: PathBuf },
    #[error(
        "{}: expected the mix and {NUM_STEMS} stems ({} audio tracks), found {found}",
        path.display(), 1 + NUM_STEMS
    )]
    NumTracks { path: PathBuf, found: usize },
    #[error("{}: expected {expected_hz} Hz as in the rest of the song, found {found_hz} Hz", path.display())]
    Rate {
        path: PathBuf,
        expected_hz: f64,
        found_hz: f64,
    },
    #[error("{}: expected {expected} samples as in the rest of the song, found {found}", path.display())]
    Length {
        path: PathBuf,
        expected: usize,
        found: usize,
    },
    #[error("{}: expected sound, found silence in every stem or in the mix", path.display())]
    Silent { path: PathBuf },
    #[error("{}: expected a song that lasts beyond {start_s} s, found {found_s:.1} s", path.display())]
    TooShort {
        path: PathBuf,
        start_s: f64,
        found_s: f64,
    },
    #[error("{}: expected drums, bass, other or vocals of {song}, found none", path.display())]
    NoEstimates { path: PathBuf, song: String },
    #[error("{}", path.display())]
    Build { path: PathBuf, source: BuildError },
    #[error("{}: {run} gave values that are not finite", path.display())]
    Fault { path: PathBuf, run: String },
}
