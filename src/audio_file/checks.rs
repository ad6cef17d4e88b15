//! What every way of reading a file has in common: opening it and refusing what it must not hold.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

use super::AudioFileError;
use crate::stem::NUM_CHANNELS;

pub fn open(path: &Path) -> Result<File, AudioFileError> {
    let metadata = fs::metadata(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => AudioFileError::Missing {
            path: path.to_owned(),
        },
        _ => unreadable(path, error),
    })?;
    if metadata.is_dir() {
        return Err(AudioFileError::Folder {
            path: path.to_owned(),
        });
    }
    if metadata.is_file() && metadata.len() == 0 {
        return Err(AudioFileError::Empty {
            path: path.to_owned(),
        });
    }
    File::open(path).map_err(|error| unreadable(path, error))
}

/// One or two channels as two.
pub fn both_channels(mut channels: Vec<Vec<f32>>) -> [Vec<f32>; NUM_CHANNELS] {
    let right = channels.pop().expect("there are 1 or 2 channels");
    let left = channels.pop().unwrap_or_else(|| right.clone());
    [left, right]
}

pub fn check_num_channels(path: &Path, found: usize) -> Result<(), AudioFileError> {
    if (1..=2).contains(&found) {
        return Ok(());
    }
    Err(AudioFileError::NumChannels {
        path: path.to_owned(),
        found,
    })
}

/// Refuses samples that are not finite; the channels begin at sample `start` of the file.
pub fn check_finite(
    path: &Path,
    channels: &[Vec<f32>],
    start: usize,
) -> Result<(), AudioFileError> {
    let first = channels
        .iter()
        .enumerate()
        .filter_map(|(index, channel)| {
            let position = channel.iter().position(|sample| !sample.is_finite())?;
            Some((position, index))
        })
        .min();
    let Some((position, channel)) = first else {
        return Ok(());
    };
    Err(AudioFileError::NonFinite {
        path: path.to_owned(),
        channel,
        position_samples: start + position,
        count: channels
            .iter()
            .flatten()
            .filter(|sample| !sample.is_finite())
            .count(),
    })
}

pub fn unreadable(path: &Path, source: io::Error) -> AudioFileError {
    AudioFileError::Unreadable {
        path: path.to_owned(),
        source,
    }
}

pub fn cut_off(path: &Path, expected: &str, found: &str) -> AudioFileError {
    AudioFileError::Truncated {
        path: path.to_owned(),
        expected: expected.to_owned(),
        found: found.to_owned(),
    }
}

pub fn damaged(path: &Path, position_s: Option<f64>, reason: &str) -> AudioFileError {
    AudioFileError::Damaged {
        path: path.to_owned(),
        position_s,
        reason: reason.to_owned(),
    }
}
