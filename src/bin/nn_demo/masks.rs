//! A mask estimator: what Conv-TasNet does, as small as can be.
//!
//! Each stem is the mix times a mask in every band and frame. The ideal ratio mask (Narayanan &
//! Wang, ICASSP 2013) is the stem's share of the sum of all stems' magnitudes; the network sees
//! the mix's levels around a frame and estimates the four stems' masks in it:
//!
//! ```text
//! 7 frames × 40 bands, in dB → dense, 96 → tanh → dense, 4 × 40 → sigmoid
//! ```
//!
//! It learns from one part of the demo song, and is judged on another.

use std::ops::Range;
use std::path::Path;

use ndarray::{Array2, Axis, s};
use unbraid::dice::Dice;
use unbraid::plot::{self, ColourMap, Frame, PlotError, round_ticks};
use unbraid::report::frequency_axis::{FrequencyAxis, FrequencyScale};
use unbraid::score::si_sdr_db;
use unbraid::scratch_nn::Tensor;
use unbraid::scratch_nn::activation::{Sigmoid, Tanh};
use unbraid::scratch_nn::dense::Dense;
use unbraid::scratch_nn::layer::{Layer, Network};
use unbraid::scratch_nn::loss::Loss;
use unbraid::scratch_nn::optimiser::Adam;
use unbraid::scratch_nn::training::Trainer;
use unbraid::stem::{NUM_STEMS, Stem};

use crate::report;
use crate::song::{HOP_SAMPLES, RATE_HZ, Song, Spectra, held_out, signal, spectra};

/// Until it is learnt.
pub const EPOCHS: usize = 40;

const NUM_BANDS: usize = 40;
/// Frames that the network sees before and after the one to mask.
const CONTEXT: usize = 3;
/// Frames whose inputs share samples.
const REACH: usize = 2 * CONTEXT + 4;
const NUM_HIDDEN: usize = 96;

/// Equally wide as heard.
const BANDS: FrequencyAxis = FrequencyAxis {
    scale: FrequencyScale::Mel,
    low_hz: 0.0,
    high_hz: RATE_HZ / 2.0,
};

/// Scores of a stem on the held-out part, SI-SDR in dB.
#[derive(Clone, Copy, Debug)]
struct Scores {
    mix: f64,
    learnt: f64,
    /// With the ideal masks in the same bands.
    ideal: f64,
}

/// The masks of the held-out part.
pub struct Masks {
    /// The mix's level in each band in dB, `[frame][band]`.
    mix_db: Array2<f64>,
    /// `[frame][stem · NUM_BANDS + band]`, both.
    learnt: Array2<f64>,
    ideal: Array2<f64>,
    /// Indexed by `Stem as usize`.
    scores: [Scores; NUM_STEMS],
}

/// The bins of each band, at least one.
fn band_bins(num_bins: usize) -> Vec<Range<usize>> {
    let last = (num_bins - 1) as f64;
    let mut start = 0;
    let band = |band: usize| {
        let hz = BANDS.hz((band + 1) as f64 / NUM_BANDS as f64);
        let end = (hz / BANDS.high_hz * last).round() as usize + 1;
        let bins = start..end.max(start + 1);
        start = bins.end;
        bins
    };
    (0..NUM_BANDS).map(band).collect()
}

/// The magnitude of each band, `[frame][band]`: the root of the sum of its bins' powers.
fn magnitudes(spectra: &Spectra) -> Array2<f64> {
    let bands = band_bins(spectra[0].len());
    Array2::from_shape_fn((spectra.len(), NUM_BANDS), |(frame, band)| {
        let bins = spectra[frame][bands[band].clone()].iter();
        let power: f32 = bins.map(|bin| bin.norm_sqr()).sum();
        f64::from(power).sqrt()
    })
}

/// The stems' shares of each band, `[frame][stem · NUM_BANDS + band]`.
fn ideal_masks(stems: &[Array2<f64>; NUM_STEMS]) -> Array2<f64> {
    let sum = stems
        .iter()
        .fold(Array2::<f64>::zeros(stems[0].dim()), |sum, stem| sum + stem);
    // Silence is nobody's.
    let shares = stems
        .each_ref()
        .map(|stem| stem / &sum.mapv(|sum| sum.max(1e-9)));
    let views = shares.each_ref().map(|share| share.view());
    ndarray::concatenate(Axis(1), &views).expect("stems of one length")
}

