//! The masks that a network is taught separate well when they are applied as its own would be:
//! held over hops, behind by the look-ahead, shared by channels.

use candle_core::{Device, Tensor};
use unbraid::demo_song;
use unbraid::nn::ConvTasNetConfig;
use unbraid::nn::config::FrontEnd;
use unbraid::score::si_sdr_improvement_db;
use unbraid::stem::{NUM_CHANNELS, NUM_STEMS, Stem, mix_of};
use unbraid::train::mask_loss::IdealMask;
use unbraid::train::objective::{Example, Loss, Objective};
use unbraid::train::settings::Preset;
use unbraid::train::wave::MixSpectra;

const RATE_HZ: f64 = 44_100.0;

/// Mean SI-SDR improvement over the mix of the ideal masks of a config, in dB.
fn ideal_db(config: &ConvTasNetConfig, ideal: IdealMask) -> f64 {
    let song = demo_song::render(RATE_HZ, 5);
    let hop = config.hop_samples();
    let (start, length) = (song.len_samples() / 2, 4 * RATE_HZ as usize / hop * hop);
    let stems = song
        .stems
        .map(|stem| stem.map(|x| x[start..start + length].to_vec()));
    let loss = Loss::MaskCrossEntropy {
        weight_power: 0.75,
        ideal,
    };
    let Example::Masks { targets, .. } = Objective::new(config, 0.0).example(&stems, &loss) else {
        panic!("an example of masks")
    };
    let FrontEnd::Stft(stft) = &config.front_end else {
        panic!("bands need an STFT")
    };
    let mix = mix_of(&stems);
    let signal = Tensor::from_vec(mix.concat(), (1, NUM_CHANNELS, length), &Device::Cpu);
    let spectra = MixSpectra::new(stft, &signal.expect("a mix")).expect("spectra");
    let channels = config.num_mask_channels();
    let shape = [
        1,
        targets.num_frames,
        NUM_STEMS,
        channels,
        1,
        config.num_bands(),
    ];
    let masks = Tensor::from_vec(targets.masks, &shape[..], &Device::Cpu).expect("masks");
    let every = config.network_every_hops;
    let held: Vec<u32> = (0..length / hop).map(|h| (h / every) as u32).collect();
    let held = Tensor::new(held, &Device::Cpu).expect("indices");
    let masks = masks.index_select(&held, 1).expect("a mask a hop");
    let lookahead = config.lookahead_hops;
    let estimates = spectra.synthesise(&masks, lookahead).expect("stems");
    let estimates: Vec<f32> = estimates
        .flatten_all()
        .and_then(|t| t.to_vec1())
        .expect("f32");

    let whole = spectra.whole_samples(lookahead);
    let gained = Stem::ALL.map(|stem| {
        let reference = stems[stem as usize].each_ref().map(|x| &x[..whole]);
        let row = |channel: usize| {
            &estimates[(stem as usize * NUM_CHANNELS + channel) * length..][..whole]
        };
        let mix = mix.each_ref().map(|x| &x[..whole]);
        si_sdr_improvement_db(&reference, &[row(0), row(1)], &mix).expect("every stem sounds")
    });
    gained.iter().sum::<f64>() / gained.len() as f64
}

#[test]
fn ideal_masks_are_in_time_however_they_are_applied() {
    let plain = Preset::Small.settings().config;
    let with = |change: &dyn Fn(&mut ConvTasNetConfig)| {
        let mut config = plain.clone();
        change(&mut config);
        ideal_db(&config, IdealMask::Magnitudes)
    };
    let best = with(&|_| {});
    let ahead = with(&|c| c.lookahead_hops = 3);
    let held = with(&|c| c.network_every_hops = 2);
    let held_ahead = with(&|c| (c.network_every_hops, c.lookahead_hops) = (2, 3));
    let shared = with(&|c| c.mask_per_channel = false);
    println!(
        "{best:.2}, ahead {ahead:.2}, held {held:.2}, both {held_ahead:.2}, shared {shared:.2}"
    );
    assert!(best > 9.0, "{best} dB");
    // Only a few hops at the end differ.
    assert!(
        (ahead - best).abs() < 0.1,
        "{ahead} dB with look-ahead, {best} without"
    );
    for (case, db) in [
        ("held", held),
        ("held, ahead", held_ahead),
        ("shared", shared),
    ] {
        assert!(
            db < best && db > best - 1.5,
            "{case}: {db} dB, {best} at best"
        );
    }
}

#[test]
fn masks_of_powers_separate_better_than_those_of_magnitudes() {
    let config = Preset::Small.settings().config;
    let [magnitudes, powers] =
        [IdealMask::Magnitudes, IdealMask::Powers].map(|ideal| ideal_db(&config, ideal));
    println!("magnitudes {magnitudes:.2} dB, powers {powers:.2} dB");
    assert!(powers > magnitudes + 0.3, "{powers} dB, {magnitudes} dB");
}
