//! Another mode while playing. CLAP allows another latency only after a restart: the plug-in asks
//! for one and plays on unchanged until it comes.

use std::time::{Duration, Instant};

use anyhow::Result;
use xtask::clap_host::{ClapHost, Event, Render};

use crate::signal::{assert_delayed, assert_same, from, joined, noise};
use crate::{MULTI_OUT, RATE_HZ, STEREO, activate, library, playing};

/// A chain is built in a few milliseconds; a busy machine may take much longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was played and heard while waiting.
pub struct Heard {
    input: Vec<Vec<f32>>,
    output: Vec<Vec<f32>>,
}

/// Plays noise until the plug-in asks for a restart; `first_events` come with the first block.
pub fn play_until_restart_request(host: &mut ClapHost, first_events: &[Event]) -> Result<Heard> {
    let start = Instant::now();
    let mut heard = Heard {
        input: vec![Vec::new(); 2],
        output: vec![Vec::new(); 2],
    };
    let mut events = first_events;
    let mut seed = 0;
    while !host.take_restart_request() {
        assert!(
            start.elapsed() < PATIENCE,
            "no restart was asked for within {PATIENCE:?}"
        );
        play(host, 512, events, &mut seed, &mut heard)?;
        events = &[];
        // The chain is built on another thread, in real time.
        std::thread::sleep(Duration::from_millis(1));
    }
    play(host, 20_000, &[], &mut seed, &mut heard)?;
    Ok(heard)
}

fn play(
    host: &mut ClapHost,
    num_samples: usize,
    events: &[Event],
    seed: &mut u32,
    heard: &mut Heard,
) -> Result<()> {
    *seed += 1;
    let input = noise(2, num_samples, *seed);
    let output = host.render(
        &input,
        Render {
            events,
            ..Render::default()
        },
    )?;
    heard.input = joined(&heard.input, &input);
    heard.output = joined(&heard.output, output.main());
    Ok(())
}

/// Restarts as often as the plug-in asks, and tells how often that was.
pub fn restart_until_settled(host: &mut ClapHost) -> Result<usize> {
    for num_restarts in 1.. {
        host.restart()?;
        let latency = host.latency_samples();
        let input = noise(2, latency + 2000, 9);
        let output = host.render(&input, Render::default())?;
        assert_delayed(&input, output.main(), latency, "after the restart");
        std::thread::sleep(Duration::from_millis(50));
        host.render(&noise(2, 512, 9), Render::default())?;
        if !host.take_restart_request() {
            return Ok(num_restarts);
        }
        assert!(
            num_restarts < 3,
            "the plug-in asks for restarts without end"
        );
    }
    unreachable!("the loop has no end of its own")
}

fn assert_plays_like_a_fresh_one(host: &mut ClapHost, class: &str, mode: &str) -> Result<()> {
    let mut fresh = playing(class, mode)?;
    assert_eq!(host.latency_samples(), fresh.latency_samples(), "{mode}");
    for host in [&mut *host, &mut fresh] {
        host.set("Drums Mute", "on")?;
        host.reset();
    }
    let input = noise(2, 20_000, 10);
    let want = fresh.render(&input, Render::default())?;
    let got = host.render(&input, Render::default())?;
    assert_same(want.main(), got.main(), mode);
    Ok(())
}

#[test]
fn a_mode_event_asks_for_a_restart_and_the_restart_brings_the_mode() -> Result<()> {
    for class in [STEREO, MULTI_OUT] {
        let mut host = playing(class, "HPSS Live")?;
        let live_latency = host.latency_samples();
        let changes_before = host.latency_changes();
        let to_mix = [host.event(100, "Mode", "HPSS Mix")?];
        let heard = play_until_restart_request(&mut host, &to_mix)?;
        // Until the restart nothing changes, also in a host that never restarts.
        assert_delayed(
            &heard.input,
            &heard.output,
            live_latency,
            "while waiting for the restart",
        );

        restart_until_settled(&mut host)?;
        assert!(
            host.latency_samples() > live_latency,
            "Mix has the longer latency"
        );
        assert!(
            host.latency_changes() > changes_before,
            "the host was not told"
        );
        assert_plays_like_a_fresh_one(&mut host, class, "HPSS Mix")?;
    }
    Ok(())
}

#[test]
fn a_mode_that_is_taken_back_leaves_everything_as_it_was() -> Result<()> {
    let mut host = playing(STEREO, "HPSS Live")?;
    let latency = host.latency_samples();
    let to_mix = [host.event(100, "Mode", "HPSS Mix")?];
    play_until_restart_request(&mut host, &to_mix)?;
    let back = [host.event(0, "Mode", "HPSS Live")?];
    host.render(
        &noise(2, 512, 1),
        Render {
            events: &back,
            ..Render::default()
        },
    )?;
    std::thread::sleep(Duration::from_millis(200));
    host.render(&noise(2, 20_000, 2), Render::default())?;
    host.take_restart_request();
    restart_until_settled(&mut host)?;
    assert_eq!(host.latency_samples(), latency);
    assert_plays_like_a_fresh_one(&mut host, STEREO, "HPSS Live")
}

#[test]
fn a_mode_of_the_same_latency_needs_no_restart_and_makes_no_gap() -> Result<()> {
    let mut host = playing(STEREO, "HPSS Live")?;
    let latency = host.latency_samples();
    let mut heard = Heard {
        input: vec![Vec::new(); 2],
        output: vec![Vec::new(); 2],
    };
    let mut seed = 0;
    let start = Instant::now();
    let modes = ["Conv-TasNet Live", "HPSS Live"];
    for turn in 0..8 {
        let event = [host.event(50, "Mode", modes[turn % 2])?];
        play(&mut host, 4096, &event, &mut seed, &mut heard)?;
        std::thread::sleep(Duration::from_millis(30));
    }
    // To the end in one of them, for whatever is still being built or fading in.
    for _ in 0..20 {
        play(&mut host, 4096, &[], &mut seed, &mut heard)?;
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(
        !host.take_restart_request(),
        "a restart was asked for without need"
    );
    assert_delayed(&heard.input, &heard.output, latency, "through eight swaps");
    assert!(start.elapsed() < PATIENCE);
    assert_plays_like_a_fresh_one(&mut host, STEREO, "HPSS Live")
}

#[test]
fn a_mode_set_while_inactive_is_there_from_the_first_sample() -> Result<()> {
    let mut host = library()?.instantiate(STEREO)?;
    host.activate(RATE_HZ, 4096)?;
    host.render(&noise(2, 3000, 1), Render::default())?;
    host.deactivate();
    host.set("Mode", "HPSS Mix")?;
    activate(&mut host, RATE_HZ, 4096)?;
    let latency = host.latency_samples();
    let input = noise(2, latency + 3000, 2);
    let output = host.render(&input, Render::default())?;
    assert_delayed(&input, output.main(), latency, "after activation");
    assert_eq!(latency, playing(STEREO, "HPSS Mix")?.latency_samples());
    assert!(crate::signal::peak(&from(output.main(), latency)) > 0.0);
    Ok(())
}
