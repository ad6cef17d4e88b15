//! Two signals' spectra, side by side.

use unbraid_fft::Complex32;

use crate::dsp::stft::{Analysis, StftSizes};
use crate::stem::{NUM_CHANNELS, Stereo};

/// Calls `visit` with the channel, the frame's number and the spectra of both signals, which are of
/// one length, one channel after the other. Frame `i` ends with sample `(i + 1)·hop`; silence
/// follows the signals until their last samples have left the synthesis.
pub fn visit_frames(
    sizes: StftSizes,
    signals: [&Stereo; 2],
    mut visit: impl FnMut(usize, usize, [&[Complex32]; 2]),
) {
    let num_samples = signals[0][0].len() + sizes.latency_samples();
    let mut hop = vec![0.0; sizes.hop_samples];
    let mut spectra = [(); 2].map(|()| vec![Complex32::default(); sizes.num_bins()]);
    for channel in 0..NUM_CHANNELS {
        let mut analyses = [(); 2].map(|()| Analysis::new(sizes));
        for frame in 0..num_samples.div_ceil(sizes.hop_samples) {
            let both = signals.iter().zip(&mut analyses);
            for ((signal, analysis), spectrum) in both.zip(&mut spectra) {
                let rest = signal[channel].get(frame * hop.len()..).unwrap_or(&[]);
                let length = rest.len().min(hop.len());
                hop[..length].copy_from_slice(&rest[..length]);
                hop[length..].fill(0.0);
                analysis.process(&hop, spectrum);
            }
            visit(channel, frame, [&spectra[0], &spectra[1]]);
        }
    }
}
