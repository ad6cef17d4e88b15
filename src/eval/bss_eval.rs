//! BSSEval version 4, as museval 0.4 computes it (Stöter, Liutkus & Ito, "The 2018 signal
//! separation evaluation campaign", LVA/ICA 2018; Vincent et al., IEEE TASLP 14(4), 2006).
//!
//! An estimate is split, by least-squares [`filters`](super::filters) over the whole song, into
//! the true stem `s`, what of its own stem is filtered (`p − s`), what of the other stems is in it
//! (`q − p`), and the rest (`e − q`); `p` is its projection on its own stem, `q` on all. Per frame:
//! `SDR = s / (s − e)`, `ISR = s / (p − s)`, `SIR = p / (q − p)`, `SAR = q / (e − q)`, in dB of
//! energies over both channels.
//!
//! What differs from museval: a stem that is silent for the whole song, or that has no estimate,
//! is left out instead of costing every frame; and no score is above
//! [`MAX_SCORE_DB`], where museval has infinity.

use std::cell::OnceCell;
use std::sync::Arc;

use serde::Serialize;
use unbraid_fft::{Complex32, RealToComplex, plan_forward};

use super::filters::{Block, FILTER_TAPS, correlations, solve};
use super::{Stereo, frames, is_silent, part};
use crate::score::{MAX_SCORE_DB, sdr_db};
use crate::stem::{NUM_CHANNELS, NUM_STEMS};

/// Channels of all stems.
const NUM_SIGNALS: usize = NUM_STEMS * NUM_CHANNELS;

/// One stem's scores in one frame, in dB.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FrameScore {
    pub sdr_db: f64,
    /// `None` unless asked for.
    #[serde(flatten)]
    pub parts: Option<PartScores>,
}

/// What the error is made of, in dB.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PartScores {
    /// Image to spatial (and filtering) distortion.
    pub isr_db: f64,
    /// Source to interference.
    pub sir_db: f64,
    /// Sources to artifacts.
    pub sar_db: f64,
}

/// The true stems of one song.
pub struct BssEval<'a> {
    stems: &'a [Stereo; NUM_STEMS],
    rate_hz: f64,
    /// Of the true stems with each other; made when first needed.
    correlations: OnceCell<Vec<Block<NUM_SIGNALS>>>,
}

impl<'a> BssEval<'a> {
    /// All stems are of one length, at `rate_hz`.
    pub fn new(stems: &'a [Stereo; NUM_STEMS], rate_hz: f64) -> Self {
        Self {
            stems,
            rate_hz,
            correlations: OnceCell::new(),
        }
    }

    /// Each stem's scores by frame: `None` for a frame in which a sounding stem or an estimate of
    /// one is silent. A stem without estimate, or silent for the whole song, has no frames.
    /// `with_parts` says whether ISR, SIR and SAR are wanted, which cost most.
    pub fn frames(
        &self,
        estimates: &[Option<Stereo>; NUM_STEMS],
        with_parts: bool,
    ) -> [Vec<Option<FrameScore>>; NUM_STEMS] {
        let num_samples = self.stems[0][0].len();
        let sounds = |signal: &Stereo| !is_silent(part(signal, 0..num_samples));
        let sounding: Vec<usize> = (0..NUM_STEMS).filter(|&s| sounds(&self.stems[s])).collect();
        let scored = sounding
            .iter()
            .filter_map(|&stem| Some((stem, estimates[stem].as_ref()?)));
        let scored: Vec<(usize, &Stereo)> = scored.collect();
        let mut parts = with_parts.then(|| Decomposition::new(self, &scored));
        let mut scores: [Vec<Option<FrameScore>>; NUM_STEMS] = Default::default();
        for frame in frames(num_samples, self.rate_hz) {
            let silent = |signal: &Stereo| is_silent(part(signal, frame.clone()));
            let dropped = sounding.iter().any(|&stem| silent(&self.stems[stem]))
                || scored.iter().any(|(_, estimate)| silent(estimate));
            if let Some(parts) = parts.as_mut().filter(|_| !dropped) {
                parts.transform(self.stems, &scored, frame.clone());
            }
            for &(stem, estimate) in &scored {
                let score = (!dropped).then(|| FrameScore {
                    sdr_db: sdr_db(
                        &part(&self.stems[stem], frame.clone()),
                        &part(estimate, frame.clone()),
                    )
                    .expect("the stem sounds in this frame"),
                    parts: parts.as_ref().map(|parts| parts.scores(stem)),
                });
                scores[stem].push(score);
            }
        }
        scores
    }

