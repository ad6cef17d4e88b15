//! The built VST3 in hosts that nobody here wrote, and its editor in a window. Needs Python and a
//! virtual screen; installs both. And since these are there: the program without a DAW, and the scores
//! of `evaluate` beside museval's.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use crate::packages::{Requirement, VIRTUAL_SCREEN, What, require};
use crate::stages::Stages;
use crate::virtual_screen::VirtualScreen;
use crate::{check, museval, standalone, workspace};

/// What the hosts need of the system, beside a virtual screen.
const REQUIREMENTS: [Requirement; 8] = [
    Requirement {
        what: What::Program("python3"),
        debian_package: "python3",
    },
    Requirement {
        what: What::PythonModule("ensurepip"),
        debian_package: "python3-venv",
    },
    Requirement {
        what: What::Library("libGL.so.1"),
        debian_package: "libgl1",
    },
    Requirement {
        what: What::Library("libX11-xcb.so.1"),
        debian_package: "libx11-xcb1",
    },
    Requirement {
        what: What::Library("libxkbcommon-x11.so.0"),
        debian_package: "libxkbcommon-x11-0",
    },
    // What JUCE, inside both Python hosts, links or opens.
    Requirement {
        what: What::Library("libfreetype.so.6"),
        debian_package: "libfreetype6",
    },
    Requirement {
        what: What::Library("libXcursor.so.1"),
        debian_package: "libxcursor1",
    },
    Requirement {
        what: What::Library("libXrandr.so.2"),
        debian_package: "libxrandr2",
    },
];

/// Runs the stages with the built plug-ins `clap` and `vst3`.
pub fn run(stages: &mut Stages, clap: &Path, vst3: &Path) -> Result<()> {
    ensure!(
        cfg!(target_os = "linux"),
        "--hosts needs Linux: its window opens on Xvfb, X's virtual screen"
    );
    let scripts = workspace::root().join("tests/hosts");
    let python = stages.run("hosts: install what they need", || {
        require(&REQUIREMENTS)?;
        require(&VIRTUAL_SCREEN)?;
        python_environment(&scripts.join("requirements.txt"))
    })?;
    let script = |name: &str| {
        let mut command = Command::new(&python);
        command.arg(scripts.join(name)).arg(vst3);
        command
    };
    stages.run("hosts: VST3 in pedalboard", || {
        workspace::run(&mut script("pedalboard_check.py"))
    })?;
    stages.run("hosts: VST3 in DawDreamer", || {
        workspace::run(&mut script("dawdreamer_check.py"))
    })?;
    stages.run("hosts: editor in pedalboard", || {
        on_virtual_screen(&mut script("editor_check.py"))
    })?;
    stages.run("hosts: editor opens while audio plays", || {
        let test = ["test", "--package", "xtask", "--test", "editor"];
        let words = ["--", "--ignored", "--nocapture"];
        let mut command = workspace::cargo(&[&test[..], &check::PROFILE, &words].concat());
        on_virtual_screen(command.env("UNBRAID_CLAP", clap))
    })?;
    stages.run("the program without a DAW", || {
        standalone::require_libraries()?;
        check::clippy("unbraid", &["--bin", "unbraid"], &standalone::FEATURES)?;
        let test = ["test", "--package", "unbraid", "--bin", "unbraid"];
        let test = [
            &test[..],
            &["--test", "standalone_cli"],
            &standalone::FEATURES,
        ]
        .concat();
        workspace::run(&mut workspace::cargo(
            &[&test[..], &check::PROFILE].concat(),
        ))
    })?;
    stages.run("scores beside museval", || {
        let folder = workspace::target_dir()?.join("museval-check");
        museval::compare(&python, &scripts, &folder)
    })
}

/// Runs a command to its end with a screen that has no graphics card.
fn on_virtual_screen(command: &mut Command) -> Result<()> {
    let screen = VirtualScreen::start(1280, 900)?;
    workspace::run(
        command
            .env("DISPLAY", &screen.display)
            .env("LIBGL_ALWAYS_SOFTWARE", "1"),
    )
}

/// A Python environment below the target folder with the hosts in it; returns its interpreter.
fn python_environment(requirements: &Path) -> Result<PathBuf> {
    let folder = workspace::target_dir()?.join("hosts-venv");
    let python = folder.join("bin/python");
    if !python.exists() {
        workspace::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    workspace::run(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--requirement"])
            .arg(requirements),
    )?;
    Ok(python)
}
