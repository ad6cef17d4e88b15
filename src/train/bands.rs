//! Examples for the STFT front end with softmax masks: what the network sees, and what its masks
//! ought to be.
//!
//! Spectra and features come from the code that plays ([`Analysis`], [`BandFeatures`]).

use unbraid_fft::Complex32;

use super::mask_loss::{IdealMask, MaskTargets};
use super::objective::Example;
use crate::dsp::grid::Grid;
use crate::dsp::stft::{Analysis, StftSizes};
use crate::nn::ConvTasNetConfig;
use crate::nn::config::StftFrontEnd;
use crate::nn::features::BandFeatures;
use crate::nn::level::RunningLevel;
use crate::stem::{NUM_CHANNELS, NUM_STEMS, Stems};

/// Turns stems into features and targets.
pub struct BandExamples {
    config: ConvTasNetConfig,
    sizes: StftSizes,
    features: BandFeatures,
    warm_up_hops: usize,
}

impl BandExamples {
    /// Hops within the first `warm_up_samples` don't count.
    pub fn new(
        config: &ConvTasNetConfig,
        front_end: &StftFrontEnd,
        warm_up_samples: usize,
    ) -> Self {
        let grid = Grid::new(config.rate_hz());
        Self {
            sizes: front_end.sizes(),
            features: BandFeatures::new(front_end, &grid),
            warm_up_hops: warm_up_samples / front_end.hop_samples,
            config: config.clone(),
        }
    }

    /// The example of stems, `[stem][channel][sample]`. A band counts by the power `weight_power` of
    /// the mix's energy in it.
    pub fn example(&self, stems: &Stems, weight_power: f64, ideal: IdealMask) -> Example {
        let stems = stems.each_ref().map(|s| self.spectra([&s[0], &s[1]]));
        // The STFT is linear: the mix's spectra are the stems' sum.
        let mut mix = stems[0].clone();
        for spectra in &stems[1..] {
            for (mix, stem) in mix.iter_mut().zip(spectra) {
                *mix += stem;
            }
        }
        Example::Masks {
            features: self.features(&mix),
            targets: self.targets(
                &mix,
                stems.each_ref().map(Vec::as_slice),
                weight_power as f32,
                ideal,
            ),
        }
    }

    /// Spectra of all hops of a stereo signal, `[hop][channel][bin]`.
    fn spectra(&self, signal: [&[f32]; NUM_CHANNELS]) -> Vec<Complex32> {
        let num_bins = self.sizes.num_bins();
        let hop = self.sizes.hop_samples;
        let num_hops = signal[0].len() / hop;
        let mut spectra = vec![Complex32::default(); num_hops * NUM_CHANNELS * num_bins];
        for (channel, signal) in signal.into_iter().enumerate() {
            let mut analysis = Analysis::new(self.sizes);
            for (index, samples) in signal.chunks_exact(hop).enumerate() {
                let start = (index * NUM_CHANNELS + channel) * num_bins;
                analysis.process(samples, &mut spectra[start..start + num_bins]);
            }
        }
        spectra
    }

    /// Features of the hops that the network runs on, `[frame][feature]`.
    fn features(&self, mix: &[Complex32]) -> Vec<f32> {
        let num_bins = self.sizes.num_bins();
        let num_features = self.config.num_features();
        let every = self.config.network_every_hops;
        let hops = mix.chunks_exact(NUM_CHANNELS * num_bins);
        let mut features = vec![0.0; hops.len().div_ceil(every) * num_features];
        let mut left_out = vec![0.0; num_features];
        let mut level = RunningLevel::default();
        for (index, hop) in hops.enumerate() {
            let (left, right) = hop.split_at(num_bins);
            let features = match index % every {
                0 => &mut features[index / every * num_features..][..num_features],
                // They count in the level.
                _ => &mut left_out[..],
            };
            self.features.write([left, right], &mut level, features);
        }
        features
    }

    /// What the masks ought to be. A network's frame holds for `network_every_hops` hops, and is
    /// applied `lookahead_hops` behind; masks that several hops or channels share ought to be their
    /// weighted mean.
    fn targets(
        &self,
        mix: &[Complex32],
        stems: [&[Complex32]; NUM_STEMS],
        weight_power: f32,
        ideal: IdealMask,
    ) -> MaskTargets {
        let num_bins = self.sizes.num_bins();
        let num_bands = self.config.num_bands();
        let mask_channels = self.config.num_mask_channels();
        let every = self.config.network_every_hops;
        let num_hops = mix.len() / (NUM_CHANNELS * num_bins);
        let num_frames = num_hops.div_ceil(every);
        let row = mask_channels * num_bands;
        let mut masks = vec![0.0; num_frames * NUM_STEMS * row];
        let mut weights = vec![0.0; num_frames * row];
        let mut mix_powers = vec![0.0; num_bands];
        let mut powers = vec![0.0; NUM_STEMS * num_bands];
        let mut counted_frames = vec![false; num_frames];
        for frame_hop in self.config.lookahead_hops..num_hops {
            let hop = frame_hop - self.config.lookahead_hops;
            if hop < self.warm_up_hops {
                continue;
            }
            let frame = frame_hop / every;
            counted_frames[frame] = true;
            for channel in 0..NUM_CHANNELS {
                let spectrum = (hop * NUM_CHANNELS + channel) * num_bins;
                let spectrum = spectrum..spectrum + num_bins;
                self.features
                    .write_powers(&mix[spectrum.clone()], &mut mix_powers);
                for (stem, powers) in stems.iter().zip(powers.chunks_exact_mut(num_bands)) {
                    self.features.write_powers(&stem[spectrum.clone()], powers);
                }
                let place = channel.min(mask_channels - 1) * num_bands;
                let weights = &mut weights[frame * row + place..][..num_bands];
                for band in 0..num_bands {
                    let energy = mix_powers[band] * self.features.bins()[band].len() as f32;
                    let weight = energy.powf(weight_power);
                    weights[band] += weight;
                    let of_stems = std::array::from_fn(|stem| powers[stem * num_bands + band]);
                    for (stem, mask) in ideal.of(of_stems).into_iter().enumerate() {
                        masks[(frame * NUM_STEMS + stem) * row + place + band] += weight * mask;
                    }
                }
            }
        }
        for (masks, weights) in masks
            .chunks_exact_mut(NUM_STEMS * row)
            .zip(weights.chunks_exact(row))
        {
            for masks in masks.chunks_exact_mut(row) {
                for (mask, &weight) in masks.iter_mut().zip(weights) {
                    *mask = if weight > 0.0 { *mask / weight } else { 0.0 };
                }
            }
        }
        let num_counted = counted_frames.iter().filter(|&&c| c).count();
        let sum: f64 = weights.iter().map(|&w| f64::from(w)).sum();
        let mean = sum / (num_counted.max(1) * row) as f64;
        if mean > 0.0 {
            weights.iter_mut().for_each(|w| *w /= mean as f32);
        }
        MaskTargets {
            masks,
            weights,
            num_frames,
            num_counted,
        }
    }
}
