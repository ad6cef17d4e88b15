//! The network that plays: weights, packed once and shared, and the state of one stream.

use super::activation::{prelu, sigmoid, softmax_of_four, tanh};
use super::config::{ConvTasNetConfig, FrontEnd, MaskKind, NormKind};
use super::depthwise::{Depthwise, Past};
use super::matrix::{Isa, Matrix};
use super::norm::{Affine, CumulativeSums, norm_cumulative, norm_frame};
use super::refiner::{Refiner, RefinerState};
use super::weights::{ModelError, Precision, Tensor, WeightsFile};

/// Immutable weights of a Conv-TasNet; one copy serves all its streams.
#[derive(Debug)]
pub struct ConvTasNetModel {
    config: ConvTasNetConfig,
    licence: String,
    provenance: serde_json::Value,
    input_norm: Option<Affine>,
    bottleneck: Matrix,
    blocks: Vec<Block>,
    mask_slopes: Vec<f32>,
    mask: Matrix,
    refiner: Option<Refiner>,
    /// Of a learned front end.
    filters: Option<Filters>,
}

/// The learned encoder and decoder.
#[derive(Debug)]
pub struct Filters {
    /// N × (C·L).
    pub encoder: Matrix,
    /// (C·L) × N.
    pub decoder: Matrix,
}

#[derive(Debug)]
struct Block {
    expand: Matrix,
    slopes1: Vec<f32>,
    norm1: Option<Affine>,
    depthwise: Depthwise,
    slopes2: Vec<f32>,
    norm2: Option<Affine>,
    /// Residual rows, then skip rows, as far as the block has them.
    project: Matrix,
    /// Rows of `project` that are residual.
    residual_rows: usize,
}

/// The mutable memory of one stream, and its scratch.
#[derive(Clone, Debug)]
pub struct ConvTasNetState {
    pasts: Vec<Past>,
    input_sums: CumulativeSums,
    /// Of both norms of each block.
    sums: Vec<[CumulativeSums; 2]>,
    features: Vec<f32>,
    /// B channels that run through the blocks, then B of summed skips.
    stream: Vec<f32>,
    hidden: Vec<f32>,
    convolved: Vec<f32>,
    projected: Vec<f32>,
    refined: Option<RefinedState>,
}

/// Of a network with a refiner.
#[derive(Clone, Debug)]
struct RefinedState {
    refiner: RefinerState,
    /// M mask values on their way to the refiner.
    values: Vec<f32>,
}

impl ConvTasNetModel {
    /// Packs the weights of a file in the given precision, for the best instructions there are.
    ///
    /// # Errors
    /// The network has a global norm, so it can't be streamed; `file` is what the error calls it.
    pub fn new(
        file: &str,
        weights: &WeightsFile,
        precision: Precision,
    ) -> Result<Self, ModelError> {
        Self::with_isa(file, weights, precision, Isa::detect())
    }

