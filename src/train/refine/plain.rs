//! The refiner in candle's own operations.

use candle_core::{Result, Tensor};

use crate::nn::refiner::config::NEIGHBOURS;
use crate::nn::refiner::config::RefinerShape;
use crate::nn::refiner::{LOG_POWER_SCALE, MIDDLE_LOG_POWER};
use crate::train::middle::prelu;

pub(super) fn refine(
    shape: &RefinerShape,
    features: &Tensor,
    masks: &Tensor,
    weights: &[&Tensor],
) -> Result<Tensor> {
    let (batch, frames, _) = masks.dims3()?;
    let bands = shape.num_bands;
    let config = &shape.config;
    let planes = |x: &Tensor| x.reshape((batch, frames, (), bands));
    let features = planes(features)?;
    let powers =
        ((features.narrow(2, 0, 2)? - f64::from(MIDDLE_LOG_POWER))? * f64::from(LOG_POWER_SCALE))?;
    let features = match shape.features - 2 {
        0 => powers,
        others => Tensor::cat(&[powers, features.narrow(2, 2, others)?], 2)?,
    };
    let values = planes(masks)?;
    // `[batch, frames, C, bands]`, bent as a layer of this bias and slope does.
    let bent = |x: Tensor, bias: &Tensor, slope: &Tensor| {
        prelu(&x.broadcast_add(bias)?, &slope.reshape(((), 1))?)
    };
    let [of_features, of_masks, bias, slope, middles @ .., last] = weights else {
        candle_core::bail!("a refiner has four tensors in its first layer")
    };
    let first = (convolve(&features, of_features, &config.ages, config.bands)?
        + convolve(&values, of_masks, &[0], NEIGHBOURS)?)?;
    let mut hidden = bent(first, bias, slope)?;
    for (layer, &age) in middles.chunks_exact(3).zip(&config.middle_ages) {
        let x = convolve(&hidden, layer[0], &[0, age], NEIGHBOURS)?;
        hidden = (hidden + bent(x, layer[1], layer[2])?)?;
    }
    (values + convolve(&hidden, last, &[0], NEIGHBOURS)?)?.reshape((batch, frames, ()))
}

/// `weight` has the shape `[output, age · plane · tap]`.
fn convolve(x: &Tensor, weight: &Tensor, ages: &[usize], width: usize) -> Result<Tensor> {
    let (batch, frames, planes, bands) = x.dims4()?;
    let reach = width / 2;
    let mut inputs = Vec::new();
    for &age in ages {
        let older = x.pad_with_zeros(1, age, 0)?.narrow(1, 0, frames)?;
        let padded = older.pad_with_zeros(3, reach, reach)?;
        let taps = (0..width).map(|tap| padded.narrow(3, tap, bands)?.unsqueeze(3));
        let taps: Vec<_> = taps.collect::<Result<_>>()?;
        inputs.push(Tensor::cat(&taps, 3)?.reshape((batch, frames, planes * width, bands))?);
    }
    let inputs = Tensor::cat(&inputs, 2)?;
    let inputs = inputs.reshape((batch * frames, (), bands))?;
    let outputs = weight.broadcast_matmul(&inputs)?;
    outputs.reshape((batch, frames, (), bands))
}
