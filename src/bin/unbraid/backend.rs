//! What sets the pace: JACK, a sound card, or the clock.
//!
//! nice-plug would believe any rate that it is told, even one that JACK does not run at, and play
//! to nobody where there is no sound card. So both are asked first.

use anyhow::{Context, bail};
use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{SupportedBufferSize, SupportedStreamConfigRange};
use jack::{Client, ClientOptions};

use crate::args::{Args, BackendChoice, SOUND_CARD};
use crate::hushed::hushed;

/// Used where neither the command line nor the song nor the sound card asks for another, in Hz.
const USUAL_RATE_HZ: u32 = 48_000;

/// Used where the command line asks for no other.
const USUAL_PERIOD_SAMPLES: u32 = 512;

/// A backend that is there, and the blocks that it will ask for.
#[derive(Debug, PartialEq)]
pub struct Clock {
    /// As nice-plug calls it.
    backend: &'static str,
    pub rate_hz: u32,
    period_samples: u32,
}

impl Clock {
    /// nice-plug's own command line.
    pub fn arguments(&self, args: &Args) -> Vec<String> {
        let mut words = vec![
            String::from("unbraid"),
            format!("--backend={}", self.backend),
            format!("--sample-rate={}", self.rate_hz),
            format!("--period-size={}", self.period_samples),
        ];
        let passed_on = [
            ("output-device", &args.output_device),
            ("input-device", &args.input_device),
            ("connect-jack-inputs", &args.connect_jack_inputs),
        ];
        for (name, value) in passed_on {
            words.extend(value.iter().map(|value| format!("--{name}={value}")));
        }
        words
    }
}

/// Finds the backend that `args` ask for, at the song's rate where that can be had.
///
/// # Errors
/// If it isn't there; the message says what else to try.
pub fn find(args: &Args, song_rate_hz: Option<f64>) -> anyhow::Result<Clock> {
    let song_rate_hz = song_rate_hz.map(|rate_hz| rate_hz as u32);
    match args.backend {
        BackendChoice::Jack => {
            jack().context("no JACK server is running; start one, or leave out --backend jack")
        }
        BackendChoice::SoundCard => sound_card(args, song_rate_hz)
            .context("no sound card can play; --backend dummy opens the editor without sound"),
        BackendChoice::Auto => match jack() {
            Some(clock) => Ok(clock),
            None => sound_card(args, song_rate_hz).context(
                "no JACK server is running, and no sound card can play; --backend dummy opens \
                 the editor without sound",
            ),
        },
        BackendChoice::Dummy => Ok(Clock {
            backend: "dummy",
            rate_hz: args.sample_rate.or(song_rate_hz).unwrap_or(USUAL_RATE_HZ),
            period_samples: args.period_size.unwrap_or(USUAL_PERIOD_SAMPLES),
        }),
    }
}

/// JACK as it runs, if it does.
fn jack() -> Option<Clock> {
    let client = hushed(|| Client::new("unbraid", ClientOptions::NO_START_SERVER));
    let (client, _) = client.ok()?;
    Some(Clock {
        backend: "jack",
        rate_hz: client.sample_rate(),
        period_samples: client.buffer_size(),
    })
}

fn sound_card(args: &Args, song_rate_hz: Option<u32>) -> anyhow::Result<Clock> {
    hushed(|| ask_sound_card(args, song_rate_hz))
}

