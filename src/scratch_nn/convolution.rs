//! Convolution over images: a small kernel that looks for the same thing everywhere.
//!
//! A dense layer has a weight for every pair of pixels and must learn a line anew at each place. A
//! kernel `k` is one small set of weights that slides over the image (LeCun et al., Proc. IEEE 86,
//! 1998); with several input channels `c` it has a slice for each, and there are several kernels
//! `o`. As everywhere in networks the kernel is not mirrored: strictly, a cross-correlation.
//!
//! ```text
//! y_o[m, n] = b_o + Σ_c Σ_i Σ_j k_oc[i, j] x_c[m + i, n + j]
//! ```
//!
//! That is a dense layer from patches to pixels: with the patches as the rows of a matrix `P`, it is
//! `Y = P Kᵀ + b`, and its slopes are those of [`dense`](super::dense); a pixel's slope is the sum
//! over all patches that it lies in.
//!
//! [`MeanOverImage`] then asks how much of the thing there is, no matter where.

use ndarray::{Array2, Array4, Array6, ArrayView4, Axis, Ix4, s};

use super::Tensor;
use super::dense::glorot;
use super::layer::{Layer, Parameter};
use crate::dice::Dice;

/// `[batch][channel][row][column]` to `[batch][kernel][row][column]`, only where the kernel fits:
/// each side is shorter by the kernel's, less 1.
pub struct Convolution {
    /// k, `[kernel][channel][row][column]`.
    kernels: Parameter,
    /// b, `[kernel]`.
    bias: Parameter,
    /// P, `[patch][weight of a kernel]`.
    patches: Array2<f64>,
    input_shape: [usize; 4],
}

fn image(tensor: &Tensor) -> ArrayView4<'_, f64> {
    let view = tensor.view().into_dimensionality::<Ix4>();
    view.expect("images have four axes")
}

impl Convolution {
    /// Random kernels of `size` by `size`, no bias.
    pub fn new(channels: usize, kernels: usize, size: usize, dice: &mut Dice) -> Self {
        let area = size * size;
        let mut weight = glorot(channels * area, kernels * area, dice);
        let kernels = Array4::from_shape_simple_fn((kernels, channels, size, size), &mut weight);
        Self::from_kernels(kernels)
    }

    /// `kernels` are `[kernel][channel][row][column]`.
    pub fn from_kernels(kernels: Array4<f64>) -> Self {
        Self {
            bias: Parameter::new(Tensor::zeros(vec![kernels.dim().0])),
            kernels: Parameter::new(kernels.into_dyn()),
            patches: Array2::zeros((0, 0)),
            input_shape: [0; 4],
        }
    }

    /// K, `[kernel][weight]`.
    fn kernel_matrix(&self) -> Array2<f64> {
        let kernels = image(&self.kernels.value);
        let shape = (kernels.dim().0, kernels.len() / kernels.dim().0);
        let matrix = kernels.to_shape(shape);
        matrix
            .expect("the kernels lie one after the other")
            .to_owned()
    }

    /// Batch, rows and columns of the output; then channels, rows and columns of a kernel.
    fn patch_shape(&self) -> [usize; 6] {
        let [batch, channels, rows, columns] = self.input_shape;
        let (_, _, kernel_rows, kernel_columns) = image(&self.kernels.value).dim();
        let (rows, columns) = (rows + 1 - kernel_rows, columns + 1 - kernel_columns);
        [batch, rows, columns, channels, kernel_rows, kernel_columns]
    }
}

impl Layer for Convolution {
    fn forward(&mut self, input: &Tensor) -> Tensor {
        let input = image(input);
        self.input_shape = input.dim().into();
        let shape @ [batch, rows, columns, channels, kernel_rows, kernel_columns] =
            self.patch_shape();
        let mut patches = Array6::zeros(shape);
        for (c, i, j) in ndarray::indices((channels, kernel_rows, kernel_columns)) {
            let pixels = input.slice(s![.., c, i..i + rows, j..j + columns]);
            patches.slice_mut(s![.., .., .., c, i, j]).assign(&pixels);
        }
        let matrix = (
            batch * rows * columns,
            channels * kernel_rows * kernel_columns,
        );
        let patches = patches.into_shape_with_order(matrix);
        self.patches = patches.expect("a patch is a row");
        let kernels = self.kernel_matrix();
        let output = self.patches.dot(&kernels.t()) + &self.bias.value;
        let output = output.into_shape_with_order((batch, rows, columns, kernels.nrows()));
        let output = output.expect("a patch becomes a pixel of each kernel");
        output.permuted_axes([0, 3, 1, 2]).into_dyn()
    }

