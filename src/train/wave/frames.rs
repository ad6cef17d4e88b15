//! Overlapping frames of a waveform, and back, hop-aligned as in a stream: frame `t` ends with
//! the samples of hop `t`.

use candle_core::{Result, Tensor, bail};

/// Cuts `[b, C, n·hop]` into frames `[b, n, C, window]`. Frame `t` covers the samples
/// `(t + 1)·hop − window..(t + 1)·hop`, with zeros before the start.
///
/// # Errors
/// The window or the samples are no multiple of the hop.
pub fn frames(x: &Tensor, window: usize, hop: usize) -> Result<Tensor> {
    let (batch, channels, samples) = x.dims3()?;
    let overlaps = num_overlaps(window, hop)?;
    let num_frames = samples / hop;
    if num_frames * hop != samples {
        bail!("frames: expected a multiple of {hop} samples, found {samples}");
    }
    let hops = x.reshape((batch, channels, num_frames, hop))?;
    let hops = hops.pad_with_zeros(2, overlaps - 1, 0)?;
    let parts = (0..overlaps)
        .map(|part| hops.narrow(2, part, num_frames))
        .collect::<Result<Vec<_>>>()?;
    Tensor::cat(&parts, 3)?.transpose(1, 2)?.contiguous()
}

/// The transpose of [`frames`]: sums frames `[b, n, .., window]` to waveforms `[b, .., n·hop]`.
/// Sample `i` is that of time `i`; what frames have before the start is dropped.
///
/// # Errors
/// The window is no multiple of the hop.
pub fn overlap_add(frames: &Tensor, hop: usize) -> Result<Tensor> {
    let [batch, num_frames, inner @ .., window] = frames.dims() else {
        bail!(
            "overlap_add: expected [b, n, .., window], found {:?}",
            frames.shape()
        );
    };
    let overlaps = num_overlaps(*window, hop)?;
    let num_signals: usize = inner.iter().product();
    let parts = frames.reshape((*batch, *num_frames, num_signals, overlaps, hop))?;
    // The newest part of a frame lies in the frame's own hop, an older one in a hop before.
    let mut sum = parts.narrow(3, overlaps - 1, 1)?;
    for age in 1..overlaps.min(*num_frames) {
        let part = parts.narrow(3, overlaps - 1 - age, 1)?;
        let inside = part.narrow(1, age, num_frames - age)?;
        sum = (sum + inside.pad_with_zeros(1, 0, age)?)?;
    }
    let shape = [&[*batch], inner, &[num_frames * hop]].concat();
    sum.squeeze(3)?.transpose(1, 2)?.reshape(shape)
}

fn num_overlaps(window: usize, hop: usize) -> Result<usize> {
    if hop == 0 || window == 0 || !window.is_multiple_of(hop) {
        bail!("expected a window of whole hops, found {window} samples and a hop of {hop}");
    }
    Ok(window / hop)
}

#[cfg(test)]
mod tests {
    use candle_core::DType;

    use super::super::testing::{assert_gradient, noise};
    use super::*;

    const SIZES: [(usize, usize, usize); 4] = [(4, 2, 5), (6, 2, 2), (3, 3, 4), (8, 1, 11)];

    #[test]
    fn frames_are_the_windows_that_end_with_each_hop() {
        for (window, hop, num_frames) in SIZES {
            let x = noise(&[2, 3, num_frames * hop], DType::F32, 1);
            let got = frames(&x, window, hop).unwrap();
            assert_eq!(got.dims(), [2, num_frames, 3, window]);
            let x = x.to_vec3::<f32>().unwrap();
            for b in 0..2 {
                let got = got.get(b).unwrap().to_vec3::<f32>().unwrap();
                for (t, frame) in got.iter().enumerate() {
                    for (channel, samples) in frame.iter().enumerate() {
                        for (i, &got) in samples.iter().enumerate() {
                            let at = ((t + 1) * hop + i).checked_sub(window);
                            let want = at.map_or(0.0, |at| x[b][channel][at]);
                            assert_eq!(got, want, "{window}/{hop}: frame {t}, sample {i}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn overlap_add_is_the_transpose() {
        for (window, hop, num_frames) in SIZES {
            let y = noise(&[2, num_frames, 2, 3, window], DType::F64, 2);
            let x = noise(&[2, 6, num_frames * hop], DType::F64, 3);
            let added = overlap_add(&y, hop).unwrap();
            assert_eq!(added.dims(), [2, 2, 3, num_frames * hop]);
            let product = |a: &Tensor, b: &Tensor| -> f64 {
                let b = b.reshape(a.shape()).unwrap();
                (a * b).unwrap().sum_all().unwrap().to_scalar().unwrap()
            };
            let got = product(&added, &x);
            let want = product(&y, &frames(&x, window, hop).unwrap());
            // Sums of some hundred values within ±1 in f64.
            assert!(
                (got - want).abs() < 1e-12,
                "{window}/{hop}: {got}, want {want}"
            );
        }
    }

    #[test]
    fn gradients() {
        let square = |y: Tensor| y.sqr()?.sum_all();
        for (window, hop, num_frames) in SIZES {
            let x = noise(&[1, 2, num_frames * hop], DType::F64, 4);
            assert_gradient(|x| square(frames(x, window, hop)?), &x, "frames");
            let y = noise(&[1, num_frames, 2, window], DType::F64, 5);
            assert_gradient(|y| square(overlap_add(y, hop)?), &y, "overlap_add");
        }
    }

    #[test]
    fn what_is_not_hop_aligned_is_refused() {
        let x = noise(&[1, 1, 7], DType::F32, 6);
        let error = frames(&x, 4, 2).expect_err("7 samples").to_string();
        assert!(error.contains("multiple of 2 samples, found 7"), "{error}");
        assert!(frames(&x, 3, 2).is_err() && overlap_add(&x, 2).is_err());
    }
}
