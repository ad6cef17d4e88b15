//! The scores of `evaluate` beside those of museval, which the field uses: on the same files they
//! must agree in every frame.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use unbraid::demo_song::{self, DemoSong};
use unbraid::dice::Dice;
use unbraid::nn::shared;
use unbraid::offline::OfflineEngine;
use unbraid::separators::Networks;
use unbraid::stem::{Stem, Stems};

use crate::demo::{RATE_HZ, write_wav};
use crate::workspace;

/// How much of each song is scored: museval takes long.
const SECONDS: usize = 12;

/// Peak of the noise in every channel, as a recording has it. Without, a rendered bass has no treble
/// at all, so that the filters of BSSEval have no one solution, and museval's are made of rounding.
const NOISE: f32 = 1e-3;

/// The songs' seeds, and the whole seconds in which the vocals are silenced: frames of those count
/// for no stem.
const SONGS: [(u64, std::ops::Range<usize>); 2] = [(demo_song::DEFAULT_SEED, 0..0), (22, 5..8)];

/// Renders and separates the songs into `folder`, and scores them with both; `python` has museval,
/// `scripts` the check.
pub fn compare(python: &Path, scripts: &Path, folder: &Path) -> Result<()> {
    let (songs, estimates) = (folder.join("songs"), folder.join("stems"));
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let model = workspace::root().join("models/conv_tasnet_live.safetensors");
    let networks = Networks::from(shared::load(&model)?);
    for (seed, silent_s) in SONGS {
        let song = passage(seed, silent_s);
        let mut engine = OfflineEngine::new(networks.build(song.rate_hz)?, song.rate_hz);
        let separated = engine.stems(&song.mix());
        ensure!(
            !engine.take_fault(),
            "the network gave values that are not finite"
        );
        let name = format!("demo-{seed}");
        write_stems(&songs.join(&name), &song.stems)?;
        write_stems(&estimates.join(&name), &separated)?;
    }
    // The very build that the tests have made.
    let features = [
        "--package",
        "unbraid",
        "--features",
        "train",
        "--profile",
        "checked",
    ];
    let build = [&["build", "--quiet", "--bin", "evaluate"], &features[..]].concat();
    workspace::run(&mut workspace::cargo(&build))?;
    let evaluate = workspace::target_dir()?.join("checked/evaluate");
    workspace::run(
        Command::new(python)
            .arg(scripts.join("museval_check.py"))
            .args([&evaluate, &songs, &estimates]),
    )
}

/// The first seconds of a demo song with a floor of noise, its vocals silent in some of them.
fn passage(seed: u64, silent_s: std::ops::Range<usize>) -> DemoSong {
    let mut song = demo_song::render(f64::from(RATE_HZ), seed);
    let samples = |seconds: usize| seconds * RATE_HZ as usize;
    let mut dice = Dice::new(seed, 0_u64);
    for channel in song.stems.iter_mut().flatten() {
        channel.truncate(samples(SECONDS));
        for sample in channel {
            *sample += NOISE * dice.bell() as f32;
        }
    }
    for channel in &mut song.stems[Stem::Vocals as usize] {
        channel[samples(silent_s.start)..samples(silent_s.end)].fill(0.0);
    }
    song
}

fn write_stems(folder: &Path, stems: &Stems) -> Result<()> {
    fs::create_dir_all(folder)?;
    for stem in Stem::ALL {
        write_wav(
            &folder.join(format!("{}.wav", stem.name())),
            &stems[stem as usize],
        )?;
    }
    Ok(())
}
