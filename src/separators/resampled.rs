//! A separator of one fixed rate at another host rate: a learned front end knows no other way.
//!
//! Sinc interpolation to the inner separator's rate and back (`rubato`, asynchronous, so that any
//! ratio works), with FIFOs between. The delay in all must be a whole number of host samples, else
//! every stem would be heard in Other, 4 dB down at 10 kHz for half a sample. So the stems' FIFO
//! begins with as many zeros as make it one.

use ringbuf::LocalRb;
use ringbuf::storage::Heap;
use ringbuf::traits::Observer;
use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{Async, FixedAsync, Resampler, SincInterpolationParameters, WindowFunction};

use super::{Focus, Separator, StemEnergy};
use crate::stem::{NUM_CHANNELS, Stem, StemBuffer};

/// Taps of the interpolation filter.
const SINC_SAMPLES: usize = 128;

/// Points of the filter between two samples; cubic interpolation does the rest. So many because
/// the last of them delays by a fraction that zeros can't make up for at ratios such as 2.
const OVERSAMPLING: usize = 512;

/// Delay of one resampler in samples at its input's rate, as `tests/resampled.rs` measures it: half
/// the filter, less the sample and the point of the filter that its first output already reaches.
const FILTER_DELAY_SAMPLES: f64 = SINC_SAMPLES as f64 / 2.0 - 1.0 - 1.0 / OVERSAMPLING as f64;

/// Shortest step at the host rate: below it, calls would cost more than the samples.
const MIN_HOP_SAMPLES: usize = 64;

/// How far the whole delay may be from a whole number of host samples.
const ALIGNMENT_SAMPLES: f64 = 0.005;

/// Channels of all estimated stems.
const NUM_STEM_CHANNELS: usize = Stem::ESTIMATED.len() * NUM_CHANNELS;

type Fifo = LocalRb<Heap<f32>>;

/// Runs a separator at its own rate inside a host of another.
pub struct Resampled {
    inner: Box<dyn Separator>,
    /// Inner samples per host sample.
    ratio: f64,
    hop_samples: usize,
    latency_samples: usize,
    to_inner: Async<f32>,
    to_host: Async<f32>,
    /// At the host rate, `[channel][sample]`.
    mix: Vec<Vec<f32>>,
    /// The same at the inner rate.
    inner_mix: Vec<Vec<f32>>,
    mix_fifos: [Fifo; NUM_CHANNELS],
    inner_hop: [Vec<f32>; NUM_CHANNELS],
    inner_stems: StemBuffer,
    /// Indexed `[estimated stem · 2 + channel]`.
    stem_fifos: Vec<Fifo>,
    /// What leaves the FIFOs, and the same at the host rate; indexed as they are.
    fifo_stems: Vec<Vec<f32>>,
    host_stems: Vec<Vec<f32>>,
    /// Zeros that the stems' FIFOs begin with.
    num_zeros: usize,
}

