//! From what plays back to what learns: the way of [`super::export`], backwards.
//!
//! A folded batch norm can't be told from its neighbours, so each begins as the identity, with
//! what the file says of its history as its shift. [`rescaled`] then lets every norm take the moments
//! that its input really has, with a scale and a shift that undo them: the network computes the same,
//! and learns like one that never was folded.
//!
//! A network may begin with more repeats than its file has. The blocks beyond begin with random
//! insides and matrices of 0 towards the others, so that they change nothing until they learn. It
//! may have a refiner where its file has none, or a larger one: that too changes nothing at first.

use super::parameters::{
    BIAS1, BIAS2, Layout, SCALE1, SCALE2, SHIFT1, SHIFT2, SLOPE1, SLOPE2, TAPS,
};
use super::refine::grown::{can_grow, write_grown};
use crate::nn::config::NormKind;
use crate::nn::{ConvTasNetConfig, NORM_EPSILON, WeightsFile};

/// Rounds of conjugate gradients at most; a block of the largest networks needs some hundred.
const MAX_ROUNDS: usize = 1000;

/// How small a slope, relative to the first, is flat; further rounds would only add up rounding.
const FLAT: f64 = 1e-6;

/// Whether a network of this description can begin from weights of that one: the same, or with
/// more repeats, or with a refiner where that has none or a smaller one.
pub fn can_begin_from(config: &ConvTasNetConfig, from: &ConvTasNetConfig) -> bool {
    let mut grown = from.clone();
    grown.tcn.repeats = config.tcn.repeats;
    let refiner_can_grow = match (&from.refiner, &config.refiner) {
        (Some(from), Some(to)) => can_grow(from, to),
        (from, _) => from.is_none(),
    };
    if refiner_can_grow {
        grown.refiner = config.refiner.clone();
    }
    grown == *config && from.tcn.repeats <= config.tcn.repeats
}

/// Moments of batch norms that do nothing, as [`Layout::statistics`] lays them out.
pub fn identity_moments(config: &ConvTasNetConfig) -> Vec<f32> {
    let layout = Layout::statistics(config);
    let mut moments = vec![0.0; layout.len];
    for [_, variance] in layout.moment_pairs() {
        moments[variance].fill(1.0 - NORM_EPSILON);
    }
    moments
}

/// Parameters with which a network computes what `weights` do, where its batch norms take
/// [`identity_moments`]; `initial` are those of a new network of `config`, for what the file does not
/// have. Exact for files that [`super::export`] wrote.
///
/// # Panics
/// If `config` [can't begin from](can_begin_from) that of the weights.
pub fn unfolded(weights: &WeightsFile, config: &ConvTasNetConfig, initial: Vec<f32>) -> Vec<f32> {
    assert!(can_begin_from(config, &weights.config), "checked before");
    let layout = Layout::parameters(config);
    let mut parameters = initial;
    let known_blocks = weights.config.num_blocks();
    for parameter in &layout.tensors {
        let place = &mut parameters[parameter.start..][..parameter.len()];
        let name = parameter.name.as_str();
        let (block, part) = block_part(name).unzip();
        if let (true, Some(to)) = (name.starts_with("refiner."), config.refiner_shape()) {
            if let Some(from) = weights.config.refiner_shape() {
                write_grown(weights, &from, &to, name, place);
            }
            continue;
        }
        let is_new = block.is_some_and(|block: usize| {
            let was_there = block < known_blocks;
            !was_there || (part == Some("residual.weight") && !weights.config.has_residual(block))
        });
        match (is_new, block, part) {
            (true, _, Some("residual.weight" | "skip.weight")) => place.fill(0.0),
            (true, ..) => {}
            (false, Some(block), Some("middle")) => write_middle(weights, block, place),
            (false, ..) => place.copy_from_slice(&weights.tensor(name).values),
        }
    }
    parameters
}

/// Parameters that compute with the moments `to` what the given ones do with `from`.
pub fn rescaled(
    config: &ConvTasNetConfig,
    mut parameters: Vec<f32>,
    from: &[f32],
    to: &[f32],
) -> Vec<f32> {
    if config.tcn.norm != NormKind::Batch {
        return parameters;
    }
    let layout = Layout::parameters(config);
    let statistics = Layout::statistics(config);
    // y = g·(x − m) / d + b is, for other moments m' and d', g·d'/d·(x − m') / d' + b + g·(m' − m) / d.
    let changes: Vec<_> = (statistics.moment_pairs())
        .flat_map(|[mean, variance]| mean.zip(variance))
        .map(|(mean, variance)| {
            let deviation = |moments: &[f32]| (moments[variance] + NORM_EPSILON).sqrt();
            let moved = (to[mean] - from[mean]) / deviation(from);
            (deviation(to) / deviation(from), moved)
        })
        .collect();

    let features = config.num_features();
    let (of_features, mut of_blocks) = changes.split_at(features);
    let bias = layout.tensor("bottleneck.bias").start;
    let weight = layout.tensor("bottleneck.weight").start;
    for row in 0..config.tcn.bottleneck {
        for (column, (factor, moved)) in of_features.iter().enumerate() {
            let place = weight + row * features + column;
            parameters[bias + row] += parameters[place] * moved;
            parameters[place] *= factor;
        }
    }
    let hidden = config.tcn.hidden;
    let after = TAPS + config.tcn.kernel;
    for block in 0..config.num_blocks() {
        let middle = layout.tensor(&format!("blocks.{block}.middle")).start;
        for (scale, shift) in [(SCALE1, SHIFT1), (after + SCALE2, after + SHIFT2)] {
            let of_norm;
            (of_norm, of_blocks) = of_blocks.split_at(hidden);
            for (j, (factor, moved)) in of_norm.iter().enumerate() {
                let (scale, shift) = (middle + scale * hidden + j, middle + shift * hidden + j);
                parameters[shift] += parameters[scale] * moved;
                parameters[scale] *= factor;
            }
        }
    }
    parameters
}

