//! The spectra of a mix: what the network's features and the masked waveforms are made of.

use std::sync::Arc;

use candle_core::{Device, Result, Tensor, bail};
use unbraid_fft::Complex32;

use crate::dsp::grid::{Grid, REFERENCE_RATE_HZ};
use crate::dsp::stft::{Analysis, StftSizes};
use crate::nn::config::StftFrontEnd;
use crate::nn::features::BandFeatures;
use crate::nn::level::RunningLevel;
use crate::stem::NUM_CHANNELS;

/// The spectra of a batch of mixes at 44.1 kHz.
#[derive(Clone)]
pub struct MixSpectra {
    pub(super) sizes: StftSizes,
    pub(super) features: BandFeatures,
    num_features: usize,
    /// For each bin the band whose mask it takes.
    pub(super) mask_bands: Arc<[usize]>,
    pub(super) batch: usize,
    pub(super) num_frames: usize,
    /// Indexed `[mix][frame][channel][bin]`.
    bins: Arc<Vec<Complex32>>,
}

impl MixSpectra {
    /// Of `mix`, `[b, C, n·hop]` in `f32`, each one from a fresh start: `n` frames, of which frame
    /// `t` ends with hop `t`.
    ///
    /// # Errors
    /// `mix` has another shape.
    pub fn new(front_end: &StftFrontEnd, mix: &Tensor) -> Result<Self> {
        let grid = Grid::new(REFERENCE_RATE_HZ);
        let sizes = front_end.sizes();
        let (hop, num_bins) = (sizes.hop_samples, sizes.num_bins());
        let (batch, channels, samples) = mix.dims3()?;
        if channels != NUM_CHANNELS || samples % hop != 0 {
            bail!(
                "mix: expected {NUM_CHANNELS} channels and a multiple of {hop} samples, found \
                 {channels} and {samples}"
            );
        }
        let num_frames = samples / hop;
        let mix = mix.flatten_all()?.to_vec1::<f32>()?;
        let mut bins = vec![Complex32::default(); batch * num_frames * NUM_CHANNELS * num_bins];
        let mut analysis = Analysis::new(sizes);
        for (stream, samples) in mix.chunks_exact(samples.max(1)).enumerate() {
            let (item, channel) = (stream / NUM_CHANNELS, stream % NUM_CHANNELS);
            analysis.reset();
            for (t, hop) in samples.chunks_exact(hop).enumerate() {
                let frame = (item * num_frames + t) * NUM_CHANNELS + channel;
                analysis.process(hop, &mut bins[frame * num_bins..][..num_bins]);
            }
        }
        let num_bands = front_end.bands.edges_hz().len() - 1;
        Ok(Self {
            sizes,
            features: BandFeatures::new(front_end, &grid),
            num_features: (NUM_CHANNELS + usize::from(front_end.coherence)) * num_bands,
            mask_bands: front_end
                .bands
                .mask_bands(&grid, sizes.analysis_samples)
                .into(),
            batch,
            num_frames,
            bins: Arc::new(bins),
        })
    }

    /// What the network sees: `[b, n, F]`.
    pub fn features(&self, device: &Device) -> Result<Tensor> {
        let num_bins = self.sizes.num_bins();
        let mut features = vec![0.0; self.batch * self.num_frames * self.num_features];
        let mut level = RunningLevel::default();
        let frames = self.bins.chunks_exact(NUM_CHANNELS * num_bins).enumerate();
        for ((index, frame), features) in frames.zip(features.chunks_exact_mut(self.num_features)) {
            if index % self.num_frames == 0 {
                level = RunningLevel::default();
            }
            let (left, right) = frame.split_at(num_bins);
            self.features.write([left, right], &mut level, features);
        }
        Tensor::from_vec(
            features,
            (self.batch, self.num_frames, self.num_features),
            device,
        )
    }

    /// One channel's spectrum of a frame of a mix, unnormalised.
    pub(super) fn spectrum(&self, mix: usize, frame: usize, channel: usize) -> &[Complex32] {
        let num_bins = self.sizes.num_bins();
        let index = (mix * self.num_frames + frame) * NUM_CHANNELS + channel;
        &self.bins[index * num_bins..][..num_bins]
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;
    use crate::nn::config::Bands;

    pub fn front_end(synthesis_samples: usize) -> StftFrontEnd {
        StftFrontEnd {
            analysis_samples: 1024,
            synthesis_samples,
            hop_samples: 256,
            bands: Bands {
                min_width_hz: 43.0,
                relative_width: 0.3,
                top_hz: 12_000.0,
            },
            coherence: true,
            steady_level: true,
        }
    }

    pub fn num_bands(spectra: &MixSpectra) -> usize {
        spectra.features.bins().len()
    }

    pub fn values(x: &Tensor) -> Vec<f32> {
        x.flatten_all().unwrap().to_vec1().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use candle_core::DType;

    use super::super::testing::noise;
    use super::testing::{front_end, num_bands, values};
    use super::*;

    #[test]
    fn features_are_those_that_play() {
        let front_end = front_end(512);
        let mix = noise(&[1, 2, 256 * 4], DType::F32, 9);
        let spectra = MixSpectra::new(&front_end, &mix).unwrap();
        let features = spectra.features(&Device::Cpu).unwrap();
        assert_eq!(features.dims(), [1, 4, 3 * num_bands(&spectra)]);
        let mix = values(&mix);
        let mut analyses = [(); 2].map(|()| Analysis::new(spectra.sizes));
        let mut bins = [(); 2].map(|()| vec![Complex32::default(); spectra.sizes.num_bins()]);
        let mut want = vec![0.0; spectra.num_features];
        let mut level = RunningLevel::default();
        for t in 0..4 {
            for channel in 0..2 {
                let hop = &mix[(channel * 4 + t) * 256..][..256];
                analyses[channel].process(hop, &mut bins[channel]);
            }
            let frame = [&bins[0][..], &bins[1]];
            spectra.features.write(frame, &mut level, &mut want);
            assert_eq!(
                values(&features.narrow(1, t, 1).unwrap()),
                want,
                "frame {t}"
            );
        }
    }

    #[test]
    fn other_mixes_are_refused() {
        for shape in [[1, 2, 300], [1, 1, 512]] {
            let mix = noise(&shape, DType::F32, 1);
            let error = MixSpectra::new(&front_end(512), &mix).err().unwrap();
            assert!(
                error
                    .to_string()
                    .contains("2 channels and a multiple of 256")
            );
        }
    }
}
