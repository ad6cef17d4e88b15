//! A matrix packed for one product at a time, `y += W · x`: nearly all of a hop's time goes here.
//!
//! Rows are cut into panels of 64, and a panel is stored column by column, so that the product
//! streams through the weights once, in order, with all accumulators of a panel in registers. The
//! speed is that of the memory the weights come from, so they may be kept in f16 where there are
//! instructions that widen them; the arithmetic is f32.

use half::f16;

use super::weights::{Precision, Tensor};

/// Rows that are computed together: 8 vectors of 8, which hide the latency of an FMA.
const PANEL: usize = 64;

/// Instruction sets that a product may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// Whatever the build's baseline is, by plain loops.
    Portable,
    /// AVX2, FMA and F16C.
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Isa {
    /// The best that this machine has.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("f16c")
        {
            return Isa::Avx2;
        }
        Isa::Portable
    }
}

/// A matrix and a bias, `rows × columns`.
#[derive(Clone, Debug)]
pub struct Matrix {
    rows: usize,
    columns: usize,
    bias: Vec<f32>,
    panels: Panels,
    isa: Isa,
}

/// Weights by `[panel][column][row of the panel]`, the last panel filled up with zeros.
#[derive(Clone, Debug)]
enum Panels {
    F32(Vec<f32>),
    #[cfg(target_arch = "x86_64")]
    F16(Vec<u16>),
}

impl Matrix {
    /// Packs `weight`, shape `rows × columns`, and as many biases as there are rows.
    pub fn new(weight: &Tensor, bias: &[f32], precision: Precision, isa: Isa) -> Self {
        let [rows, columns] = weight.shape[..] else {
            panic!("a matrix has two dimensions, not {:?}", weight.shape)
        };
        assert_eq!(bias.len(), rows);
        let packed = (0..rows.div_ceil(PANEL)).flat_map(|panel| {
            (0..columns).flat_map(move |column| {
                (panel * PANEL..(panel + 1) * PANEL).map(move |row| match row < rows {
                    true => weight.values[row * columns + column],
                    false => 0.0,
                })
            })
        });
        let panels = match (precision, isa) {
            (Precision::F32, _) => Panels::F32(packed.collect()),
            // To widen them anew in each product takes longer than to read twice as many bytes.
            (Precision::F16, Isa::Portable) => {
                Panels::F32(packed.map(|w| f16::from_f32(w).to_f32()).collect())
            }
            #[cfg(target_arch = "x86_64")]
            (Precision::F16, Isa::Avx2) => {
                Panels::F16(packed.map(|w| f16::from_f32(w).to_bits()).collect())
            }
        };
        Self {
            rows,
            columns,
            bias: bias.to_vec(),
            panels,
            isa,
        }
    }

    /// Outputs.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes of weights that a product reads.
    pub fn num_bytes(&self) -> usize {
        match &self.panels {
            Panels::F32(weights) => size_of_val(&weights[..]),
            #[cfg(target_arch = "x86_64")]
            Panels::F16(weights) => size_of_val(&weights[..]),
        }
    }

    /// `y = W · x + bias`.
    pub fn apply(&self, x: &[f32], y: &mut [f32]) {
        y.copy_from_slice(&self.bias);
        self.add_product(x, y);
    }

    /// `y += W · x + bias`.
    pub fn accumulate(&self, x: &[f32], y: &mut [f32]) {
        for (y, bias) in y.iter_mut().zip(&self.bias) {
            *y += bias;
        }
        self.add_product(x, y);
    }

    fn add_product(&self, x: &[f32], y: &mut [f32]) {
        // The kernels read and write without bounds checks: this is what they rely on.
        assert_eq!((x.len(), y.len()), (self.columns, self.rows));
        let whole = self.rows / PANEL * PANEL;
        let (whole_panels, rest) = y.split_at_mut(whole);
        for (panel, y) in whole_panels.chunks_exact_mut(PANEL).enumerate() {
            self.add_panel(panel, x, y.try_into().expect("a whole panel"));
        }
        if !rest.is_empty() {
            let mut padded = [0.0; PANEL];
            padded[..rest.len()].copy_from_slice(rest);
            self.add_panel(whole / PANEL, x, &mut padded);
            rest.copy_from_slice(&padded[..rest.len()]);
        }
    }

