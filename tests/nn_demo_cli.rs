//! The `nn-demo` tool from the outside: each story ends with its picture.
#![cfg(feature = "tools")]

use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

fn nn_demo(folder: &Path, arguments: &str) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_nn-demo"))
        .current_dir(folder)
        .args(arguments.split_whitespace())
        .output()
        .unwrap();
    (
        output.status.code().expect("it was not killed"),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// The size of a picture, and how many colours there are in it.
fn look_at(path: &Path) -> (u32, u32, usize) {
    let file = BufReader::new(File::open(path).expect("it was written"));
    let mut reader = png::Decoder::new(file).read_info().expect("it is a PNG");
    let (width, height) = (reader.info().width, reader.info().height);
    let mut pixels = vec![0; 3 * (width * height) as usize];
    reader.next_frame(&mut pixels).expect("it is whole");
    let mut colours: Vec<_> = pixels.chunks_exact(3).collect();
    colours.sort_unstable();
    colours.dedup();
    (width, height, colours.len())
}

#[test]
fn each_story_tells_how_it_goes_and_ends_with_a_picture() {
    let folder = TempDir::new().unwrap();
    for (story, epochs, size) in [
        ("xor", 20, (1120, 550)),
        ("lines", 2, (1200, 800)),
        ("masks", 2, (1200, 1012)),
    ] {
        let (code, stdout, stderr) = nn_demo(folder.path(), &format!("{story} --epochs {epochs}"));
        assert_eq!(code, 0, "{stderr}");
        let name = format!("nn-demo-{story}.png");
        assert_eq!(stdout, format!("{name}\n"));
        let last = format!("epoch {epochs:>5} of {epochs}: loss ");
        assert!(stderr.contains(&last), "{stderr}");
        let (width, height, num_colours) = look_at(&folder.path().join(name));
        assert_eq!((width, height), size, "{story}");
        // White and ink alone have a few dozen, with their smooth edges.
        assert!(num_colours > 200, "{story}: {num_colours} colours");
    }
}

#[test]
fn a_seed_decides_on_everything() {
    let folder = TempDir::new().unwrap();
    let picture = |arguments: &str| {
        let (code, stdout, stderr) = nn_demo(folder.path(), arguments);
        assert_eq!((code, stdout.as_str()), (0, "a.png\n"), "{stderr}");
        fs::read(folder.path().join("a.png")).unwrap()
    };
    let first = picture("xor --epochs 5 --seed 4 -o a.png");
    assert!(first == picture("xor --epochs 5 --seed 4 -o a.png"));
    assert!(first != picture("xor --epochs 5 --seed 5 -o a.png"));
}

#[test]
fn a_picture_in_no_folder_is_one_sentence() {
    let folder = TempDir::new().unwrap();
    let (code, stdout, stderr) = nn_demo(folder.path(), "xor --epochs 1 -o no/a.png");
    assert_eq!((code, stdout.as_str()), (1, ""));
    let error = stderr.lines().last().expect("an error");
    assert!(
        error.starts_with("error: no/a.png: the picture can't be written"),
        "{error}"
    );
}
