//! Files that are written as a whole or not at all: a reader, or the next start after a kill, finds
//! the old one or the new one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes beside `path`, then takes its place.
///
/// # Errors
/// Of the file system; what was at `path` stays.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = PathBuf::from(unfinished);
    let written = File::create(&unfinished).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    });
    if written.is_err() {
        // What could not be finished helps nobody, and may never have been created.
        let _ = fs::remove_file(&unfinished);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_new_takes_the_place_of_the_old_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        for content in ["old and long", "new"] {
            write(&path, content.as_bytes()).expect("it can be written");
            assert_eq!(fs::read_to_string(&path).expect("it is there"), content);
        }
        let blocked = folder.path().join("folder");
        fs::create_dir_all(blocked.join("full")).expect("a folder");
        write(&blocked, b"x").expect_err("a folder is in its place");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
    }
}
