//! Losses: one number for how wrong the outputs are, and its slope along each of them.
//!
//! Both are means over all `N` outputs `p` and targets `y`:
//!
//! ```text
//! mean squared error     L = 1/N Σ (p − y)²                            ∂L/∂p = 2 (p − y) / N
//! binary cross-entropy   L = −1/N Σ y ln p + (1 − y) ln(1 − p)         ∂L/∂p = (p − y) / (p (1 − p) N)
//! ```
//!
//! The first is the likelihood of targets with Gaussian noise, the second that of coin tosses
//! (Bishop, "Pattern Recognition and Machine Learning", 2006, section 5.2). After a sigmoid the
//! second's slope is `(p − y) / N`: a wrong answer is corrected, however sure the network is of it,
//! whereas `σ'` nearly stops the first.

use ndarray::Zip;

use super::Tensor;

/// See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    MeanSquaredError,
    /// Outputs and targets in 0…1.
    BinaryCrossEntropy,
}

/// A probability is never closer to 0 or 1, where the logarithm ends.
const MARGIN: f64 = 1e-12;

fn inside(p: f64) -> f64 {
    p.clamp(MARGIN, 1.0 - MARGIN)
}

impl Loss {
    /// The mean over all outputs, which have the shape of the targets.
    pub fn value(self, outputs: &Tensor, targets: &Tensor) -> f64 {
        let term = |p: f64, y: f64| match self {
            Self::MeanSquaredError => (p - y).powi(2),
            Self::BinaryCrossEntropy => {
                let p = inside(p);
                -y * p.ln() - (1.0 - y) * (1.0 - p).ln()
            }
        };
        let sum = Zip::from(outputs).and(targets);
        sum.fold(0.0, |sum, &p, &y| sum + term(p, y)) / outputs.len() as f64
    }

    /// The slope of [`value`](Self::value) along each output.
    pub fn slopes(self, outputs: &Tensor, targets: &Tensor) -> Tensor {
        let count = outputs.len() as f64;
        let slope = |&p: &f64, &y: &f64| match self {
            Self::MeanSquaredError => 2.0 * (p - y) / count,
            Self::BinaryCrossEntropy => {
                let p = inside(p);
                (p - y) / (p * (1.0 - p) * count)
            }
        };
        Zip::from(outputs).and(targets).map_collect(slope)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::scratch_nn::gradient_check::{STEP, disagreement};

    #[test]
    fn values_are_those_of_the_formulas() {
        let (p, y) = (array![0.5, 0.9].into_dyn(), array![1.0, 1.0].into_dyn());
        assert!((Loss::MeanSquaredError.value(&p, &y) - 0.13).abs() < 1e-12);
        let want = -(0.5_f64.ln() + 0.9_f64.ln()) / 2.0;
        assert!((Loss::BinaryCrossEntropy.value(&p, &y) - want).abs() < 1e-12);
        let certain = array![0.0, 1.0].into_dyn();
        let worst = Loss::BinaryCrossEntropy.value(&certain, &array![1.0, 0.0].into_dyn());
        assert!(worst.is_finite() && worst > 20.0, "{worst}");
    }

    #[test]
    fn slopes_are_those_of_differences() {
        let p = array![[0.2, 0.7], [0.4, 0.95]].into_dyn();
        let y = array![[0.0, 1.0], [0.3, 1.0]].into_dyn();
        for loss in [Loss::MeanSquaredError, Loss::BinaryCrossEntropy] {
            let slopes = loss.slopes(&p, &y);
            for (index, &slope) in slopes.indexed_iter() {
                let at = |shift: f64| {
                    let mut p = p.clone();
                    p[&index] += shift;
                    loss.value(&p, &y)
                };
                let numeric = (at(STEP) - at(-STEP)) / (2.0 * STEP);
                // The difference's own error grows with the third derivative, STEP² of it.
                let error = disagreement(slope, numeric);
                assert!(error < 1e-6, "{loss:?}: {slope}, want {numeric}");
            }
        }
    }
}
