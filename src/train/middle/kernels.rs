//! The fused middle's passes over a whole batch, `[row][channel]`, and their gradients.
//!
//! Gradients of parameters are added to what is there; those of inputs replace the gradient of
//! the output in its place.

use multiversion::multiversion;

use crate::nn::NORM_EPSILON;

/// Mean and `1 / √(variance + ε)`: one value a channel (batch norm) or a row (frame norm).
pub struct Moments {
    pub mean: Vec<f32>,
    pub variance: Vec<f32>,
    pub rate: Vec<f32>,
}

impl Moments {
    pub fn new(mean: Vec<f32>, variance: Vec<f32>) -> Self {
        let rate = variance.iter().map(|v| 1.0 / (v + NORM_EPSILON).sqrt());
        Self {
            rate: rate.collect(),
            mean,
            variance,
        }
    }
}

/// `y = prelu(x + bias)`.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn prelu(x: &[f32], bias: &[f32], slope: &[f32], y: &mut [f32]) {
    let channels = bias.len();
    for (x, y) in x.chunks_exact(channels).zip(y.chunks_exact_mut(channels)) {
        for j in 0..channels {
            let v = x[j] + bias[j];
            y[j] = v.max(0.0) + slope[j] * v.min(0.0);
        }
    }
}

/// The gradient of [`prelu`].
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn prelu_gradient(
    x: &[f32],
    bias: &[f32],
    slope: &[f32],
    gradient: &mut [f32],
    bias_gradient: &mut [f32],
    slope_gradient: &mut [f32],
) {
    let channels = bias.len();
    let slope_gradient = &mut slope_gradient[..channels];
    let bias_gradient = &mut bias_gradient[..channels];
    for (x, g) in x
        .chunks_exact(channels)
        .zip(gradient.chunks_exact_mut(channels))
    {
        for j in 0..channels {
            let v = x[j] + bias[j];
            let is_negative = if v < 0.0 { 1.0 } else { 0.0 };
            slope_gradient[j] += g[j] * v * is_negative;
            g[j] *= 1.0 - is_negative + slope[j] * is_negative;
            bias_gradient[j] += g[j];
        }
    }
}

/// Moments of each channel over all rows.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn channel_moments(x: &[f32], channels: usize) -> Moments {
    let count = (x.len() / channels) as f32;
    let mut mean = vec![0.0; channels];
    for x in x.chunks_exact(channels) {
        for j in 0..channels {
            mean[j] += x[j];
        }
    }
    mean.iter_mut().for_each(|m| *m /= count);
    let mut variance = vec![0.0; channels];
    for x in x.chunks_exact(channels) {
        for j in 0..channels {
            let d = x[j] - mean[j];
            variance[j] += d * d;
        }
    }
    variance.iter_mut().for_each(|v| *v /= count);
    Moments::new(mean, variance)
}

/// Moments of each row over its channels.
pub fn row_moments(x: &[f32], channels: usize) -> Moments {
    let (mut mean, mut variance) = (Vec::new(), Vec::new());
    for x in x.chunks_exact(channels) {
        let m = x.iter().sum::<f32>() / channels as f32;
        let squares: f32 = x.iter().map(|x| (x - m) * (x - m)).sum();
        mean.push(m);
        variance.push(squares / channels as f32);
    }
    Moments::new(mean, variance)
}

/// Batch norm: normalises each channel, then scales and shifts.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn norm_channels(x: &mut [f32], moments: &Moments, scale: &[f32], shift: &[f32]) {
    let channels = scale.len();
    let factor: Vec<f32> = moments.rate.iter().zip(scale).map(|(r, s)| r * s).collect();
    let (mean, factor, shift) = (
        &moments.mean[..channels],
        &factor[..channels],
        &shift[..channels],
    );
    for x in x.chunks_exact_mut(channels) {
        for j in 0..channels {
            x[j] = (x[j] - mean[j]) * factor[j] + shift[j];
        }
    }
}

/// Frame norm: normalises each row, then scales and shifts.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn norm_rows(x: &mut [f32], moments: &Moments, scale: &[f32], shift: &[f32]) {
    let channels = scale.len();
    for (row, x) in x.chunks_exact_mut(channels).enumerate() {
        let (mean, rate) = (moments.mean[row], moments.rate[row]);
        for j in 0..channels {
            x[j] = (x[j] - mean) * rate * scale[j] + shift[j];
        }
    }
}

