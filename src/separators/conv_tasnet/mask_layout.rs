//! Where masks stand in a network's output, and what they multiply by.

use std::ops::Range;

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

    /// Where one stem's masks stand, `[channel][part][band]`.
    fn range_of(&self, stem: Stem) -> Range<usize> {
        let length = self.num_channels * self.num_parts * self.num_bands;
        stem as usize * length..(stem as usize + 1) * length
    }

    /// Writes the magnitudes of one stem's masks, `[channel][band]`; a real mask is its own.
    pub fn write_magnitudes(&self, masks: &[f32], stem: Stem, magnitudes: &mut [f32]) {
        let masks = &masks[self.range_of(stem)];
        match self.kind {
            MaskKind::Sigmoid | MaskKind::Softmax => magnitudes.copy_from_slice(masks),
            MaskKind::Complex => {
                let channels = masks.chunks_exact(2 * self.num_bands);
                for (mask, magnitudes) in channels.zip(magnitudes.chunks_exact_mut(self.num_bands))
                {
                    let (re, im) = mask.split_at(self.num_bands);
                    for (magnitude, (re, im)) in magnitudes.iter_mut().zip(re.iter().zip(im)) {
                        *magnitude = (re * re + im * im).sqrt();
                    }
                }
            }
        }
    }

    /// Gives one stem's masks other magnitudes than `from`, which they have; both `[channel][band]`.
    pub fn set_magnitudes(&self, masks: &mut [f32], stem: Stem, from: &[f32], to: &[f32]) {
        let masks = &mut masks[self.range_of(stem)];
        match self.kind {
            MaskKind::Sigmoid | MaskKind::Softmax => masks.copy_from_slice(to),
            MaskKind::Complex => {
                let pairs = from
                    .chunks_exact(self.num_bands)
                    .zip(to.chunks_exact(self.num_bands));
                let channels = masks.chunks_exact_mut(2 * self.num_bands);
                for (mask, (from, to)) in channels.zip(pairs) {
                    let (re, im) = mask.split_at_mut(self.num_bands);
                    for band in 0..self.num_bands {
                        let scale = if from[band] > 0.0 {
                            to[band] / from[band]
                        } else {
                            0.0
                        };
                        re[band] *= scale;
                        im[band] *= scale;
                    }
                }
            }
        }
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
