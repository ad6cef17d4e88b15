//! Whole songs through the live engine: what the tools do where the plug-in has a host.
//!
//! The engine runs as it does live, block by block; only its latency is taken off, by feeding it
//! that much silence after the song and dropping as much at the start. So a stem on disk is what
//! the plug-in plays, moved back in time, and as long as the song.

use std::convert::Infallible;
use std::sync::Arc;

use crate::engine::{Chain, Engine, GainTargets, MAX_BLOCK_SAMPLES, Meters, chain_swap};
use crate::separators::Separator;
use crate::stem::{NUM_CHANNELS, Stem, StemBuffer, Stems, Stereo};

/// An engine for one rate, with no host.
pub struct OfflineEngine {
    engine: Engine,
    meters: Arc<Meters>,
}

/// A stretch of a song that has come out of the engine; one follows the other without a gap.
pub struct Piece<'a> {
    stems: &'a StemBuffer,
    remix: [&'a [f32]; NUM_CHANNELS],
}

impl Piece<'_> {
    /// Length of every slice of this piece.
    pub fn num_samples(&self) -> usize {
        self.remix[0].len()
    }

    /// One channel of a stem as it is, before its gain.
    pub fn stem(&self, stem: Stem, channel: usize) -> &[f32] {
        &self.stems.channel(stem, channel)[..self.num_samples()]
    }

    /// One channel of all stems together, each at its gain.
    pub fn remix(&self, channel: usize) -> &[f32] {
        self.remix[channel]
    }
}

impl OfflineEngine {
    /// `separator` was built for `rate_hz`.
    pub fn new(separator: Box<dyn Separator>, rate_hz: f64) -> Self {
        // Nothing is ever swapped in, so the sender may go.
        let (incoming, _) = chain_swap();
        let meters = Arc::new(Meters::new());
        let chain = Box::new(Chain::new(separator, rate_hz, 0));
        Self {
            engine: Engine::new(chain, incoming, meters.clone()),
            meters,
        }
    }

    /// What the plug-in would report at this rate; it is not in the pieces.
    pub fn latency_samples(&self) -> usize {
        self.engine.latency_samples()
    }

    /// Separates `mix`, both channels of one length, and hands the pieces to `sink`; its first
    /// error ends the song. One song does not influence the next.
    pub fn separate<E>(
        &mut self,
        mix: [&[f32]; NUM_CHANNELS],
        targets: &GainTargets,
        mut sink: impl FnMut(Piece) -> Result<(), E>,
    ) -> Result<(), E> {
        assert_eq!(mix[0].len(), mix[1].len(), "channels of one length");
        self.engine.reset();
        self.meters.take_fault();
        let latency = self.latency_samples();
        let mut io: [Vec<f32>; NUM_CHANNELS] =
            std::array::from_fn(|_| vec![0.0; MAX_BLOCK_SAMPLES]);
        let total = mix[0].len() + latency;
        let mut start = 0;
        while start < total {
            // A block ends with the latency, so that each is dropped or kept as a whole.
            let limit = if start < latency { latency } else { total };
            let length = MAX_BLOCK_SAMPLES.min(limit - start);
            for (io, mix) in io.iter_mut().zip(mix) {
                let rest = mix.get(start..).unwrap_or(&[]);
                let count = length.min(rest.len());
                io[..count].copy_from_slice(&rest[..count]);
                io[count..length].fill(0.0);
            }
            let [left, right] = &mut io;
            self.engine
                .process([&mut left[..length], &mut right[..length]], targets);
            if start >= latency {
                let [left, right] = &io;
                sink(Piece {
                    stems: self.engine.stems(),
                    remix: [&left[..length], &right[..length]],
                })?;
            }
            start += length;
        }
        Ok(())
    }

    /// The stems of `mix` as they are, before any gain, in time with it.
    pub fn stems(&mut self, mix: &Stereo) -> Stems {
        let mut stems = Stems::default();
        let mix = mix.each_ref().map(Vec::as_slice);
        let Ok(()) = self.separate::<Infallible>(mix, &GainTargets::UNITY, |piece| {
            for stem in Stem::ALL {
                for (channel, signal) in stems[stem as usize].iter_mut().enumerate() {
                    signal.extend_from_slice(piece.stem(stem, channel));
                }
            }
            Ok(())
        });
        stems
    }

    /// Whether the separator failed anywhere in the song (its hop is silent there, and Other
    /// holds the mix). Asking clears it.
    pub fn take_fault(&mut self) -> bool {
        self.meters.take_fault()
    }
}
