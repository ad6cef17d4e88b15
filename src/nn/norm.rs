//! Norms of one frame: over its channels, or over those of all frames so far.
//!
//! `y = scale · (x − mean) / √(variance + ε) + shift`. Batch norm is folded away before it gets
//! here, and the global norm needs the future.

use multiversion::multiversion;

/// Keeps silence from being divided by 0; the same in the twin that learns.
pub const NORM_EPSILON: f32 = 1e-5;

/// Scale and shift of a norm, one value per channel.
#[derive(Clone, Debug)]
pub struct Affine {
    pub scale: Vec<f32>,
    pub shift: Vec<f32>,
}

/// Sums over all frames so far, for the cumulative norm; in f64, as they grow for hours.
#[derive(Clone, Copy, Debug, Default)]
pub struct CumulativeSums {
    count: f64,
    sum: f64,
    squares: f64,
}

/// Normalises over the channels of this frame (layer norm).
pub fn norm_frame(frame: &mut [f32], affine: &Affine) {
    let mut sums = CumulativeSums::default();
    norm_cumulative(frame, affine, &mut sums);
}

/// Normalises over the channels of this frame and of all that `sums` has seen: the cLN of Luo &
/// Mesgarani 2019, section III-C.
pub fn norm_cumulative(frame: &mut [f32], affine: &Affine, sums: &mut CumulativeSums) {
    let (sum, squares) = moments(frame);
    sums.count += frame.len() as f64;
    sums.sum += sum;
    sums.squares += squares;
    let mean = sums.sum / sums.count;
    let variance = (sums.squares / sums.count - mean * mean).max(0.0);
    let rate = 1.0 / (variance + f64::from(NORM_EPSILON)).sqrt();
    normalise(frame, affine, mean as f32, rate as f32);
}

fn moments(frame: &[f32]) -> (f64, f64) {
    frame.iter().fold((0.0, 0.0), |(sum, squares), &x| {
        let x = f64::from(x);
        (sum + x, squares + x * x)
    })
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn normalise(frame: &mut [f32], affine: &Affine, mean: f32, rate: f32) {
    let pairs = affine.scale.iter().zip(&affine.shift);
    for (x, (scale, shift)) in frame.iter_mut().zip(pairs) {
        *x = (*x - mean) * rate * scale + shift;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(length: usize) -> Affine {
        Affine {
            scale: vec![2.0; length],
            shift: vec![1.0; length],
        }
    }

    #[test]
    fn a_frame_has_the_moments_asked_for() {
        let mut frame: Vec<f32> = (0..100).map(|n| (n * n % 31) as f32).collect();
        norm_frame(&mut frame, &plain(100));
        let mean = frame.iter().sum::<f32>() / 100.0;
        let variance = frame.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 100.0;
        assert!((mean - 1.0).abs() < 1e-5, "{mean}");
        assert!((variance - 4.0).abs() < 1e-3, "{variance}");
    }

    #[test]
    fn cumulative_is_over_everything_so_far() {
        let frames = [[1.0, 3.0], [5.0, 7.0], [-1.0, 0.5]];
        let mut sums = CumulativeSums::default();
        let mut seen: Vec<f32> = Vec::new();
        for frame in frames {
            seen.extend(frame);
            let count = seen.len() as f32;
            let mean = seen.iter().sum::<f32>() / count;
            let variance = seen.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / count;
            let mut got = frame;
            norm_cumulative(&mut got, &plain(2), &mut sums);
            for (got, x) in got.iter().zip(frame) {
                let want = 2.0 * (x - mean) / (variance + NORM_EPSILON).sqrt() + 1.0;
                assert!((got - want).abs() < 1e-5, "{got}, want {want}");
            }
        }
    }
}
