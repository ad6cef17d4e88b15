//! The spectral residual: how much louder or quieter an estimate is than the true stem, at each
//! time and frequency.

use super::super::spectrogram::{View, levels_db};
use crate::audio_file::Audio;

/// The estimate's level less the true one in dB at the points of a picture, `[column][row]`, rows
/// from low to high. Levels more than the view's range below the true stem's loudest count as that:
/// what neither can be heard in differs by nothing.
pub fn spectral_residual_db(
    truth: &Audio,
    estimate: &Audio,
    view: &View,
    points: (usize, usize),
) -> Vec<Vec<f32>> {
    let (truth, estimate) = (
        levels_db(truth, view, points),
        levels_db(estimate, view, points),
    );
    let loudest = truth
        .iter()
        .flatten()
        .copied()
        .fold(f32::NEG_INFINITY, f32::max);
    let floor_db = loudest - view.range_db;
    let columns = truth.iter().zip(&estimate).map(|(truth, estimate)| {
        let rows = truth.iter().zip(estimate);
        rows.map(|(truth, estimate)| estimate.max(floor_db) - truth.max(floor_db))
            .collect()
    });
    columns.collect()
}

#[cfg(test)]
mod tests {
    use super::super::test_signals::{sine, sum};
    use super::*;
    use crate::plot::ColourMap;
    use crate::report::frequency_axis::{FrequencyAxis, FrequencyScale};
    use crate::stem::Stereo;

    const POINTS: (usize, usize) = (20, 100);

    fn audio(channels: Stereo) -> Audio {
        Audio {
            rate_hz: 8_000.0,
            num_source_channels: 2,
            channels,
        }
    }

    fn view() -> View {
        View {
            window_samples: 512,
            hop_samples: 128,
            axis: FrequencyAxis {
                scale: FrequencyScale::Linear,
                low_hz: 0.0,
                high_hz: 4_000.0,
            },
            range_db: 60.0,
            top_db: None,
            colours: ColourMap::Sides,
            size: (320, 240),
        }
    }

    #[test]
    fn levels_differ_where_they_do() {
        let tone = |frequency| [(); 2].map(|()| sine(frequency, 0.0, 16_000));
        let (low, high) = (tone(0.125), tone(0.375));
        // At 1 kHz 6 dB quieter, at 3 kHz 20 dB too loud, and nothing elsewhere.
        let truth = sum(&[(0.5, &low), (0.01, &high)]);
        let estimate = sum(&[(0.25, &low), (0.1, &high)]);
        let got = spectral_residual_db(&audio(truth.clone()), &audio(estimate), &view(), POINTS);
        for column in &got[2..18] {
            assert!((column[25] + 6.02).abs() < 0.02, "{}", column[25]);
            assert!((column[75] - 20.0).abs() < 0.02, "{}", column[75]);
            assert!(column[50].abs() < 0.02, "{}", column[50]);
        }
        // What is there and should not be stands out from the floor, 60 dB below the loudest.
        let extra = sum(&[(1.0, &truth), (0.05, &tone(0.25))]);
        let got = spectral_residual_db(&audio(truth), &audio(extra), &view(), POINTS);
        for column in &got[2..18] {
            assert!((column[50] - 40.0).abs() < 0.1, "{}", column[50]);
        }
    }

    #[test]
    fn silence_differs_from_silence_by_nothing() {
        let silence = || audio([vec![0.0; 16_000], vec![0.0; 16_000]]);
        let got = spectral_residual_db(&silence(), &silence(), &view(), POINTS);
        assert!(got.iter().flatten().all(|db| *db == 0.0));
    }
}
