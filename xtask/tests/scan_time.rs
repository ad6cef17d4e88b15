//! A host's scan loads the file and lists its classes. Alone in its process, because a file that is
//! loaded already would cost nothing.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use xtask::clap_host::ClapLibrary;

#[test]
fn a_scan_is_over_within_100_ms() -> Result<()> {
    let path = std::env::var_os("UNBRAID_CLAP").expect(
        "$UNBRAID_CLAP is not set: expected the path of a built Unbraid.clap; \
         `cargo xtask test` builds one and sets it",
    );
    let start = Instant::now();
    let classes = ClapLibrary::load(&PathBuf::from(path))?.classes()?;
    let time = start.elapsed();
    assert_eq!(classes.len(), 2);
    assert!(time < Duration::from_millis(100), "the scan took {time:?}");
    println!("scanned in {time:?}");
    Ok(())
}
