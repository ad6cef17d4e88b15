//! Training data: an endless stream of short multi-track segments, drawn from folders of songs and
//! from demo songs, and whole songs to validate with.
//!
//! What a folder holds is told by its structure; names are matched without regard to case, hidden
//! files are passed over, links are followed:
//! - **Songs of MUSDB18-HQ**: `FOLDER/SONG/{drums,bass,other,vocals}.wav`, or any other audio format. If
//!   there is a folder `train`, songs come from there (`test` for held-out folders) and from nowhere
//!   else. A stem without a file is silent; one file is enough. `mixture.wav` is not read: the mix is the
//!   sum of the stems.
//! - **Songs of MUSDB18**: `FOLDER/SONG.stem.mp4`, five audio tracks: mix, drums, bass, other, vocals.
//! - **Loose stems**: `FOLDER/{drums,bass,other,vocals}/**/ANY.wav`, or any other audio format: performances
//!   without their song. They appear only in remixes.
//!
//! WAV files are read in parts. Everything else is decoded as a whole and kept in a cache: a set of
//! compressed files that exceeds the cache is decoded again and again, so convert it to WAV.

mod cache;
mod error;
mod held_out;
mod prefetch;
mod scan;
mod source;
mod spec;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

pub use error::DataError;
pub use held_out::HeldOutSong;
pub use prefetch::Prefetch;
pub use spec::{DataSet, DataSpec, FIRST_LEARNED_SEED, HeldOut};

use super::augment::{mean_square, varispeed};
use crate::dice::Dice;
use crate::stem::{NUM_STEMS, Stem, Stems, Stereo};
use cache::Cache;
use scan::{Found, Song, scan};
use source::{Origin, Source};

/// All data of a run. Everything that it hands out follows from its settings, its seed and an index.
pub struct Library {
    spec: DataSpec,
    rate_hz: f64,
    seed: u64,
    segment_samples: usize,
    sets: Vec<Set>,
    held_out: Vec<HeldOutSong>,
    cache: Cache,
}

/// What is drawn from with one weight.
struct Set {
    weight: f64,
    /// Whole songs, then songs of a single loose stem.
    songs: Vec<Song>,
    num_whole: usize,
    /// For each stem, which songs have it.
    with_stem: [Vec<usize>; NUM_STEMS],
}

/// Mean square of −60 dBFS: below it a passage counts as silent.
const SILENCE: f64 = 1e-6;

/// How many passages are drawn to find one that sounds.
const MAX_DRAWS: usize = 3;

/// What a segment's dice are for.
enum Purpose {
    Choice,
    Augmentation,
}

impl Library {
    /// Finds all songs, looks at the headers of all files, and splits songs to learn from those to
    /// validate with. `rate_hz` is the rate of training; every file must have it.
    pub fn open(spec: &DataSpec, rate_hz: f64, seed: u64) -> Result<Self, DataError> {
        spec.check()?;
        let mut held_out = Vec::new();
        for folder in &spec.held_out.folders {
            let found = scan(folder, "test", rate_hz)?;
            if found.songs.is_empty() {
                return Err(DataError::OnlyLoose {
                    folder: folder.clone(),
                });
            }
            held_out.extend(found.songs);
        }
        let mut sets = Vec::new();
        for set in &spec.sets {
            let mut found = scan(&set.folder, "train", rate_hz)?;
            let is_held_out = |song: &mut Song| {
                spec.held_out
                    .names
                    .iter()
                    .any(|name| song.name.contains(name))
            };
            held_out.extend(found.songs.extract_if(.., is_held_out));
            found.loose.retain_mut(|song| !is_held_out(song));
            sets.push(Set::new(set.weight, found));
        }
        check_split(&spec.held_out.names, &sets, &held_out)?;

        let demo_songs = |first_seed: u64, count: usize| {
            (first_seed..)
                .take(count)
                .map(Song::demo)
                .collect::<Vec<_>>()
        };
        let demo_set = Found {
            songs: demo_songs(FIRST_LEARNED_SEED, spec.demo_songs),
            loose: Vec::new(),
        };
        sets.push(Set::new(spec.demo_weight, demo_set));
        held_out.extend(demo_songs(1, spec.held_out.demo_songs));
        if sets.iter().all(|set| set.songs.is_empty()) {
            return Err(DataError::Nothing);
        }
        Ok(Self {
            rate_hz,
            seed,
            segment_samples: (spec.segment_s * rate_hz).round() as usize,
            sets,
            held_out: held_out
                .into_iter()
                .map(|song| HeldOutSong { song, rate_hz })
                .collect(),
            cache: Cache::new(spec.cache_mib << 20),
            spec: spec.clone(),
        })
    }

    /// Songs to validate with.
    pub fn held_out(&self) -> &[HeldOutSong] {
        &self.held_out
    }

    /// Samples per channel of every segment.
    pub fn segment_samples(&self) -> usize {
        self.segment_samples
    }

    /// Bytes of decoded songs in memory, at most `cache_mib` between two calls.
    pub fn cache_bytes(&self) -> usize {
        self.cache.num_bytes()
    }

