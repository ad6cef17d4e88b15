//! Power spectra of frames, with gradients: on a CPU by FFT, which brings the multi-resolution loss
//! down to a third of its time, elsewhere by a product with a Fourier basis.

use std::f64::consts::TAU;
use std::sync::{Arc, OnceLock};

use candle_core::{CpuStorage, CustomOp1, DType, Device, Layout, Result, Shape, Tensor};
use unbraid_fft::{Complex32, ComplexToReal, RealToComplex, plan_forward, plan_inverse};

use crate::train::hand_written::contiguous;

/// Hann-windowed power spectra of frames of one length.
pub(super) struct PowerSpectrum {
    /// Scaled to give a full-scale sine in the middle of a bin the power 1.
    window: Vec<f32>,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    /// See [`basis`](Self::basis); up to 17 MB, so only where it is needed.
    basis: OnceLock<Tensor>,
}

impl PowerSpectrum {
    pub fn new(window_samples: usize) -> Self {
        // The sum of a Hann window is half its length, and a sine has half its level in a bin.
        let scale = 4.0 / window_samples as f64;
        let hann = |n: usize| (1.0 - (TAU * n as f64 / window_samples as f64).cos()) / 2.0;
        Self {
            window: (0..window_samples)
                .map(|n| (scale * hann(n)) as f32)
                .collect(),
            forward: plan_forward(window_samples),
            inverse: plan_inverse(window_samples),
            basis: OnceLock::new(),
        }
    }

    pub fn window_samples(&self) -> usize {
        self.window.len()
    }

    fn num_bins(&self) -> usize {
        self.window.len() / 2 + 1
    }

    /// Of frames `[n, window]`: `[n, bins]`.
    pub fn of(&'static self, frames: &Tensor) -> Result<Tensor> {
        if frames.device().is_cpu() && frames.dtype() == DType::F32 {
            frames.contiguous()?.apply_op1(FramePowers(self))
        } else {
            self.by_basis(frames)
        }
    }

    fn by_basis(&self, frames: &Tensor) -> Result<Tensor> {
        let basis = self.basis.get_or_init(|| self.basis());
        let basis = basis.to_device(frames.device())?;
        let squares = frames.matmul(&basis.to_dtype(frames.dtype())?)?.sqr()?;
        let part = |part: usize| squares.narrow(1, part * self.num_bins(), self.num_bins());
        part(0)? + part(1)?
    }

    /// The windowed Fourier basis, `[window, 2·bins]`: cosines, then sines.
    fn basis(&self) -> Tensor {
        let (length, num_bins) = (self.window.len(), self.num_bins());
        // One turn in `length` steps: every angle of the basis is one of these.
        let turn: Vec<_> = (0..length)
            .map(|i| (TAU * i as f64 / length as f64).sin_cos())
            .map(|(sin, cos)| (sin as f32, cos as f32))
            .collect();
        let mut values = Vec::with_capacity(length * 2 * num_bins);
        for (n, w) in self.window.iter().enumerate() {
            let angles = (0..num_bins).map(|bin| turn[n * bin % length]);
            values.extend(angles.clone().map(|(_, cos)| w * cos));
            values.extend(angles.map(|(sin, _)| w * sin));
        }
        let shape = (length, 2 * num_bins);
        Tensor::from_vec(values, shape, &Device::Cpu).expect("as many as the shape")
    }

    /// Calls `on_spectrum` with the spectrum of each frame and the frame's index.
    fn for_each_spectrum(
        &self,
        frames: &[f32],
        mut on_spectrum: impl FnMut(usize, &mut [Complex32]),
    ) {
        let mut windowed = self.forward.make_input_vec();
        let mut spectrum = self.forward.make_output_vec();
        let mut scratch = self.forward.make_scratch_vec();
        for (index, frame) in frames.chunks_exact(self.window.len()).enumerate() {
            for ((y, x), w) in windowed.iter_mut().zip(frame).zip(&self.window) {
                *y = x * w;
            }
            let done =
                self.forward
                    .process_with_scratch(&mut windowed, &mut spectrum, &mut scratch);
            debug_assert!(done.is_ok(), "the buffers are the plan's own");
            on_spectrum(index, &mut spectrum);
        }
    }
}

