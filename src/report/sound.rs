//! Sound for a page: FLAC, which every browser plays, of a size that lets a page hold nine
//! players of 20 s.
//!
//! Samples have 16 bits. Where that would take more than [`BYTES_PER_SECOND`], they have 12, whose
//! error is shaped away from the low frequencies that it would be heard at: the error of a sample
//! is taken off the next (Spang & Schultheiss, "Reduction of quantizing noise by use of feedback",
//! IRE Trans. Commun. Syst. 10, 1962). It stays about 70 dB below full scale. Where that would take
//! more, too, the rate becomes [`SMALL_RATE_HZ`].

use flacenc::bitsink::ByteSink;
use flacenc::component::BitRepr;
use flacenc::config::Encoder;
use flacenc::error::Verify;
use flacenc::source::MemSource;
use rubato::{SincInterpolationParameters, WindowFunction};

use crate::dsp::resample::resample;
use crate::stem::{NUM_CHANNELS, Stereo};

/// What a second of sound may take: 20 s of nine signals are 6.3 MB, and 8.4 MB in a page.
const BYTES_PER_SECOND: f64 = 35e3;

/// The rate of what takes too much, in Hz: it has all below 16 kHz.
const SMALL_RATE_HZ: f64 = 32e3;

/// Rates that every browser plays, in Hz.
const RATES_HZ: std::ops::RangeInclusive<f64> = 8_000.0..=48_000.0;

/// The bytes of a FLAC file. Beyond full scale it clips; a rate that not every browser plays is
/// brought within 8 and 48 kHz by a whole factor.
pub fn flac(signal: &Stereo, rate_hz: f64) -> Vec<u8> {
    if !RATES_HZ.contains(&rate_hz) {
        let factor = if rate_hz > *RATES_HZ.end() {
            (rate_hz / RATES_HZ.end()).ceil().recip()
        } else {
            (RATES_HZ.start() / rate_hz).ceil()
        };
        return flac(&resampled(signal, factor), rate_hz * factor);
    }
    let room_bytes = BYTES_PER_SECOND * signal[0].len() as f64 / rate_hz;
    for bits in [16, 12] {
        let file = encode(signal, rate_hz, bits);
        if file.len() as f64 <= room_bytes || bits == 12 && rate_hz <= SMALL_RATE_HZ {
            return file;
        }
    }
    encode(
        &resampled(signal, SMALL_RATE_HZ / rate_hz),
        SMALL_RATE_HZ,
        12,
    )
}

fn encode(signal: &Stereo, rate_hz: f64, bits: usize) -> Vec<u8> {
    let channels = signal.each_ref().map(|channel| quantised(channel, bits));
    let [left, right] = &channels;
    let samples: Vec<i32> = left.iter().zip(right).flat_map(|(l, r)| [*l, *r]).collect();
    let settings = Encoder::default()
        .into_verified()
        .expect("the defaults are right");
    let source = MemSource::from_samples(&samples, NUM_CHANNELS, bits, rate_hz.round() as usize);
    let block_samples = settings.block_size;
    let mut stream = flacenc::encode_with_fixed_block_size(&settings, source, block_samples)
        .expect("the samples are within their bits, the rate within FLAC's");
    // The encoder counts the last block, which RFC 9639 (8.2) does not; to readers, blocks of more
    // than one size make it another kind of file.
    let header = stream.stream_info_mut();
    (header.set_block_sizes(block_samples, block_samples)).expect("FLAC has blocks of this size");
    let mut bytes = ByteSink::new();
    stream.write(&mut bytes).expect("memory takes all");
    bytes.into_inner()
}

/// Samples of so many bits.
fn quantised(channel: &[f32], bits: usize) -> Vec<i32> {
    let scale = f64::from(1 << (bits - 1));
    let mut error = 0.0;
    let sample = |&sample: &f32| {
        let wanted = f64::from(sample) * scale - error;
        let nearest = wanted.round().clamp(-scale, scale - 1.0);
        // What is clipped is gone for good: it must not drag its neighbours along.
        error = (nearest - wanted).clamp(-0.5, 0.5);
        nearest as i32
    };
    channel.iter().map(sample).collect()
}

