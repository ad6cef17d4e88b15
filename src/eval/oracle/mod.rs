//! Oracles: what a filter of a kind could do if it knew the true stems. Ceilings, no separators.
//!
//! All filter the mix's STFT, with the windows that the network uses: [`FIELD_SIZES`], or the
//! network's own.

mod wiener;

use unbraid_fft::Complex32;

use super::Stereo;
use crate::dsp::grid::Grid;
use crate::dsp::stft::{Analysis, StftSizes, Synthesis};
use crate::nn::config::{ConvTasNetConfig, FrontEnd, StftFrontEnd};
use crate::nn::features::BandFeatures;
use crate::stem::{NUM_CHANNELS, NUM_STEMS};

/// As the field's campaigns have it: 4096-sample windows every 1024, at 44.1 kHz.
pub const FIELD_SIZES: StftSizes = StftSizes {
    analysis_samples: 4096,
    synthesis_samples: 4096,
    hop_samples: 1024,
};

/// The spectra of both channels.
type Spectra = [Vec<Complex32>; NUM_CHANNELS];

/// A filter that knows the true stems.
#[derive(Clone, Debug, PartialEq)]
pub enum Oracle {
    /// Ratio mask of magnitudes (exponent 1) on [`FIELD_SIZES`].
    RatioMask,
    /// The same on a network's windows, hop, bands and mask channels: its ceiling.
    ModelRatioMask {
        front_end: StftFrontEnd,
        mask_per_channel: bool,
    },
    /// Every bin of [`FIELD_SIZES`] goes whole to the stem that is loudest in it.
    BinaryMask,
    /// Multichannel Wiener filter on [`FIELD_SIZES`], which also knows where each stem is.
    Wiener,
}

impl Oracle {
    /// The ratio mask of a network; `None` if it has a learned front end.
    pub fn of_model(config: &ConvTasNetConfig) -> Option<Self> {
        match &config.front_end {
            FrontEnd::Stft(front_end) => Some(Self::ModelRatioMask {
                front_end: front_end.clone(),
                mask_per_channel: config.mask_per_channel,
            }),
            FrontEnd::Learned(_) => None,
        }
    }

    /// Filters the mix into stems, in time with it. All are of one length, at `rate_hz`.
    pub fn separate(
        &self,
        mix: &Stereo,
        stems: &[Stereo; NUM_STEMS],
        rate_hz: f64,
    ) -> [Stereo; NUM_STEMS] {
        let grid = Grid::new(rate_hz);
        let sizes = FIELD_SIZES.on(&grid);
        match self {
            Self::RatioMask => filter(sizes, mix, stems, |mix, stems, filtered| {
                mask_bins(mix, filtered, |channel, bin, masks| {
                    *masks = std::array::from_fn(|s| stems[s][channel][bin].norm());
                    normalise(masks);
                });
            }),
            Self::BinaryMask => filter(sizes, mix, stems, |mix, stems, filtered| {
                mask_bins(mix, filtered, |channel, bin, masks| {
                    let power = |s: usize| stems[s][channel][bin].norm_sqr();
                    let loudest = (0..NUM_STEMS).max_by(|&a, &b| power(a).total_cmp(&power(b)));
                    *masks = [0.0; NUM_STEMS];
                    masks[loudest.expect("there are stems")] = 1.0;
                });
            }),
            Self::ModelRatioMask {
                front_end,
                mask_per_channel,
            } => {
                let sizes = front_end.sizes().on(&grid);
                let features = BandFeatures::new(front_end, &grid);
                let bands = front_end.bands.mask_bands(&grid, sizes.analysis_samples);
                let silence = vec![0.0; features.bins().len()];
                let mut powers = [(); NUM_STEMS].map(|()| [silence.clone(), silence.clone()]);
                filter(sizes, mix, stems, |mix, stems, filtered| {
                    for (stem, powers) in stems.iter().zip(&mut powers) {
                        for (spectrum, powers) in stem.iter().zip(powers) {
                            features.write_powers(spectrum, powers);
                        }
                    }
                    mask_bins(mix, filtered, |channel, bin, masks| {
                        *masks = powers.each_ref().map(|of_stem| {
                            let power = |channel: usize| of_stem[channel][bands[bin]];
                            let power = if *mask_per_channel {
                                power(channel)
                            } else {
                                power(0) + power(1)
                            };
                            power.sqrt()
                        });
                        normalise(masks);
                    });
                })
            }
            Self::Wiener => wiener::separate(sizes, mix, stems),
        }
    }
}

