//! Short-time Fourier transform, hop by hop, with separate analysis and synthesis windows.
//!
//! A long analysis window, ending at the newest sample, gives frequency resolution; a short
//! synthesis window over its newest end sets the latency. Their product over the shared samples is
//! a Hann window, so overlap-add reconstructs perfectly (Mauler & Martin, "A low delay, variable
//! resolution, perfect reconstruction spectral analysis-synthesis system for speech enhancement",
//! EUSIPCO 2007; Wang et al., arXiv 2106.11794).

use std::f64::consts::PI;
use std::sync::Arc;

use unbraid_fft::{Complex32, ComplexToReal, RealToComplex, plan_forward, plan_inverse};

use super::grid::Grid;

/// Sizes of an STFT in samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StftSizes {
    /// Length of the analysis window and of the FFT, even.
    pub analysis_samples: usize,
    /// Length of the synthesis window: `2..` hops, at most the analysis window.
    pub synthesis_samples: usize,
    pub hop_samples: usize,
}

impl StftSizes {
    /// Sizes at the reference rate, on the grid of another.
    pub fn on(self, grid: &Grid) -> Self {
        Self {
            analysis_samples: grid.samples(self.analysis_samples),
            synthesis_samples: grid.samples(self.synthesis_samples),
            hop_samples: grid.samples(self.hop_samples),
        }
    }

    /// Bins of a spectrum, from 0 Hz to the Nyquist frequency.
    pub fn num_bins(&self) -> usize {
        self.analysis_samples / 2 + 1
    }

    /// Delay through analysis and synthesis when fed hop after hop.
    pub fn latency_samples(&self) -> usize {
        self.synthesis_samples - self.hop_samples
    }

    fn check(&self) {
        let Self {
            analysis_samples: analysis,
            synthesis_samples: synthesis,
            hop_samples: hop,
        } = *self;
        assert!(
            hop > 0
                && synthesis.is_multiple_of(hop)
                && synthesis >= 2 * hop
                && analysis >= synthesis
                && analysis.is_multiple_of(2),
            "no perfect reconstruction with {self:?}"
        );
    }

    /// The analysis window: a long sine rise, then a sine fall over half the synthesis window.
    fn analysis_window(&self) -> Vec<f32> {
        (0..self.analysis_samples)
            .map(|n| self.analysis_window_at(n) as f32)
            .collect()
    }

    fn analysis_window_at(&self, n: usize) -> f64 {
        let fall = self.synthesis_samples as f64 / 2.0;
        let rise = self.analysis_samples as f64 - fall;
        let centre = n as f64 + 0.5;
        if centre < rise {
            (PI / 2.0 * centre / rise).sin()
        } else {
            (PI / 2.0 * (centre - rise) / fall).cos()
        }
    }

    /// The synthesis window: what is missing to a Hann window, normalised to overlap-add to one.
    pub(crate) fn synthesis_window(&self) -> Vec<f32> {
        let length = self.synthesis_samples;
        let overlaps = length / self.hop_samples;
        (0..length)
            .map(|m| {
                let hann = (PI * (m as f64 + 0.5) / length as f64).sin().powi(2);
                let analysis = self.analysis_window_at(self.analysis_samples - length + m);
                (hann / analysis * 2.0 / overlaps as f64) as f32
            })
            .collect()
    }
}

/// The forward half, for one channel.
pub struct Analysis {
    sizes: StftSizes,
    window: Vec<f32>,
    /// The newest `analysis_samples` samples, oldest first.
    recent: Vec<f32>,
    windowed: Vec<f32>,
    fft: Arc<dyn RealToComplex<f32>>,
    scratch: Vec<Complex32>,
}

impl Analysis {
    pub fn new(sizes: StftSizes) -> Self {
        sizes.check();
        let fft = plan_forward(sizes.analysis_samples);
        Self {
            sizes,
            window: sizes.analysis_window(),
            recent: vec![0.0; sizes.analysis_samples],
            windowed: fft.make_input_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
        }
    }

    /// Takes the next `hop_samples` and writes the unnormalised spectrum (`num_bins`) of the
    /// window that ends with them.
    pub fn process(&mut self, hop: &[f32], spectrum: &mut [Complex32]) {
        debug_assert_eq!(hop.len(), self.sizes.hop_samples);
        let kept = self.recent.len() - hop.len();
        self.recent.copy_within(hop.len().., 0);
        self.recent[kept..].copy_from_slice(hop);
        for ((y, x), w) in self.windowed.iter_mut().zip(&self.recent).zip(&self.window) {
            *y = x * w;
        }
        let done = self
            .fft
            .process_with_scratch(&mut self.windowed, spectrum, &mut self.scratch);
        debug_assert!(done.is_ok(), "buffer lengths are fixed at construction");
    }

    /// Forgets the past samples.
    pub fn reset(&mut self) {
        self.recent.fill(0.0);
    }
}

/// The inverse half, for one channel of one stem.
pub struct Synthesis {
    sizes: StftSizes,
    window: Vec<f32>,
    /// Sum of the windowed frames so far, oldest first; its first hop is complete.
    overlap: Vec<f32>,
    frame: Vec<f32>,
    fft: Arc<dyn ComplexToReal<f32>>,
    scratch: Vec<Complex32>,
}

