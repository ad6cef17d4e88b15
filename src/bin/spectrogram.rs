//! `spectrogram`: a song in, a picture of it out.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::Parser;
use unbraid::audio_file;
use unbraid::plot::ColourMap;
use unbraid::report::frequency_axis::{FrequencyAxis, FrequencyScale};
use unbraid::report::spectrogram::{self, MIN_SIZE, View};

/// Draw how loud each frequency of a song is at each time.
///
/// The level is that of a sine wave: 0 dB at full scale. Of a stereo file the channels' mean power
/// is shown.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// The song: WAV, AIFF, FLAC, MP3, Ogg Vorbis or M4A
    file: PathBuf,

    /// Picture to write [default: FILE with the ending .spectrogram.png]
    #[arg(short, long, value_name = "PNG")]
    output: Option<PathBuf>,

    /// How frequencies are spread
    #[arg(short, long, value_enum, default_value = "log")]
    axis: FrequencyScale,

    /// Length of the Hann window: long to tell tones apart, short to tell hits apart
    #[arg(short, long, value_name = "SAMPLES", default_value = "4096")]
    window: usize,

    /// From one window to the next [default: a quarter of the window]
    #[arg(long, value_name = "SAMPLES")]
    hop: Option<usize>,

    /// Lowest frequency [default: 30 on a logarithmic axis, else 0]
    #[arg(long, value_name = "HZ")]
    low: Option<f64>,

    /// Highest frequency [default: half the sample rate]
    #[arg(long, value_name = "HZ")]
    high: Option<f64>,

    /// Levels from the darkest to the brightest colour
    #[arg(long, value_name = "DB", default_value = "80")]
    range: f32,

    /// Level of the brightest colour [default: the song's loudest]
    #[arg(long, value_name = "DB", allow_negative_numbers = true)]
    top: Option<f32>,

    /// Colours from quiet to loud
    #[arg(short, long, value_enum, default_value = "magma")]
    colours: ColourMap,

    /// Width and height of the picture
    #[arg(long, value_name = "PIXELS", num_args = 2, value_names = ["WIDTH", "HEIGHT"], default_values = ["1200", "600"])]
    size: Vec<u32>,
}

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
    let size = (args.size[0], args.size[1]);
    ensure!(
        (MIN_SIZE.0..=16_384).contains(&size.0) && (MIN_SIZE.1..=16_384).contains(&size.1),
        "--size: expected {} x {} to 16384 x 16384 pixels, found {} x {}",
        MIN_SIZE.0,
        MIN_SIZE.1,
        size.0,
        size.1
    );
    ensure!(
        (16..=262_144).contains(&args.window),
        "--window: expected 16 to 262144 samples, found {}",
        args.window
    );
    let hop = args.hop.unwrap_or(args.window / 4);
    ensure!(
        (1..=args.window).contains(&hop),
        "--hop: expected 1 sample to the window's {}, found {hop}",
        args.window
    );
    ensure!(
        args.range.is_finite() && args.range >= 1.0,
        "--range: expected at least 1 dB, found {}",
        args.range
    );
    let top_is_finite = args.top.is_none_or(f32::is_finite);
    ensure!(top_is_finite, "--top: expected a finite level in dB");

    let audio = audio_file::read(&args.file)?;
    let default_low_hz = if args.axis == FrequencyScale::Log {
        30.0
    } else {
        0.0
    };
    let axis = FrequencyAxis {
        scale: args.axis,
        low_hz: args.low.unwrap_or(default_low_hz),
        high_hz: args.high.unwrap_or(audio.rate_hz / 2.0),
    };
    ensure!(
        axis.low_hz >= 0.0
            && (axis.low_hz > 0.0 || args.axis != FrequencyScale::Log)
            && axis.low_hz < axis.high_hz
            && axis.high_hz <= audio.rate_hz / 2.0,
        "{}: expected frequencies that rise from 0 Hz (on a logarithmic axis, from above it) to at \
         most {} Hz, half the sample rate, found {} to {} Hz",
        args.file.display(),
        audio.rate_hz / 2.0,
        axis.low_hz,
        axis.high_hz
    );

    let view = View {
        window_samples: args.window,
        hop_samples: hop,
        axis,
        range_db: args.range,
        top_db: args.top,
        colours: args.colours,
        size,
    };
    let default_path = || args.file.with_extension("spectrogram.png");
    let path = args.output.clone().unwrap_or_else(default_path);
    let name = args.file.file_name().context("a file has a name")?;
    spectrogram::draw(&audio, &name.to_string_lossy(), &view, &path)?;
    println!("{}", path.display());
    Ok(())
}