    fn backward(&mut self, slopes: &Tensor) -> Tensor {
        let shape @ [batch, rows, columns, channels, kernel_rows, kernel_columns] =
            self.patch_shape();
        let kernels = self.kernel_matrix();
        let slopes = image(slopes).permuted_axes([0, 2, 3, 1]);
        let slopes = slopes.to_shape((batch * rows * columns, kernels.nrows()));
        let slopes = slopes.expect("a pixel of each kernel comes from a patch");

        let of_kernels = slopes
            .t()
            .dot(&self.patches)
            .as_standard_layout()
            .to_owned();
        let of_kernels = of_kernels.into_dyn();
        let of_kernels = of_kernels.into_shape_with_order(self.kernels.value.raw_dim());
        self.kernels.gradient = of_kernels.expect("a weight has a slope");
        self.bias.gradient = slopes.sum_axis(Axis(0)).into_dyn();

        let of_patches = slopes.dot(&kernels).as_standard_layout().to_owned();
        let of_patches = of_patches.into_shape_with_order(shape);
        let of_patches = of_patches.expect("a row is a patch");
        let mut of_input = Array4::zeros(self.input_shape);
        for (c, i, j) in ndarray::indices((channels, kernel_rows, kernel_columns)) {
            let mut pixels = of_input.slice_mut(s![.., c, i..i + rows, j..j + columns]);
            pixels += &of_patches.slice(s![.., .., .., c, i, j]);
        }
        of_input.into_dyn()
    }

    fn parameters(&mut self) -> Vec<&mut Parameter> {
        vec![&mut self.kernels, &mut self.bias]
    }
}

/// The mean of each channel: `[batch][channel][row][column]` to `[batch][channel]`.
#[derive(Default)]
pub struct MeanOverImage {
    input_shape: [usize; 4],
}

impl Layer for MeanOverImage {
    fn forward(&mut self, input: &Tensor) -> Tensor {
        self.input_shape = image(input).dim().into();
        let [_, _, rows, columns] = self.input_shape;
        let sum = input.sum_axis(Axis(3)).sum_axis(Axis(2));
        sum / (rows * columns) as f64
    }

    fn backward(&mut self, slopes: &Tensor) -> Tensor {
        let [_, _, rows, columns] = self.input_shape;
        let slopes = slopes / (rows * columns) as f64;
        let slopes = slopes.insert_axis(Axis(2)).insert_axis(Axis(3));
        let everywhere = slopes.broadcast(self.input_shape.to_vec());
        everywhere.expect("one slope for all pixels").to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch_nn::gradient_check::check;

    #[test]
    fn values_are_those_of_the_formula() {
        let mut dice = Dice::new(3, 0_u64);
        let mut number = || dice.between(-1.0, 1.0);
        let x = Array4::from_shape_simple_fn((2, 3, 6, 5), &mut number);
        let k = Array4::from_shape_simple_fn((4, 3, 3, 2), &mut number);
        let y = Convolution::from_kernels(k.clone()).forward(&x.clone().into_dyn());
        assert_eq!(y.shape(), [2, 4, 4, 4]);
        for ((batch, o, m, n), got) in image(&y).indexed_iter() {
            let mut want = 0.0;
            for ((c, i, j), k) in k.index_axis(Axis(0), o).indexed_iter() {
                want += k * x[[batch, c, m + i, n + j]];
            }
            // f64, 18 terms.
            assert!((got - want).abs() < 1e-12, "{got}, want {want}");
        }
    }

    #[test]
    fn gradients_are_those_of_differences() {
        check(
            Convolution::new(2, 3, 3, &mut Dice::new(1, 0_u64)),
            &[2, 2, 5, 4],
        );
        check(MeanOverImage::default(), &[2, 3, 4, 5]);
    }
}
