//! What to learn from, as it is written in a run's settings.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::DataError;
use crate::train::augment::AugmentSpec;

/// Seed of the first demo song that is learned from; held-out ones begin at 1.
pub const FIRST_LEARNED_SEED: u64 = 10_000;

/// What to learn from and what to validate with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataSpec {
    pub sets: Vec<DataSet>,
    /// Number of demo songs to learn from as well, of the seeds from 10000 on.
    pub demo_songs: usize,
    /// How often the demo songs are drawn, beside the sets' weights.
    pub demo_weight: f64,
    pub held_out: HeldOut,
    /// Length of a segment.
    pub segment_s: f64,
    /// Memory for songs that can't be read in parts: decoded files and demo songs, 2 bytes a value.
    /// A demo song takes 21 MB at 44.1 kHz, a minute of a song with four stems 42 MB.
    pub cache_mib: usize,
    pub augment: AugmentSpec,
}

/// A folder to learn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSet {
    pub folder: PathBuf,
    /// How often it is drawn, relative to the other sets.
    pub weight: f64,
}

/// Songs that are never learned from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HeldOut {
    /// Folders of which all songs are held out; those of `FOLDER/test` if there is such a folder.
    pub folders: Vec<PathBuf>,
    /// Songs of the sets whose name contains one of these. Loose stems whose path contains one
    /// are left out as well, since they may be from that song.
    pub names: Vec<String>,
    /// Number of demo songs, of the seeds from 1 on.
    pub demo_songs: usize,
}

impl Default for DataSpec {
    fn default() -> Self {
        Self {
            sets: Vec::new(),
            demo_songs: 0,
            demo_weight: 1.0,
            held_out: HeldOut::default(),
            segment_s: 3.0,
            cache_mib: 1024,
            augment: AugmentSpec::default(),
        }
    }
}

impl DataSpec {
    /// Refuses what makes no sense whatever the files hold.
    pub(super) fn check(&self) -> Result<(), DataError> {
        let refuse = |setting: String, expected: &str| {
            Err(DataError::Setting {
                setting,
                expected: expected.to_owned(),
            })
        };
        let is_weight = |weight: f64| weight.is_finite() && weight > 0.0;
        if self.sets.is_empty() && self.demo_songs == 0 {
            return Err(DataError::Nothing);
        }
        if let Some(set) = self.sets.iter().find(|set| !is_weight(set.weight)) {
            let setting = format!("weight of {}", set.folder.display());
            return refuse(setting, "a number above 0");
        }
        if !is_weight(self.demo_weight) {
            return refuse("demo_weight".to_owned(), "a number above 0");
        }
        if !(0.1..=600.0).contains(&self.segment_s) {
            return refuse("segment_s".to_owned(), "0.1 to 600 seconds");
        }
        if self.held_out.names.iter().any(String::is_empty) {
            return refuse("held_out.names".to_owned(), "names that are not empty");
        }
        if self.held_out.demo_songs as u64 >= FIRST_LEARNED_SEED {
            return refuse("held_out.demo_songs".to_owned(), "fewer than 10000");
        }
        match self.augment.check() {
            Ok(()) => Ok(()),
            Err((setting, expected)) => refuse(format!("augment.{setting}"), expected),
        }
    }
}
