//! A small room: a feedback delay network (Jot & Chaigne 1991) of eight lines with a Householder
//! matrix, damped treble, and two all-passes per side in front of it (Schroeder 1962) for density.

use super::filter::{HighPass, LowPass};
use crate::stem::NUM_CHANNELS;

/// What a room sounds like.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Scales all delays; 1 is a small hall.
    pub size: f64,
    /// Time for the reverberation to fall by 60 dB.
    pub decay_s: f64,
    /// Above this the walls absorb.
    pub damping_hz: f64,
    /// Below this the room is not excited, which keeps the low end clear.
    pub low_cut_hz: f64,
    /// Time before the first reflection.
    pub predelay_s: f64,
    /// Level of the reverberation, linear.
    pub wet: f64,
}

const NUM_LINES: usize = 8;

/// Delays of the lines, with no common measure. Even lines hear the left, odd ones the right.
const LINES_S: [f64; NUM_LINES] = [
    0.0297, 0.0353, 0.0411, 0.0437, 0.0531, 0.0593, 0.0661, 0.0729,
];

/// Delays of the all-passes for `[channel]`.
const DIFFUSERS_S: [[f64; 2]; NUM_CHANNELS] = [[0.0047, 0.0113], [0.0053, 0.0127]];

const DIFFUSION: f64 = 0.6;

/// A room in which something sounds.
pub struct Reverb {
    low_cuts: [HighPass; NUM_CHANNELS],
    predelays: [Delay; NUM_CHANNELS],
    diffusers: [[Delay; 2]; NUM_CHANNELS],
    lines: [Delay; NUM_LINES],
    gains: [f64; NUM_LINES],
    walls: [LowPass; NUM_LINES],
    wet: f64,
}

impl Reverb {
    /// A silent room.
    pub fn new(room: &Room, rate_hz: f64) -> Self {
        let delay = |seconds: f64| Delay::new(seconds, rate_hz);
        let lines_s = LINES_S.map(|line_s| room.size * line_s);
        Self {
            low_cuts: [HighPass::new(room.low_cut_hz, rate_hz); NUM_CHANNELS],
            predelays: std::array::from_fn(|_| delay(room.predelay_s)),
            diffusers: DIFFUSERS_S.map(|diffusers_s| diffusers_s.map(delay)),
            lines: lines_s.map(delay),
            gains: lines_s.map(|line_s| 10.0_f64.powf(-3.0 * line_s / room.decay_s)),
            walls: [LowPass::new(room.damping_hz, rate_hz); NUM_LINES],
            wet: room.wet,
        }
    }

    /// The next sample of the reverberation alone.
    pub fn process(&mut self, dry: [f64; NUM_CHANNELS]) -> [f64; NUM_CHANNELS] {
        let mut input = [0.0; NUM_CHANNELS];
        for channel in 0..NUM_CHANNELS {
            let cut = self.low_cuts[channel].process(dry[channel]);
            input[channel] = self.predelays[channel].swap(cut);
            for diffuser in &mut self.diffusers[channel] {
                let delayed = diffuser.read();
                let into = input[channel] + DIFFUSION * delayed;
                diffuser.swap(into);
                input[channel] = delayed - DIFFUSION * into;
            }
        }
        let mut heard = [0.0; NUM_LINES];
        for (line, heard) in heard.iter_mut().enumerate() {
            *heard = self.walls[line].process(self.gains[line] * self.lines[line].read());
        }
        // Householder: every line gets its own sound less a quarter of everyone's.
        let shared = heard.iter().sum::<f64>() * 2.0 / NUM_LINES as f64;
        for (line, heard) in heard.iter().enumerate() {
            self.lines[line].swap(heard - shared + input[line % NUM_CHANNELS]);
        }
        // Signs alternate, so that the direct paths of both sides do not add up to a comb.
        let side = |channel: usize| {
            heard[channel] - heard[channel + 2] + heard[channel + 4] - heard[channel + 6]
        };
        [self.wet * side(0), self.wet * side(1)]
    }
}

/// A delay of at least one sample, between samples by linear interpolation: rounded to samples, the
/// room would ring differently at every rate.
struct Delay {
    samples: Vec<f32>,
    position: usize,
    /// Part of a sample by which the delay exceeds a whole number.
    fraction: f32,
}

impl Delay {
    fn new(seconds: f64, rate_hz: f64) -> Self {
        let length = (seconds * rate_hz).max(1.0);
        Self {
            samples: vec![0.0; length as usize + 1],
            position: 0,
            fraction: length.fract() as f32,
        }
    }

    /// What comes out now.
    fn read(&self) -> f64 {
        let older = self.samples[self.position];
        let newer = self.samples[if self.position + 1 == self.samples.len() {
            0
        } else {
            self.position + 1
        }];
        f64::from(newer + self.fraction * (older - newer))
    }

    /// What comes out now, for what goes in.
    fn swap(&mut self, input: f64) -> f64 {
        let out = self.read();
        self.samples[self.position] = input as f32;
        self.position += 1;
        if self.position == self.samples.len() {
            self.position = 0;
        }
        out
    }
}
