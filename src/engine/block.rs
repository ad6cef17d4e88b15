//! One block on its way out: the delayed mix, its gains and stems, all at output time, and the
//! arithmetic that makes the host block of them.

use super::gains::{GainBlock, STEMS_LANE};
use crate::stem::{NUM_CHANNELS, Stem, StemBuffer};

/// Where the stem outputs branch off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StemTap {
    /// Before gain, solo and mute.
    PreFader,
    /// After them.
    PostFader,
}

/// What a chain gives for one block.
pub(super) struct EngineBlock {
    /// Shape `[channel][sample]`.
    pub mix: [Vec<f32>; NUM_CHANNELS],
    pub gains: GainBlock,
    pub stems: StemBuffer,
}

/// A piece of a fade: `block_samples` from `done_samples` on, where 0..`fade_samples` leads from
/// one end to the other.
#[derive(Clone, Copy)]
pub(super) struct Fade {
    pub done_samples: usize,
    pub fade_samples: usize,
    pub block_samples: usize,
}

impl EngineBlock {
    pub fn new(capacity_samples: usize) -> Self {
        Self {
            mix: std::array::from_fn(|_| vec![0.0; capacity_samples]),
            gains: GainBlock::new(capacity_samples),
            stems: StemBuffer::new(capacity_samples),
        }
    }

    pub fn clear(&mut self) {
        for channel in &mut self.mix {
            channel.fill(0.0);
        }
        self.stems.clear();
    }

    /// Other is what remains of the mix.
    pub fn fill_other(&mut self, length: usize) {
        for channel in 0..NUM_CHANNELS {
            for n in 0..length {
                let mut rest = self.mix[channel][n];
                for stem in Stem::ESTIMATED {
                    rest -= self.stems.channel(stem, channel)[n];
                }
                self.stems.channel_mut(Stem::Other, channel)[n] = rest;
            }
        }
    }

    /// `output = g_other · mix + Σ (g_k − g_other) · stem_k`: with equal gains the factor of every
    /// stem is exactly 0.
    pub fn write_output(&self, output: &mut [&mut [f32]; NUM_CHANNELS]) {
        let other_gain = self.gains.of(Stem::Other);
        for (channel, output) in output.iter_mut().enumerate() {
            let mix = &self.mix[channel];
            for ((y, x), gain) in output.iter_mut().zip(mix).zip(other_gain) {
                *y = gain * x;
            }
            for stem in Stem::ESTIMATED {
                let gains = self.gains.of(stem).iter().zip(other_gain);
                let samples = self.stems.channel(stem, channel);
                for ((y, x), (gain, other_gain)) in output.iter_mut().zip(samples).zip(gains) {
                    *y += (gain - other_gain) * x;
                }
            }
        }
    }

    /// The stems as an output plays them.
    ///
    /// In bypass all gains lead to 1 and the stems' lane to 0, so `gain − (1 − lane)` is the gain
    /// itself when active, 0 when bypassed, and linear between.
    pub fn write_stem_outputs(&self, tap: StemTap, outputs: &mut StemBuffer, length: usize) {
        let lane = &self.gains.lanes[STEMS_LANE][..length];
        for stem in Stem::ALL {
            let gains = self.gains.of(stem);
            for channel in 0..NUM_CHANNELS {
                let samples = self.stems.channel(stem, channel);
                let output = outputs.channel_mut(stem, channel);
                for (n, &active) in lane.iter().enumerate() {
                    let gain = match tap {
                        StemTap::PreFader => active,
                        StemTap::PostFader => gains[n] - (1.0 - active),
                    };
                    output[n] = gain * samples[n];
                }
            }
        }
    }

    /// Leads the stems over to those of `next`, which has the same latency and so the same mix.
    pub fn cross_fade(&mut self, next: &EngineBlock, fade: Fade) {
        for stem in Stem::ESTIMATED {
            for channel in 0..NUM_CHANNELS {
                let coming = next.stems.channel(stem, channel);
                let going = self.stems.channel_mut(stem, channel);
                for n in 0..fade.block_samples {
                    let t = fade.position(fade.done_samples + n);
                    going[n] = (1.0 - t) * going[n] + t * coming[n];
                }
            }
        }
    }

    /// Fades everything out, then what `next` gives in: two signals of other latency would comb if
    /// they were heard together.
    pub fn fade_out_and_in(&mut self, next: &EngineBlock, fade: Fade) {
        for n in 0..fade.block_samples {
            let done = fade.done_samples + n;
            if done < fade.fade_samples {
                self.scale(n, 1.0 - fade.position(done));
            } else {
                self.take(next, n);
                self.scale(n, fade.position(done - fade.fade_samples));
            }
        }
    }

    fn scale(&mut self, n: usize, gain: f32) {
        for channel in 0..NUM_CHANNELS {
            self.mix[channel][n] *= gain;
            for stem in Stem::ESTIMATED {
                self.stems.channel_mut(stem, channel)[n] *= gain;
            }
        }
    }

    fn take(&mut self, next: &EngineBlock, n: usize) {
        for (gains, next) in self.gains.lanes.iter_mut().zip(&next.gains.lanes) {
            gains[n] = next[n];
        }
        for channel in 0..NUM_CHANNELS {
            self.mix[channel][n] = next.mix[channel][n];
            for stem in Stem::ESTIMATED {
                self.stems.channel_mut(stem, channel)[n] = next.stems.channel(stem, channel)[n];
            }
        }
    }
}

impl Fade {
    /// How far the fade has come with sample `done_samples`: from just above 0 to 1.
    fn position(&self, done_samples: usize) -> f32 {
        ((done_samples + 1) as f32 / self.fade_samples as f32).min(1.0)
    }
}
