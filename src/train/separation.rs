//! Whole signals through the network that learns: mix in, stems out, in time.
//!
//! What the runtime does hop by hop, differentiable, for losses of waves and for tests.

use candle_core::{Result, Tensor};

use super::net::{Moments, Net};
use super::wave::MixSpectra;
use super::wave::frames::{frames, overlap_add};
use crate::nn::config::{FrontEnd, LearnedFrontEnd};
use crate::stem::{NUM_CHANNELS, Stem};

/// Separated signals.
pub struct Separated {
    /// `[batch, stem, channel, sample]`, all four, not delayed.
    pub stems: Tensor,
    /// Samples from the start that are whole; frames that would complete the rest are missing.
    pub whole_samples: usize,
    /// Moments of the batch.
    pub moments: Vec<f32>,
}

/// Separates `mix`, `[batch, channel, sample]`, a multiple of the hop long.
pub fn separate(net: &Net, mix: &Tensor, moments: Moments) -> Result<Separated> {
    let config = net.config();
    let lookahead = config.lookahead_hops;
    let (estimated, whole_samples, moments) = match &config.front_end {
        FrontEnd::Stft(stft) => {
            let spectra = MixSpectra::new(stft, mix)?;
            let features = spectra.features(net.device())?;
            let (masks, moments) = masks(net, &features, moments)?;
            let stems = spectra.synthesise(&masks, lookahead)?;
            (stems, spectra.whole_samples(lookahead), moments)
        }
        FrontEnd::Learned(learned) => {
            let (windows, heard) = windows(learned, mix)?;
            let codes = net.encode(&windows)?;
            let features = match learned.stereo {
                true => codes.squeeze(2)?,
                false => net.encode(&heard)?.squeeze(2)?,
            };
            let (masks, moments) = masks(net, &features, moments)?;
            let num_frames = codes.dim(1)?;
            let masks = masks
                .squeeze(4)?
                .narrow(1, lookahead, num_frames - lookahead)?;
            let codes = codes.narrow(1, 0, num_frames - lookahead)?;
            let masked = codes.unsqueeze(2)?.broadcast_mul(&masks)?;
            let (batch, frames, stems, _, _) = masked.dims5()?;
            let windows = net.decode(&masked)?.reshape((
                batch,
                frames,
                stems,
                NUM_CHANNELS,
                learned.window_samples,
            ))?;
            let missing = lookahead * learned.hop_samples;
            let stems = overlap_add(&windows, learned.hop_samples)?;
            let stems = stems.pad_with_zeros(3, 0, missing)?;
            let incomplete = missing + learned.window_samples - learned.hop_samples;
            (stems, mix.dim(2)?.saturating_sub(incomplete), moments)
        }
    };
    let other = (mix - estimated.sum(1)?)?.unsqueeze(1)?;
    let mut parts = vec![other; Stem::ALL.len()];
    for (index, stem) in Stem::ESTIMATED.into_iter().enumerate() {
        parts[stem as usize] = estimated.narrow(1, index, 1)?;
    }
    Ok(Separated {
        stems: Tensor::cat(&parts, 1)?,
        whole_samples,
        moments,
    })
}

/// Masks of the estimated stems for every hop, `[batch, hop, stem, channel, part, band]`.
fn masks(net: &Net, features: &Tensor, moments: Moments) -> Result<(Tensor, Vec<f32>)> {
    let every = net.config().network_every_hops;
    let hops = features.dim(1)?;
    let runs: Vec<u32> = (0..hops as u32).step_by(every).collect();
    let held: Vec<u32> = (0..hops).map(|hop| (hop / every) as u32).collect();
    let index = |list: Vec<u32>| Tensor::new(list, net.device());
    let found = net.masks(&features.index_select(&index(runs)?, 1)?, moments)?;
    let stems = Stem::ESTIMATED.map(|stem| stem as u32).to_vec();
    let masks = net
        .activate(&found.values)?
        .index_select(&index(held)?, 1)?
        .index_select(&index(stems)?, 2)?;
    Ok((masks, found.moments))
}

/// Windows that are encoded, and those that the network hears if they differ:
/// `[batch, frame, encoding, C·L]`.
fn windows(learned: &LearnedFrontEnd, mix: &Tensor) -> Result<(Tensor, Tensor)> {
    let windows = frames(mix, learned.window_samples, learned.hop_samples)?;
    let (batch, frames, channels, samples) = windows.dims4()?;
    Ok(match learned.stereo {
        true => {
            let both = windows.reshape((batch, frames, 1, channels * samples))?;
            (both.clone(), both)
        }
        false => {
            let mean = windows.mean_keepdim(2)?;
            (windows, mean)
        }
    })
}
