//! A whole network in plain loops: two inputs or more, one hidden layer, one output.
//!
//! A neuron weighs its inputs, adds a bias and bends the sum: hidden ones by `tanh`, the output by
//! the sigmoid `σ(z) = 1 / (1 + e⁻ᶻ)`, whose 0…1 reads as a probability `p`:
//!
//! ```text
//! h_j = tanh(Σ_i v_ji x_i + b_j)        p = σ(Σ_j w_j h_j + c)
//! ```
//!
//! The loss is the binary cross-entropy `L = −y ln p − (1 − y) ln(1 − p)`, averaged over the
//! examples: small if `p` is near the target `y`. Its slopes follow from the chain rule, from the
//! output back to the input, hence *backpropagation* (Rumelhart, Hinton & Williams, Nature 323,
//! 1986). With `σ' = p(1 − p)` and `tanh' = 1 − tanh²`:
//!
//! ```text
//! δ   = ∂L/∂z = (p − y) / (p(1 − p)) · p(1 − p) = p − y
//! ∂L/∂w_j  = δ h_j            ∂L/∂c   = δ
//! δ_j = δ w_j (1 − h_j²)
//! ∂L/∂v_ji = δ_j x_i          ∂L/∂b_j = δ_j
//! ```

use ndarray::{Array1, Array2};

use super::activation::{Sigmoid, Tanh};
use super::dense::Dense;
use super::layer::Network;
use crate::dice::Dice;

/// The network, by the letters of the formulas.
#[derive(Clone, Debug)]
pub struct PlainNetwork {
    /// `[hidden][input]`.
    v: Vec<Vec<f64>>,
    b: Vec<f64>,
    w: Vec<f64>,
    c: f64,
}

impl PlainNetwork {
    /// Weights within ±1, biases of 0. Equal weights would stay equal: hence the dice.
    pub fn new(num_inputs: usize, num_hidden: usize, dice: &mut Dice) -> Self {
        let mut weights = |count| (0..count).map(|_| dice.between(-1.0, 1.0)).collect();
        Self {
            v: (0..num_hidden).map(|_| weights(num_inputs)).collect(),
            b: vec![0.0; num_hidden],
            w: weights(num_hidden),
            c: 0.0,
        }
    }

    fn hidden(&self, x: &[f64]) -> Vec<f64> {
        let mut h = Vec::new();
        for j in 0..self.b.len() {
            let mut z = self.b[j];
            for i in 0..x.len() {
                z += self.v[j][i] * x[i];
            }
            h.push(z.tanh());
        }
        h
    }

    fn output(&self, h: &[f64]) -> f64 {
        let mut z = self.c;
        for j in 0..h.len() {
            z += self.w[j] * h[j];
        }
        1.0 / (1.0 + (-z).exp())
    }

    /// The probability that the target of `x` is 1.
    pub fn predict(&self, x: &[f64]) -> f64 {
        self.output(&self.hidden(x))
    }

    /// Moves every weight against its slope, `rate` times as far, and returns the mean loss before.
    /// `targets` are 0 or 1, one for each of `inputs`.
    pub fn descend(&mut self, inputs: &[impl AsRef<[f64]>], targets: &[f64], rate: f64) -> f64 {
        let mut loss = 0.0;
        let mut moved = self.clone();
        let step = rate / inputs.len() as f64;
        for (x, &y) in inputs.iter().zip(targets) {
            let x = x.as_ref();
            let h = self.hidden(x);
            let p = self.output(&h);
            loss -= y * p.ln() + (1.0 - y) * (1.0 - p).ln();
            let delta = p - y;
            moved.c -= step * delta;
            for j in 0..h.len() {
                moved.w[j] -= step * delta * h[j];
                let delta_j = delta * self.w[j] * (1.0 - h[j] * h[j]);
                moved.b[j] -= step * delta_j;
                for i in 0..x.len() {
                    moved.v[j][i] -= step * delta_j * x[i];
                }
            }
        }
        *self = moved;
        loss / inputs.len() as f64
    }

    /// The same network, with the same weights, of layers.
    pub fn vectorised(&self) -> Network {
        let v = Array2::from_shape_fn((self.v[0].len(), self.v.len()), |(i, j)| self.v[j][i]);
        let w = Array2::from_shape_fn((self.w.len(), 1), |(j, _)| self.w[j]);
        Network::new(vec![
            Box::new(Dense::from_weights(v, Array1::from(self.b.clone()))),
            Box::new(Tanh::default()),
            Box::new(Dense::from_weights(w, Array1::from(vec![self.c]))),
            Box::new(Sigmoid::default()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::scratch_nn::loss::Loss;
    use crate::scratch_nn::optimiser::GradientDescent;
    use crate::scratch_nn::training::Trainer;

    const INPUTS: [[f64; 2]; 4] = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    const XOR: [f64; 4] = [0.0, 1.0, 1.0, 0.0];

    #[test]
    fn loops_and_arrays_agree_all_the_way_to_xor() {
        let mut plain = PlainNetwork::new(2, 4, &mut Dice::new(1, 0_u64));
        let inputs = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]].into_dyn();
        let targets = array![[0.0], [1.0], [1.0], [0.0]].into_dyn();
        let mut vectorised = Trainer {
            network: plain.vectorised(),
            loss: Loss::BinaryCrossEntropy,
            optimiser: Box::new(GradientDescent { rate: 0.5 }),
            batch_size: 4,
            dice: Dice::new(1, 1_u64),
        };
        for epoch in 0..1000 {
            let want = plain.descend(&INPUTS, &XOR, 0.5);
            let got = vectorised.epoch(&inputs, &targets);
            // f64 keeps 16 digits, and the order of sums differs in each of a thousand steps.
            assert!((got - want).abs() < 1e-10, "epoch {epoch}: {got}, {want}");
        }
        for (x, y) in INPUTS.into_iter().zip(XOR) {
            let p = plain.predict(&x);
            assert!((p - y).abs() < 0.05, "{x:?}: {p}, want {y}");
        }
    }

    #[test]
    fn a_step_follows_the_slope() {
        let start = PlainNetwork::new(2, 3, &mut Dice::new(5, 0_u64));
        let loss = |network: &PlainNetwork| network.clone().descend(&INPUTS, &XOR, 0.0);
        let mut moved = start.clone();
        moved.descend(&INPUTS, &XOR, 1.0);
        let step = 1e-6;
        let mut shifted = start.clone();
        shifted.v[1][0] += step;
        let slope = (loss(&shifted) - loss(&start)) / step;
        let got = start.v[1][0] - moved.v[1][0];
        // A one-sided difference is wrong by about the step.
        assert!((got - slope).abs() < 1e-5, "{got}, want {slope}");
    }
}