impl Synthesis {
    pub fn new(sizes: StftSizes) -> Self {
        sizes.check();
        let fft = plan_inverse(sizes.analysis_samples);
        // The inverse FFT is unnormalised too: its factor goes into the window.
        let scale = 1.0 / sizes.analysis_samples as f32;
        Self {
            sizes,
            window: sizes.synthesis_window().iter().map(|w| w * scale).collect(),
            overlap: vec![0.0; sizes.synthesis_samples],
            frame: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
        }
    }

    /// Adds the frame of a spectrum (`num_bins`, overwritten) and writes the next `hop_samples`.
    pub fn process(&mut self, spectrum: &mut [Complex32], hop: &mut [f32]) {
        debug_assert_eq!(hop.len(), self.sizes.hop_samples);
        // A real signal has real end bins; a mask's rounding must not say otherwise.
        spectrum[0].im = 0.0;
        spectrum[self.sizes.num_bins() - 1].im = 0.0;
        let done = self
            .fft
            .process_with_scratch(spectrum, &mut self.frame, &mut self.scratch);
        debug_assert!(done.is_ok(), "buffer lengths are fixed at construction");
        let newest = &self.frame[self.sizes.analysis_samples - self.sizes.synthesis_samples..];
        for ((sum, x), w) in self.overlap.iter_mut().zip(newest).zip(&self.window) {
            *sum += x * w;
        }
        let kept = self.overlap.len() - hop.len();
        hop.copy_from_slice(&self.overlap[..hop.len()]);
        self.overlap.copy_within(hop.len().., 0);
        self.overlap[kept..].fill(0.0);
    }

    /// Forgets the frames so far.
    pub fn reset(&mut self) {
        self.overlap.fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(analysis: usize, synthesis: usize, hop: usize) -> StftSizes {
        StftSizes {
            analysis_samples: analysis,
            synthesis_samples: synthesis,
            hop_samples: hop,
        }
    }

    fn noise(length: usize) -> Vec<f32> {
        let mut seed = 1_u32;
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed as f32 / (1_u32 << 31) as f32 - 1.0
        };
        (0..length).map(|_| next()).collect()
    }

    fn round_trip(sizes: StftSizes, input: &[f32]) -> Vec<f32> {
        let mut analysis = Analysis::new(sizes);
        let mut synthesis = Synthesis::new(sizes);
        let mut spectrum = vec![Complex32::default(); sizes.num_bins()];
        let mut output = vec![0.0; input.len()];
        let hops = input.chunks_exact(sizes.hop_samples);
        for (x, y) in hops.zip(output.chunks_exact_mut(sizes.hop_samples)) {
            analysis.process(x, &mut spectrum);
            synthesis.process(&mut spectrum, y);
        }
        output
    }

    #[test]
    fn untouched_spectra_give_the_input_back_after_the_latency() {
        for sizes in [
            sizes(2048, 512, 256),
            sizes(512, 512, 256),
            sizes(4096, 2048, 512),
            sizes(2240, 560, 280),
            sizes(56, 14, 7),
            sizes(48, 36, 12),
        ] {
            let input = noise(sizes.hop_samples * 24);
            let output = round_trip(sizes, &input);
            let latency = sizes.latency_samples();
            assert!(
                output[..latency].iter().all(|y| y.abs() < 1e-6),
                "{sizes:?}"
            );
            for n in latency..output.len() {
                let (got, want) = (output[n], input[n - latency]);
                // f32 FFTs of a few thousand points keep about 6 digits.
                assert!(
                    (got - want).abs() < 5e-6,
                    "{sizes:?} at {n}: {got}, want {want}"
                );
            }
        }
    }

    #[test]
    fn a_sine_peaks_in_its_bin() {
        let sizes = sizes(2048, 512, 256);
        let mut analysis = Analysis::new(sizes);
        let mut spectrum = vec![Complex32::default(); sizes.num_bins()];
        let omega = 2.0 * PI * 93.0 / 2048.0;
        let input: Vec<f32> = (0..4096).map(|n| (omega * n as f64).sin() as f32).collect();
        for hop in input.chunks_exact(256) {
            analysis.process(hop, &mut spectrum);
        }
        let peak = (0..sizes.num_bins())
            .max_by(|&a, &b| spectrum[a].norm().total_cmp(&spectrum[b].norm()))
            .expect("there are bins");
        assert_eq!(peak, 93);
    }

    #[test]
    fn reset_is_like_new() {
        let sizes = sizes(512, 256, 128);
        let input = noise(128 * 10);
        let fresh = round_trip(sizes, &input);
        let mut analysis = Analysis::new(sizes);
        let mut synthesis = Synthesis::new(sizes);
        let mut spectrum = vec![Complex32::default(); sizes.num_bins()];
        let mut hop = vec![0.0; 128];
        for round in 0..2 {
            for (x, want) in input.chunks_exact(128).zip(fresh.chunks_exact(128)) {
                analysis.process(x, &mut spectrum);
                synthesis.process(&mut spectrum, &mut hop);
                assert_eq!(hop, want, "round {round}");
            }
            analysis.reset();
            synthesis.reset();
        }
    }
}
