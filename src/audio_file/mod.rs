//! Audio files of the tools: any common file in, WAV out, as planar `f32`.
//!
//! Beside the way: the plug-in never touches files. A song is held in memory as a whole
//! (8 bytes a sample in stereo: 10 minutes at 48 kHz are 230 MB), outputs are streamed. Only of a
//! plain WAV can parts be read without the rest, as training does: [`WavFile`].
//!
//! Rules of reading:
//! - Encoder delay and padding are trimmed for MP3 (LAME and FFmpeg headers), Ogg Vorbis and
//!   AAC in MP4 (edit list or iTunes tag), so a stem lies exactly under the file that a DAW
//!   imports. A raw `.aac` stream declares no delay and keeps it.
//! - Mono is duplicated to both channels; more than two channels are refused, not mixed down.
//! - A file that is shorter than it declares, or of which a part can't be decoded, is refused:
//!   stems with a hole would look right and be wrong. An MP3 without an Info header and a WAV
//!   written to a pipe declare no length, and end where they end.

mod checks;
mod error;
mod mp4_trim;
mod reader;
mod wav_file;
mod wav_writer;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{fs, io};

pub use error::AudioFileError;
pub use reader::{read, read_tracks, track_rates_hz};
pub use wav_file::WavFile;
pub use wav_writer::{SampleFormat, WavWriter};

use crate::stem::NUM_CHANNELS;

/// Extensions of audio files, lower-case: which files of a folder are songs. Opus is among them
/// so that it is refused aloud instead of being passed over.
pub const EXTENSIONS: [&str; 13] = [
    "wav", "wave", "flac", "mp3", "ogg", "oga", "opus", "m4a", "mp4", "aac", "aif", "aiff", "aifc",
];

/// What lies in a folder, in the order of names and without what is hidden, such as the
/// `._drums.wav` that macOS leaves on foreign disks. The order that a file system has may differ
/// after a copy, and with it what a seed draws.
pub fn visible_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    let mut paths: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    paths.retain(|path| !is_hidden(path));
    paths.sort();
    Ok(paths)
}

/// Whether a file system's users are not meant to see it.
pub fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b".")
}

/// Whether the name of `path` ends like that of an audio file.
pub fn has_audio_extension(path: &Path) -> bool {
    path.extension()
        .and_then(OsStr::to_str)
        .is_some_and(|extension| EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str()))
}

/// A whole song.
#[derive(Clone, Debug, PartialEq)]
pub struct Audio {
    /// Samples per second; a whole number when it comes from a file.
    pub rate_hz: f64,
    /// Channels of the file, 1 or 2. With 1, both `channels` hold the same.
    pub num_source_channels: usize,
    /// Finite samples, `[channel][sample]`, full scale ±1, both of one length.
    pub channels: [Vec<f32>; NUM_CHANNELS],
}

impl Audio {
    /// Samples per channel.
    pub fn num_samples(&self) -> usize {
        self.channels[0].len()
    }

    /// Playing time in seconds.
    pub fn duration_s(&self) -> f64 {
        self.num_samples() as f64 / self.rate_hz
    }

    /// Both channels as slices, as the engine takes them.
    pub fn as_slices(&self) -> [&[f32]; NUM_CHANNELS] {
        [&self.channels[0], &self.channels[1]]
    }
}
