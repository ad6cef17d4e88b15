//! How much of its time the audio thread needs: the work on each host block against the time that
//! the block lasts.
//!
//! It costs two readings of the clock a block. `Instant` takes them from memory that the system
//! shares with every process (on Linux the vDSO), without a system call.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use atomic_float::AtomicF32;
use nice_plug::prelude::{BufferConfig, ProcessMode};

/// Time over which the load is smoothed.
const SMOOTHING_SECONDS: f64 = 1.0;

/// Written by the audio thread, read by the editor: relaxed atomics. All shares are of a block's
/// duration, 1.0 is the deadline; 0.0 before anything plays.
#[derive(Debug, Default)]
pub struct Load {
    smoothed: AtomicF32,
    worst: AtomicF32,
    num_overloads: AtomicU32,
}

impl Load {
    /// The share of the last second or so; stays as it was while nothing plays.
    pub fn smoothed(&self) -> f32 {
        self.smoothed.load(Relaxed)
    }

    /// The share of the worst block since [`Load::forget_worst`].
    pub fn worst(&self) -> f32 {
        self.worst.load(Relaxed)
    }

    /// Blocks since [`Load::forget_worst`] whose work took longer than they last.
    pub fn num_overloads(&self) -> u32 {
        self.num_overloads.load(Relaxed)
    }

    /// Begins anew with the worst block and the overloads.
    pub fn forget_worst(&self) {
        self.worst.store(0.0, Relaxed);
        self.num_overloads.store(0, Relaxed);
    }

    fn count_block(&self, spent_seconds: f64, block_seconds: f64, has_deadline: bool) {
        let share = (spent_seconds / block_seconds) as f32;
        let smoothed = self.smoothed.load(Relaxed);
        // By its length, so that the smoothing lasts as long with short blocks as with long ones.
        let weight = (block_seconds / (block_seconds + SMOOTHING_SECONDS)) as f32;
        self.smoothed
            .store(smoothed + weight * (share - smoothed), Relaxed);
        if has_deadline {
            self.worst.fetch_max(share, Relaxed);
            if share > 1.0 {
                self.num_overloads.fetch_add(1, Relaxed);
            }
        }
    }
}

/// The audio thread's end. Puts host blocks together again: nice-plug cuts them wherever a
/// parameter changes, and a piece of a few samples has no deadline of its own.
pub struct LoadMeter {
    load: Arc<Load>,
    rate_hz: f64,
    max_block_samples: usize,
    has_deadline: bool,
    /// Of the host block so far.
    spent: Duration,
    num_samples: usize,
    /// The address at which its first channel ends so far.
    end: usize,
}

impl LoadMeter {
    pub fn new(load: Arc<Load>) -> Self {
        Self {
            load,
            rate_hz: 1.0,
            max_block_samples: 0,
            has_deadline: false,
            spent: Duration::ZERO,
            num_samples: 0,
            end: 0,
        }
    }

    /// For the blocks that follow. Offline they have no deadline: neither the worst block nor the
    /// overloads know of them.
    pub fn start(&mut self, config: &BufferConfig) {
        self.rate_hz = f64::from(config.sample_rate);
        self.max_block_samples = config.max_buffer_size as usize;
        self.has_deadline = config.process_mode != ProcessMode::Offline;
        self.num_samples = 0;
    }

    /// The work on a piece of a host block took `spent`; `samples` is where its first channel lies.
    ///
    /// A host block is counted when the next one begins: pieces of one lie side by side, and
    /// together they are no longer than the host said its blocks would be.
    pub fn count_piece(&mut self, samples: Range<*const f32>, spent: Duration) {
        let (start, end) = (samples.start as usize, samples.end as usize);
        let num_samples = (end - start) / size_of::<f32>();
        let goes_on = start == self.end && self.num_samples + num_samples <= self.max_block_samples;
        if !goes_on {
            if self.num_samples > 0 {
                let block_seconds = self.num_samples as f64 / self.rate_hz;
                let spent_seconds = self.spent.as_secs_f64();
                self.load
                    .count_block(spent_seconds, block_seconds, self.has_deadline);
            }
            self.spent = Duration::ZERO;
            self.num_samples = 0;
        }
        self.spent += spent;
        self.num_samples += num_samples;
        self.end = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn meter(max_buffer_size: u32, process_mode: ProcessMode) -> (Arc<Load>, LoadMeter) {
        let load = Arc::<Load>::default();
        let mut meter = LoadMeter::new(load.clone());
        meter.start(&BufferConfig {
            sample_rate: 48_000.0,
            min_buffer_size: None,
            max_buffer_size,
            process_mode,
        });
        (load, meter)
    }

    #[test]
    fn blocks_are_measured_against_the_time_that_they_last() {
        let (load, mut meter) = meter(480, ProcessMode::Realtime);
        let block = [0.0_f32; 480];
        // 10 ms each, at last a third of a load that has to settle first.
        for spent in [3 * MS, 11 * MS, 10 * MS, 25 * MS] {
            meter.count_piece(block.as_ptr_range(), spent);
        }
        for _ in 0..1_000 {
            meter.count_piece(block.as_ptr_range(), 3 * MS);
        }
        assert_eq!(load.worst(), 2.5);
        assert_eq!(load.num_overloads(), 2);
        assert!((load.smoothed() - 0.3).abs() < 1e-3, "{load:?}");
        load.forget_worst();
        meter.count_piece(block.as_ptr_range(), 3 * MS);
        assert_eq!((load.worst(), load.num_overloads()), (0.3, 0));
    }

    #[test]
    fn pieces_of_a_block_count_as_one() {
        let (load, mut meter) = meter(480, ProcessMode::Realtime);
        let block = [0.0_f32; 480];
        for _ in 0..3 {
            // All the work falls into one sample.
            for (piece, spent) in [(0..100, MS), (100..101, 5 * MS), (101..480, MS)] {
                meter.count_piece(block[piece].as_ptr_range(), spent);
            }
        }
        assert_eq!((load.worst(), load.num_overloads()), (0.7, 0));
        // Blocks that happen to lie side by side are still no longer than blocks can be.
        let blocks = [0.0_f32; 4 * 480];
        for block in blocks.chunks(480) {
            meter.count_piece(block.as_ptr_range(), 12 * MS);
        }
        assert_eq!(load.num_overloads(), 3);
    }

    #[test]
    fn offline_blocks_are_no_overloads() {
        let (load, mut meter) = meter(480, ProcessMode::Offline);
        let block = [0.0_f32; 480];
        for _ in 0..1_000 {
            meter.count_piece(block.as_ptr_range(), 20 * MS);
        }
        assert_eq!((load.worst(), load.num_overloads()), (0.0, 0));
        assert!((load.smoothed() - 2.0).abs() < 0.01, "{load:?}");
    }
}
