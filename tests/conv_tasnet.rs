//! Conv-TasNet in the engine, on networks of random weights: in time, block-invariant, resettable,
//! silent for silence, and the same on every instruction set.

mod common;

use std::sync::Arc;

use common::networks::{
    open_masks, random_weights, separator, small, small_learned, small_refiner,
};
use common::*;
use unbraid::dsp::grid::Grid;
use unbraid::dsp::stft::{Analysis, Synthesis};
use unbraid::nn::config::{FrontEnd, MaskKind, NormKind};
use unbraid::nn::{ConvTasNetConfig, ConvTasNetModel, Isa, Precision, WeightsFile, shared};
use unbraid::separators::{BuildError, ConvTasNet, Networks, Resampled, Separator};
use unbraid::stem::{Stem, StemBuffer};
use unbraid_fft::Complex32;

/// Networks that differ in everything that has to do with time.
fn configs() -> Vec<(&'static str, ConvTasNetConfig)> {
    let sigmoid = ConvTasNetConfig {
        mask: MaskKind::Sigmoid,
        ..small()
    };
    let shaped = |change: &dyn Fn(&mut ConvTasNetConfig)| {
        let mut config = sigmoid.clone();
        change(&mut config);
        config
    };
    vec![
        ("plain", sigmoid.clone()),
        ("sliced", shaped(&|c| c.sliced = true)),
        ("look-ahead", shaped(&|c| c.lookahead_hops = 3)),
        ("every second hop", shaped(&|c| c.network_every_hops = 2)),
        (
            "all of it, shared masks, frame norm",
            shaped(&|c| {
                c.sliced = true;
                c.lookahead_hops = 2;
                c.network_every_hops = 3;
                c.mask_per_channel = false;
                c.tcn.norm = NormKind::Frame;
                c.tcn.skip_connections = false;
            }),
        ),
        ("refiner", shaped(&|c| c.refiner = Some(small_refiner()))),
        (
            "refiner, sliced, every second hop",
            shaped(&|c| {
                c.refiner = Some(small_refiner());
                c.sliced = true;
                c.network_every_hops = 2;
            }),
        ),
    ]
}

#[test]
fn with_open_masks_every_stem_is_the_delayed_mix() {
    for (name, config) in configs() {
        for rate_hz in HOST_RATES_HZ {
            let mut engine = engine_of(separator(&open_masks(&config), rate_hz), rate_hz);
            let latency = engine.latency_samples();
            if rate_hz == 44_100.0 {
                assert_eq!(latency, config.latency_samples(), "{name}");
            }
            let input = noise(latency + 3_000, 1);
            let got = render_unity(&mut engine, &input, &[480]);
            assert_delayed(&got.output, &input, latency, name);
            for stem in Stem::ESTIMATED {
                let error_db = error_db(&got.stems[stem as usize][1], &input[1], latency);
                assert!(
                    error_db <= -100.0,
                    "{name} at {rate_hz} Hz, {stem:?}: {error_db} dB"
                );
            }
        }
    }
}

fn networks() -> Vec<(&'static str, WeightsFile)> {
    let mut networks: Vec<_> = configs()
        .into_iter()
        .map(|(name, config)| (name, random_weights(&config, 7)))
        .collect();
    let complex = ConvTasNetConfig {
        mask: MaskKind::Complex,
        ..small()
    };
    networks.push(("softmax", random_weights(&small(), 7)));
    networks.push(("complex", random_weights(&complex, 7)));
    networks.push(("learned, stereo", random_weights(&small_learned(true), 7)));
    networks.push(("learned", random_weights(&small_learned(false), 7)));
    networks
}

#[test]
fn stems_do_not_depend_on_blocks_or_on_what_played_before() {
    let input = noise(12_000, 2);
    for (name, weights) in networks() {
        let mut engine = engine_of(separator(&weights, 44_100.0), 44_100.0);
        let want = render_unity(&mut engine, &input, &[512]);
        let energy: f32 = want.stems[Stem::Bass as usize][0]
            .iter()
            .map(|x| x * x)
            .sum();
        assert!(energy > 1.0, "{name} gives something");
        for pattern in BLOCK_PATTERNS {
            engine.reset();
            let got = render_unity(&mut engine, &input, pattern);
            assert!(got == want, "{name} in blocks of {pattern:?}");
        }
    }
}