    fn add_panel(&self, panel: usize, x: &[f32], y: &mut [f32; PANEL]) {
        let range = panel * self.columns * PANEL..(panel + 1) * self.columns * PANEL;
        match &self.panels {
            Panels::F32(weights) => match self.isa {
                Isa::Portable => portable_panel(&weights[range], x, y),
                #[cfg(target_arch = "x86_64")]
                Isa::Avx2 => {
                    // SAFETY: `Isa::Avx2` is only made where the machine has AVX2, FMA and F16C.
                    unsafe { avx2::add_panel_f32(&weights[range], x, y) };
                }
            },
            #[cfg(target_arch = "x86_64")]
            Panels::F16(weights) => {
                // SAFETY: as above, and only `Isa::Avx2` has its weights in f16.
                unsafe { avx2::add_panel_f16(&weights[range], x, y) };
            }
        }
    }
}

/// `y[row] += Σ weights[column][row] · x[column]`, in two halves whose accumulators fit into the
/// registers of any machine.
fn portable_panel(weights: &[f32], x: &[f32], y: &mut [f32; PANEL]) {
    const HALF: usize = PANEL / 2;
    for (half, y) in y.chunks_exact_mut(HALF).enumerate() {
        let mut sums = [0.0; HALF];
        for (column, &x) in weights.chunks_exact(PANEL).zip(x) {
            for (sum, &w) in sums.iter_mut().zip(&column[half * HALF..(half + 1) * HALF]) {
                *sum += w * x;
            }
        }
        for (y, sum) in y.iter_mut().zip(sums) {
            *y += sum;
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::PANEL;

    const LANES: usize = 8;
    const VECTORS: usize = PANEL / LANES;

    /// One panel's product; `$load` widens 8 weights.
    macro_rules! panel_kernel {
        ($name:ident, $weight:ty, $load:expr) => {
            #[target_feature(enable = "avx2,fma,f16c")]
            pub fn $name(weights: &[$weight], x: &[f32], y: &mut [f32; PANEL]) {
                assert_eq!(weights.len(), x.len() * PANEL);
                let mut sums = [_mm256_setzero_ps(); VECTORS];
                let mut column = weights.as_ptr();
                for &x in x {
                    let x = _mm256_set1_ps(x);
                    for (vector, sum) in sums.iter_mut().enumerate() {
                        // SAFETY: `column` runs over `x.len()` columns of `PANEL` weights each,
                        // which the assertion says are there; loads need no alignment.
                        let w = unsafe { $load(column.add(vector * LANES)) };
                        *sum = _mm256_fmadd_ps(w, x, *sum);
                    }
                    column = column.wrapping_add(PANEL);
                }
                for (y, sum) in y.chunks_exact_mut(LANES).zip(sums) {
                    // SAFETY: the chunk holds 8 floats.
                    unsafe {
                        let y = y.as_mut_ptr();
                        _mm256_storeu_ps(y, _mm256_add_ps(_mm256_loadu_ps(y), sum));
                    }
                }
            }
        };
    }

    panel_kernel!(add_panel_f32, f32, |w: *const f32| _mm256_loadu_ps(w));
    panel_kernel!(add_panel_f16, u16, |w: *const u16| _mm256_cvtph_ps(
        _mm_loadu_si128(w.cast())
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn isas() -> Vec<Isa> {
        let mut isas = vec![Isa::Portable];
        if Isa::detect() != Isa::Portable {
            isas.push(Isa::detect());
        }
        isas
    }

    fn values(length: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        (0..length)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect()
    }

    #[test]
    fn products_are_those_of_plain_loops() {
        for (rows, columns) in [(1, 1), (64, 3), (63, 17), (130, 128), (256, 5)] {
            let weight = Tensor {
                shape: vec![rows, columns],
                values: values(rows * columns, 1),
            };
            let bias = values(rows, 2);
            let x = values(columns, 3);
            for isa in isas() {
                for precision in [Precision::F32, Precision::F16] {
                    let matrix = Matrix::new(&weight, &bias, precision, isa);
                    let mut got = vec![0.5; rows];
                    matrix.apply(&x, &mut got);
                    matrix.accumulate(&x, &mut got);
                    for row in 0..rows {
                        let stored = |w: f32| match precision {
                            Precision::F32 => w,
                            Precision::F16 => f16::from_f32(w).to_f32(),
                        };
                        let weights = &weight.values[row * columns..(row + 1) * columns];
                        let product: f64 = weights
                            .iter()
                            .zip(&x)
                            .map(|(&w, &x)| f64::from(stored(w)) * f64::from(x))
                            .sum();
                        let want = 2.0 * (product + f64::from(bias[row]));
                        // f32 sums of some hundred terms of order 1.
                        let error = (f64::from(got[row]) - want).abs();
                        assert!(
                            error < 1e-4,
                            "{rows}×{columns}, {isa:?}, {precision:?}, row {row}: off by {error}"
                        );
                    }
                }
            }
        }
    }
}
