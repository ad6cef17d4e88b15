//! Gains: what the controls ask for, and the ramps that lead there.

use crate::separators::{Focus, NO_FOCUS};
use crate::stem::{NUM_STEMS, Stem};

/// Duration of a gain's way from one target to the next, in milliseconds; linear. Long enough for
/// solo and mute not to click.
pub const GAIN_RAMP_MS: f64 = 10.0;

/// One stem's controls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StemControl {
    /// Linear.
    pub gain: f32,
    pub solo: bool,
    pub mute: bool,
}

impl StemControl {
    /// Unity gain, neither solo nor mute.
    pub const UNITY: Self = Self {
        gain: 1.0,
        solo: false,
        mute: false,
    };
}

/// Where the gains are to be, and how the stems' masks are bent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GainTargets {
    /// Linear, indexed by stem.
    pub stems: [f32; NUM_STEMS],
    /// Whether the delayed input plays instead.
    pub bypass: bool,
    /// Acts on the hops that are full within the block, without a ramp: hops overlap.
    pub focus: Focus,
}

impl GainTargets {
    /// Everything as it came in.
    pub const UNITY: Self = Self {
        stems: [1.0; NUM_STEMS],
        bypass: false,
        focus: NO_FOCUS,
    };

    /// A muted stem is silent, and so is every other one while any is soloed; mute beats solo.
    /// `output_gain` is linear and multiplies all. No mask is bent.
    pub fn new(controls: &[StemControl; NUM_STEMS], output_gain: f32, bypass: bool) -> Self {
        let any_solo = controls.iter().any(|control| control.solo);
        let stems = controls.map(|control| {
            if control.mute || (any_solo && !control.solo) {
                0.0
            } else {
                control.gain * output_gain
            }
        });
        Self {
            stems,
            bypass,
            focus: NO_FOCUS,
        }
    }

    /// The lanes that play these targets: bypass is unity for the mix and silence for the stems.
    fn lanes(&self) -> [f32; NUM_LANES] {
        let mut lanes = [1.0; NUM_LANES];
        if self.bypass {
            lanes[STEMS_LANE] = 0.0;
        } else {
            lanes[..NUM_STEMS].copy_from_slice(&self.stems);
        }
        lanes
    }
}

/// One lane a stem, and one for the stem outputs.
pub(super) const NUM_LANES: usize = NUM_STEMS + 1;

/// The lane of the stem outputs: 1, and 0 in bypass.
pub(super) const STEMS_LANE: usize = NUM_STEMS;

/// Gains of one block, shape `[lane][sample]`.
pub(super) struct GainBlock {
    pub lanes: [Vec<f32>; NUM_LANES],
}

impl GainBlock {
    pub fn new(capacity_samples: usize) -> Self {
        Self {
            lanes: std::array::from_fn(|_| vec![0.0; capacity_samples]),
        }
    }

    /// A stem's gain in the mix.
    pub fn of(&self, stem: Stem) -> &[f32] {
        &self.lanes[stem as usize]
    }
}

/// Linear ramps of every lane, at input time.
pub(super) struct GainRamps {
    ramp_samples: usize,
    /// Whether targets have been seen since the last reset.
    started: bool,
    from: [f32; NUM_LANES],
    to: [f32; NUM_LANES],
    /// Samples of the way from `from` to `to` that are done, up to `ramp_samples`.
    done_samples: usize,
}

impl GainRamps {
    pub fn new(rate_hz: f64) -> Self {
        Self {
            ramp_samples: ((GAIN_RAMP_MS * 1e-3 * rate_hz).ceil() as usize).max(1),
            started: false,
            from: [0.0; NUM_LANES],
            to: [0.0; NUM_LANES],
            done_samples: 0,
        }
    }

