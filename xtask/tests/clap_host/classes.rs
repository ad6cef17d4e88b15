//! What a host sees before anything plays: classes, ports, layouts, parameters.

use anyhow::Result;
use xtask::clap_host::{Blocks, Render};

use crate::modes::play_until_restart_request;
use crate::signal::{assert_delayed, noise};
use crate::{MULTI_OUT, RATE_HZ, STEREO, library, playing};

#[test]
fn both_classes_are_audio_effects_with_ids_of_their_own() -> Result<()> {
    let classes = library()?.classes()?;
    let names: Vec<_> = classes.iter().map(|class| class.name.as_str()).collect();
    assert_eq!(names, [STEREO, MULTI_OUT]);
    assert_ne!(classes[0].id, classes[1].id);
    for class in &classes {
        assert!(
            class
                .features
                .iter()
                .any(|feature| feature == "audio-effect"),
            "{class:?}"
        );
    }
    Ok(())
}

#[test]
fn the_stereo_class_has_main_ports_only() -> Result<()> {
    let host = library()?.instantiate(STEREO)?;
    for ports in [host.inputs(), host.outputs()] {
        assert_eq!(ports.len(), 1, "{ports:?}");
        assert!(ports[0].is_main && ports[0].num_channels == 2, "{ports:?}");
    }
    Ok(())
}

#[test]
fn the_multi_out_class_has_a_stereo_output_per_stem() -> Result<()> {
    let host = library()?.instantiate(MULTI_OUT)?;
    assert_eq!(host.inputs().len(), 1);
    let outputs = host.outputs();
    assert!(
        outputs[0].is_main && outputs.iter().all(|port| port.num_channels == 2),
        "{outputs:?}"
    );
    let names: Vec<_> = outputs[1..].iter().map(|port| port.name.as_str()).collect();
    assert_eq!(names, ["Vocals", "Drums", "Bass", "Other"]);
    Ok(())
}

#[test]
fn the_stereo_class_also_plays_on_a_mono_track() -> Result<()> {
    let mut host = library()?.instantiate(STEREO)?;
    let layouts = host.layouts()?;
    let mono = layouts
        .iter()
        .find(|layout| layout.main_output_channels == 1);
    let mono = mono.unwrap_or_else(|| panic!("no mono layout among {layouts:?}"));
    host.select_layout(mono.id)?;
    host.activate(RATE_HZ, 512)?;
    let latency = host.latency_samples();
    let input = noise(1, latency + 5000, 1);
    let unity = host.render(&input, Render::default())?;
    assert_delayed(&input, unity.main(), latency, "mono, unity");

    // A separated mono track is the left channel of the same track in stereo.
    host.set("Drums Mute", "on")?;
    host.reset();
    let muted = host.render(&input, Render::default())?;
    let mut stereo = library()?.instantiate(STEREO)?;
    stereo.set("Drums Mute", "on")?;
    stereo.activate(RATE_HZ, 512)?;
    let wide = stereo.render(&[input[0].clone(), input[0].clone()], Render::default())?;
    assert_eq!(muted.main()[0], wide.main()[0]);
    assert_ne!(
        muted.main()[0],
        unity.main()[0],
        "muting the drums of noise changes nothing"
    );
    Ok(())
}

#[test]
fn every_parameter_has_its_name_and_kind() -> Result<()> {
    let host = library()?.instantiate(STEREO)?;
    let names: Vec<_> = host
        .params()
        .iter()
        .map(|param| param.name.as_str())
        .collect();
    let strip = |stem, kinds: &[&str]| -> Vec<String> {
        kinds.iter().map(|kind| format!("{stem} {kind}")).collect()
    };
    let mut want: Vec<String> = ["Vocals", "Drums", "Bass"]
        .into_iter()
        .flat_map(|stem| strip(stem, &["Gain", "Solo", "Mute", "Focus"]))
        .collect();
    want.extend(strip("Other", &["Gain", "Solo", "Mute"]));
    want.extend(["Output Gain", "Bypass", "Mode"].map(String::from));
    assert_eq!(names, want);
    for param in host.params() {
        assert_eq!(param.is_automatable, param.name != "Mode", "{param:?}");
        assert_eq!(param.is_bypass, param.name == "Bypass", "{param:?}");
        let is_continuous = param.name.ends_with("Gain") || param.name.ends_with("Focus");
        assert_eq!(param.is_stepped, !is_continuous, "{param:?}");
        assert!(
            (param.min..=param.max).contains(&param.default),
            "{param:?}"
        );
    }

    let multi_out = library()?.instantiate(MULTI_OUT)?;
    assert_eq!(multi_out.params().len(), names.len() + 1);
    assert!(!multi_out.param("Stem Outputs")?.is_automatable);
    Ok(())
}

