//! Conv-TasNet at work on a stream: front end, network, masks, and back to sound.
//!
//! A hop's work is a row of parts: the front end takes the hop in, the network's parts run one by
//! one, and each stem is synthesised. Unsliced, they all run when the hop is full; sliced, the
//! chain spreads them over the next hop, for one hop more latency. Other is not synthesised: it is
//! what remains.

mod learned_front_end;
mod mask_bend;
mod mask_layout;
mod stft_front_end;

use std::sync::Arc;

use unbraid_fft::Complex32;

use super::{Focus, NO_FOCUS, Separator, StemEnergy};
use crate::dsp::grid::Grid;
use crate::nn::config::FrontEnd;
use crate::nn::{ConvTasNetModel, ConvTasNetState};
use crate::stem::{NUM_CHANNELS, NUM_STEMS, Stem, StemBuffer};
use learned_front_end::LearnedStream;
use mask_bend::MaskBend;
use mask_layout::MaskLayout;
use stft_front_end::StftStream;

/// Parts besides the network's: one before them, and after them the masks and each stem.
const PART_BEFORE_NETWORK: usize = 1;
const PARTS_AFTER_NETWORK: usize = 1 + Stem::ESTIMATED.len();

/// The separator around a Conv-TasNet.
pub struct ConvTasNet {
    model: Arc<ConvTasNetModel>,
    state: ConvTasNetState,
    front_end: FrontEndStream,
    hop_samples: usize,
    synthesis_samples: usize,
    /// Samples of context of the front end alone.
    analysis_samples: usize,
    sliced: bool,
    /// The hop whose work is under way, `[channel][sample]`.
    hop: [Vec<f32>; NUM_CHANNELS],
    /// What that work gives.
    ready: StemBuffer,
    features: Vec<f32>,
    /// As the network gave them.
    masks: Vec<f32>,
    bend: MaskBend,
    layout: MaskLayout,
    /// Hops since the network ran, counting to `network_every_hops`; it runs at 0.
    hops_since_network: usize,
    parts_done: usize,
    /// For the next hop that is stored, and of the one whose work is under way.
    focus: Focus,
    hop_focus: Focus,
    energy_wanted: bool,
}

/// The memory of a stream's front end.
enum FrontEndStream {
    Stft(Box<StftStream>),
    Learned(Box<LearnedStream>),
}

impl ConvTasNet {
    /// For a host rate's grid. A learned front end counts its samples at its own rate, whatever
    /// the grid says.
    pub fn new(model: Arc<ConvTasNetModel>, grid: &Grid) -> Self {
        let sliced = model.config().sliced;
        Self::with_slicing(model, grid, sliced)
    }

    /// The same, sliced whether or not the model says so.
    pub fn sliced(model: Arc<ConvTasNetModel>, grid: &Grid) -> Self {
        Self::with_slicing(model, grid, true)
    }

    fn with_slicing(model: Arc<ConvTasNetModel>, grid: &Grid, sliced: bool) -> Self {
        let config = model.config();
        let lookahead_hops = config.lookahead_hops;
        let (front_end, hop_samples, synthesis_samples, analysis_samples) = match &config.front_end
        {
            FrontEnd::Stft(stft) => (
                FrontEndStream::Stft(Box::new(StftStream::new(config, stft, grid))),
                grid.samples(stft.hop_samples),
                grid.samples(stft.synthesis_samples),
                grid.samples(stft.analysis_samples),
            ),
            FrontEnd::Learned(learned) => (
                FrontEndStream::Learned(Box::new(LearnedStream::new(learned, lookahead_hops))),
                learned.hop_samples,
                learned.window_samples,
                learned.window_samples,
            ),
        };
        Self {
            state: ConvTasNetState::new(&model),
            front_end,
            hop_samples,
            synthesis_samples,
            analysis_samples,
            sliced,
            hop: std::array::from_fn(|_| vec![0.0; hop_samples]),
            ready: StemBuffer::new(hop_samples),
            features: vec![0.0; config.num_features()],
            masks: vec![0.0; config.num_mask_values()],
            bend: MaskBend::new(config),
            layout: MaskLayout::new(config),
            hops_since_network: 0,
            // Nothing is stored yet: no work is left.
            parts_done: usize::MAX,
            focus: NO_FOCUS,
            hop_focus: NO_FOCUS,
            energy_wanted: false,
            model,
        }
    }

    /// What the masks of the newest finished hop multiply a band of the STFT, or a filter, of a
    /// channel by, `Stem as usize`. They apply to the frame `lookahead_hops` before; Other's is what
    /// the others leave of 1. For those who look on: playing does not need it.
    pub fn mask_factors(&self, channel: usize, band: usize) -> [Complex32; NUM_STEMS] {
        self.layout
            .factors(self.bend.playing(&self.masks), channel, band)
    }

