//! AdamW on flat vectors, its learning rate, and the average of the weights.

use multiversion::multiversion;
use serde::{Deserialize, Serialize};

/// AdamW (Loshchilov & Hutter, ICLR 2019), gradients clipped by their norm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OptimiserSettings {
    /// At its highest.
    pub learning_rate: f64,
    /// Steps until there, from 0.
    pub warm_up_steps: u64,
    /// What it falls to over the rest of the run, along a cosine, as a part of its highest.
    pub final_rate: f64,
    pub beta1: f64,
    pub beta2: f64,
    /// Of matrices only.
    pub weight_decay: f64,
    /// Gradients of a larger norm are scaled down to it.
    pub clip_norm: f64,
    /// The average of the weights decays by this a step, once the run is long enough.
    pub average_decay: f64,
}

impl Default for OptimiserSettings {
    fn default() -> Self {
        Self {
            learning_rate: 2e-3,
            warm_up_steps: 100,
            final_rate: 0.02,
            beta1: 0.9,
            beta2: 0.99,
            weight_decay: 1e-4,
            clip_norm: 5.0,
            average_decay: 0.999,
        }
    }
}

impl OptimiserSettings {
    /// The learning rate of a step, counted from 0.
    pub fn rate_at(&self, step: u64, num_steps: u64) -> f64 {
        if step < self.warm_up_steps {
            return self.learning_rate * (step + 1) as f64 / self.warm_up_steps as f64;
        }
        let rest = num_steps.saturating_sub(self.warm_up_steps).max(1);
        let position = ((step - self.warm_up_steps) as f64 / rest as f64).min(1.0);
        let cosine = 0.5 + 0.5 * (std::f64::consts::PI * position).cos();
        self.learning_rate * (self.final_rate + (1.0 - self.final_rate) * cosine)
    }

    /// The average's decay in a step: low at first, so that it forgets the initial values (as in
    /// TensorFlow's `ExponentialMovingAverage`).
    fn average_decay_at(&self, step: u64) -> f64 {
        let ramp = (1 + step) as f64 / (10 + step) as f64;
        self.average_decay.min(ramp)
    }
}

/// Weights, their average, and the optimiser's moments; all flat and of one length.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    pub values: Vec<f32>,
    pub average: Vec<f32>,
    pub first_moment: Vec<f32>,
    pub second_moment: Vec<f32>,
}

impl Weights {
    pub fn new(values: Vec<f32>) -> Self {
        let zeros = vec![0.0; values.len()];
        Self {
            average: values.clone(),
            first_moment: zeros.clone(),
            second_moment: zeros,
            values,
        }
    }

    /// Takes step `step`, counted from 0, down the gradient, which gets clipped in place. `decays`
    /// says which weights decay. Returns the gradient's norm before clipping.
    pub fn step(
        &mut self,
        settings: &OptimiserSettings,
        step: u64,
        num_steps: u64,
        gradient: &mut [f32],
        decays: &[bool],
    ) -> f64 {
        let norm = norm(gradient);
        if norm > settings.clip_norm {
            let factor = (settings.clip_norm / norm) as f32;
            gradient.iter_mut().for_each(|g| *g *= factor);
        }
        let rate = settings.rate_at(step, num_steps);
        let corrected = |beta: f64| 1.0 - beta.powi(step.min(1 << 20) as i32 + 1);
        let update = Update {
            beta1: settings.beta1 as f32,
            beta2: settings.beta2 as f32,
            rate: (rate / corrected(settings.beta1)) as f32,
            correction2: corrected(settings.beta2) as f32,
            decay: (rate * settings.weight_decay) as f32,
            average_decay: settings.average_decay_at(step) as f32,
        };
        update.apply(self, gradient, decays);
        norm
    }
}

fn norm(values: &[f32]) -> f64 {
    let squares: f64 = values.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    squares.sqrt()
}

struct Update {
    beta1: f32,
    beta2: f32,
    rate: f32,
    correction2: f32,
    decay: f32,
    average_decay: f32,
}

impl Update {
    fn apply(&self, weights: &mut Weights, gradient: &[f32], decays: &[bool]) {
        update(
            self,
            &mut weights.values,
            &mut weights.average,
            &mut weights.first_moment,
            &mut weights.second_moment,
            gradient,
            decays,
        );
    }
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn update(
    by: &Update,
    values: &mut [f32],
    average: &mut [f32],
    first: &mut [f32],
    second: &mut [f32],
    gradient: &[f32],
    decays: &[bool],
) {
    let length = values.len();
    let (average, first, second) = (
        &mut average[..length],
        &mut first[..length],
        &mut second[..length],
    );
    let (gradient, decays) = (&gradient[..length], &decays[..length]);
    for i in 0..length {
        let g = gradient[i];
        first[i] = by.beta1 * first[i] + (1.0 - by.beta1) * g;
        second[i] = by.beta2 * second[i] + (1.0 - by.beta2) * g * g;
        let deviation = (second[i] / by.correction2).sqrt() + 1e-8;
        let decay = if decays[i] { by.decay } else { 0.0 };
        values[i] -= by.rate * first[i] / deviation + decay * values[i];
        average[i] = by.average_decay * average[i] + (1.0 - by.average_decay) * values[i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_steps_are_the_papers() {
        // By hand: m = 0.1·g, v = 0.01·g²; corrected, m/√v = sign(g); then the decay.
        let settings = OptimiserSettings {
            warm_up_steps: 0,
            weight_decay: 0.1,
            learning_rate: 0.01,
            ..OptimiserSettings::default()
        };
        let mut weights = Weights::new(vec![1.0, 1.0]);
        let norm = weights.step(&settings, 0, 100, &mut [0.3, -0.4], &[false, true]);
        assert!((norm - 0.5).abs() < 1e-6);
        assert!((weights.values[0] - 0.99).abs() < 1e-6);
        assert!((weights.values[1] - (1.0 + 0.01 - 0.001)).abs() < 1e-6);
        // The average's first decay is 1/10.
        assert!((weights.average[0] - (0.1 + 0.9 * 0.99)).abs() < 1e-6);
    }

    #[test]
    fn large_gradients_are_clipped() {
        let settings = OptimiserSettings {
            clip_norm: 1.0,
            ..OptimiserSettings::default()
        };
        let mut gradient = [30.0, 40.0];
        let norm = Weights::new(vec![0.0; 2]).step(&settings, 0, 9, &mut gradient, &[false; 2]);
        assert!((norm - 50.0).abs() < 1e-4);
        assert!((gradient[0] - 0.6).abs() < 1e-6 && (gradient[1] - 0.8).abs() < 1e-6);
    }

    #[test]
    fn the_rate_rises_then_falls_along_a_cosine() {
        let settings = OptimiserSettings::default();
        let rate = |step| settings.rate_at(step, 1100) / settings.learning_rate;
        assert!((rate(0) - 0.01).abs() < 1e-9 && (rate(99) - 1.0).abs() < 1e-9);
        assert!((rate(600) - 0.51).abs() < 1e-9);
        assert!((rate(1100) - 0.02).abs() < 1e-9 && (rate(5000) - 0.02).abs() < 1e-9);
    }
}
