//! At unity the output is the delayed input, bit for bit, whatever the host's rate and blocks.

use anyhow::Result;
use xtask::clap_host::{Blocks, Render};

use crate::signal::{assert_delayed, assert_same, from, noise, silence, until};
use crate::{MODES, MULTI_OUT, RATE_HZ, STEREO, library, playing};

/// What real hosts and plug-in validators use, whole or not.
const RATES_HZ: [f64; 13] = [
    1234.5678, 8_000.0, 12_345.678, 22_050.0, 44_100.0, 45_678.901, 48_000.0, 88_200.0, 96_000.0,
    123_456.78, 192_000.0, 384_000.0, 768_000.0,
];

const BLOCKS: [Blocks; 9] = [
    Blocks::Fixed(1),
    Blocks::Fixed(7),
    Blocks::Fixed(64),
    Blocks::Fixed(480),
    Blocks::Fixed(512),
    Blocks::Fixed(1024),
    Blocks::Fixed(8192),
    Blocks::Random { max: 512, seed: 1 },
    Blocks::Random {
        max: 16_384,
        seed: 2,
    },
];

fn unity_equals_the_delayed_input(rate_hz: f64, blocks: &Blocks, in_place: bool) -> Result<()> {
    let case = format!("{rate_hz} Hz, {blocks:?}, in place: {in_place}");
    let mut host = library()?.instantiate(STEREO)?;
    host.set("Mode", "HPSS Live")?;
    host.activate(rate_hz, blocks.max_samples())?;
    let latency = host.latency_samples();
    assert!(latency > 0, "{case}: the latency is 0");
    // Three long blocks, or enough short ones to go around every ring inside.
    let input = noise(2, latency + (3 * blocks.max_samples()).max(3000), 5);
    let how = Render {
        blocks: blocks.clone(),
        in_place,
        ..Render::default()
    };
    assert_delayed(&input, host.render(&input, how)?.main(), latency, &case);
    assert_eq!(
        host.latency_samples(),
        latency,
        "{case}: the latency changed"
    );
    Ok(())
}

#[test]
fn out_of_place_at_every_rate_and_block() -> Result<()> {
    for rate_hz in RATES_HZ {
        for blocks in &BLOCKS {
            unity_equals_the_delayed_input(rate_hz, blocks, false)?;
        }
    }
    Ok(())
}

#[test]
fn in_place_at_every_rate_and_block() -> Result<()> {
    for rate_hz in RATES_HZ {
        for blocks in &BLOCKS {
            unity_equals_the_delayed_input(rate_hz, blocks, true)?;
        }
    }
    Ok(())
}

#[test]
fn live_latency_is_within_its_bound_at_every_rate() -> Result<()> {
    for rate_hz in RATES_HZ.into_iter().filter(|&rate_hz| rate_hz >= 44_100.0) {
        let mut host = library()?.instantiate(STEREO)?;
        host.set("Mode", "HPSS Live")?;
        host.activate(rate_hz, 512)?;
        let latency_ms = host.latency_samples() as f64 / rate_hz * 1000.0;
        assert!(latency_ms <= 11.75, "{latency_ms} ms at {rate_hz} Hz");
    }
    Ok(())
}

#[test]
fn separated_output_does_not_depend_on_blocks_or_buffers() -> Result<()> {
    for mode in MODES {
        let input = noise(2, 30_000, 6);
        let render = |blocks: &Blocks, in_place: bool| -> Result<_> {
            let mut host = library()?.instantiate(MULTI_OUT)?;
            host.set("Mode", mode)?;
            host.set("Drums Gain", "-6")?;
            host.activate(RATE_HZ, blocks.max_samples())?;
            host.render(
                &input,
                Render {
                    blocks: blocks.clone(),
                    in_place,
                    ..Render::default()
                },
            )
        };
        let want = render(&Blocks::Fixed(512), false)?;
        for blocks in &BLOCKS {
            for in_place in [false, true] {
                let got = render(blocks, in_place)?;
                for (port, (want, got)) in want.ports.iter().zip(&got.ports).enumerate() {
                    let case = format!("{mode}, {blocks:?}, in place: {in_place}, port {port}");
                    assert_same(want, got, &case);
                }
            }
        }
    }
    Ok(())
}

#[test]
fn every_mode_passes_audio_unchanged_at_unity() -> Result<()> {
    for mode in [
        "HPSS Live",
        "HPSS Mix",
        "Conv-TasNet Live",
        "Conv-TasNet Studio",
    ] {
        for class in [STEREO, MULTI_OUT] {
            let mut host = playing(class, mode)?;
            let latency = host.latency_samples();
            let input = noise(2, latency + 5000, 7);
            let output = host.render(&input, Render::default())?;
            assert_delayed(&input, output.main(), latency, &format!("{class}, {mode}"));
        }
    }
    Ok(())
}

#[test]
fn bypass_is_the_delayed_input_whatever_the_gains() -> Result<()> {
    for mode in MODES {
        let mut host = playing(STEREO, mode)?;
        host.set("Drums Gain", "-inf")?;
        host.set("Output Gain", "6")?;
        let latency = host.latency_samples();
        let toggle = 4000;
        // 10 ms of cross-fade at most, and the audio that is still on its way.
        let settled = toggle + latency + (0.011 * RATE_HZ) as usize;
        let input = noise(2, settled + 5000, 8);
        let bypass = [host.event(toggle, "Bypass", "on")?];
        let output = host.render(
            &input,
            Render {
                events: &bypass,
                ..Render::default()
            },
        )?;
        let after = from(output.main(), settled);
        let delayed = until(&from(&input, settled - latency), after[0].len());
        assert_same(&delayed, &after, mode);
        assert_eq!(
            host.latency_samples(),
            latency,
            "{mode}: bypass changed the latency"
        );
    }
    Ok(())
}

#[test]
fn silence_stays_silent_and_muted_stems_are_exactly_silent() -> Result<()> {
    for mode in MODES {
        let mut host = playing(MULTI_OUT, mode)?;
        host.set("Drums Gain", "12")?;
        let output = host.render(&silence(2, 20_000), Render::default())?;
        for (port, samples) in output.ports.iter().enumerate() {
            assert_same(
                &silence(2, 20_000),
                samples,
                &format!("{mode}, silent input, port {port}"),
            );
        }

        for stem in ["Vocals", "Drums", "Bass", "Other"] {
            host.set(&format!("{stem} Mute"), "on")?;
        }
        host.reset();
        let output = host.render(&noise(2, 20_000, 9), Render::default())?;
        assert_same(
            &silence(2, 20_000),
            output.main(),
            &format!("{mode}, all muted"),
        );
    }
    Ok(())
}

#[test]
fn offline_rendering_equals_playback() -> Result<()> {
    for mode in MODES {
        let input = noise(2, 20_000, 10);
        let render = |is_offline: bool| -> Result<_> {
            let mut host = library()?.instantiate(STEREO)?;
            host.set_offline(is_offline)?;
            host.set("Mode", mode)?;
            host.set("Drums Solo", "on")?;
            host.activate(RATE_HZ, 512)?;
            host.render(&input, Render::default())
        };
        assert_same(render(false)?.main(), render(true)?.main(), mode);
    }
    Ok(())
}