    fn parts_in_all(&self) -> usize {
        PART_BEFORE_NETWORK + self.model.num_parts() + PARTS_AFTER_NETWORK
    }

    /// Does the next part of the stored hop's work.
    fn run_next_part(&mut self) {
        let num_parts = self.model.num_parts();
        let part = self.parts_done;
        self.parts_done += 1;
        let network_runs = self.hops_since_network == 0;
        if part == 0 {
            let hop = [&self.hop[0][..], &self.hop[1][..]];
            match &mut self.front_end {
                FrontEndStream::Stft(stft) => stft.analyse(hop, &mut self.features),
                FrontEndStream::Learned(learned) => {
                    learned.analyse(&self.model, hop, &mut self.features);
                }
            }
            if network_runs {
                self.model.begin(&mut self.state, &self.features);
            }
        } else if part <= num_parts {
            if network_runs {
                let part = part - PART_BEFORE_NETWORK;
                self.model.run_part(&mut self.state, part);
            }
        } else if part == num_parts + 1 {
            if network_runs {
                self.model.finish(&mut self.state, &mut self.masks);
            }
            self.hops_since_network =
                (self.hops_since_network + 1) % self.model.config().network_every_hops;
            self.bend.process(&self.masks, &self.hop_focus);
            if self.energy_wanted
                && let FrontEndStream::Stft(stft) = &mut self.front_end
            {
                stft.measure_energy(self.bend.playing(&self.masks));
            }
        } else {
            let stem = Stem::ESTIMATED[part - num_parts - 2];
            let masks = self.bend.playing(&self.masks);
            match &mut self.front_end {
                FrontEndStream::Stft(stft) => {
                    stft.synthesise(stem, masks, &mut self.ready);
                }
                FrontEndStream::Learned(learned) => {
                    learned.synthesise(&self.model, stem, masks, &mut self.ready);
                }
            }
        }
    }

    fn run_parts_until(&mut self, parts: usize) {
        while self.parts_done < parts {
            self.run_next_part();
        }
    }

    fn store(&mut self, mix: [&[f32]; NUM_CHANNELS]) {
        for (hop, mix) in self.hop.iter_mut().zip(mix) {
            hop.copy_from_slice(mix);
        }
        self.hop_focus = self.focus;
        self.parts_done = 0;
    }

    fn give(&self, stems: &mut StemBuffer) {
        for stem in Stem::ESTIMATED {
            for channel in 0..NUM_CHANNELS {
                stems.channel_mut(stem, channel)[..self.hop_samples]
                    .copy_from_slice(self.ready.channel(stem, channel));
            }
        }
    }
}

impl Separator for ConvTasNet {
    fn hop_samples(&self) -> usize {
        self.hop_samples
    }

    fn latency_samples(&self) -> usize {
        let hops = self.model.config().lookahead_hops + usize::from(self.sliced);
        self.synthesis_samples - self.hop_samples + hops * self.hop_samples
    }

    fn warm_up_samples(&self) -> usize {
        // The network's receptive field is many seconds; what lies far back weighs little, and a
        // chain that swaps in can't wait for it.
        self.analysis_samples + self.latency_samples()
    }

    fn process_hop(&mut self, mix: [&[f32]; NUM_CHANNELS], stems: &mut StemBuffer) {
        if self.sliced {
            self.run_parts_until(self.parts_in_all());
            self.give(stems);
            self.store(mix);
        } else {
            self.store(mix);
            self.run_parts_until(self.parts_in_all());
            self.give(stems);
        }
    }

    fn num_parts(&self) -> usize {
        if self.sliced { self.parts_in_all() } else { 1 }
    }

    fn work(&mut self, part: usize) {
        self.run_parts_until(part + 1);
    }

    fn set_focus(&mut self, focus: &Focus) {
        self.focus = *focus;
    }

    fn set_energy_wanted(&mut self, wanted: bool) {
        self.energy_wanted = wanted;
    }

    fn stem_energy(&self) -> &StemEnergy {
        match &self.front_end {
            FrontEndStream::Stft(stft) => stft.energy(),
            FrontEndStream::Learned(_) => &StemEnergy::SILENCE,
        }
    }

    fn energy_offset_samples(&self) -> usize {
        self.synthesis_samples / 2
    }

    fn reset(&mut self) {
        self.state.reset(&self.model);
        match &mut self.front_end {
            FrontEndStream::Stft(stft) => stft.reset(),
            FrontEndStream::Learned(learned) => learned.reset(),
        }
        self.ready.clear();
        self.masks.fill(0.0);
        self.bend.reset();
        self.hops_since_network = 0;
        self.parts_done = usize::MAX;
    }
}
