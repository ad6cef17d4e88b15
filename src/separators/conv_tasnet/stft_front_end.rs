//! The STFT front end: spectra and band features in, masked spectra out.

use std::ops::Range;

use unbraid_fft::Complex32;

use super::mask_layout::MaskLayout;
use crate::dsp::grid::Grid;
use crate::dsp::stft::{Analysis, StftSizes, Synthesis};
use crate::nn::config::{ConvTasNetConfig, StftFrontEnd};
use crate::nn::features::BandFeatures;
use crate::nn::level::RunningLevel;
use crate::separators::StemEnergy;
use crate::stem::{NUM_CHANNELS, Stem, StemBuffer};

/// One stream's STFT front end.
pub(super) struct StftStream {
    sizes: StftSizes,
    analyses: [Analysis; NUM_CHANNELS],
    /// Indexed `[estimated stem][channel]`.
    syntheses: [[Synthesis; NUM_CHANNELS]; Stem::ESTIMATED.len()],
    features: BandFeatures,
    level: RunningLevel,
    /// Spectra of the last `lookahead_hops + 1` hops, `[age][channel][bin]`, a ring.
    spectra: Vec<Complex32>,
    num_slots: usize,
    /// The ring slot of the newest spectra.
    newest: usize,
    /// The band whose mask each bin takes.
    mask_bands: Vec<usize>,
    layout: MaskLayout,
    masked: Vec<Complex32>,
    energy: StemEnergy,
    energy_bins: Vec<Range<usize>>,
    energy_scale: f32,
}

impl StftStream {
    pub fn new(config: &ConvTasNetConfig, front_end: &StftFrontEnd, grid: &Grid) -> Self {
        let sizes = front_end.sizes().on(grid);
        let num_slots = config.lookahead_hops + 1;
        let num_values = NUM_CHANNELS * sizes.num_bins();
        Self {
            sizes,
            analyses: std::array::from_fn(|_| Analysis::new(sizes)),
            syntheses: std::array::from_fn(|_| std::array::from_fn(|_| Synthesis::new(sizes))),
            features: BandFeatures::new(front_end, grid),
            level: RunningLevel::default(),
            spectra: vec![Complex32::default(); num_slots * num_values],
            num_slots,
            newest: 0,
            mask_bands: front_end.bands.mask_bands(grid, sizes.analysis_samples),
            layout: MaskLayout::new(config),
            masked: vec![Complex32::default(); sizes.num_bins()],
            energy: StemEnergy::SILENCE,
            energy_bins: StemEnergy::band_bins(grid, sizes.analysis_samples),
            energy_scale: grid.spectrum_scale().powi(2),
        }
    }

    /// Takes a hop in and writes its features.
    pub fn analyse(&mut self, hop: [&[f32]; NUM_CHANNELS], features: &mut [f32]) {
        let num_bins = self.sizes.num_bins();
        self.newest = (self.newest + 1) % self.num_slots;
        let start = self.newest * NUM_CHANNELS * num_bins;
        let newest = &mut self.spectra[start..start + NUM_CHANNELS * num_bins];
        let (left, right) = newest.split_at_mut(num_bins);
        let [analyse_left, analyse_right] = &mut self.analyses;
        analyse_left.process(hop[0], left);
        analyse_right.process(hop[1], right);
        self.features
            .write([left, right], &mut self.level, features);
    }

    /// Where the spectrum begins that the masks apply to, `lookahead_hops` behind the newest.
    fn playing(&self, channel: usize) -> usize {
        let oldest = (self.newest + 1) % self.num_slots;
        (oldest * NUM_CHANNELS + channel) * self.sizes.num_bins()
    }

    /// Writes the next hop of a stem.
    pub fn synthesise(&mut self, stem: Stem, masks: &[f32], stems: &mut StemBuffer) {
        let index = estimated_index(stem);
        for channel in 0..NUM_CHANNELS {
            let mask = self.layout.of(masks, stem, channel);
            let start = self.playing(channel);
            let spectrum = &self.spectra[start..start + self.masked.len()];
            for ((y, x), &band) in self.masked.iter_mut().zip(spectrum).zip(&self.mask_bands) {
                *y = x * self.layout.factor(mask, band);
            }
            let hop = &mut stems.channel_mut(stem, channel)[..self.sizes.hop_samples];
            self.syntheses[index][channel].process(&mut self.masked, hop);
        }
    }

    /// Sums each stem's energy in the playing spectra.
    pub fn measure_energy(&mut self, masks: &[f32]) {
        self.energy = StemEnergy::SILENCE;
        for channel in 0..NUM_CHANNELS {
            let start = self.playing(channel);
            for (band, bins) in self.energy_bins.iter().enumerate() {
                for bin in bins.clone() {
                    let power = self.spectra[start + bin].norm_sqr() * self.energy_scale;
                    let factors = self.layout.factors(masks, channel, self.mask_bands[bin]);
                    for (bands, factor) in self.energy.bands.iter_mut().zip(factors) {
                        bands[band] += power * factor.norm_sqr();
                    }
                }
            }
        }
    }

    pub fn energy(&self) -> &StemEnergy {
        &self.energy
    }

    pub fn reset(&mut self) {
        self.analyses.iter_mut().for_each(Analysis::reset);
        self.syntheses
            .iter_mut()
            .flatten()
            .for_each(Synthesis::reset);
        self.spectra.fill(Complex32::default());
        self.newest = 0;
        self.level = RunningLevel::default();
        self.energy = StemEnergy::SILENCE;
    }
}

/// A stem's place in [`Stem::ESTIMATED`].
fn estimated_index(stem: Stem) -> usize {
    let index = Stem::ESTIMATED.iter().position(|&s| s == stem);
    debug_assert!(index.is_some(), "{stem:?} is what remains");
    index.unwrap_or(0)
}
