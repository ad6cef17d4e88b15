//! Where a stem's audio comes from, and how any part of it is read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::DataError;
use super::cache::{Cache, Stored};
use crate::audio_file::{self, Audio, WavFile};
use crate::demo_song;
use crate::stem::{NUM_STEMS, Stereo};

/// One stem of one song.
#[derive(Debug)]
pub enum Source {
    /// Read in parts from disk.
    Wav(WavFile),
    /// One part of what is decoded or rendered as a whole.
    Whole { origin: Origin, part: usize },
}

/// What is decoded or rendered as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A file that holds one stem.
    File(PathBuf),
    /// A song of MUSDB18: the mix, then the stems in the order of `Stem`.
    StemMp4(PathBuf),
    /// The demo song of this seed.
    Demo(u64),
}

impl Source {
    /// The stem in a file, after a look at its header.
    pub fn open(path: &Path, rate_hz: f64) -> Result<Self, DataError> {
        if let Some(wav) = WavFile::open(path)? {
            check_rate(path, rate_hz, wav.rate_hz())?;
            return Ok(Self::Wav(wav));
        }
        if let Some(Some(found_hz)) = audio_file::track_rates_hz(path)?.first() {
            check_rate(path, rate_hz, *found_hz)?;
        }
        Ok(Self::Whole {
            origin: Origin::File(path.to_owned()),
            part: 0,
        })
    }

    /// The stems in a `.stem.mp4`, after a look at its header.
    pub fn open_stem_mp4(path: &Path, rate_hz: f64) -> Result<[Self; NUM_STEMS], DataError> {
        let rates_hz = audio_file::track_rates_hz(path)?;
        if rates_hz.len() != 1 + NUM_STEMS {
            return Err(DataError::NumTracks {
                path: path.to_owned(),
                found: rates_hz.len(),
            });
        }
        for found_hz in rates_hz.into_iter().flatten() {
            check_rate(path, rate_hz, found_hz)?;
        }
        Ok(Self::parts(&Origin::StemMp4(path.to_owned())))
    }

    /// The stems of what holds all four.
    pub fn parts(origin: &Origin) -> [Self; NUM_STEMS] {
        std::array::from_fn(|part| Self::Whole {
            origin: origin.clone(),
            part,
        })
    }

    /// The file behind it, if there is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Wav(wav) => Some(wav.path()),
            Self::Whole { origin, .. } => origin.path(),
        }
    }

    /// Makes it ready to be read in parts.
    pub fn tape(&self, cache: &Cache, rate_hz: f64) -> Result<Tape<'_>, DataError> {
        Ok(match self {
            Self::Wav(wav) => Tape::Wav(wav),
            Self::Whole { origin, part } => {
                Tape::Stored(cache.get(origin, || origin.load(rate_hz))?, *part)
            }
        })
    }
}

impl Origin {
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) | Self::StemMp4(path) => Some(path),
            Self::Demo(_) => None,
        }
    }

    /// All of its parts.
    pub fn load(&self, rate_hz: f64) -> Result<Vec<Stereo>, DataError> {
        let songs = match self {
            Self::File(path) => vec![audio_file::read(path)?],
            Self::StemMp4(path) => audio_file::read_tracks(path, 1..1 + NUM_STEMS)?,
            Self::Demo(seed) => return Ok(demo_song::render(rate_hz, *seed).stems.into()),
        };
        let path = self.path().expect("only demo songs come from no file");
        let take = |audio: Audio| {
            check_rate(path, rate_hz, audio.rate_hz)?;
            Ok(audio.channels)
        };
        songs.into_iter().map(take).collect()
    }
}

fn check_rate(path: &Path, expected_hz: f64, found_hz: f64) -> Result<(), DataError> {
    if found_hz == expected_hz {
        return Ok(());
    }
    Err(DataError::Rate {
        path: path.to_owned(),
        expected_hz,
        found_hz,
    })
}

/// A stem that is ready to be read.
pub enum Tape<'a> {
    Wav(&'a WavFile),
    Stored(Arc<Vec<Stored>>, usize),
}

impl Tape<'_> {
    pub fn num_samples(&self) -> usize {
        match self {
            Self::Wav(wav) => wav.num_samples(),
            Self::Stored(parts, part) => parts[*part].num_samples(),
        }
    }

    /// Samples `start..start + length`, as many of them as there are.
    pub fn read(&self, start: usize, length: usize) -> Result<Stereo, DataError> {
        Ok(match self {
            Self::Wav(wav) => wav.read(start, length)?,
            Self::Stored(parts, part) => parts[*part].read(start, length),
        })
    }
}
