//! The dense layer: every output weighs every input.
//!
//! The loops of [`plain`](super::plain) for a whole batch are one product of matrices, with a row
//! for each example:
//!
//! ```text
//! Y = X W + b          ∂L/∂W = Xᵀ ∂L/∂Y     ∂L/∂b = Σ_rows ∂L/∂Y     ∂L/∂X = ∂L/∂Y Wᵀ
//! ```

use ndarray::{Array1, Array2, ArrayView2, Axis, Ix2};

use super::Tensor;
use super::layer::{Layer, Parameter};
use crate::dice::Dice;

/// `[batch][input]` to `[batch][output]`.
pub struct Dense {
    /// W, `[input][output]`.
    weights: Parameter,
    /// b, `[output]`.
    bias: Parameter,
    input: Array2<f64>,
}

/// Uniform within `±√(6 / (inputs + outputs))`: then neither values nor slopes swell or fade from
/// layer to layer (Glorot & Bengio, AISTATS 2010, eq. 16).
pub(super) fn glorot(inputs: usize, outputs: usize, dice: &mut Dice) -> impl FnMut() -> f64 {
    let limit = (6.0 / (inputs + outputs) as f64).sqrt();
    move || dice.between(-limit, limit)
}

impl Dense {
    /// Random weights, no bias.
    pub fn new(inputs: usize, outputs: usize, dice: &mut Dice) -> Self {
        let mut weight = glorot(inputs, outputs, dice);
        let weights = Array2::from_shape_simple_fn((inputs, outputs), &mut weight);
        Self::from_weights(weights, Array1::zeros(outputs))
    }

    /// `weights` are `[input][output]`, `bias` is `[output]`.
    pub fn from_weights(weights: Array2<f64>, bias: Array1<f64>) -> Self {
        Self {
            weights: Parameter::new(weights.into_dyn()),
            bias: Parameter::new(bias.into_dyn()),
            input: Array2::zeros((0, 0)),
        }
    }
}

fn matrix(tensor: &Tensor) -> ArrayView2<'_, f64> {
    let view = tensor.view().into_dimensionality::<Ix2>();
    view.expect("a dense layer's tensors have two axes")
}

impl Layer for Dense {
    fn forward(&mut self, input: &Tensor) -> Tensor {
        self.input = matrix(input).to_owned();
        self.input.dot(&matrix(&self.weights.value)).into_dyn() + &self.bias.value
    }

    fn backward(&mut self, slopes: &Tensor) -> Tensor {
        let slopes = matrix(slopes);
        self.weights.gradient = self.input.t().dot(&slopes).into_dyn();
        self.bias.gradient = slopes.sum_axis(Axis(0)).into_dyn();
        slopes.dot(&matrix(&self.weights.value).t()).into_dyn()
    }

    fn parameters(&mut self) -> Vec<&mut Parameter> {
        vec![&mut self.weights, &mut self.bias]
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::scratch_nn::gradient_check::check;

    #[test]
    fn outputs_are_weighted_sums() {
        let weights = array![[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]];
        let mut dense = Dense::from_weights(weights, array![0.5, -0.5]);
        let output = dense.forward(&array![[1.0, 1.0, 1.0], [0.0, 1.0, 0.0]].into_dyn());
        assert_eq!(output, array![[6.5, 59.5], [2.5, 19.5]].into_dyn());
    }

    #[test]
    fn gradients_are_those_of_differences() {
        check(Dense::new(3, 4, &mut Dice::new(1, 0_u64)), &[5, 3]);
    }
}
