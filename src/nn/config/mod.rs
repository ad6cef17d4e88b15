//! The description of a Conv-TasNet: one for the network that learns and the one that plays.
//!
//! Conv-TasNet is an encoder, a temporal convolutional network (TCN) that estimates masks, and a
//! decoder (Luo & Mesgarani, "Conv-TasNet: Surpassing ideal time–frequency magnitude masking for
//! speech separation", IEEE/ACM TASLP 27(8), 2019). Letters in the docs are the paper's.
//!
//! # Tensors of a weights file
//!
//! Rows are outputs. F: features, H: hidden channels, B: bottleneck channels, M: mask values.
//!
//! | name | shape | when |
//! |---|---|---|
//! | `encoder.weight`, `decoder.weight` | N × (C·L) | learned front end |
//! | `input_norm.scale`, `.shift` | F | norm other than batch |
//! | `bottleneck.weight`, `.bias` | B × F, B | |
//! | `blocks.I.expand.weight`, `.bias`, `.slope` | H × B, H, H | |
//! | `blocks.I.norm1.scale`, `.shift` | H | norm other than batch |
//! | `blocks.I.depthwise.weight`, `.bias`, `.slope` | P × H (oldest tap first), H, H | |
//! | `blocks.I.depthwise.history` | H | batch norm: the input of an empty past |
//! | `blocks.I.norm2.scale`, `.shift` | H | norm other than batch |
//! | `blocks.I.residual.weight`, `.bias` | B × H, B | not in the last block, if there are skips |
//! | `blocks.I.skip.weight`, `.bias` | B × H, B | with skip connections |
//! | `mask.slope` | B | PReLU before the mask layer |
//! | `mask.weight`, `.bias` | M × B, M; rows `[stem][channel][part][band]` | |
//! | `refiner.features.weight` | C × inputs `[age][plane of the features][tap]` | with a refiner |
//! | `refiner.masks.weight` | C × inputs `[stem][channel][tap]` | with a refiner |
//! | `refiner.bias`, `.slope` | C × bands, C | with a refiner |
//! | `refiner.middles.I.weight`, `.bias`, `.slope` | C × inputs `[newest, older][C][tap]`, C × bands, C | for each of its middle layers |
//! | `refiner.last.weight` | `[stem][channel]` × inputs `[C][tap]` | with a refiner |
//!
//! A block computes, on its input `x`: `a = prelu(expand(x))`, `z = norm1(a)`,
//! `u = prelu(depthwise(z))`, `v = norm2(u)`; `x + residual(v)` goes on, and `skip(v)` is summed
//! over all blocks. Batch norms are folded into what follows them, so a file holds none.

mod bands;
mod check;

pub use bands::Bands;
pub use check::ConfigError;

use serde::{Deserialize, Serialize};

use crate::dsp::grid::REFERENCE_RATE_HZ;
use crate::dsp::stft::StftSizes;
use crate::nn::refiner::config::{RefinerConfig, RefinerShape};
use crate::stem::{NUM_CHANNELS, NUM_STEMS};

/// Everything that shapes a network; saved as JSON in the weights file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvTasNetConfig {
    pub front_end: FrontEnd,
    pub tcn: Tcn,
    pub mask: MaskKind,
    /// Whether each channel has masks of its own, or both share one.
    pub mask_per_channel: bool,
    /// What estimates the masks once more, band by band: for the STFT front end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refiner: Option<RefinerConfig>,
    /// The network runs on every n-th hop, and its masks are held in between; ≥ 1.
    pub network_every_hops: usize,
    /// Hops that the masks' frame lies behind the newest one.
    pub lookahead_hops: usize,
    /// Whether a hop's work is spread over the next hop, for one hop more latency.
    pub sliced: bool,
}

/// How sound becomes frames of features, and masked frames sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FrontEnd {
    Stft(StftFrontEnd),
    Learned(LearnedFrontEnd),
}

/// A fixed Fourier basis, with windows in time and bands in Hz: runs natively at every host rate.
///
/// Lengths are in samples at 44.1 kHz, multiples of 256. Features per band: the logarithm of each
/// channel's mean power, and, if wanted, the inter-channel coherence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StftFrontEnd {
    pub analysis_samples: usize,
    pub synthesis_samples: usize,
    pub hop_samples: usize,
    pub bands: Bands,
    /// Adds `Re Σ L·R* / √(Σ|L|²·Σ|R|²)` of each band's bins to the features.
    pub coherence: bool,
    /// Whether the network sees all songs at one level: see [`crate::nn::level`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub steady_level: bool,
}