    /// As [`ConvTasNetModel::new`], for given instructions.
    ///
    /// # Errors
    /// As there.
    pub fn with_isa(
        file: &str,
        weights: &WeightsFile,
        precision: Precision,
        isa: Isa,
    ) -> Result<Self, ModelError> {
        let config = weights.config.clone();
        if config.tcn.norm == NormKind::Global {
            return Err(ModelError::NotCausal {
                file: file.to_owned(),
            });
        }
        let vector = |name: &str| weights.tensor(name).values.clone();
        let matrix = |weight: &Tensor, bias: &[f32]| Matrix::new(weight, bias, precision, isa);
        let layer = |name: &str| {
            let weight = weights.tensor(&format!("{name}.weight"));
            matrix(weight, &vector(&format!("{name}.bias")))
        };
        let norm = |name: &str| {
            (config.tcn.norm != NormKind::Batch).then(|| Affine {
                scale: vector(&format!("{name}.scale")),
                shift: vector(&format!("{name}.shift")),
            })
        };
        let blocks = (0..config.num_blocks()).map(|index| {
            let name = |part: &str| format!("blocks.{index}.{part}");
            let history = match config.tcn.norm {
                NormKind::Batch => vector(&name("depthwise.history")),
                _ => vec![0.0; config.tcn.hidden],
            };
            let mut project = Tensor {
                shape: vec![0, config.tcn.hidden],
                values: Vec::new(),
            };
            let mut bias = Vec::new();
            let mut residual_rows = 0;
            for (part, has) in [
                ("residual", config.has_residual(index)),
                ("skip", config.tcn.skip_connections),
            ] {
                if has {
                    let weight = weights.tensor(&name(&format!("{part}.weight")));
                    project.shape[0] += weight.shape[0];
                    project.values.extend(&weight.values);
                    bias.extend(vector(&name(&format!("{part}.bias"))));
                }
                if part == "residual" {
                    residual_rows = project.shape[0];
                }
            }
            Block {
                expand: layer(&name("expand")),
                slopes1: vector(&name("expand.slope")),
                norm1: norm(&name("norm1")),
                depthwise: Depthwise::new(
                    weights.tensor(&name("depthwise.weight")),
                    &vector(&name("depthwise.bias")),
                    &history,
                    config.dilation(index),
                ),
                slopes2: vector(&name("depthwise.slope")),
                norm2: norm(&name("norm2")),
                project: matrix(&project, &bias),
                residual_rows,
            }
        });
        let filters = match &config.front_end {
            FrontEnd::Stft(_) => None,
            FrontEnd::Learned(_) => {
                let encoder = weights.tensor("encoder.weight");
                let decoder = transposed(weights.tensor("decoder.weight"));
                Some(Filters {
                    encoder: matrix(encoder, &vec![0.0; encoder.shape[0]]),
                    decoder: matrix(&decoder, &vec![0.0; decoder.shape[0]]),
                })
            }
        };
        Ok(Self {
            input_norm: norm("input_norm"),
            bottleneck: layer("bottleneck"),
            blocks: blocks.collect(),
            mask_slopes: vector("mask.slope"),
            mask: layer("mask"),
            refiner: (config.refiner_shape()).map(|shape| Refiner::new(shape, weights, isa)),
            filters,
            licence: weights.licence.clone(),
            provenance: weights.provenance.clone(),
            config,
        })
    }

    /// What the network is.
    pub fn config(&self) -> &ConvTasNetConfig {
        &self.config
    }

    /// The licence of the weights, as an SPDX expression.
    pub fn licence(&self) -> &str {
        &self.licence
    }

    /// How the weights were trained; free in form.
    pub fn provenance(&self) -> &serde_json::Value {
        &self.provenance
    }

    /// The learned front end's filters, if it has one.
    pub fn filters(&self) -> Option<&Filters> {
        self.filters.as_ref()
    }

    /// Bytes of weights that one frame reads.
    pub fn num_bytes(&self) -> usize {
        let blocks = self.blocks.iter();
        let in_blocks: usize = blocks
            .map(|b| b.expand.num_bytes() + b.project.num_bytes())
            .sum();
        let in_filters = self.filters.iter();
        let in_filters: usize = in_filters
            .map(|f| f.encoder.num_bytes() + f.decoder.num_bytes())
            .sum();
        self.bottleneck.num_bytes() + in_blocks + self.mask.num_bytes() + in_filters
    }

    /// Parts of a frame's work between [`ConvTasNetModel::begin`] and [`ConvTasNetModel::finish`]: the
    /// blocks; and with a refiner the mask layer, and the refiner's layers but the last.
    pub fn num_parts(&self) -> usize {
        let refiner = self.refiner.as_ref();
        self.blocks.len() + refiner.map_or(0, |refiner| 1 + refiner.num_layers())
    }

    /// Takes a frame's features; the parts come next, one by one.
    pub fn begin(&self, state: &mut ConvTasNetState, features: &[f32]) {
        let channels = self.config.tcn.bottleneck;
        let input = match &self.input_norm {
            None => features,
            Some(affine) => {
                state.features.copy_from_slice(features);
                self.normalise(&mut state.features, affine, &mut state.input_sums);
                &state.features
            }
        };
        let (stream, skips) = state.stream.split_at_mut(channels);
        self.bottleneck.apply(input, stream);
        skips.fill(0.0);
        if let (Some(refiner), Some(refined)) = (&self.refiner, &mut state.refined) {
            refiner.take_features(&mut refined.refiner, features);
        }
    }

    /// Runs part `index`, in their order.
    pub fn run_part(&self, state: &mut ConvTasNetState, index: usize) {
        match (index.checked_sub(self.blocks.len()), &self.refiner) {
            (None, _) => self.run_block(state, index),
            (Some(part), Some(refiner)) => self.run_refiner(refiner, state, part),
            (Some(_), None) => debug_assert!(false, "there is no part {index}"),
        }
    }

