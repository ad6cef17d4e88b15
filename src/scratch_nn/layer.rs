//! Layers, and networks of layers.
//!
//! A network is a composition `y = f_n(… f_2(f_1(x)))`. By the chain rule the slope of the loss
//! along any layer's input is the slope along its output, times the layer's own derivative:
//!
//! ```text
//! ∂L/∂x = (∂y/∂x)ᵀ ∂L/∂y
//! ```
//!
//! So a layer needs to know nothing of its neighbours: `forward` hands values on, `backward` hands
//! slopes back, in the opposite order.

use super::Tensor;

/// Numbers that are learnt, and the slope of the loss along each.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub value: Tensor,
    /// Of the shape of `value`; what the last `backward` found.
    pub gradient: Tensor,
}

impl Parameter {
    /// With no slope yet.
    pub fn new(value: Tensor) -> Self {
        let gradient = Tensor::zeros(value.raw_dim());
        Self { value, gradient }
    }
}

/// A function that can be differentiated. The first axis of every tensor counts examples.
pub trait Layer {
    /// The outputs for a batch; remembers what [`backward`](Self::backward) needs.
    fn forward(&mut self, input: &Tensor) -> Tensor;

    /// From the slopes along the outputs of the last [`forward`](Self::forward): those along its
    /// inputs; those along the parameters are kept beside them.
    fn backward(&mut self, slopes: &Tensor) -> Tensor;

    /// What there is to learn, always in the same order.
    fn parameters(&mut self) -> Vec<&mut Parameter> {
        Vec::new()
    }
}

/// Layers one after the other: itself a layer.
pub struct Network {
    layers: Vec<Box<dyn Layer>>,
}

impl Network {
    pub fn new(layers: Vec<Box<dyn Layer>>) -> Self {
        Self { layers }
    }
}

impl Layer for Network {
    fn forward(&mut self, input: &Tensor) -> Tensor {
        let layers = self.layers.iter_mut();
        layers.fold(input.clone(), |value, layer| layer.forward(&value))
    }

    fn backward(&mut self, slopes: &Tensor) -> Tensor {
        let layers = self.layers.iter_mut().rev();
        layers.fold(slopes.clone(), |slopes, layer| layer.backward(&slopes))
    }

    fn parameters(&mut self) -> Vec<&mut Parameter> {
        let layers = self.layers.iter_mut();
        layers.flat_map(|layer| layer.parameters()).collect()
    }
}
