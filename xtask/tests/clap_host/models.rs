//! Model files: a state names them, they are heard without a restart, and one that can't be played
//! stops nothing.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use unbraid::nn::{ConvTasNetConfig, Precision};
use xtask::clap_host::{ClapHost, Render};

use crate::modes::play_until_restart_request;
use crate::networks::{random_weights, small, small_learned};
use crate::signal::{assert_delayed, assert_same, joined, noise, peak};
use crate::{RATE_HZ, STEREO, activate, library, playing};

/// A model is loaded in a few milliseconds; a busy machine may take much longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Files of this test run, by name.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn network(name: &str, config: &ConvTasNetConfig) -> Result<PathBuf> {
    let path = file(name);
    let bytes = random_weights(config, 3).to_bytes(Precision::F16);
    std::fs::write(&path, bytes)?;
    Ok(path)
}

/// A state in a mode with a model file, and with the bass alone.
fn state(mode: &str, model: Option<&Path>) -> Result<Vec<u8>> {
    let mut host = library()?.instantiate(STEREO)?;
    host.set("Mode", mode)?;
    host.set("Bass Solo", "on")?;
    let text = String::from_utf8(host.save_state()?[8..].to_vec())?;
    let Some(model) = model else {
        return Ok(framed(&text));
    };
    let field = match mode {
        "Conv-TasNet Live" => "live",
        _ => "studio",
    };
    // JSON within JSON: one more level of quotes around quotes.
    let path = model
        .to_str()
        .context("a plain path")?
        .replace('\\', r"\\\\");
    let none = format!(r#"\"{field}\":null"#);
    let chosen = text.replace(&none, &format!(r#"\"{field}\":\"{path}\""#));
    assert_ne!(chosen, text, "{none} was not found in {text}");
    Ok(framed(&chosen))
}

/// With its length before it, as nice-plug writes it.
fn framed(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

/// An instance that starts with this state.
fn fresh(state: &[u8]) -> Result<ClapHost> {
    let mut host = library()?.instantiate(STEREO)?;
    host.load_state(state)?;
    activate(&mut host, RATE_HZ, 4096)?;
    Ok(host)
}

/// The bass that it finds in noise, from the start.
fn bass(host: &mut ClapHost) -> Result<Vec<Vec<f32>>> {
    host.reset();
    Ok(host
        .render(&noise(2, 10_000, 1), Render::default())?
        .main()
        .to_vec())
}

/// Plays until it sounds like `want`: what is loaded comes from another thread.
fn wait_for(host: &mut ClapHost, want: &[Vec<f32>]) -> Result<()> {
    let start = Instant::now();
    while bass(host)? != want {
        assert!(start.elapsed() < PATIENCE, "the model was never heard");
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

#[test]
fn a_model_of_a_state_loaded_while_playing_is_heard_and_cleared_again() -> Result<()> {
    let mode = "Conv-TasNet Live";
    let path = network("live.safetensors", &small())?;
    let (with_file, built_in) = (state(mode, Some(&path))?, state(mode, None)?);
    let (mine, ours) = (
        bass(&mut fresh(&with_file)?)?,
        bass(&mut fresh(&built_in)?)?,
    );
    assert_ne!(mine, ours, "two networks, one sound");

    let mut host = fresh(&built_in)?;
    for (state, want) in [(&with_file, &mine), (&built_in, &ours)] {
        host.load_state(state)?;
        wait_for(&mut host, want)?;
        assert_eq!(&host.save_state()?, state);
    }
    assert!(!host.take_restart_request(), "the latency is the same");
    Ok(())
}

#[test]
fn a_model_of_the_same_latency_comes_without_a_gap() -> Result<()> {
    let mode = "Conv-TasNet Live";
    let path = network("gapless.safetensors", &small())?;
    let mut host = playing(STEREO, mode)?;
    let latency = host.latency_samples();
    let unity = |model| -> Result<Vec<u8>> {
        let text = String::from_utf8(state(mode, model)?[8..].to_vec())?;
        let solo = r#""bass_solo":{"bool":true}"#;
        assert!(text.contains(solo), "{text}");
        Ok(framed(&text.replace(solo, r#""bass_solo":{"bool":false}"#)))
    };
    let (mut input, mut output) = (vec![Vec::new(); 2], vec![Vec::new(); 2]);
    for (seed, model) in [Some(&path), None, Some(&path)].into_iter().enumerate() {
        host.load_state(&unity(model.map(PathBuf::as_path))?)?;
        for block in 0..20 {
            let more = noise(2, 4096, (100 * seed + block) as u32);
            let heard = host.render(&more, Render::default())?;
            input = joined(&input, &more);
            output = joined(&output, heard.main());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    assert_delayed(&input, &output, latency, "through three models");
    host.set("Bass Solo", "on")?;
    let mine = bass(&mut fresh(&state(mode, Some(&path))?)?)?;
    assert_same(&mine, &bass(&mut host)?, "the last of them plays");
    Ok(())
}

#[test]
fn a_model_of_another_latency_waits_for_a_restart() -> Result<()> {
    let sliced = ConvTasNetConfig {
        sliced: true,
        lookahead_hops: 2,
        ..small()
    };
    // The second one runs at its own rate, not the host's.
    for (name, config) in [("sliced", sliced), ("learned", small_learned(true))] {
        let path = network(&format!("{name}.safetensors"), &config)?;
        let with_file = state("Conv-TasNet Studio", Some(&path))?;
        let want = bass(&mut fresh(&with_file)?)?;
        let latency = fresh(&with_file)?.latency_samples();

        let mut host = playing(STEREO, "HPSS Live")?;
        assert_ne!(host.latency_samples(), latency, "{name}");
        host.load_state(&with_file)?;
        play_until_restart_request(&mut host, &[])?;
        host.restart()?;
        assert_eq!(host.latency_samples(), latency, "{name}");
        assert_same(&want, &bass(&mut host)?, name);
    }
    Ok(())
}

#[test]
fn a_model_that_cannot_be_played_leaves_the_built_in_one_and_stays_in_the_state() -> Result<()> {
    let mode = "Conv-TasNet Live";
    let ours = bass(&mut fresh(&state(mode, None)?)?)?;
    assert!(peak(&ours) > 0.0, "HPSS plays, which knows no bass");
    let broken = file("broken.safetensors");
    std::fs::write(&broken, b"no weights at all")?;
    for path in [broken, file("gone.safetensors")] {
        let with_file = state(mode, Some(&path))?;
        let mut host = fresh(&with_file)?;
        assert_same(&ours, &bass(&mut host)?, "from the start");
        assert_eq!(host.save_state()?, with_file);

        let mut host = playing(STEREO, "HPSS Live")?;
        host.load_state(&with_file)?;
        wait_for(&mut host, &ours)?;
        assert_eq!(host.save_state()?, with_file);
        assert!(!host.take_restart_request(), "the latency is the same");
    }
    Ok(())
}

#[test]
fn a_model_of_another_latency_takes_over_from_the_built_in_one() -> Result<()> {
    let path = network("studio.safetensors", &small())?;
    let mut host = playing(STEREO, "Conv-TasNet Studio")?;
    // 3584 samples at 44.1 kHz, on the grid of this rate.
    assert_eq!(host.latency_samples(), 3920);
    host.load_state(&state("Conv-TasNet Studio", Some(&path))?)?;
    play_until_restart_request(&mut host, &[])?;
    host.restart()?;
    assert_eq!(
        host.latency_samples(),
        playing(STEREO, "HPSS Live")?.latency_samples()
    );
    Ok(())
}
