//! Optimisers: how far each weight goes against its slope.
//!
//! Gradient descent goes `θ ← θ − η ∂L/∂θ` with one rate `η` for all. Adam (Kingma & Ba, ICLR 2015)
//! follows running means of the slope and of its square,
//!
//! ```text
//! m ← β₁ m + (1 − β₁) g      v ← β₂ v + (1 − β₂) g²      θ ← θ − η m̂ / (√v̂ + ε)
//! ```
//!
//! so that each weight moves by about `η` a step, be its slopes large or small. `m̂ = m / (1 − β₁ᵗ)`
//! and `v̂ = v / (1 − β₂ᵗ)` undo that both means start at 0.

use ndarray::Zip;

use super::Tensor;
use super::layer::Parameter;

/// Moves parameters.
pub trait Optimiser {
    /// One step; the parameters are always the same ones, in the same order.
    fn step(&mut self, parameters: Vec<&mut Parameter>);
}

/// See the [module](self).
pub struct GradientDescent {
    /// η.
    pub rate: f64,
}

impl Optimiser for GradientDescent {
    fn step(&mut self, parameters: Vec<&mut Parameter>) {
        for Parameter { value, gradient } in parameters {
            value.scaled_add(-self.rate, gradient);
        }
    }
}

/// With the paper's β₁ = 0.9, β₂ = 0.999 and ε = 10⁻⁸; see the [module](self).
pub struct Adam {
    /// η.
    pub rate: f64,
    /// t.
    num_steps: i32,
    /// m and v of each parameter.
    means: Vec<[Tensor; 2]>,
}

impl Adam {
    pub fn new(rate: f64) -> Self {
        Self {
            rate,
            num_steps: 0,
            means: Vec::new(),
        }
    }
}

impl Optimiser for Adam {
    fn step(&mut self, parameters: Vec<&mut Parameter>) {
        const BETAS: [f64; 2] = [0.9, 0.999];
        if self.means.is_empty() {
            let zeros = |of: &&mut Parameter| Tensor::zeros(of.value.raw_dim());
            let means = parameters.iter().map(|of| [zeros(of), zeros(of)]);
            self.means = means.collect();
        }
        self.num_steps += 1;
        let [of_m, of_v] = BETAS.map(|beta| 1.0 - beta.powi(self.num_steps));
        for (Parameter { value, gradient }, [m, v]) in parameters.into_iter().zip(&mut self.means) {
            Zip::from(value)
                .and(gradient)
                .and(m)
                .and(v)
                .for_each(|value, &mut g, m, v| {
                    *m += (1.0 - BETAS[0]) * (g - *m);
                    *v += (1.0 - BETAS[1]) * (g * g - *v);
                    *value -= self.rate * (*m / of_m) / ((*v / of_v).sqrt() + 1e-8);
                });
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn parameter(gradient: Tensor) -> Parameter {
        Parameter {
            value: Tensor::zeros(gradient.raw_dim()),
            gradient,
        }
    }

    #[test]
    fn descent_goes_by_the_slope() {
        let mut weight = parameter(array![2.0, -4.0].into_dyn());
        GradientDescent { rate: 0.5 }.step(vec![&mut weight]);
        assert_eq!(weight.value, array![-1.0, 2.0].into_dyn());
    }

    #[test]
    fn adam_goes_by_the_rate() {
        let mut weight = parameter(array![2.0, -4e-3].into_dyn());
        let mut adam = Adam::new(0.1);
        adam.step(vec![&mut weight]);
        // The first step is the rate, whatever the slope, up to ε over it.
        assert!((weight.value[0] + 0.1).abs() < 1e-6 && (weight.value[1] - 0.1).abs() < 1e-6);
        weight.gradient = array![-2.0, -4e-3].into_dyn();
        adam.step(vec![&mut weight]);
        // By the formulas: m̂ = (0.9 · 0.2 − 0.2) / 0.19, v̂ = 4.
        let want = -0.1 + 0.1 * (0.02 / 0.19) / 2.0;
        assert!((weight.value[0] - want).abs() < 1e-9, "{}", weight.value);
    }
}
