//! Who may import whom, read from the `use` lines of the sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each layer and the layers that it may use.
const LAYERS: [(&str, &[&str]); 17] = [
    ("stem", &[]),
    ("dice", &[]),
    ("whole_file", &[]),
    ("plot", &["whole_file"]),
    ("scratch_nn", &["dice"]),
    ("score", &["stem"]),
    ("dsp", &["stem"]),
    ("nn", &["dsp", "stem"]),
    ("separators", &["nn", "dsp", "stem"]),
    ("engine", &["separators", "nn", "dsp", "stem"]),
    (
        "plugin",
        &["engine", "separators", "nn", "dsp", "stem", "whole_file"],
    ),
    (
        "train",
        &[
            "audio_file",
            "demo_song",
            "dice",
            "engine",
            "offline",
            "plot",
            "score",
            "separators",
            "nn",
            "dsp",
            "stem",
            "whole_file",
        ],
    ),
    ("audio_file", &["dsp", "stem"]),
    (
        "report",
        &[
            "audio_file",
            "dice",
            "engine",
            "eval",
            "offline",
            "plot",
            "score",
            "separators",
            "nn",
            "dsp",
            "stem",
        ],
    ),
    ("demo_song", &["dice", "dsp", "stem"]),
    (
        "eval",
        &[
            "audio_file",
            "dice",
            "engine",
            "offline",
            "score",
            "separators",
            "nn",
            "dsp",
            "stem",
        ],
    ),
    (
        "offline",
        &["audio_file", "engine", "separators", "dsp", "stem"],
    ),
];

/// Crates that belong to a few layers.
const OWNED_CRATES: [(&str, &[&str]); 13] = [
    ("nice_plug", &["plugin"]),
    ("egui", &["plugin"]),
    ("rfd", &["plugin"]),
    ("symphonia", &["audio_file"]),
    ("hound", &["audio_file"]),
    ("candle_core", &["train"]),
    ("plotters", &["plot", "report", "train"]),
    ("png", &["plot", "train"]),
    ("base64", &["report"]),
    ("flacenc", &["report"]),
    ("ndarray", &["scratch_nn"]),
    ("statrs", &["report"]),
    ("assert_no_alloc", &[]),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src is there") {
        let path = entry.expect("src can be read").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The layer of a file under `src`: its first folder, or its own name.
fn layer_of(path: &Path, src: &Path) -> String {
    let inside = path.strip_prefix(src).expect("it lies under src");
    let first = inside.iter().next().expect("a file has a name");
    Path::new(first)
        .file_stem()
        .expect("a file has a name")
        .to_string_lossy()
        .into_owned()
}

/// Modules of this crate that a source names by `crate::`.
fn modules_used(source: &str) -> BTreeSet<String> {
    source
        .split("crate::")
        .skip(1)
        .map(|rest| {
            rest.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect()
        })
        .collect()
}

#[test]
fn imports_follow_the_layers() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&src, &mut paths);
    let mut wrong = Vec::new();
    for path in paths {
        let layer = layer_of(&path, &src);
        // The FFTs are a crate of their own, below everything.
        if ["lib", "bin", "fft"].contains(&layer.as_str()) {
            continue;
        }
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
            wrong.push(format!("{layer} is in no layer"));
            continue;
        };
        let source = fs::read_to_string(&path).expect("a source can be read");
        for module in modules_used(&source) {
            if module != layer && !allowed.contains(&module.as_str()) {
                wrong.push(format!("{} uses {module}", path.display()));
            }
        }
        for (name, owners) in OWNED_CRATES {
            let uses =
                source.contains(&format!("use {name}")) || source.contains(&format!("{name}::"));
            if uses && !owners.contains(&layer.as_str()) {
                wrong.push(format!(
                    "{} uses {name}, which belongs to {owners:?}",
                    path.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_reader_sees_modules() {
    let source = "use crate::dsp::grid;\nuse crate::stem::{A, B};\nlet x = crate::engine::X;";
    let want = ["dsp", "engine", "stem"].map(String::from);
    assert_eq!(modules_used(source), BTreeSet::from(want));
}
