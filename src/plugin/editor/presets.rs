//! Presets: those that come with the plug-in, and the user's, a file each.
//!
//! A file is JSON with the settings' plain values, so that people can read it, pass it on and edit
//! it. What a preset leaves out is as in "Unity".

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use directories::ProjectDirs;
use serde::{Deserialize, Serialize};

use super::mix_settings::MixSettings;
use crate::stem::Stem;
use crate::whole_file;

/// The layout of the files.
const VERSION: u32 = 1;

const EXTENSION: &str = "json";

/// Longest name, in characters.
pub const MAX_NAME: usize = 60;

/// A preset that can't be read or saved; one sentence each.
#[derive(Debug, thiserror::Error)]
pub enum PresetError {
    #[error("{}: expected a preset of Unbraid, found {source}", .path.display())]
    Format {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("{}: expected a preset of version {VERSION}, found version {found}", .path.display())]
    Version { path: PathBuf, found: u32 },
    #[error("{}: expected {field} within the control's range, found {found}", .path.display())]
    Range {
        path: PathBuf,
        field: String,
        found: f32,
    },
    #[error("{}: {source}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("the name of a preset needs a letter or a digit, found {found:?}")]
    Name { found: String },
    #[error("the system has no folder for a user's presets")]
    NoFolder,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PresetFile {
    unbraid_preset: u32,
    mix: MixSettings,
}

/// The presets that come with the plug-in, in the order of the menu.
pub static BUILT_IN: LazyLock<Vec<(&str, MixSettings)>> = LazyLock::new(|| {
    let with = |change: &dyn Fn(&mut MixSettings)| {
        let mut settings = MixSettings::default();
        change(&mut settings);
        settings
    };
    let mut all = vec![("Unity", MixSettings::default())];
    for (name, stem) in [
        ("Vocals Solo", Stem::Vocals),
        ("Drums Solo", Stem::Drums),
        ("Bass Solo", Stem::Bass),
        ("Other Solo", Stem::Other),
    ] {
        all.push((name, with(&|mix| mix.stem_mut(stem).solo = true)));
    }
    all.extend([
        ("Karaoke", with(&|mix| mix.vocals.mute = true)),
        (
            "Karaoke with Guide Vocals",
            with(&|mix| mix.vocals.gain_db = -15.0),
        ),
        ("Drumless", with(&|mix| mix.drums.mute = true)),
        ("Bassless", with(&|mix| mix.bass.mute = true)),
        (
            "Drums and Bass",
            with(&|mix| {
                mix.drums.solo = true;
                mix.bass.solo = true;
            }),
        ),
        ("Vocals Up", with(&|mix| mix.vocals.gain_db = 3.0)),
        ("Drums Up", with(&|mix| mix.drums.gain_db = 3.0)),
        ("Bass Boost", with(&|mix| mix.bass.gain_db = 4.0)),
        (
            "Practice: Drums Down",
            with(&|mix| mix.drums.gain_db = -12.0),
        ),
    ]);
    all
});

/// Where the user's presets lie.
///
/// # Errors
/// The system names no home folder.
pub fn folder() -> Result<PathBuf, PresetError> {
    let folders = ProjectDirs::from("", "", "Unbraid").ok_or(PresetError::NoFolder)?;
    Ok(folders.data_dir().join("presets"))
}

/// Names of the presets in a folder, in alphabetical order; none if there is no folder.
pub fn list(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|ext| ext == EXTENSION))
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    names.sort_by_key(|name| name.to_lowercase());
    names
}

/// Reads a preset.
///
/// # Errors
/// It can't be read, is no preset or one of another version, or holds a value that no control can
/// take.
pub fn load(folder: &Path, name: &str) -> Result<MixSettings, PresetError> {
    let path = path_of(folder, name);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(source) => return Err(PresetError::Io { path, source }),
    };
    let file: PresetFile = match serde_json::from_slice(&text) {
        Ok(file) => file,
        Err(source) => return Err(PresetError::Format { path, source }),
    };
    if file.unbraid_preset != VERSION {
        return Err(PresetError::Version {
            path,
            found: file.unbraid_preset,
        });
    }
    match file.mix.out_of_range() {
        Some((field, found)) => Err(PresetError::Range { path, field, found }),
        None => Ok(file.mix),
    }
}