    /// Segment `index` of the endless stream: the same for the same settings, seed, index and
    /// files, in whatever order and from however many threads they are asked for. Finite; may exceed
    /// full scale.
    pub fn segment(&self, index: u64) -> Result<Stems, DataError> {
        let dice = |purpose: Purpose| Dice::new(scramble(self.seed, index), purpose as u64);
        let mut choice = dice(Purpose::Choice);
        let whole = self.draw_set(&mut choice, |set| set.num_whole > 0);
        let mut stems = match whole {
            Some(set) if !choice.chance(self.spec.augment.remix) => {
                let song = &set.songs[choice.below(set.num_whole)];
                self.passage(song, &Stem::ALL, &mut choice)?
            }
            _ => self.remix(&mut choice)?,
        };
        let augment = &self.spec.augment;
        augment.apply(&mut stems, self.rate_hz, &mut dice(Purpose::Augmentation));
        Ok(stems)
    }

    /// Each stem from a song of its own; a stem that no song has is silent.
    fn remix(&self, dice: &mut Dice) -> Result<Stems, DataError> {
        let mut stems = std::array::from_fn(|_| self.silence());
        for stem in Stem::ALL {
            let index = stem as usize;
            if let Some(set) = self.draw_set(dice, |set| !set.with_stem[index].is_empty()) {
                let with_stem = &set.with_stem[index];
                let song = &set.songs[with_stem[dice.below(with_stem.len())]];
                stems[index] = std::mem::take(&mut self.passage(song, &[stem], dice)?[index]);
            }
        }
        Ok(stems)
    }

    /// These stems of a song, from one position and at one speed; the others are silent.
    fn passage(&self, song: &Song, wanted: &[Stem], dice: &mut Dice) -> Result<Stems, DataError> {
        let mut tapes = [const { None }; NUM_STEMS];
        for stem in wanted {
            if let Some(source) = &song.stems[*stem as usize] {
                tapes[*stem as usize] = Some(source.tape(&self.cache, self.rate_hz)?);
            }
        }
        let lengths = tapes
            .each_ref()
            .map(|tape| tape.as_ref().map(|t| t.num_samples()));
        song.check_lengths(lengths)?;
        let song_samples = lengths.into_iter().flatten().max().unwrap_or(0);

        let speed = self.spec.augment.draw_speed(dice);
        let read_samples = varispeed::input_samples(self.segment_samples, speed);
        let mut stems = Stems::default();
        for _ in 0..MAX_DRAWS {
            let start = dice.below(song_samples.saturating_sub(read_samples) + 1);
            for (stem, tape) in stems.iter_mut().zip(&tapes) {
                if let Some(tape) = tape {
                    *stem = tape.read(start, read_samples)?;
                }
            }
            if stems.iter().map(mean_square).sum::<f64>() > SILENCE {
                break;
            }
        }
        Ok(stems.map(|stem| match stem[0].is_empty() {
            true => self.silence(),
            false => varispeed::play(stem, speed, self.segment_samples),
        }))
    }

    fn silence(&self) -> Stereo {
        std::array::from_fn(|_| vec![0.0; self.segment_samples])
    }

    /// One of the sets that fit, by weight.
    fn draw_set(&self, dice: &mut Dice, fits: impl Fn(&Set) -> bool) -> Option<&Set> {
        let fitting = || self.sets.iter().filter(|set| fits(set));
        let mut left = dice.between(0.0, fitting().map(|set| set.weight).sum());
        let drawn = fitting().find(|set| {
            left -= set.weight;
            left < 0.0
        });
        // Rounding may leave a rest after the last one.
        drawn.or(fitting().last())
    }
}

impl Set {
    fn new(weight: f64, found: Found) -> Self {
        let num_whole = found.songs.len();
        let songs: Vec<Song> = found.songs.into_iter().chain(found.loose).collect();
        let with_stem = std::array::from_fn(|stem| {
            let has_stem = |index: &usize| songs[*index].stems[stem].is_some();
            (0..songs.len()).filter(has_stem).collect()
        });
        Self {
            weight,
            songs,
            num_whole,
            with_stem,
        }
    }
}

impl Song {
    fn demo(seed: u64) -> Self {
        let name = format!("demo song {seed}");
        Self {
            path: PathBuf::from(&name),
            name,
            stems: Source::parts(&Origin::Demo(seed)).map(Some),
        }
    }
}

/// Refuses names that hold nothing out, and files that are learned from and held out, by whatever
/// way they were found.
fn check_split(names: &[String], sets: &[Set], held_out: &[Song]) -> Result<(), DataError> {
    let is_found = |name: &&String| held_out.iter().any(|song| song.name.contains(*name));
    if let Some(name) = names.iter().find(|name| !is_found(name)) {
        return Err(DataError::NoSuchSong { name: name.clone() });
    }
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let held_out: HashSet<PathBuf> = held_out.iter().flat_map(Song::files).map(real).collect();
    let mut learned = sets.iter().flat_map(|set| &set.songs).flat_map(Song::files);
    match learned.find(|path| held_out.contains(&real(path))) {
        Some(path) => Err(DataError::InBoth {
            path: path.to_owned(),
        }),
        None => Ok(()),
    }
}

/// One number from two, as if drawn for them: the finaliser of SplitMix64 (Steele et al. 2014).
fn scramble(seed: u64, index: u64) -> u64 {
    let mut bits = seed.wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
