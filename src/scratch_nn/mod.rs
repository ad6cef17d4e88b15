//! Neural networks from scratch: plain formulas, no framework. `ndarray` holds the numbers.
//!
//! A chapter, to be read in this order; the `nn-demo` tool runs its three stories:
//!
//! 1. [`plain`]: a whole network in loops. What a neuron computes, what a loss is, and how the
//!    chain rule finds the slope of the loss along every weight.
//! 2. [`layer`]: the same as building blocks. Each knows its own derivative only.
//! 3. [`dense`], [`activation`], [`convolution`]: the blocks, a whole batch at a time.
//! 4. [`loss`]: how wrong an answer is, and in which direction.
//! 5. [`gradient_check`]: how to trust a derivative: compare it with a difference.
//! 6. [`optimiser`], [`training`]: downhill, step by step.
//!
//! Everything is `f64`, so that numeric derivatives have digits to spare. The formulas are those of
//! Goodfellow, Bengio & Courville, "Deep Learning" (2016), chapters 6 and 8, where nothing else is
//! said; `∂L/∂x` is always the slope of the loss `L` along `x`.

pub mod activation;
pub mod convolution;
pub mod dense;
pub mod gradient_check;
pub mod layer;
pub mod loss;
pub mod optimiser;
pub mod plain;
pub mod training;

/// Numbers in any number of axes, of which the first counts the examples of a batch.
pub type Tensor = ndarray::ArrayD<f64>;
