//! Trust in a derivative: compare it with a difference.
//!
//! The slope of the loss along any number `θ` is nearly
//!
//! ```text
//! (L(θ + ε) − L(θ − ε)) / 2ε
//! ```
//!
//! with an error of the order `ε²`, and of the rounding of `L` over `ε`. With `ε = 10⁻⁵` both are
//! about 10⁻¹⁰ in `f64`: too slow to learn by, as each weight takes two runs of the network, but
//! the surest test of `backward`.

use super::Tensor;
use super::layer::Layer;
use super::loss::Loss;

/// ε.
pub const STEP: f64 = 1e-5;

/// How far a slope is from a numeric one, relative to the greater; slopes below 10⁻⁴ count as that,
/// as the numeric one has no digits left.
pub fn disagreement(slope: f64, numeric: f64) -> f64 {
    (slope - numeric).abs() / slope.abs().max(numeric.abs()).max(1e-4)
}

/// The greatest [`disagreement`] of a layer's or a network's `backward` over every parameter and
/// every input.
pub fn greatest_disagreement(
    layer: &mut dyn Layer,
    input: &Tensor,
    target: &Tensor,
    loss: Loss,
) -> f64 {
    let output = layer.forward(input);
    let of_input = layer.backward(&loss.slopes(&output, target));
    let mut greatest = 0.0_f64;

    let mut input = input.clone();
    for (index, &slope) in of_input.indexed_iter() {
        let value = input[&index];
        let mut at = |shift| {
            input[&index] = value + shift;
            loss.value(&layer.forward(&input), target)
        };
        let numeric = (at(STEP) - at(-STEP)) / (2.0 * STEP);
        at(0.0);
        greatest = greatest.max(disagreement(slope, numeric));
    }

    for which in 0..layer.parameters().len() {
        let parameter = layer.parameters()[which].clone();
        for (index, &slope) in parameter.gradient.indexed_iter() {
            let mut at = |shift| {
                layer.parameters()[which].value[&index] = parameter.value[&index] + shift;
                loss.value(&layer.forward(&input), target)
            };
            let numeric = (at(STEP) - at(-STEP)) / (2.0 * STEP);
            at(0.0);
            greatest = greatest.max(disagreement(slope, numeric));
        }
    }
    greatest
}

/// Asserts that a layer's slopes are right, at a random input of this shape.
#[cfg(test)]
pub(super) fn check(mut layer: impl Layer, input_shape: &[usize]) {
    use crate::dice::Dice;

    let mut dice = Dice::new(9, 0_u64);
    let mut number = || dice.between(-1.0, 1.0);
    let input = Tensor::from_shape_simple_fn(input_shape, &mut number);
    let output = layer.forward(&input);
    let target = Tensor::from_shape_simple_fn(output.raw_dim(), &mut number);
    let error = greatest_disagreement(&mut layer, &input, &target, Loss::MeanSquaredError);
    // See the head: 10⁻¹⁰ of slopes that are seldom below 10⁻³.
    assert!(error < 1e-6, "{error}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;
    use crate::scratch_nn::activation::{Relu, Softmax};
    use crate::scratch_nn::convolution::{Convolution, MeanOverImage};
    use crate::scratch_nn::dense::Dense;
    use crate::scratch_nn::layer::Network;

    #[test]
    fn a_whole_network_hands_slopes_back() {
        let mut dice = Dice::new(2, 0_u64);
        let network = Network::new(vec![
            Box::new(Convolution::new(1, 3, 3, &mut dice)),
            Box::new(Relu::default()),
            Box::new(MeanOverImage::default()),
            Box::new(Dense::new(3, 2, &mut dice)),
            Box::new(Softmax::default()),
        ]);
        check(network, &[3, 1, 6, 5]);
    }

    #[test]
    fn a_wrong_slope_is_found() {
        struct Wrong;
        impl Layer for Wrong {
            fn forward(&mut self, input: &Tensor) -> Tensor {
                input * 2.0
            }
            fn backward(&mut self, slopes: &Tensor) -> Tensor {
                slopes.clone()
            }
        }
        let ones = Tensor::ones(vec![2, 2]);
        let error = greatest_disagreement(&mut Wrong, &ones, &ones, Loss::MeanSquaredError);
        assert!((error - 0.5).abs() < 1e-6, "{error}, want half");
    }
}
