//! Songs that can't be read in parts, kept in memory up to a budget; the least recently used goes
//! first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::DataError;
use super::source::Origin;
use crate::stem::Stereo;

/// Audio at 16 bits and full scale, so its noise is 98 dB below its peak: half the memory, and
/// finer than most of what is decoded.
pub struct Stored {
    channels: [Vec<i16>; 2],
    /// Value of one step.
    step: f32,
}

impl Stored {
    fn new(audio: &Stereo) -> Self {
        let peak = audio
            .iter()
            .flatten()
            .fold(0.0_f32, |peak, s| peak.max(s.abs()));
        let step = peak / f32::from(i16::MAX);
        let per_step = if peak > 0.0 {
            f32::from(i16::MAX) / peak
        } else {
            0.0
        };
        let quantise = |sample: &f32| (sample * per_step).round() as i16;
        Self {
            channels: audio.each_ref().map(|c| c.iter().map(quantise).collect()),
            step,
        }
    }

    /// Samples per channel.
    pub fn num_samples(&self) -> usize {
        self.channels[0].len()
    }

    /// Samples `start..start + length`, as many of them as there are.
    pub fn read(&self, start: usize, length: usize) -> Stereo {
        let start = start.min(self.num_samples());
        let end = (start + length).min(self.num_samples());
        self.channels.each_ref().map(|channel| {
            let values = channel[start..end].iter();
            values.map(|value| f32::from(*value) * self.step).collect()
        })
    }

    fn num_bytes(&self) -> usize {
        self.channels
            .iter()
            .map(|c| size_of_val(c.as_slice()))
            .sum()
    }
}

type Content = Arc<Vec<Stored>>;

/// Safe to use from several threads; a song that two of them want is loaded once.
pub struct Cache {
    budget_bytes: usize,
    shelf: Mutex<Shelf>,
}

#[derive(Default)]
struct Shelf {
    entries: HashMap<Origin, Entry>,
    /// Counts uses.
    clock: u64,
}

#[derive(Default)]
struct Entry {
    /// Locked by whoever loads it; `None` until then.
    content: Arc<Mutex<Option<Content>>>,
    num_bytes: usize,
    last_use: u64,
}

impl Cache {
    pub fn new(budget_bytes: usize) -> Self {
        Self {
            budget_bytes,
            shelf: Mutex::default(),
        }
    }

    /// The parts of `origin`, from memory or from `load`. Beyond the budget come only the songs
    /// that threads are loading or reading at the moment.
    pub fn get(
        &self,
        origin: &Origin,
        load: impl FnOnce() -> Result<Vec<Stereo>, DataError>,
    ) -> Result<Content, DataError> {
        let slot = self.shelf(|shelf| {
            shelf.clock += 1;
            let entry = shelf.entries.entry(origin.clone()).or_default();
            entry.last_use = shelf.clock;
            Arc::clone(&entry.content)
        });
        // A loader that panicked has left nothing behind: the next one tries again.
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(content) = &*slot {
            return Ok(Arc::clone(content));
        }
        let content = Arc::new(load()?.iter().map(Stored::new).collect::<Vec<_>>());
        *slot = Some(Arc::clone(&content));
        let num_bytes = content.iter().map(Stored::num_bytes).sum();
        self.shelf(|shelf| shelf.account(origin, num_bytes, self.budget_bytes));
        Ok(content)
    }

    /// Bytes that are kept.
    pub fn num_bytes(&self) -> usize {
        self.shelf(|shelf| shelf.num_bytes())
    }

    fn shelf<T>(&self, work: impl FnOnce(&mut Shelf) -> T) -> T {
        work(&mut self.shelf.lock().expect("no holder of this lock panics"))
    }
}

impl Shelf {
    fn num_bytes(&self) -> usize {
        self.entries.values().map(|entry| entry.num_bytes).sum()
    }

    /// Notes the size of what was loaded, and makes room.
    fn account(&mut self, origin: &Origin, num_bytes: usize, budget_bytes: usize) {
        if let Some(entry) = self.entries.get_mut(origin) {
            entry.num_bytes = num_bytes;
        }
        while self.num_bytes() > budget_bytes {
            // What is still being loaded has no bytes yet, and stays.
            let loaded = self.entries.iter().filter(|(_, entry)| entry.num_bytes > 0);
            let oldest = loaded.min_by_key(|(_, entry)| entry.last_use);
            let oldest = oldest.map(|(origin, _)| origin.clone());
            self.entries
                .remove(&oldest.expect("whatever has bytes is an entry"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// 400 bytes when stored.
    fn song(value: f32) -> Vec<Stereo> {
        vec![[vec![value; 100], vec![-value; 100]]]
    }

    #[test]
    fn a_stored_sample_is_off_by_half_a_step_at_most() {
        for peak in [1e-3, 1.0, 3.0_f32] {
            let wave: Vec<f32> = (0..1000).map(|n| peak * (0.1 * n as f32).sin()).collect();
            let audio = [wave.clone(), wave.iter().map(|s| 0.1 * s).collect()];
            let got = Stored::new(&audio).read(0, 2_000);
            for (got, want) in got.iter().flatten().zip(audio.iter().flatten()) {
                // Half a step; f32 rounds at 32767 steps by 0.002 of one, a few times.
                assert!(
                    (got - want).abs() <= 0.51 * peak / 32_767.0,
                    "{got}, not {want}"
                );
            }
        }
        let stored = Stored::new(&[vec![0.0; 10], vec![0.0; 10]]);
        assert_eq!(stored.read(5, 10), [vec![0.0; 5], vec![0.0; 5]]);
        assert!(stored.read(11, 10).iter().all(Vec::is_empty));
    }

    #[test]
    fn the_least_recently_used_goes_and_the_budget_holds() {
        let cache = Cache::new(1_000);
        let num_loads = Cell::new(0);
        let get = |seed: u64| {
            cache
                .get(&Origin::Demo(seed), || {
                    num_loads.set(num_loads.get() + 1);
                    Ok(song(seed as f32))
                })
                .unwrap();
            assert!(cache.num_bytes() <= 1_000);
            num_loads.get()
        };
        assert_eq!([get(1), get(2), get(1), get(3)], [1, 2, 2, 3]);
        // 2 had to go for 3; 1 was used after it.
        assert_eq!([get(1), get(3), get(2)], [3, 3, 4]);
        assert_eq!(cache.num_bytes(), 800);
    }

    #[test]
    fn what_exceeds_the_budget_is_handed_out_and_not_kept() {
        let cache = Cache::new(300);
        let content = cache.get(&Origin::Demo(1), || Ok(song(1.0))).unwrap();
        assert_eq!(content[0].read(0, 1), [[1.0], [-1.0]].map(|c| c.to_vec()));
        assert_eq!(cache.num_bytes(), 0);
    }

    #[test]
    fn an_error_is_not_kept() {
        let cache = Cache::new(1_000);
        let get = |result| cache.get(&Origin::Demo(1), || result);
        assert!(get(Err(DataError::Nothing)).is_err());
        assert!(get(Ok(song(1.0))).is_ok());
    }
}
