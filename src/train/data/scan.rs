//! Finds the songs of a folder by its structure; the rules are in [the module's head](super).

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::DataError;
use super::source::Source;
use crate::audio_file;
use crate::stem::{NUM_STEMS, Stem};

/// A song, or what is known of one.
#[derive(Debug)]
pub struct Song {
    /// Its folder's or file's name; of a loose stem, its path in the set.
    pub name: String,
    /// Its folder or file, for messages.
    pub path: PathBuf,
    /// Indexed by stem; `None` is silence.
    pub stems: [Option<Source>; NUM_STEMS],
}

impl Song {
    /// The files that it is made of.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.stems.iter().flatten().filter_map(Source::path)
    }

    /// Refuses stems of unequal lengths; those of `None` are not known yet.
    pub fn check_lengths(&self, lengths: [Option<usize>; NUM_STEMS]) -> Result<(), DataError> {
        let mut known = Stem::ALL
            .into_iter()
            .filter_map(|stem| Some((stem, lengths[stem as usize]?)));
        let Some((first, first_samples)) = known.next() else {
            return Ok(());
        };
        match known.find(|(_, num_samples)| *num_samples != first_samples) {
            None => Ok(()),
            Some((second, second_samples)) => Err(DataError::UnequalLengths {
                song: self.path.clone(),
                first: first.name(),
                first_samples,
                second: second.name(),
                second_samples,
            }),
        }
    }
}

/// What a folder holds, in the order of its names.
pub struct Found {
    pub songs: Vec<Song>,
    /// Songs of a single stem.
    pub loose: Vec<Song>,
}

/// Looks through `folder`, or `folder/part` if there is such a folder, and at all headers.
pub fn scan(folder: &Path, part: &'static str, rate_hz: f64) -> Result<Found, DataError> {
    let inner = folder.join(part);
    let root = if inner.is_dir() { &inner } else { folder };
    let mut found = Found {
        songs: Vec::new(),
        loose: Vec::new(),
    };
    for path in list(root)? {
        let name = name_of(&path);
        if path.is_dir() {
            match Stem::ALL
                .into_iter()
                .find(|stem| name.eq_ignore_ascii_case(stem.name()))
            {
                Some(stem) => found.loose.extend(loose_stems(root, &path, stem, rate_hz)?),
                None => found.songs.extend(song_in(&path, name, rate_hz)?),
            }
        } else if let Some(name) = name.strip_suffix(".stem.mp4") {
            found.songs.push(Song {
                name: name.to_owned(),
                stems: Source::open_stem_mp4(&path, rate_hz)?.map(Some),
                path,
            });
        }
    }
    if found.songs.is_empty() && found.loose.is_empty() {
        return Err(DataError::NoSongs {
            folder: folder.to_owned(),
            part,
        });
    }
    Ok(found)
}

/// The song whose stems are files of this folder, if there is at least one.
fn song_in(folder: &Path, name: String, rate_hz: f64) -> Result<Option<Song>, DataError> {
    let mut song = Song {
        name,
        path: folder.to_owned(),
        stems: [const { None }; NUM_STEMS],
    };
    for path in list(folder)? {
        let is_audio = audio_file::has_audio_extension(&path) && !path.is_dir();
        let file_stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let stem = Stem::ALL
            .into_iter()
            .find(|stem| file_stem.eq_ignore_ascii_case(stem.name()));
        let Some(stem) = stem.filter(|_| is_audio) else {
            continue;
        };
        let source = Source::open(&path, rate_hz)?;
        let place = &mut song.stems[stem as usize];
        // Of drums.flac beside drums.wav, the one that can be read in parts.
        if place.is_none() || matches!(source, Source::Wav(_)) {
            *place = Some(source);
        }
    }
    song.check_lengths(song.stems.each_ref().map(|source| match source {
        Some(Source::Wav(wav)) => Some(wav.num_samples()),
        _ => None,
    }))?;
    Ok(song.stems.iter().any(Option::is_some).then_some(song))
}

/// A song of one stem for each audio file somewhere in `folder`.
fn loose_stems(
    root: &Path,
    folder: &Path,
    stem: Stem,
    rate_hz: f64,
) -> Result<Vec<Song>, DataError> {
    let mut songs = Vec::new();
    for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
        let entry = entry.map_err(|error| DataError::Folder {
            folder: folder.to_owned(),
            source: error.into(),
        })?;
        let path = entry.into_path();
        if path.is_dir() || audio_file::is_hidden(&path) || !audio_file::has_audio_extension(&path)
        {
            continue;
        }
        let mut song = Song {
            name: path
                .strip_prefix(root)
                .unwrap_or(&path)
                .display()
                .to_string(),
            stems: [const { None }; NUM_STEMS],
            path,
        };
        song.stems[stem as usize] = Some(Source::open(&song.path, rate_hz)?);
        songs.push(song);
    }
    Ok(songs)
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    audio_file::visible_in(folder).map_err(|source| DataError::Folder {
        folder: folder.to_owned(),
        source,
    })
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
