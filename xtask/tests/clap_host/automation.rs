//! An event at sample t changes the audio that entered at t: it is heard one latency later, neither
//! early nor late.

use anyhow::Result;
use xtask::clap_host::{Blocks, Render};

use crate::signal::{assert_delayed, assert_same, first_difference, from, noise, until};
use crate::{MODES, RATE_HZ, STEREO, library, playing};

/// In the middle of a block of 512, of 64, and of a hop.
const EVENT_SAMPLE: usize = 10 * 512 + 137;

/// The ramp takes 10 ms; its last step may take a sample more.
const RAMP_SAMPLES: usize = (0.01 * RATE_HZ) as usize + 1;

#[test]
fn a_gain_acts_on_the_audio_of_its_own_sample() -> Result<()> {
    for mode in MODES {
        let mut host = playing(STEREO, mode)?;
        let latency = host.latency_samples();
        let heard = EVENT_SAMPLE + latency;
        let input = noise(2, heard + RAMP_SAMPLES + 4000, 1);
        let off = [host.event(EVENT_SAMPLE, "Drums Gain", "-inf")?];
        let output = host.render(
            &input,
            Render {
                events: &off,
                ..Render::default()
            },
        )?;

        let before = until(output.main(), heard);
        assert_delayed(
            &input,
            &before,
            latency,
            &format!("{mode}, before the event"),
        );

        let mut unity = playing(STEREO, mode)?;
        let unity = unity.render(&input, Render::default())?;
        let (_, first) = first_difference(unity.main(), output.main())
            .unwrap_or_else(|| panic!("{mode}: turning the drums off changes nothing"));
        // The first step of the ramp is 1/480 of the drums: one sample may round to no change.
        assert!(
            (heard..heard + 4).contains(&first),
            "{mode}: heard at {first}, expected {heard}"
        );

        let mut without_drums = library()?.instantiate(STEREO)?;
        without_drums.set("Mode", mode)?;
        without_drums.set("Drums Gain", "-inf")?;
        without_drums.activate(RATE_HZ, 512)?;
        let without_drums = without_drums.render(&input, Render::default())?;
        let settled = heard + RAMP_SAMPLES;
        assert_same(
            &from(without_drums.main(), settled),
            &from(output.main(), settled),
            &format!("{mode}, after the ramp"),
        );
    }
    Ok(())
}

#[test]
fn a_gain_ramps_without_a_click() -> Result<()> {
    // A constant passes HPSS as Other; the ramp is all that moves.
    let mut host = playing(STEREO, "HPSS Live")?;
    let input = vec![vec![0.5; 20_000]; 2];
    let off = [
        host.event(EVENT_SAMPLE, "Other Gain", "-inf")?,
        host.event(EVENT_SAMPLE, "Drums Gain", "-inf")?,
    ];
    let output = host.render(
        &input,
        Render {
            events: &off,
            ..Render::default()
        },
    )?;
    let latency = host.latency_samples();
    let steps = output.main()[0][latency..]
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs());
    let steepest = steps.fold(0.0, f32::max);
    // 0.5 in 10 ms at 48 kHz is 0.00104 a sample; a click would be 0.5 in one.
    assert!(
        steepest > 0.0 && steepest < 0.0011,
        "steepest step: {steepest}"
    );
    assert_eq!(output.main()[0].last(), Some(&0.0));
    Ok(())
}

#[test]
fn solo_and_mute_act_on_the_audio_of_their_own_sample() -> Result<()> {
    for (name, stays_equal_to) in [("Drums Mute", "Drums Gain"), ("Other Solo", "Drums Gain")] {
        let mut host = playing(STEREO, "HPSS Live")?;
        let latency = host.latency_samples();
        let heard = EVENT_SAMPLE + latency;
        let input = noise(2, heard + RAMP_SAMPLES + 4000, 2);
        let events = [host.event(EVENT_SAMPLE, name, "on")?];
        let output = host.render(
            &input,
            Render {
                events: &events,
                ..Render::default()
            },
        )?;
        assert_delayed(&input, &until(output.main(), heard), latency, name);

        // Both leave what turning the drums off leaves: HPSS has nothing but drums and other.
        let mut other = playing(STEREO, "HPSS Live")?;
        let events = [other.event(EVENT_SAMPLE, stays_equal_to, "-inf")?];
        let want = other.render(
            &input,
            Render {
                events: &events,
                ..Render::default()
            },
        )?;
        let difference = first_difference(want.main(), output.main());
        assert_eq!(difference, None, "{name} differs from the drums turned off");
    }
    Ok(())
}

#[test]
fn events_act_at_the_same_sample_in_blocks_of_any_length() -> Result<()> {
    let input = noise(2, 20_000, 3);
    let render = |blocks: Blocks| -> Result<_> {
        let mut host = playing(STEREO, "HPSS Live")?;
        let events = [
            host.event(0, "Drums Gain", "-20")?,
            host.event(3001, "Drums Solo", "on")?,
            host.event(3001, "Output Gain", "-3")?,
            host.event(5002, "Drums Solo", "off")?,
            host.event(5100, "Other Gain", "6")?,
            host.event(9999, "Bypass", "on")?,
            host.event(12_345, "Bypass", "off")?,
        ];
        host.render(
            &input,
            Render {
                blocks,
                events: &events,
                ..Render::default()
            },
        )
    };
    let want = render(Blocks::Fixed(4096))?;
    for blocks in [
        Blocks::Fixed(1),
        Blocks::Fixed(7),
        Blocks::Fixed(512),
        Blocks::Fixed(1024),
        Blocks::Random { max: 4096, seed: 4 },
    ] {
        let got = render(blocks.clone())?;
        let difference = crate::signal::max_difference(want.main(), got.main());
        // Ramps add up step by step; where a block splits a ramp, the last bit may differ.
        assert!(difference <= 1e-6, "{blocks:?}: {difference}");
    }
    Ok(())
}
