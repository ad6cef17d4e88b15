//! What is left of a stem once its estimate is taken from it, and what that tells of the error.
//!
//! All functions here are pure: signals in, numbers out. The *residual* is the true stem less its
//! estimate. A stereo signal's two channels are pooled, not mixed: sums run over both, so that
//! nothing cancels between them.

pub mod autocorrelation;
pub mod coherence;
mod frames;
pub mod ljung_box;
pub mod phase;
pub mod spectral;
pub mod split;

use crate::stem::Stereo;

/// The true stem less its estimate; both of one length.
pub fn residual(truth: &Stereo, estimate: &Stereo) -> Stereo {
    std::array::from_fn(|channel| {
        let pairs = truth[channel].iter().zip(&estimate[channel]);
        pairs.map(|(truth, estimate)| truth - estimate).collect()
    })
}

/// Energy of both channels together, in `f64`.
pub fn energy(signal: &Stereo) -> f64 {
    let samples = signal.iter().flatten().map(|&x| f64::from(x));
    samples.map(|x| x * x).sum()
}

#[cfg(test)]
mod test_signals {
    use std::f64::consts::TAU;

    use crate::dice::Dice;
    use crate::stem::Stereo;

    /// White, nearly Gaussian noise of standard deviation 1/3: sums of three uniform numbers.
    pub fn noise(seed: u64, num_samples: usize) -> Vec<f32> {
        let mut dice = Dice::new(seed, 0_u64);
        (0..num_samples).map(|_| dice.bell() as f32).collect()
    }

    /// Two channels that know nothing of each other.
    pub fn stereo_noise(seed: u64, num_samples: usize) -> Stereo {
        [2 * seed, 2 * seed + 1].map(|seed| noise(seed, num_samples))
    }

    /// A sine of amplitude 1; the phase is in radians, the frequency in cycles per sample.
    pub fn sine(frequency: f64, phase: f64, num_samples: usize) -> Vec<f32> {
        let at = |n: usize| (TAU * frequency * n as f64 + phase).sin() as f32;
        (0..num_samples).map(at).collect()
    }

    /// `Σ weight · signal`, by channel.
    pub fn sum(parts: &[(f32, &Stereo)]) -> Stereo {
        std::array::from_fn(|channel| {
            let at = |n: usize| parts.iter().map(|(w, x)| w * x[channel][n]).sum();
            (0..parts[0].1[channel].len()).map(at).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_residual_is_what_the_estimate_lacks() {
        let truth = [vec![1.0, 0.5], vec![0.0, -0.5]];
        let estimate = [vec![0.75, 0.5], vec![0.25, 0.5]];
        let left = residual(&truth, &estimate);
        assert_eq!(left, [vec![0.25, 0.0], vec![-0.25, -1.0]]);
        assert_eq!(energy(&left), 0.0625 + 0.0625 + 1.0);
    }
}
