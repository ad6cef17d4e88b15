//! Exponentials that compile to vector instructions within a loop over a row.
//!
//! Both are `2^n · e^r` with a whole number `n` and a small rest `r`.

/// Adding 1.5 · 2^23 rounds to a whole number, whose low bits then stand in the mantissa.
const ROUNDER: f32 = 12_582_912.0;

/// `e^x` to 2e-7 relative, with `x` cut to ±87, where f32 ends. `n` is the nearest whole number to
/// `x / ln 2`.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    // ln 2 in two parts, so that n · ln 2 keeps its last bits (Cody & Waite 1980).
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = if x < -87.0 { -87.0 } else { x };
    let x = if x > 87.0 { 87.0 } else { x };
    let rounded = x * std::f32::consts::LOG2_E + ROUNDER;
    let n = rounded - ROUNDER;
    scaled(rounded, x - n * LN_2_HIGH - n * LN_2_LOW)
}

/// `2^x`, with `x` cut to ±126. `n` is the nearest whole number to `x`.
#[inline(always)]
pub fn exp2(x: f32) -> f32 {
    let x = if x < -126.0 { -126.0 } else { x };
    let x = if x > 126.0 { 126.0 } else { x };
    let rounded = x + ROUNDER;
    scaled(rounded, (x - (rounded - ROUNDER)) * std::f32::consts::LN_2)
}

/// `2^n · e^r` with `rounded = n + ROUNDER`. The Taylor series of degree 6 is exact to f32 for
/// `|r| ≤ ln 2 / 2`.
#[inline(always)]
fn scaled(rounded: f32, r: f32) -> f32 {
    let series = 1.0
        + r * (1.0
            + r * (1.0 / 2.0 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r / 720.0)))));
    let exponent = rounded
        .to_bits()
        .wrapping_sub(ROUNDER.to_bits())
        .wrapping_add(127)
        << 23;
    series * f32::from_bits(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> impl Iterator<Item = f32> {
        (-13_000..=13_000).map(|n| n as f32 / 100.0)
    }

    #[test]
    fn exp_is_e_to_the_x() {
        for x in grid() {
            let want = f64::from(x.clamp(-87.0, 87.0)).exp();
            let error = (f64::from(exp(x)) / want - 1.0).abs();
            assert!(error < 4e-7, "exp({x}) is off by {error:e}");
        }
    }

    #[test]
    fn exp2_is_two_to_the_x() {
        for x in grid() {
            let want = f64::from(x.clamp(-126.0, 126.0)).exp2();
            let error = (f64::from(exp2(x)) / want - 1.0).abs();
            assert!(error < 4e-7, "exp2({x}) is off by {error:e}");
        }
    }
}
