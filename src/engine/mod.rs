//! The engine: host block in, host block out, with every stem at its own gain.
//!
//! ```text
//! host block ─┬─> Chain: FIFO -> hop -> Separator -> FIFO ──> vocals, drums, bass ──┐
//!             └─> DelayLine (same latency) ──> delayed mix ─────────────────────────┤
//! gain ramps ───> delayed by the same latency: g_k ─────────────────────────────────┤
//!                                                                                   v
//!        other = mix − Σ stems;   host block = g_other·mix + Σ_{k≠other} (g_k − g_other)·stem_k
//! ```
//!
//! With all gains equal, every stem's factor is exactly 0: the output is that gain times the
//! delayed input, bit for bit, whatever the separator does.

mod block;
mod chain;
mod energy;
mod gains;
mod meters;
mod swap;

use std::sync::Arc;

pub use block::StemTap;
pub use chain::Chain;
pub use energy::{EnergyColumn, EnergyView};
pub use gains::{GAIN_RAMP_MS, GainTargets, StemControl};
pub use meters::Meters;
pub use swap::{ChainReceiver, ChainSender, chain_swap};

use crate::dsp::peak_meter::{PeakMeter, StretchPeak, peak_of};
use crate::stem::{NUM_CHANNELS, NUM_STEMS, Stem, StemBuffer};
use block::{EngineBlock, Fade};
use energy::EnergySender;
use gains::{GainBlock, GainRamps};

/// Longest block that [`Engine::process`] takes; callers cut longer host blocks into pieces.
///
/// A constant instead of the host's announced maximum: hosts exceed what they announce, and memory
/// stays the same for all of them.
pub const MAX_BLOCK_SAMPLES: usize = 1024;

/// Duration of the cross-fade between two chains, or of each half of the fade out and in when
/// their latencies differ.
const SWAP_FADE_MS: f64 = 10.0;

/// Duration of the stretches whose difference from the input is measured.
const DIFFERENCE_MS: f64 = 100.0;

/// Plays one chain, lets another take its place without a click, and applies the gains.
///
/// All methods are real-time safe but `new`, `show_energy` and `install_chain`.
pub struct Engine {
    playing: Box<Chain>,
    swap: Swap,
    incoming: ChainReceiver,
    ramps: GainRamps,
    /// The ramps at input time.
    gains: GainBlock,
    /// What the playing chain gives for this block.
    block: EngineBlock,
    /// What the chain that is about to take over gives.
    next_block: EngineBlock,
    /// The last block's stems as an output or a meter asked for them.
    outputs: StemBuffer,
    /// Length of the last block.
    block_samples: usize,
    /// Duration of a cross-fade between chains.
    fade_samples: usize,
    meters: Arc<Meters>,
    peaks: Peaks,
    /// `None` if nobody ever looks.
    energies: Option<EnergySender>,
}

/// The ballistics behind [`Meters`].
struct Peaks {
    stems: [[PeakMeter; NUM_CHANNELS]; NUM_STEMS],
    output: [PeakMeter; NUM_CHANNELS],
    difference: StretchPeak,
}

impl Peaks {
    fn new(rate_hz: f64) -> Self {
        let meter = || PeakMeter::new(rate_hz);
        Self {
            stems: std::array::from_fn(|_| std::array::from_fn(|_| meter())),
            output: std::array::from_fn(|_| meter()),
            difference: StretchPeak::new((DIFFERENCE_MS * 1e-3 * rate_hz) as usize),
        }
    }

    fn reset(&mut self) {
        let meters = self.stems.iter_mut().flatten().chain(&mut self.output);
        meters.for_each(PeakMeter::reset);
        self.difference.reset();
    }
}

fn fade_samples(rate_hz: f64) -> usize {
    (SWAP_FADE_MS * 1e-3 * rate_hz).ceil() as usize
}

/// A chain on its way in.
enum Swap {
    None,
    /// Its latency may not change before `install_chain`.
    Held(Box<Chain>),
    /// It runs beside the playing one until its state no longer depends on its past.
    WarmingUp {
        chain: Box<Chain>,
        remaining_samples: usize,
    },
    Fading {
        chain: Box<Chain>,
        done_samples: usize,
    },
}

