//! How the network hears: the bands of its STFT, or the filters that it learned.

use unbraid_fft::plan_forward;

use crate::nn::config::{FrontEnd, LearnedFrontEnd, StftFrontEnd};
use crate::plot::{self, ColourMap, Frame, round_ticks};
use crate::report::frequency_axis::{FrequencyAxis, FrequencyScale};
use crate::report::graph::Graph;
use crate::report::heat_map::{cell, colour_bar};
use crate::report::words::number;
use crate::report::{Network, Part, ReportError, TRUTH};
use crate::stem::NUM_CHANNELS;

/// Filters shorter than this are given silence after them, for a smooth spectrum.
const FFT_SAMPLES: usize = 1024;

/// From the brightest colour of a filter's spectrum to the darkest.
const RANGE_DB: f64 = 40.0;

pub fn parts(network: &Network) -> Result<Vec<Part>, ReportError> {
    match &network.model.config().front_end {
        FrontEnd::Stft(stft) => bands(stft),
        FrontEnd::Learned(learned) => {
            let encoder = &network.weights.tensor("encoder.weight").values;
            filters(learned, encoder)
        }
    }
}

fn bands(stft: &StftFrontEnd) -> Result<Vec<Part>, ReportError> {
    let edges_hz = stft.bands.edges_hz();
    let axis = FrequencyAxis {
        scale: FrequencyScale::Log,
        low_hz: 20.0,
        high_hz: 20e3,
    };
    let widest = edges_hz[edges_hz.len() - 1] - edges_hz[edges_hz.len() - 2];
    let graph = Graph {
        frame: Frame {
            left: 70,
            top: 34,
            width: 820,
            height: 170,
        },
        x: 0.0..1.0,
        y: 0.0..1.1 * widest,
    };
    let png = plot::png((940, 248), |area| {
        graph.grid(area, "Hz")?;
        let frame = &graph.frame;
        frame.bottom_axis(area, "Hz", &axis.ticks(frame.width))?;
        for edges in edges_hz.windows(2).filter(|edges| edges[0] >= axis.low_hz) {
            let middle = axis.place((edges[0] + edges[1]) / 2.0);
            let height = (edges[1] - edges[0]) / graph.y.end;
            frame.disc(area, (middle, height), 2, TRUTH)?;
        }
        frame.title(area, "Width of each band over its frequency")
    })?;
    let bands = &stft.bands;
    Ok(vec![Part::Picture {
        name: "network-bands.png".into(),
        png,
        caption: format!(
            "The {} bands, a dot each: {} Hz wide at the bottom, a bin each, so that low tones are told apart \
             as well as the window of {} samples can; from where that is more, {} % of their frequency, as the \
             ear has it. Above {} Hz all bins share the last band's mask.",
            edges_hz.len() - 1,
            number(bands.min_width_hz, 1),
            stft.analysis_samples,
            number(100.0 * bands.relative_width, 1),
            number(edges_hz[edges_hz.len() - 1], 0)
        ),
    }])
}

fn filters(learned: &LearnedFrontEnd, encoder: &[f32]) -> Result<Vec<Part>, ReportError> {
    let mut spectra = filter_spectra(learned, encoder);
    spectra.sort_by(|a, b| a.0.total_cmp(&b.0));
    let levels: Vec<Vec<f32>> = spectra.iter().map(|(_, levels)| levels.clone()).collect();
    let frame = Frame {
        left: 70,
        top: 34,
        width: 776,
        height: 280,
    };
    let top_hz = learned.rate_hz / 2.0;
    let axis = FrequencyAxis {
        scale: FrequencyScale::Linear,
        low_hz: 0.0,
        high_hz: top_hz,
    };
    let png = plot::png((940, 358), |area| {
        frame.paint(area, |x, y| {
            ColourMap::Magma.at(1.0 + f64::from(cell(&levels, x, y)) / RANGE_DB)
        })?;
        frame.left_axis(area, "Hz", &axis.ticks(frame.height))?;
        frame.bottom_axis(area, "filter", &round_ticks(0.0..levels.len() as f64, 8))?;
        frame.title(
            area,
            "Spectra of the encoder's filters, sorted by their centre frequency",
        )?;
        colour_bar(area, &frame, ColourMap::Magma, -RANGE_DB..0.0, "dB")
    })?;
    let middle = spectra.len() / 2;
    Ok(vec![Part::Picture {
        name: "network-filters.png".into(),
        png,
        caption: format!(
            "What each of the {} filters lets through, below its own highest level. The centre is the mean \
             frequency by power; half of the filters have theirs below {} Hz.",
            spectra.len(),
            number(spectra[middle].0, 0)
        ),
    }])
}

/// Each filter's centre frequency in Hz, and its levels in dB below its highest, by bin.
fn filter_spectra(learned: &LearnedFrontEnd, encoder: &[f32]) -> Vec<(f64, Vec<f32>)> {
    let window = learned.window_samples;
    let channels = if learned.stereo { NUM_CHANNELS } else { 1 };
    let length = window.next_power_of_two().max(FFT_SAMPLES);
    let fft = plan_forward(length);
    let (mut padded, mut spectrum) = (fft.make_input_vec(), fft.make_output_vec());
    let filters = encoder.chunks_exact(channels * window);
    let spectra = filters.map(|filter| {
        let mut powers = vec![0.0; spectrum.len()];
        for channel in filter.chunks_exact(window) {
            padded.fill(0.0);
            padded[..window].copy_from_slice(channel);
            fft.process(&mut padded, &mut spectrum)
                .expect("the buffers are of the plan's own lengths");
            for (power, bin) in powers.iter_mut().zip(&spectrum) {
                *power += bin.norm_sqr();
            }
        }
        let whole: f32 = powers.iter().sum();
        let weighted = powers
            .iter()
            .enumerate()
            .map(|(bin, power)| bin as f32 * power);
        let centre = f64::from(weighted.sum::<f32>() / whole.max(f32::MIN_POSITIVE));
        let highest = powers.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        let levels = powers
            .iter()
            .map(|power| 10.0 * (power / highest).max(1e-12).log10());
        (centre * learned.rate_hz / length as f64, levels.collect())
    });
    spectra.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_s_centre_is_its_tone() {
        let learned = LearnedFrontEnd {
            window_samples: 256,
            hop_samples: 64,
            num_filters: 2,
            stereo: true,
            rate_hz: 44_100.0,
        };
        // A Hann window keeps the tone's sides low.
        let tone = |hz: f64| {
            (0..512).map(move |n| {
                let at = f64::from(n % 256) / 44_100.0;
                let hann = (std::f64::consts::PI * f64::from(n % 256) / 256.0)
                    .sin()
                    .powi(2);
                (hann * (std::f64::consts::TAU * hz * at).sin()) as f32
            })
        };
        let encoder: Vec<f32> = tone(9_000.0).chain(tone(2_000.0)).collect();
        let got = filter_spectra(&learned, &encoder);
        for ((centre_hz, levels), want_hz) in got.iter().zip([9_000.0, 2_000.0]) {
            assert!(
                (centre_hz - want_hz).abs() < 20.0,
                "{centre_hz}, want {want_hz}"
            );
            let highest = levels
                .iter()
                .position(|level| *level == 0.0)
                .expect("it has a top");
            assert!((highest as f64 * 44_100.0 / 1024.0 - want_hz).abs() < 44.0);
        }
    }
}
