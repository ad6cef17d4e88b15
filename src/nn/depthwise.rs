//! A causal dilated convolution of each channel with a few taps of its own, frame by frame.

use multiversion::multiversion;

use super::weights::Tensor;

/// The taps, and what an empty past counts as.
#[derive(Clone, Debug)]
pub struct Depthwise {
    /// Shape `[tap][channel]`, oldest first.
    taps: Vec<f32>,
    bias: Vec<f32>,
    /// Input before the first frame, one value a channel.
    history: Vec<f32>,
    num_taps: usize,
    dilation: usize,
}

impl Depthwise {
    /// `weight` has the shape `taps × channels`.
    pub fn new(weight: &Tensor, bias: &[f32], history: &[f32], dilation: usize) -> Self {
        Self {
            taps: weight.values.clone(),
            bias: bias.to_vec(),
            history: history.to_vec(),
            num_taps: weight.shape[0],
            dilation,
        }
    }

    /// `y = bias + Σ_k taps[k] · x[now − (P − 1 − k) · dilation]`.
    pub fn step(&self, past: &mut Past, x: &[f32], y: &mut [f32]) {
        let channels = self.bias.len();
        past.frames[past.position * channels..][..channels].copy_from_slice(x);
        y.copy_from_slice(&self.bias);
        for (tap, weights) in self.taps.chunks_exact(channels).enumerate() {
            let age = (self.num_taps - 1 - tap) * self.dilation;
            let frame = (past.position + past.length - age) % past.length;
            add_tap(weights, &past.frames[frame * channels..][..channels], y);
        }
        past.position = (past.position + 1) % past.length;
    }

    /// The past of a stream that has not begun.
    pub fn past(&self) -> Past {
        let length = (self.num_taps - 1) * self.dilation + 1;
        let mut past = Past {
            frames: vec![0.0; length * self.bias.len()],
            length,
            position: 0,
        };
        self.reset(&mut past);
        past
    }

    /// Makes a past begin again.
    pub fn reset(&self, past: &mut Past) {
        for frame in past.frames.chunks_exact_mut(self.history.len()) {
            frame.copy_from_slice(&self.history);
        }
        past.position = 0;
    }
}

/// The last frames of input, exactly as many as the taps reach: a ring.
#[derive(Clone, Debug)]
pub struct Past {
    frames: Vec<f32>,
    length: usize,
    position: usize,
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn add_tap(weights: &[f32], x: &[f32], y: &mut [f32]) {
    for ((y, w), x) in y.iter_mut().zip(weights).zip(x) {
        *y += w * x;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_equal_the_convolution_of_the_whole() {
        for (num_taps, dilation) in [(1, 1), (3, 1), (3, 4), (2, 7)] {
            let weight = Tensor {
                shape: vec![num_taps, 2],
                values: (0..2 * num_taps).map(|n| n as f32 + 1.0).collect(),
            };
            let history = [0.5, -0.25];
            let layer = Depthwise::new(&weight, &[10.0, 20.0], &history, dilation);
            let mut past = layer.past();
            let input: Vec<[f32; 2]> = (0..40).map(|n| [n as f32, (n * n % 7) as f32]).collect();
            for round in 0..2 {
                for (now, x) in input.iter().enumerate() {
                    let mut got = [0.0; 2];
                    layer.step(&mut past, x, &mut got);
                    for channel in 0..2 {
                        let mut want = [10.0, 20.0][channel];
                        for tap in 0..num_taps {
                            let age = (num_taps - 1 - tap) * dilation;
                            let x = match now.checked_sub(age) {
                                Some(then) => input[then][channel],
                                None => history[channel],
                            };
                            want += weight.values[tap * 2 + channel] * x;
                        }
                        assert_eq!(got[channel], want, "frame {now}, round {round}");
                    }
                }
                layer.reset(&mut past);
            }
        }
    }
}
