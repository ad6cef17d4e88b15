//! What the editor shows of the audio thread: plain atomics, one writer, relaxed. The maxima and
//! the fault are the exception: who reads them sets them back.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use atomic_float::AtomicF32;

use crate::stem::{NUM_CHANNELS, NUM_STEMS, Stem};

/// Peaks after the gains, how far the output is from the input, and whether something went wrong;
/// shared by engine and editor. All peaks are linear.
#[derive(Debug)]
pub struct Meters {
    wanted: AtomicBool,
    stem_peaks: [[AtomicF32; NUM_CHANNELS]; NUM_STEMS],
    output_peaks: [AtomicF32; NUM_CHANNELS],
    stem_maxima: [[AtomicF32; NUM_CHANNELS]; NUM_STEMS],
    output_maxima: [AtomicF32; NUM_CHANNELS],
    difference_peak: AtomicF32,
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
        let stereo = || std::array::from_fn(|_| peak());
        let stems = || std::array::from_fn(|_| stereo());
        Self {
            wanted: AtomicBool::new(false),
            stem_peaks: stems(),
            output_peaks: stereo(),
            stem_maxima: stems(),
            output_maxima: stereo(),
            difference_peak: peak(),
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

    /// The largest sample of a stem after its gain since the last call, not fallen: one that clips
    /// between two looks is not missed.
    pub fn take_max_stem_peak(&self, stem: Stem, channel: usize) -> f32 {
        self.stem_maxima[stem as usize][channel].swap(0.0, Relaxed)
    }

    /// The largest sample of the output since the last call.
    pub fn take_max_output_peak(&self, channel: usize) -> f32 {
        self.output_maxima[channel].swap(0.0, Relaxed)
    }

    /// The largest difference in the newest tenth of a second between what the host hears and the
    /// delayed input, of both channels; exactly 0 while they are the same.
    pub fn difference_peak(&self) -> f32 {
        self.difference_peak.load(Relaxed)
    }

    /// Whether a separator has given non-finite samples since the last call.
    pub fn take_fault(&self) -> bool {
        self.fault.swap(false, Relaxed)
    }

    pub(super) fn wanted(&self) -> bool {
        self.wanted.load(Relaxed)
    }

    /// `peak` falls, `block_peak` is the newest block's.
    pub(super) fn set_stem_peak(&self, stem: Stem, channel: usize, peak: f32, block_peak: f32) {
        self.stem_peaks[stem as usize][channel].store(peak, Relaxed);
        self.stem_maxima[stem as usize][channel].fetch_max(block_peak, Relaxed);
    }

    /// The same of the output.
    pub(super) fn set_output_peak(&self, channel: usize, peak: f32, block_peak: f32) {
        self.output_peaks[channel].store(peak, Relaxed);
        self.output_maxima[channel].fetch_max(block_peak, Relaxed);
    }

    pub(super) fn set_difference_peak(&self, peak: f32) {
        self.difference_peak.store(peak, Relaxed);
    }

    pub(super) fn raise_fault(&self) {
        self.fault.store(true, Relaxed);
    }
}