    /// Writes the next `length` gains on the way to `targets`.
    pub fn process(&mut self, targets: &GainTargets, length: usize, gains: &mut GainBlock) {
        let lanes = targets.lanes();
        if !self.started {
            self.started = true;
            self.to = lanes;
            self.done_samples = self.ramp_samples;
        } else if lanes != self.to {
            self.from = std::array::from_fn(|lane| self.now(lane, self.done_samples));
            self.to = lanes;
            self.done_samples = 0;
        }
        let ramping = (self.ramp_samples - self.done_samples).min(length);
        for lane in 0..NUM_LANES {
            let (ramp, steady) = gains.lanes[lane][..length].split_at_mut(ramping);
            for (n, gain) in ramp.iter_mut().enumerate() {
                *gain = self.now(lane, self.done_samples + n + 1);
            }
            steady.fill(self.to[lane]);
        }
        self.done_samples += ramping;
    }

    fn now(&self, lane: usize, done_samples: usize) -> f32 {
        let (from, to) = (self.from[lane], self.to[lane]);
        // The end is exact, and so is a lane that stands still.
        if done_samples >= self.ramp_samples || from == to {
            to
        } else {
            from + (to - from) * (done_samples as f32 / self.ramp_samples as f32)
        }
    }

    pub fn reset(&mut self) {
        self.started = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn controls(f: impl Fn(Stem) -> StemControl) -> [StemControl; NUM_STEMS] {
        Stem::ALL.map(f)
    }

    #[test]
    fn solo_and_mute_rules() {
        let soloed = controls(|stem| StemControl {
            gain: 0.5,
            solo: matches!(stem, Stem::Drums | Stem::Vocals),
            mute: matches!(stem, Stem::Vocals | Stem::Bass),
        });
        let targets = GainTargets::new(&soloed, 2.0, false);
        // Only the drums are soloed and not muted: 0.5 · 2.
        assert_eq!(targets.stems, [1.0, 0.0, 0.0, 0.0]);
        let open = controls(|_| StemControl::UNITY);
        assert_eq!(GainTargets::new(&open, 1.0, false), GainTargets::UNITY);
    }

    #[test]
    fn a_ramp_is_linear_exact_at_its_end_and_the_same_in_any_pieces() {
        let rate_hz = 1_000.0;
        let start = GainTargets::UNITY;
        let mut end = start;
        end.stems[Stem::Drums as usize] = 0.0;
        let run = |piece: usize| {
            let mut ramps = GainRamps::new(rate_hz);
            let mut gains = GainBlock::new(64);
            ramps.process(&start, 3, &mut gains);
            let mut drums = gains.of(Stem::Drums)[..3].to_vec();
            for _ in 0..24 / piece {
                ramps.process(&end, piece, &mut gains);
                drums.extend_from_slice(&gains.of(Stem::Drums)[..piece]);
                assert_eq!(gains.of(Stem::Bass)[..piece], vec![1.0; piece]);
            }
            drums
        };
        let whole = run(24);
        // The start is taken at once; then 10 ms are 10 samples.
        assert_eq!(whole[..3], [1.0; 3]);
        for n in 0..10 {
            let want = 1.0 - (n + 1) as f32 / 10.0;
            assert!((whole[3 + n] - want).abs() < 1e-6, "sample {n}");
        }
        assert_eq!(whole[12..], vec![0.0; 15]);
        for piece in [1, 2, 3, 8] {
            assert_eq!(run(piece), whole, "piece {piece}");
        }
    }

    #[test]
    fn bypass_is_unity_and_silent_stems() {
        let mut ramps = GainRamps::new(1_000.0);
        let mut gains = GainBlock::new(4);
        let muted = GainTargets {
            stems: [0.0; NUM_STEMS],
            bypass: true,
            ..GainTargets::UNITY
        };
        ramps.process(&muted, 4, &mut gains);
        assert_eq!(gains.of(Stem::Other), [1.0; 4]);
        assert_eq!(gains.lanes[STEMS_LANE], [0.0; 4]);
    }
}
