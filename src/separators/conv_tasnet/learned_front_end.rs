//! The learned front end: `w = ReLU(U · x)` over a window of samples, and back by `V · (mask ⊙ w)`
//! with overlap-add (Luo & Mesgarani 2019, equations 2–4). For real time only at its own rate.

use crate::nn::ConvTasNetModel;
use crate::nn::config::LearnedFrontEnd;
use crate::stem::{NUM_CHANNELS, NUM_STEMS, Stem, StemBuffer};

/// One stream's learned front end.
pub(super) struct LearnedStream {
    window_samples: usize,
    hop_samples: usize,
    num_filters: usize,
    stereo: bool,
    /// The newest window of each channel, oldest sample first, `[channel][sample]`.
    recent: Vec<f32>,
    /// The mean of both channels' windows, for filters on one channel.
    mean: Vec<f32>,
    /// Encoded frames of the last `lookahead_hops + 1` hops, `[age][encoding][filter]`, a ring;
    /// one encoding if the filters span both channels, else one a channel.
    encoded: Vec<f32>,
    num_encodings: usize,
    num_slots: usize,
    /// The ring slot of the newest frame.
    newest: usize,
    masked: Vec<f32>,
    decoded: Vec<f32>,
    /// Sums of decoded windows, `[stem][channel][sample]`; the first hop is complete.
    overlap: Vec<f32>,
}

impl LearnedStream {
    pub fn new(front_end: &LearnedFrontEnd, lookahead_hops: usize) -> Self {
        let window_samples = front_end.window_samples;
        let num_filters = front_end.num_filters;
        let num_encodings = if front_end.stereo { 1 } else { NUM_CHANNELS };
        let num_slots = lookahead_hops + 1;
        Self {
            window_samples,
            hop_samples: front_end.hop_samples,
            num_filters,
            stereo: front_end.stereo,
            recent: vec![0.0; NUM_CHANNELS * window_samples],
            mean: vec![0.0; window_samples],
            encoded: vec![0.0; num_slots * num_encodings * num_filters],
            num_encodings,
            num_slots,
            newest: 0,
            masked: vec![0.0; num_filters],
            decoded: vec![0.0; NUM_CHANNELS * window_samples],
            overlap: vec![0.0; NUM_STEMS * NUM_CHANNELS * window_samples],
        }
    }

    /// Takes a hop in and writes its features: the encoded frame that the network sees.
    pub fn analyse(
        &mut self,
        model: &ConvTasNetModel,
        hop: [&[f32]; NUM_CHANNELS],
        features: &mut [f32],
    ) {
        let Some(filters) = model.filters() else {
            debug_assert!(false, "a learned front end has filters");
            return;
        };
        let (window, hop_samples) = (self.window_samples, self.hop_samples);
        for (recent, hop) in self.recent.chunks_exact_mut(window).zip(hop) {
            recent.copy_within(hop_samples.., 0);
            recent[window - hop_samples..].copy_from_slice(hop);
        }
        self.newest = (self.newest + 1) % self.num_slots;
        let frame = self.num_encodings * self.num_filters;
        let newest = &mut self.encoded[self.newest * frame..][..frame];
        if self.stereo {
            filters.encoder.apply(&self.recent, newest);
            relu(newest);
            features.copy_from_slice(newest);
        } else {
            let channels = self.recent.chunks_exact(window);
            for (samples, encoded) in channels.zip(newest.chunks_exact_mut(self.num_filters)) {
                filters.encoder.apply(samples, encoded);
                relu(encoded);
            }
            let (left, right) = self.recent.split_at(window);
            for ((mean, l), r) in self.mean.iter_mut().zip(left).zip(right) {
                *mean = 0.5 * (l + r);
            }
            filters.encoder.apply(&self.mean, features);
            relu(features);
        }
    }

    /// Writes the next hop of a stem.
    pub fn synthesise(
        &mut self,
        model: &ConvTasNetModel,
        stem: Stem,
        masks: &[f32],
        stems: &mut StemBuffer,
    ) {
        let Some(filters) = model.filters() else {
            debug_assert!(false, "a learned front end has filters");
            return;
        };
        let (window, hop_samples) = (self.window_samples, self.hop_samples);
        let oldest = (self.newest + 1) % self.num_slots;
        let num_mask_channels = model.config().num_mask_channels();
        for encoding in 0..self.num_encodings {
            let mask_channel = encoding.min(num_mask_channels - 1);
            let mask = (stem as usize * num_mask_channels + mask_channel) * self.num_filters;
            let frame = (oldest * self.num_encodings + encoding) * self.num_filters;
            let pairs = masks[mask..].iter().zip(&self.encoded[frame..]);
            for (y, (m, w)) in self.masked.iter_mut().zip(pairs) {
                *y = m * w;
            }
            let length = NUM_CHANNELS * window / self.num_encodings;
            let decoded = &mut self.decoded[encoding * length..][..length];
            filters.decoder.apply(&self.masked, decoded);
        }
        for channel in 0..NUM_CHANNELS {
            let start = (stem as usize * NUM_CHANNELS + channel) * window;
            let overlap = &mut self.overlap[start..start + window];
            for (sum, x) in overlap.iter_mut().zip(&self.decoded[channel * window..]) {
                *sum += x;
            }
            stems.channel_mut(stem, channel)[..hop_samples]
                .copy_from_slice(&overlap[..hop_samples]);
            overlap.copy_within(hop_samples.., 0);
            overlap[window - hop_samples..].fill(0.0);
        }
    }

    pub fn reset(&mut self) {
        self.recent.fill(0.0);
        self.encoded.fill(0.0);
        self.newest = 0;
        self.overlap.fill(0.0);
    }
}

fn relu(values: &mut [f32]) {
    for x in values {
        *x = x.max(0.0);
    }
}