/// `blocks.<block>.<part>`.
fn block_part(name: &str) -> Option<(usize, &str)> {
    let (block, part) = name.strip_prefix("blocks.")?.split_once('.')?;
    Some((block.parse().ok()?, part))
}

/// What stands between a block's matrices, from its tensors in a file.
fn write_middle(weights: &WeightsFile, block: usize, middle: &mut [f32]) {
    let tcn = &weights.config.tcn;
    let (hidden, after) = (tcn.hidden, TAPS + tcn.kernel);
    let values = |part: &str| &*weights.tensor(&format!("blocks.{block}.{part}")).values;
    let mut put = |row: usize, values: &[f32]| {
        middle[row * hidden..][..values.len()].copy_from_slice(values);
    };
    let taps = values("depthwise.weight");
    let mut bias2 = values("depthwise.bias").to_vec();
    let mut shift2 = shift_for_biases(weights, block);
    put(BIAS1, values("expand.bias"));
    put(SLOPE1, values("expand.slope"));
    put(TAPS, taps);
    put(after + SLOPE2, values("depthwise.slope"));
    if tcn.norm == NormKind::Batch {
        let history = values("depthwise.history");
        for tap in taps.chunks_exact(hidden) {
            for j in 0..hidden {
                bias2[j] += tap[j] * history[j];
            }
        }
        put(SCALE1, &vec![1.0; hidden]);
        put(SHIFT1, &history.iter().map(|h| -h).collect::<Vec<_>>());
        put(after + SCALE2, &vec![1.0; hidden]);
    } else {
        put(SCALE1, values("norm1.scale"));
        put(SHIFT1, values("norm1.shift"));
        put(after + SCALE2, values("norm2.scale"));
        for (sum, shift) in shift2.iter_mut().zip(values("norm2.shift")) {
            *sum += shift;
        }
    }
    put(after + BIAS2, &bias2);
    put(after + SHIFT2, &shift2);
}

/// The shift ahead of a block's residual and skip convolutions that gives their biases: the
/// smallest of those that come nearest.
fn shift_for_biases(weights: &WeightsFile, block: usize) -> Vec<f32> {
    let mut rows: Vec<&[f32]> = Vec::new();
    let mut biases = Vec::new();
    for part in ["residual", "skip"] {
        let tensor = |kind| {
            weights
                .tensors
                .get(&format!("blocks.{block}.{part}.{kind}"))
        };
        if let (Some(weight), Some(bias)) = (tensor("weight"), tensor("bias")) {
            rows.extend(weight.values.chunks_exact(weights.config.tcn.hidden));
            biases.extend(bias.values.iter().copied().map(f64::from));
        }
    }
    let shift = least_squares(&rows, &biases, weights.config.tcn.hidden);
    shift.into_iter().map(|x| x as f32).collect()
}

/// The shortest `x` for which `rows · x` is nearest to `wanted`: conjugate gradients on the normal
/// equations, CGLS (Björck 1996, Numerical Methods for Least Squares Problems, algorithm 7.4.1).
fn least_squares(rows: &[&[f32]], wanted: &[f64], columns: usize) -> Vec<f64> {
    let times = |x: &[f64]| -> Vec<f64> {
        let product = |row: &&[f32]| row.iter().zip(x).map(|(a, x)| f64::from(*a) * x).sum();
        rows.iter().map(product).collect()
    };
    let transposed_times = |y: &[f64]| {
        let mut sums = vec![0.0; columns];
        for (row, y) in rows.iter().zip(y) {
            for (sum, a) in sums.iter_mut().zip(*row) {
                *sum += f64::from(*a) * y;
            }
        }
        sums
    };
    let square = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
    let mut x = vec![0.0; columns];
    let mut left = wanted.to_vec();
    let mut slope = transposed_times(&left);
    let mut direction = slope.clone();
    let mut steepness = square(&slope);
    let flat = FLAT * FLAT * steepness;
    for _ in 0..MAX_ROUNDS {
        if steepness <= flat {
            break;
        }
        let change = times(&direction);
        let step = steepness / square(&change);
        for (x, d) in x.iter_mut().zip(&direction) {
            *x += step * d;
        }
        for (left, c) in left.iter_mut().zip(&change) {
            *left -= step * c;
        }
        slope = transposed_times(&left);
        let before = std::mem::replace(&mut steepness, square(&slope));
        for (d, s) in direction.iter_mut().zip(&slope) {
            *d = s + steepness / before * *d;
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_answer_is_found_and_the_shortest_of_several() {
        let one = [3.0, 4.0];
        let x = least_squares(&[&one], &[5.0], 2);
        assert!(
            (x[0] - 0.6).abs() < 1e-9 && (x[1] - 0.8).abs() < 1e-9,
            "{x:?}"
        );
        // A line through (0, 1), (1, 3), (2, 4): slope 1.5, height 7/6.
        let rows: [&[f32]; 3] = [&[0.0, 1.0], &[1.0, 1.0], &[2.0, 1.0]];
        let x = least_squares(&rows, &[1.0, 3.0, 4.0], 2);
        assert!(
            (x[0] - 1.5).abs() < 1e-9 && (x[1] - 7.0 / 6.0).abs() < 1e-9,
            "{x:?}"
        );
        assert_eq!(least_squares(&[&one], &[0.0], 2), [0.0, 0.0]);
    }
}
