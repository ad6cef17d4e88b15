//! Where masks stand in a network's output, and what they multiply by.

use unbraid_fft::Complex32;

use crate::nn::config::{ConvTasNetConfig, MaskKind};
use crate::stem::{NUM_STEMS, Stem};

/// Where a mask stands in the network's output, `[stem][channel][part][band]`.
#[derive(Clone, Copy)]
pub(super) struct MaskLayout {
    kind: MaskKind,
    num_channels: usize,
    num_parts: usize,
    num_bands: usize,
}

impl MaskLayout {
    pub fn new(config: &ConvTasNetConfig) -> Self {
        Self {
            kind: config.mask,
            num_channels: config.num_mask_channels(),
            num_parts: config.num_mask_parts(),
            num_bands: config.num_bands(),
        }
    }

    /// One stem's mask for one channel, `[part][band]`.
    pub fn of<'a>(&self, masks: &'a [f32], stem: Stem, channel: usize) -> &'a [f32] {
        let length = self.num_parts * self.num_bands;
        let channel = channel.min(self.num_channels - 1);
        let index = stem as usize * self.num_channels + channel;
        &masks[index * length..(index + 1) * length]
    }

    /// The factor of a bin in `band`.
    pub fn factor(&self, mask: &[f32], band: usize) -> Complex32 {
        match self.kind {
            MaskKind::Sigmoid | MaskKind::Softmax => Complex32::new(mask[band], 0.0),
            MaskKind::Complex => Complex32::new(mask[band], mask[self.num_bands + band]),
        }
    }

    /// The factors of all stems, `Stem as usize`: Other's is what the estimated ones leave of 1.
    pub fn factors(&self, masks: &[f32], channel: usize, band: usize) -> [Complex32; NUM_STEMS] {
        let mut factors = [Complex32::default(); NUM_STEMS];
        let mut rest = Complex32::new(1.0, 0.0);
        for stem in Stem::ESTIMATED {
            let factor = self.factor(self.of(masks, stem, channel), band);
            rest -= factor;
            factors[stem as usize] = factor;
        }
        factors[Stem::Other as usize] = rest;
        factors
    }
}
