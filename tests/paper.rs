//! The network of Luo & Mesgarani 2019, with the causal norm and with the global one, can be
//! described, learns a step and separates.

use std::sync::Arc;

use candle_core::{Device, Tensor};
use unbraid::demo_song;
use unbraid::nn::ConvTasNetConfig;
use unbraid::nn::config::NormKind;
use unbraid::train::net::{Moments, Net};
use unbraid::train::objective::{Loss, Objective};
use unbraid::train::optimiser::{OptimiserSettings, Weights};
use unbraid::train::parameters::{FilterInit, initial_values};
use unbraid::train::separation::separate;
use unbraid::train::trainer::Trainer;

const SAMPLES: usize = 4_000;

#[test]
fn the_papers_network_learns_and_separates() {
    let song = demo_song::render(44_100.0, 4);
    let start = song.len_samples() / 2;
    let mix = song.mix().map(|x| x[start..start + SAMPLES].to_vec());
    let stems = song
        .stems
        .map(|stem| stem.map(|x| x[start..start + SAMPLES].to_vec()));
    for norm in [NormKind::Cumulative, NormKind::Global] {
        let mut config = ConvTasNetConfig::paper();
        config.tcn.norm = norm;
        config.check().expect("it fits together");
        let loss = Loss::log_snr();
        let objective = Arc::new(Objective::new(&config, 0.0));
        let batch = [objective.example(&stems, &loss)];
        let weights = Weights::new(initial_values(&config, FilterInit::Random, 1));
        let settings = OptimiserSettings {
            warm_up_steps: 0,
            ..OptimiserSettings::default()
        };
        let mut trainer =
            Trainer::new(objective, settings, 10, &[Device::Cpu], weights, 0).expect("a trainer");
        let [first, second] = [(); 2].map(|()| trainer.step(&batch, &loss).expect("a step").loss);
        assert!(second < first, "{norm:?}: loss {first}, then {second}");

        let net = Net::new(&config, &Device::Cpu).expect("a network");
        net.load(&trainer.weights().values).expect("its weights");
        let mix = Tensor::from_vec(mix.concat(), (1, 2, SAMPLES), &Device::Cpu).expect("a mix");
        let stems = separate(&net, &mix, Moments::Batch).expect("it runs").stems;
        assert_eq!(stems.dims(), [1, 4, 2, SAMPLES]);
        let stems: Vec<f32> = stems.flatten_all().and_then(|t| t.to_vec1()).expect("f32");
        assert!(stems.iter().all(|x| x.is_finite()));
    }
}
