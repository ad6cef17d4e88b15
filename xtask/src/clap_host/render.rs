//! Renders audio through an instance, block by block, with events at exact samples.

use anyhow::{Context, Result, ensure};
use clack_host::events::event_types::{ParamModEvent, ParamValueEvent};
use clack_host::prelude::*;
use clack_host::process::ProcessStatus;
use clack_host::process::audio_buffers::{InputAudioBuffers, OutputAudioBuffers};
use clap_sys::audio_buffer::clap_audio_buffer;

use super::{ClapHost, handlers};

/// A change of a parameter at a sample of the render.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    pub sample: usize,
    param_id: u32,
    change: Change,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    Value(f64),
    Modulation(f64),
}

impl Event {
    /// Gives the parameter a plain value.
    pub fn value(sample: usize, param_id: u32, value: f64) -> Self {
        Self {
            sample,
            param_id,
            change: Change::Value(value),
        }
    }

    /// Adds an offset to the parameter's plain value.
    pub fn modulation(sample: usize, param_id: u32, amount: f64) -> Self {
        Self {
            sample,
            param_id,
            change: Change::Modulation(amount),
        }
    }
}

/// How long the blocks are that the host hands over.
#[derive(Clone, Debug, PartialEq)]
pub enum Blocks {
    /// All of one length, the last one shorter.
    Fixed(usize),
    /// Uniform in `1..=max`, from a seed.
    Random { max: usize, seed: u64 },
}

impl Blocks {
    /// The longest block: what the host announces.
    pub fn max_samples(&self) -> usize {
        match *self {
            Blocks::Fixed(length) => length,
            Blocks::Random { max, .. } => max,
        }
    }

    fn next(&mut self) -> usize {
        match self {
            Blocks::Fixed(length) => *length,
            Blocks::Random { max, seed } => {
                // Knuth's MMIX generator; its high bits are the random ones.
                *seed = seed
                    .wrapping_mul(6364136223846793005)
                    .wrapping_add(1442695040888963407);
                1 + ((*seed >> 33) as usize) % *max
            }
        }
    }
}

/// How to render.
#[derive(Clone, Debug)]
pub struct Render<'a> {
    pub blocks: Blocks,
    /// In the order of their samples.
    pub events: &'a [Event],
    /// The main output is the buffer of the main input.
    pub in_place: bool,
}

impl Default for Render<'_> {
    fn default() -> Self {
        Self {
            blocks: Blocks::Fixed(512),
            events: &[],
            in_place: false,
        }
    }
}

/// What came out.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// `[port][channel][sample]`, as long as the input.
    pub ports: Vec<Vec<Vec<f32>>>,
    /// What the last block's `process` returned.
    pub status: ProcessStatus,
}

impl Rendered {
    /// The main output, `[channel][sample]`.
    pub fn main(&self) -> &[Vec<f32>] {
        &self.ports[0]
    }
}

impl ClapHost {
    /// Processes `input[channel][sample]` and returns as many output samples, latency included.
    ///
    /// The plug-in must be active for blocks of this length. Callbacks that it asks for are made
    /// between the blocks; a restart that it asks for is left to the caller.
    pub fn render(&mut self, input: &[Vec<f32>], how: Render) -> Result<Rendered> {
        let num_samples = input.first().map_or(0, Vec::len);
        let max_block = self
            .config
            .context("the plug-in is not active")?
            .max_frames_count as usize;
        ensure!(
            input.len() == self.inputs[0].num_channels
                && input.iter().all(|channel| channel.len() == num_samples),
            "the main input takes {} channels of one length: found {}",
            self.inputs[0].num_channels,
            input.len(),
        );
        ensure!(
            how.blocks.max_samples() <= max_block,
            "blocks of {} samples are longer than the {max_block} announced",
            how.blocks.max_samples(),
        );

        // Buffers that the plug-in forgets to write stay NaN, which no comparison forgives.
        let mut ports: Vec<Vec<Vec<f32>>> = self
            .outputs
            .iter()
            .map(|port| vec![vec![f32::NAN; num_samples]; port.num_channels])
            .collect();
        let mut input: Vec<Vec<f32>> = input.to_vec();
        if how.in_place {
            ports[0].clone_from(&input);
        }

        let mut blocks = how.blocks;
        let mut events = how.events.iter().peekable();
        let mut event_buffer = EventBuffer::new();
        let mut status = ProcessStatus::Continue;
        let mut start = 0;
        while start < num_samples {
            let length = blocks.next().min(num_samples - start);
            event_buffer.clear();
            while let Some(event) = events.next_if(|event| event.sample < start + length) {
                let time = u32::try_from(event.sample.saturating_sub(start))?;
                let id = Self::clap_id(event.param_id);
                let pckn = Pckn::match_all();
                match event.change {
                    Change::Value(value) => {
                        event_buffer.push(&ParamValueEvent::new(time, id, pckn, value));
                    }
                    Change::Modulation(amount) => {
                        event_buffer.push(&ParamModEvent::new(time, id, pckn, amount));
                    }
                }
            }
            status = self.process_block(
                &mut input,
                &mut ports,
                start..start + length,
                how.in_place,
                &event_buffer,
            )?;
            self.run_callbacks();
            start += length;
        }
        Ok(Rendered { ports, status })
    }

    /// One call of `process` on the samples `range` of the buffers.
    fn process_block(
        &mut self,
        input: &mut [Vec<f32>],
        ports: &mut [Vec<Vec<f32>>],
        range: std::ops::Range<usize>,
        in_place: bool,
        events: &EventBuffer,
    ) -> Result<ProcessStatus> {
        let num_samples = u32::try_from(range.len())?;
        let mut output_channels: Vec<Vec<*mut f32>> = ports
            .iter_mut()
            .map(|port| {
                port.iter_mut()
                    .map(|channel| channel[range.clone()].as_mut_ptr())
                    .collect()
            })
            .collect();
        let mut input_channels: Vec<*mut f32> = if in_place {
            output_channels[0].clone()
        } else {
            input
                .iter_mut()
                .map(|channel| channel[range.clone()].as_mut_ptr())
                .collect()
        };
        let port = |channels: &mut [*mut f32]| clap_audio_buffer {
            data32: channels.as_mut_ptr(),
            data64: std::ptr::null_mut(),
            channel_count: channels.len() as u32,
            latency: 0,
            constant_mask: 0,
        };
        let input_ports = [port(&mut input_channels)];
        let mut output_ports: Vec<_> = output_channels
            .iter_mut()
            .map(|channels| port(channels))
            .collect();

        // SAFETY: every pointer is to `range.len()` samples of a buffer that outlives the call and
        // is not touched by us until it returns; input and output alias only in place, which CLAP
        // allows for ports of one pair.
        let (inputs, mut outputs) = unsafe {
            (
                InputAudioBuffers::from_raw_buffers(&input_ports, num_samples),
                OutputAudioBuffers::from_raw_buffers(&mut output_ports, num_samples),
            )
        };
        let mut answers = EventBuffer::new();
        let position = self.position_samples;
        let processor = self
            .processor
            .as_mut()
            .context("the plug-in is not active")?;
        let status = handlers::on_audio_thread(|| {
            processor.process(
                &inputs,
                &mut outputs,
                &events.as_input(),
                &mut answers.as_output(),
                Some(position),
                None,
            )
        })
        .with_context(|| format!("processing samples {range:?} failed"))?;
        self.position_samples += u64::from(num_samples);
        Ok(status)
    }
}
