//! Filters that best explain a signal by others: least squares over delays of 0 to 511 samples.
//!
//! With signals `u_i` and the wanted `e`, the filters `c_i` that minimise `‖e − Σ_i c_i ∗ u_i‖²`
//! solve `Σ_σ R(τ − σ)·c(σ) = d(τ)`, where `R(k)_ij = Σ_t u_i(t)·u_j(t + k)` and
//! `d(k)_i = Σ_t u_i(t)·e(t + k)`. That matrix is block-Toeplitz, so the block Levinson recursion
//! (Whittle 1963; Wiggins & Robinson 1965) needs the square, not the cube, of its size.

/// Length of the filters, as BSSEval has it.
pub const FILTER_TAPS: usize = 512;

/// An M × M matrix, row by row.
pub type Block<const M: usize> = [[f64; M]; M];

/// Signals are transformed in stretches; a transform holds one and its longest delay.
const FFT_SAMPLES: usize = 2048;
const NUM_BINS: usize = FFT_SAMPLES / 2 + 1;
const STRETCH_SAMPLES: usize = FFT_SAMPLES - FILTER_TAPS;

/// No signal may be predicted, by its past and the others, with less error than this part of its
/// energy: rounding would outgrow it, as it does with pure tones and where signals repeat each
/// other (a mono stem's channels). Such a signal gets noise of twice as much, at −97 dB.
const LEAST_ERROR: f64 = 1e-10;

/// `Σ_t a(t)·b(t + k)` of every `a` and `b`, `[k][a][b]` for k in `0..FILTER_TAPS`. All signals are
/// of one length; M is even.
pub fn correlations<const M: usize>(a: [&[f32]; M], b: [&[f32]; M]) -> Vec<Block<M>> {
    let mut fft = Fft::new();
    let zero = [[0.0; M]; M];
    let mut sums: Vec<_> = std::iter::repeat_n((zero, zero), NUM_BINS).collect();
    let mut a_spectra = vec![[[0.0; 2]; M]; NUM_BINS];
    let mut b_spectra = a_spectra.clone();
    for start in (0..a[0].len()).step_by(STRETCH_SAMPLES) {
        fft.transform(a, start, STRETCH_SAMPLES, &mut a_spectra);
        fft.transform(b, start, FFT_SAMPLES, &mut b_spectra);
        for (((re, im), a), b) in sums.iter_mut().zip(&a_spectra).zip(&b_spectra) {
            for i in 0..M {
                let [x_re, x_im] = a[i];
                for j in 0..M {
                    let [y_re, y_im] = b[j];
                    re[i][j] += x_re * y_re + x_im * y_im;
                    im[i][j] += x_re * y_im - x_im * y_re;
                }
            }
        }
    }
    let mut blocks = vec![zero; FILTER_TAPS];
    for i in 0..M {
        for j in 0..M {
            // The transform of the conjugate is the inverse's conjugate.
            for (bin, (re, im)) in sums.iter().enumerate() {
                fft.values[bin] = [re[i][j], -im[i][j]];
                fft.values[(FFT_SAMPLES - bin) % FFT_SAMPLES] = [re[i][j], im[i][j]];
            }
            fft.run();
            for (block, value) in blocks.iter_mut().zip(&fft.values) {
                block[i][j] = value[0] / FFT_SAMPLES as f64;
            }
        }
    }
    blocks
}

/// A Fourier transform in `f64` (radix 2, Stockham 1966): stems that are nearly pure tones, or
/// nearly alike, are told apart by less than what `f32` rounds away.
struct Fft {
    /// `exp(−2πi·k/N)`, `[real, imaginary]`.
    turns: Vec<[f64; 2]>,
    values: Vec<[f64; 2]>,
    spare: Vec<[f64; 2]>,
}

impl Fft {
    fn new() -> Self {
        let turn = |k: usize| {
            let (sin, cos) = (std::f64::consts::TAU * k as f64 / FFT_SAMPLES as f64).sin_cos();
            [cos, -sin]
        };
        Self {
            turns: (0..FFT_SAMPLES / 2).map(turn).collect(),
            values: vec![[0.0; 2]; FFT_SAMPLES],
            spare: vec![[0.0; 2]; FFT_SAMPLES],
        }
    }

    /// Transforms `values`, unnormalised.
    fn run(&mut self) {
        let mut stride = 1;
        while stride < FFT_SAMPLES {
            let (low, high) = self.values.split_at(FFT_SAMPLES / 2);
            let low = low.chunks_exact(stride).zip(high.chunks_exact(stride));
            let turns = self.turns.iter().step_by(stride);
            let out = self.spare.chunks_exact_mut(2 * stride);
            for ((out, (low, high)), &[cos, sin]) in out.zip(low).zip(turns) {
                let (sums, differences) = out.split_at_mut(stride);
                for k in 0..stride {
                    let ([a_re, a_im], [b_re, b_im]) = (low[k], high[k]);
                    let (re, im) = (a_re - b_re, a_im - b_im);
                    sums[k] = [a_re + b_re, a_im + b_im];
                    differences[k] = [re * cos - im * sin, re * sin + im * cos];
                }
            }
            std::mem::swap(&mut self.values, &mut self.spare);
            stride *= 2;
        }
    }