impl Engine {
    /// Starts with `chain`; later ones arrive through `incoming`.
    pub fn new(chain: Box<Chain>, incoming: ChainReceiver, meters: Arc<Meters>) -> Self {
        let rate_hz = chain.rate_hz();
        Self {
            playing: chain,
            swap: Swap::None,
            incoming,
            ramps: GainRamps::new(rate_hz),
            gains: GainBlock::new(MAX_BLOCK_SAMPLES),
            block: EngineBlock::new(MAX_BLOCK_SAMPLES),
            next_block: EngineBlock::new(MAX_BLOCK_SAMPLES),
            outputs: StemBuffer::new(MAX_BLOCK_SAMPLES),
            block_samples: 0,
            fade_samples: fade_samples(rate_hz),
            meters,
            peaks: Peaks::new(rate_hz),
            energies: None,
        }
    }

    /// Lets a view see whose energy is heard, in place of any engine that it saw before. **Not
    /// real-time safe.**
    pub fn show_energy(&mut self, view: Arc<EnergyView>) {
        self.energies = Some(EnergySender::new(view));
    }

    /// Delay from input to output, in samples; changes only when a chain of another latency takes
    /// over.
    pub fn latency_samples(&self) -> usize {
        self.playing.latency_samples()
    }

    /// The id that the playing chain was built with.
    pub fn chain_id(&self) -> u64 {
        self.playing.id()
    }

    /// Processes one block in place. Gains move to `targets` in a ramp that starts with the
    /// block's first sample and travels with the audio; its focus acts on the hops that are full
    /// within the block.
    ///
    /// Both channels have the same length, at most [`MAX_BLOCK_SAMPLES`]. Non-finite samples count
    /// as 0.
    pub fn process(&mut self, io: [&mut [f32]; NUM_CHANNELS], targets: &GainTargets) {
        let length = io[0].len();
        debug_assert!(length <= MAX_BLOCK_SAMPLES && io[1].len() == length);
        let mut io = io;
        for sample in io.iter_mut().flat_map(|channel| channel.iter_mut()) {
            if !sample.is_finite() {
                *sample = 0.0;
            }
        }
        self.ramps.process(targets, length, &mut self.gains);
        let mix = [&*io[0], &*io[1]];
        let energy_wanted = self.energies.as_ref().is_some_and(EnergySender::wanted);
        let next_is_heard = self.next_is_heard();
        let energies = self.energies.as_mut().filter(|_| !next_is_heard);
        self.playing.set_focus(&targets.focus);
        self.playing.set_energy_wanted(energy_wanted);
        let fault = self
            .playing
            .process(mix, &self.gains, &mut self.block, energies);
        let next_fault = match &mut self.swap {
            Swap::WarmingUp { chain, .. } | Swap::Fading { chain, .. } => {
                let energies = self.energies.as_mut().filter(|_| next_is_heard);
                chain.set_focus(&targets.focus);
                chain.set_energy_wanted(energy_wanted);
                chain.process(mix, &self.gains, &mut self.next_block, energies)
            }
            Swap::None | Swap::Held(_) => false,
        };
        if fault || next_fault {
            self.meters.raise_fault();
        }
        self.advance_swap(length);
        self.block.fill_other(length);
        self.block.write_output(&mut io);
        self.block_samples = length;
        if self.meters.wanted() {
            self.measure([&*io[0], &*io[1]]);
        }
        if let Some(energies) = &mut self.energies {
            energies.count_block(length);
        }
    }

    /// The last block's stems at output time, before the fader and whether bypassed or not. Valid
    /// up to the block's length.
    pub fn stems(&self) -> &StemBuffer {
        &self.block.stems
    }

    /// What the stem outputs play for the last block, at output time: silence while bypassed.
    /// Valid up to the block's length.
    pub fn stem_outputs(&mut self, tap: StemTap) -> &StemBuffer {
        self.block
            .write_stem_outputs(tap, &mut self.outputs, self.block_samples);
        &self.outputs
    }

    /// Looks for a chain that has arrived and starts to let it take over; call it at the start of
    /// a host block. Returns the latency to report to the host when the chain has another one.
    ///
    /// Where the latency may not change now (`latency_may_change` is false), such a chain waits
    /// for [`Engine::install_chain`].
    pub fn poll_chain(&mut self, latency_may_change: bool) -> Option<usize> {
        let newer = match self.swap {
            Swap::None | Swap::Held(_) => self.incoming.take()?,
            // One after the other; the newest waits in its slot.
            Swap::WarmingUp { .. } | Swap::Fading { .. } => return None,
        };
        if let Swap::Held(older) = std::mem::replace(&mut self.swap, Swap::None) {
            self.incoming.retire(older);
        }
        let latency = newer.latency_samples();
        let other_latency = latency != self.playing.latency_samples();
        self.swap = if other_latency && !latency_may_change {
            Swap::Held(newer)
        } else {
            Swap::WarmingUp {
                remaining_samples: newer.warm_up_samples(),
                chain: newer,
            }
        };
        other_latency.then_some(latency)
    }

