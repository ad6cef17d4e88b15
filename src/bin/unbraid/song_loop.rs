//! A song that never ends.

use std::f32::consts::PI;

use anyhow::ensure;
use rubato::{SincInterpolationParameters, WindowFunction};
use unbraid::audio_file::Audio;
use unbraid::dsp::resample::resample;
use unbraid::stem::Stereo;

/// How long before its end a song bends to where it begins.
const SEAM_S: f64 = 0.01;

/// A whole song in memory at the rate at which it plays, and where it plays.
pub struct SongLoop {
    channels: Stereo,
    position_samples: usize,
}

impl SongLoop {
    /// Resamples the song to `rate_hz` and closes it to a loop.
    ///
    /// # Errors
    /// If nothing is left of it at that rate.
    pub fn new(song: Audio, rate_hz: f64) -> anyhow::Result<Self> {
        let mut channels = if song.rate_hz == rate_hz {
            song.channels
        } else {
            resample_loop(&song, rate_hz)
        };
        ensure!(
            !channels[0].is_empty(),
            "the song is too short to be played"
        );
        let seam_samples = (SEAM_S * rate_hz) as usize;
        channels
            .iter_mut()
            .for_each(|channel| close(channel, seam_samples));
        Ok(Self {
            channels,
            position_samples: 0,
        })
    }

    /// Fills a block, `[channel][sample]`, with what follows. Real-time safe.
    pub fn fill(&mut self, block: &mut [&mut [f32]]) {
        let num_samples = block.first().map_or(0, |channel| channel.len());
        let song_samples = self.channels[0].len();
        let mut filled = 0;
        while filled < num_samples {
            let position = self.position_samples;
            let count = (num_samples - filled).min(song_samples - position);
            for (song, channel) in self.channels.iter().zip(block.iter_mut()) {
                let piece = &song[position..position + count];
                channel[filled..filled + count].copy_from_slice(piece);
            }
            filled += count;
            self.position_samples = (position + count) % song_samples;
        }
    }
}

/// The song at another rate, as if it had been playing in a loop for ever: silence around it would
/// be heard at the seam.
fn resample_loop(song: &Audio, rate_hz: f64) -> Stereo {
    let filter = SincInterpolationParameters::new(128, WindowFunction::BlackmanHarris2);
    let factor = rate_hz / song.rate_hz;
    let num_samples = song.num_samples();
    // A second, which is a whole number of samples at both rates.
    let around_samples = song.rate_hz as usize;
    let start = num_samples - around_samples % num_samples;
    let around = song.channels.each_ref().map(|channel| {
        let endless = channel.iter().copied().cycle().skip(start);
        endless
            .take(around_samples + num_samples + around_samples)
            .collect()
    });
    let start = rate_hz as usize;
    let end = start + (num_samples as f64 * factor).round() as usize;
    resample(&around, factor, &filter).map(|channel| channel[start..end].to_vec())
}