/// The gradient of [`norm_channels`] on input `x`. With running moments, which `x` has no part in,
/// the gradient through them is left out (Ioffe & Szegedy 2015, section 3).
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn norm_channels_gradient(
    x: &[f32],
    moments: &Moments,
    is_running: bool,
    scale: &[f32],
    gradient: &mut [f32],
    scale_gradient: &mut [f32],
    shift_gradient: &mut [f32],
) {
    let channels = scale.len();
    let count = (x.len() / channels) as f32;
    let (mean, rate) = (&moments.mean[..channels], &moments.rate[..channels]);
    let mut sums = vec![0.0; channels];
    let mut products = vec![0.0; channels];
    for (x, g) in x
        .chunks_exact(channels)
        .zip(gradient.chunks_exact(channels))
    {
        for j in 0..channels {
            sums[j] += g[j];
            products[j] += g[j] * (x[j] - mean[j]);
        }
    }
    for j in 0..channels {
        products[j] *= rate[j];
        shift_gradient[j] += sums[j];
        scale_gradient[j] += products[j];
    }
    // dx = scale · rate · (g − mean(g) − x̂ · mean(g · x̂)) = a·g + b·(x − mean) + c
    let through = if is_running { 0.0 } else { 1.0 / count };
    let a: Vec<f32> = (0..channels).map(|j| scale[j] * rate[j]).collect();
    let b: Vec<f32> = (0..channels)
        .map(|j| -a[j] * rate[j] * products[j] * through)
        .collect();
    let c: Vec<f32> = (0..channels).map(|j| -a[j] * sums[j] * through).collect();
    for (x, g) in x
        .chunks_exact(channels)
        .zip(gradient.chunks_exact_mut(channels))
    {
        for j in 0..channels {
            g[j] = a[j] * g[j] + b[j] * (x[j] - mean[j]) + c[j];
        }
    }
}

/// The gradient of [`norm_rows`] on input `x`.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn norm_rows_gradient(
    x: &[f32],
    moments: &Moments,
    scale: &[f32],
    gradient: &mut [f32],
    scale_gradient: &mut [f32],
    shift_gradient: &mut [f32],
) {
    let channels = scale.len();
    let rows = x
        .chunks_exact(channels)
        .zip(gradient.chunks_exact_mut(channels));
    for (row, (x, g)) in rows.enumerate() {
        let (mean, rate) = (moments.mean[row], moments.rate[row]);
        let (mut sum, mut product) = (0.0, 0.0);
        for j in 0..channels {
            let normalised = (x[j] - mean) * rate;
            scale_gradient[j] += g[j] * normalised;
            shift_gradient[j] += g[j];
            g[j] *= scale[j];
            sum += g[j];
            product += g[j] * normalised;
        }
        let (sum, product) = (sum / channels as f32, product / channels as f32);
        for j in 0..channels {
            let normalised = (x[j] - mean) * rate;
            g[j] = rate * (g[j] - sum - normalised * product);
        }
    }
}

/// `y[t] = Σ_k taps[k] · x[t − (P − 1 − k) · dilation]` over one sequence; what lies before it
/// is 0. `taps` has the shape `[tap][channel]`, oldest first.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn convolve(x: &[f32], taps: &[f32], channels: usize, dilation: usize, y: &mut [f32]) {
    let num_taps = taps.len() / channels;
    y.fill(0.0);
    for (tap, weights) in taps.chunks_exact(channels).enumerate() {
        let shift = ((num_taps - 1 - tap) * dilation * channels).min(x.len());
        let older = x[..x.len() - shift].chunks_exact(channels);
        for (y, x) in y[shift..].chunks_exact_mut(channels).zip(older) {
            for j in 0..channels {
                y[j] += weights[j] * x[j];
            }
        }
    }
}

/// The gradient of [`convolve`]: writes that of `x`.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn convolve_gradient(
    x: &[f32],
    taps: &[f32],
    dilation: usize,
    gradient: &[f32],
    x_gradient: &mut [f32],
    taps_gradient: &mut [f32],
    channels: usize,
) {
    let num_taps = taps.len() / channels;
    x_gradient.fill(0.0);
    let both = taps
        .chunks_exact(channels)
        .zip(taps_gradient.chunks_exact_mut(channels));
    for (tap, (weights, sums)) in both.enumerate() {
        let shift = ((num_taps - 1 - tap) * dilation * channels).min(x.len());
        let rows = gradient[shift..]
            .chunks_exact(channels)
            .zip(x.chunks_exact(channels))
            .zip(x_gradient.chunks_exact_mut(channels));
        for ((g, x), out) in rows {
            for j in 0..channels {
                out[j] += weights[j] * g[j];
                sums[j] += g[j] * x[j];
            }
        }
    }
}
