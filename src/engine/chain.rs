//! A separator at work on host blocks: FIFOs around it, and the delay lines that keep the mix and
//! the gains in time with it. The unit of hot-swap.

use ringbuf::traits::Observer;
use ringbuf::{LocalRb, storage::Heap};

use super::block::EngineBlock;
use super::energy::EnergySender;
use super::gains::{GainBlock, NUM_LANES};
use crate::dsp::delay_line::DelayLine;
use crate::separators::{Focus, Separator};
use crate::stem::{NUM_CHANNELS, Stem, StemBuffer};

/// Stereo outputs of the separator that pass a FIFO.
const NUM_ESTIMATED: usize = Stem::ESTIMATED.len();

type Fifo = LocalRb<Heap<f32>>;

/// One separator with all that belongs to its latency.
///
/// Input collects in the hop buffer; a hop is run the moment it is full, and its output leaves
/// through FIFOs that start with one hop of zeros. So the chain's latency is exactly one hop plus
/// the separator's, for any pattern of blocks.
pub struct Chain {
    separator: Box<dyn Separator>,
    rate_hz: f64,
    id: u64,
    latency_samples: usize,
    /// Collects the input, shape `[channel][sample]`.
    hop_mix: [Vec<f32>; NUM_CHANNELS],
    /// Samples collected so far.
    collected: usize,
    /// Parts of the last hop's work done so far.
    parts_done: usize,
    hop_stems: StemBuffer,
    /// Indexed `[estimated stem][channel]`.
    fifos: [[Fifo; NUM_CHANNELS]; NUM_ESTIMATED],
    mix_delays: [DelayLine; NUM_CHANNELS],
    gain_delays: [DelayLine; NUM_LANES],
    energy_wanted: bool,
    /// Whether a whole hop was measured since energies are wanted.
    energy_is_fresh: bool,
}

impl Chain {
    /// `id` says what the chain was built for; the engine hands it back through
    /// [`super::Engine::chain_id`].
    pub fn new(separator: Box<dyn Separator>, rate_hz: f64, id: u64) -> Self {
        let hop_samples = separator.hop_samples();
        let latency_samples = hop_samples + separator.latency_samples();
        let delay = || DelayLine::new(latency_samples);
        let mut chain = Self {
            separator,
            rate_hz,
            id,
            latency_samples,
            hop_mix: std::array::from_fn(|_| vec![0.0; hop_samples]),
            collected: 0,
            parts_done: 0,
            hop_stems: StemBuffer::new(hop_samples),
            // Popped as soon as a hop is pushed, a FIFO never holds more than two hops.
            fifos: std::array::from_fn(|_| std::array::from_fn(|_| Fifo::new(2 * hop_samples))),
            mix_delays: std::array::from_fn(|_| delay()),
            gain_delays: std::array::from_fn(|_| delay()),
            energy_wanted: false,
            energy_is_fresh: false,
        };
        chain.reset();
        chain
    }

    /// The host rate it was built for, in Hz.
    pub fn rate_hz(&self) -> f64 {
        self.rate_hz
    }

    /// What it was built for.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Delay from input to output: one hop, and the separator's.
    pub fn latency_samples(&self) -> usize {
        self.latency_samples
    }

    /// How long the chain must run before it sounds as if it had always run.
    pub fn warm_up_samples(&self) -> usize {
        self.latency_samples + self.separator.warm_up_samples()
    }

    /// For the hops that are full from now on.
    pub(super) fn set_focus(&mut self, focus: &Focus) {
        self.separator.set_focus(focus);
    }

    /// Switches the separator's energies on or off; a chain that is to be heard soon measures ahead.
    pub(super) fn set_energy_wanted(&mut self, wanted: bool) {
        if wanted != self.energy_wanted {
            self.energy_wanted = wanted;
            self.energy_is_fresh = false;
            self.separator.set_energy_wanted(wanted);
        }
    }

