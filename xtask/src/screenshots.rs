//! `cargo xtask screenshots`: pictures of the editor for the README, of the program that plays the
//! demo song on a virtual screen.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use unbraid::demo_song;
use unbraid::separators::SeparatorKind;
use unbraid::whole_file;
use xtask::screen::{Picture, Screen};

use crate::demo::{RATE_HZ, write_wav};
use crate::packages::{EDITOR, VIRTUAL_SCREEN, require};
use crate::virtual_screen::VirtualScreen;
use crate::{palette, standalone, workspace};

#[derive(Args)]
pub struct ScreenshotsArgs {
    /// Folder for the pictures, editor-MODE-THEME-SCALE.png [default: .github beside Cargo.toml]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// The editor's sets of colours, as the program calls them.
const THEMES: [&str; 2] = ["dark", "light"];

/// Physical pixels of a logical one.
const SCALES: [u32; 2] = [1, 2];

/// Larger than the largest window: no program is cut, and the pointer finds a place beside it.
const SCREEN: (u32, u32) = (2400, 1600);

/// How long the song plays before the picture: until the editor's own picture of the stems is full.
const LISTEN: Duration = Duration::from_secs(11);

/// Samples of a block: so many that a machine that also draws by software is not overloaded.
const PERIOD_SAMPLES: &str = "2048";

/// How long the window may take to open.
const OPENING: Duration = Duration::from_secs(20);

/// Fewer colours than any editor draws: the picture of a window that is still empty.
const FEWEST_COLOURS: usize = 40;

pub fn run(args: &ScreenshotsArgs) -> Result<()> {
    ensure!(
        cfg!(target_os = "linux"),
        "screenshots need Linux: the window opens on Xvfb, X's virtual screen"
    );
    require(&EDITOR)?;
    require(&VIRTUAL_SCREEN)?;
    let program = standalone::build()?;
    let default = workspace::root().join(".github");
    let folder = args.dir.as_deref().unwrap_or(&default);
    let scratch = workspace::target_dir()?.join("screenshots");
    for folder in [folder, &scratch] {
        fs::create_dir_all(folder)
            .with_context(|| format!("the folder {} can't be made", folder.display()))?;
    }
    let song = scratch.join("demo.wav");
    let mix = demo_song::render(f64::from(RATE_HZ), demo_song::DEFAULT_SEED).mix();
    write_wav(&song, &mix)?;

    for scale in SCALES {
        // What a desktop on a dense screen tells its programs.
        let resources = scratch.join(format!("resources-{scale}x"));
        fs::write(&resources, format!("Xft.dpi: {}\n", 96 * scale))?;
        for theme in THEMES {
            for kind in SeparatorKind::ALL {
                let mut command = Command::new(&program);
                command
                    .arg(&song)
                    .args(["--backend", "dummy", "--period-size", PERIOD_SAMPLES])
                    .args(["--mode", kind.name(), "--theme", theme])
                    .env("XENVIRONMENT", &resources);
                let name = format!("editor-{}-{theme}-{scale}x.png", kind.name());
                let picture = take(command).with_context(|| format!("{name} can't be taken"))?;
                let bytes = write(&picture, &folder.join(&name))?;
                println!(
                    "{name}: {}x{}, {bytes} bytes",
                    picture.width, picture.height
                );
            }
        }
    }
    Ok(())
}

/// Runs the program on a screen of its own until it has played for a while; what its window shows.
fn take(mut command: Command) -> Result<Picture> {
    let server = VirtualScreen::start(SCREEN.0, SCREEN.1)?;
    let screen = Screen::connect(Some(&server.display))?;
    // Nothing is to light up under it.
    screen.move_pointer(SCREEN.0 - 1, SCREEN.1 - 1)?;
    let program = command
        .env("DISPLAY", &server.display)
        .env("LIBGL_ALWAYS_SOFTWARE", "1")
        .stdout(Stdio::null())
        .spawn()
        .context("the program can't be started")?;
    let mut program = Running(program);
    let start = Instant::now();
    let window = loop {
        if let Some(window) = screen.largest_window()? {
            break window;
        }
        if let Some(status) = program.0.try_wait()? {
            anyhow::bail!("the program ended: {status}");
        }
        ensure!(start.elapsed() < OPENING, "no window within {OPENING:?}");
        sleep(Duration::from_millis(50));
    };
    sleep(LISTEN);
    let picture = screen.picture(window)?;
    let num_colours = picture.num_colours();
    ensure!(
        num_colours >= FEWEST_COLOURS,
        "the window has {num_colours} colours only"
    );
    Ok(picture)
}

/// Ends the program that it holds.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Writes the picture as a whole or not at all; returns its size in bytes.
fn write(picture: &Picture, path: &Path) -> Result<usize> {
    let mut bytes = Vec::new();
    palette::write_png(picture, &mut bytes)?;
    whole_file::write(path, &bytes)
        .with_context(|| format!("{} can't be written", path.display()))?;
    Ok(bytes.len())
}
