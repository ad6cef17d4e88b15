//! The frame that the walk-through looks at, and its neighbours.

use std::f64::consts::TAU;
use std::sync::Arc;

use unbraid_fft::{Complex32, RealToComplex, plan_forward};

use crate::dsp::grid::Grid;
use crate::report::Material;

/// Levels below are as good as silence.
const FLOOR_DB: f32 = -140.0;

/// How far below the loudest frame the one that is shown may be.
const LOUD_DB: f64 = 10.0;

/// A passage as a list of numbers, and one loud frame of it on the way to its bins.
pub struct Walk {
    pub rate_hz: f64,
    /// Where the passage begins in the song.
    pub start_s: f64,
    /// The mean of both channels; as long as a window at least.
    pub samples: Vec<f32>,
    pub window_samples: usize,
    pub hop_samples: usize,
    /// Sample at which the frame begins.
    pub start: usize,
    fft: Arc<dyn RealToComplex<f32>>,
    /// Of the windowed frame, unnormalised: `Σ x[n]·w[n]·e^(−2πikn/N)`.
    pub spectrum: Vec<Complex32>,
    /// The level of a sine wave in each bin, `20·log10(2|X| / Σw)`.
    pub levels_db: Vec<f32>,
    /// The same without a window, `20·log10(2|X| / N)`.
    pub unwindowed_db: Vec<f32>,
}

impl Walk {
    pub fn new(material: &Material) -> Self {
        let rate_hz = material.rate_hz();
        let window_samples = Grid::new(rate_hz).samples(2048);
        let hop_samples = window_samples / 4;
        let [left, right] = material.mix();
        let mean = left.iter().zip(right).map(|(l, r)| 0.5 * (l + r));
        let mut samples: Vec<f32> = mean.collect();
        samples.resize(samples.len().max(window_samples), 0.0);
        let mut walk = Self {
            rate_hz,
            start_s: material.truth.seconds().start_s,
            samples,
            window_samples,
            hop_samples,
            start: 0,
            fft: plan_forward(window_samples),
            spectrum: Vec::new(),
            levels_db: Vec::new(),
            unwindowed_db: Vec::new(),
        };
        walk.start = walk.telling_start();
        let window = walk.window();
        walk.spectrum = walk.transform(walk.start, &window);
        walk.levels_db = walk.levels_db(walk.start);
        walk.unwindowed_db = walk.unwindowed_db(walk.start);
        walk
    }

    /// Of the frames no more than [`LOUD_DB`] below the loudest, the one in which the window
    /// matters most: whose valleys it deepens most.
    fn telling_start(&self) -> usize {
        let energy = |start: usize| -> f64 {
            let frame = &self.samples[start..start + self.window_samples];
            frame.iter().map(|&x| f64::from(x).powi(2)).sum()
        };
        let last = self.samples.len() - self.window_samples;
        let starts = (0..=last).step_by(self.hop_samples);
        let energies: Vec<(usize, f64)> = starts.map(|start| (start, energy(start))).collect();
        let loudest = energies
            .iter()
            .map(|(_, energy)| *energy)
            .fold(0.0, f64::max);
        let least = loudest * 10.0_f64.powf(-LOUD_DB / 10.0);
        let gained_db = |start: usize| -> f32 {
            let (without, with) = (self.unwindowed_db(start), self.levels_db(start));
            without
                .iter()
                .zip(&with)
                .map(|(without, with)| without - with)
                .sum()
        };
        let loud = energies.into_iter().filter(|(_, energy)| *energy >= least);
        let worth = loud.map(|(start, _)| (start, gained_db(start)));
        let best = worth.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        best.expect("the loudest is loud").0
    }

    fn unwindowed_db(&self, start: usize) -> Vec<f32> {
        let flat = vec![1.0; self.window_samples];
        levels(&self.transform(start, &flat), self.window_samples as f32)
    }

    /// The Hann window.
    pub fn window(&self) -> Vec<f32> {
        let at = |n: usize| 0.5 - 0.5 * (TAU * (n as f64 + 0.5) / self.window_samples as f64).cos();
        (0..self.window_samples).map(|n| at(n) as f32).collect()
    }

    /// The samples of the frame.
    pub fn frame(&self) -> &[f32] {
        &self.samples[self.start..self.start + self.window_samples]
    }

    /// The time of a sample in the song, in seconds.
    pub fn time_s(&self, sample: usize) -> f64 {
        self.start_s + sample as f64 / self.rate_hz
    }

    /// The level in dB of each bin of the frame that begins at a sample; silence follows the end.
    pub fn levels_db(&self, start: usize) -> Vec<f32> {
        let window = self.window();
        let sum = window.iter().sum();
        levels(&self.transform(start, &window), sum)
    }

    fn transform(&self, start: usize, window: &[f32]) -> Vec<Complex32> {
        let fft = &self.fft;
        let mut windowed = fft.make_input_vec();
        let frame = self.samples.get(start..).unwrap_or(&[]);
        for ((y, x), w) in windowed.iter_mut().zip(frame).zip(window) {
            *y = x * w;
        }
        let mut spectrum = fft.make_output_vec();
        fft.process(&mut windowed, &mut spectrum)
            .expect("the buffers are of the plan's own lengths");
        spectrum
    }

    /// The bins that are louder than their neighbours, from loud to quiet; at least one.
    pub fn peaks(&self) -> Vec<usize> {
        let power = |bin: usize| self.spectrum[bin].norm_sqr();
        let inner = 1..self.spectrum.len() - 1;
        let is_peak = |&bin: &usize| power(bin) > power(bin - 1) && power(bin) >= power(bin + 1);
        let mut peaks: Vec<usize> = inner.filter(is_peak).collect();
        peaks.sort_by(|&a, &b| power(b).total_cmp(&power(a)));
        if peaks.is_empty() {
            peaks.push(1);
        }
        peaks
    }
}

fn levels(spectrum: &[Complex32], window_sum: f32) -> Vec<f32> {
    let level =
        |value: &Complex32| (20.0 * (2.0 * value.norm() / window_sum).log10()).max(FLOOR_DB);
    spectrum.iter().map(level).collect()
}
