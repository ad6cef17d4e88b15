//! A WAV file of which any part can be read without the rest.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::AudioFileError;
use super::checks::{both_channels, check_finite, check_num_channels, cut_off, open, unreadable};
use crate::stem::NUM_CHANNELS;

/// What a WAV's header tells. Holds no handle: every read opens the file anew, so a data set may
/// have more files than a process may open.
#[derive(Debug)]
pub struct WavFile {
    path: PathBuf,
    rate_hz: f64,
    num_channels: usize,
    /// Samples per channel.
    num_samples: usize,
    encoding: Encoding,
    data_start_bytes: u64,
}

#[derive(Clone, Copy, Debug)]
enum Encoding {
    Unsigned8,
    Int16,
    Int24,
    Int32,
    Float32,
}

impl WavFile {
    /// Reads the header. `None` for what is no WAV, and for the kinds of WAV that only
    /// [`read`](super::read) knows (compressed, 64-bit, of unknown length).
    pub fn open(path: &Path) -> Result<Option<Self>, AudioFileError> {
        let file = open(path)?;
        let file_bytes = file.metadata().map_err(|e| unreadable(path, e))?.len();
        let Ok(header) = hound::WavReader::new(BufReader::new(file)) else {
            return Ok(None);
        };
        let spec = header.spec();
        let num_values = u64::from(header.len());
        check_num_channels(path, usize::from(spec.channels))?;
        if num_values == 0 {
            return Err(AudioFileError::NoSamples {
                path: path.to_owned(),
            });
        }
        let (data_start_bytes, data_bytes) =
            data_chunk(header.into_inner()).map_err(|e| unreadable(path, e))?;
        // From sizes, because 24 bits may lie in 3 or 4 bytes.
        let value_bytes = data_bytes / num_values;
        let encoding = match (spec.sample_format, spec.bits_per_sample, value_bytes) {
            (hound::SampleFormat::Int, 8, 1) => Encoding::Unsigned8,
            (hound::SampleFormat::Int, 16, 2) => Encoding::Int16,
            (hound::SampleFormat::Int, 24, 3) => Encoding::Int24,
            (hound::SampleFormat::Int, 32, 4) => Encoding::Int32,
            (hound::SampleFormat::Float, 32, 4) => Encoding::Float32,
            _ => return Ok(None),
        };
        if data_start_bytes + data_bytes > file_bytes {
            let found = file_bytes.saturating_sub(data_start_bytes);
            return Err(cut_off(
                path,
                &format!("{data_bytes} bytes of audio"),
                &found.to_string(),
            ));
        }
        Ok(Some(Self {
            path: path.to_owned(),
            rate_hz: f64::from(spec.sample_rate),
            num_channels: usize::from(spec.channels),
            num_samples: (num_values / u64::from(spec.channels)) as usize,
            encoding,
            data_start_bytes,
        }))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Samples per second.
    pub fn rate_hz(&self) -> f64 {
        self.rate_hz
    }

    /// Samples per channel, at least 1.
    pub fn num_samples(&self) -> usize {
        self.num_samples
    }

    /// Samples `start..start + length`, `[channel][sample]`; what lies past the end is left out.
    /// Mono is duplicated. Refuses a file that has become shorter and samples that are not finite.
    pub fn read(
        &self,
        start: usize,
        length: usize,
    ) -> Result<[Vec<f32>; NUM_CHANNELS], AudioFileError> {
        let start = start.min(self.num_samples);
        let length = length.min(self.num_samples - start);
        let frame_bytes = self.num_channels * self.encoding.value_bytes();
        let mut bytes = vec![0; length * frame_bytes];
        let mut file = open(&self.path)?;
        file.seek(SeekFrom::Start(
            self.data_start_bytes + (start * frame_bytes) as u64,
        ))
        .and_then(|_| file.read_exact(&mut bytes))
        .map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => cut_off(
                &self.path,
                "the samples of its header",
                "the end of the file",
            ),
            _ => unreadable(&self.path, error),
        })?;
        let channels = self.encoding.decode(&bytes, self.num_channels);
        check_finite(&self.path, &channels, start)?;
        Ok(both_channels(channels))
    }
}

/// Where the audio begins, which is where hound has left the file, and how long it says it is.
fn data_chunk(mut file: BufReader<File>) -> std::io::Result<(u64, u64)> {
    let start = file.stream_position()?;
    file.seek_relative(-4)?;
    let mut size = [0; 4];
    file.read_exact(&mut size)?;
    Ok((start, u64::from(u32::from_le_bytes(size))))
}

impl Encoding {
    fn value_bytes(self) -> usize {
        match self {
            Encoding::Unsigned8 => 1,
            Encoding::Int16 => 2,
            Encoding::Int24 => 3,
            Encoding::Int32 | Encoding::Float32 => 4,
        }
    }

    /// Interleaved bytes as `[channel][sample]`, full scale ±1.
    fn decode(self, bytes: &[u8], num_channels: usize) -> Vec<Vec<f32>> {
        match self {
            Encoding::Unsigned8 => planar(bytes, num_channels, |[byte]| {
                (f32::from(byte) - 128.0) / 128.0
            }),
            Encoding::Int16 => planar(bytes, num_channels, |value| {
                f32::from(i16::from_le_bytes(value)) / 32_768.0
            }),
            // As the upper three bytes of 32 bits, so that the sign is in its place.
            Encoding::Int24 => planar(bytes, num_channels, |[low, middle, high]| {
                i32::from_le_bytes([0, low, middle, high]) as f32 / 2_147_483_648.0
            }),
            Encoding::Int32 => planar(bytes, num_channels, |value| {
                i32::from_le_bytes(value) as f32 / 2_147_483_648.0
            }),
            Encoding::Float32 => planar(bytes, num_channels, f32::from_le_bytes),
        }
    }
}

fn planar<const BYTES: usize>(
    bytes: &[u8],
    num_channels: usize,
    decode: impl Fn([u8; BYTES]) -> f32,
) -> Vec<Vec<f32>> {
    let values = bytes.as_chunks::<BYTES>().0;
    let channel = |index: usize| {
        values
            .get(index..)
            .unwrap_or_default()
            .iter()
            .step_by(num_channels)
    };
    (0..num_channels)
        .map(|index| channel(index).map(|value| decode(*value)).collect())
        .collect()
}
