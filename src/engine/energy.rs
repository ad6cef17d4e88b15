//! The way of the stems' energies from the audio thread to the editor's picture.
//!
//! One column a hop crosses a ring without locks, with the position at which it is heard. The
//! editor takes a column when its sound has left, so picture and sound agree, whatever the latency.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ringbuf::traits::{Consumer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use crate::separators::StemEnergy;

/// Columns that may wait for the editor: 1.5 s of an STFT's hops, for a window that stutters or a
/// host that renders ahead. A full ring drops what is newest.
const CAPACITY_COLUMNS: usize = 256;

/// The energies of one hop.
#[derive(Clone, Debug, PartialEq)]
pub struct EnergyColumn {
    /// The position in the output at which the middle of the hop's window is heard, counted as in
    /// [`EnergyView::played_samples`].
    pub heard_at_samples: u64,
    /// Before the gains. Its bands' edges are [`StemEnergy::edges_hz`].
    pub energy: StemEnergy,
    /// What [`EnergyView::num_resets`] was when it was sent.
    num_resets: u32,
}

/// The editor's end, for one engine after the other. The audio thread touches its atomics only.
pub struct EnergyView {
    wanted: AtomicBool,
    played_samples: AtomicU64,
    /// Columns from before the newest reset will never be heard.
    num_resets: AtomicU32,
    /// `None` before the first engine. Never touched by the audio thread.
    columns: Mutex<Option<HeapCons<EnergyColumn>>>,
}

impl EnergyView {
    /// Not wanted, and without an engine.
    #[expect(
        clippy::new_without_default,
        reason = "a view without an engine is no default"
    )]
    pub fn new() -> Self {
        Self {
            wanted: AtomicBool::new(false),
            played_samples: AtomicU64::new(0),
            num_resets: AtomicU32::new(0),
            columns: Mutex::new(None),
        }
    }

    /// Switches the measuring on or off from the next block on; off costs nothing. Switched on,
    /// the view forgets what had not been taken before. For the editor's thread.
    pub fn set_wanted(&self, wanted: bool) {
        let was_wanted = self.wanted.swap(wanted, Relaxed);
        if wanted
            && !was_wanted
            && let Some(columns) = &mut *self.columns()
        {
            columns.clear();
        }
    }

    /// Samples that have left since the first engine began; never goes back.
    pub fn played_samples(&self) -> u64 {
        self.played_samples.load(Relaxed)
    }

    /// Hands over the columns whose sound has left, from old to new. For the editor's thread.
    pub fn pop_due(&self, mut show: impl FnMut(&EnergyColumn)) {
        let num_resets = self.num_resets.load(Relaxed);
        let played_samples = self.played_samples();
        let mut columns = self.columns();
        let Some(columns) = &mut *columns else {
            return;
        };
        while let Some(column) = columns.try_peek() {
            if column.num_resets == num_resets {
                if column.heard_at_samples >= played_samples {
                    break;
                }
                show(column);
            }
            columns.skip(1);
        }
    }

    /// A panic in another window leaves nothing half done.
    fn columns(&self) -> MutexGuard<'_, Option<HeapCons<EnergyColumn>>> {
        self.columns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The audio thread's end. All methods are real-time safe but `new`.
pub(super) struct EnergySender {
    view: Arc<EnergyView>,
    columns: HeapProd<EnergyColumn>,
    /// What the view knows after each block.
    played_samples: u64,
    num_resets: u32,
}

impl EnergySender {
    /// Takes the place of the sender before, whose columns are lost.
    pub fn new(view: Arc<EnergyView>) -> Self {
        let (columns, taken) = HeapRb::new(CAPACITY_COLUMNS).split();
        *view.columns() = Some(taken);
        Self {
            columns,
            played_samples: view.played_samples(),
            num_resets: view.num_resets.load(Relaxed),
            view,
        }
    }

    pub fn wanted(&self) -> bool {
        self.view.wanted.load(Relaxed)
    }

    /// Sends a column that is heard `ahead_samples` after the first sample of this block.
    pub fn send(&mut self, ahead_samples: usize, energy: &StemEnergy) {
        // A full ring drops it: an editor that comes that late shows what comes next.
        let _ = self.columns.try_push(EnergyColumn {
            heard_at_samples: self.played_samples + ahead_samples as u64,
            energy: energy.clone(),
            num_resets: self.num_resets,
        });
    }

    /// Another block has been written.
    pub fn count_block(&mut self, num_samples: usize) {
        self.played_samples += num_samples as u64;
        self.view.played_samples.store(self.played_samples, Relaxed);
    }

    /// What was on its way is never heard.
    pub fn reset(&mut self) {
        self.num_resets = self.num_resets.wrapping_add(1);
        self.view.num_resets.store(self.num_resets, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(view: &EnergyView) -> Vec<u64> {
        let mut positions = Vec::new();
        view.pop_due(|column| positions.push(column.heard_at_samples));
        positions
    }

    #[test]
    fn columns_come_when_their_sound_has_left() {
        let view = Arc::new(EnergyView::new());
        let mut sender = EnergySender::new(view.clone());
        sender.send(10, &StemEnergy::SILENCE);
        sender.send(20, &StemEnergy::SILENCE);
        sender.count_block(10);
        assert_eq!(due(&view), [0; 0]);
        sender.count_block(1);
        assert_eq!(due(&view), [10]);
        sender.send(20, &StemEnergy::SILENCE);
        sender.count_block(100);
        assert_eq!(due(&view), [20, 31]);
        assert_eq!(view.played_samples(), 111);
    }

    #[test]
    fn nothing_from_before_a_reset_or_a_pause_or_another_engine_is_shown() {
        let view = Arc::new(EnergyView::new());
        let mut sender = EnergySender::new(view.clone());
        view.set_wanted(true);
        sender.send(10, &StemEnergy::SILENCE);
        sender.reset();
        sender.send(30, &StemEnergy::SILENCE);
        sender.count_block(100);
        assert_eq!(due(&view), [30]);

        sender.send(0, &StemEnergy::SILENCE);
        view.set_wanted(true);
        view.set_wanted(false);
        view.set_wanted(true);
        sender.send(1, &StemEnergy::SILENCE);
        sender.count_block(100);
        assert_eq!(due(&view), [101]);

        sender.send(0, &StemEnergy::SILENCE);
        let mut next = EnergySender::new(view.clone());
        next.send(5, &StemEnergy::SILENCE);
        next.count_block(10);
        assert_eq!(due(&view), [205]);
    }

    #[test]
    fn a_full_ring_drops_what_is_newest() {
        let view = Arc::new(EnergyView::new());
        let mut sender = EnergySender::new(view.clone());
        for ahead in 0..CAPACITY_COLUMNS + 10 {
            sender.send(ahead, &StemEnergy::SILENCE);
        }
        sender.count_block(10_000);
        let want: Vec<u64> = (0..CAPACITY_COLUMNS as u64).collect();
        assert_eq!(due(&view), want);
    }
}
