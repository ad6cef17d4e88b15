//! What is learned from an example.

use candle_core::{Result, Tensor};

use super::bands::BandExamples;
use super::mask_loss::{MaskTargets, mask_cross_entropy};
use super::net::{Moments, Net};
use crate::nn::ConvTasNetConfig;
use crate::nn::config::FrontEnd;
use crate::stem::{NUM_CHANNELS, NUM_STEMS};

/// A segment, ready to learn from.
pub enum Example {
    Masks {
        /// `[frame][feature]`.
        features: Vec<f32>,
        targets: MaskTargets,
    },
}

/// Turns segments into examples and networks' answers into losses.
pub struct Objective {
    config: ConvTasNetConfig,
    bands: Option<BandExamples>,
}

impl Objective {
    pub fn new(config: &ConvTasNetConfig, warm_up_s: f64, weight_power: f64) -> Self {
        let bands = match &config.front_end {
            FrontEnd::Stft(stft) => Some(BandExamples::new(config, stft, warm_up_s, weight_power)),
            FrontEnd::Learned(_) => None,
        };
        Self {
            config: config.clone(),
            bands,
        }
    }

    pub fn config(&self) -> &ConvTasNetConfig {
        &self.config
    }

    /// The example of a segment's stems, `[stem][channel][sample]`.
    pub fn example(&self, stems: &[[Vec<f32>; NUM_CHANNELS]; NUM_STEMS]) -> Example {
        let bands = self.bands.as_ref().expect("bands");
        let stem_spectra = stems.each_ref().map(|s| bands.spectra([&s[0], &s[1]]));
        // The STFT is linear: the mix's spectra are the stems' sum.
        let mut mix = stem_spectra[0].clone();
        for spectra in &stem_spectra[1..] {
            for (mix, stem) in mix.iter_mut().zip(spectra) {
                *mix += stem;
            }
        }
        Example::Masks {
            features: bands.features(&mix),
            targets: bands.targets(&mix, stem_spectra.each_ref().map(Vec::as_slice)),
        }
    }

    /// The mean loss of examples, and the moments of the batch.
    pub fn loss(
        &self,
        net: &Net,
        examples: &[Example],
        moments: Moments,
    ) -> Result<(Tensor, Vec<f32>)> {
        let mut all = Vec::new();
        let mut targets = Vec::new();
        for example in examples {
            let Example::Masks {
                features,
                targets: t,
            } = example;
            all.extend_from_slice(features);
            targets.push(t);
        }
        let shape = (examples.len(), (), self.config.num_features());
        let features = Tensor::from_vec(all, shape, net.device())?;
        let masks = net.masks(&features, moments)?;
        let loss = mask_cross_entropy(&masks.values, &targets)?;
        Ok((loss, masks.moments))
    }
}
