//! `cargo xtask`: everything that is done to Unbraid, one command each.

mod bundle;
mod check;
mod demo;
mod hosts;
mod install;
mod museval;
mod packages;
mod palette;
mod screenshots;
mod stages;
mod standalone;
mod virtual_screen;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Builds, installs and checks Unbraid.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the plug-in, install it, and hear it play: loads what was installed and writes stems.
    Install(install::InstallArgs),
    /// Build the program and play a song through it, without a DAW: `cargo xtask try song.mp3`.
    Try(standalone::TryArgs),
    /// Take pictures of the editor in every mode, for the README.
    Screenshots(screenshots::ScreenshotsArgs),
    /// Format, lint and test everything, the installed plug-in in a host too.
    Test(check::TestArgs),
    /// Build the bundles only: `cargo xtask bundle unbraid --release` fills target/bundled/.
    Bundle(bundle::BundleArgs),
    /// The same for both of macOS's architectures at once.
    BundleUniversal(bundle::BundleArgs),
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Install(args) => install::run(&args),
        Task::Try(args) => standalone::run(&args),
        Task::Screenshots(args) => screenshots::run(&args),
        Task::Test(args) => check::run(&args),
        Task::Bundle(args) => bundle::run("bundle", args),
        Task::BundleUniversal(args) => bundle::run("bundle-universal", args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