#[test]
fn slicing_delays_by_a_hop_and_changes_nothing_else() {
    let input = noise(12_000, 3);
    for refiner in [None, Some(small_refiner())] {
        let render_with = |sliced| {
            let config = ConvTasNetConfig {
                sliced,
                refiner: refiner.clone(),
                ..small()
            };
            let separator = separator(&random_weights(&config, 7), 44_100.0);
            render_unity(&mut engine_of(separator, 44_100.0), &input, &[64]).stems
        };
        let (whole, sliced) = (render_with(false), render_with(true));
        for stem in Stem::ESTIMATED {
            let case = format!("{stem:?}, {refiner:?}");
            assert_delayed(&sliced[stem as usize], &whole[stem as usize], 256, &case);
        }
    }
}

#[test]
fn silence_in_is_exact_silence_out() {
    let silence = [vec![0.0; 12_000], vec![0.0; 12_000]];
    for (name, weights) in networks() {
        let mut engine = engine_of(separator(&weights, 44_100.0), 44_100.0);
        let got = render_unity(&mut engine, &silence, &[512]);
        for stem in got.stems.iter().flatten() {
            assert!(stem.iter().all(|&x| x == 0.0), "{name}");
        }
    }
}

#[test]
fn softmax_masks_keep_the_mix() {
    let input = noise(12_000, 4);
    let mut engine = engine_of(separator(&random_weights(&small(), 7), 44_100.0), 44_100.0);
    let got = render_unity(&mut engine, &input, &[512]);
    // What remains is then itself a masked mix, and no louder than the mix.
    let energy = |x: &[f32]| x.iter().map(|x| x * x).sum::<f32>();
    assert!(energy(&got.stems[Stem::Other as usize][0]) < energy(&input[0]));
}

fn stems_of(model: ConvTasNetModel, input: &Stereo) -> Vec<f32> {
    let separator = ConvTasNet::new(Arc::new(model), &Grid::new(44_100.0));
    let mut engine = engine_of(Box::new(separator), 44_100.0);
    let stems = render_unity(&mut engine, input, &[512]).stems;
    Stem::ESTIMATED
        .into_iter()
        .flat_map(|stem| stems[stem as usize].concat())
        .collect()
}

#[test]
fn instructions_and_precision_change_little() {
    let input = noise(40_000, 5);
    let weights = random_weights(&small(), 7);
    let run = |precision, isa| {
        let model = ConvTasNetModel::with_isa("test", &weights, precision, isa);
        stems_of(model.expect("it can be streamed"), &input)
    };
    let want = run(Precision::F32, Isa::Portable);
    // Sums in another order: f32's 24 bits are 144 dB, less what some layers add up.
    let isa_db = -error_db(&run(Precision::F32, Isa::detect()), &want, 0);
    assert!(isa_db > 100.0, "{isa_db} dB between instruction sets");
    for isa in [Isa::Portable, Isa::detect()] {
        let half_db = -error_db(&run(Precision::F16, isa), &want, 0);
        assert!(
            half_db > 55.0,
            "{half_db} dB between f16 and f32 on {isa:?}"
        );
    }
}

#[test]
fn ten_instances_share_one_copy_of_the_weights() {
    let bytes = random_weights(&small(), 11).to_bytes(Precision::F16);
    let models: Vec<_> = (0..10)
        .map(|_| shared::load_bytes("test", &bytes).expect("it is whole"))
        .collect();
    assert!(models.iter().all(|model| Arc::ptr_eq(model, &models[0])));
    let alone = Arc::downgrade(&models[0]);
    drop(models);
    assert!(alone.upgrade().is_none(), "nothing keeps what nobody plays");
}

#[test]
fn a_global_norm_is_refused() {
    let mut config = small();
    config.tcn.norm = NormKind::Global;
    let weights = random_weights(&config, 1);
    let error = ConvTasNetModel::new("g.safetensors", &weights, Precision::F32)
        .expect_err("it needs the future");
    assert!(error.to_string().starts_with("g.safetensors: "), "{error}");
}

