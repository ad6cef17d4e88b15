//! A network that can learn anything learns one mixture by heart.

use std::sync::Arc;

use candle_core::{Device, Tensor};
use unbraid::demo_song;
use unbraid::nn::ConvTasNetConfig;
use unbraid::nn::config::{FrontEnd, LearnedFrontEnd, MaskKind, NormKind, Tcn};
use unbraid::score::si_sdr_improvement_db;
use unbraid::stem::{NUM_CHANNELS, NUM_STEMS, Stem, Stems, Stereo, mix_of};
use unbraid::train::net::{Moments, Net};
use unbraid::train::objective::{Example, Loss, Objective};
use unbraid::train::optimiser::{OptimiserSettings, Weights};
use unbraid::train::parameters::{FilterInit, initial_values};
use unbraid::train::separation::separate;
use unbraid::train::settings::Preset;
use unbraid::train::trainer::Trainer;
use unbraid::train::wave::MixSpectra;

const SECONDS: f64 = 6.0;

/// The loudest part of a demo song, a whole number of hops long.
fn mixture(rate_hz: f64, hop: usize) -> Stems {
    let song = demo_song::render(rate_hz, 7);
    let length = (SECONDS * rate_hz) as usize / hop * hop;
    let start = song.len_samples() / 2;
    song.stems
        .map(|stem| stem.map(|x| x[start..start + length].to_vec()))
}

/// Mean SI-SDR improvement over the mix of estimates, `[stem][channel][sample]` flat, in dB, over
/// the samples in `range`.
fn improvement_db(stems: &Stems, estimates: &Tensor, range: std::ops::Range<usize>) -> f64 {
    let length = stems[0][0].len();
    let estimates: Vec<f32> = estimates.flatten_all().unwrap().to_vec1().unwrap();
    let mix = mix_of(stems);
    let cut = |signal: &Stereo| signal.each_ref().map(|x| x[range.clone()].to_vec());
    let improvements = Stem::ALL.map(|stem| {
        let row = |channel: usize| {
            let start = (stem as usize * NUM_CHANNELS + channel) * length;
            &estimates[start..start + length][range.clone()]
        };
        let reference = cut(&stems[stem as usize]);
        si_sdr_improvement_db(&reference, &[row(0), row(1)], &cut(&mix)).expect("every stem sounds")
    });
    improvements.iter().sum::<f64>() / improvements.len() as f64
}

/// Learns the mixture, and returns what it then separates it into, by the moments of the mixture.
fn learned(
    config: &ConvTasNetConfig,
    filters: FilterInit,
    loss: &Loss,
    learning_rate: f64,
    steps: u64,
    stems: &Stems,
) -> (Tensor, usize) {
    let objective = Arc::new(Objective::new(config, 0.0));
    let batch = [objective.example(stems, loss)];
    let settings = OptimiserSettings {
        learning_rate,
        warm_up_steps: 10,
        weight_decay: 0.0,
        ..OptimiserSettings::default()
    };
    let weights = Weights::new(initial_values(config, filters, 1));
    let mut trainer =
        Trainer::new(objective, settings, steps, &[Device::Cpu], weights, 0).expect("a trainer");
    for _ in 0..steps {
        trainer.step(&batch, loss).expect("a step");
    }
    let net = Net::new(config, &Device::Cpu).expect("a network");
    net.load(&trainer.weights().values).expect("its weights");
    let mix = Tensor::from_vec(mix_of(stems).concat(), (1, NUM_CHANNELS, ()), &Device::Cpu)
        .expect("a mix");
    let separated = separate(&net, &mix, Moments::Batch).expect("it runs");
    (separated.stems, separated.whole_samples)
}

#[test]
fn masks_come_close_to_the_ideal_ones() {
    let preset = Preset::Small.settings();
    let config = preset.config;
    let FrontEnd::Stft(stft) = &config.front_end else {
        panic!("the small network has an STFT front end")
    };
    let stems = mixture(44_100.0, config.hop_samples());
    let loss = Loss::mask_cross_entropy();

    let Example::Masks { targets, .. } = Objective::new(&config, 0.0).example(&stems, &loss) else {
        panic!("an example of masks")
    };
    let bands = config.num_bands();
    let shape = [1, targets.num_frames, NUM_STEMS, NUM_CHANNELS, 1, bands];
    let ideal = Tensor::from_vec(targets.masks, &shape[..], &Device::Cpu).expect("masks");
    let mix = Tensor::from_vec(mix_of(&stems).concat(), (1, NUM_CHANNELS, ()), &Device::Cpu)
        .expect("a mix");
    let spectra = MixSpectra::new(stft, &mix).expect("spectra");
    let whole = spectra.whole_samples(0);
    let ideal = spectra.synthesise(&ideal, 0).expect("stems");
    let ideal_db = improvement_db(&stems, &ideal, 0..whole);

    let (estimates, _) = learned(&config, FilterInit::Random, &loss, 5e-3, 100, &stems);
    let learned_db = improvement_db(&stems, &estimates, 0..whole);
    println!("learned {learned_db:.2} dB, ideal masks {ideal_db:.2} dB");
    assert!(ideal_db > 10.0, "{ideal_db} dB");
    assert!(
        learned_db >= 0.9 * ideal_db,
        "learned {learned_db:.2} dB of the ideal masks' {ideal_db:.2} dB"
    );
}

#[test]
fn a_learned_front_end_learns_by_heart_too() {
    // At 8 kHz, so that it takes seconds.
    let rate_hz = 8_000.0;
    let config = ConvTasNetConfig {
        front_end: FrontEnd::Learned(LearnedFrontEnd {
            window_samples: 128,
            hop_samples: 32,
            num_filters: 256,
            stereo: true,
            rate_hz,
        }),
        tcn: Tcn {
            bottleneck: 64,
            hidden: 128,
            kernel: 3,
            blocks: 6,
            repeats: 1,
            skip_connections: true,
            norm: NormKind::Frame,
        },
        mask: MaskKind::Sigmoid,
        mask_per_channel: false,
        ..ConvTasNetConfig::paper()
    };
    let stems = mixture(rate_hz, 32);
    let filters = FilterInit::Fourier;
    let (estimates, whole) = learned(&config, filters, &Loss::log_snr(), 3e-3, 150, &stems);
    let learned_db = improvement_db(&stems, &estimates, 0..whole);
    println!("learned {learned_db:.2} dB");
    assert!(learned_db >= 15.0, "learned {learned_db:.2} dB");
}