/// Bends the last `seam_samples` so that the end meets the beginning without a step.
///
/// A fade from end to beginning would shorten the song, and a loop cut to its bars would limp; this
/// leaves a song that ends in silence, and a loop that meets itself, as they are.
fn close(channel: &mut [f32], seam_samples: usize) {
    let (Some(&first), Some(&last)) = (channel.first(), channel.last()) else {
        return;
    };
    let seam_samples = seam_samples.min(channel.len() / 2);
    let start = channel.len() - seam_samples;
    for (index, sample) in channel[start..].iter_mut().enumerate() {
        let travel = (index + 1) as f32 / seam_samples as f32;
        *sample += (first - last) * (0.5 - 0.5 * (PI * travel).cos());
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    fn song(rate_hz: f64, num_samples: usize, value: impl Fn(f64) -> f64) -> Audio {
        let channel: Vec<f32> = (0..num_samples)
            .map(|index| value(index as f64 / rate_hz) as f32)
            .collect();
        Audio {
            rate_hz,
            num_source_channels: 2,
            channels: [channel.clone(), channel.iter().map(|x| -x).collect()],
        }
    }

    fn played(song: &mut SongLoop, blocks: &[usize]) -> Stereo {
        let mut all = Stereo::default();
        for &block in blocks {
            let mut output: Stereo = std::array::from_fn(|_| vec![0.0; block]);
            song.fill(&mut output.each_mut().map(Vec::as_mut_slice));
            for (all, output) in all.iter_mut().zip(output) {
                all.extend(output);
            }
        }
        all
    }

    #[test]
    fn a_song_repeats_in_any_blocks() {
        let rate_hz = 48_000.0;
        let audio = song(rate_hz, 1000, |s| (TAU * 440.0 * s).sin());
        let whole = played(&mut SongLoop::new(audio.clone(), rate_hz).unwrap(), &[3500]);
        let blocks = [1, 7, 992, 1, 999, 1000, 500];
        let pieces = played(&mut SongLoop::new(audio.clone(), rate_hz).unwrap(), &blocks);
        assert_eq!(whole, pieces);
        assert_eq!(whole[0][..1000], whole[0][1000..2000]);
        // The seam is no longer than it must be.
        assert_eq!(whole[1][..500], audio.channels[1][..500]);
    }

    #[test]
    fn the_end_meets_the_beginning() {
        let rate_hz = 48_000.0;
        let audio = song(rate_hz, 48_000, |s| 0.5 * (TAU * 100.25 * s + 1.0).cos());
        let raw_step = audio.channels[0][47_999] - audio.channels[0][0];
        assert!(
            raw_step.abs() > 0.3,
            "there is a step to be bent: {raw_step}"
        );
        let looped = played(&mut SongLoop::new(audio, rate_hz).unwrap(), &[96_000]);
        let steepest = looped[0]
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .fold(0.0, f32::max);
        assert!(steepest < 0.02, "{steepest}");
    }

    #[test]
    fn a_song_that_ends_in_silence_stays_as_it_is() {
        let rate_hz = 44_100.0;
        let audio = song(rate_hz, 44_100, |s| {
            if s < 0.9 { (TAU * 90.0 * s).sin() } else { 0.0 }
        });
        let mut looped = SongLoop::new(audio.clone(), rate_hz).unwrap();
        assert_eq!(played(&mut looped, &[44_100]), audio.channels);
    }

    #[test]
    fn a_loop_that_meets_itself_does_so_at_another_rate() {
        let sine = |s: f64| 0.5 * (TAU * 440.0 * s + 1.0).sin();
        for (from_hz, to_hz, num_samples) in [
            (44_100.0, 48_000.0, 44_100),
            (48_000.0, 44_100.0, 12_000),
            (22_050.0, 96_000.0, 44_100),
        ] {
            let audio = song(from_hz, num_samples, sine);
            let mut looped = SongLoop::new(audio, to_hz).unwrap();
            let want = (num_samples as f64 * to_hz / from_hz) as usize;
            assert_eq!(looped.channels[0].len(), want);
            let played = played(&mut looped, &[2 * want]);
            let steepest = 0.5 * TAU * 440.0 / to_hz;
            for (index, &sample) in played[0].iter().enumerate() {
                let error = f64::from(sample) - sine((index % want) as f64 / to_hz);
                // The resampler is late by a part of a sample, and the last one is bent to the first.
                assert!(
                    error.abs() < 1.6 * steepest,
                    "{from_hz} to {to_hz}, {index}: {error}"
                );
            }
            for (index, pair) in played[0].windows(2).enumerate() {
                let step = f64::from(pair[1] - pair[0]).abs();
                assert!(
                    step < 1.1 * steepest,
                    "{from_hz} to {to_hz}, {index}: {step}"
                );
            }
        }
    }

    #[test]
    fn a_single_sample_can_be_played() {
        let audio = song(48_000.0, 1, |_| 0.25);
        let mut looped = SongLoop::new(audio, 48_000.0).unwrap();
        assert_eq!(played(&mut looped, &[5])[0], [0.25; 5]);
    }
}
