//! The editor of the built CLAP in a window, while audio plays. `$UNBRAID_CLAP` names the file, and
//! `$DISPLAY` the screen; `cargo xtask test --hosts` has both.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use unbraid::dice::Dice;
use xtask::clap_host::{ClapHost, ClapLibrary};
use xtask::screen::Screen;

const RATE_HZ: f64 = 48_000.0;
const BLOCK_SAMPLES: usize = 512;

/// How often the editor opens and closes.
const NUM_OPENINGS: usize = 100;

/// How long it stays open: some frames with meters that move.
const OPEN: Duration = Duration::from_millis(100);

/// Text alone, smoothed, has dozens of colours; an empty or black window has a handful.
const DRAWN_COLOURS: usize = 40;

/// Longest median of the times from the host's wish to the first picture.
const MEDIAN_OPENING: Duration = Duration::from_millis(300);

/// A second of noise, loud and soft in turn so that meters move.
fn sound() -> Vec<Vec<f32>> {
    let mut dice = Dice::new(1, 0_u64);
    let channel = (0..RATE_HZ as usize).map(|index| {
        let level = if index / 4800 % 2 == 0 { 0.1 } else { 0.01 };
        level * dice.bell() as f32
    });
    vec![channel.collect(); 2]
}

/// Opens the editor, waits for its first picture and closes it; returns how long the picture took.
fn open_and_close(host: &mut ClapHost, screen: &Screen) -> Result<Duration> {
    let start = Instant::now();
    let (width, height) = host.create_editor()?;
    let window = screen.open_window(width, height)?;
    host.show_editor(window)?;
    while screen.picture(window)?.num_colours() < DRAWN_COLOURS {
        ensure!(
            start.elapsed() < Duration::from_secs(10),
            "the editor draws nothing within 10 s"
        );
        std::thread::sleep(Duration::from_millis(5));
        host.run_callbacks();
    }
    let opening = start.elapsed();
    std::thread::sleep(OPEN);
    host.run_callbacks();
    host.destroy_editor()?;
    screen.close_window(window)?;
    Ok(opening)
}

#[test]
#[ignore = "needs a screen; `cargo xtask test --hosts` has one"]
fn the_editor_opens_and_closes_while_audio_plays() -> Result<()> {
    let path = std::env::var_os("UNBRAID_CLAP").context("$UNBRAID_CLAP is not set")?;
    let library = ClapLibrary::load(&PathBuf::from(path))?;
    let screen = Screen::connect(None)?;
    let mut host = library.instantiate("Unbraid")?;
    host.activate(RATE_HZ, BLOCK_SAMPLES)?;
    let live = host.play(sound(), BLOCK_SAMPLES)?;
    let mut openings = Vec::new();
    for opening in 0..NUM_OPENINGS {
        let time = open_and_close(&mut host, &screen);
        openings.push(time.with_context(|| format!("opening {opening} of {NUM_OPENINGS}"))?);
    }
    let played = host.stop(live)?;
    openings.sort();
    let median = openings[NUM_OPENINGS / 2];
    println!(
        "opened in {median:?} (median), {:?} (longest)",
        openings[NUM_OPENINGS - 1]
    );
    println!("{played:?}");
    assert!(median < MEDIAN_OPENING, "{median:?}");
    assert_eq!(played.num_missed, 0, "{played:?}");
    assert!(played.peak > 0.05 && played.peak < 1.0, "{played:?}");
    Ok(())
}
