//! A network's masks over a passage, from the separator that plays it, and the ideal ones.

use std::sync::Arc;

use unbraid_fft::Complex32;

use crate::dsp::grid::{Grid, REFERENCE_HOP_SAMPLES};
use crate::dsp::stft::Analysis;
use crate::nn::ConvTasNetModel;
use crate::nn::config::{FrontEnd, StftFrontEnd};
use crate::nn::features::BandFeatures;
use crate::separators::{ConvTasNet, Separator};
use crate::stem::{NUM_CHANNELS, NUM_STEMS, Stem, StemBuffer, Stems, Stereo};

/// Values by step and by band of the STFT, or filter.
pub type Bands = Vec<Vec<f32>>;

/// How much of each band each stem gets over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Masks {
    /// Magnitudes of the factors, means over both channels, `[stem][step][band]`. Other's is what
    /// the estimated stems leave.
    pub values: [Bands; NUM_STEMS],
    /// From step to step: one hop of an STFT front end, or about 256 samples of shorter hops, which
    /// are averaged.
    pub step_samples: usize,
    /// The sample in the middle of step 0's sound; those of a first window lie before the passage.
    pub first_centre: f64,
}

impl Masks {
    /// The sample in the middle of each step's sound.
    pub fn centres(&self) -> Vec<f64> {
        let steps = 0..self.values[0].len();
        steps
            .map(|step| self.first_centre + (step * self.step_samples) as f64)
            .collect()
    }
}

/// The masks that a network puts on a mix at `rate_hz`, from silence on; `None` where its learned
/// front end knows another rate only.
pub fn masks(model: &Arc<ConvTasNetModel>, mix: &Stereo, rate_hz: f64) -> Option<Masks> {
    let config = model.config();
    let grid = Grid::new(rate_hz);
    let window_samples = match &config.front_end {
        FrontEnd::Stft(stft) => grid.samples(stft.synthesis_samples),
        FrontEnd::Learned(learned) if learned.rate_hz == rate_hz => learned.window_samples,
        FrontEnd::Learned(_) => return None,
    };
    let mut separator = ConvTasNet::new(model.clone(), &grid);
    let hop_samples = separator.hop_samples();
    let hops_per_step = (REFERENCE_HOP_SAMPLES / hop_samples).max(1);
    let num_steps = mix[0].len().div_ceil(hop_samples * hops_per_step);
    let num_bands = config.num_bands();
    let mut values = [(); NUM_STEMS].map(|()| vec![vec![0.0; num_bands]; num_steps]);
    let mut stems = StemBuffer::new(hop_samples);
    let mut hop = [(); NUM_CHANNELS].map(|()| vec![0.0; hop_samples]);
    let weight = 1.0 / (NUM_CHANNELS * hops_per_step) as f32;
    for index in 0..num_steps * hops_per_step + config.lookahead_hops {
        for (hop, channel) in hop.iter_mut().zip(mix) {
            let rest = channel.get(index * hop_samples..).unwrap_or(&[]);
            let length = rest.len().min(hop_samples);
            hop[..length].copy_from_slice(&rest[..length]);
            hop[length..].fill(0.0);
        }
        separator.process_hop([&hop[0], &hop[1]], &mut stems);
        // A sliced network has only stored the hop.
        (0..separator.num_parts()).for_each(|part| separator.work(part));
        let Some(masked) = index.checked_sub(config.lookahead_hops) else {
            continue;
        };
        let step = masked / hops_per_step;
        for (channel, band) in (0..NUM_CHANNELS).flat_map(|c| (0..num_bands).map(move |b| (c, b))) {
            let factors = separator.mask_factors(channel, band);
            for (values, factor) in values.iter_mut().zip(factors) {
                values[step][band] += weight * factor.norm();
            }
        }
    }
    let step_samples = hop_samples * hops_per_step;
    Some(Masks {
        values,
        step_samples,
        // The mean of the step's first and last window's middles.
        first_centre: (hop_samples + step_samples) as f64 / 2.0 - window_samples as f64 / 2.0,
    })
}

