//! What the editor shows of the audio thread: plain atomics, one writer, relaxed.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use atomic_float::AtomicF32;

use crate::stem::{NUM_CHANNELS, NUM_STEMS, Stem};

/// Peaks after the gains, and whether something went wrong; shared by engine and editor.
#[derive(Debug)]
pub struct Meters {
    wanted: AtomicBool,
    stem_peaks: [[AtomicF32; NUM_CHANNELS]; NUM_STEMS],
    output_peaks: [AtomicF32; NUM_CHANNELS],
    fault: AtomicBool,
}

impl Meters {
    /// Everything at rest, and not wanted.
    #[expect(
        clippy::new_without_default,
        reason = "a meter without an engine is no default"
    )]
    pub fn new() -> Self {
        let peak = || AtomicF32::new(0.0);
        Self {
            wanted: AtomicBool::new(false),
            stem_peaks: std::array::from_fn(|_| std::array::from_fn(|_| peak())),
            output_peaks: std::array::from_fn(|_| peak()),
            fault: AtomicBool::new(false),
        }
    }

    /// Switches the measuring on or off: off costs nothing, and leaves the peaks as they were.
    pub fn set_wanted(&self, wanted: bool) {
        self.wanted.store(wanted, Relaxed);
    }

    /// A stem's falling peak after its gain, linear.
    pub fn stem_peak(&self, stem: Stem, channel: usize) -> f32 {
        self.stem_peaks[stem as usize][channel].load(Relaxed)
    }

    /// The output's falling peak, linear.
    pub fn output_peak(&self, channel: usize) -> f32 {
        self.output_peaks[channel].load(Relaxed)
    }

    /// Whether a separator has given non-finite samples since the last call.
    pub fn take_fault(&self) -> bool {
        self.fault.swap(false, Relaxed)
    }

    pub(super) fn wanted(&self) -> bool {
        self.wanted.load(Relaxed)
    }

    pub(super) fn set_stem_peak(&self, stem: Stem, channel: usize, peak: f32) {
        self.stem_peaks[stem as usize][channel].store(peak, Relaxed);
    }

    pub(super) fn set_output_peak(&self, channel: usize, peak: f32) {
        self.output_peaks[channel].store(peak, Relaxed);
    }

    pub(super) fn raise_fault(&self) {
        self.fault.store(true, Relaxed);
    }
}
