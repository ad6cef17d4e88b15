//! An instance that plays on a thread of its own, in time, as with a sound card.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use clack_host::prelude::*;
use clack_host::process::StartedPluginAudioProcessor;

use super::ClapHost;
use super::handlers::{self, Handlers};

/// Blocks that the sound card holds: it plays one while the others are filled.
const NUM_PERIODS: u32 = 4;

/// The thread that plays; the host has no processor of its own meanwhile.
pub struct Live {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<(StartedPluginAudioProcessor<Handlers>, Played)>>,
}

/// What was played.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Played {
    pub num_blocks: usize,
    /// Blocks that were not there when the sound card needed them.
    pub num_missed: usize,
    /// From a block's due time to its end, the longest of all: of several calls in a row that took
    /// too long.
    pub latest: Duration,
    /// The longest call.
    pub longest: Duration,
    /// Largest magnitude of any output sample; NaN if one was.
    pub peak: f32,
}

impl ClapHost {
    /// Plays `sound[channel][sample]` in a loop on a thread of its own, block by block at the pace
    /// of a sound card, until it is stopped.
    pub fn play(&mut self, sound: Vec<Vec<f32>>, block_samples: usize) -> Result<Live> {
        let config = self.config.context("the plug-in is not active")?;
        let processor = self.processor.take().context("it plays already")?;
        let period = Duration::from_secs_f64(block_samples as f64 / config.sample_rate);
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let stop = stop.clone();
            move || {
                let play = || play_until(&stop, processor, &sound, block_samples, period);
                handlers::on_audio_thread(play)
            }
        });
        Ok(Live { stop, thread })
    }

    /// Stops what [`play`](Self::play) began.
    pub fn stop(&mut self, live: Live) -> Result<Played> {
        live.stop.store(true, Ordering::Relaxed);
        let (processor, played) = live
            .thread
            .join()
            .map_err(|_| anyhow!("the audio thread panicked"))??;
        self.processor = Some(processor);
        Ok(played)
    }
}

fn play_until(
    stop: &AtomicBool,
    mut processor: StartedPluginAudioProcessor<Handlers>,
    sound: &[Vec<f32>],
    block_samples: usize,
    period: Duration,
) -> Result<(StartedPluginAudioProcessor<Handlers>, Played)> {
    take_priority();
    let mut input_ports = AudioPorts::with_capacity(sound.len(), 1);
    let mut output_ports = AudioPorts::with_capacity(sound.len(), 1);
    let mut input = vec![vec![0.0; block_samples]; sound.len()];
    let mut output = input.clone();
    let mut answers = EventBuffer::new();
    let mut played = Played::default();
    let mut positions = (0..sound[0].len() / block_samples).cycle();
    let mut due = Instant::now();
    let mut position_samples = 0;
    while !stop.load(Ordering::Relaxed) {
        if let Some(early) = due.checked_duration_since(Instant::now()) {
            std::thread::sleep(early);
            // A host that wakes late has itself to blame, or the machine: the sound card waits for it.
            due = Instant::now();
        }
        let start = positions
            .next()
            .context("the sound is shorter than a block")?
            * block_samples;
        for (block, channel) in input.iter_mut().zip(sound) {
            block.copy_from_slice(&channel[start..start + block_samples]);
        }
        answers.clear();
        let began = Instant::now();
        let inputs = input_ports.with_input_buffers([AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_input_only(
                input.iter_mut().map(InputChannel::variable),
            ),
        }]);
        let mut outputs = output_ports.with_output_buffers([AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_output_only(
                output.iter_mut().map(Vec::as_mut_slice),
            ),
        }]);
        processor
            .process(
                &inputs,
                &mut outputs,
                &InputEvents::empty(),
                &mut answers.as_output(),
                Some(position_samples),
                None,
            )
            .context("a block can't be played")?;
        let ended = Instant::now();
        played.num_blocks += 1;
        played.longest = played.longest.max(ended - began);
        played.latest = played.latest.max(ended - due);
        let samples = output.iter().flatten();
        played.peak = samples.fold(played.peak, |peak, sample| {
            if sample.is_nan() {
                f32::NAN
            } else {
                peak.max(sample.abs())
            }
        });
        position_samples += block_samples as u64;
        due += period;
        if ended > due + period * (NUM_PERIODS - 1) {
            played.num_missed += 1;
            // The sound card starts anew.
            due = ended;
        }
    }
    Ok((processor, played))
}

/// Asks for what every host's audio thread has, so that other programs of a busy machine don't count
/// as misses; where that is not allowed, it plays as it is.
fn take_priority() {
    #[cfg(target_os = "linux")]
    // SAFETY: it changes this thread alone, and reads a structure that outlives the call.
    unsafe {
        let mut priority: libc::sched_param = std::mem::zeroed();
        priority.sched_priority = 10;
        libc::sched_setscheduler(0, libc::SCHED_FIFO, &priority);
    }
}
