//! The stems themselves are in time. At unity the output is the delayed mix by construction, so
//! nothing here looks at the sum.

mod common;

use common::*;
use unbraid::dsp::grid::Grid;
use unbraid::separators::{Hpss, HpssConfig};
use unbraid::stem::Stem;

/// HPSS whose mask is 1 everywhere: no harmonic power counts against the percussive one.
fn open_mask(config: HpssConfig, rate_hz: f64) -> Box<Hpss> {
    let config = HpssConfig {
        margin: 0.0,
        ..config
    };
    Box::new(Hpss::new(config, &Grid::new(rate_hz)))
}

#[test]
fn with_an_open_mask_the_drums_are_the_delayed_mix() {
    for config in [HpssConfig::LIVE, HpssConfig::MIX] {
        for rate_hz in HOST_RATES_HZ {
            let mut engine = engine_of(open_mask(config, rate_hz), rate_hz);
            let latency = engine.latency_samples();
            let input = noise(2 * latency + 20_000, 1);
            let got = render_unity(&mut engine, &input, &[512]);
            let drums = &got.stems[Stem::Drums as usize];
            for channel in 0..2 {
                let error_db = error_db(&drums[channel], &input[channel], latency);
                let case = format!("{config:?} at {rate_hz} Hz, channel {channel}");
                assert!(error_db <= -100.0, "{case}: {error_db} dB");
            }
        }
    }
}

#[test]
fn the_phase_slope_of_the_stems_is_the_latency() {
    for config in [HpssConfig::LIVE, HpssConfig::MIX] {
        for rate_hz in HOST_RATES_HZ {
            let mut engine = engine_of(open_mask(config, rate_hz), rate_hz);
            let latency = engine.latency_samples();
            let input = noise(2 * latency + 20_000, 2);
            let got = render_unity(&mut engine, &input, &[64]);
            let start = latency;
            let drums = &got.stems[Stem::Drums as usize][0];
            let delay = delay_from_phase_slope(&input[0][start..], &drums[start..], latency);
            let case = format!("{config:?} at {rate_hz} Hz");
            assert!(
                (delay - latency as f64).abs() < 0.02,
                "{case}: measured {delay}, reported {latency}"
            );
        }
    }
}

#[test]
fn the_measurement_sees_a_delay_of_half_a_sample() {
    let [x, _] = noise(20_000, 3);
    // The mean of two neighbours is a delay of exactly half a sample.
    let half: Vec<f32> = (0..x.len())
        .map(|n| 0.5 * (x[n] + if n > 0 { x[n - 1] } else { 0.0 }))
        .collect();
    let delay = delay_from_phase_slope(&x[100..], &half[100..], 0);
    assert!((delay - 0.5).abs() < 0.02, "{delay}");
}
