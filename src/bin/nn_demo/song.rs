//! The demo song, in one channel, and its spectra.

use std::ops::Range;

use unbraid::demo_song::{self, DEFAULT_SEED};
use unbraid::dsp::stft::{Analysis, StftSizes, Synthesis};
use unbraid::stem::NUM_STEMS;
use unbraid_fft::Complex32;

/// Half of a CD's: what tells instruments apart lies below 11 kHz, and half the work is enough.
pub const RATE_HZ: f64 = 22_050.0;

/// Windows of 46 ms: long enough for tones, short enough for hits.
const SIZES: StftSizes = StftSizes {
    analysis_samples: 1024,
    synthesis_samples: 1024,
    hop_samples: 256,
};

pub const HOP_SAMPLES: usize = SIZES.hop_samples;

/// The part of the song that nothing is learnt from, of the whole: all stems sound in it.
const HELD_OUT: Range<f64> = 0.5..0.75;

/// `[frame][bin]`.
pub type Spectra = Vec<Vec<Complex32>>;

/// The song, in samples.
pub struct Song {
    /// Indexed by `Stem as usize`.
    pub stems: [Vec<f32>; NUM_STEMS],
    pub mix: Vec<f32>,
}

impl Song {
    pub fn render() -> Self {
        let song = demo_song::render(RATE_HZ, DEFAULT_SEED);
        let mono = |[left, right]: &[Vec<f32>; 2]| -> Vec<f32> {
            left.iter().zip(right).map(|(l, r)| (l + r) / 2.0).collect()
        };
        Self {
            stems: song.stems.each_ref().map(mono),
            mix: mono(&song.mix()),
        }
    }
}

/// The spectra of a signal, one each hop.
pub fn spectra(signal: &[f32]) -> Spectra {
    let mut analysis = Analysis::new(SIZES);
    // As much silence after it as the way back is late.
    let length = (signal.len() + SIZES.latency_samples()).next_multiple_of(HOP_SAMPLES);
    let mut padded = signal.to_vec();
    padded.resize(length, 0.0);
    let spectrum = |hop: &[f32]| {
        let mut spectrum = vec![Complex32::default(); SIZES.num_bins()];
        analysis.process(hop, &mut spectrum);
        spectrum
    };
    padded.chunks_exact(HOP_SAMPLES).map(spectrum).collect()
}

/// The signal of spectra, in time with what they came from, some silence longer.
pub fn signal(spectra: &[Vec<Complex32>]) -> Vec<f32> {
    let mut synthesis = Synthesis::new(SIZES);
    let mut signal = vec![0.0; spectra.len() * HOP_SAMPLES];
    for (spectrum, hop) in spectra.iter().zip(signal.chunks_exact_mut(HOP_SAMPLES)) {
        synthesis.process(&mut spectrum.clone(), hop);
    }
    signal.split_off(SIZES.latency_samples())
}

/// The frames of the part that is held out, of so many.
pub fn held_out(num_frames: usize) -> Range<usize> {
    let [start, end] = [HELD_OUT.start, HELD_OUT.end].map(|at| (at * num_frames as f64) as usize);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spectra_lead_back_to_the_signal_in_time() {
        let mix = Song::render().mix;
        let back = signal(&spectra(&mix));
        assert!(back.len() >= mix.len());
        for (at, (got, want)) in back.iter().zip(&mix).enumerate() {
            // f32 FFTs keep about 6 digits.
            assert!((got - want).abs() < 1e-5, "at {at}: {got}, want {want}");
        }
    }
}
