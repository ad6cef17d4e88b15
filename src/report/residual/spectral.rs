//! The spectral residual: how much louder or quieter an estimate is than the true stem, at each
//! time and frequency.

/// The estimate's levels less the true ones in dB, `[column][row]` as both are. Levels more than
/// `range_db` below the loudest true one count as that: what can be heard in neither differs by
/// nothing.
pub fn spectral_residual_db(
    truth_db: &[Vec<f32>],
    estimate_db: &[Vec<f32>],
    range_db: f32,
) -> Vec<Vec<f32>> {
    let levels = truth_db.iter().flatten().copied();
    let floor_db = levels.fold(f32::NEG_INFINITY, f32::max) - range_db;
    let columns = truth_db.iter().zip(estimate_db).map(|(truth, estimate)| {
        let rows = truth.iter().zip(estimate);
        let differences =
            rows.map(|(truth, estimate)| estimate.max(floor_db) - truth.max(floor_db));
        differences.collect()
    });
    columns.collect()
}

#[cfg(test)]
mod tests {
    use super::super::test_signals::{sine, sum};
    use super::*;
    use crate::audio_file::Audio;
    use crate::plot::ColourMap;
    use crate::report::frequency_axis::{FrequencyAxis, FrequencyScale};
    use crate::report::spectrogram::{View, levels_db};
    use crate::stem::Stereo;

    /// Of a signal at 8 kHz, 20 columns of 100 rows.
    fn levels(channels: Stereo) -> Vec<Vec<f32>> {
        let audio = Audio {
            rate_hz: 8_000.0,
            num_source_channels: 2,
            channels,
        };
        let view = View {
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
        };
        levels_db(&audio, &view, (20, 100))
    }

    #[test]
    fn levels_differ_where_they_do() {
        let tone = |frequency| [(); 2].map(|()| sine(frequency, 0.0, 16_000));
        let (low, high) = (tone(0.125), tone(0.375));
        // At 1 kHz 6 dB too quiet, at 3 kHz 20 dB too loud, and right elsewhere.
        let truth = sum(&[(0.5, &low), (0.01, &high)]);
        let estimate = sum(&[(0.25, &low), (0.1, &high)]);
        let got = spectral_residual_db(&levels(truth.clone()), &levels(estimate), 60.0);
        for column in &got[2..18] {
            assert!((column[25] + 6.02).abs() < 0.02, "{}", column[25]);
            assert!((column[75] - 20.0).abs() < 0.02, "{}", column[75]);
            assert!(column[50].abs() < 0.02, "{}", column[50]);
        }
        // What is there and should not be stands out from the floor, 60 dB below the loudest.
        let extra = sum(&[(1.0, &truth), (0.05, &tone(0.25))]);
        let got = spectral_residual_db(&levels(truth), &levels(extra), 60.0);
        for column in &got[2..18] {
            assert!((column[50] - 40.0).abs() < 0.1, "{}", column[50]);
        }
    }

    #[test]
    fn silence_differs_from_silence_by_nothing() {
        let silence = || levels([vec![0.0; 16_000], vec![0.0; 16_000]]);
        let got = spectral_residual_db(&silence(), &silence(), 60.0);
        assert!(got.iter().flatten().all(|db| *db == 0.0));
    }
}
