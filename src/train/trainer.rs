//! Steps of learning: workers find gradients side by side, one optimiser takes the step.
//!
//! Each worker is a thread with a network of its own and one thread for its matrix products:
//! measured to be about twice as fast on two cores as splitting every product. Gradients are summed
//! in the order of the workers, so a run is the same every time.

use std::sync::Arc;
use std::thread;

use candle_core::{Device, Result};

use super::net::{Moments, Net};
use super::objective::{Example, Loss, Objective};
use super::optimiser::{OptimiserSettings, Weights};
use super::parameters::Layout;
use super::unfold::{identity_moments, rescaled};
use crate::nn::ConvTasNetConfig;

/// Rounds in which moments settle after weights were unfolded.
const RESCALING_ROUNDS: usize = 4;

/// Whoever takes the steps.
pub struct Trainer {
    objective: Arc<Objective>,
    settings: OptimiserSettings,
    num_steps: u64,
    workers: Vec<Net>,
    decays: Vec<bool>,
    weights: Weights,
    step: u64,
}

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    pub loss: f64,
    /// Before clipping.
    pub gradient_norm: f64,
    pub learning_rate: f64,
}

impl Trainer {
    /// Goes on from `weights` at `step`; a batch is split over `num_workers` threads.
    pub fn new(
        objective: Arc<Objective>,
        settings: OptimiserSettings,
        num_steps: u64,
        devices: &[Device],
        weights: Weights,
        step: u64,
    ) -> Result<Self> {
        let config = objective.config();
        let decays = Layout::parameters(config)
            .tensors
            .iter()
            .flat_map(|t| std::iter::repeat_n(t.name.ends_with("weight"), t.len()))
            .collect();
        let workers = devices.iter().map(|device| Net::new(config, device));
        Ok(Self {
            workers: workers.collect::<Result<_>>()?,
            objective,
            settings,
            num_steps,
            decays,
            weights,
            step,
        })
    }

    pub fn config(&self) -> &ConvTasNetConfig {
        self.objective.config()
    }

    pub fn objective(&self) -> &Arc<Objective> {
        &self.objective
    }

    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Takes a step on a batch of at least as many examples as there are workers.
    pub fn step(&mut self, batch: &[Example], loss: &Loss) -> Result<StepReport> {
        let share = batch.len().div_ceil(self.workers.len());
        let weights = &self.weights.values;
        let objective = &self.objective;
        let found = in_parallel(&self.workers, batch, share, |net, examples| {
            net.load(weights)?;
            let (loss, _) = objective.loss(net, examples, loss, Moments::Batch)?;
            let gradients = net.gradients(&loss.backward()?)?;
            Ok((f64::from(loss.to_scalar::<f32>()?), gradients))
        })?;
        let parts = batch.chunks(share).map(|examples| examples.len() as f64);
        let mut gradient = vec![0.0; self.weights.values.len()];
        let mut mean_loss = 0.0;
        for ((part_loss, part), count) in found.iter().zip(parts) {
            let weight = count / batch.len() as f64;
            mean_loss += weight * part_loss;
            for (sum, g) in gradient.iter_mut().zip(part) {
                *sum += weight as f32 * g;
            }
        }
        let learning_rate = self.settings.rate_at(self.step, self.num_steps);
        let gradient_norm = self.weights.step(
            &self.settings,
            self.step,
            self.num_steps,
            &mut gradient,
            &self.decays,
        );
        self.step += 1;
        Ok(StepReport {
            loss: mean_loss,
            gradient_norm,
            learning_rate,
        })
    }

    /// Moments of the batch norms of the averaged weights over these examples, each a batch of
    /// its own as far as the mean goes: as [`Layout::statistics`] lays them out.
    ///
    /// # Errors
    /// candle's; and `batches`' own.
    pub fn measure_statistics<E: From<candle_core::Error>>(
        &self,
        loss: &Loss,
        batches: impl FnMut() -> Option<std::result::Result<Vec<Example>, E>>,
    ) -> std::result::Result<Vec<f32>, E> {
        self.measure(&self.weights.average, Moments::Batch, loss, batches)
    }

    /// Makes weights from [`super::unfold::unfolded`] ones to learn from, by what the inputs of their
    /// batch norms are on these examples, asked for anew in each of a few rounds.
    ///
    /// # Errors
    /// candle's; and `batches`' own.
    pub fn begin_from<E: From<candle_core::Error>, Batches>(
        &mut self,
        loss: &Loss,
        batches: impl Fn() -> Batches,
    ) -> std::result::Result<(), E>
    where
        Batches: FnMut() -> Option<std::result::Result<Vec<Example>, E>>,
    {
        let config = self.config().clone();
        let identity = identity_moments(&config);
        let mut values = self.weights.values.clone();
        let watched = self.measure(&values, Moments::Watched(&identity), loss, batches())?;
        values = rescaled(&config, values, &identity, &watched);
        // Norms that take the moments of each batch change those of the norms behind them a little.
        let mut taken = watched;
        for _ in 0..RESCALING_ROUNDS {
            let measured = self.measure(&values, Moments::Batch, loss, batches())?;
            values = rescaled(&config, values, &taken, &measured);
            taken = measured;
        }
        self.weights = Weights::new(values);
        Ok(())
    }

