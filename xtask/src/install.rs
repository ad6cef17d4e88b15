//! `cargo xtask install`: from source to a plug-in that has been heard.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::{bundle, demo, packages, workspace};

#[derive(Args)]
pub struct InstallArgs {
    /// Folder for the CLAP [default: the user's CLAP folder]
    #[arg(long, value_name = "DIR")]
    pub clap_dir: Option<PathBuf>,
    /// Folder for the VST3 [default: the user's VST3 folder]
    #[arg(long, value_name = "DIR")]
    pub vst3_dir: Option<PathBuf>,
    /// Folder for what was played [default: unbraid-demo beside Cargo.toml]
    #[arg(long, value_name = "DIR")]
    pub demo_dir: Option<PathBuf>,
    /// Only install, don't play.
    #[arg(long)]
    pub no_demo: bool,
}

/// The bundles where they were installed.
pub struct Installed {
    pub clap: PathBuf,
    pub vst3: PathBuf,
}

pub fn run(args: &InstallArgs) -> Result<()> {
    packages::warn_about_editor_libraries();
    let installed = install(args)?;
    println!("installed {}", installed.clap.display());
    println!("installed {}", installed.vst3.display());
    if !args.no_demo {
        let default = workspace::root().join("unbraid-demo");
        demo::play(
            &installed.clap,
            args.demo_dir.as_deref().unwrap_or(&default),
        )?;
    }
    Ok(())
}

/// Builds the release bundles and puts them in place.
pub fn install(args: &InstallArgs) -> Result<Installed> {
    let folder = |given: &Option<PathBuf>, format| match given {
        Some(folder) => std::path::absolute(folder).context("the folder has no absolute path"),
        None => user_folder(format),
    };
    let clap_dir = folder(&args.clap_dir, Format::Clap)?;
    let vst3_dir = folder(&args.vst3_dir, Format::Vst3)?;
    let bundles = bundle::release()?;
    Ok(Installed {
        clap: put_in_place(&bundles.clap, &clap_dir)?,
        vst3: put_in_place(&bundles.vst3, &vst3_dir)?,
    })
}

#[derive(Clone, Copy)]
enum Format {
    Clap,
    Vst3,
}

/// Where hosts look for this user's plug-ins.
fn user_folder(format: Format) -> Result<PathBuf> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .with_context(|| format!("${name} is not set; give --clap-dir and --vst3-dir"))
    };
    if cfg!(target_os = "windows") {
        let common = variable("LOCALAPPDATA")?.join("Programs").join("Common");
        Ok(common.join(match format {
            Format::Clap => "CLAP",
            Format::Vst3 => "VST3",
        }))
    } else if cfg!(target_os = "macos") {
        Ok(variable("HOME")?
            .join("Library/Audio/Plug-Ins")
            .join(match format {
                Format::Clap => "CLAP",
                Format::Vst3 => "VST3",
            }))
    } else {
        Ok(variable("HOME")?.join(match format {
            Format::Clap => ".clap",
            Format::Vst3 => ".vst3",
        }))
    }
}

/// Copies a bundle (a file or a folder) into a folder and returns where it is.
///
/// The copy is made under another name in the same folder and then renamed, so a host that scans
/// meanwhile, or a run that is cut off, never sees half a bundle.
fn put_in_place(bundle: &Path, folder: &Path) -> Result<PathBuf> {
    let name = bundle
        .file_name()
        .expect("a bundle's path ends in its name");
    let place = folder.join(name);
    let beside = |suffix: &str| {
        folder.join(format!(
            ".{}.{suffix}-{}",
            name.to_string_lossy(),
            std::process::id()
        ))
    };
    let (new, old) = (beside("new"), beside("old"));

    fs::create_dir_all(folder)
        .with_context(|| format!("the folder {} can't be made", folder.display()))?;
    let result = copy_tree(bundle, &new).and_then(|()| {
        if place.symlink_metadata().is_err() {
            return fs::rename(&new, &place);
        }
        fs::rename(&place, &old)?;
        fs::rename(&new, &place).inspect_err(|_| {
            // The old bundle is better than none; if it can't go back either, the first error tells.
            fs::rename(&old, &place).ok();
        })
    });
    for left_over in [&new, &old] {
        remove_tree(left_over);
    }
    result.with_context(|| format!("{} can't be written", place.display()))?;
    Ok(place)
}

fn copy_tree(from: &Path, to: &Path) -> std::io::Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to).map(|_| ());
    }
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy_tree(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Removes a file or folder that may not exist. A left-over is hidden and harmless, so a failure
/// (an old library that Windows still holds open) is no error.
fn remove_tree(path: &Path) {
    let is_folder = path
        .symlink_metadata()
        .is_ok_and(|metadata| metadata.is_dir());
    let _ = if is_folder {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty folder of this test's own.
    fn empty_folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("unbraid-{name}-{}", std::process::id()));
        remove_tree(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_bundle_replaces_the_older_one_completely() {
        let folder = empty_folder("replace");
        let (from, to) = (folder.join("bundled"), folder.join("installed"));
        let library = Path::new("X.vst3/Contents/x86_64-linux/X.so");
        fs::create_dir_all(from.join(library).parent().unwrap()).unwrap();
        fs::write(from.join(library), "new").unwrap();
        fs::create_dir_all(to.join("X.vst3/Contents/old")).unwrap();

        let place = put_in_place(&from.join("X.vst3"), &to).unwrap();

        assert_eq!(place, to.join("X.vst3"));
        assert_eq!(fs::read_to_string(to.join(library)).unwrap(), "new");
        assert_eq!(names(&to.join("X.vst3/Contents")), ["x86_64-linux"]);
        assert_eq!(
            names(&to),
            ["X.vst3"],
            "something was left beside the bundle"
        );
        remove_tree(&folder);
    }

    #[test]
    fn a_failed_copy_leaves_the_older_bundle_alone() {
        let folder = empty_folder("failure");
        fs::write(folder.join("X.clap"), "old").unwrap();

        let error = put_in_place(Path::new("/does/not/exist/X.clap"), &folder).unwrap_err();

        assert!(
            format!("{error:#}").contains("X.clap can't be written"),
            "{error:#}"
        );
        assert_eq!(fs::read_to_string(folder.join("X.clap")).unwrap(), "old");
        assert_eq!(names(&folder), ["X.clap"]);
        remove_tree(&folder);
    }
}
