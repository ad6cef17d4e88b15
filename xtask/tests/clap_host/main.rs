//! The built CLAP in a host, as a DAW would use it. `$UNBRAID_CLAP` names the file to test;
//! `cargo xtask test` sets it to the one that it has just installed.

mod automation;
mod classes;
mod fuzz;
mod models;
mod modes;
mod multi_out;
mod null;
mod reset;
mod signal;
mod state;
mod tail;

/// Networks of random weights, as the library's own tests have them.
#[path = "../../../tests/common/networks.rs"]
#[allow(dead_code, reason = "no test needs all of it")]
mod networks;

use std::path::PathBuf;

use anyhow::Result;
use xtask::clap_host::{ClapHost, ClapLibrary};

/// The class with main ports only.
const STEREO: &str = "Unbraid";

/// The class with an output per stem.
const MULTI_OUT: &str = "Unbraid Multi-Out";

/// All modes.
const MODES: [&str; 4] = [
    "HPSS Live",
    "HPSS Mix",
    "Conv-TasNet Live",
    "Conv-TasNet Studio",
];

/// A usual rate, for tests that have nothing to do with the rate.
const RATE_HZ: f64 = 48_000.0;

fn library() -> Result<ClapLibrary> {
    let path = std::env::var_os("UNBRAID_CLAP").expect(
        "$UNBRAID_CLAP is not set: expected the path of a built Unbraid.clap; \
         `cargo xtask test` builds one and sets it",
    );
    ClapLibrary::load(&PathBuf::from(path))
}

/// An instance that plays in a mode, at [`RATE_HZ`], for blocks of up to 4096 samples.
fn playing(class: &str, mode: &str) -> Result<ClapHost> {
    let mut host = library()?.instantiate(class)?;
    host.set("Mode", mode)?;
    activate(&mut host, RATE_HZ, 4096)?;
    Ok(host)
}

/// Activates, and restarts as a host does when it learns of the latency. The first activation
/// announces one; after the restart that it asks for, nothing is left to be asked.
fn activate(host: &mut ClapHost, rate_hz: f64, max_block_samples: usize) -> Result<()> {
    host.activate(rate_hz, max_block_samples)?;
    if host.take_restart_request() {
        host.restart()?;
        assert!(
            !host.take_restart_request(),
            "a restart that changes nothing asks for another"
        );
    }
    Ok(())
}
