//! Powers of whole rows, written so that they compile to vector instructions.

use multiversion::multiversion;

use super::exponential::exp2;

/// Below this, −361 dB, a power is 0: no denormal may slow down what follows.
const TINY: f32 = f32::from_bits((127 - 60) << 23);

/// Raises each value, none of them below 0, to `exponent > 0`, to 1e-5 relative: 0 stays 0 and 1
/// stays 1. Results below 2^−60 are 0, those above 2^126 are that.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn raise(values: &mut [f32], exponent: f32) {
    for x in values {
        let power = exp2(exponent * log2(*x));
        *x = if *x > 0.0 && power > TINY { power } else { 0.0 };
    }
}

/// The logarithm to base 2 of a normal positive number.
///
/// `x = 2^n · m` with `m` from √½ to √2, and `ln m = 2 · artanh((m − 1) / (m + 1))`, whose series
/// ends with the seventh power, 4e-8 off.
#[inline(always)]
fn log2(x: f32) -> f32 {
    const SQRT_HALF_BITS: u32 = 0x3f35_04f3;
    let shifted = x.to_bits().wrapping_sub(SQRT_HALF_BITS) as i32;
    let n = shifted >> 23;
    let m = f32::from_bits(x.to_bits().wrapping_sub((n << 23) as u32));
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    let series = 1.0 + square * (1.0 / 3.0 + square * (1.0 / 5.0 + square / 7.0));
    n as f32 + 2.0 * std::f32::consts::LOG2_E * s * series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_theirs() {
        let values: Vec<f32> = (1..=4_000).map(|n| (n as f32 / 2_000.0).powi(3)).collect();
        for exponent in [0.25, 0.5, 0.9, 1.0, 1.7, 4.0] {
            let mut got = values.clone();
            raise(&mut got, exponent);
            for (x, got) in values.iter().zip(got) {
                let want = f64::from(*x).powf(f64::from(exponent));
                if want < f64::from(TINY) {
                    assert_eq!(got, 0.0, "{x}^{exponent}");
                    continue;
                }
                let error = (f64::from(got) / want - 1.0).abs();
                assert!(error < 1e-5, "{x}^{exponent} is off by {error:e}");
            }
        }
    }

    #[test]
    fn ends_are_exact() {
        for exponent in [0.25, 4.0] {
            let mut values = [0.0, 1.0, 1e-38, 1e-20];
            raise(&mut values, exponent);
            assert_eq!(values[..2], [0.0, 1.0]);
            assert!(values[2..].iter().all(|x| *x == 0.0 || x.is_normal()));
        }
    }
}