/// The op behind [`PowerSpectrum::of`].
struct FramePowers(&'static PowerSpectrum);

impl CustomOp1 for FramePowers {
    fn name(&self) -> &'static str {
        "frame-powers"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (num_frames, _) = layout.shape().dims2()?;
        let frames = contiguous(storage, layout)?;
        let num_bins = self.0.num_bins();
        let mut powers = Vec::with_capacity(num_frames * num_bins);
        self.0.for_each_spectrum(frames, |_, spectrum| {
            powers.extend(spectrum.iter().map(Complex32::norm_sqr));
        });
        Ok((CpuStorage::F32(powers), (num_frames, num_bins).into()))
    }

    /// With `g` the gradient of the powers of a spectrum `X`: the window times the real part of
    /// `Σ_bins 2·g·X·exp(iωn)`.
    fn bwd(&self, frames: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let Self(PowerSpectrum {
            window, inverse, ..
        }) = self;
        let samples = frames.flatten_all()?.to_vec1::<f32>()?;
        let gradient = gradient.flatten_all()?.to_vec1::<f32>()?;
        let num_bins = self.0.num_bins();
        let mut scratch = inverse.make_scratch_vec();
        let mut sum = inverse.make_output_vec();
        let mut result = Vec::with_capacity(samples.len());
        self.0.for_each_spectrum(&samples, |index, spectrum| {
            let gradient = &gradient[index * num_bins..][..num_bins];
            for (x, g) in spectrum.iter_mut().zip(gradient) {
                *x *= *g;
            }
            // The inverse counts all bins twice but these.
            for end in [0, num_bins - 1] {
                spectrum[end] = Complex32::new(2.0 * spectrum[end].re, 0.0);
            }
            let done = inverse.process_with_scratch(spectrum, &mut sum, &mut scratch);
            debug_assert!(done.is_ok(), "the buffers are the plan's own");
            result.extend(sum.iter().zip(window).map(|(y, w)| y * w));
        });
        Tensor::from_vec(result, frames.shape(), frames.device()).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use candle_core::Var;

    use super::super::testing::{assert_gradient, noise};
    use super::*;

    static SPECTRA: LazyLock<[PowerSpectrum; 2]> =
        LazyLock::new(|| [64, 256].map(PowerSpectrum::new));

    #[test]
    fn a_full_scale_sine_has_power_1_in_its_bin() {
        for spectrum in &*SPECTRA {
            let window = spectrum.window_samples();
            let omega = TAU * 20.0 / window as f64;
            let sine: Vec<_> = (0..window)
                .map(|n| (omega * n as f64).sin() as f32)
                .collect();
            let sine = Tensor::from_vec(sine, (1, window), &Device::Cpu).unwrap();
            let powers = spectrum.of(&sine).unwrap().to_vec2::<f32>().unwrap();
            // A Hann window spreads a sine over three bins, the outer at half the magnitude.
            for (bin, want) in [(18, 0.0), (19, 0.25), (20, 1.0), (21, 0.25), (30, 0.0)] {
                let got = powers[0][bin];
                // f32 sums of up to 256 products.
                assert!(
                    (got - want).abs() < 1e-5,
                    "{window}, bin {bin}: {got}, want {want}"
                );
            }
        }
    }

    #[test]
    fn the_fft_gives_what_the_basis_gives_and_so_do_its_gradients() {
        for (seed, spectrum) in SPECTRA.iter().enumerate() {
            let frames = Var::from_tensor(&noise(
                &[7, spectrum.window_samples()],
                DType::F32,
                seed as u64,
            ))
            .unwrap();
            let weights = noise(&[7, spectrum.num_bins()], DType::F32, 9);
            let [fft, basis] = [spectrum.of(&frames), spectrum.by_basis(&frames)].map(|powers| {
                let powers = powers.unwrap();
                let loss = (&powers * &weights).unwrap().sum_all().unwrap();
                let gradients = loss.backward().unwrap();
                (
                    powers,
                    gradients.get(&frames).expect("frames matter").clone(),
                )
            });
            for (name, got, want) in [
                ("powers", &fft.0, &basis.0),
                ("gradients", &fft.1, &basis.1),
            ] {
                let error = (got - want).unwrap().abs().unwrap().max_all().unwrap();
                let largest = want.abs().unwrap().max_all().unwrap();
                let (error, largest): (f32, f32) =
                    (error.to_scalar().unwrap(), largest.to_scalar().unwrap());
                // f32 sums of 256 products.
                assert!(error < 1e-5 * largest, "{name}: {error} off, of {largest}");
            }
        }
    }

    #[test]
    fn gradient() {
        let frames = noise(&[2, 64], DType::F64, 3);
        let weights = noise(&[2, 33], DType::F64, 4);
        let f = |frames: &Tensor| (SPECTRA[0].of(frames)? * &weights)?.sum_all();
        assert_gradient(f, &frames, "powers by the basis");
    }
}
