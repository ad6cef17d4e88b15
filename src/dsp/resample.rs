//! Whole signals at another rate (`rubato`).

use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{Async, FixedAsync, Resampler, SincInterpolationParameters};

use crate::stem::{NUM_CHANNELS, Stereo};

const BLOCK_SAMPLES: usize = 1024;

/// `factor` times as many samples of a signal, through a sinc filter.
///
/// # Panics
/// If the factor is not finite and positive.
pub fn resample(signal: &Stereo, factor: f64, filter: &SincInterpolationParameters) -> Stereo {
    let input = FixedAsync::Input;
    let mut resampler =
        Async::<f32>::new_sinc(factor, 1.0, filter, BLOCK_SAMPLES, NUM_CHANNELS, input)
            .expect("the factor is finite and positive");
    let num_samples = signal[0].len();
    let room = resampler.process_all_needed_output_len(num_samples);
    let mut output: Stereo = std::array::from_fn(|_| vec![0.0; room]);
    let source = SequentialSliceOfVecs::new(signal.as_slice(), NUM_CHANNELS, num_samples)
        .expect("both channels are of this length");
    let mut target = SequentialSliceOfVecs::new_mut(output.as_mut_slice(), NUM_CHANNELS, room)
        .expect("both channels are of this length");
    let (_, written) = resampler
        .process_all_into_buffer(&source, &mut target, num_samples, None)
        .expect("the buffers are as long as was asked for");
    for channel in &mut output {
        channel.truncate(written);
    }
    output
}
