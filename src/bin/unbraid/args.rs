//! The command line.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::{Parser, ValueEnum};
use unbraid::plugin::look::Theme;
use unbraid::plugin::params::EditorSize;
use unbraid::separators::SeparatorKind;

const EXAMPLES: &str = "\
Examples:
  unbraid song.mp3
      plays the song in a loop; press S on a stem to hear it alone
  unbraid song.flac --mode hpss-mix --size 1230x870 --theme light
      the same without a network, in a larger window with light colours
  unbraid --backend jack --connect-jack-inputs system:capture_1,system:capture_2
      separates what JACK brings
  unbraid song.mp3 --backend dummy
      opens the editor where there is no sound card";

/// Play a song through the plug-in, without a DAW.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Args {
    /// Song to play in a loop: WAV, AIFF, FLAC, MP3, Ogg Vorbis or M4A [default: none, the sound
    /// comes from the backend's input]
    #[arg(value_name = "SONG")]
    pub song: Option<PathBuf>,

    /// How to separate at first [default: that of a new plug-in]
    #[arg(short, long, value_name = "MODE", value_enum)]
    pub mode: Option<SeparatorKind>,

    /// The window's size in logical pixels
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = parse_size)]
    pub size: Option<EditorSize>,

    /// The editor's colours at first [default: dark]
    #[arg(long, value_enum)]
    pub theme: Option<ThemeChoice>,

    /// Where the sound goes, and its clock
    #[arg(short, long, value_enum, default_value = "auto")]
    pub backend: BackendChoice,

    /// Samples per second [default: the song's, if the sound card has it, else 48000; JACK has its
    /// own]
    #[arg(short = 'r', long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(1_000..=768_000))]
    pub sample_rate: Option<u32>,

    /// Samples per block [default: 512; JACK has its own]
    #[arg(short, long, value_name = "SAMPLES", value_parser = clap::value_parser!(u32).range(1..=8_192))]
    pub period_size: Option<u32>,

    /// Sound card to play on; a wrong name lists all
    #[arg(long, value_name = "NAME")]
    pub output_device: Option<String>,

    /// Sound card to record from, where no song plays; a wrong name lists all [default: none, so
    /// that no speaker feeds its own microphone]
    #[arg(long, value_name = "NAME", conflicts_with = "song")]
    pub input_device: Option<String>,

    /// JACK ports to listen to, where no song plays
    #[arg(long, value_name = "PORT,…", conflicts_with = "song")]
    pub connect_jack_inputs: Option<String>,
}

/// The system's own way to its sound cards.
pub const SOUND_CARD: &str = if cfg!(target_os = "windows") {
    "wasapi"
} else if cfg!(target_os = "macos") {
    "core-audio"
} else {
    "alsa"
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BackendChoice {
    /// JACK if it runs, else a sound card
    Auto,
    /// JACK, as a client with ports of its own
    Jack,
    /// A sound card
    #[value(name = SOUND_CARD)]
    SoundCard,
    /// No sound at all, blocks by the clock
    Dummy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ThemeChoice {
    Dark,
    Light,
}

impl From<ThemeChoice> for Theme {
    fn from(theme: ThemeChoice) -> Self {
        match theme {
            ThemeChoice::Dark => Theme::Dark,
            ThemeChoice::Light => Theme::Light,
        }
    }
}

fn parse_size(text: &str) -> anyhow::Result<EditorSize> {
    let (width, height) = text
        .split_once('x')
        .context("expected two numbers with an x between them")?;
    let side = |text: &str| {
        let side: f32 = text.parse().context("expected a number of pixels")?;
        ensure!(
            side.is_finite() && side > 0.0,
            "expected more than 0 pixels"
        );
        anyhow::Ok(side)
    };
    Ok(EditorSize::new(side(width)?, side(height)?))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn sizes_are_two_numbers() {
        assert_eq!(
            parse_size("800x500").unwrap(),
            EditorSize::new(800.0, 500.0)
        );
        for text in ["800", "800x", "x500", "0x500", "800x-1", "nanx500", "axb"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
