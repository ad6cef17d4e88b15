//! Which songs there are, where their stems go, and what speaks against it. Writes nothing.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use unbraid::audio_file::{EXTENSIONS, has_audio_extension};
use walkdir::{DirEntry, WalkDir};

use crate::args::{Args, Settings, Track, parse_shard};

/// One song to do.
#[derive(Debug)]
pub struct Song {
    pub input: PathBuf,
    /// Where its stems go.
    pub folder: PathBuf,
    /// What is to be written; empty when all is there already.
    pub tracks: Vec<Track>,
}

/// This run's songs, in the order of the command line and by name inside folders.
pub fn make(args: &Args, settings: &Settings) -> anyhow::Result<Vec<Song>> {
    let shard = args.shard.as_deref().map(parse_shard).transpose()?;
    let mut songs = find_songs(args)?;
    for song in &mut songs {
        song.tracks.clone_from(&settings.tracks);
    }
    // Against all songs, so that two machines with different shards don't collide either.
    refuse_collisions(&songs)?;
    if let Some((index, count)) = shard {
        let mut position = 0..;
        songs.retain(|_| position.next().is_some_and(|p: usize| p % count == index));
    }
    if args.skip_existing {
        for song in &mut songs {
            let folder = &song.folder;
            song.tracks
                .retain(|track| !folder.join(track.file_name()).exists());
        }
    } else if !args.overwrite {
        refuse_existing(&songs)?;
    }
    Ok(songs)
}

fn find_songs(args: &Args) -> anyhow::Result<Vec<Song>> {
    // Where it does not exist yet it can hold no songs either.
    let output = fs::canonicalize(&args.output).ok();
    let song = |input: PathBuf, name: &Path| Song {
        input,
        folder: args.output.join(name.with_extension("")),
        tracks: Vec::new(),
    };
    let mut songs = Vec::new();
    for input in &args.inputs {
        if !input.is_dir() {
            // Also one that is missing: reading it says so, and the others go on.
            let name = input.file_name().map(Path::new);
            let name = name.with_context(|| format!("{}: expected a file", input.display()))?;
            songs.push(song(input.clone(), name));
            continue;
        }
        ensure!(
            output.is_none() || fs::canonicalize(input).ok() != output,
            "{}: expected an output folder other than the folder of songs",
            args.output.display()
        );
        let before = songs.len();
        let walk = WalkDir::new(input).follow_links(true).sort_by_file_name();
        let is_wanted =
            |entry: &DirEntry| !is_hidden(entry) && !is_output(entry, output.as_deref());
        for entry in walk.into_iter().filter_entry(is_wanted) {
            let path = match entry {
                Ok(entry) if entry.file_type().is_file() => entry.into_path(),
                Ok(_) => continue,
                Err(error) => match dangling_link(&error) {
                    // If it is named like a song, reading it tells what is wrong.
                    Some(path) => path.to_owned(),
                    None => {
                        let context = format!("{}: can't be searched", input.display());
                        return Err(error).context(context);
                    }
                },
            };
            if has_audio_extension(&path) {
                let name = path
                    .strip_prefix(input)
                    .expect("it was found there")
                    .to_owned();
                songs.push(song(path, &name));
            }
        }
        ensure!(
            songs.len() > before,
            "{}: expected songs (files named *.{}), found none",
            input.display(),
            EXTENSIONS.join(", *.")
        );
    }
    Ok(songs)
}

/// The path of a link to nothing, if that is what stopped the search.
fn dangling_link(error: &walkdir::Error) -> Option<&Path> {
    error
        .path()
        .filter(|path| path.is_symlink() && !path.exists())
}

/// Names with a dot in front: files of the system or of a run that was stopped.
fn is_hidden(entry: &DirEntry) -> bool {
    entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// Earlier stems are no songs, where the output folder lies among the songs.
fn is_output(entry: &DirEntry, output: Option<&Path>) -> bool {
    entry.file_type().is_dir()
        && output
            .is_some_and(|output| fs::canonicalize(entry.path()).is_ok_and(|path| path == output))
}

/// Two songs with one output folder, or an output that is an input.
fn refuse_collisions(songs: &[Song]) -> anyhow::Result<()> {
    let mut by_folder: HashMap<PathBuf, &Song> = HashMap::new();
    for song in songs {
        if let Some(other) = by_folder.insert(comparable(&song.folder), song) {
            bail!(
                "{} and {} would both write to {}: separate them into different folders",
                other.input.display(),
                song.input.display(),
                song.folder.display()
            );
        }
    }
    let inputs: HashSet<PathBuf> = songs
        .iter()
        .filter_map(|song| fs::canonicalize(&song.input).ok())
        .collect();
    for output in songs.iter().flat_map(outputs) {
        // What does not exist can't be an input.
        if fs::canonicalize(&output).is_ok_and(|output| inputs.contains(&output)) {
            bail!("{} is an input and would be overwritten", output.display());
        }
    }
    Ok(())
}

/// A form of the path in which names that mean the same file to the system are equal.
fn comparable(path: &Path) -> PathBuf {
    if cfg!(any(windows, target_os = "macos")) {
        path.to_string_lossy().to_lowercase().into()
    } else {
        path.to_owned()
    }
}

fn refuse_existing(songs: &[Song]) -> anyhow::Result<()> {
    let mut existing = songs.iter().flat_map(outputs).filter(|path| path.exists());
    let Some(first) = existing.next() else {
        return Ok(());
    };
    let more = match existing.count() {
        0 => String::new(),
        count => format!(" (and {count} more)"),
    };
    bail!(
        "{} exists{more}: --overwrite replaces it, --skip-existing keeps it",
        first.display()
    );
}

fn outputs(song: &Song) -> impl Iterator<Item = PathBuf> {
    song.tracks
        .iter()
        .map(|track| song.folder.join(track.file_name()))
}
