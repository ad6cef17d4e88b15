//! Everything that can be wrong with an audio file, each in one sentence that names the file,
//! what was expected and what was found.

use std::io;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AudioFileError {
    #[error("{}: there is no such file", path.display())]
    Missing { path: PathBuf },
    #[error("{}: expected an audio file, found a folder", path.display())]
    Folder { path: PathBuf },
    #[error("{}: can't be read", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{}: expected audio, found an empty file (0 bytes)", path.display())]
    Empty { path: PathBuf },
    #[error("{}: expected audio, found 0 samples", path.display())]
    NoSamples { path: PathBuf },
    #[error("{}: is cut off: expected {expected}, found {found}", path.display())]
    Truncated {
        path: PathBuf,
        expected: String,
        found: String,
    },
    #[error("{}: is damaged{}: {reason}", path.display(), at(*position_s))]
    Damaged {
        path: PathBuf,
        /// Where in the song, if the decoder got that far.
        position_s: Option<f64>,
        reason: String,
    },
    #[error("{}: expected WAV, AIFF, FLAC, MP3, Ogg Vorbis or M4A, found no audio", path.display())]
    NotAudio { path: PathBuf },
    #[error("{}: Opus is not supported: convert it, e.g. to FLAC", path.display())]
    Opus { path: PathBuf },
    #[error("{}: {what} is not supported: convert it, e.g. to FLAC", path.display())]
    Unsupported { path: PathBuf, what: String },
    #[error("{}: expected 1 or 2 channels, found {found}", path.display())]
    NumChannels { path: PathBuf, found: usize },
    #[error(
        "{}: expected finite samples, found {count} that are NaN or infinite, the first one \
         in channel {} at sample {position_samples}",
        path.display(), channel + 1
    )]
    NonFinite {
        path: PathBuf,
        /// Channel and position of the first one, from 0; the message counts channels from 1.
        channel: usize,
        position_samples: usize,
        /// In all channels together.
        count: usize,
    },
    #[error("{}: can't be written", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("{}: a WAV file holds at most 4 GiB, expected more", path.display())]
    TooLong { path: PathBuf },
    #[error(
        "{}: a WAV file's sample rate is a whole number of Hz from 1, found {rate_hz}",
        path.display()
    )]
    Rate { path: PathBuf, rate_hz: f64 },
}

fn at(position_s: Option<f64>) -> String {
    match position_s {
        Some(position_s) => format!(" at {position_s:.2} s"),
        None => String::new(),
    }
}
