//! `cargo xtask try`: the program that plays a song through the plug-in, without a DAW.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::packages::{Requirement, What, require, warn_about_editor_libraries};
use crate::workspace;

#[derive(Args)]
pub struct TryArgs {
    /// A song, and options of the program: `cargo xtask try --help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

/// What building needs on Linux. `jack-sys` asks for JACK, although it opens its library at run time
/// only.
const REQUIREMENTS: [Requirement; 3] = [
    Requirement {
        what: What::Program("pkg-config"),
        debian_package: "pkg-config",
    },
    Requirement {
        what: What::PkgConfig("alsa"),
        debian_package: "libasound2-dev",
    },
    Requirement {
        what: What::PkgConfig("jack"),
        debian_package: "libjack-jackd2-dev",
    },
];

/// cargo's words for the program's features.
pub const FEATURES: [&str; 3] = [
    "--no-default-features",
    "--features",
    "standalone,default-models",
];

/// Sees to it that the program can be built.
pub fn require_libraries() -> Result<()> {
    if cfg!(target_os = "linux") {
        require(&REQUIREMENTS)?;
    }
    Ok(())
}

/// Builds the program and runs it until it is closed.
pub fn run(args: &TryArgs) -> Result<()> {
    warn_about_editor_libraries();
    workspace::run(Command::new(build()?).args(&args.args))
}

/// Builds the program for release; returns its path.
pub fn build() -> Result<PathBuf> {
    require_libraries()?;
    let build = ["build", "--quiet", "--release", "--bin", "unbraid"];
    workspace::run(&mut workspace::cargo(&[&build[..], &FEATURES].concat()))?;
    release_program()
}

/// Where cargo puts the program for release.
pub fn release_program() -> Result<PathBuf> {
    let name = format!("unbraid{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace::target_dir()?.join("release").join(name))
}
