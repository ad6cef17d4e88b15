//! Activations of whole frames, written so that they compile to vector instructions.

use multiversion::multiversion;

use crate::dsp::exponential::exp;

/// `x` where positive, else `slope · x` (He et al., ICCV 2015).
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn prelu(values: &mut [f32], slopes: &[f32]) {
    for (x, slope) in values.iter_mut().zip(slopes) {
        *x = if *x > 0.0 { *x } else { slope * *x };
    }
}

/// [`prelu`] of rows of equal length, with a slope a row.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn prelu_rows(values: &mut [f32], slopes: &[f32]) {
    let length = values.len() / slopes.len();
    for (row, &slope) in values.chunks_exact_mut(length).zip(slopes) {
        for x in row {
            *x = if *x > 0.0 { *x } else { slope * *x };
        }
    }
}

/// `1 / (1 + e^−x)`.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn sigmoid(values: &mut [f32]) {
    for x in values {
        *x = 1.0 / (1.0 + exp(-*x));
    }
}

/// `tanh x = 2 · sigmoid(2x) − 1`.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn tanh(values: &mut [f32]) {
    for x in values {
        *x = 2.0 / (1.0 + exp(-2.0 * *x)) - 1.0;
    }
}

/// Softmax over four rows of equal length: after it, `values[0][i] + … + values[3][i] = 1`.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn softmax_of_four(values: &mut [f32]) {
    let length = values.len() / 4;
    let (a, rest) = values.split_at_mut(length);
    let (b, rest) = rest.split_at_mut(length);
    let (c, d) = rest.split_at_mut(length);
    let d = &mut d[..length];
    for i in 0..length {
        let top = larger(larger(a[i], b[i]), larger(c[i], d[i]));
        let (ea, eb, ec, ed) = (
            exp(a[i] - top),
            exp(b[i] - top),
            exp(c[i] - top),
            exp(d[i] - top),
        );
        let scale = 1.0 / (ea + eb + ec + ed);
        a[i] = ea * scale;
        b[i] = eb * scale;
        c[i] = ec * scale;
        d[i] = ed * scale;
    }
}

#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Vec<f32> {
        (-9_000..=9_000).map(|n| n as f32 / 100.0).collect()
    }

    #[test]
    fn sigmoid_and_tanh_are_theirs() {
        let (mut s, mut t) = (grid(), grid());
        sigmoid(&mut s);
        tanh(&mut t);
        for (i, x) in grid().into_iter().enumerate() {
            let x = f64::from(x);
            assert!(
                (f64::from(s[i]) - 1.0 / (1.0 + (-x).exp())).abs() < 1e-6,
                "{x}"
            );
            assert!((f64::from(t[i]) - x.tanh()).abs() < 1e-6, "{x}");
        }
    }

    #[test]
    fn softmax_sums_to_one_and_keeps_the_order() {
        let mut values: Vec<f32> = (0..40)
            .map(|n| ((n * 37 % 17) as f32 - 8.0) * 9.0)
            .collect();
        let before = values.clone();
        softmax_of_four(&mut values);
        for i in 0..10 {
            let rows = |v: &[f32]| [v[i], v[10 + i], v[20 + i], v[30 + i]];
            let sum: f32 = rows(&values).iter().sum();
            assert!((sum - 1.0).abs() < 1e-6, "{sum}");
            let total: f64 = rows(&before).iter().map(|&x| f64::from(x).exp()).sum();
            for (got, x) in rows(&values).iter().zip(rows(&before)) {
                assert!((f64::from(*got) - f64::from(x).exp() / total).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn prelu_bends_at_zero() {
        let mut values = [-2.0, 0.0, 3.0];
        prelu(&mut values, &[0.25, 0.25, 0.25]);
        assert_eq!(values, [-0.5, 0.0, 3.0]);
    }
}