impl StftFrontEnd {
    /// At the reference rate.
    pub fn sizes(&self) -> StftSizes {
        StftSizes {
            analysis_samples: self.analysis_samples,
            synthesis_samples: self.synthesis_samples,
            hop_samples: self.hop_samples,
        }
    }
}

/// The paper's encoder and decoder: N learned filters over a window. Runs at one rate only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearnedFrontEnd {
    /// L: window in samples at `rate_hz`.
    pub window_samples: usize,
    /// Step between windows; divides the window.
    pub hop_samples: usize,
    /// N: filters.
    pub num_filters: usize,
    /// Whether the filters span both channels. If not, they are applied to each channel, and the
    /// network sees what they give for the mean of both.
    pub stereo: bool,
    pub rate_hz: f64,
}

/// The temporal convolutional network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tcn {
    /// B: channels between blocks.
    pub bottleneck: usize,
    /// H: channels within a block.
    pub hidden: usize,
    /// P: taps of the depthwise convolutions.
    pub kernel: usize,
    /// X: blocks of a repeat, with dilations 1, 2, 4 … 2^(X−1).
    pub blocks: usize,
    /// R: repeats.
    pub repeats: usize,
    /// Whether the masks come from the sum of all blocks' skip outputs, or from the last block.
    pub skip_connections: bool,
    pub norm: NormKind,
}

/// The normalisation of features and blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormKind {
    /// Batch norm, folded into its neighbours in a weights file. Free when playing.
    Batch,
    /// Over the channels of each frame.
    Frame,
    /// cLN: over the channels of this frame and all frames before.
    Cumulative,
    /// gLN: over the channels of all frames. Not causal: learns, but can't be played live.
    Global,
}

/// What makes masks of the network's last values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskKind {
    /// Each mask by itself within 0..1.
    Sigmoid,
    /// The masks of the four stems sum to 1.
    Softmax,
    /// Real and imaginary part, each `tanh` of its value. For the STFT front end.
    Complex,
}

/// Features get this power added before the logarithm: about −100 dB of full scale in a window of
/// 2048 samples.
pub const FEATURE_FLOOR_POWER: f32 = 1e-4;

impl ConvTasNetConfig {
    /// The paper's network for four stems: window 16, overlap 8, N 512, B 128, H 512, P 3, X 8,
    /// R 3, on one channel, with the causal norm.
    pub fn paper() -> Self {
        Self {
            front_end: FrontEnd::Learned(LearnedFrontEnd {
                window_samples: 16,
                hop_samples: 8,
                num_filters: 512,
                stereo: false,
                rate_hz: REFERENCE_RATE_HZ,
            }),
            tcn: Tcn {
                bottleneck: 128,
                hidden: 512,
                kernel: 3,
                blocks: 8,
                repeats: 3,
                skip_connections: true,
                norm: NormKind::Cumulative,
            },
            mask: MaskKind::Sigmoid,
            mask_per_channel: false,
            refiner: None,
            network_every_hops: 1,
            lookahead_hops: 0,
            sliced: false,
        }
    }

    /// Live: windows 2048/512, 11.6 ms.
    pub fn live() -> Self {
        Self {
            front_end: FrontEnd::Stft(StftFrontEnd {
                analysis_samples: 2048,
                synthesis_samples: 512,
                hop_samples: 256,
                bands: Bands::default(),
                coherence: true,
                steady_level: true,
            }),
            tcn: Tcn {
                bottleneck: 128,
                hidden: 256,
                kernel: 3,
                blocks: 8,
                repeats: 2,
                skip_connections: true,
                norm: NormKind::Batch,
            },
            mask: MaskKind::Softmax,
            mask_per_channel: true,
            refiner: Some(RefinerConfig {
                channels: 24,
                bands: 9,
                ages: vec![0, 1, 3, 7],
                middle_ages: vec![1, 3],
            }),
            network_every_hops: 1,
            lookahead_hops: 0,
            sliced: false,
        }
    }

