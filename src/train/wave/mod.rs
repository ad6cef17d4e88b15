//! From masks to waveforms and their losses, with gradients: for networks whose masks are not
//! taught directly.

pub mod frames;
mod losses;
mod mix_spectra;
mod multi_resolution;
mod power_spectrum;
mod synthesis;

pub use losses::WaveLoss;
pub use mix_spectra::MixSpectra;

#[cfg(test)]
mod testing {
    use candle_core::{DType, Device, Result, Tensor, Var};

    use crate::dice::Dice;

    /// Seeded uniform noise within ±1.
    pub fn noise(shape: &[usize], dtype: DType, seed: u64) -> Tensor {
        let mut dice = Dice::new(seed, 0_u64);
        let count: usize = shape.iter().product();
        let values: Vec<f64> = (0..count).map(|_| dice.between(-1.0, 1.0)).collect();
        let tensor = Tensor::from_vec(values, shape, &Device::Cpu).expect("as many as the shape");
        tensor.to_dtype(dtype).expect("a float")
    }

    /// Fails where the gradient of a scalar function of `x`, in `f64`, is not its difference
    /// quotient.
    pub fn assert_gradient(f: impl Fn(&Tensor) -> Result<Tensor>, x: &Tensor, case: &str) {
        const STEP: f64 = 1e-5;
        let values: Vec<f64> = x.flatten_all().unwrap().to_vec1().unwrap();
        let value_at = |values: &[f64]| -> f64 {
            let x = Tensor::from_slice(values, x.shape(), &Device::Cpu).unwrap();
            f(&x).unwrap().to_scalar().unwrap()
        };
        let variable = Var::from_tensor(x).unwrap();
        let gradients = f(&variable).unwrap().backward().unwrap();
        let gradient = gradients.get(&variable).expect("x matters");
        let gradient: Vec<f64> = gradient.flatten_all().unwrap().to_vec1().unwrap();
        for (index, &got) in gradient.iter().enumerate() {
            let moved = |step: f64| {
                let mut values = values.clone();
                values[index] += step;
                value_at(&values)
            };
            let want = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
            // The quotient's own error: rounding 1e-16 / 1e-5, and the third derivative · 1e-10.
            assert!(
                (got - want).abs() <= 1e-6 * (1.0 + want.abs()),
                "{case}: gradient {index}: {got}, want {want}"
            );
        }
    }
}
