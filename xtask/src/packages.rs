//! Which package a missing library or tool is in.
//!
//! Building needs Rust and a C linker only: the editor opens its libraries when its window opens.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::workspace;

/// Something of the system, and the Debian package that has it.
pub struct Requirement {
    pub what: What,
    pub debian_package: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// A shared library, by the name that the loader knows.
    Library(&'static str),
    /// A program on the search path.
    Program(&'static str),
    /// A module of the system's Python.
    PythonModule(&'static str),
    /// What `pkg-config` knows of a library to link against.
    PkgConfig(&'static str),
    /// A file whose path differs between distributions.
    AnyFile(&'static [&'static str]),
}

impl What {
    fn name(self) -> &'static str {
        match self {
            What::Library(name)
            | What::Program(name)
            | What::PythonModule(name)
            | What::PkgConfig(name) => name,
            What::AnyFile(paths) => paths[0],
        }
    }

    fn is_there(self) -> bool {
        match self {
            // SAFETY: these are the system's own libraries, whose initialisers every desktop
            // program runs.
            What::Library(name) => unsafe { libloading::Library::new(name) }.is_ok(),
            What::Program(name) => std::env::var_os("PATH").is_some_and(|path| {
                std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
            }),
            What::PythonModule(name) => Command::new("python3")
                .args(["-c", &format!("import {name}")])
                .output()
                .is_ok_and(|output| output.status.success()),
            What::PkgConfig(name) => Command::new("pkg-config")
                .args(["--exists", name])
                .status()
                .is_ok_and(|status| status.success()),
            What::AnyFile(paths) => paths.iter().any(|path| Path::new(path).exists()),
        }
    }
}

/// What the editor opens at run time on Linux. Every desktop has them.
pub const EDITOR: [Requirement; 6] = [
    Requirement {
        what: What::Library("libX11.so.6"),
        debian_package: "libx11-6",
    },
    Requirement {
        what: What::Library("libX11-xcb.so.1"),
        debian_package: "libx11-xcb1",
    },
    Requirement {
        what: What::Library("libxcb.so.1"),
        debian_package: "libxcb1",
    },
    Requirement {
        what: What::Library("libGL.so.1"),
        debian_package: "libgl1",
    },
    Requirement {
        what: What::Library("libxkbcommon.so.0"),
        debian_package: "libxkbcommon0",
    },
    Requirement {
        what: What::Library("libxkbcommon-x11.so.0"),
        debian_package: "libxkbcommon-x11-0",
    },
];

/// A screen without a graphics card, and the software that draws in its place.
pub const VIRTUAL_SCREEN: [Requirement; 2] = [
    Requirement {
        what: What::Program("Xvfb"),
        debian_package: "xvfb",
    },
    Requirement {
        what: What::AnyFile(&[
            "/usr/lib/x86_64-linux-gnu/dri/swrast_dri.so",
            "/usr/lib/aarch64-linux-gnu/dri/swrast_dri.so",
            "/usr/lib64/dri/swrast_dri.so",
        ]),
        debian_package: "libgl1-mesa-dri",
    },
];

/// Says in one line what the editor's window will miss; audio does not need it.
pub fn warn_about_editor_libraries() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let missing: Vec<_> = EDITOR
        .iter()
        .filter(|needed| !needed.what.is_there())
        .collect();
    if !missing.is_empty() {
        eprintln!(
            "note: the editor's window can't open yet; {}",
            advice(&missing)
        );
    }
}

/// Sees to it that everything is there: installs it as root on Debian, else says how.
pub fn require(requirements: &[Requirement]) -> Result<()> {
    let missing: Vec<_> = requirements
        .iter()
        .filter(|needed| !needed.what.is_there())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !(is_root() && What::Program("apt-get").is_there()) {
        bail!("something is missing; {}", advice(&missing));
    }
    let apt = |args: &[&str]| {
        workspace::run(
            Command::new("apt-get")
                .env("DEBIAN_FRONTEND", "noninteractive")
                .args(args),
        )
    };
    let packages: Vec<_> = missing.iter().map(|needed| needed.debian_package).collect();
    apt(&["update", "--quiet"])?;
    apt(&[
        &["install", "--yes", "--quiet", "--no-install-recommends"],
        &packages[..],
    ]
    .concat())?;
    match missing.iter().find(|needed| !needed.what.is_there()) {
        None => Ok(()),
        Some(needed) => bail!(
            "{} is missing although the package {} is installed",
            needed.what.name(),
            needed.debian_package
        ),
    }
}

/// One line: the command on Debian and its relatives, else the names to look for.
fn advice(missing: &[&Requirement]) -> String {
    let mut packages: Vec<_> = missing.iter().map(|needed| needed.debian_package).collect();
    packages.dedup();
    if Path::new("/etc/debian_version").exists() {
        format!("run: sudo apt-get install {}", packages.join(" "))
    } else {
        let names: Vec<_> = missing.iter().map(|needed| needed.what.name()).collect();
        format!("install what provides: {}", names.join(" "))
    }
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_in_one_line() {
        let there = Requirement {
            what: What::Program("sh"),
            debian_package: "dash",
        };
        let missing = Requirement {
            what: What::Program("no-such-tool"),
            debian_package: "nosuch",
        };
        assert!(cfg!(windows) || there.what.is_there());
        assert!(!missing.what.is_there());
        let line = advice(&[&missing]);
        assert!(
            line.contains("nosuch") || line.contains("no-such-tool"),
            "{line}"
        );
        assert!(!line.contains('\n'), "{line}");
    }
}