    /// Runs one block; everything in `output` is in time with everything else. Sends the energies
    /// of each hop, if they are wanted and there is somewhere to send them. Returns whether the
    /// separator gave non-finite samples, which were silenced.
    pub(super) fn process(
        &mut self,
        mix: [&[f32]; NUM_CHANNELS],
        gains: &GainBlock,
        output: &mut EngineBlock,
        mut energies: Option<&mut EnergySender>,
    ) -> bool {
        let length = mix[0].len();
        for (channel, delay) in self.mix_delays.iter_mut().enumerate() {
            delay.process(mix[channel], &mut output.mix[channel][..length]);
        }
        for (lane, delay) in self.gain_delays.iter_mut().enumerate() {
            let delayed = &mut output.gains.lanes[lane][..length];
            delay.process(&gains.lanes[lane][..length], delayed);
        }
        let hop_samples = self.hop_mix[0].len();
        let mut fault = false;
        let mut done = 0;
        while done < length {
            let count = (length - done).min(hop_samples - self.collected);
            for (hop, mix) in self.hop_mix.iter_mut().zip(mix) {
                hop[self.collected..self.collected + count]
                    .copy_from_slice(&mix[done..done + count]);
            }
            self.collected += count;
            self.work_until(self.separator.num_parts() * self.collected / hop_samples);
            if self.collected == hop_samples {
                fault |= self.run_hop();
                // What the hop gave is heard from the next sample on.
                self.send_energy(done + count, energies.as_deref_mut());
            }
            for (stem, fifos) in Stem::ESTIMATED.into_iter().zip(&mut self.fifos) {
                for (channel, fifo) in fifos.iter_mut().enumerate() {
                    let samples = &mut output.stems.channel_mut(stem, channel)[done..done + count];
                    let popped = fifo.pop_slice(samples);
                    debug_assert_eq!(popped, count);
                }
            }
            done += count;
        }
        fault
    }

    /// Catches up with the sliced work of the hop before.
    fn work_until(&mut self, parts: usize) {
        if self.separator.num_parts() > 1 {
            while self.parts_done < parts {
                self.separator.work(self.parts_done);
                self.parts_done += 1;
            }
        }
    }

    /// `first_sample`: where in the block the last hop given begins to be heard.
    fn send_energy(&mut self, first_sample: usize, energies: Option<&mut EnergySender>) {
        if let Some(energies) = energies
            && self.energy_is_fresh
        {
            let ahead_samples = first_sample + self.separator.energy_offset_samples();
            energies.send(ahead_samples, self.separator.stem_energy());
        }
        self.energy_is_fresh = self.energy_wanted;
    }

    fn run_hop(&mut self) -> bool {
        let [left, right] = &self.hop_mix;
        self.separator
            .process_hop([left, right], &mut self.hop_stems);
        self.collected = 0;
        self.parts_done = 0;
        let mut fault = false;
        for stem in Stem::ESTIMATED {
            let broken = (0..NUM_CHANNELS).any(|channel| {
                let samples = self.hop_stems.channel(stem, channel);
                !samples.iter().all(|x| x.is_finite())
            });
            if broken {
                fault = true;
                for channel in 0..NUM_CHANNELS {
                    self.hop_stems.channel_mut(stem, channel).fill(0.0);
                }
            }
        }
        if fault {
            self.separator.reset();
        }
        for (stem, fifos) in Stem::ESTIMATED.into_iter().zip(&mut self.fifos) {
            for (channel, fifo) in fifos.iter_mut().enumerate() {
                let hop = self.hop_stems.channel(stem, channel);
                let pushed = fifo.push_slice(hop);
                debug_assert_eq!(pushed, hop.len());
            }
        }
        fault
    }

    /// Back to the state after construction.
    pub(super) fn reset(&mut self) {
        self.separator.reset();
        self.collected = 0;
        self.parts_done = 0;
        let hop_samples = self.hop_mix[0].len();
        for fifo in self.fifos.iter_mut().flatten() {
            fifo.clear();
            let zeros = fifo.push_iter(std::iter::repeat_n(0.0, hop_samples));
            debug_assert_eq!(zeros, fifo.occupied_len());
        }
        self.mix_delays.iter_mut().for_each(DelayLine::reset);
        self.gain_delays.iter_mut().for_each(DelayLine::reset);
    }
}