impl Resampled {
    /// `inner` was built for `inner_rate_hz`; the host runs at `host_rate_hz`.
    pub fn new(inner: Box<dyn Separator>, inner_rate_hz: f64, host_rate_hz: f64) -> Self {
        let ratio = inner_rate_hz / host_rate_hz;
        let inner_hop_samples = inner.hop_samples();
        let hop_samples =
            ((inner_hop_samples as f64 / ratio).round() as usize).max(MIN_HOP_SAMPLES);
        let resampler = |ratio, num_channels, fixed| {
            let filter =
                SincInterpolationParameters::new(SINC_SAMPLES, WindowFunction::BlackmanHarris2)
                    .oversampling_factor(OVERSAMPLING);
            Async::<f32>::new_sinc(ratio, 1.0, &filter, hop_samples, num_channels, fixed)
                .expect("the ratio of two rates is finite and positive")
        };
        let to_inner = resampler(ratio, NUM_CHANNELS, FixedAsync::Input);
        let to_host = resampler(1.0 / ratio, NUM_STEM_CHANNELS, FixedAsync::Output);
        let most_inner = to_inner.output_frames_max().max(to_host.input_frames_max());
        // Inner hops, and all that a FIFO holds back.
        let capacity = 4 * most_inner + 2 * inner_hop_samples + 1024;
        let fifo = || Fifo::new(capacity);
        let rows = |count: usize, length: usize| vec![vec![0.0; length]; count];
        let mut resampled = Self {
            ratio,
            hop_samples,
            latency_samples: 0,
            mix: rows(NUM_CHANNELS, hop_samples),
            inner_mix: rows(NUM_CHANNELS, most_inner),
            mix_fifos: std::array::from_fn(|_| fifo()),
            inner_hop: std::array::from_fn(|_| vec![0.0; inner_hop_samples]),
            inner_stems: StemBuffer::new(inner_hop_samples),
            stem_fifos: (0..NUM_STEM_CHANNELS).map(|_| fifo()).collect(),
            fifo_stems: rows(NUM_STEM_CHANNELS, most_inner),
            host_stems: rows(NUM_STEM_CHANNELS, hop_samples),
            num_zeros: 0,
            to_inner,
            to_host,
            inner,
        };
        resampled.align();
        resampled.reset();
        resampled
    }

    /// Finds the fewest zeros with which the stems' FIFOs never run dry and the whole delay is a
    /// whole number of host samples.
    fn align(&mut self) {
        // How far what is asked for may run ahead of what has arrived; from a trial run, and one
        // more for the turns of the ratio that it did not meet.
        let (mut arrived, mut wanted, mut ahead) = (0_isize, 0_isize, 0_isize);
        for _ in 0..100 {
            arrived += self.resample_mix() as isize;
            wanted += self.to_host.input_frames_next() as isize;
            self.resample_stems();
            ahead = ahead.max(wanted - arrived);
        }
        let fewest = ahead as usize + 1 + self.inner_hop[0].len() - 1;
        let delay = |num_zeros: usize| {
            let inner = FILTER_DELAY_SAMPLES + (num_zeros + self.inner.latency_samples()) as f64;
            FILTER_DELAY_SAMPLES + inner / self.ratio
        };
        let off = |num_zeros: &usize| (delay(*num_zeros) - delay(*num_zeros).round()).abs();
        // Steps of an irrational ratio come as near as wanted, those of p/q within q zeros.
        self.num_zeros = (fewest..fewest + 1000)
            .find(|num_zeros| off(num_zeros) <= ALIGNMENT_SAMPLES)
            .or_else(|| (fewest..fewest + 1000).min_by(|a, b| off(a).total_cmp(&off(b))))
            .expect("the range is not empty");
        self.latency_samples = delay(self.num_zeros).round() as usize;
    }

    /// Takes the host's hop to the inner rate; returns how many samples came of it.
    fn resample_mix(&mut self) -> usize {
        let frames = self.inner_mix[0].len();
        let source = SequentialSliceOfVecs::new(&self.mix, NUM_CHANNELS, self.hop_samples);
        let target = SequentialSliceOfVecs::new_mut(&mut self.inner_mix, NUM_CHANNELS, frames);
        resample(&mut self.to_inner, source, target)
    }

    /// Takes what has left the FIFOs to the host rate.
    fn resample_stems(&mut self) {
        let (frames, hop) = (self.fifo_stems[0].len(), self.hop_samples);
        let source = SequentialSliceOfVecs::new(&self.fifo_stems, NUM_STEM_CHANNELS, frames);
        let target = SequentialSliceOfVecs::new_mut(&mut self.host_stems, NUM_STEM_CHANNELS, hop);
        resample(&mut self.to_host, source, target);
    }

