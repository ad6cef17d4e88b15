//! Weights of networks that learn, for tests of both twins.

use candle_core::{Device, Tensor};
use unbraid::dice::Dice;
use unbraid::nn::ConvTasNetConfig;
use unbraid::train::net::{Moments, Net};
use unbraid::train::parameters::{FilterInit, Layout, initial_values};
use unbraid::train::separation::{Separated, separate};

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

/// The network of [`learned_values`], and its statistics.
pub fn learned_net(config: &ConvTasNetConfig) -> (Net, Vec<f32>) {
    let (values, statistics) = learned_values(config);
    let net = Net::new(config, &Device::Cpu).expect("a network");
    net.load(&values).expect("weights of its shape");
    (net, statistics)
}

/// What it separates a mix into, as a whole.
#[allow(dead_code, reason = "not every test that has this module asks for it")]
pub fn separated(config: &ConvTasNetConfig, mix: [&[f32]; 2]) -> Separated {
    let (net, statistics) = learned_net(config);
    let mix = Tensor::from_vec(mix.concat(), (1, 2, ()), &Device::Cpu).expect("a mix");
    separate(&net, &mix, Moments::Running(&statistics)).expect("it runs")
}