fn ask_sound_card(args: &Args, song_rate_hz: Option<u32>) -> anyhow::Result<Clock> {
    let host = cpal::default_host();
    let name_of = |device: &cpal::Device| device.description().map(|found| found.name().to_owned());
    let device = match &args.output_device {
        None => host.default_output_device().context("there is none")?,
        Some(wanted) => {
            let devices: Vec<_> = host.output_devices()?.collect();
            let names: Vec<_> = devices.iter().flat_map(name_of).collect();
            let found = names.iter().position(|name| name == wanted);
            match found.and_then(|index| devices.into_iter().nth(index)) {
                Some(device) => device,
                None => bail!("expected one of {names:?}, found {wanted:?}"),
            }
        }
    };
    let configs: Vec<_> = device.supported_output_configs()?.collect();
    let (rate_hz, period_samples) =
        choose(&configs, (args.sample_rate, song_rate_hz), args.period_size).with_context(
            || match (args.sample_rate, args.period_size) {
                (None, None) => String::from("it has no blocks of a known length"),
                _ => String::from("it does not play at this rate in blocks of this length"),
            },
        )?;
    Ok(Clock {
        backend: SOUND_CARD,
        rate_hz,
        period_samples,
    })
}

/// Rate and block length that a device has: the wanted ones and no other, or else the song's rate
/// or the usual one, and a block length as near to the usual one as it goes.
fn choose(
    configs: &[SupportedStreamConfigRange],
    (wanted_hz, song_hz): (Option<u32>, Option<u32>),
    wanted_period: Option<u32>,
) -> Option<(u32, u32)> {
    let rates_hz: Vec<u32> = match wanted_hz {
        Some(wanted_hz) => vec![wanted_hz],
        None => song_hz
            .into_iter()
            .chain([USUAL_RATE_HZ, 44_100])
            .chain(
                configs
                    .iter()
                    .map(SupportedStreamConfigRange::max_sample_rate),
            )
            .collect(),
    };
    rates_hz.into_iter().find_map(|rate_hz| {
        configs.iter().find_map(|config| {
            let rates_hz = config.min_sample_rate()..=config.max_sample_rate();
            let SupportedBufferSize::Range { min, max } = *config.buffer_size() else {
                return None;
            };
            let period = wanted_period.unwrap_or(USUAL_PERIOD_SAMPLES.clamp(min, max));
            (rates_hz.contains(&rate_hz) && (min..=max).contains(&period))
                .then_some((rate_hz, period))
        })
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use cpal::SampleFormat;

    use super::*;

    fn config(rates_hz: (u32, u32), periods: (u32, u32)) -> SupportedStreamConfigRange {
        let (min, max) = periods;
        let periods = SupportedBufferSize::Range { min, max };
        SupportedStreamConfigRange::new(2, rates_hz.0, rates_hz.1, periods, SampleFormat::F32)
    }

    #[test]
    fn the_songs_rate_comes_first_where_it_can_be_had() {
        let wide = [config((8_000, 192_000), (16, 4096))];
        assert_eq!(
            choose(&wide, (None, Some(44_100)), None),
            Some((44_100, 512))
        );
        assert_eq!(choose(&wide, (None, None), None), Some((48_000, 512)));
        assert_eq!(
            choose(&wide, (Some(96_000), Some(44_100)), Some(64)),
            Some((96_000, 64))
        );
        let narrow = [config((32_000, 32_000), (1024, 4096))];
        assert_eq!(
            choose(&narrow, (None, Some(44_100)), None),
            Some((32_000, 1024))
        );
    }

    #[test]
    fn what_was_asked_for_is_not_replaced() {
        let configs = [config((44_100, 48_000), (64, 1024))];
        assert_eq!(choose(&configs, (Some(96_000), None), None), None);
        assert_eq!(choose(&configs, (None, None), Some(2048)), None);
        assert_eq!(choose(&[], (None, Some(44_100)), None), None);
    }

    #[test]
    fn the_clock_takes_the_songs_rate_and_passes_names_on() {
        let args = ["unbraid", "--backend=dummy", "--output-device=-odd name"];
        let args = Args::parse_from(args);
        let clock = find(&args, Some(44_100.0)).unwrap();
        assert_eq!(
            clock.arguments(&args),
            [
                "unbraid",
                "--backend=dummy",
                "--sample-rate=44100",
                "--period-size=512",
                "--output-device=-odd name"
            ]
        );
    }
}