/// Levels in dB with each frame's neighbours beside it, `[frame][neighbour · NUM_BANDS + band]`.
fn with_context(levels: &Array2<f64>) -> Array2<f64> {
    let last = levels.nrows() - 1;
    Array2::from_shape_fn(
        (levels.nrows(), (2 * CONTEXT + 1) * NUM_BANDS),
        |(frame, input)| {
            let (neighbour, band) = (input / NUM_BANDS, input % NUM_BANDS);
            // At the ends the outermost frame stands for what is beyond.
            levels[[(frame + neighbour).saturating_sub(CONTEXT).min(last), band]]
        },
    )
}

/// A stem, by its masks of all frames.
fn masked(mix: &Spectra, masks: &Array2<f64>, stem: Stem) -> Vec<f32> {
    let bands = band_bins(mix[0].len());
    let mut spectra = mix.clone();
    for (spectrum, masks) in spectra.iter_mut().zip(masks.outer_iter()) {
        for (band, bins) in bands.iter().enumerate() {
            let mask = masks[stem as usize * NUM_BANDS + band] as f32;
            spectrum[bins.clone()]
                .iter_mut()
                .for_each(|bin| *bin *= mask);
        }
    }
    signal(&spectra)
}

/// The masks of all frames, `[frame][stem · NUM_BANDS + band]`, by a network that learnt from some.
fn estimate(
    inputs: &Tensor,
    ideal: &Array2<f64>,
    learnt_from: &[usize],
    (epochs, seed): (usize, u64),
) -> Array2<f64> {
    let mut dice = Dice::new(seed, 0_u64);
    let mut trainer = Trainer {
        network: Network::new(vec![
            Box::new(Dense::new(inputs.shape()[1], NUM_HIDDEN, &mut dice)),
            Box::new(Tanh::default()),
            Box::new(Dense::new(NUM_HIDDEN, ideal.ncols(), &mut dice)),
            Box::new(Sigmoid::default()),
        ]),
        loss: Loss::BinaryCrossEntropy,
        optimiser: Box::new(Adam::new(2e-3)),
        batch_size: 32,
        dice,
    };
    let known_inputs = inputs.select(Axis(0), learnt_from);
    let known_masks = ideal.select(Axis(0), learnt_from).into_dyn();
    for epoch in 0..epochs {
        let loss = trainer.epoch(&known_inputs, &known_masks);
        report(epoch, epochs, loss);
    }
    let masks = trainer.network.forward(inputs).into_dimensionality();
    masks.expect("a row for each frame")
}

/// Trains the network and separates the part of the song that is held out.
pub fn learn(epochs: usize, seed: u64) -> Masks {
    let song = Song::render();
    let mix = spectra(&song.mix);
    let mix_db = magnitudes(&mix).mapv(|magnitude| (20.0 * magnitude.log10()).max(-60.0));
    let ideal = ideal_masks(&song.stems.each_ref().map(|stem| magnitudes(&spectra(stem))));
    let held_out = held_out(mix.len());
    // What lies nearer than the context and the windows reach is seen from neither side.
    let near = held_out.start - REACH..held_out.end + REACH;
    let learnt_from: Vec<usize> = (0..mix.len()).filter(|at| !near.contains(at)).collect();

    // Each band with mean 0 and deviation 1 where it is learnt from.
    let known = mix_db.select(Axis(0), &learnt_from);
    let mean = known.mean_axis(Axis(0)).expect("there are frames");
    let levels = (&mix_db - &mean) / known.std_axis(Axis(0), 0.0).mapv(|d| d.max(1.0));
    let inputs = with_context(&levels).into_dyn();

    let learnt = estimate(&inputs, &ideal, &learnt_from, (epochs, seed));

    let samples = held_out.start * HOP_SAMPLES..held_out.end * HOP_SAMPLES;
    let scores = Stem::ALL.map(|stem| {
        let score = |estimate: &[f32]| {
            let pair = [&song.stems[stem as usize], estimate].map(|of| &of[samples.clone()]);
            // Both channels hold the same.
            si_sdr_db(&[pair[0]; 2], &[pair[1]; 2]).expect("every stem sounds there")
        };
        let scores = Scores {
            mix: score(&song.mix),
            learnt: score(&masked(&mix, &learnt, stem)),
            ideal: score(&masked(&mix, &ideal, stem)),
        };
        let Scores { mix, learnt, ideal } = scores;
        eprintln!(
            "{:<6} SI-SDR {mix:>6.2} dB of the mix, {learnt:>6.2} dB with learnt masks, \
             {ideal:>6.2} dB with ideal ones",
            stem.title()
        );
        scores
    });
    let part = |of: &Array2<f64>| of.slice(s![held_out.clone(), ..]).to_owned();
    let masks = Masks {
        mix_db: part(&mix_db),
        learnt: part(&learnt),
        ideal: part(&ideal),
        scores,
    };
    eprintln!(
        "mean improvement over the mix: {:.2} dB",
        masks.mean_improvement_db()
    );
    masks
}

