//! Exclusive or: 1 if one input is 1, but not both.
//!
//! One neuron draws one line through the plane, and no line has (0, 1) and (1, 0) on one side and
//! (0, 0) and (1, 1) on the other (Minsky & Papert, "Perceptrons", 1969). A hidden layer draws
//! several, and the output neuron weighs their sides.

use std::path::Path;

use ndarray::Array2;
use plotters::prelude::*;
use unbraid::dice::Dice;
use unbraid::plot::{self, ColourMap, FAINT_INK, Frame, INK, PlotError, round_ticks};
use unbraid::scratch_nn::Tensor;
use unbraid::scratch_nn::gradient_check::greatest_disagreement;
use unbraid::scratch_nn::layer::Layer;
use unbraid::scratch_nn::loss::Loss;
use unbraid::scratch_nn::optimiser::GradientDescent;
use unbraid::scratch_nn::plain::PlainNetwork;
use unbraid::scratch_nn::training::Trainer;

use crate::report;

/// Until it is learnt.
pub const EPOCHS: usize = 1000;

const INPUTS: [[f64; 2]; 4] = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
const TARGETS: [f64; 4] = [0.0, 1.0, 1.0, 0.0];
const NUM_HIDDEN: usize = 4;
const RATE: f64 = 0.5;

/// What the picture shows of the inputs: from … to, both ways.
const SHOWN: (f64, f64) = (-0.5, 1.5);

/// Both networks, trained.
pub struct Xor {
    plain: PlainNetwork,
    vectorised: Trainer,
    /// Before each epoch.
    plain_losses: Vec<f64>,
    losses: Vec<f64>,
}

/// Trains the network of loops and that of arrays, side by side from the same weights.
pub fn learn(epochs: usize, seed: u64) -> Xor {
    let mut dice = Dice::new(seed, 0_u64);
    let mut plain = PlainNetwork::new(2, NUM_HIDDEN, &mut dice);
    let inputs = Array2::from(INPUTS.to_vec()).into_dyn();
    let targets = Tensor::from_shape_vec(vec![4, 1], TARGETS.to_vec()).expect("four targets");
    let mut vectorised = Trainer {
        network: plain.vectorised(),
        loss: Loss::BinaryCrossEntropy,
        optimiser: Box::new(GradientDescent { rate: RATE }),
        batch_size: INPUTS.len(),
        dice,
    };
    let Trainer { network, loss, .. } = &mut vectorised;
    let error = greatest_disagreement(network, &inputs, &targets, *loss);
    eprintln!("slopes by backpropagation and by differences: {error:.0e} apart at most");

    let (mut plain_losses, mut losses) = (Vec::new(), Vec::new());
    for epoch in 0..epochs {
        plain_losses.push(plain.descend(&INPUTS, &TARGETS, RATE));
        losses.push(vectorised.epoch(&inputs, &targets));
        report(epoch, epochs, losses[epoch]);
    }
    let xor = Xor {
        plain,
        vectorised,
        plain_losses,
        losses,
    };
    let apart = xor.greatest_difference();
    eprintln!("losses by loops and by arrays: {apart:.0e} apart at most");
    for (x, y) in INPUTS.iter().zip(TARGETS) {
        let p = xor.plain.predict(x);
        eprintln!("{} xor {} is {y} with probability {p:.3}", x[0], x[1]);
    }
    xor
}

impl Xor {
    fn greatest_difference(&self) -> f64 {
        let pairs = self.plain_losses.iter().zip(&self.losses);
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }

    /// Draws what the network says all over the plane, and how the loss fell.
    pub fn draw(mut self, path: &Path) -> Result<(), PlotError> {
        let surface = Frame {
            left: 56,
            top: 52,
            width: 440,
            height: 440,
        };
        let curve = Frame {
            left: 580,
            width: 480,
            ..surface
        };
        let (columns, rows) = surface.num_points();
        let input = |at: f64| SHOWN.0 + at * (SHOWN.1 - SHOWN.0);
        let place = |value: f64| (value - SHOWN.0) / (SHOWN.1 - SHOWN.0);
        let points = Array2::from_shape_fn((rows * columns, 2), |(point, axis)| {
            let (row, column) = (point / columns, point % columns);
            input([column as f64 / columns as f64, row as f64 / rows as f64][axis])
        });
        let said = self.vectorised.network.forward(&points.into_dyn());
        let said = |row: usize, column: usize| said[[row * columns + column, 0]];

        plot::draw(path, (1120, 550), |area| {
            surface.title(area, "What the network says: 1 is orange, 0 purple")?;
            surface.paint(area, |x, y| {
                let (row, column) = ((y * rows as f64) as usize, (x * columns as f64) as usize);
                let p = said(row, column);
                // Where it can't decide: the sides of ½ meet within a line's width.
                let near = [(row + 3, column), (row, column + 3)];
                let crosses = near.iter().any(|&(row, column)| {
                    let (row, column) = (row.min(rows - 1), column.min(columns - 1));
                    (said(row, column) > 0.5) != (p > 0.5)
                });
                if crosses {
                    INK
                } else {
                    ColourMap::Sides.at(0.15 + 0.7 * p)
                }
            })?;
            for (x, y) in INPUTS.iter().zip(TARGETS) {
                let at = (place(x[0]), place(x[1]));
                surface.disc(area, at, 11, WHITE)?;
                surface.disc(area, at, 9, ColourMap::Sides.at(0.1 + 0.8 * y))?;
            }
            let ticks = round_ticks(SHOWN.0..SHOWN.1, 4);
            surface.left_axis(area, "second", &ticks)?;
            surface.bottom_axis(area, "first", &ticks)?;

            curve.title(
                area,
                "The loss as it learns: loops (wide) and arrays (thin) agree",
            )?;
            curve.outline(area)?;
            let highest = self.plain_losses.iter().copied().fold(0.0, f64::max) * 1.05;
            let last = (self.losses.len() - 1).max(1) as f64;
            let places = |losses: &[f64]| -> Vec<(f64, f64)> {
                let places = losses.iter().enumerate();
                places
                    .map(|(epoch, loss)| (epoch as f64 / last, loss / highest))
                    .collect()
            };
            let orange = ColourMap::Sides.at(0.75);
            curve.line(
                area,
                places(&self.plain_losses),
                orange.stroke_width(plot::px(6)),
            )?;
            curve.line(area, places(&self.losses), INK.stroke_width(plot::px(1)))?;
            curve.left_axis(area, "", &round_ticks(0.0..highest, 6))?;
            curve.bottom_axis(area, "epoch", &round_ticks(0.0..last, 5))?;
            let note = format!("At most {:.0e} apart", self.greatest_difference());
            let at = (
                plot::px(curve.left + 300) as i32,
                plot::px(curve.top + 20) as i32,
            );
            area.draw_text(&note, &plot::text(14, FAINT_INK), at)?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xor_is_solved_from_any_start() {
        for seed in 1..=5 {
            let xor = learn(EPOCHS, seed);
            for (x, y) in INPUTS.iter().zip(TARGETS) {
                let p = xor.plain.predict(x);
                assert!((p - y).abs() < 0.1, "seed {seed}, {x:?}: {p}, want {y}");
            }
            // f64 keeps 16 digits, and the order of sums differs in each of a thousand steps.
            let apart = xor.greatest_difference();
            assert!(apart < 1e-10, "seed {seed}: {apart}");
        }
    }

    #[test]
    fn one_neuron_can_not() {
        let mut single = PlainNetwork::new(2, 1, &mut Dice::new(1, 0_u64));
        for _ in 0..20 * EPOCHS {
            single.descend(&INPUTS, &TARGETS, RATE);
        }
        let wrong = INPUTS
            .iter()
            .zip(TARGETS)
            .filter(|(x, y)| (single.predict(*x) - y).abs() > 0.4);
        assert!(wrong.count() > 0);
    }
}
