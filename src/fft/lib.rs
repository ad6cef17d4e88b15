//! The FFTs of Unbraid, compiled once.
//!
//! `realfft` is generic, so whoever plans an FFT compiles all of its kernels: 46 CPU seconds, which
//! every change of the library, every feature set and every test would pay again. A crate of its
//! own pays them once.

use std::sync::Arc;

use realfft::RealFftPlanner;
pub use realfft::num_complex::Complex32;
pub use realfft::{ComplexToReal, RealToComplex};

/// Plans a forward transform of `length` real samples to `length / 2 + 1` bins, unnormalised.
pub fn plan_forward(length: usize) -> Arc<dyn RealToComplex<f32>> {
    RealFftPlanner::new().plan_fft_forward(length)
}

/// Plans the inverse of [`plan_forward`], unnormalised: both together multiply by `length`.
pub fn plan_inverse(length: usize) -> Arc<dyn ComplexToReal<f32>> {
    RealFftPlanner::new().plan_fft_inverse(length)
}
