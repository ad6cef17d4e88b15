//! Random use: any parameter, any value, any time, any blocks, restarts or not. The output stays
//! finite and bounded, and in the end the instance plays as if nothing had been.

use anyhow::Result;
use xtask::clap_host::{Blocks, ClapHost, Event, Render};

use crate::signal::{assert_delayed, assert_finite, noise, peak};
use crate::{MULTI_OUT, RATE_HZ, STEREO, library};

/// Uniform numbers from a seed; Knuth's MMIX generator.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }

    /// In 0..=1, the ends as often as the rest.
    fn part(&mut self) -> f64 {
        match self.below(4) {
            0 => 0.0,
            1 => 1.0,
            _ => self.below(1_000_001) as f64 / 1_000_000.0,
        }
    }
}

fn random_events(host: &ClapHost, num_samples: usize, random: &mut Random) -> Vec<Event> {
    let mut samples: Vec<_> = (0..random.below(40))
        .map(|_| random.below(num_samples))
        .collect();
    samples.sort_unstable();
    samples
        .into_iter()
        .map(|sample| {
            let param = &host.params()[random.below(host.params().len())];
            let value = param.min + (param.max - param.min) * random.part();
            match random.below(4) {
                0 if param.is_automatable => {
                    Event::modulation(sample, param.id, value - param.default)
                }
                _ if param.is_stepped => Event::value(sample, param.id, value.round()),
                _ => Event::value(sample, param.id, value),
            }
        })
        .collect()
}

fn random_use(class: &str, seed: u64) -> Result<()> {
    let mut random = Random(seed);
    let mut host = library()?.instantiate(class)?;
    let rate_hz = [44_100.0, RATE_HZ, 45_678.901, 96_000.0][random.below(4)];
    host.activate(rate_hz, 2048)?;
    for round in 0..30 {
        let case = format!("{class}, seed {seed}, round {round}");
        let num_samples = 1 + random.below(6000);
        let input = noise(2, num_samples, random.below(1 << 20) as u32);
        let events = random_events(&host, num_samples, &mut random);
        let output = host.render(
            &input,
            Render {
                blocks: Blocks::Random {
                    max: 1 + random.below(2048),
                    seed: random.0,
                },
                events: &events,
                in_place: random.below(2) == 0,
            },
        )?;
        for (port, samples) in output.ports.iter().enumerate() {
            assert_finite(samples, &format!("{case}, port {port}"));
            // 0.25 at +12 dB stem gain and +12 dB output gain is 4; stems may exceed the mix.
            assert!(
                peak(samples) < 40.0,
                "{case}, port {port}: peak {}",
                peak(samples)
            );
        }
        match random.below(8) {
            0 => host.reset(),
            1 if host.take_restart_request() => host.restart()?,
            2 => {
                let state = host.save_state()?;
                host.load_state(&state)?;
            }
            _ => {}
        }
    }

    // Everything back to its default, by a state from a fresh instance. Modulation belongs to the
    // host: no state has it.
    let unmodulated: Vec<_> = host
        .params()
        .iter()
        .filter(|param| param.is_automatable)
        .map(|param| Event::modulation(0, param.id, 0.0))
        .collect();
    host.render(
        &noise(2, 64, 1),
        Render {
            events: &unmodulated,
            ..Render::default()
        },
    )?;
    let fresh = library()?.instantiate(class)?.save_state()?;
    host.load_state(&fresh)?;
    host.restart()?;
    let latency = host.latency_samples();
    let input = noise(2, latency + 5000, 1);
    let output = host.render(&input, Render::default())?;
    assert_delayed(
        &input,
        output.main(),
        latency,
        &format!("{class}, seed {seed}, at the end"),
    );
    Ok(())
}

#[test]
fn random_use_of_the_stereo_class() -> Result<()> {
    (0..12).try_for_each(|seed| random_use(STEREO, seed))
}

#[test]
fn random_use_of_the_multi_out_class() -> Result<()> {
    (100..112).try_for_each(|seed| random_use(MULTI_OUT, seed))
}