    /// Studio: windows 4096/2048, hop 512, two hops of look-ahead, sliced: 3584 samples at 44.1 kHz.
    pub fn studio() -> Self {
        Self {
            front_end: FrontEnd::Stft(StftFrontEnd {
                analysis_samples: 4096,
                synthesis_samples: 2048,
                hop_samples: 512,
                bands: Bands {
                    min_width_hz: REFERENCE_RATE_HZ / 4096.0,
                    ..Bands::default()
                },
                coherence: true,
                steady_level: true,
            }),
            tcn: Tcn {
                bottleneck: 192,
                hidden: 384,
                ..Self::live().tcn
            },
            refiner: Some(RefinerConfig {
                channels: 32,
                bands: 7,
                ages: vec![0, 1, 2, 3, 5],
                middle_ages: vec![2, 1, 4],
            }),
            lookahead_hops: 2,
            sliced: true,
            ..Self::live()
        }
    }

    /// The refiner and its sizes, if there is one.
    pub fn refiner_shape(&self) -> Option<RefinerShape> {
        let num_bands = self.num_bands();
        self.refiner.as_ref().map(|config| RefinerShape {
            config: config.clone(),
            num_bands,
            features: self.num_features() / num_bands,
            masks: self.num_mask_values() / num_bands,
        })
    }

    /// Step between frames, in samples at the reference rate or at the learned front end's.
    pub fn hop_samples(&self) -> usize {
        match &self.front_end {
            FrontEnd::Stft(stft) => stft.hop_samples,
            FrontEnd::Learned(learned) => learned.hop_samples,
        }
    }

    /// The rate that the network learns at, in Hz.
    pub fn rate_hz(&self) -> f64 {
        match &self.front_end {
            FrontEnd::Stft(_) => REFERENCE_RATE_HZ,
            FrontEnd::Learned(learned) => learned.rate_hz,
        }
    }

    /// Latency in samples at the rate that the network learns at, FIFO included: the synthesis
    /// window, the look-ahead, and one hop if sliced.
    pub fn latency_samples(&self) -> usize {
        let window = match &self.front_end {
            FrontEnd::Stft(stft) => stft.synthesis_samples,
            FrontEnd::Learned(learned) => learned.window_samples,
        };
        window + (self.lookahead_hops + usize::from(self.sliced)) * self.hop_samples()
    }

    /// Bands of the STFT, or N filters.
    pub fn num_bands(&self) -> usize {
        match &self.front_end {
            FrontEnd::Stft(stft) => stft.bands.edges_hz().len() - 1,
            FrontEnd::Learned(learned) => learned.num_filters,
        }
    }

    /// F: values that the network sees in a frame. STFT: `[left, right(, coherence)][band]`.
    pub fn num_features(&self) -> usize {
        match &self.front_end {
            FrontEnd::Stft(stft) => (NUM_CHANNELS + usize::from(stft.coherence)) * self.num_bands(),
            FrontEnd::Learned(learned) => learned.num_filters,
        }
    }

    /// Channels that have masks of their own.
    pub fn num_mask_channels(&self) -> usize {
        if self.mask_per_channel {
            NUM_CHANNELS
        } else {
            1
        }
    }

    /// 2 for complex masks, else 1.
    pub fn num_mask_parts(&self) -> usize {
        match self.mask {
            MaskKind::Complex => 2,
            MaskKind::Sigmoid | MaskKind::Softmax => 1,
        }
    }

    /// M: values of all masks in a frame, `[stem][channel][part][band]`.
    pub fn num_mask_values(&self) -> usize {
        NUM_STEMS * self.num_mask_channels() * self.num_mask_parts() * self.num_bands()
    }

    /// R · X blocks in all.
    pub fn num_blocks(&self) -> usize {
        self.tcn.blocks * self.tcn.repeats
    }

    /// Dilation of a block, in frames of the network.
    pub fn dilation(&self, block: usize) -> usize {
        1 << (block % self.tcn.blocks)
    }

    /// Whether a block hands its result on to a next one.
    pub fn has_residual(&self, block: usize) -> bool {
        !self.tcn.skip_connections || block + 1 < self.num_blocks()
    }

    /// Hops before the newest one that the masks depend on: R · (2^X − 1) · (P − 1) frames of the
    /// network, and what a refiner looks back.
    pub fn receptive_field_hops(&self) -> usize {
        let tcn = &self.tcn;
        let frames = tcn.repeats * ((1 << tcn.blocks) - 1) * (tcn.kernel - 1);
        let frames = match &self.refiner {
            Some(refiner) => {
                let [of_masks, of_features] = refiner.memory_frames();
                (frames + of_masks).max(of_features)
            }
            None => frames,
        };
        frames * self.network_every_hops
    }