/// `factor` times as many samples.
fn resampled(signal: &Stereo, factor: f64) -> Stereo {
    let filter = SincInterpolationParameters::new(128, WindowFunction::BlackmanHarris2);
    resample(signal, factor, &filter)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;
    use crate::audio_file::{Audio, read};
    use crate::dice::Dice;
    use crate::score::sdr_db;

    fn decoded(flac: &[u8]) -> Audio {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("sound.flac");
        std::fs::write(&path, flac).expect("it can be written");
        // The reader also checks the file's checksum of all samples.
        read(&path).unwrap_or_else(|error| panic!("{error}"))
    }

    fn sine(level: f64, hz: f64, rate_hz: f64) -> Stereo {
        let at = |n: u32| (level * (TAU * hz / rate_hz * f64::from(n)).sin()) as f32;
        let channel: Vec<f32> = (0..rate_hz as u32).map(at).collect();
        [channel.clone(), channel]
    }

    fn noise(level: f64) -> Stereo {
        let mut dice = Dice::new(1, 1_u64);
        [(); NUM_CHANNELS].map(|()| {
            (0..44_100)
                .map(|_| dice.between(-level, level) as f32)
                .collect()
        })
    }

    #[test]
    fn sound_comes_back_as_well_as_its_bits_allow() {
        // 16 bits hold a sine of level 0.1 to 78 dB; 12 bits hold noise, uniform up to full scale,
        // to 72 dB. Shaping takes 3.
        let (sine, noise) = (sine(0.1, 441.0, 44_100.0), noise(1.0));
        for (signal, file, least_db) in [
            (&sine, flac(&sine, 44_100.0), 74.0),
            (&noise, encode(&noise, 44_100.0, 12), 66.0),
        ] {
            let audio = decoded(&file);
            assert_eq!(audio.rate_hz, 44_100.0);
            let sdr_db = sdr_db(signal, &audio.channels).expect("it sounds");
            assert!((least_db..least_db + 5.0).contains(&sdr_db), "{sdr_db}");
        }
    }

    #[test]
    fn what_takes_too_much_has_a_lower_rate() {
        let noise = noise(1.0);
        let file = flac(&noise, 44_100.0);
        let (small, whole) = (file.len(), 2 * 2 * 44_100);
        assert!(small < whole * 6 / 10, "{small} of {whole} bytes");
        let audio = decoded(&file);
        assert_eq!(audio.rate_hz, SMALL_RATE_HZ);
        assert!(
            audio.num_samples().abs_diff(32_000) <= 1,
            "{}",
            audio.num_samples()
        );
    }

    #[test]
    fn any_rate_becomes_one_that_browsers_play() {
        for (rate_hz, want_hz) in [
            (1_000.0, 8_000.0),
            (96_000.0, 48_000.0),
            (176_400.0, 44_100.0),
        ] {
            let audio = decoded(&flac(&sine(0.5, 200.0, rate_hz), rate_hz));
            assert_eq!(audio.rate_hz, want_hz);
            let want = sine(0.5, 200.0, want_hz);
            let inner = |signal: &Stereo| signal.each_ref().map(|x| x[500..7_000].to_vec());
            let sdr_db = sdr_db(&inner(&want), &inner(&audio.channels)).expect("it sounds");
            // The resampler is up to a sample late, which nobody hears.
            assert!(sdr_db > 12.0, "{rate_hz} Hz: {sdr_db} dB");
        }
    }

    #[test]
    fn what_is_beyond_full_scale_clips() {
        let audio = decoded(&flac(&sine(2.0, 441.0, 44_100.0), 44_100.0));
        let peak = audio.channels[0].iter().fold(0.0_f32, |a, &x| a.max(x));
        assert!((0.99..=1.0).contains(&peak), "{peak}");
        let silence = [vec![0.0; 500], vec![0.0; 500]];
        assert_eq!(decoded(&flac(&silence, 44_100.0)).channels, silence);
    }
}