    /// Writes the spectra `[bin][signal]` of the signals' `length` samples from `start` on, as far
    /// as there are that many. Two signals share a transform, as its real and imaginary part.
    fn transform<const M: usize>(
        &mut self,
        signals: [&[f32]; M],
        start: usize,
        length: usize,
        spectra: &mut [[[f64; 2]; M]],
    ) {
        let end = signals[0].len().min(start + length);
        for pair in (0..M).step_by(2) {
            let samples = signals[pair][start..end]
                .iter()
                .zip(&signals[pair + 1][start..end]);
            for (value, (&re, &im)) in self.values.iter_mut().zip(samples) {
                *value = [f64::from(re), f64::from(im)];
            }
            self.values[end - start..].fill([0.0; 2]);
            self.run();
            for (bin, spectrum) in spectra.iter_mut().enumerate() {
                let [a_re, a_im] = self.values[bin];
                let [b_re, b_im] = self.values[(FFT_SAMPLES - bin) % FFT_SAMPLES];
                spectrum[pair] = [0.5 * (a_re + b_re), 0.5 * (a_im - b_im)];
                spectrum[pair + 1] = [0.5 * (a_im + b_im), 0.5 * (b_re - a_re)];
            }
        }
    }
}

/// The filters `[tap][signal][wanted]` for M wanted signals, from the signals' correlations with
/// each other and with the wanted ones. A silent signal gets silent filters.
pub fn solve<const M: usize>(signals: &[Block<M>], wanted: &[Block<M>]) -> Vec<Block<M>> {
    // Signals of unit energy: stems of very different levels solve alike.
    let scale: [f64; M] = std::array::from_fn(|i| match signals[0][i][i] {
        energy if energy > 0.0 => energy.sqrt().recip(),
        _ => 0.0,
    });
    let mut r: Vec<Block<M>> = signals.to_vec();
    let mut d: Vec<Block<M>> = wanted.to_vec();
    for (r, d) in r.iter_mut().zip(&mut d) {
        for i in 0..M {
            for j in 0..M {
                r[i][j] *= scale[i] * scale[j];
                d[i][j] *= scale[i];
            }
        }
    }
    let mut noise = [0.0; M];
    let mut filters = loop {
        (0..M).for_each(|i| r[0][i][i] = 1.0 + noise[i]);
        match levinson(&r, &d) {
            Ok(filters) => break filters,
            Err(Predictable(i)) => noise[i] = (2.0 * noise[i]).max(2.0 * LEAST_ERROR),
        }
    };
    for tap in &mut filters {
        for (row, scale) in tap.iter_mut().zip(scale) {
            row.iter_mut().for_each(|c| *c *= scale);
        }
    }
    filters
}

/// The signal of this index is predicted too well.
struct Predictable(usize);

/// The block Levinson recursion: `forward` and `backward` predict a signal from its future and
/// past, and each new order of both brings the solution one tap further.
fn levinson<const M: usize>(r: &[Block<M>], d: &[Block<M>]) -> Result<Vec<Block<M>>, Predictable> {
    let zero = [[0.0; M]; M];
    let mut identity = zero;
    (0..M).for_each(|i| identity[i][i] = 1.0);
    let (mut forward, mut backward) = (vec![identity], vec![identity]);
    let (mut forward_error, mut backward_error) = (r[0], r[0]);
    let mut solution = vec![divide(&r[0], &d[0])?];
    for order in 1..d.len() {
        let mut residual = zero;
        let mut missing = d[order];
        for tap in 0..order {
            add_product(&mut residual, &r[order - tap], &forward[tap], 1.0);
            add_product(&mut missing, &r[order - tap], &solution[tap], -1.0);
        }
        let transposed = std::array::from_fn(|i| std::array::from_fn(|j| residual[j][i]));
        let forward_gain = divide(&backward_error, &residual)?;
        let backward_gain = divide(&forward_error, &transposed)?;
        add_product(&mut forward_error, &transposed, &forward_gain, -1.0);
        add_product(&mut backward_error, &residual, &backward_gain, -1.0);

        forward.push(zero);
        backward.insert(0, zero);
        for (forward, backward) in forward.iter_mut().zip(&mut backward) {
            let before = *forward;
            add_product(forward, backward, &forward_gain, -1.0);
            add_product(backward, &before, &backward_gain, -1.0);
        }
        let gain = divide(&backward_error, &missing)?;
        solution.push(zero);
        for (solution, backward) in solution.iter_mut().zip(&backward) {
            add_product(solution, backward, &gain, 1.0);
        }
    }
    Ok(solution)
}

