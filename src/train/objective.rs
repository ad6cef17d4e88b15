//! What is learned from an example.

use candle_core::{Result, Tensor};
use serde::{Deserialize, Serialize};

use super::bands::BandExamples;
use super::mask_loss::{IdealMask, MaskTargets, mask_cross_entropy};
use super::net::{Moments, Net};
use super::separation::separate;
use super::wave::WaveLoss;
use crate::nn::ConvTasNetConfig;
use crate::nn::config::FrontEnd;
use crate::stem::{NUM_CHANNELS, NUM_STEMS, Stems, mix_of};

/// What a step makes smaller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Loss {
    /// Of softmax masks on STFT bands: see [`mask_cross_entropy`].
    MaskCrossEntropy {
        /// A band counts by this power of the mix's energy in it.
        weight_power: f64,
        #[serde(default)]
        ideal: IdealMask,
    },
    /// Of the separated signals: the weighted sum of these.
    Waves(Vec<WaveTerm>),
}

/// A part of a loss of waves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaveTerm {
    pub loss: WaveLoss,
    pub weight: f64,
}

impl Loss {
    /// What learns fastest where it can be had: bands count by the power 0.75 of their energy, and
    /// masks ought to be those of powers.
    pub const fn mask_cross_entropy() -> Self {
        Loss::MaskCrossEntropy {
            weight_power: 0.75,
            ideal: IdealMask::Powers,
        }
    }

    pub fn log_snr() -> Self {
        let loss = WaveLoss::LogSnr;
        Loss::Waves(vec![WaveTerm { loss, weight: 1.0 }])
    }
}

/// A segment, ready to learn from.
pub enum Example {
    Masks {
        /// `[frame][feature]`.
        features: Vec<f32>,
        targets: MaskTargets,
    },
    Waves {
        /// `[channel][sample]`, flat, a multiple of the hop long.
        mix: Vec<f32>,
        /// `[stem][channel][sample]`, flat.
        stems: Vec<f32>,
    },
}

/// Turns segments into examples and networks' answers into losses.
pub struct Objective {
    config: ConvTasNetConfig,
    bands: Option<BandExamples>,
    warm_up_samples: usize,
}

impl Objective {
    /// The first `warm_up_s` seconds of a segment do not count.
    pub fn new(config: &ConvTasNetConfig, warm_up_s: f64) -> Self {
        let warm_up_samples = (warm_up_s * config.rate_hz()) as usize;
        let bands = match &config.front_end {
            FrontEnd::Stft(stft) => Some(BandExamples::new(config, stft, warm_up_samples)),
            FrontEnd::Learned(_) => None,
        };
        Self {
            config: config.clone(),
            bands,
            warm_up_samples,
        }
    }

    pub fn config(&self) -> &ConvTasNetConfig {
        &self.config
    }

    /// The example of a segment's stems, `[stem][channel][sample]`.
    ///
    /// # Panics
    /// If the loss is one of masks and the front end is learned.
    pub fn example(&self, stems: &Stems, loss: &Loss) -> Example {
        match loss {
            Loss::MaskCrossEntropy {
                weight_power,
                ideal,
            } => {
                let bands = self.bands.as_ref().expect("settings are checked");
                bands.example(stems, *weight_power, *ideal)
            }
            Loss::Waves(_) => {
                let hop = self.config.hop_samples();
                let length = stems[0][0].len() / hop * hop;
                let cut = |x: &Vec<f32>| x[..length].to_vec();
                let stems = stems.each_ref().map(|stem| stem.each_ref().map(cut));
                Example::Waves {
                    mix: mix_of(&stems).concat(),
                    stems: stems.as_flattened().concat(),
                }
            }
        }
    }

    /// The mean loss of examples that were made for it, and the moments of the batch.
    pub fn loss(
        &self,
        net: &Net,
        examples: &[Example],
        loss: &Loss,
        moments: Moments,
    ) -> Result<(Tensor, Vec<f32>)> {
        match loss {
            Loss::MaskCrossEntropy { .. } => self.mask_loss(net, examples, moments),
            Loss::Waves(terms) => self.wave_loss(net, examples, terms, moments),
        }
    }

    fn mask_loss(
        &self,
        net: &Net,
        examples: &[Example],
        moments: Moments,
    ) -> Result<(Tensor, Vec<f32>)> {
        let mut all_features = Vec::new();
        let mut all_targets = Vec::new();
        for example in examples {
            let Example::Masks { features, targets } = example else {
                candle_core::bail!("expected an example of masks, found one of waves")
            };
            all_features.extend_from_slice(features);
            all_targets.push(targets);
        }
        let shape = (examples.len(), (), self.config.num_features());
        let features = Tensor::from_vec(all_features, shape, net.device())?;
        let masks = net.masks(&features, moments)?;
        let loss = mask_cross_entropy(&masks.values, &all_targets)?;
        Ok((loss, masks.moments))
    }

    fn wave_loss(
        &self,
        net: &Net,
        examples: &[Example],
        terms: &[WaveTerm],
        moments: Moments,
    ) -> Result<(Tensor, Vec<f32>)> {
        let (mut all_mixes, mut all_stems) = (Vec::new(), Vec::new());
        for example in examples {
            let Example::Waves { mix, stems } = example else {
                candle_core::bail!("expected an example of waves, found one of masks")
            };
            all_mixes.extend_from_slice(mix);
            all_stems.extend_from_slice(stems);
        }
        let batch = examples.len();
        let mix = Tensor::from_vec(all_mixes, (batch, NUM_CHANNELS, ()), net.device())?;
        let shape = (batch, NUM_STEMS, NUM_CHANNELS, ());
        let targets = Tensor::from_vec(all_stems, shape, net.device())?;
        let separated = separate(net, &mix, moments)?;
        let from = self.warm_up_samples;
        let Some(length) = separated.whole_samples.checked_sub(from) else {
            candle_core::bail!("expected segments longer than their warm-up of {from} samples")
        };
        let estimates = separated.stems.narrow(3, from, length)?;
        let targets = targets.narrow(3, from, length)?;
        let mix = mix.narrow(2, from, length)?;
        let mut sum: Option<Tensor> = None;
        for WaveTerm { loss, weight } in terms {
            let term = (loss.evaluate(&estimates, &targets, &mix)? * *weight)?;
            sum = Some(match sum {
                Some(sum) => (sum + term)?,
                None => term,
            });
        }
        match sum {
            Some(loss) => Ok((loss, separated.moments)),
            None => candle_core::bail!("a loss of waves needs a term"),
        }
    }
}