    fn measure<E: From<candle_core::Error>>(
        &self,
        weights: &[f32],
        moments: Moments,
        loss: &Loss,
        mut batches: impl FnMut() -> Option<std::result::Result<Vec<Example>, E>>,
    ) -> std::result::Result<Vec<f32>, E> {
        let layout = Layout::statistics(self.config());
        let mut sums = vec![0.0_f64; layout.len];
        if layout.len == 0 {
            return Ok(Vec::new());
        }
        let mut count = 0.0;
        while let Some(batch) = batches() {
            let batch = batch?;
            let share = batch.len().div_ceil(self.workers.len());
            let found = in_parallel(&self.workers, &batch, share, |net, examples| {
                net.load(weights)?;
                let (_, moments) = self.objective.loss(net, examples, loss, moments)?;
                Ok(moments)
            })?;
            for moments in found {
                count += 1.0;
                add_moments(&layout, &moments, &mut sums);
            }
        }
        Ok(mean_moments(&layout, &sums, count))
    }
}

/// Adds means, and variances as squares about 0, so that they can be averaged.
fn add_moments(layout: &Layout, moments: &[f32], sums: &mut [f64]) {
    for [mean, variance] in layout.moment_pairs() {
        for (mean, variance) in mean.zip(variance) {
            let value = f64::from(moments[mean]);
            sums[mean] += value;
            sums[variance] += f64::from(moments[variance]) + value * value;
        }
    }
}

fn mean_moments(layout: &Layout, sums: &[f64], count: f64) -> Vec<f32> {
    let mut moments = vec![0.0; sums.len()];
    for [mean, variance] in layout.moment_pairs() {
        for (mean, variance) in mean.zip(variance) {
            let value = sums[mean] / count;
            moments[mean] = value as f32;
            moments[variance] = (sums[variance] / count - value * value).max(0.0) as f32;
        }
    }
    moments
}

/// What each worker makes of its share, in order.
fn in_parallel<T: Send>(
    workers: &[Net],
    batch: &[Example],
    share: usize,
    work: impl Fn(&Net, &[Example]) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let work = &work;
    thread::scope(|scope| {
        let threads: Vec<_> = workers
            .iter()
            .zip(batch.chunks(share))
            .map(|(net, examples)| scope.spawn(move || work(net, examples)))
            .collect();
        let results = threads.into_iter();
        results
            .map(|thread| match thread.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::config::NormKind;
    use crate::train::parameters::{FilterInit, initial_values};
    use crate::train::settings::Preset;

    /// Weights after two steps on three examples by so many workers.
    fn learned(num_workers: usize) -> Vec<f32> {
        let mut config = Preset::Small.settings().config;
        // Moments of a batch depend on who has it.
        config.tcn.norm = NormKind::Frame;
        let loss = Loss::mask_cross_entropy();
        let objective = Arc::new(Objective::new(&config, 0.0));
        let batch: Vec<_> = (1..=3)
            .map(|n: usize| {
                let wave = |k: usize| {
                    let at = |t: usize| ((t * k * n) as f32 * 0.01).sin() * 0.2;
                    (0..4096).map(at).collect::<Vec<f32>>()
                };
                let stems = std::array::from_fn(|s| [wave(s + 1), wave(2 * s + 1)]);
                objective.example(&stems, &loss)
            })
            .collect();
        let weights = Weights::new(initial_values(&config, FilterInit::Random, 1));
        let devices = vec![Device::Cpu; num_workers];
        let settings = OptimiserSettings {
            warm_up_steps: 0,
            ..OptimiserSettings::default()
        };
        let mut trainer =
            Trainer::new(objective, settings, 10, &devices, weights, 0).expect("a trainer");
        for _ in 0..2 {
            trainer.step(&batch, &loss).expect("a step");
        }
        trainer.weights().first_moment.clone()
    }

    #[test]
    fn gradients_are_the_same_whoever_shares_the_batch() {
        let alone = learned(1);
        let largest = alone.iter().fold(0.0_f32, |m, g| m.max(g.abs()));
        for num_workers in [2, 3] {
            for (a, b) in alone.iter().zip(learned(num_workers)) {
                // Sums in another order.
                assert!(
                    (a - b).abs() < 1e-4 * largest,
                    "{num_workers} workers: {a}, {b}"
                );
            }
        }
    }
}