    /// Multiplications of the matrix products and depthwise convolutions per hop, FFTs left out.
    pub fn macs_per_hop(&self) -> usize {
        let Tcn {
            bottleneck: b,
            hidden: h,
            kernel: p,
            ..
        } = self.tcn;
        let mut network = b * self.num_features() + self.num_mask_values() * b;
        for block in 0..self.num_blocks() {
            let outputs =
                usize::from(self.has_residual(block)) + usize::from(self.tcn.skip_connections);
            network += h * b + p * h + outputs * b * h;
        }
        network += self.refiner_shape().map_or(0, |shape| shape.macs());
        let front_end = match &self.front_end {
            FrontEnd::Stft(_) => 0,
            FrontEnd::Learned(learned) => {
                // Encoder passes, and decoder passes of the three estimated stems.
                let (encoded, decoded) = match learned.stereo {
                    true => (1, NUM_STEMS - 1),
                    false => (NUM_CHANNELS + 1, NUM_CHANNELS * (NUM_STEMS - 1)),
                };
                let channels = if learned.stereo { NUM_CHANNELS } else { 1 };
                let filter = channels * learned.window_samples;
                (encoded + decoded) * filter * learned.num_filters
            }
        };
        network.div_ceil(self.network_every_hops) + front_end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_networks_are_networks() {
        for config in [
            ConvTasNetConfig::paper(),
            ConvTasNetConfig::live(),
            ConvTasNetConfig::studio(),
        ] {
            config.check().expect("it fits together");
            let json = serde_json::to_string(&config).expect("it can be saved");
            let back: ConvTasNetConfig = serde_json::from_str(&json).expect("and loaded");
            assert_eq!(back, config);
        }
    }

    #[test]
    fn sizes_are_the_papers() {
        let paper = ConvTasNetConfig::paper();
        assert_eq!(paper.latency_samples(), 16);
        // 3 · 255 · 2 frames.
        assert_eq!(paper.receptive_field_hops(), 1530);
        assert_eq!(paper.num_mask_values(), 4 * 512);
        assert_eq!(ConvTasNetConfig::live().latency_samples(), 512);
        assert_eq!(ConvTasNetConfig::studio().latency_samples(), 2048 + 3 * 512);
    }

    #[test]
    fn a_refiner_fits_or_says_what_does_not() {
        let refiner = RefinerConfig {
            channels: 16,
            bands: 9,
            ages: vec![0, 1, 3],
            middle_ages: vec![2],
        };
        let with = |refiner: RefinerConfig| ConvTasNetConfig {
            refiner: Some(refiner),
            ..ConvTasNetConfig::live()
        };
        let config = with(refiner.clone());
        config.check().expect("it fits");
        let json = serde_json::to_string(&config).expect("it can be saved");
        let back: ConvTasNetConfig = serde_json::from_str(&json).expect("and loaded");
        assert_eq!(back, config);
        let plain = ConvTasNetConfig {
            refiner: None,
            ..ConvTasNetConfig::live()
        };
        let bands = plain.num_bands();
        let inputs = 3 * 3 * 9 + 8 * 3 + 2 * 16 * 3;
        let macs = config.macs_per_hop() - plain.macs_per_hop();
        assert_eq!(macs, (16 * inputs + 8 * 16 * 3) * bands);
        let hops = config.receptive_field_hops() - plain.receptive_field_hops();
        assert_eq!(hops, 2, "what the TCN says of two hops before");

        type Change = fn(&mut RefinerConfig);
        let changes: [(&str, Change); 6] = [
            ("refiner.channels", |r| r.channels = 6),
            ("refiner.bands", |r| r.bands = 4),
            ("refiner.bands", |r| r.bands = 17),
            ("refiner.ages", |r| r.ages = vec![1, 1]),
            ("refiner.ages", |r| r.ages.clear()),
            ("refiner.middle_ages", |r| r.middle_ages = vec![0]),
        ];
        for (field, change) in changes {
            let mut changed = refiner.clone();
            change(&mut changed);
            assert_eq!(with(changed).check().expect_err(field).field, field);
        }
        let complex = ConvTasNetConfig {
            mask: MaskKind::Complex,
            ..config.clone()
        };
        assert_eq!(complex.check().expect_err("complex").field, "refiner");
        let learned = ConvTasNetConfig {
            refiner: config.refiner,
            ..ConvTasNetConfig::paper()
        };
        assert_eq!(learned.check().expect_err("learned").field, "refiner");
    }
}
