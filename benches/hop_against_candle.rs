//! What a frame costs the network that plays, against candle's forward pass of the same layers on
//! one frame (without the past that the convolutions need: candle would have to keep it somewhere).
//!
//! `cargo bench --no-default-features --features train --bench hop_against_candle`

use std::time::Instant;

use candle_core::{Device, Tensor};
use unbraid::nn::{ConvTasNetConfig, ConvTasNetModel, ConvTasNetState, Isa, Precision};
use unbraid::train::export::export;
use unbraid::train::net::{Moments, Net};
use unbraid::train::parameters::{FilterInit, Layout, initial_values};

const FRAMES: usize = 300;

/// Microseconds a call, sorted.
fn times_us(mut call: impl FnMut()) -> Vec<f64> {
    let mut times: Vec<f64> = (0..FRAMES)
        .map(|_| {
            let start = Instant::now();
            call();
            1e6 * start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times
}

fn tell(name: &str, times_us: &[f64]) {
    let at = |part: f64| times_us[((times_us.len() - 1) as f64 * part) as usize];
    println!(
        "  {name:20} median {:7.1} µs, p99 {:7.1} µs",
        at(0.5),
        at(0.99)
    );
}

fn main() -> candle_core::Result<()> {
    let mut live = ConvTasNetConfig::live();
    live.refiner = None;
    let mut longer = live.clone();
    longer.tcn.repeats = 3;
    let mut wider = live.clone();
    (wider.tcn.bottleneck, wider.tcn.hidden) = (256, 512);
    for config in [live, longer, wider] {
        let tcn = &config.tcn;
        println!(
            "B{} H{} X{} R{}, {} features, {} masks",
            tcn.bottleneck,
            tcn.hidden,
            tcn.blocks,
            tcn.repeats,
            config.num_features(),
            config.num_mask_values()
        );
        let values = initial_values(&config, FilterInit::Random, 1);
        let statistics = vec![1.0; Layout::statistics(&config).len];
        let weights = export(
            &config,
            &values,
            &statistics,
            "CC0-1.0",
            serde_json::Value::Null,
        );
        let features = vec![0.5; config.num_features()];
        let mut masks = vec![0.0; config.num_mask_values()];
        for (name, precision, isa) in [
            ("f16, this CPU's", Precision::F16, Isa::detect()),
            ("f32, this CPU's", Precision::F32, Isa::detect()),
            ("portable", Precision::F32, Isa::Portable),
        ] {
            let model = ConvTasNetModel::with_isa("bench", &weights, precision, isa);
            let model = model.expect("it can be streamed");
            let mut state = ConvTasNetState::new(&model);
            tell(
                name,
                &times_us(|| {
                    model.begin(&mut state, &features);
                    for part in 0..model.num_parts() {
                        model.run_part(&mut state, part);
                    }
                    model.finish(&mut state, &mut masks);
                }),
            );
        }
        let net = Net::new(&config, &Device::Cpu)?;
        net.load(&values)?;
        let input = Tensor::new(features.as_slice(), &Device::Cpu)?.reshape((1, 1, ()))?;
        let forward = || -> candle_core::Result<Tensor> {
            net.activate(&net.masks(&input, Moments::Running(&statistics))?.values)
        };
        forward()?;
        tell(
            "candle's forward",
            &times_us(|| {
                std::hint::black_box(forward().expect("it ran before"));
            }),
        );
    }
    Ok(())
}
