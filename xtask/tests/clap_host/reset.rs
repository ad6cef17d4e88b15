//! After a reset, a restart or bad input, an instance plays like a fresh one.

use anyhow::Result;
use xtask::clap_host::{ClapHost, Render};

use crate::signal::{assert_finite, assert_same, noise};
use crate::{MODES, MULTI_OUT, RATE_HZ, STEREO, library};

/// An instance whose output is not just the delayed input.
fn without_drums(class: &str, mode: &str) -> Result<ClapHost> {
    let mut host = library()?.instantiate(class)?;
    host.set("Mode", mode)?;
    host.set("Drums Gain", "-inf")?;
    Ok(host)
}

#[test]
fn reset_and_restart_equal_a_fresh_instance() -> Result<()> {
    for mode in MODES {
        for class in [STEREO, MULTI_OUT] {
            let input = noise(2, 20_000, 1);
            let mut fresh = without_drums(class, mode)?;
            fresh.activate(RATE_HZ, 512)?;
            let fresh = fresh.render(&input, Render::default())?;

            let mut used = without_drums(class, mode)?;
            used.activate(96_000.0, 512)?;
            used.render(&noise(2, 5000, 2), Render::default())?;
            used.deactivate();
            used.activate(RATE_HZ, 512)?;
            let check = |used: &mut ClapHost, what: &str| -> Result<()> {
                let output = used.render(&input, Render::default())?;
                for (port, (want, got)) in fresh.ports.iter().zip(&output.ports).enumerate() {
                    assert_same(want, got, &format!("{class}, {mode}, {what}, port {port}"));
                }
                Ok(())
            };
            check(&mut used, "at another rate before")?;
            used.render(&noise(2, 12_345, 3), Render::default())?;
            used.reset();
            check(&mut used, "after reset")?;
            used.restart()?;
            check(&mut used, "after a restart")?;
        }
    }
    Ok(())
}

#[test]
fn bad_samples_count_as_zero_and_leave_no_trace() -> Result<()> {
    for mode in MODES {
        let clean = {
            let mut clean = noise(2, 20_000, 4);
            clean[0][5000] = 0.0;
            clean[0][5001] = 0.0;
            clean[1][7000..7100].fill(0.0);
            clean
        };
        let mut bad = clean.clone();
        bad[0][5000] = f32::NAN;
        bad[0][5001] = f32::INFINITY;
        bad[1][7000..7100].fill(f32::NEG_INFINITY);

        let render = |input: &[Vec<f32>]| -> Result<_> {
            let mut host = without_drums(MULTI_OUT, mode)?;
            host.activate(RATE_HZ, 512)?;
            host.render(input, Render::default())
        };
        let (want, got) = (render(&clean)?, render(&bad)?);
        for (port, (want, got)) in want.ports.iter().zip(&got.ports).enumerate() {
            assert_same(want, got, &format!("{mode}, port {port}"));
        }
    }
    Ok(())
}

#[test]
fn huge_input_does_not_poison_what_follows() -> Result<()> {
    for mode in MODES {
        let mut host = without_drums(STEREO, mode)?;
        host.activate(RATE_HZ, 512)?;
        let huge = vec![vec![f32::MAX / 2.0; 3000], vec![-1e30; 3000]];
        host.render(&huge, Render::default())?;
        // Long enough for every window and median to forget what was before.
        host.render(&noise(2, 96_000, 5), Render::default())?;
        let output = host.render(&noise(2, 5000, 6), Render::default())?;
        assert_finite(output.main(), mode);
        let peak = crate::signal::peak(output.main());
        assert!(
            peak > 0.01 && peak < 1.0,
            "{mode}: peak {peak} from noise of 0.25"
        );
    }
    Ok(())
}
