//! `cargo xtask test`: all that must hold, in stages. What hosts say of the plug-in, with `--hosts`, is a
//! run of its own: it shares nothing with the rest but the installed plug-in.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use crate::install::{self, InstallArgs};
use crate::stages::Stages;
use crate::{hosts, workspace};

#[derive(Args)]
pub struct TestArgs {
    /// Test the VST3 in hosts that nobody here wrote, the program without a DAW, and the scores beside
    /// museval, instead of the rest; installs what they need (Python, Xvfb).
    #[arg(long)]
    hosts: bool,
}

/// Every set of features that must build without a warning, and cargo's words for it.
const FEATURE_SETS: [(&str, &[&str]); 4] = [
    ("none", &["--no-default-features"]),
    ("plugin", &["--no-default-features", "--features", "plugin"]),
    ("tools", &["--no-default-features", "--features", "tools"]),
    ("train", &["--no-default-features", "--features", "train"]),
];

/// Checked code is release code that still checks its contracts; lints share what it builds for
/// the build machine, so that nothing is compiled twice.
pub const PROFILE: [&str; 2] = ["--profile", "checked"];

pub fn run(args: &TestArgs) -> Result<()> {
    let mut stages = Stages::default();
    let installed = Folders::new(&workspace::target_dir()?.join("xtask-test"));
    let clap = installed.clap.join("Unbraid.clap");
    if args.hosts {
        install(&mut stages, &installed)?;
        hosts::run(&mut stages, &clap, &installed.vst3.join("Unbraid.vst3"))?;
    } else {
        check_code(&mut stages)?;
        install(&mut stages, &installed)?;
        stages.run("the installed CLAP in a host", || {
            workspace::run(
                workspace::cargo(&["test", "--profile", "checked", "--package", "xtask"])
                    .env("UNBRAID_CLAP", clap),
            )
        })?;
    }
    stages.print();
    Ok(())
}

fn check_code(stages: &mut Stages) -> Result<()> {
    stages.run("format", || cargo(&[&["fmt", "--all", "--check"]]))?;
    for (name, features) in FEATURE_SETS {
        stages.run(&format!("lint, features: {name}"), || {
            clippy("unbraid", &["--lib", "--bins"], features)?;
            clippy("unbraid", &["--all-targets"], features)
        })?;
    }
    stages.run("lint, xtask", || clippy("xtask", &["--all-targets"], &[]))?;
    stages.run("tests", || {
        cargo(&[
            &["test", "--package", "unbraid", "--features", "train"],
            &PROFILE,
        ])
    })
}

fn install(stages: &mut Stages, folders: &Folders) -> Result<()> {
    stages.run("install", || install::run(&folders.install_args()))
}

/// Where the tests install to, so that the user's folders stay as they are.
struct Folders {
    clap: PathBuf,
    vst3: PathBuf,
    demo: PathBuf,
}

impl Folders {
    fn new(folder: &Path) -> Self {
        Self {
            clap: folder.join("clap"),
            vst3: folder.join("vst3"),
            demo: folder.join("demo"),
        }
    }

    fn install_args(&self) -> InstallArgs {
        InstallArgs {
            clap_dir: Some(self.clap.clone()),
            vst3_dir: Some(self.vst3.clone()),
            demo_dir: Some(self.demo.clone()),
            no_demo: false,
        }
    }
}

fn cargo(args: &[&[&str]]) -> Result<()> {
    workspace::run(&mut workspace::cargo(&args.concat()))
}

/// Lints targets of a package built with features; a warning is an error.
pub fn clippy(package: &str, targets: &[&str], features: &[&str]) -> Result<()> {
    cargo(&[
        &["clippy", "--quiet", "--package", package],
        targets,
        features,
        &PROFILE,
        &["--", "--deny", "warnings"],
    ])
}