/// Masks that sum to 1, or to 0 where there is nothing to share out.
fn normalise(masks: &mut [f32; NUM_STEMS]) {
    let sum: f32 = masks.iter().sum();
    let scale = if sum > 0.0 { sum.recip() } else { 0.0 };
    masks.iter_mut().for_each(|mask| *mask *= scale);
}

/// Multiplies each bin of the mix by the stems' masks, which `set` writes for a channel and bin.
fn mask_bins(
    mix: &Spectra,
    filtered: &mut [Spectra; NUM_STEMS],
    mut set: impl FnMut(usize, usize, &mut [f32; NUM_STEMS]),
) {
    let mut masks = [0.0; NUM_STEMS];
    for channel in 0..NUM_CHANNELS {
        for bin in 0..mix[channel].len() {
            set(channel, bin, &mut masks);
            for (filtered, mask) in filtered.iter_mut().zip(masks) {
                filtered[channel][bin] = mix[channel][bin] * mask;
            }
        }
    }
}

/// Calls `visit` with the spectra of the mix and of the stems in every frame.
fn analyse(
    sizes: StftSizes,
    mix: &Stereo,
    stems: &[Stereo; NUM_STEMS],
    mut visit: impl FnMut(&Spectra, &[Spectra; NUM_STEMS]),
) {
    let spectra = || [(); NUM_CHANNELS].map(|()| vec![Complex32::default(); sizes.num_bins()]);
    let analysis = || [(); NUM_CHANNELS].map(|()| Analysis::new(sizes));
    let mut mix_spectra = spectra();
    let mut stem_spectra = [(); NUM_STEMS].map(|()| spectra());
    let mut mix_analysis = analysis();
    let mut stem_analyses = [(); NUM_STEMS].map(|()| analysis());
    let mut hop = vec![0.0; sizes.hop_samples];
    let num_samples = mix[0].len();
    for start in (0..num_samples + sizes.latency_samples()).step_by(sizes.hop_samples) {
        let mut take = |signal: &Stereo, analyses: &mut [Analysis], spectra: &mut Spectra| {
            for ((signal, analysis), spectrum) in signal.iter().zip(analyses).zip(spectra) {
                let rest = signal.get(start..).unwrap_or(&[]);
                let length = rest.len().min(hop.len());
                hop[..length].copy_from_slice(&rest[..length]);
                hop[length..].fill(0.0);
                analysis.process(&hop, spectrum);
            }
        };
        take(mix, &mut mix_analysis, &mut mix_spectra);
        let stems = stems.iter().zip(&mut stem_analyses);
        for ((stem, analyses), spectra) in stems.zip(&mut stem_spectra) {
            take(stem, analyses, spectra);
        }
        visit(&mix_spectra, &stem_spectra);
    }
}

