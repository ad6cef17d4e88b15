//! What the editor shows of the audio thread besides the meters: relaxed atomics, one writer.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use atomic_float::AtomicF32;

use super::chain_request::NO_CHAIN;

/// Written by whoever owns the plug-in (the audio thread, or `activate()`), read by the editor.
#[derive(Debug)]
pub struct Playing {
    wanted_id: AtomicU64,
    chain_id: AtomicU64,
    latency_samples: AtomicU32,
    rate_hz: AtomicF32,
    /// Counts blocks, so that the editor knows a frozen meter from a steady level.
    num_blocks: AtomicU32,
}

/// One reading of [`Playing`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NowPlaying {
    /// Request id of the chain that plays, or is on its way.
    pub wanted_id: u64,
    /// Request id of the chain that plays; [`NO_CHAIN`] if the sound passes unchanged.
    pub chain_id: u64,
    pub latency_samples: u32,
    /// 0.0 before the host has started the plug-in for the first time.
    pub rate_hz: f32,
}

impl Playing {
    pub fn new() -> Self {
        Self {
            wanted_id: AtomicU64::new(NO_CHAIN),
            chain_id: AtomicU64::new(NO_CHAIN),
            latency_samples: AtomicU32::new(0),
            rate_hz: AtomicF32::new(0.0),
            num_blocks: AtomicU32::new(0),
        }
    }

    /// One more block has been played.
    pub fn count_block(&self) {
        self.num_blocks.fetch_add(1, Relaxed);
    }

    /// Blocks played so far; wraps around.
    pub fn num_blocks(&self) -> u32 {
        self.num_blocks.load(Relaxed)
    }

    pub fn publish(&self, now: NowPlaying) {
        self.wanted_id.store(now.wanted_id, Relaxed);
        self.chain_id.store(now.chain_id, Relaxed);
        self.latency_samples.store(now.latency_samples, Relaxed);
        self.rate_hz.store(now.rate_hz, Relaxed);
    }

    pub fn now(&self) -> NowPlaying {
        NowPlaying {
            wanted_id: self.wanted_id.load(Relaxed),
            chain_id: self.chain_id.load(Relaxed),
            latency_samples: self.latency_samples.load(Relaxed),
            rate_hz: self.rate_hz.load(Relaxed),
        }
    }
}