    fn correlations(&self) -> &[Block<NUM_SIGNALS>] {
        self.correlations.get_or_init(|| {
            let signals = signals(|stem| Some(&self.stems[stem]), &[]);
            correlations(signals, signals)
        })
    }
}

/// The channels of all stems in order; what is missing is `silence`.
fn signals<'a>(
    stem: impl Fn(usize) -> Option<&'a Stereo>,
    silence: &'a [f32],
) -> [&'a [f32]; NUM_SIGNALS] {
    std::array::from_fn(|signal| {
        stem(signal / NUM_CHANNELS).map_or(silence, |stem| &stem[signal % NUM_CHANNELS])
    })
}

/// The spectra of filters, stems and estimates. Energies follow from them by Parseval's theorem,
/// so nothing is transformed back.
struct Decomposition {
    fft: Arc<dyn RealToComplex<f32>>,
    /// Of the filters from all stems, `[signal of a stem][signal of an estimate]`.
    all: Vec<Vec<Vec<Complex32>>>,
    /// Of the filters from the own stem alone, `[signal of an estimate][channel of the stem]`.
    own: Vec<Vec<Vec<Complex32>>>,
    stems: Vec<Vec<Complex32>>,
    estimates: Vec<Vec<Complex32>>,
}

impl Decomposition {
    fn new(truth: &BssEval, scored: &[(usize, &Stereo)]) -> Self {
        let num_samples = truth.stems[0][0].len();
        let silence = vec![0.0; num_samples];
        let estimate = |stem| scored.iter().find(|s| s.0 == stem).map(|s| s.1);
        let own = truth.correlations();
        let wanted = correlations(
            signals(|stem| Some(&truth.stems[stem]), &[]),
            signals(estimate, &silence),
        );
        let all = solve(own, &wanted);
        let own: Vec<Vec<Block<NUM_CHANNELS>>> = (0..NUM_STEMS)
            .map(|stem| {
                let of_stem = |blocks: &[Block<NUM_SIGNALS>]| {
                    let at = |i| stem * NUM_CHANNELS + i;
                    let part = |block: &Block<NUM_SIGNALS>| {
                        std::array::from_fn(|i| std::array::from_fn(|j| block[at(i)][at(j)]))
                    };
                    blocks
                        .iter()
                        .map(part)
                        .collect::<Vec<Block<NUM_CHANNELS>>>()
                };
                solve(&of_stem(own), &of_stem(&wanted))
            })
            .collect();

        let frame_samples = frames(num_samples, truth.rate_hz)
            .next()
            .map_or(0, |f| f.len());
        let fft = plan_forward((frame_samples + FILTER_TAPS).next_power_of_two());
        let transform = |taps: &dyn Fn(usize) -> f64| {
            let taps: Vec<f32> = (0..FILTER_TAPS).map(|tap| taps(tap) as f32).collect();
            spectrum(fft.as_ref(), &taps)
        };
        let all = (0..NUM_SIGNALS).map(|i| {
            let filters = (0..NUM_SIGNALS).map(|j| transform(&|tap| all[tap][i][j]));
            filters.collect()
        });
        let own = (0..NUM_SIGNALS).map(|j| {
            let (stem, channel) = (j / NUM_CHANNELS, j % NUM_CHANNELS);
            let filters = (0..NUM_CHANNELS).map(|i| transform(&|tap| own[stem][tap][i][channel]));
            filters.collect()
        });
        Self {
            all: all.collect(),
            own: own.collect(),
            stems: Vec::new(),
            estimates: Vec::new(),
            fft,
        }
    }