/// Calls `write` to fill the stems' spectra of every frame, and makes signals of them.
fn filter(
    sizes: StftSizes,
    mix: &Stereo,
    stems: &[Stereo; NUM_STEMS],
    mut write: impl FnMut(&Spectra, &[Spectra; NUM_STEMS], &mut [Spectra; NUM_STEMS]),
) -> [Stereo; NUM_STEMS] {
    let spectrum = || vec![Complex32::default(); sizes.num_bins()];
    let mut filtered = [(); NUM_STEMS].map(|()| [spectrum(), spectrum()]);
    let mut syntheses =
        [(); NUM_STEMS].map(|()| [(); NUM_CHANNELS].map(|()| Synthesis::new(sizes)));
    let mut hop = vec![0.0; sizes.hop_samples];
    let mut signals: [Stereo; NUM_STEMS] = Default::default();
    analyse(sizes, mix, stems, |mix, stems| {
        write(mix, stems, &mut filtered);
        let channels = filtered.iter_mut().flatten();
        let channels = channels.zip(syntheses.iter_mut().flatten());
        for ((spectrum, synthesis), signal) in channels.zip(signals.iter_mut().flatten()) {
            synthesis.process(spectrum, &mut hop);
            signal.extend_from_slice(&hop);
        }
    });
    for signal in signals.iter_mut().flatten() {
        signal.drain(..sizes.latency_samples());
        signal.truncate(mix[0].len());
    }
    signals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;
    use crate::score::sdr_db;

    const RATE_HZ: f64 = 44_100.0;
    /// No multiple of a hop.
    const LENGTH: usize = 30_001;

    fn sine(hz: f64, pan: [f32; 2]) -> Stereo {
        let at = |n: usize| (std::f64::consts::TAU * hz * n as f64 / RATE_HZ).sin() as f32;
        pan.map(|gain| (0..LENGTH).map(|n| gain * at(n)).collect())
    }

    fn noise(stream: u64, pan: [f32; 2]) -> Stereo {
        let mut dice = Dice::new(5, stream);
        let mono: Vec<f32> = (0..LENGTH)
            .map(|_| dice.between(-0.5, 0.5) as f32)
            .collect();
        pan.map(|gain| mono.iter().map(|x| gain * x).collect())
    }

    fn mix(stems: &[Stereo; NUM_STEMS]) -> Stereo {
        std::array::from_fn(|channel| {
            let at = |n: usize| stems.iter().map(|stem| stem[channel][n]).sum();
            (0..LENGTH).map(at).collect()
        })
    }

    fn oracles() -> [Oracle; 4] {
        [
            Oracle::RatioMask,
            Oracle::of_model(&ConvTasNetConfig::live()).expect("it has an STFT front end"),
            Oracle::BinaryMask,
            Oracle::Wiener,
        ]
    }

    #[test]
    fn what_sounds_alone_passes_whole_and_in_time() {
        let silence = || [vec![0.0; LENGTH], vec![0.0; LENGTH]];
        let stems = [noise(0, [1.0, 0.5]), silence(), silence(), silence()];
        for rate_hz in [RATE_HZ, 48_000.0] {
            for oracle in oracles() {
                let got = oracle.separate(&mix(&stems), &stems, rate_hz);
                let sdr_db = sdr_db(&stems[0], &got[0]).expect("it sounds");
                // f32 transforms there and back: 120 dB; the Wiener filter's inverse, regularised
                // by 1e-10 of a rank-one matrix: 70 dB.
                assert!(sdr_db > 60.0, "{oracle:?}: {sdr_db}");
                for stem in &got[1..] {
                    let peak = stem.iter().flatten().fold(0.0_f32, |a, x| a.max(x.abs()));
                    assert!(peak < 1e-3, "{oracle:?}: {peak}");
                }
            }
        }
    }

    #[test]
    fn stems_of_other_frequencies_are_told_apart() {
        let stems = [
            sine(300.0, [0.5, 0.5]),
            sine(1_000.0, [0.5, 0.2]),
            sine(3_000.0, [0.1, 0.5]),
            sine(8_000.0, [0.4, 0.4]),
        ];
        for oracle in oracles() {
            let got = oracle.separate(&mix(&stems), &stems, RATE_HZ);
            for stem in 0..NUM_STEMS {
                let sdr_db = sdr_db(&stems[stem], &got[stem]).expect("it sounds");
                // Leaves room for the sines' ends, which are clicks in all bands.
                assert!(sdr_db > 15.0, "{oracle:?}, stem {stem}: {sdr_db}");
            }
        }
    }

    #[test]
    fn only_the_wiener_filter_hears_where_a_stem_is() {
        // Of one spectrum, in three places: two noises can be unmixed exactly, three can't.
        let silence = || [vec![0.0; LENGTH], vec![0.0; LENGTH]];
        let stems = [
            noise(1, [1.0, 0.0]),
            noise(2, [0.6, 0.8]),
            silence(),
            silence(),
        ];
        let score = |oracle: &Oracle| {
            let got = oracle.separate(&mix(&stems), &stems, RATE_HZ);
            sdr_db(&stems[0], &got[0]).expect("it sounds")
        };
        let [ratio, _, binary, wiener] = oracles().map(|oracle| score(&oracle));
        assert!(
            wiener > 30.0 && ratio < 15.0 && binary < 15.0,
            "{wiener} {ratio} {binary}"
        );
    }

    #[test]
    fn a_mask_for_both_channels_is_the_same_in_both() {
        let mut config = ConvTasNetConfig::live();
        config.mask_per_channel = false;
        let oracle = Oracle::of_model(&config).expect("it has an STFT front end");
        // The stems differ on the left only; where the right mix is one stem alone, a mask of its
        // own would pass it whole.
        let silence = || [vec![0.0; LENGTH], vec![0.0; LENGTH]];
        let stems = [
            noise(3, [1.0, 1.0]),
            noise(4, [1.0, 0.0]),
            silence(),
            silence(),
        ];
        let got = oracle.separate(&mix(&stems), &stems, RATE_HZ);
        let leaked: f32 = got[1][1].iter().map(|x| x * x).sum();
        assert!(leaked > 1.0, "{leaked}");
        assert_eq!(Oracle::of_model(&ConvTasNetConfig::paper()), None);
    }
}
