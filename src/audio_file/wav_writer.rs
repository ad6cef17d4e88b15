//! Streams a WAV file to disk under a temporary name; it gets its real name when it is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use super::AudioFileError;

/// How a sample is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleFormat {
    /// 32-bit float: what the engine computed, bit for bit, beyond full scale too.
    Float32,
    /// 24-bit integer, rounded to the nearest; beyond full scale it clips, and is counted.
    Int24,
}

/// Full scale of [`SampleFormat::Int24`], 2²³.
const INT24_SCALE: f32 = 8_388_608.0;

/// What a WAV's header may take of its 4 GiB, generously.
const HEADER_BYTES: u64 = 256;

/// A WAV file in the making. Until [`finish`](Self::finish) it is called `.NAME.part`, in the
/// same folder so that the rename is atomic; a killed run leaves nothing else behind.
pub struct WavWriter {
    path: PathBuf,
    temporary: PathBuf,
    /// `None` once finished or given up.
    file: Option<hound::WavWriter<BufWriter<File>>>,
    format: SampleFormat,
    num_channels: usize,
    num_bytes: u64,
    num_clipped: u64,
}

impl WavWriter {
    /// Starts a file that will appear at `path`, replacing what is there. The folder must exist.
    pub fn create(
        path: &Path,
        rate_hz: f64,
        num_channels: usize,
        format: SampleFormat,
    ) -> Result<Self, AudioFileError> {
        if rate_hz.fract() != 0.0 || !(1.0..=f64::from(u32::MAX)).contains(&rate_hz) {
            return Err(AudioFileError::Rate {
                path: path.to_owned(),
                rate_hz,
            });
        }
        let (bits_per_sample, sample_format) = match format {
            SampleFormat::Float32 => (32, hound::SampleFormat::Float),
            SampleFormat::Int24 => (24, hound::SampleFormat::Int),
        };
        let spec = hound::WavSpec {
            channels: num_channels.try_into().expect("a song has 1 or 2 channels"),
            sample_rate: rate_hz as u32,
            bits_per_sample,
            sample_format,
        };
        let temporary = temporary_name(path)?;
        let file = File::create(&temporary)
            .map_err(hound::Error::IoError)
            .and_then(|file| hound::WavWriter::new(BufWriter::with_capacity(1 << 16, file), spec))
            .map_err(|error| unwritable(path, error))?;
        Ok(Self {
            path: path.to_owned(),
            temporary,
            file: Some(file),
            format,
            num_channels,
            num_bytes: HEADER_BYTES,
            num_clipped: 0,
        })
    }

    /// Appends the samples of every channel, `[channel][sample]`, all of one length.
    pub fn write(&mut self, channels: &[&[f32]]) -> Result<(), AudioFileError> {
        debug_assert_eq!(channels.len(), self.num_channels);
        let num_samples = channels[0].len();
        let bytes_per_sample: u64 = match self.format {
            SampleFormat::Float32 => 4,
            SampleFormat::Int24 => 3,
        };
        // hound would wrap the 32-bit length field without a word.
        self.num_bytes += (num_samples * channels.len()) as u64 * bytes_per_sample;
        if self.num_bytes > u64::from(u32::MAX) {
            return Err(AudioFileError::TooLong {
                path: self.path.clone(),
            });
        }
        let file = self.file.as_mut().expect("only finish() takes the file");
        for position in 0..num_samples {
            for channel in channels {
                let sample = channel[position];
                match self.format {
                    SampleFormat::Float32 => file.write_sample(sample),
                    SampleFormat::Int24 => {
                        let (value, clipped) = to_int24(sample);
                        self.num_clipped += u64::from(clipped);
                        file.write_sample(value)
                    }
                }
                .map_err(|error| unwritable(&self.path, error))?;
            }
        }
        Ok(())
    }

    /// Completes the file and gives it its name. Returns how many samples, of all channels
    /// together, were clipped.
    pub fn finish(mut self) -> Result<u64, AudioFileError> {
        let file = self.file.take().expect("only finish() takes the file");
        let result = file
            .finalize()
            .map_err(into_io)
            // Without this a power cut may leave the final name on an empty file, which a
            // resumed batch would take for done.
            .and_then(|()| {
                OpenOptions::new()
                    .write(true)
                    .open(&self.temporary)?
                    .sync_all()
            })
            .and_then(|()| fs::rename(&self.temporary, &self.path));
        result.map_err(|source| {
            // Best effort: the error that is reported matters more than the leftover.
            let _ = fs::remove_file(&self.temporary);
            AudioFileError::Unwritable {
                path: self.path.clone(),
                source,
            }
        })?;
        Ok(self.num_clipped)
    }
}

impl Drop for WavWriter {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            drop(file);
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// The nearest 24-bit value, and whether `sample` lay beyond what it can hold.
fn to_int24(sample: f32) -> (i32, bool) {
    // Exact: a power of two, and 24-bit integers fit into an f32.
    let rounded = (sample * INT24_SCALE).round();
    let clamped = rounded.clamp(-INT24_SCALE, INT24_SCALE - 1.0);
    (clamped as i32, clamped != rounded)
}

fn temporary_name(path: &Path) -> Result<PathBuf, AudioFileError> {
    let Some(name) = path.file_name() else {
        return Err(AudioFileError::Folder {
            path: path.to_owned(),
        });
    };
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(".part");
    Ok(path.with_file_name(temporary))
}

fn unwritable(path: &Path, error: hound::Error) -> AudioFileError {
    AudioFileError::Unwritable {
        path: path.to_owned(),
        source: into_io(error),
    }
}

fn into_io(error: hound::Error) -> io::Error {
    match error {
        hound::Error::IoError(error) => error,
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn int24_rounds_to_the_nearest_and_clips_at_full_scale() {
        let step = 1.0 / INT24_SCALE;
        for (sample, expected) in [
            (0.0, (0, false)),
            (0.6 * step, (1, false)),
            (-0.4 * step, (0, false)),
            (-1.0, (-8_388_608, false)),
            (1.0 - step, (8_388_607, false)),
            (1.0, (8_388_607, true)),
            (3.5, (8_388_607, true)),
            (-1.5, (-8_388_608, true)),
        ] {
            assert_eq!(to_int24(sample), expected, "{sample}");
        }
    }
}
