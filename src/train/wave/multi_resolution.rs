//! The multi-resolution STFT loss: the mean over three windows of the spectral convergence and of
//! the distance of log magnitudes (Yamamoto, Song & Kim, "Parallel WaveGAN", ICASSP 2020,
//! equations 4–6).
//!
//! Changed: the norms of the spectral convergence go over the stems and channels of an item
//! together, so that a silent stem divides by nothing; and powers have a floor of −60 dB of a
//! full-scale sine, so that near-silence is not worth more than sound.

use std::sync::LazyLock;

use candle_core::{D, Result, Tensor, bail};

use super::frames::frames;
use super::power_spectrum::PowerSpectrum;

/// A hop is a quarter of a window.
static SPECTRA: LazyLock<[PowerSpectrum; 3]> =
    LazyLock::new(|| [256, 1024, LONGEST_SAMPLES].map(PowerSpectrum::new));

const LONGEST_SAMPLES: usize = 2048;

/// Added to powers; a full-scale sine in the middle of a bin has power 1.
const FLOOR_POWER: f64 = 1e-6;

/// The loss of estimates against targets, both `[b, S, C, n]`; a scalar, next to 0 if equal.
///
/// # Errors
/// `n` is shorter than the longest window.
pub(super) fn loss(estimates: &Tensor, targets: &Tensor) -> Result<Tensor> {
    let samples = targets.dim(D::Minus1)?;
    if samples < LONGEST_SAMPLES {
        bail!(
            "multi-resolution STFT: expected at least {LONGEST_SAMPLES} samples, found {samples}"
        );
    }
    let mut sum = Tensor::zeros((), targets.dtype(), targets.device())?;
    for spectrum in &*SPECTRA {
        sum = (sum + loss_at(estimates, targets, spectrum)?)?;
    }
    sum / SPECTRA.len() as f64
}

fn loss_at(
    estimates: &Tensor,
    targets: &Tensor,
    spectrum: &'static PowerSpectrum,
) -> Result<Tensor> {
    let [e, t] = [powers(estimates, spectrum)?, powers(targets, spectrum)?];
    // Half the distance of log powers is that of log magnitudes.
    let distance = ((e.log()? - t.log()?)?.abs()?.mean_all()? * 0.5)?;
    // The powers' floor keeps the roots from an infinite slope at 0.
    let [e, t] = [e.sqrt()?, t.sqrt()?];
    let norm = |x: &Tensor| (x.sqr()?.sum((1, 2))? + FLOOR_POWER)?.sqrt();
    let convergence = (norm(&(e - &t)?)? / norm(&t)?)?.mean_all()?;
    convergence + distance
}

/// Powers of the frames of `[b, S, C, n]`, floor included: `[b, frames·S·C, bins]`.
fn powers(x: &Tensor, spectrum: &'static PowerSpectrum) -> Result<Tensor> {
    let window = spectrum.window_samples();
    let hop = window / 4;
    let (batch, stems, channels, samples) = x.dims4()?;
    let signals = x.reshape((batch, stems * channels, samples))?;
    let whole = signals.narrow(2, 0, samples / hop * hop)?;
    let frames = frames(&whole, window, hop)?.reshape(((), window))?;
    spectrum.of(&frames)?.reshape((batch, (), window / 2 + 1))? + FLOOR_POWER
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Var};

    use super::super::testing::noise;
    use super::*;

    #[test]
    fn a_tenth_louder_is_its_own_distance() {
        let targets = noise(&[2, 2, 1, 2500], DType::F64, 1);
        let estimates = (&targets * 1.1).unwrap();
        let got: f64 = loss(&estimates, &targets).unwrap().to_scalar().unwrap();
        // Every magnitude is 1.1 of what it was: a convergence of 0.1, and ln 1.1.
        let want = 0.1 + 1.1_f64.ln();
        // The floor of −60 dB takes a little where noise has holes.
        assert!((got - want).abs() < 2e-3, "{got}, want {want}");
        let equal: f64 = loss(&targets, &targets).unwrap().to_scalar().unwrap();
        // The root of the floor, over the norm of some thousand magnitudes of 0.01 to 0.1.
        assert!((0.0..2e-3).contains(&equal), "{equal}");
    }

    #[test]
    fn gradient() {
        const STEP: f64 = 1e-5;
        let targets = noise(&[1, 2, 1, 2048], DType::F64, 2);
        let estimates = noise(&[1, 2, 1, 2048], DType::F64, 3);
        let direction = noise(&[1, 2, 1, 2048], DType::F64, 4);
        let variable = Var::from_tensor(&estimates).unwrap();
        let gradients = loss(&variable, &targets).unwrap().backward().unwrap();
        let gradient = gradients.get(&variable).expect("estimates matter");
        let got: f64 = (gradient * &direction)
            .unwrap()
            .sum_all()
            .unwrap()
            .to_scalar()
            .unwrap();
        let at = |step: f64| -> f64 {
            let moved = (&estimates + (&direction * step).unwrap()).unwrap();
            loss(&moved, &targets).unwrap().to_scalar().unwrap()
        };
        let want = (at(STEP) - at(-STEP)) / (2.0 * STEP);
        // Log magnitudes bend sharply in the holes of noise.
        assert!((got - want).abs() < 1e-5 * want.abs(), "{got}, want {want}");
    }

    #[test]
    fn too_short_is_refused() {
        let x = noise(&[1, 1, 1, 2047], DType::F32, 5);
        let error = loss(&x, &x).expect_err("2047 samples").to_string();
        assert!(
            error.contains("at least 2048 samples, found 2047"),
            "{error}"
        );
    }
}
