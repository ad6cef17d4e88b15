//! The refiner: estimates the masks of each band once more, from what lies around it.
//!
//! All that the TCN says of a frame passes through its B bottleneck channels, so it can't tell single
//! harmonics or onsets of single bands. The refiner is a small convolution over bands and frames, with
//! the same taps for all bands, that sees both: a patch of features around each band, and the mask
//! values that the TCN gives for it and its neighbours. With `*` for convolution over bands and
//! frames, and `m` for the mask values before sigmoid or softmax:
//!
//! - `h = prelu(U * features + V * m + bias)`, C channels a band,
//! - `h = h + prelu(W * h + bias)` for each middle layer,
//! - `m = m + Z * h`.
//!
//! Biases are one value a channel and band, so that bands may differ. Frames before the first one are
//! zeros behind the features' scaling.

pub mod config;
pub mod planes;

pub use super::activation::prelu_rows;
use super::matrix::Isa;
use super::weights::WeightsFile;
use config::{MAX_AGES, NEIGHBOURS, RefinerShape};
use planes::{Kernel, bands_of, bands_of_mut, row_len};

/// Log powers are shown to the refiner less this, and by this factor, so that most lie within ±2.
pub const MIDDLE_LOG_POWER: f32 = 3.0;
pub const LOG_POWER_SCALE: f32 = 0.25;

/// Writes features, `[plane][band]`, as rows: the first two planes, log powers, scaled.
pub fn write_feature_rows(features: &[f32], num_bands: usize, rows: &mut [f32]) {
    let planes = features.chunks_exact(num_bands);
    let rows = rows.chunks_exact_mut(row_len(num_bands));
    for (plane, (features, row)) in planes.zip(rows).enumerate() {
        let row = bands_of_mut(row, num_bands);
        if plane < 2 {
            for (x, feature) in row.iter_mut().zip(features) {
                *x = (feature - MIDDLE_LOG_POWER) * LOG_POWER_SCALE;
            }
        } else {
            row.copy_from_slice(features);
        }
    }
}

/// Values `[plane][band]` as rows.
pub fn write_rows(values: &[f32], num_bands: usize, rows: &mut [f32]) {
    let rows = rows.chunks_exact_mut(row_len(num_bands));
    for (values, row) in values.chunks_exact(num_bands).zip(rows) {
        bands_of_mut(row, num_bands).copy_from_slice(values);
    }
}

/// Immutable weights of a refiner.
#[derive(Debug)]
pub struct Refiner {
    shape: RefinerShape,
    features: Kernel,
    masks: Kernel,
    first: Bend,
    middles: Vec<(Kernel, Bend)>,
    last: Kernel,
}

/// A layer's bias, `[channel][row]`, and its slopes.
#[derive(Debug)]
struct Bend {
    bias: Vec<f32>,
    slopes: Vec<f32>,
}

/// The mutable memory of one stream's refiner.
#[derive(Clone, Debug)]
pub struct RefinerState {
    features: Ring,
    /// Mask values, `[mask][row]`.
    masks: Vec<f32>,
    /// Input of each layer but the first.
    hidden: Vec<Ring>,
}

/// The newest frames of some planes.
#[derive(Clone, Debug)]
struct Ring {
    frames: Vec<f32>,
    frame_len: usize,
    newest: usize,
}

impl Refiner {
    pub fn new(shape: RefinerShape, weights: &WeightsFile, isa: Isa) -> Self {
        let values = |name: &str| &*weights.tensor(&format!("refiner.{name}")).values;
        let bend = |part: &str| {
            let slopes = values(&format!("{part}slope"));
            let mut bias = vec![0.0; slopes.len() * row_len(shape.num_bands)];
            write_rows(values(&format!("{part}bias")), shape.num_bands, &mut bias);
            Bend {
                bias,
                slopes: slopes.to_vec(),
            }
        };
        let config = &shape.config;
        let c = config.channels;
        let middles = (0..config.middle_ages.len()).map(|layer| {
            let part = format!("middles.{layer}.");
            let weight = values(&format!("{part}weight"));
            (Kernel::new(weight, 2, c, NEIGHBOURS, isa), bend(&part))
        });
        Self {
            features: Kernel::new(
                values("features.weight"),
                config.ages.len(),
                shape.features,
                config.bands,
                isa,
            ),
            masks: Kernel::new(values("masks.weight"), 1, shape.masks, NEIGHBOURS, isa),
            first: bend(""),
            middles: middles.collect(),
            last: Kernel::new(values("last.weight"), 1, c, NEIGHBOURS, isa),
            shape,
        }
    }