/// `sum += factor · a · b`.
fn add_product<const M: usize>(sum: &mut Block<M>, a: &Block<M>, b: &Block<M>, factor: f64) {
    for (sum, a) in sum.iter_mut().zip(a) {
        for (a, b) in a.iter().zip(b) {
            for (sum, b) in sum.iter_mut().zip(b) {
                *sum += factor * a * b;
            }
        }
    }
}

/// `a⁻¹ · b` of the errors' covariance `a`, by its Cholesky factor.
fn divide<const M: usize>(a: &Block<M>, b: &Block<M>) -> Result<Block<M>, Predictable> {
    let mut lower = [[0.0; M]; M];
    for i in 0..M {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let rest = a[i][j] - sum;
            lower[i][j] = if i != j {
                rest / lower[j][j]
            } else if rest > LEAST_ERROR {
                rest.sqrt()
            } else {
                return Err(Predictable(i));
            };
        }
    }
    let mut x = *b;
    for column in 0..M {
        for i in 0..M {
            let sum: f64 = (0..i).map(|k| lower[i][k] * x[k][column]).sum();
            x[i][column] = (x[i][column] - sum) / lower[i][i];
        }
        for i in (0..M).rev() {
            let sum: f64 = (i + 1..M).map(|k| lower[k][i] * x[k][column]).sum();
            x[i][column] = (x[i][column] - sum) / lower[i][i];
        }
    }
    Ok(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    fn noise(stream: u64, length: usize) -> Vec<f32> {
        let mut dice = Dice::new(7, stream);
        (0..length)
            .map(|_| dice.between(-1.0, 1.0) as f32)
            .collect()
    }

    #[test]
    fn correlations_are_sums_of_products() {
        // Several stretches, and no multiple of one.
        let signals = [noise(0, 5000), noise(1, 5000)];
        let slices = signals.each_ref().map(Vec::as_slice);
        let got = correlations(slices, slices);
        for delay in [0, 1, 100, FILTER_TAPS - 1] {
            for i in 0..2 {
                for j in 0..2 {
                    let pairs = signals[i].iter().zip(&signals[j][delay..]);
                    let want: f64 = pairs.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
                    let error = (got[delay][i][j] - want).abs();
                    // Sums of thousands of f64 values within ±1.
                    assert!(error < 1e-10, "{delay} {i} {j}: {error}");
                }
            }
        }
    }

    #[test]
    fn the_filters_of_a_filtered_signal_are_found() {
        let signals = [noise(2, 20_000), noise(3, 20_000)];
        // Both wanted signals end in silence, so that nothing is cut off.
        let mut wanted = [vec![0.0; 20_600], vec![0.0; 20_600]];
        for n in 0..20_000 {
            wanted[0][n + 3] += 0.5 * signals[0][n];
            wanted[0][n + 511] -= 0.25 * signals[1][n];
            wanted[1][n] += signals[1][n];
        }
        let signals = signals.map(|mut x| {
            x.resize(20_600, 0.0);
            x
        });
        let slices = signals.each_ref().map(Vec::as_slice);
        let got = solve(
            &correlations(slices, slices),
            &correlations(slices, wanted.each_ref().map(Vec::as_slice)),
        );
        for (tap, block) in got.iter().enumerate() {
            let mut want = [[0.0; 2]; 2];
            match tap {
                0 => want[1][1] = 1.0,
                3 => want[0][0] = 0.5,
                511 => want[1][0] = -0.25,
                _ => {}
            }
            for i in 0..2 {
                for j in 0..2 {
                    let error = (block[i][j] - want[i][j]).abs();
                    // f32 samples, on signals as good as white.
                    assert!(error < 1e-7, "tap {tap} {i} {j}: {error}");
                }
            }
        }
    }

    #[test]
    fn signals_that_repeat_or_rest_are_no_trouble() {
        let (sound, rest) = (noise(4, 9000), vec![0.0; 9000]);
        let signals = [&sound[..], &sound, &rest, &rest];
        let own = correlations(signals, signals);
        let filters = solve(&own, &own);
        for (tap, block) in filters.iter().enumerate() {
            let want = if tap == 0 { 1.0 } else { 0.0 };
            let together = block[0][0] + block[1][0];
            // The regularisation over the smallest eigenvalue of noise this short.
            assert!((together - want).abs() < 1e-6, "tap {tap}: {together}");
            assert_eq!(block[2], [0.0; 4], "tap {tap}");
        }
    }
}