/// Writes a preset, in the place of one with the same name.
///
/// # Errors
/// The name is empty, or the file can't be written; what was there stays.
pub fn save(folder: &Path, name: &str, mix: &MixSettings) -> Result<(), PresetError> {
    let file = PresetFile {
        unbraid_preset: VERSION,
        mix: mix.clone(),
    };
    let name = file_name(name).ok_or_else(|| PresetError::Name {
        found: name.to_owned(),
    })?;
    let path = path_of(folder, &name);
    let text = serde_json::to_string_pretty(&file).expect("it is plain data");
    fs::create_dir_all(folder)
        .and_then(|()| whole_file::write(&path, text.as_bytes()))
        .map_err(|source| PresetError::Io { path, source })
}

/// Takes a preset's file away.
///
/// # Errors
/// It can't be removed.
pub fn delete(folder: &Path, name: &str) -> Result<(), PresetError> {
    let path = path_of(folder, name);
    fs::remove_file(&path).map_err(|source| PresetError::Io { path, source })
}

/// The name that a preset gets on any system: what a file's name can't hold becomes a space.
/// `None` if nothing is left to read.
pub fn file_name(name: &str) -> Option<String> {
    let kept: String = name
        .chars()
        .map(|c| match c {
            '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => ' ',
            c if c.is_control() => ' ',
            c => c,
        })
        .take(MAX_NAME)
        .collect();
    let kept = kept.trim().trim_matches('.').trim();
    kept.chars()
        .any(char::is_alphanumeric)
        .then(|| kept.to_owned())
}

fn path_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.{EXTENSION}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::gain;

    #[test]
    fn a_preset_comes_back_as_it_was_saved() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("not yet there");
        assert!(list(&folder).is_empty());
        let mut mix = MixSettings::default();
        mix.vocals.gain_db = gain::OFF_DB;
        mix.drums.solo = true;
        mix.bass.focus_percent = -40.0;
        save(&folder, "my: mix/2", &mix).expect("it can be saved");
        save(&folder, "Another", &MixSettings::default()).expect("it can be saved");
        assert_eq!(list(&folder), ["Another", "my  mix 2"]);
        assert_eq!(load(&folder, "my  mix 2").expect("it can be read"), mix);
        // Once more, in its own place.
        save(&folder, "Another", &mix).expect("it can be saved");
        assert_eq!(load(&folder, "Another").expect("it can be read"), mix);
        assert_eq!(list(&folder).len(), 2);
        delete(&folder, "Another").expect("it can be removed");
        assert_eq!(list(&folder), ["my  mix 2"]);
        let error = delete(&folder, "Another").expect_err("it is gone");
        assert!(error.to_string().contains("Another.json"), "{error}");
    }

    #[test]
    fn what_is_no_preset_is_refused_in_a_sentence() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        for (text, want) in [
            ("", "expected a preset of Unbraid"),
            ("RIFF", "expected a preset of Unbraid"),
            (r#"{"unbraid_preset":1}"#, "missing field `mix`"),
            (
                r#"{"unbraid_preset":9,"mix":{}}"#,
                "expected a preset of version 1, found version 9",
            ),
            (
                r#"{"unbraid_preset":1,"mix":{"bass":{"gain_db":1000}}}"#,
                "expected bass gain_db within the control's range, found 1000",
            ),
            (
                r#"{"unbraid_preset":1,"mix":{"guitar":{}}}"#,
                "unknown field `guitar`",
            ),
        ] {
            fs::write(folder.join("bad.json"), text).expect("it can be written");
            let error = load(folder, "bad").expect_err(text).to_string();
            assert!(
                error.contains(want) && error.contains("bad.json"),
                "{error}"
            );
        }
        let missing = load(folder, "gone").expect_err("there is none");
        assert!(missing.to_string().contains("gone.json"));
    }

    #[test]
    fn a_name_without_a_letter_or_digit_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["", "  ", "../..", "?:*"] {
            save(folder.path(), name, &MixSettings::default()).expect_err(name);
        }
        assert_eq!(file_name("..hidden").as_deref(), Some("hidden"));
        assert_eq!(file_name(&"x".repeat(500)).map(|name| name.len()), Some(60));
    }

    #[test]
    fn presets_that_come_along_can_all_be_set_and_differ() {
        let all = &BUILT_IN;
        for (name, settings) in all.iter() {
            assert_eq!(settings.out_of_range(), None, "{name}");
        }
        for (n, (name, settings)) in all.iter().enumerate() {
            for (other, others) in &all[..n] {
                assert!(!settings.is_like(others), "{name} is {other}");
            }
        }
    }
}