#[test]
fn every_network_plays_at_every_host_rate() {
    for config in [small(), small_learned(true), small_learned(false)] {
        let weights = random_weights(&config, 1);
        let model = ConvTasNetModel::new("test", &weights, Precision::F16);
        let model = Arc::new(model.expect("it can be streamed"));
        for rate_hz in HOST_RATES_HZ {
            let separator = Networks::from(model.clone())
                .build(rate_hz)
                .expect("a host's rate");
            let mut engine = engine_of(separator, rate_hz);
            let latency = engine.latency_samples();
            let input = noise(latency + 2_000, 1);
            let got = render_unity(&mut engine, &input, &[480]);
            assert_delayed(&got.output, &input, latency, &format!("{rate_hz} Hz"));
        }
        let refused = Networks::from(model).build(500.0);
        assert!(matches!(refused, Err(BuildError::Rate { .. })));
    }
}

#[test]
fn only_a_learned_front_end_is_resampled_and_only_at_another_rate() {
    for (config, is_learned) in [(small(), false), (small_learned(true), true)] {
        let weights = random_weights(&config, 1);
        let model = ConvTasNetModel::new("test", &weights, Precision::F32);
        let model = Arc::new(model.expect("it can be streamed"));
        for rate_hz in [44_100.0, 48_000.0] {
            let built = Networks::from(model.clone())
                .build(rate_hz)
                .expect("a host's rate");
            let mut want: Box<dyn Separator> = separator(&weights, rate_hz);
            if is_learned && rate_hz != 44_100.0 {
                let inner = separator(&weights, 44_100.0);
                want = Box::new(Resampled::new(inner, 44_100.0, rate_hz));
            }
            let input = noise(10_000, 6);
            let stems =
                |separator| render_unity(&mut engine_of(separator, rate_hz), &input, &[512]).stems;
            assert!(
                stems(built) == stems(want),
                "learned: {is_learned}, {rate_hz} Hz"
            );
        }
    }
}

#[test]
fn the_masks_that_are_told_are_those_that_are_heard() {
    for (name, config) in configs() {
        let FrontEnd::Stft(stft) = config.front_end.clone() else {
            panic!("{name}: no STFT");
        };
        let sizes = stft.sizes();
        let grid = Grid::new(44_100.0);
        let bands = stft.bands.mask_bands(&grid, sizes.analysis_samples);
        let mut separator = separator(&random_weights(&config, 1), 44_100.0);
        let mut analysis = Analysis::new(sizes);
        let mut synthesis = Synthesis::new(sizes);
        let mut buffer = StemBuffer::new(sizes.hop_samples);
        let input = noise(60 * sizes.hop_samples, 1);
        let (mut want, mut heard) = (Vec::new(), Vec::new());
        // The mask of a hop applies to the spectrum `lookahead_hops` before.
        let mut spectra = vec![vec![Complex32::default(); sizes.num_bins()]; config.lookahead_hops];
        let channels = input[0]
            .chunks_exact(sizes.hop_samples)
            .zip(input[1].chunks_exact(sizes.hop_samples));
        for (left, right) in channels {
            separator.process_hop([left, right], &mut buffer);
            heard.extend_from_slice(buffer.channel(Stem::Vocals, 1));
            (0..separator.num_parts()).for_each(|part| separator.work(part));
            let mut newest = vec![Complex32::default(); sizes.num_bins()];
            analysis.process(right, &mut newest);
            spectra.push(newest);
            let mut masked = spectra.remove(0);
            for (bin, &band) in masked.iter_mut().zip(&bands) {
                let factors = separator.mask_factors(1, band);
                let whole: Complex32 = factors.iter().sum();
                assert!((whole - 1.0).norm() < 1e-5, "{name}: {factors:?}");
                *bin *= factors[Stem::Vocals as usize];
            }
            let mut hop = vec![0.0; sizes.hop_samples];
            synthesis.process(&mut masked, &mut hop);
            want.extend(hop);
        }
        // A sliced network gives each hop one later.
        let late = if config.sliced { sizes.hop_samples } else { 0 };
        let pairs = want.iter().zip(&heard[late..]);
        let difference = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(difference < 1e-5, "{name}: {difference}");
        assert!(heard.iter().any(|x| x.abs() > 1e-3), "{name}");
    }
}
