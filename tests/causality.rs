//! The network that learns does not look ahead of what it will hear when it plays.

mod common;
#[path = "common/learned.rs"]
mod learned;

use common::networks::{small, small_learned, small_refiner};
use common::noise;
use learned::separated;
use unbraid::nn::ConvTasNetConfig;
use unbraid::nn::config::{MaskKind, NormKind};

fn stems(config: &ConvTasNetConfig, mix: &[Vec<f32>; 2]) -> Vec<Vec<f32>> {
    let separated = separated(config, mix.each_ref().map(Vec::as_slice));
    let stems = separated.stems.flatten(0, 2).and_then(|s| s.to_vec2());
    stems.expect("[stem and channel][sample]")
}

#[test]
fn what_comes_later_changes_nothing_before_the_latency() {
    let with = |change: &dyn Fn(&mut ConvTasNetConfig)| {
        let mut config = small();
        change(&mut config);
        config
    };
    for (name, config) in [
        ("batch norm", small()),
        ("frame norm", with(&|c| c.tcn.norm = NormKind::Frame)),
        (
            "cumulative norm",
            with(&|c| c.tcn.norm = NormKind::Cumulative),
        ),
        ("look-ahead", with(&|c| c.lookahead_hops = 2)),
        ("every third hop", with(&|c| c.network_every_hops = 3)),
        ("refiner", with(&|c| c.refiner = Some(small_refiner()))),
        ("complex", with(&|c| c.mask = MaskKind::Complex)),
        ("learned, stereo", small_learned(true)),
        (
            "learned, mono, look-ahead",
            ConvTasNetConfig {
                lookahead_hops: 3,
                ..small_learned(false)
            },
        ),
    ] {
        let latency = config.latency_samples();
        let hops = 40;
        let length = hops * config.hop_samples();
        let change_from = length / 2 + 5;
        let mix = noise(length, 3);
        let mut changed = mix.clone();
        for channel in &mut changed {
            channel[change_from..].iter_mut().for_each(|x| *x *= -0.5);
        }
        let (before, after) = (stems(&config, &mix), stems(&config, &changed));
        let first_change = |a: &[f32], b: &[f32]| a.iter().zip(b).position(|(a, b)| a != b);
        let first = before
            .iter()
            .zip(&after)
            .filter_map(|(a, b)| first_change(a, b))
            .min();
        let first = first.expect("the change is heard");
        assert!(
            first >= change_from - latency,
            "{name}: sample {first} knows of sample {change_from}, with {latency} of latency"
        );
        assert!(first < change_from, "{name}: the latency is made use of");
    }
}
