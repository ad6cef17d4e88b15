//! Plays the demo song through the installed plug-in, as it is when it is new, and writes down what
//! is heard.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use unbraid::demo_song;
use unbraid::score::si_sdr_db;
use unbraid::stem::Stem;
use xtask::clap_host::{Blocks, ClapHost, ClapLibrary, Render};
use xtask::score::{Null, null};

/// The rate at which most music is mastered.
pub const RATE_HZ: u32 = 44_100;

/// A usual block length of a host.
const BLOCK_SAMPLES: usize = 512;

/// Plays the song at unity, with the drums soloed and through the multi-output class; writes the
/// input, its true stems, the outputs and the separated stems as WAV files, scores the stems, and fails if unity is not the
/// delayed input.
pub fn play(clap: &Path, folder: &Path) -> Result<()> {
    let song = demo_song::render(f64::from(RATE_HZ), demo_song::DEFAULT_SEED);
    let mix = song.mix().to_vec();
    let num_samples = mix[0].len();
    let library = ClapLibrary::load(clap)?;
    fs::create_dir_all(folder)
        .with_context(|| format!("the folder {} can't be made", folder.display()))?;
    write_wav(&folder.join("input.wav"), &mix)?;
    // What it is made of, to compare with: `report` and `evaluate` read such folders.
    let truth_folder = folder.join("true-stems");
    fs::create_dir_all(&truth_folder)
        .with_context(|| format!("the folder {} can't be made", truth_folder.display()))?;
    for (stem, channels) in Stem::ALL.into_iter().zip(&song.stems) {
        write_wav(&truth_folder.join(format!("{}.wav", stem.name())), channels)?;
    }

    let mut host = active(&library, "Unbraid")?;
    let latency = host.latency_samples();
    let padded: Vec<Vec<f32>> = mix
        .iter()
        .map(|channel| {
            channel
                .iter()
                .copied()
                .chain(std::iter::repeat_n(0.0, latency))
                .collect()
        })
        .collect();
    let how = || Render {
        blocks: Blocks::Fixed(BLOCK_SAMPLES),
        ..Render::default()
    };
    let mode = mode_title(&mut host)?;

    let start = Instant::now();
    let unity = host.render(&padded, how())?;
    let seconds = start.elapsed().as_secs_f64();
    let unity_null = null(&padded, unity.main(), latency);
    write_wav(&folder.join("unity.wav"), &aligned(unity.main(), latency))?;
    drop(host);

    let mut host = active(&library, "Unbraid")?;
    host.set_value("Drums Solo", 1.0)?;
    // The parameter is set before the first block, so nothing ramps; reset makes that certain.
    host.reset();
    let drums = aligned(host.render(&padded, how())?.main(), latency);
    write_wav(&folder.join("drums-solo.wav"), &drums)?;
    drop(host);

    let mut host = active(&library, "Unbraid Multi-Out")?;
    let stems = host.render(&padded, how())?;
    let names: Vec<_> = host
        .outputs()
        .iter()
        .map(|port| port.name.to_lowercase())
        .collect();
    let mut scores = Vec::new();
    for stem in Stem::ALL {
        let port = names
            .iter()
            .position(|name| name == stem.name())
            .with_context(|| {
                format!(
                    "the multi-output class has no port for {}: found {names:?}",
                    stem.name()
                )
            })?;
        let separated = aligned(&stems.ports[port], latency);
        write_wav(&folder.join(format!("{}.wav", stem.name())), &separated)?;
        let truth = &song.stems[stem as usize];
        let score = |estimate: &[Vec<f32>]| match estimate {
            [left, right] => si_sdr_db(truth, &[left, right]),
            _ => None,
        };
        let scored = score(&separated).zip(score(&mix));
        scores.push((stem, scored.context("the output is not stereo")?));
    }

    let song_seconds = num_samples as f64 / f64::from(RATE_HZ);
    println!();
    println!(
        "played a song of {song_seconds:.1} s in {mode} at {RATE_HZ} Hz, blocks of {BLOCK_SAMPLES}"
    );
    println!(
        "  latency        {latency} samples, {:.2} ms",
        latency as f64 / f64::from(RATE_HZ) * 1000.0
    );
    match unity_null {
        Null::Exact => println!("  unity          equals the delayed input bit for bit"),
        Null::Depth { db } => println!("  unity          differs from the input by {db:.1} dB"),
    }
    for (stem, (separated_db, mix_db)) in scores {
        println!(
            "  {:<14} SI-SDR {separated_db:.2} dB; in the mix {mix_db:.2} dB",
            stem.name()
        );
    }
    println!("  speed          {:.0}x real time", song_seconds / seconds);
    println!("  listen to      {}", folder.display());
    if unity_null != Null::Exact {
        bail!("the installed plug-in does not pass audio unchanged at unity");
    }
    Ok(())
}

fn active(library: &ClapLibrary, class: &str) -> Result<ClapHost> {
    let mut host = library.instantiate(class)?;
    host.activate(f64::from(RATE_HZ), BLOCK_SAMPLES)?;
    Ok(host)
}

/// What the mode that plays is called.
fn mode_title(host: &mut ClapHost) -> Result<String> {
    let value = host.value("Mode")?;
    host.text_of_value("Mode", value)
}

/// The output with the latency removed.
fn aligned(output: &[Vec<f32>], latency: usize) -> Vec<Vec<f32>> {
    output
        .iter()
        .map(|channel| channel[latency..].to_vec())
        .collect()
}

/// Writes 32-bit floats under another name first, so that a killed run leaves no half file.
pub fn write_wav(path: &Path, channels: &[Vec<f32>]) -> Result<()> {
    let part = path.with_extension("wav.part");
    let spec = hound::WavSpec {
        channels: u16::try_from(channels.len())?,
        sample_rate: RATE_HZ,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let write = || -> Result<()> {
        let mut writer = hound::WavWriter::create(&part, spec)?;
        for index in 0..channels[0].len() {
            for channel in channels {
                writer.write_sample(channel[index])?;
            }
        }
        writer.finalize()?;
        Ok(fs::rename(&part, path)?)
    };
    write().with_context(|| format!("{} can't be written", path.display()))
}
