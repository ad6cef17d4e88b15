//! Finds songs with true stems, and reads them and their estimates.
//!
//! A song is a folder with `drums`, `bass`, `other` or `vocals` as audio files, and `mixture` if
//! there is one (MUSDB18-HQ), or a file named `*.stem.mp4` (MUSDB18). Any other audio file is a mix
//! whose stems nobody knows.

use std::ffi::OsStr;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::{EvalError, is_silent};
use crate::audio_file::{Audio, has_audio_extension, read, read_tracks, visible_in};
use crate::separators::check_rate;
use crate::stem::{NUM_STEMS, Stem, Stems, Stereo, mix_of};

/// Where a song's audio is.
#[derive(Clone, Debug, PartialEq)]
pub struct Song {
    /// Its folder's or file's name, without `.stem.mp4`.
    pub name: String,
    pub path: PathBuf,
}

/// A song's mix and true stems, all of one length.
#[derive(Clone, Debug)]
pub struct Truth {
    pub rate_hz: f64,
    pub mix: Stereo,
    pub stems: Stems,
    /// Stems without a file, which are silent.
    pub missing: Vec<Stem>,
    /// Whether the song has no file of the mix, so that nothing is in it but the stems.
    pub mix_is_sum: bool,
    /// Samples of the files, and those of them that count.
    whole_samples: usize,
    range: Range<usize>,
}

/// The part of every song that counts, in seconds from its start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seconds {
    pub start_s: f64,
    pub end_s: f64,
}

impl Seconds {
    pub const ALL: Self = Self {
        start_s: 0.0,
        end_s: f64::INFINITY,
    };
}

/// The songs of `path` by name: itself, if it is one; else those in its folder `split`, if it has
/// one, or in itself.
///
/// # Errors
/// There are none, or a folder can't be searched.
pub fn find(path: &Path, split: &str) -> Result<Vec<Song>, EvalError> {
    if let Some(song) = Song::at(path)? {
        return Ok(vec![song]);
    }
    let inner = path.join(split);
    let mut songs = Vec::new();
    for path in list(if inner.is_dir() { &inner } else { path })? {
        songs.extend(Song::at(&path)?);
    }
    if songs.is_empty() {
        return Err(EvalError::NoSongs {
            path: path.to_owned(),
        });
    }
    Ok(songs)
}

impl Song {
    /// A mix alone.
    pub fn of_mix(path: &Path) -> Self {
        let name = path.file_stem().unwrap_or(path.as_os_str());
        Self {
            name: name.to_string_lossy().into_owned(),
            path: path.to_owned(),
        }
    }

    /// The song that `path` is, if it is one.
    fn at(path: &Path) -> Result<Option<Self>, EvalError> {
        let name = path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy();
        let song = |name: &str| Self {
            name: name.to_owned(),
            path: path.to_owned(),
        };
        if !path.is_dir() {
            return Ok(name.strip_suffix(STEM_MP4).map(song));
        }
        let files = StemFiles::find(path)?;
        Ok(files.stems.iter().any(Option::is_some).then(|| song(&name)))
    }

    /// Reads the part of it that counts.
    ///
    /// # Errors
    /// A file can't be read or does not fit the others, the song ends before its part begins, or
    /// nothing sounds.
    pub fn load(&self, seconds: Seconds) -> Result<Truth, EvalError> {
        let (mix, stems) = if self.path.is_dir() {
            let files = StemFiles::find(&self.path)?;
            let mut fit = Fit::default();
            let mut load = |path: Option<PathBuf>| path.map(|path| fit.read(&path)).transpose();
            let mix = load(files.mixture)?;
            let [drums, bass, other, vocals] = files.stems;
            let stems = [load(drums)?, load(bass)?, load(other)?, load(vocals)?];
            (mix, stems)
        } else if !is_stem_mp4(&self.path) {
            (Some(read(&self.path)?), [const { None }; NUM_STEMS])
        } else {
            let tracks = read_tracks(&self.path, 0..1 + NUM_STEMS + 1)?;
            let found = tracks.len();
            let mut fit = Fit::default();
            let tracks = tracks.into_iter().map(|track| fit.check(&self.path, track));
            let tracks: Vec<Audio> = tracks.collect::<Result<_, _>>()?;
            let tracks: [Audio; 1 + NUM_STEMS] =
                tracks.try_into().map_err(|_| EvalError::NumTracks {
                    path: self.path.clone(),
                    found,
                })?;
            let [mix, stems @ ..] = tracks.map(Some);
            (mix, stems)
        };
        let whole = self.whole(mix, stems)?;
        self.part(whole, seconds)
    }

    fn whole(
        &self,
        mix: Option<Audio>,
        stems: [Option<Audio>; NUM_STEMS],
    ) -> Result<Truth, EvalError> {
        let mut given = stems.iter().flatten().chain(&mix);
        let first = given.next().ok_or_else(|| EvalError::NoSongs {
            path: self.path.clone(),
        })?;
        let (rate_hz, num_samples) = (first.rate_hz, first.num_samples());
        check_rate(rate_hz).map_err(|source| EvalError::Build {
            path: self.path.clone(),
            source,
        })?;
        let missing = Stem::ALL
            .into_iter()
            .filter(|&stem| stems[stem as usize].is_none());
        let missing = missing.collect();
        let silence = || [vec![0.0; num_samples], vec![0.0; num_samples]];
        let stems = stems.map(|stem| stem.map_or_else(silence, |stem| stem.channels));
        let mix_is_sum = mix.is_none();
        let mix = mix.map_or_else(|| mix_of(&stems), |mix| mix.channels);
        Ok(Truth {
            rate_hz,
            mix,
            stems,
            missing,
            mix_is_sum,
            whole_samples: num_samples,
            range: 0..num_samples,
        })
    }

