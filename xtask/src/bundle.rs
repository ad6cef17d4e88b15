//! Bundles: a CLAP and a VST3 made of the built library. nice-plug-xtask does the work.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::{standalone, workspace};

#[derive(Args)]
pub struct BundleArgs {
    /// A package, then options for cargo build, such as --release.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    args: Vec<String>,
}

/// Passes `cargo xtask bundle …` on as it is.
pub fn run(command: &str, args: BundleArgs) -> Result<()> {
    std::env::set_current_dir(workspace::root())?;
    nice_plug_xtask::main_with_args(
        "cargo xtask",
        std::iter::once(command.to_owned()).chain(args.args),
    )
}

/// The bundles of a release build.
pub struct Bundles {
    pub clap: PathBuf,
    pub vst3: PathBuf,
}

/// Builds the release bundles.
pub fn release() -> Result<Bundles> {
    let root = workspace::root();
    std::env::set_current_dir(root)
        .with_context(|| format!("{} can't be entered", root.display()))?;
    let target_dir = workspace::target_dir()?;
    let args = ["--release".to_owned()];
    // The bundler would take along the program that `try` has built, however old.
    let program = standalone::release_program()?;
    if program.exists() {
        fs::remove_file(&program)?;
    }
    nice_plug_xtask::build(&["unbraid".to_owned()], &args)?;
    nice_plug_xtask::bundle(&target_dir, "unbraid", &args, false)?;

    let bundled = target_dir.join("bundled");
    let bundles = Bundles {
        clap: bundled.join("Unbraid.clap"),
        vst3: bundled.join("Unbraid.vst3"),
    };
    for bundle in [&bundles.clap, &bundles.vst3] {
        ensure!(
            bundle.exists(),
            "{} was not made by the bundler",
            bundle.display()
        );
    }
    Ok(bundles)
}
