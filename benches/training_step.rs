//! How much audio a second of CPU learns from; `training_step.py` beside it does the same in
//! PyTorch.
//!
//! `cargo bench --no-default-features --features train --bench training_step`

use std::sync::Arc;
use std::time::Instant;

use candle_core::Device;
use unbraid::demo_song;
use unbraid::nn::ConvTasNetConfig;
use unbraid::train::heap::keep_freed_memory;
use unbraid::train::objective::{Loss, Objective};
use unbraid::train::optimiser::{OptimiserSettings, Weights};
use unbraid::train::parameters::{FilterInit, initial_values};
use unbraid::train::trainer::Trainer;

const SEGMENT_S: f64 = 3.0;
const STEPS: u32 = 8;

fn main() -> candle_core::Result<()> {
    keep_freed_memory();
    let song = demo_song::render(44_100.0, 1);
    let length = (SEGMENT_S * 44_100.0) as usize;
    // The shapes that `training_step.py` has: Live longer, Studio wider, both without a refiner.
    let mut live = ConvTasNetConfig::live();
    live.tcn.repeats = 3;
    let mut studio = ConvTasNetConfig::studio();
    (studio.tcn.bottleneck, studio.tcn.hidden) = (256, 512);
    for (name, mut config) in [("live", live), ("studio", studio)] {
        config.refiner = None;
        let loss = Loss::mask_cross_entropy();
        let objective = Arc::new(Objective::new(&config, 0.5));
        let start = Instant::now();
        let batch: Vec<_> = (2..4)
            .map(|n| {
                let cut = |x: &Vec<f32>| x[n * length..(n + 1) * length].to_vec();
                let stems = song.stems.each_ref().map(|s| s.each_ref().map(cut));
                objective.example(&stems, &loss)
            })
            .collect();
        let prepare_s = start.elapsed().as_secs_f64() / (2.0 * SEGMENT_S);
        let values = initial_values(&config, FilterInit::Random, 1);
        let count = values.len();
        let mut trainer = Trainer::new(
            objective,
            OptimiserSettings::default(),
            1_000,
            &[Device::Cpu],
            Weights::new(values),
            0,
        )?;
        let mut report = trainer.step(&batch, &loss)?;
        let start = Instant::now();
        for _ in 0..STEPS {
            report = trainer.step(&batch, &loss)?;
        }
        let audio_s = f64::from(STEPS) * 2.0 * SEGMENT_S;
        let step_s = start.elapsed().as_secs_f64() / audio_s;
        println!(
            "{name:8} {} bands, {:.2} M parameters: {step_s:.4} CPU s per audio s ({:.1} x real time), features and targets {prepare_s:.4}, loss {:.4}",
            config.num_bands(),
            count as f64 / 1e6,
            1.0 / step_s,
            report.loss,
        );
    }
    Ok(())
}