/// Power of each band in each hop of an STFT front end, of both channels together, `[hop][band]`.
pub fn band_powers(front_end: &StftFrontEnd, signal: &Stereo, rate_hz: f64) -> Bands {
    let grid = Grid::new(rate_hz);
    let sizes = front_end.sizes().on(&grid);
    let features = BandFeatures::new(front_end, &grid);
    let num_bands = features.bins().len();
    let mut spectrum = vec![Complex32::default(); sizes.num_bins()];
    let mut powers = vec![0.0; num_bands];
    let mut hop = vec![0.0; sizes.hop_samples];
    let num_hops = signal[0].len().div_ceil(sizes.hop_samples);
    let mut sums = vec![vec![0.0; num_bands]; num_hops];
    for channel in signal {
        let mut analysis = Analysis::new(sizes);
        for (sums, samples) in sums.iter_mut().zip(channel.chunks(sizes.hop_samples)) {
            hop[..samples.len()].copy_from_slice(samples);
            hop[samples.len()..].fill(0.0);
            analysis.process(&hop, &mut spectrum);
            features.write_powers(&spectrum, &mut powers);
            for (sum, power) in sums.iter_mut().zip(&powers) {
                *sum += power;
            }
        }
    }
    sums
}

/// The ideal ratio masks on those bands: each stem's part of the sum of all magnitudes,
/// `[stem][hop][band]`; 0 where all are silent.
pub fn ideal_masks(front_end: &StftFrontEnd, stems: &Stems, rate_hz: f64) -> [Bands; NUM_STEMS] {
    let mut masks = stems
        .each_ref()
        .map(|stem| band_powers(front_end, stem, rate_hz));
    for hop in 0..masks[0].len() {
        for band in 0..masks[0][hop].len() {
            let magnitudes = Stem::ALL.map(|stem| masks[stem as usize][hop][band].sqrt());
            let sum: f32 = magnitudes.iter().sum();
            for (mask, magnitude) in masks.iter_mut().zip(magnitudes) {
                mask[hop][band] = if sum > 0.0 { magnitude / sum } else { 0.0 };
            }
        }
    }
    masks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::config::ConvTasNetConfig;

    const RATE_HZ: f64 = 44_100.0;

    fn stft() -> StftFrontEnd {
        match ConvTasNetConfig::live().front_end {
            FrontEnd::Stft(stft) => stft,
            FrontEnd::Learned(_) => panic!("the live network has an STFT front end"),
        }
    }

    fn sine(hz: f64, level: f32) -> Stereo {
        let at = |n: usize| level * (std::f64::consts::TAU * hz * n as f64 / RATE_HZ).sin() as f32;
        [(); 2].map(|()| (0..20_000).map(at).collect())
    }

    #[test]
    fn ideal_masks_are_shares_of_magnitude() {
        let silence = || sine(0.0, 0.0);
        let stems = [
            sine(1_000.0, 0.3),
            sine(1_000.0, 0.1),
            silence(),
            sine(5_000.0, 0.5),
        ];
        let masks = ideal_masks(&stft(), &stems, RATE_HZ);
        let edges = stft().bands.edges_hz();
        let band = |hz: f64| edges.partition_point(|&edge| edge <= hz) - 1;
        let at = |stem: Stem, hz| masks[stem as usize][60][band(hz)];
        assert!((at(Stem::Drums, 1_000.0) - 0.75).abs() < 1e-3);
        assert!((at(Stem::Bass, 1_000.0) - 0.25).abs() < 1e-3);
        assert!(at(Stem::Vocals, 5_000.0) > 0.99);
        assert_eq!(at(Stem::Other, 1_000.0), 0.0);
        let empty = ideal_masks(&stft(), &[(); 4].map(|()| silence()), RATE_HZ);
        assert!(empty.iter().flatten().flatten().all(|mask| *mask == 0.0));
    }
}