    /// The part of this song's truth that lies between two times, counted from the truth's start.
    ///
    /// # Errors
    /// It ends before its part begins, or nothing sounds in it.
    pub fn part(&self, truth: Truth, seconds: Seconds) -> Result<Truth, EvalError> {
        let num_samples = truth.range.len();
        let sample = |time_s: f64| ((time_s * truth.rate_hz).round() as usize).min(num_samples);
        let range = sample(seconds.start_s)..sample(seconds.end_s);
        if range.is_empty() {
            return Err(EvalError::TooShort {
                path: self.path.clone(),
                start_s: seconds.start_s,
                found_s: num_samples as f64 / truth.rate_hz,
            });
        }
        let part = Truth {
            mix: cut(truth.mix, &range),
            stems: truth.stems.map(|stem| cut(stem, &range)),
            range: truth.range.start + range.start..truth.range.start + range.end,
            ..truth
        };
        let sounds = |signal: &Stereo| !is_silent(signal.each_ref().map(Vec::as_slice));
        let has_stems = part.missing.len() < NUM_STEMS;
        if !sounds(&part.mix) || has_stems && !part.stems.iter().any(sounds) {
            return Err(EvalError::Silent {
                path: self.path.clone(),
            });
        }
        Ok(part)
    }
}

impl Truth {
    /// Where it lies in the song's files.
    pub fn seconds(&self) -> Seconds {
        Seconds {
            start_s: self.range.start as f64 / self.rate_hz,
            end_s: self.range.end as f64 / self.rate_hz,
        }
    }

    /// How long the song's files are.
    pub fn whole_s(&self) -> f64 {
        self.whole_samples as f64 / self.rate_hz
    }

    /// Reads the estimates of this song from a folder with a file for each stem; `None` for a stem
    /// without a file.
    ///
    /// # Errors
    /// There are none, or one can't be read or is of another rate or length than the song.
    pub fn load_estimates(
        &self,
        song: &Song,
        folder: &Path,
    ) -> Result<[Option<Stereo>; NUM_STEMS], EvalError> {
        let files = StemFiles::find(folder)?;
        if files.stems.iter().all(Option::is_none) {
            return Err(EvalError::NoEstimates {
                path: folder.to_owned(),
                song: song.name.clone(),
            });
        }
        let mut fit = Fit(Some((self.rate_hz, self.whole_samples)));
        let mut estimates = [const { None }; NUM_STEMS];
        for (estimate, path) in estimates.iter_mut().zip(files.stems) {
            if let Some(path) = path {
                *estimate = Some(cut(fit.read(&path)?.channels, &self.range));
            }
        }
        Ok(estimates)
    }
}

/// The rate and length that all files of a song must have: those of the first.
#[derive(Default)]
struct Fit(Option<(f64, usize)>);

impl Fit {
    fn read(&mut self, path: &Path) -> Result<Audio, EvalError> {
        self.check(path, read(path)?)
    }

    fn check(&mut self, path: &Path, audio: Audio) -> Result<Audio, EvalError> {
        let (rate_hz, num_samples) = *self.0.get_or_insert((audio.rate_hz, audio.num_samples()));
        if audio.rate_hz != rate_hz {
            return Err(EvalError::Rate {
                path: path.to_owned(),
                expected_hz: rate_hz,
                found_hz: audio.rate_hz,
            });
        }
        if audio.num_samples() != num_samples {
            return Err(EvalError::Length {
                path: path.to_owned(),
                expected: num_samples,
                found: audio.num_samples(),
            });
        }
        Ok(audio)
    }
}

/// The files of a folder that are named like stems, in whatever case; the first of several.
#[derive(Default)]
struct StemFiles {
    stems: [Option<PathBuf>; NUM_STEMS],
    mixture: Option<PathBuf>,
}

impl StemFiles {
    fn find(folder: &Path) -> Result<Self, EvalError> {
        let mut files = Self::default();
        for path in list(folder)? {
            let name = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
            let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
            let place = if is("mixture") {
                &mut files.mixture
            } else if let Some(stem) = Stem::ALL.into_iter().find(|stem| is(stem.name())) {
                &mut files.stems[stem as usize]
            } else {
                continue;
            };
            if has_audio_extension(&path) && !path.is_dir() && place.is_none() {
                *place = Some(path);
            }
        }
        Ok(files)
    }
}

/// How files of MUSDB18 are called.
const STEM_MP4: &str = ".stem.mp4";

fn is_stem_mp4(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(STEM_MP4)
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, EvalError> {
    visible_in(folder).map_err(|source| EvalError::Folder {
        path: folder.to_owned(),
        source,
    })
}

fn cut(channels: Stereo, range: &Range<usize>) -> Stereo {
    channels.map(|mut channel| {
        channel.truncate(range.end);
        channel.drain(..range.start);
        channel
    })
}
