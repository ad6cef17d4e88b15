//! The tape that one stem is recorded on.

use crate::dsp::compressor::Compressor;
use crate::dsp::filter::HighPass;
use crate::dsp::reverb::{Reverb, Room};
use crate::stem::NUM_CHANNELS;

/// A stereo recording in the making.
pub struct Track {
    rate_hz: f64,
    channels: [Vec<f32>; NUM_CHANNELS],
}

impl Track {
    pub fn new(rate_hz: f64, length_s: f64) -> Self {
        let num_samples = (length_s * rate_hz).ceil() as usize;
        Self {
            rate_hz,
            channels: std::array::from_fn(|_| vec![0.0; num_samples]),
        }
    }

    pub fn rate_hz(&self) -> f64 {
        self.rate_hz
    }

    pub fn length_s(&self) -> f64 {
        self.channels[0].len() as f64 / self.rate_hz
    }

    /// Adds a mono sound at a place between −1 (left) and 1 (right), at equal power.
    ///
    /// `sound` is asked for every sample in turn, with the time since the exact start; the start itself
    /// need not fall on a sample.
    pub fn play(
        &mut self,
        start_s: f64,
        length_s: f64,
        pan: f64,
        mut sound: impl FnMut(f64) -> f64,
    ) {
        let (right, left) = (std::f64::consts::FRAC_PI_4 * (1.0 + pan)).sin_cos();
        self.play_stereo(start_s, length_s, |time_s| {
            let value = sound(time_s);
            [left * value, right * value]
        });
    }

    /// Adds a stereo sound.
    pub fn play_stereo(
        &mut self,
        start_s: f64,
        length_s: f64,
        mut sound: impl FnMut(f64) -> [f64; NUM_CHANNELS],
    ) {
        let num_samples = self.channels[0].len();
        let first = (start_s * self.rate_hz).ceil().max(0.0) as usize;
        let end = ((start_s + length_s) * self.rate_hz).ceil().max(0.0) as usize;
        for sample in first..end.min(num_samples) {
            let values = sound(sample as f64 / self.rate_hz - start_s);
            for (channel, value) in self.channels.iter_mut().zip(values) {
                channel[sample] += value as f32;
            }
        }
    }

    /// Adds another track's sound.
    pub fn add(&mut self, other: &Track) {
        for (channel, added) in self.channels.iter_mut().zip(&other.channels) {
            for (sample, added) in channel.iter_mut().zip(added) {
                *sample += added;
            }
        }
    }

    /// Passes both channels through an effect, sample by sample, with the time in the song.
    pub fn process(
        &mut self,
        mut effect: impl FnMut(f64, [f64; NUM_CHANNELS]) -> [f64; NUM_CHANNELS],
    ) {
        let [left, right] = &mut self.channels;
        for (sample, (left, right)) in left.iter_mut().zip(right).enumerate() {
            let time_s = sample as f64 / self.rate_hz;
            let out = effect(time_s, [f64::from(*left), f64::from(*right)]);
            *left = out[0] as f32;
            *right = out[1] as f32;
        }
    }

    /// Evens out the loudness.
    pub fn compress(&mut self, mut compressor: Compressor) {
        self.process(|_, dry| compressor.process(dry));
    }

    /// Adds a room to the track.
    pub fn place_in(&mut self, room: &Room) {
        let mut reverb = Reverb::new(room, self.rate_hz);
        self.process(|_, dry| {
            let wet = reverb.process(dry);
            [dry[0] + wet[0], dry[1] + wet[1]]
        });
    }

    /// The finished stem: free of DC, at its level, faded to silence at the very end.
    pub fn finish(mut self, gain: f64) -> [Vec<f32>; NUM_CHANNELS] {
        const FADE_S: f64 = 0.4;
        const SILENCE_S: f64 = 0.1;
        let end_s = self.channels[0].len() as f64 / self.rate_hz - SILENCE_S;
        let mut blockers = [HighPass::new(20.0, self.rate_hz); NUM_CHANNELS];
        self.process(|time_s, dry| {
            let fade = gain * ((end_s - time_s) / FADE_S).clamp(0.0, 1.0);
            let [left, right] = &mut blockers;
            [fade * left.process(dry[0]), fade * right.process(dry[1])]
        });
        self.channels
    }
}
