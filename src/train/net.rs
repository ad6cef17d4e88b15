//! The network that learns: the same layers as `nn`, over whole segments, in candle.

use candle_core::backprop::GradStore;
use candle_core::{Device, Result, Tensor, Var};

use super::middle::{Middle, prelu};
use super::norm::normalise;
use super::parameters::Layout;
use super::refine::refine;
use crate::nn::ConvTasNetConfig;
use crate::nn::config::{MaskKind, NormKind};
use crate::stem::NUM_STEMS;

/// A network's weights on a device.
pub struct Net {
    config: ConvTasNetConfig,
    device: Device,
    layout: Layout,
    variables: Vec<Var>,
}

/// Whose moments batch norms take.
#[derive(Clone, Copy)]
pub enum Moments<'a> {
    /// Those of the batch: learning.
    Batch,
    /// These, as [`Layout::statistics`] lays them out: as it plays.
    Running(&'a [f32]),
    /// These, while those of the batch are told.
    Watched(&'a [f32]),
}

/// What comes out of the network.
pub struct Masks {
    /// Before sigmoid, softmax or tanh: `[batch, frames, M]`.
    pub values: Tensor,
    /// Moments that batch norms took, or of the batch if they are watched, as
    /// [`Layout::statistics`] lays them out.
    pub moments: Vec<f32>,
}

impl Net {
    /// All weights 0; [`Net::load`] comes next.
    pub fn new(config: &ConvTasNetConfig, device: &Device) -> Result<Self> {
        let layout = Layout::parameters(config);
        let variables = layout.tensors.iter().map(|parameter| {
            Var::zeros(parameter.shape.as_slice(), candle_core::DType::F32, device)
        });
        Ok(Self {
            config: config.clone(),
            device: device.clone(),
            variables: variables.collect::<Result<_>>()?,
            layout,
        })
    }

    pub fn config(&self) -> &ConvTasNetConfig {
        &self.config
    }

    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Takes all weights from a flat vector.
    pub fn load(&self, flat: &[f32]) -> Result<()> {
        for (parameter, variable) in self.layout.tensors.iter().zip(&self.variables) {
            let shape = parameter.shape.as_slice();
            variable.set(&Tensor::from_slice(
                parameter.of(flat),
                shape,
                &self.device,
            )?)?;
        }
        Ok(())
    }

    /// Gradients as a flat vector; 0 for what had no part.
    pub fn gradients(&self, store: &GradStore) -> Result<Vec<f32>> {
        let mut flat = Vec::with_capacity(self.layout.len);
        for (parameter, variable) in self.layout.tensors.iter().zip(&self.variables) {
            match store.get(variable) {
                Some(gradient) => flat.extend(gradient.flatten_all()?.to_vec1::<f32>()?),
                None => flat.resize(flat.len() + parameter.len(), 0.0),
            }
        }
        Ok(flat)
    }

    /// A weight by its name in [`Layout::parameters`].
    fn weight(&self, name: &str) -> &Tensor {
        let names = self.layout.tensors.iter();
        let index = names.enumerate().find(|(_, t)| t.name == name);
        let (index, _) = index.unwrap_or_else(|| panic!("the network has a tensor {name}"));
        &self.variables[index]
    }

    /// `x · weightᵀ` on the last axis.
    fn linear(&self, x: &Tensor, name: &str) -> Result<Tensor> {
        let (batch, frames, inputs) = x.dims3()?;
        let rows = x.reshape((batch * frames, inputs))?;
        rows.matmul(&self.weight(name).t()?)?
            .reshape((batch, frames, ()))
    }

    /// Estimates masks from features, `[batch, frames, F]`, one frame a run of the network.
    pub fn masks(&self, features: &Tensor, moments: Moments) -> Result<Masks> {
        let tcn = &self.config.tcn;
        let statistics = Layout::statistics(&self.config);
        let running = |name: &str| match moments {
            Moments::Running(all) | Moments::Watched(all) if tcn.norm == NormKind::Batch => {
                Some(statistics.tensor(name).of(all))
            }
            _ => None,
        };
        let is_watched = matches!(moments, Moments::Watched(_));
        let mut measured = Vec::with_capacity(statistics.len);

        let normalised = {
            let running = running("input_norm").map(|all| -> Result<_> {
                let (mean, variance) = all.split_at(all.len() / 2);
                let vector = |x: &[f32]| Tensor::from_slice(x, x.len(), &self.device);
                Ok([vector(mean)?, vector(variance)?])
            });
            normalise(features, tcn.norm, running.transpose()?, is_watched)?
        };
        let input = match normalised.moments {
            Some([mean, variance]) => {
                measured.extend(mean.to_vec1::<f32>()?);
                measured.extend(variance.to_vec1::<f32>()?);
                normalised.values
            }
            None => normalised
                .values
                .broadcast_mul(self.weight("input_norm.scale"))?
                .broadcast_add(self.weight("input_norm.shift"))?,
        };
        let mut stream = self
            .linear(&input, "bottleneck.weight")?
            .broadcast_add(self.weight("bottleneck.bias"))?;
        let mut skips: Option<Tensor> = None;
        for block in 0..self.config.num_blocks() {
            let name = |part: &str| format!("blocks.{block}.{part}");
            let middle = Middle {
                dilation: self.config.dilation(block),
                norm: tcn.norm,
                is_watched,
            };
            let hidden = middle.apply(
                &self.linear(&stream, &name("expand.weight"))?,
                self.weight(&name("middle")),
                running(&format!("blocks.{block}")),
            )?;
            measured.extend(hidden.moments.unwrap_or_default());
            if tcn.skip_connections {
                let skip = self.linear(&hidden.values, &name("skip.weight"))?;
                skips = Some(match skips {
                    Some(skips) => (skips + skip)?,
                    None => skip,
                });
            }
            if self.config.has_residual(block) {
                stream = (stream + self.linear(&hidden.values, &name("residual.weight"))?)?;
            }
        }
        let last = prelu(&skips.unwrap_or(stream), self.weight("mask.slope"))?;
        let values = self
            .linear(&last, "mask.weight")?
            .broadcast_add(self.weight("mask.bias"))?;
        let values = match self.config.refiner_shape() {
            Some(shape) => {
                let names = shape.tensors();
                let weights: Vec<_> = names.iter().map(|(name, _)| self.weight(name)).collect();
                refine(&shape, features, &values, &weights)?
            }
            None => values,
        };
        Ok(Masks {
            values,
            moments: measured,
        })
    }

    /// The masks as the runtime applies them, `[batch, frames, stem, channel, part, band]`.
    pub fn activate(&self, values: &Tensor) -> Result<Tensor> {
        let (batch, frames, _) = values.dims3()?;
        let config = &self.config;
        let values = values.reshape(
            &[
                batch,
                frames,
                NUM_STEMS,
                config.num_mask_channels(),
                config.num_mask_parts(),
                config.num_bands(),
            ][..],
        )?;
        match config.mask {
            MaskKind::Sigmoid => sigmoid(&values),
            MaskKind::Softmax => {
                let exps = values
                    .broadcast_sub(&values.max_keepdim(2)?.detach())?
                    .exp()?;
                exps.broadcast_div(&exps.sum_keepdim(2)?)
            }
            MaskKind::Complex => values.tanh(),
        }
    }

    /// A learned front end's code of windows, `[batch, frames, encoding, C·L]`:
    /// `[batch, frames, encoding, N]`.
    pub fn encode(&self, windows: &Tensor) -> Result<Tensor> {
        let dims = windows.dims();
        let (rows, samples) = (dims[..3].iter().product::<usize>(), dims[3]);
        windows
            .reshape((rows, samples))?
            .matmul(&self.weight("encoder.weight").t()?)?
            .relu()?
            .reshape((dims[0], dims[1], dims[2], ()))
    }

    /// Windows of masked codes, the way back: `[…, N]` to `[…, C·L]`.
    pub fn decode(&self, codes: &Tensor) -> Result<Tensor> {
        let mut dims = codes.dims().to_vec();
        let filters = dims.pop().unwrap_or(1);
        let rows: usize = dims.iter().product();
        let windows = codes
            .reshape((rows, filters))?
            .matmul(self.weight("decoder.weight"))?;
        dims.push(windows.dim(1)?);
        windows.reshape(dims)
    }
}

fn sigmoid(x: &Tensor) -> Result<Tensor> {
    ((x * 0.5)?.tanh()? * 0.5)? + 0.5
}
