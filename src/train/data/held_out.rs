//! Songs to validate with.

use std::collections::HashMap;

use super::DataError;
use super::scan::Song;
use super::source::Source;
use crate::stem::{NUM_STEMS, Stems, Stereo};

/// A song that is never learned from.
pub struct HeldOutSong {
    pub(super) song: Song,
    pub(super) rate_hz: f64,
}

impl HeldOutSong {
    pub fn name(&self) -> &str {
        &self.song.name
    }

    /// The whole song as it is, `[stem][channel][sample]`, missing stems silent.
    pub fn load(&self) -> Result<Stems, DataError> {
        // Not through the cache: it would push out what is learned from.
        let mut loaded = HashMap::new();
        let mut stems: [Option<Stereo>; NUM_STEMS] = Default::default();
        for (stem, source) in stems.iter_mut().zip(&self.song.stems) {
            *stem = match source {
                None => None,
                Some(Source::Wav(wav)) => Some(wav.read(0, wav.num_samples())?),
                Some(Source::Whole { origin, part }) => {
                    if !loaded.contains_key(origin) {
                        loaded.insert(origin, origin.load(self.rate_hz)?);
                    }
                    Some(std::mem::take(
                        &mut loaded.get_mut(origin).expect("just loaded")[*part],
                    ))
                }
            };
        }
        let lengths = stems
            .each_ref()
            .map(|stem| stem.as_ref().map(|s| s[0].len()));
        self.song.check_lengths(lengths)?;
        let num_samples = lengths.into_iter().flatten().max().unwrap_or(0);
        Ok(stems
            .map(|stem| stem.unwrap_or_else(|| [vec![0.0; num_samples], vec![0.0; num_samples]])))
    }
}