impl Masks {
    fn mean_improvement_db(&self) -> f64 {
        let gains = self.scores.iter().map(|scores| scores.learnt - scores.mix);
        gains.sum::<f64>() / NUM_STEMS as f64
    }

    /// Draws the mix, and each stem's ideal and learnt masks below.
    pub fn draw(self, path: &Path) -> Result<(), PlotError> {
        let seconds = (self.mix_db.nrows() * HOP_SAMPLES) as f64 / RATE_HZ;
        let loudest = self.mix_db.fold(f64::NEG_INFINITY, |a, &b| a.max(b));
        let row = |index: u32| Frame {
            left: 56,
            top: 44 + 196 * index,
            width: 1080,
            height: 140,
        };
        let cell = |values: &Array2<f64>, first: usize, x: f64, y: f64| {
            let (frames, bands) = (values.nrows() as f64, NUM_BANDS as f64);
            values[[(x * frames) as usize, first + (y * bands) as usize]]
        };
        plot::draw(path, (1200, 1012), |area| {
            let axes = |frame: &Frame| {
                frame.left_axis(area, "Hz", &BANDS.ticks(frame.height))?;
                frame.bottom_axis(area, "s", &round_ticks(0.0..seconds, 8))
            };
            let mix = row(0);
            let title = "The mix, of a part of the song that it had not heard. \
                         Below: the masks, 0 is purple, 1 yellow";
            mix.title(area, title)?;
            mix.paint(area, |x, y| {
                ColourMap::Magma.at(1.0 + (cell(&self.mix_db, 0, x, y) - loudest) / 60.0)
            })?;
            axes(&mix)?;
            for stem in Stem::ALL {
                let Scores { mix, learnt, ideal } = self.scores[stem as usize];
                let left = Frame {
                    width: 500,
                    ..row(stem as u32 + 1)
                };
                let right = Frame {
                    left: left.left + 580,
                    ..left
                };
                let name = stem.title();
                let gain = |score: f64| format!("{:+.1} dB over the mix", score - mix);
                for (frame, title, masks) in [
                    (left, format!("{name}, ideal: {}", gain(ideal)), &self.ideal),
                    (
                        right,
                        format!("{name}, learnt: {}", gain(learnt)),
                        &self.learnt,
                    ),
                ] {
                    frame.title(area, &title)?;
                    let first = stem as usize * NUM_BANDS;
                    frame.paint(area, |x, y| ColourMap::Viridis.at(cell(masks, first, x, y)))?;
                    axes(&frame)?;
                }
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_hold_every_bin_once() {
        let bands = band_bins(513);
        assert_eq!((bands[0].start, bands[NUM_BANDS - 1].end), (0, 513));
        assert!(bands.windows(2).all(|pair| pair[0].end == pair[1].start));
        assert!(bands.iter().all(|bins| !bins.is_empty()));
    }

    #[test]
    fn learnt_masks_separate_what_was_not_heard() {
        let masks = learn(EPOCHS, 1);
        // Measured: 4.3 to 4.5 dB with the first three seeds.
        assert!(masks.mean_improvement_db() > 4.0, "{:?}", masks.scores);
        for scores in masks.scores {
            assert!(
                scores.mix < scores.learnt && scores.learnt < scores.ideal,
                "{scores:?}"
            );
        }
    }
}