    /// Takes a frame in.
    fn transform(
        &mut self,
        stems: &[Stereo; NUM_STEMS],
        scored: &[(usize, &Stereo)],
        frame: std::ops::Range<usize>,
    ) {
        let of = |signal: &[f32]| match signal {
            [] => Vec::new(),
            _ => spectrum(self.fft.as_ref(), &signal[frame.clone()]),
        };
        let estimate = |stem| scored.iter().find(|s| s.0 == stem).map(|s| s.1);
        self.stems = signals(|stem| Some(&stems[stem]), &[]).map(of).into();
        self.estimates = signals(estimate, &[]).map(of).into();
    }

    /// The scores of a stem that has an estimate, in the frame taken in last.
    fn scores(&self, stem: usize) -> PartScores {
        let mut energies = [0.0; 6];
        let num_bins = self.stems[0].len();
        for signal in stem * NUM_CHANNELS..(stem + 1) * NUM_CHANNELS {
            for bin in 0..num_bins {
                let s = self.stems[signal][bin];
                let own = (0..NUM_CHANNELS).map(|channel| {
                    self.own[signal][channel][bin] * self.stems[stem * NUM_CHANNELS + channel][bin]
                });
                let p: Complex32 = own.sum();
                let all = (0..NUM_SIGNALS).map(|i| self.all[i][signal][bin] * self.stems[i][bin]);
                let q: Complex32 = all.sum();
                let e = self.estimates[signal][bin];
                // Bins between the ends stand for their mirror images too.
                let weight = if bin == 0 || bin == num_bins - 1 {
                    1.0
                } else {
                    2.0
                };
                for (sum, part) in energies.iter_mut().zip([s, p - s, p, q - p, q, e - q]) {
                    *sum += weight * f64::from(part.norm_sqr());
                }
            }
        }
        let [s, spatial, own, interference, all, artifacts] = energies;
        let ratio_db = |a: f64, b: f64| (10.0 * (a / b).log10()).clamp(-MAX_SCORE_DB, MAX_SCORE_DB);
        PartScores {
            isr_db: ratio_db(s, spatial),
            sir_db: ratio_db(own, interference),
            sar_db: ratio_db(all, artifacts),
        }
    }
}

