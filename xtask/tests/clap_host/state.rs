//! A project's state: it comes back as it was, takes effect at once, and damage is refused.

use anyhow::Result;
use xtask::clap_host::{ClapHost, Render};

use crate::modes::{play_until_restart_request, restart_until_settled};
use crate::signal::{assert_delayed, assert_same, from, noise};
use crate::{MULTI_OUT, RATE_HZ, STEREO, library, playing};

/// Every parameter away from its default.
fn change_everything(host: &mut ClapHost) -> Result<()> {
    let params = host.params().to_vec();
    for (index, param) in params.iter().enumerate() {
        let value = if param.is_stepped {
            if param.default == param.min {
                param.min + 1.0
            } else {
                param.min
            }
        } else {
            // No step leads to the middle, where gains and focus stand by default.
            param.min + (param.max - param.min) * (0.12 + 0.045 * index as f64)
        };
        host.set_value(&param.name, value)?;
    }
    Ok(())
}

fn values(host: &mut ClapHost) -> Result<Vec<f64>> {
    let names: Vec<_> = host
        .params()
        .iter()
        .map(|param| param.name.clone())
        .collect();
    names.iter().map(|name| host.value(name)).collect()
}

#[test]
fn a_state_comes_back_as_it_was() -> Result<()> {
    for class in [STEREO, MULTI_OUT] {
        let mut saved = library()?.instantiate(class)?;
        let defaults = values(&mut saved)?;
        change_everything(&mut saved)?;
        let want = values(&mut saved)?;
        for (name, (default, value)) in saved
            .params()
            .iter()
            .map(|param| &param.name)
            .zip(defaults.iter().zip(&want))
        {
            assert_ne!(default, value, "{class}: {name} was not changed");
        }
        let state = saved.save_state()?;

        let mut loaded = library()?.instantiate(class)?;
        loaded.load_state(&state)?;
        assert_eq!(values(&mut loaded)?, want, "{class}");
        assert!(
            loaded.value_rescans() > 0,
            "{class}: the host was not told of the new values"
        );
        assert_eq!(
            loaded.save_state()?,
            state,
            "{class}: another state was saved after loading"
        );
    }
    Ok(())
}

#[test]
fn both_classes_read_each_others_state() -> Result<()> {
    let mut stereo = library()?.instantiate(STEREO)?;
    change_everything(&mut stereo)?;
    let mut multi_out = library()?.instantiate(MULTI_OUT)?;
    multi_out.load_state(&stereo.save_state()?)?;
    let common = stereo.params().to_vec();
    for param in &common {
        assert_eq!(
            multi_out.value(&param.name)?,
            stereo.value(&param.name)?,
            "{}",
            param.name
        );
    }
    Ok(())
}

#[test]
fn loaded_gains_are_heard_without_a_restart() -> Result<()> {
    let state = {
        let mut host = library()?.instantiate(STEREO)?;
        host.set("Mode", "HPSS Live")?;
        host.set("Drums Solo", "on")?;
        host.save_state()?
    };
    let mut soloed = library()?.instantiate(STEREO)?;
    soloed.load_state(&state)?;
    soloed.activate(RATE_HZ, 4096)?;
    let input = noise(2, 40_000, 1);
    let want = soloed.render(&input, Render::default())?;

    let mut host = playing(STEREO, "HPSS Live")?;
    let first = host.render(&crate::signal::until(&input, 10_000), Render::default())?;
    assert_delayed(
        &input,
        first.main(),
        host.latency_samples(),
        "before the state is loaded",
    );
    host.load_state(&state)?;
    let rest = host.render(&from(&input, 10_000), Render::default())?;
    // One latency and one ramp later the drums play alone.
    let settled = host.latency_samples() + (0.011 * RATE_HZ) as usize;
    assert_same(
        &from(want.main(), 10_000 + settled),
        &from(rest.main(), settled),
        "after the state is loaded",
    );
    assert!(!host.take_restart_request(), "gains need no restart");
    Ok(())
}

#[test]
fn a_loaded_mode_takes_effect_while_playing() -> Result<()> {
    let state = {
        let mut host = library()?.instantiate(STEREO)?;
        host.set("Mode", "HPSS Mix")?;
        host.save_state()?
    };
    let mut host = playing(STEREO, "HPSS Live")?;
    let live_latency = host.latency_samples();
    host.render(&noise(2, 5000, 2), Render::default())?;
    host.reset();
    host.load_state(&state)?;
    // Nothing but `process` is called: the plug-in itself must notice the mode.
    play_until_restart_request(&mut host, &[])?;
    restart_until_settled(&mut host)?;
    assert!(host.latency_samples() > live_latency);
    assert_eq!(
        host.latency_samples(),
        playing(STEREO, "HPSS Mix")?.latency_samples()
    );
    Ok(())
}

#[test]
fn a_damaged_state_is_refused_and_changes_nothing() -> Result<()> {
    let mut host = playing(STEREO, "HPSS Live")?;
    host.set("Drums Gain", "-6")?;
    let state = host.save_state()?;
    let random: Vec<u8> = (0..1000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let mut too_long = state.clone();
    too_long[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    let mut scrambled = state.clone();
    let middle = scrambled.len() / 2;
    scrambled[middle] = 0xff;
    for (damage, bytes) in [
        ("empty", &[][..]),
        ("one byte", &state[..1]),
        ("cut off", &state[..state.len() / 2]),
        ("random", &random),
        ("a length that is no length", &too_long),
        ("not text", &scrambled),
    ] {
        assert!(
            host.load_state(bytes).is_err(),
            "a state was accepted that is {damage}"
        );
        assert_eq!(
            host.save_state()?,
            state,
            "a refused state that is {damage} changed something"
        );
    }
    let output = host.render(&noise(2, 5000, 3), Render::default())?;
    crate::signal::assert_finite(output.main(), "after refused states");
    Ok(())
}

#[test]
fn values_beyond_the_range_are_held_at_its_end() -> Result<()> {
    let mut host = playing(STEREO, "HPSS Live")?;
    host.set("Drums Gain", "-6")?;
    let state = host.save_state()?;
    let text = String::from_utf8(state[8..].to_vec())?;
    let wild = text.replace(
        "\"drums_gain\":{\"f32\":-6.0}",
        "\"drums_gain\":{\"f32\":1e30}",
    );
    assert_ne!(wild, text, "the saved gain was not found in {text}");
    let mut bytes = (wild.len() as u64).to_le_bytes().to_vec();
    bytes.extend(wild.as_bytes());
    host.load_state(&bytes)?;
    assert_eq!(host.value("Drums Gain")?, host.param("Drums Gain")?.max);
    let output = host.render(&noise(2, 10_000, 4), Render::default())?;
    crate::signal::assert_finite(output.main(), "a gain of 1e30 dB in the state");
    // Four times the drums and once the rest.
    assert!(crate::signal::peak(output.main()) < 2.0);
    Ok(())
}