    /// Runs the mask layer, or one of the refiner's.
    fn run_refiner(&self, refiner: &Refiner, state: &mut ConvTasNetState, part: usize) {
        let Some(mut refined) = state.refined.take() else {
            debug_assert!(false, "a refiner has a state");
            return;
        };
        match part.checked_sub(1) {
            None => {
                self.estimate(state, &mut refined.values);
                refiner.take_masks(&mut refined.refiner, &refined.values);
            }
            Some(layer) => refiner.run_layer(&mut refined.refiner, layer),
        }
        state.refined = Some(refined);
    }

    fn run_block(&self, state: &mut ConvTasNetState, index: usize) {
        let block = &self.blocks[index];
        let channels = self.config.tcn.bottleneck;
        let [sums1, sums2] = &mut state.sums[index];
        block
            .expand
            .apply(&state.stream[..channels], &mut state.hidden);
        prelu(&mut state.hidden, &block.slopes1);
        if let Some(affine) = &block.norm1 {
            self.normalise(&mut state.hidden, affine, sums1);
        }
        block
            .depthwise
            .step(&mut state.pasts[index], &state.hidden, &mut state.convolved);
        prelu(&mut state.convolved, &block.slopes2);
        if let Some(affine) = &block.norm2 {
            self.normalise(&mut state.convolved, affine, sums2);
        }
        let projected = &mut state.projected[..block.project.rows()];
        block.project.apply(&state.convolved, projected);
        let (residual, skip) = projected.split_at(block.residual_rows);
        let (stream, skips) = state.stream.split_at_mut(channels);
        add(stream, residual);
        add(skips, skip);
    }

    /// What the TCN says of the masks, before sigmoid, softmax or tanh.
    fn estimate(&self, state: &mut ConvTasNetState, values: &mut [f32]) {
        let channels = self.config.tcn.bottleneck;
        let range = match self.config.tcn.skip_connections {
            true => channels..2 * channels,
            false => 0..channels,
        };
        let last = &mut state.stream[range];
        prelu(last, &self.mask_slopes);
        self.mask.apply(last, values);
    }

    /// Writes the masks, `[stem][channel][part][band]`.
    pub fn finish(&self, state: &mut ConvTasNetState, masks: &mut [f32]) {
        match (&self.refiner, &mut state.refined) {
            (Some(refiner), Some(refined)) => refiner.finish(&mut refined.refiner, masks),
            _ => self.estimate(state, masks),
        }
        match self.config.mask {
            MaskKind::Sigmoid => sigmoid(masks),
            MaskKind::Softmax => softmax_of_four(masks),
            MaskKind::Complex => tanh(masks),
        }
    }

    fn normalise(&self, frame: &mut [f32], affine: &Affine, sums: &mut CumulativeSums) {
        match self.config.tcn.norm {
            NormKind::Cumulative => norm_cumulative(frame, affine, sums),
            _ => norm_frame(frame, affine),
        }
    }
}

impl ConvTasNetState {
    /// A stream that has not begun.
    pub fn new(model: &ConvTasNetModel) -> Self {
        let config = model.config();
        let tcn = &config.tcn;
        Self {
            pasts: model.blocks.iter().map(|b| b.depthwise.past()).collect(),
            input_sums: CumulativeSums::default(),
            sums: vec![Default::default(); config.num_blocks()],
            features: vec![0.0; config.num_features()],
            stream: vec![0.0; 2 * tcn.bottleneck],
            hidden: vec![0.0; tcn.hidden],
            convolved: vec![0.0; tcn.hidden],
            projected: vec![0.0; 2 * tcn.bottleneck],
            refined: model.refiner.as_ref().map(|refiner| RefinedState {
                refiner: RefinerState::new(refiner),
                values: vec![0.0; config.num_mask_values()],
            }),
        }
    }

    /// Begins again.
    pub fn reset(&mut self, model: &ConvTasNetModel) {
        for (past, block) in self.pasts.iter_mut().zip(&model.blocks) {
            block.depthwise.reset(past);
        }
        self.input_sums = CumulativeSums::default();
        self.sums.fill(Default::default());
        if let Some(refined) = &mut self.refined {
            refined.refiner.reset();
        }
    }
}

fn add(sum: &mut [f32], values: &[f32]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value;
    }
}

fn transposed(tensor: &Tensor) -> Tensor {
    let (rows, columns) = (tensor.shape[0], tensor.shape[1]);
    let values = (0..columns).flat_map(|c| (0..rows).map(move |r| tensor.values[r * columns + c]));
    Tensor {
        shape: vec![columns, rows],
        values: values.collect(),
    }
}
