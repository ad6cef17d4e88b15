//! A host that stops processing after the tail has heard everything.

use anyhow::Result;
use clack_host::process::ProcessStatus;
use xtask::clap_host::{Blocks, Render};

use crate::signal::{assert_delayed, joined, noise, silence};
use crate::{MODES, STEREO, playing};

#[test]
fn a_burst_arrives_whole_before_the_tail_ends() -> Result<()> {
    for mode in MODES {
        let mut host = playing(STEREO, mode)?;
        let latency = host.latency_samples();
        let burst = noise(2, 300, 1);
        let how = || Render {
            blocks: Blocks::Fixed(300),
            ..Render::default()
        };
        let first = host.render(&burst, how())?;
        // `Sleep` and `ContinueIfNotQuiet` would let the host stop here: its output is still quiet.
        assert!(
            matches!(first.status, ProcessStatus::Continue | ProcessStatus::Tail),
            "{mode}: {:?}",
            first.status
        );
        let tail = host.tail_samples()?.expect("the tail ends");
        assert!(
            tail >= latency,
            "{mode}: a tail of {tail} ends before the latency of {latency}"
        );

        let rest = host.render(&silence(2, tail), how())?;
        let output = joined(first.main(), rest.main());
        assert_delayed(&joined(&burst, &silence(2, tail)), &output, latency, mode);
        assert!(
            output[0].len() >= latency + burst[0].len(),
            "{mode}: the burst is cut off"
        );
    }
    Ok(())
}
