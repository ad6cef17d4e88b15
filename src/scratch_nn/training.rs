//! The training loop: forward, loss, backward, step; again for every batch, again every epoch.
//!
//! The slope over a small random batch is that over all examples, plus noise; many cheap steps
//! along it arrive sooner than few exact ones (Bottou, "Stochastic gradient descent tricks", 2012).

use ndarray::{Axis, Slice};

use super::Tensor;
use super::layer::{Layer, Network};
use super::loss::Loss;
use super::optimiser::Optimiser;
use crate::dice::Dice;

/// A network that learns.
pub struct Trainer {
    pub network: Network,
    pub loss: Loss,
    pub optimiser: Box<dyn Optimiser>,
    /// Examples to a step.
    pub batch_size: usize,
    /// Shuffles the examples.
    pub dice: Dice,
}

impl Trainer {
    /// Goes through all examples once, in a new order, and returns the mean of the losses on the
    /// way. The first axis of both counts examples.
    pub fn epoch(&mut self, inputs: &Tensor, targets: &Tensor) -> f64 {
        let mut order: Vec<usize> = (0..inputs.len_of(Axis(0))).collect();
        // With all in one batch there is no order.
        if self.batch_size < order.len() {
            self.shuffle(&mut order);
        }
        let mut sum = 0.0;
        for batch in order.chunks(self.batch_size) {
            let (inputs, targets) = (
                inputs.select(Axis(0), batch),
                targets.select(Axis(0), batch),
            );
            let outputs = self.network.forward(&inputs);
            sum += self.loss.value(&outputs, &targets) * batch.len() as f64;
            self.network.backward(&self.loss.slopes(&outputs, &targets));
            self.optimiser.step(self.network.parameters());
        }
        sum / order.len() as f64
    }

    /// Every order is as likely (Fisher & Yates; Durstenfeld, CACM 7(7), 1964).
    fn shuffle(&mut self, order: &mut [usize]) {
        for last in (1..order.len()).rev() {
            order.swap(last, self.dice.below(last + 1));
        }
    }
}

/// The outputs for all inputs, `batch_size` at a time: what is between the layers takes memory.
pub fn predict(network: &mut Network, inputs: &Tensor, batch_size: usize) -> Tensor {
    let count = inputs.len_of(Axis(0));
    let outputs = (0..count).step_by(batch_size).map(|start| {
        let batch = Slice::from(start..count.min(start + batch_size));
        network.forward(&inputs.slice_axis(Axis(0), batch).to_owned())
    });
    let outputs: Vec<Tensor> = outputs.collect();
    let views: Vec<_> = outputs.iter().map(|outputs| outputs.view()).collect();
    ndarray::concatenate(Axis(0), &views).expect("all batches have outputs of one shape")
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::scratch_nn::dense::Dense;
    use crate::scratch_nn::optimiser::Adam;

    #[test]
    fn a_line_is_found_in_small_batches() {
        let mut dice = Dice::new(1, 0_u64);
        let inputs = Array2::from_shape_simple_fn((50, 2), || dice.between(-1.0, 1.0));
        let targets = inputs.map_axis(Axis(1), |x| 3.0 * x[0] - x[1] + 0.5);
        let (inputs, targets) = (inputs.into_dyn(), targets.insert_axis(Axis(1)).into_dyn());
        let mut trainer = Trainer {
            network: Network::new(vec![Box::new(Dense::new(2, 1, &mut dice))]),
            loss: Loss::MeanSquaredError,
            optimiser: Box::new(Adam::new(0.05)),
            batch_size: 7,
            dice,
        };
        let losses: Vec<f64> = (0..200).map(|_| trainer.epoch(&inputs, &targets)).collect();
        // A line is in reach, so that nothing but the last steps' size remains.
        assert!(losses[0] > 1.0 && losses[199] < 1e-6, "{losses:?}");
        let outputs = predict(&mut trainer.network, &inputs, 8);
        assert!(Loss::MeanSquaredError.value(&outputs, &targets) < 1e-6);
    }

    #[test]
    fn shuffling_loses_nothing() {
        let mut trainer = Trainer {
            network: Network::new(Vec::new()),
            loss: Loss::MeanSquaredError,
            optimiser: Box::new(Adam::new(0.1)),
            batch_size: 1,
            dice: Dice::new(1, 0_u64),
        };
        let mut order: Vec<usize> = (0..20).collect();
        trainer.shuffle(&mut order);
        assert!(!order.is_sorted());
        order.sort_unstable();
        assert_eq!(order, (0..20).collect::<Vec<_>>());
    }
}