#[test]
fn a_gain_reads_what_people_type() -> Result<()> {
    let mut host = library()?.instantiate(STEREO)?;
    let param = host.param("Vocals Gain")?.clone();
    assert_eq!(
        param.default,
        (param.min + param.max) / 2.0,
        "unity is the middle of the travel"
    );
    assert_eq!(host.value_of_text("Vocals Gain", "0")?, param.default);
    assert_eq!(host.value_of_text("Vocals Gain", "-inf")?, param.min);
    assert_eq!(host.value_of_text("Vocals Gain", "12 dB")?, param.max);
    let typed = host.value_of_text("Vocals Gain", "-6")?;
    assert_eq!(typed, host.value_of_text("Vocals Gain", "-6 dB")?);
    assert!(host.text_of_value("Vocals Gain", typed)?.starts_with("-6"));
    assert!(
        host.value_of_text("Vocals Gain", "loud").is_err(),
        "a word is not a gain"
    );
    Ok(())
}

#[test]
fn every_mode_is_offered_from_the_start() -> Result<()> {
    let mut host = library()?.instantiate(STEREO)?;
    let mode = host.param("Mode")?.clone();
    let names: Vec<_> = (mode.min as u32..=mode.max as u32)
        .map(|value| host.text_of_value("Mode", f64::from(value)))
        .collect::<Result<_>>()?;
    assert_eq!(
        names,
        [
            "HPSS Live",
            "HPSS Mix",
            "Conv-TasNet Live",
            "Conv-TasNet Studio"
        ]
    );
    Ok(())
}

#[test]
fn fifty_instances_come_and_go() -> Result<()> {
    let library = library()?;
    let input = noise(2, 700, 3);
    for round in 0..50 {
        let mut host = library.instantiate([STEREO, MULTI_OUT][round % 2])?;
        host.activate(RATE_HZ, 256)?;
        host.render(
            &input,
            Render {
                blocks: Blocks::Fixed(256),
                ..Render::default()
            },
        )?;
    }
    Ok(())
}

#[test]
fn an_instance_that_goes_while_it_builds_leaves_the_others_working() -> Result<()> {
    let mut stays = playing(STEREO, "HPSS Live")?;
    for _ in 0..50 {
        let mut goes = playing(STEREO, "HPSS Live")?;
        // Asks for another chain and is gone before, while or after it is built.
        let to_mix = [goes.event(0, "Mode", "HPSS Mix")?];
        goes.render(
            &noise(2, 64, 1),
            Render {
                events: &to_mix,
                ..Render::default()
            },
        )?;
    }
    let to_mix = [stays.event(0, "Mode", "HPSS Mix")?];
    play_until_restart_request(&mut stays, &to_mix)?;
    Ok(())
}

#[test]
fn ten_instances_play_side_by_side() -> Result<()> {
    let library = library()?;
    let mut hosts = (0..10)
        .map(|_| {
            let mut host = library.instantiate(STEREO)?;
            host.activate(RATE_HZ, 512)?;
            Ok(host)
        })
        .collect::<Result<Vec<_>>>()?;
    for (seed, host) in hosts.iter_mut().enumerate() {
        let latency = host.latency_samples();
        let input = noise(2, latency + 2000, seed as u32);
        let output = host.render(&input, Render::default())?;
        assert_delayed(&input, output.main(), latency, &format!("instance {seed}"));
    }
    Ok(())
}
