//! Test signals and comparisons.

/// White noise at −12 dBFS peak, `[channel][sample]`, from a seed; no sample is 0.
pub fn noise(num_channels: usize, num_samples: usize, seed: u32) -> Vec<Vec<f32>> {
    let mut state = seed;
    let mut sample = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // Odd numerators over 2²⁵: exact in f32, symmetric around 0 and never 0.
        let odd = ((state >> 8) | 1) as f32;
        (odd - 8_388_608.0) / 33_554_432.0
    };
    (0..num_channels)
        .map(|_| (0..num_samples).map(|_| sample()).collect())
        .collect()
}

/// `[channel][sample]` of zeros.
pub fn silence(num_channels: usize, num_samples: usize) -> Vec<Vec<f32>> {
    vec![vec![0.0; num_samples]; num_channels]
}

/// One signal after the other.
pub fn joined(first: &[Vec<f32>], second: &[Vec<f32>]) -> Vec<Vec<f32>> {
    first
        .iter()
        .zip(second)
        .map(|(first, second)| [&first[..], second].concat())
        .collect()
}

/// The samples from `start` on.
pub fn from(signal: &[Vec<f32>], start: usize) -> Vec<Vec<f32>> {
    signal
        .iter()
        .map(|channel| channel[start..].to_vec())
        .collect()
}

/// The samples before `end`.
pub fn until(signal: &[Vec<f32>], end: usize) -> Vec<Vec<f32>> {
    signal
        .iter()
        .map(|channel| channel[..end].to_vec())
        .collect()
}

/// Panics with the first sample that differs from `input` delayed by `delay_samples`, in
/// silence before it.
#[track_caller]
pub fn assert_delayed(input: &[Vec<f32>], output: &[Vec<f32>], delay_samples: usize, case: &str) {
    let delayed: Vec<Vec<f32>> = input
        .iter()
        .zip(output)
        .map(|(input, output)| {
            std::iter::repeat_n(0.0, delay_samples)
                .chain(input.iter().copied())
                .take(output.len())
                .collect()
        })
        .collect();
    assert_same(&delayed, output, case);
}

/// Panics with the first sample that differs.
#[track_caller]
pub fn assert_same(want: &[Vec<f32>], got: &[Vec<f32>], case: &str) {
    assert_eq!(want.len(), got.len(), "{case}: channels");
    if let Some((channel, index)) = first_difference(want, got) {
        panic!(
            "{case}: channel {channel}, sample {index}: expected {}, found {}",
            want[channel][index], got[channel][index]
        );
    }
    for (want, got) in want.iter().zip(got) {
        assert_eq!(want.len(), got.len(), "{case}: length");
    }
}

/// Channel and index of the earliest difference. NaN differs from everything.
pub fn first_difference(want: &[Vec<f32>], got: &[Vec<f32>]) -> Option<(usize, usize)> {
    (0..want.len())
        .filter_map(|channel| {
            let mut pairs = want[channel].iter().zip(&got[channel]);
            pairs
                .position(|(want, got)| want != got)
                .map(|index| (channel, index))
        })
        .min_by_key(|&(_, index)| index)
}

/// The largest absolute difference.
pub fn max_difference(want: &[Vec<f32>], got: &[Vec<f32>]) -> f32 {
    want.iter()
        .flatten()
        .zip(got.iter().flatten())
        .map(|(want, got)| (want - got).abs())
        .fold(0.0, |max, difference| {
            if difference > max || difference.is_nan() {
                difference
            } else {
                max
            }
        })
}

pub fn peak(signal: &[Vec<f32>]) -> f32 {
    signal
        .iter()
        .flatten()
        .fold(0.0, |peak, sample| sample.abs().max(peak))
}

#[track_caller]
pub fn assert_finite(signal: &[Vec<f32>], case: &str) {
    for (channel, samples) in signal.iter().enumerate() {
        if let Some(index) = samples.iter().position(|sample| !sample.is_finite()) {
            panic!(
                "{case}: channel {channel}, sample {index} is {}",
                samples[index]
            );
        }
    }
}
