//! The stem outputs: together they are the mix, and they follow or ignore the faders as asked.

use anyhow::Result;
use xtask::clap_host::{Render, Rendered};

use crate::signal::{assert_same, from, max_difference, noise, peak, silence};
use crate::{MODES, MULTI_OUT, RATE_HZ, library, playing};

/// The sum of the stem outputs.
fn sum_of_stems(rendered: &Rendered) -> Vec<Vec<f32>> {
    let mut sum = silence(2, rendered.ports[0][0].len());
    for port in &rendered.ports[1..] {
        for (sum, samples) in sum.iter_mut().zip(port) {
            sum.iter_mut()
                .zip(samples)
                .for_each(|(sum, sample)| *sum += sample);
        }
    }
    sum
}

#[test]
fn the_stems_add_up_to_the_mix() -> Result<()> {
    for mode in MODES {
        let mut host = playing(MULTI_OUT, mode)?;
        let output = host.render(&noise(2, 30_000, 1), Render::default())?;
        // Four additions of numbers up to 0.25, each rounded to 2⁻²⁶ at most.
        let difference = max_difference(output.main(), &sum_of_stems(&output));
        assert!(difference <= 1e-7, "{mode}: {difference}");
    }
    Ok(())
}

#[test]
fn hpss_fills_drums_and_other_and_a_network_every_stem() -> Result<()> {
    for mode in MODES {
        let mut host = playing(MULTI_OUT, mode)?;
        let output = host.render(&noise(2, 30_000, 2), Render::default())?;
        for (port, samples) in host.outputs().iter().zip(&output.ports).skip(1) {
            let is_left_out = ["Vocals", "Bass"].contains(&port.name.as_str());
            let is_silent = mode.starts_with("HPSS") && is_left_out;
            assert_eq!(peak(samples) == 0.0, is_silent, "{mode}, {port:?}");
        }
    }
    Ok(())
}

#[test]
fn stems_before_the_fader_ignore_it_and_stems_after_it_follow() -> Result<()> {
    let input = noise(2, 30_000, 3);
    let render = |stem_outputs: &str, changes: &[(&str, &str)]| -> Result<_> {
        let mut host = library()?.instantiate(MULTI_OUT)?;
        host.set("Mode", "HPSS Live")?;
        host.set("Stem Outputs", stem_outputs)?;
        for (name, text) in changes {
            host.set(name, text)?;
        }
        host.activate(RATE_HZ, 512)?;
        host.render(&input, Render::default())
    };
    let changes = [
        ("Drums Gain", "-12"),
        ("Other Gain", "3"),
        ("Output Gain", "-6"),
    ];
    let plain = render("Pre Fader", &[])?;
    let before = render("Pre Fader", &changes)?;
    for port in 1..plain.ports.len() {
        assert_same(
            &plain.ports[port],
            &before.ports[port],
            &format!("pre fader, port {port}"),
        );
    }
    let after = render("Post Fader", &changes)?;
    assert_same(before.main(), after.main(), "the main output does not care");
    let difference = max_difference(after.main(), &sum_of_stems(&after));
    // The main output is computed from the mix, not from the stems: rounding of the products.
    assert!(difference <= 5e-7, "post fader: {difference}");
    assert!(
        max_difference(&after.ports[2], &before.ports[2]) > 0.01,
        "the drums ignore the fader"
    );
    Ok(())
}

#[test]
fn bypass_silences_the_stems() -> Result<()> {
    let mut host = playing(MULTI_OUT, "HPSS Live")?;
    let toggle = 3000;
    let settled = toggle + host.latency_samples() + (0.011 * RATE_HZ) as usize;
    let bypass = [host.event(toggle, "Bypass", "on")?];
    let output = host.render(
        &noise(2, settled + 5000, 4),
        Render {
            events: &bypass,
            ..Render::default()
        },
    )?;
    assert!(peak(&output.ports[2]) > 0.0, "the drums were silent before");
    for port in 1..output.ports.len() {
        assert_eq!(
            peak(&from(&output.ports[port], settled)),
            0.0,
            "port {port}"
        );
    }
    Ok(())
}
