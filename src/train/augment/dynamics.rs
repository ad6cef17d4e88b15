//! Compression of a stem.

use super::{Stereo, each_frame, mean_square};
use crate::dsp::compressor::Compressor;

/// Attack and release of a compressor on a single channel.
const ATTACK_S: f64 = 0.008;
const RELEASE_S: f64 = 0.12;

/// Compresses 3:1 above a threshold that lies `depth_db` below the stem's mean level.
pub fn compress(stem: &mut Stereo, depth_db: f64, rate_hz: f64) {
    let threshold = mean_square(stem).sqrt() * 10.0_f64.powf(-depth_db / 20.0);
    if threshold == 0.0 {
        return;
    }
    let mut compressor = Compressor::new(threshold, ATTACK_S, RELEASE_S, rate_hz);
    each_frame(stem, |dry| compressor.process(dry));
}

#[cfg(test)]
mod tests {
    use super::super::test_signals::{RATE_HZ, sine};
    use super::*;

    /// A loud and a quiet half, 20 dB apart.
    fn loud_then_quiet() -> Stereo {
        let mut wave = sine(440.0, 88_200);
        for channel in &mut wave {
            channel[44_100..]
                .iter_mut()
                .for_each(|sample| *sample *= 0.1);
        }
        wave
    }

    /// By how much the settled loud part exceeds the settled quiet one.
    fn difference_db(wave: &Stereo) -> f64 {
        let level = |range: std::ops::Range<usize>| {
            mean_square(
                &wave
                    .each_ref()
                    .map(|channel| channel[range.clone()].to_vec()),
            )
        };
        10.0 * (level(22_050..44_100) / level(77_000..88_200)).log10()
    }

    #[test]
    fn level_differences_above_the_threshold_shrink_to_a_third() {
        let mut wave = loud_then_quiet();
        assert!((difference_db(&wave) - 20.0).abs() < 0.01);
        // The mean level is 3 dB below the loud half, 17 dB above the quiet one: all is above.
        compress(&mut wave, 30.0, RATE_HZ);
        // The detector's ripple at 8 ms costs tenths of a dB.
        let got = difference_db(&wave);
        assert!((got - 20.0 / 3.0).abs() < 0.3, "{got} dB");
    }

    #[test]
    fn what_is_below_the_threshold_stays() {
        let mut wave = loud_then_quiet();
        compress(&mut wave, -20.0, RATE_HZ);
        assert_eq!(wave, loud_then_quiet());
        let mut silence = [vec![0.0; 100], vec![0.0; 100]];
        compress(&mut silence, 6.0, RATE_HZ);
        assert!(silence.iter().flatten().all(|sample| *sample == 0.0));
    }
}