    /// Layers besides the last.
    pub fn num_layers(&self) -> usize {
        1 + self.middles.len()
    }

    /// Takes a frame's features, `[plane][band]`.
    pub fn take_features(&self, state: &mut RefinerState, features: &[f32]) {
        write_feature_rows(features, self.shape.num_bands, state.features.advance());
    }

    /// Takes a frame's mask values, `[mask][band]`.
    pub fn take_masks(&self, state: &mut RefinerState, masks: &[f32]) {
        write_rows(masks, self.shape.num_bands, &mut state.masks);
    }

    /// Runs a layer besides the last.
    pub fn run_layer(&self, state: &mut RefinerState, layer: usize) {
        let num_bands = self.shape.num_bands;
        if layer == 0 {
            let mut frames = [&[][..]; MAX_AGES];
            let ages = &self.shape.config.ages;
            for (frame, &age) in frames.iter_mut().zip(ages) {
                *frame = state.features.frame(age);
            }
            let hidden = state.hidden[0].advance();
            hidden.copy_from_slice(&self.first.bias);
            self.features
                .add_to(&frames[..ages.len()], num_bands, hidden);
            self.masks.add_to(&[&state.masks], num_bands, hidden);
            prelu_rows(hidden, &self.first.slopes);
        } else {
            let (kernel, bend) = &self.middles[layer - 1];
            let (before, after) = state.hidden.split_at_mut(layer);
            let before = &before[layer - 1];
            let hidden = after[0].advance();
            hidden.copy_from_slice(&bend.bias);
            let age = self.shape.config.middle_ages[layer - 1];
            let frames = [before.frame(0), before.frame(age)];
            kernel.add_to(&frames, num_bands, hidden);
            prelu_rows(hidden, &bend.slopes);
            for (h, x) in hidden.iter_mut().zip(frames[0]) {
                *h += x;
            }
        }
    }

    /// Runs the last layer: writes the refined mask values, `[mask][band]`.
    pub fn finish(&self, state: &mut RefinerState, masks: &mut [f32]) {
        let num_bands = self.shape.num_bands;
        let hidden = state.hidden[self.middles.len()].frame(0);
        self.last.add_to(&[hidden], num_bands, &mut state.masks);
        let rows = state.masks.chunks_exact(row_len(num_bands));
        for (masks, row) in masks.chunks_exact_mut(num_bands).zip(rows) {
            masks.copy_from_slice(bands_of(row, num_bands));
        }
    }
}

impl RefinerState {
    /// A stream that has not begun.
    pub fn new(refiner: &Refiner) -> Self {
        let shape = &refiner.shape;
        let config = &shape.config;
        let row = row_len(shape.num_bands);
        let oldest = config.ages.iter().max().copied().unwrap_or(0);
        // A middle layer's input is kept; the last layer sees the newest frame alone.
        let ages = config.middle_ages.iter().copied().chain([0]);
        Self {
            features: Ring::new(shape.features * row, oldest),
            masks: vec![0.0; shape.masks * row],
            hidden: ages
                .map(|age| Ring::new(config.channels * row, age))
                .collect(),
        }
    }

    /// Begins again.
    pub fn reset(&mut self) {
        self.features.reset();
        self.hidden.iter_mut().for_each(Ring::reset);
    }
}

impl Ring {
    fn new(frame_len: usize, oldest_age: usize) -> Self {
        Self {
            frames: vec![0.0; (oldest_age + 1) * frame_len],
            frame_len,
            newest: 0,
        }
    }

    /// The place of the next frame, which is the newest from here on.
    fn advance(&mut self) -> &mut [f32] {
        self.newest = (self.newest + 1) % (self.frames.len() / self.frame_len);
        &mut self.frames[self.newest * self.frame_len..][..self.frame_len]
    }

    fn frame(&self, age: usize) -> &[f32] {
        let length = self.frames.len() / self.frame_len;
        let slot = (self.newest + length - age) % length;
        &self.frames[slot * self.frame_len..][..self.frame_len]
    }

    fn reset(&mut self) {
        self.frames.fill(0.0);
        self.newest = 0;
    }
}