    fn run_inner_hops(&mut self) {
        while self.mix_fifos[0].occupied_len() >= self.inner_hop[0].len() {
            for (hop, fifo) in self.inner_hop.iter_mut().zip(&mut self.mix_fifos) {
                fifo.pop_slice(hop);
            }
            let [left, right] = &self.inner_hop;
            for part in 0..self.inner.num_parts() {
                self.inner.work(part);
            }
            self.inner.process_hop([left, right], &mut self.inner_stems);
            for (stem, fifos) in Stem::ESTIMATED
                .into_iter()
                .zip(self.stem_fifos.chunks_exact_mut(NUM_CHANNELS))
            {
                for (channel, fifo) in fifos.iter_mut().enumerate() {
                    let samples = self.inner_stems.channel(stem, channel);
                    let pushed = fifo.push_slice(samples);
                    debug_assert_eq!(pushed, samples.len());
                }
            }
        }
    }
}

/// One call of a resampler, whose buffers were made for it; returns the samples written.
fn resample(
    resampler: &mut Async<f32>,
    source: Result<SequentialSliceOfVecs<&[Vec<f32>]>, rubato::audioadapter_buffers::SizeError>,
    target: Result<SequentialSliceOfVecs<&mut [Vec<f32>]>, rubato::audioadapter_buffers::SizeError>,
) -> usize {
    let (Ok(source), Ok(mut target)) = (source, target) else {
        debug_assert!(false, "buffers were made for their frames");
        return 0;
    };
    match resampler.process_into_buffer(&source, &mut target, None) {
        Ok((_, written)) => written,
        Err(error) => {
            debug_assert!(false, "{error}");
            0
        }
    }
}

impl Separator for Resampled {
    fn hop_samples(&self) -> usize {
        self.hop_samples
    }

    fn latency_samples(&self) -> usize {
        self.latency_samples
    }

    fn warm_up_samples(&self) -> usize {
        let inner = self.inner.warm_up_samples() + self.num_zeros + SINC_SAMPLES;
        (inner as f64 / self.ratio).ceil() as usize + SINC_SAMPLES
    }

    fn process_hop(&mut self, mix: [&[f32]; NUM_CHANNELS], stems: &mut StemBuffer) {
        for (hop, mix) in self.mix.iter_mut().zip(mix) {
            hop.copy_from_slice(mix);
        }
        let arrived = self.resample_mix();
        for (fifo, samples) in self.mix_fifos.iter_mut().zip(&self.inner_mix) {
            let pushed = fifo.push_slice(&samples[..arrived]);
            debug_assert_eq!(pushed, arrived);
        }
        self.run_inner_hops();
        let wanted = self.to_host.input_frames_next();
        for (fifo, samples) in self.stem_fifos.iter_mut().zip(&mut self.fifo_stems) {
            let popped = fifo.pop_slice(&mut samples[..wanted]);
            debug_assert_eq!(popped, wanted);
        }
        self.resample_stems();
        for (index, samples) in self.host_stems.iter().enumerate() {
            let stem = Stem::ESTIMATED[index / NUM_CHANNELS];
            stems.channel_mut(stem, index % NUM_CHANNELS)[..self.hop_samples]
                .copy_from_slice(samples);
        }
    }

    fn set_focus(&mut self, focus: &Focus) {
        self.inner.set_focus(focus);
    }

    fn set_energy_wanted(&mut self, wanted: bool) {
        self.inner.set_energy_wanted(wanted);
    }

    fn stem_energy(&self) -> &StemEnergy {
        self.inner.stem_energy()
    }

    fn reset(&mut self) {
        self.inner.reset();
        self.to_inner.reset();
        self.to_host.reset();
        for fifo in &mut self.mix_fifos {
            fifo.clear();
        }
        for fifo in &mut self.stem_fifos {
            fifo.clear();
            let zeros = fifo.push_iter(std::iter::repeat_n(0.0, self.num_zeros));
            debug_assert_eq!(zeros, self.num_zeros);
        }
    }
}
