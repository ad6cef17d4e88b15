//! Activations: what bends a layer's sums. Without them any stack of layers is one dense layer.
//!
//! | | `y` | `∂L/∂x` from `g = ∂L/∂y` | for |
//! |---|---|---|---|
//! | tanh | `tanh x` | `g (1 − y²)` | hidden layers, outputs in −1…1 |
//! | sigmoid | `1 / (1 + e⁻ˣ)` | `g y (1 − y)` | a probability, a mask |
//! | ReLU | `max(x, 0)` | `g` where `x > 0`, else 0 | deep hidden layers (Nair & Hinton, ICML 2010) |
//! | softmax | `e^{x_i} / Σ_j e^{x_j}` | `y_i (g_i − Σ_j g_j y_j)` | one of several (Bridle, NIPS 1989) |
//!
//! All but ReLU know their slope from their output alone, so that is what they remember.

use ndarray::Axis;

use super::Tensor;
use super::layer::Layer;

/// See the [module](self).
#[derive(Default)]
pub struct Tanh {
    output: Tensor,
}

impl Layer for Tanh {
    fn forward(&mut self, input: &Tensor) -> Tensor {
        self.output = input.mapv(f64::tanh);
        self.output.clone()
    }

    fn backward(&mut self, slopes: &Tensor) -> Tensor {
        slopes * self.output.mapv(|y| 1.0 - y * y)
    }
}

/// See the [module](self).
#[derive(Default)]
pub struct Sigmoid {
    output: Tensor,
}

impl Layer for Sigmoid {
    fn forward(&mut self, input: &Tensor) -> Tensor {
        self.output = input.mapv(|x| 1.0 / (1.0 + (-x).exp()));
        self.output.clone()
    }

    fn backward(&mut self, slopes: &Tensor) -> Tensor {
        slopes * self.output.mapv(|y| y * (1.0 - y))
    }
}

/// See the [module](self).
#[derive(Default)]
pub struct Relu {
    input: Tensor,
}

impl Layer for Relu {
    fn forward(&mut self, input: &Tensor) -> Tensor {
        self.input = input.clone();
        input.mapv(|x| x.max(0.0))
    }

    fn backward(&mut self, slopes: &Tensor) -> Tensor {
        slopes * self.input.mapv(|x| if x > 0.0 { 1.0 } else { 0.0 })
    }
}

/// Over the last axis; see the [module](self).
#[derive(Default)]
pub struct Softmax {
    output: Tensor,
}

impl Layer for Softmax {
    fn forward(&mut self, input: &Tensor) -> Tensor {
        self.output = input.clone();
        for mut row in self.output.rows_mut() {
            // A common factor cancels; this one keeps the exponentials finite.
            let greatest = row.fold(f64::NEG_INFINITY, |a, &b| a.max(b));
            row.mapv_inplace(|x| (x - greatest).exp());
            let sum = row.sum();
            row /= sum;
        }
        self.output.clone()
    }

    fn backward(&mut self, slopes: &Tensor) -> Tensor {
        let weighted = slopes * &self.output;
        let last = Axis(weighted.ndim() - 1);
        let sum = weighted.sum_axis(last).insert_axis(last);
        weighted - sum * &self.output
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::scratch_nn::gradient_check::check;

    #[test]
    fn values_are_those_of_the_table() {
        let x = array![[-1.0, 0.0, 2.0]].into_dyn();
        let sum = (-1.0_f64).exp() + 1.0 + 2.0_f64.exp();
        for (layer, want) in [
            (
                Box::new(Tanh::default()) as Box<dyn Layer>,
                [-0.761_594_156, 0.0, 0.964_027_580],
            ),
            (
                Box::new(Sigmoid::default()),
                [0.268_941_421, 0.5, 0.880_797_078],
            ),
            (Box::new(Relu::default()), [0.0, 0.0, 2.0]),
            (
                Box::new(Softmax::default()),
                [(-1.0_f64).exp() / sum, 1.0 / sum, 2.0_f64.exp() / sum],
            ),
        ] {
            let mut layer = layer;
            let got = layer.forward(&x);
            let want = Tensor::from_shape_vec(vec![1, 3], want.to_vec()).unwrap();
            // As many digits as the table has.
            let error = (&got - &want).mapv(f64::abs).sum();
            assert!(error < 1e-8, "{got}, want {want}");
        }
    }

    #[test]
    fn softmax_of_huge_numbers_is_finite() {
        let output = Softmax::default().forward(&array![[1000.0, 1000.0]].into_dyn());
        assert_eq!(output, array![[0.5, 0.5]].into_dyn());
    }

    #[test]
    fn gradients_are_those_of_differences() {
        check(Tanh::default(), &[4, 3]);
        check(Sigmoid::default(), &[4, 3]);
        check(Relu::default(), &[4, 3]);
        check(Softmax::default(), &[4, 3]);
    }
}
