//! `unbraid`: the plug-in as a program of its own, with a song at its input or whatever the sound
//! card or JACK brings.

mod args;
mod backend;
mod hushed;
mod player;
mod song_loop;
mod window;

use std::process::ExitCode;

use anyhow::ensure;
use clap::Parser;
use nice_plug::prelude::nice_export_standalone_with_args;
use unbraid::audio_file;

use crate::args::Args;
use crate::player::{Launch, Player};
use crate::song_loop::SongLoop;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> anyhow::Result<()> {
    let song = args.song.as_deref().map(audio_file::read).transpose()?;
    let clock = backend::find(args, song.as_ref().map(|song| song.rate_hz))?;
    let song = song
        .map(|song| SongLoop::new(song, f64::from(clock.rate_hz)))
        .transpose()?;
    Launch {
        song,
        mode: args.mode,
        size: args.size,
        theme: args.theme.map(Into::into),
    }
    .prepare();
    ensure!(
        nice_export_standalone_with_args::<Player, _>(clock.arguments(args)),
        "the window can't be opened; the lines above have the cause"
    );
    Ok(())
}
