//! Weights of networks that learn, for tests of both twins.

use unbraid::dice::Dice;
use unbraid::nn::ConvTasNetConfig;
use unbraid::train::parameters::{FilterInit, Layout, initial_values};

/// Weights and statistics as they might be after learning: every kind of value moved from where
/// it began.
pub fn learned_values(config: &ConvTasNetConfig) -> (Vec<f32>, Vec<f32>) {
    let mut dice = Dice::new(5, 0_u64);
    let mut values = initial_values(config, FilterInit::Random, 3);
    values
        .iter_mut()
        .for_each(|x| *x += dice.between(-0.05, 0.05) as f32);
    let statistics = (0..Layout::statistics(config).len)
        .map(|_| dice.between(0.3, 1.5) as f32)
        .collect();
    (values, statistics)
}