    /// Lets the newest chain that has arrived take over at once. **Not real-time safe**: for
    /// `activate()`, where nothing plays.
    pub fn install_chain(&mut self) {
        match std::mem::replace(&mut self.swap, Swap::None) {
            Swap::None => {}
            Swap::Held(chain) | Swap::WarmingUp { chain, .. } | Swap::Fading { chain, .. } => {
                self.playing = chain;
            }
        }
        while let Some(chain) = self.incoming.take_blocking() {
            self.playing = chain;
        }
        let rate_hz = self.playing.rate_hz();
        self.ramps = GainRamps::new(rate_hz);
        self.fade_samples = fade_samples(rate_hz);
        self.peaks = Peaks::new(rate_hz);
        self.reset();
    }

    /// Back to the state after construction; the next block's targets are taken without a ramp.
    ///
    /// A chain that was fading in plays from here on.
    pub fn reset(&mut self) {
        match std::mem::replace(&mut self.swap, Swap::None) {
            Swap::None => {}
            held @ Swap::Held(_) => self.swap = held,
            Swap::WarmingUp { chain, .. } | Swap::Fading { chain, .. } => self.take_over(chain),
        }
        self.playing.reset();
        self.ramps.reset();
        self.block.clear();
        self.next_block.clear();
        self.block_samples = 0;
        self.peaks.reset();
        if let Some(energies) = &mut self.energies {
            energies.reset();
        }
    }

    /// Duration of the fade to `next`: across, or out and in.
    fn whole_fade_samples(&self, next: &Chain) -> usize {
        if next.latency_samples() == self.playing.latency_samples() {
            self.fade_samples
        } else {
            2 * self.fade_samples
        }
    }

    /// Whether a chain that takes over is past the middle of its fade.
    fn next_is_heard(&self) -> bool {
        match &self.swap {
            Swap::Fading {
                chain,
                done_samples,
            } => 2 * done_samples >= self.whole_fade_samples(chain),
            Swap::None | Swap::Held(_) | Swap::WarmingUp { .. } => false,
        }
    }

    /// Moves the swap on by the block that has just run, and puts what is heard into `block`.
    fn advance_swap(&mut self, length: usize) {
        self.swap = match std::mem::replace(&mut self.swap, Swap::None) {
            Swap::WarmingUp {
                chain,
                remaining_samples,
            } => match remaining_samples.saturating_sub(length) {
                0 => Swap::Fading {
                    chain,
                    done_samples: 0,
                },
                remaining_samples => Swap::WarmingUp {
                    chain,
                    remaining_samples,
                },
            },
            Swap::Fading {
                chain,
                done_samples,
            } => {
                let fade = Fade {
                    done_samples,
                    fade_samples: self.fade_samples,
                    block_samples: length,
                };
                if chain.latency_samples() == self.playing.latency_samples() {
                    self.block.cross_fade(&self.next_block, fade);
                } else {
                    self.block.fade_out_and_in(&self.next_block, fade);
                }
                if done_samples + length >= self.whole_fade_samples(&chain) {
                    self.take_over(chain);
                    Swap::None
                } else {
                    Swap::Fading {
                        chain,
                        done_samples: done_samples + length,
                    }
                }
            }
            at_rest @ (Swap::None | Swap::Held(_)) => at_rest,
        };
    }

    fn take_over(&mut self, chain: Box<Chain>) {
        let older = std::mem::replace(&mut self.playing, chain);
        self.incoming.retire(older);
    }

    fn measure(&mut self, output: [&[f32]; NUM_CHANNELS]) {
        let length = output[0].len();
        self.block
            .write_stem_outputs(StemTap::PostFader, &mut self.outputs, length);
        let mut difference_peak = 0.0_f32;
        for channel in 0..NUM_CHANNELS {
            for stem in Stem::ALL {
                let block_peak = peak_of(&self.outputs.channel(stem, channel)[..length]);
                let peak = self.peaks.stems[stem as usize][channel].process(block_peak, length);
                self.meters.set_stem_peak(stem, channel, peak, block_peak);
            }
            let block_peak = peak_of(output[channel]);
            let peak = self.peaks.output[channel].process(block_peak, length);
            self.meters.set_output_peak(channel, peak, block_peak);
            let pairs = output[channel].iter().zip(&self.block.mix[channel]);
            difference_peak = pairs.fold(difference_peak, |peak, (y, x)| peak.max((y - x).abs()));
        }
        if let Some(peak) = self.peaks.difference.process(difference_peak, length) {
            self.meters.set_difference_peak(peak);
        }
    }
}