/// The unnormalised spectrum of a signal and the silence after it.
fn spectrum(fft: &dyn RealToComplex<f32>, signal: &[f32]) -> Vec<Complex32> {
    let mut input = fft.make_input_vec();
    input[..signal.len()].copy_from_slice(signal);
    let mut output = fft.make_output_vec();
    fft.process(&mut input, &mut output)
        .expect("all lengths come from the plan");
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: f64 = 44_100.0;
    const LENGTH: usize = 3 * 44_100;

    fn noise(level: f64, seed: u32) -> Vec<f64> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            level * (f64::from(state) / f64::from(1_u32 << 31) - 1.0)
        };
        (0..LENGTH).map(|_| next()).collect()
    }

    fn sine(level: f64, phase: f64) -> Vec<f64> {
        let omega = std::f64::consts::TAU * 440.0 / RATE_HZ;
        (0..LENGTH)
            .map(|n| level * (omega * n as f64 + phase).sin())
            .collect()
    }

    /// Stems A and B, the two that are silent, and estimates of the former.
    fn golden() -> ([Stereo; NUM_STEMS], [Option<Stereo>; NUM_STEMS]) {
        let a = [sine(0.8, 0.0), sine(0.5, 0.3)];
        let b = [noise(0.3, 1), noise(0.3, 2)];
        let c = [noise(0.2, 3), noise(0.2, 4)];
        let blend = |weights: [f64; 3]| -> Stereo {
            std::array::from_fn(|channel| {
                let at = |n: usize| {
                    let parts = [a[channel][n], b[channel][n], c[channel][n]];
                    let sum: f64 = parts.iter().zip(weights).map(|(x, w)| x * w).sum();
                    sum as f32
                };
                (0..LENGTH).map(at).collect()
            })
        };
        let silence = || [vec![0.0; LENGTH], vec![0.0; LENGTH]];
        (
            [
                blend([1.0, 0.0, 0.0]),
                blend([0.0, 1.0, 0.0]),
                silence(),
                silence(),
            ],
            [
                Some(blend([0.9, 0.1, 0.05])),
                Some(blend([0.05, 0.8, 0.05])),
                Some(silence()),
                None,
            ],
        )
    }

    /// By museval 0.4.1 (`tests/data/museval_golden.py`): SDR, ISR, SIR and SAR of each frame.
    const GOLDEN_DB: [[[f64; 3]; 4]; 2] = [
        [
            [19.390098, 19.389567, 19.409640],
            [19.999162, 19.999162, 19.999162],
            [27.796790, 27.768266, 27.755959],
            [37.405017, 37.358182, 37.363623],
        ],
        [
            [12.235541, 12.231175, 12.265357],
            [13.971547, 13.971422, 13.973334],
            [15.429419, 15.357070, 15.391309],
            [27.812984, 27.743796, 27.766136],
        ],
    ];

    #[test]
    fn golden_frames() {
        let (stems, estimates) = golden();
        let scores = BssEval::new(&stems, RATE_HZ).frames(&estimates, true);
        for stem in 0..2 {
            for frame in 0..3 {
                let score = scores[stem][frame].expect("no frame is silent");
                let parts = score.parts.expect("they were asked for");
                let got_db = [score.sdr_db, parts.isr_db, parts.sir_db, parts.sar_db];
                for (metric, got_db) in got_db.into_iter().enumerate() {
                    let want_db = GOLDEN_DB[stem][metric][frame];
                    // A pure tone's filters are nearly undetermined: they leave 1e-5 to rounding.
                    assert!(
                        (got_db - want_db).abs() <= 5e-5,
                        "stem {stem} metric {metric} frame {frame}: {got_db}, want {want_db}"
                    );
                }
            }
        }
        assert!(
            scores[2].is_empty() && scores[3].is_empty(),
            "silent stems have no frames"
        );
    }

    #[test]
    fn a_frame_with_a_silent_stem_counts_for_none() {
        let (mut stems, estimates) = golden();
        stems[0]
            .iter_mut()
            .for_each(|x| x[44_100..88_200].fill(0.0));
        // The channels' sum is what museval looks at.
        stems[0][0][50_000] = 0.5;
        stems[0][1][50_000] = -0.5;
        let scores = BssEval::new(&stems, RATE_HZ).frames(&estimates, false);
        for stem in 0..2 {
            for frame in [0, 2] {
                let got_db = scores[stem][frame].expect("it sounds").sdr_db;
                assert!((got_db - GOLDEN_DB[stem][0][frame]).abs() <= 5e-5);
            }
            assert_eq!(scores[stem][1], None);
        }
    }

    #[test]
    fn a_silent_estimate_drops_a_frame_unless_its_stem_never_sounds() {
        let (stems, mut estimates) = golden();
        let [_, b, ..] = &mut estimates;
        b.as_mut().expect("it is there")[0][..44_100].fill(0.0);
        b.as_mut().expect("it is there")[1][..44_100].fill(0.0);
        let scores = BssEval::new(&stems, RATE_HZ).frames(&estimates, false);
        for stem in 0..2 {
            let kept: Vec<bool> = scores[stem].iter().map(Option::is_some).collect();
            assert_eq!(kept, [false, true, true]);
        }
    }
}
