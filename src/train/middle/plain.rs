//! The middle of a block in candle's own operations.

use candle_core::{Result, Tensor};

use super::{Middle, Output, num_taps};
use crate::train::norm::normalise;
use crate::train::parameters::{
    BIAS1, BIAS2, SCALE1, SCALE2, SHIFT1, SHIFT2, SLOPE1, SLOPE2, TAPS,
};

pub(super) fn apply(
    middle: Middle,
    x: &Tensor,
    packed: &Tensor,
    running: Option<&[f32]>,
) -> Result<Output> {
    let taps = num_taps(packed)?;
    let hidden = packed.dim(1)?;
    let after = TAPS + taps;
    let row = |index: usize| packed.get(index);
    let running = |first: usize| -> Result<Option<[Tensor; 2]>> {
        let moment = |index: usize, all: &[f32]| {
            Tensor::from_slice(&all[index * hidden..][..hidden], hidden, x.device())
        };
        running
            .map(|all| Ok([moment(first, all)?, moment(first + 1, all)?]))
            .transpose()
    };
    let norm = |x: &Tensor, first: usize, scale: usize, shift: usize| -> Result<_> {
        let normalised = normalise(x, middle.norm, running(first)?, middle.is_watched)?;
        let values = normalised
            .values
            .broadcast_mul(&row(scale)?)?
            .broadcast_add(&row(shift)?)?;
        Ok((values, normalised.moments))
    };
    let a = prelu(&x.broadcast_add(&row(BIAS1)?)?, &row(SLOPE1)?)?;
    let (z, first) = norm(&a, 0, SCALE1, SHIFT1)?;
    let frames = x.dim(1)?;
    let mut u = z
        .broadcast_mul(&row(after - 1)?)?
        .broadcast_add(&row(after + BIAS2)?)?;
    for tap in 0..taps - 1 {
        let age = (taps - 1 - tap) * middle.dilation;
        if age < frames {
            let older = z.narrow(1, 0, frames - age)?.pad_with_zeros(1, age, 0)?;
            u = (u + older.broadcast_mul(&row(TAPS + tap)?)?)?;
        }
    }
    let c = prelu(&u, &row(after + SLOPE2)?)?;
    let (values, second) = norm(&c, 2, after + SCALE2, after + SHIFT2)?;
    let moments = match (first, second) {
        (Some(first), Some(second)) => {
            let rows: Vec<_> = first.iter().chain(&second).collect();
            Some(Tensor::cat(&rows, 0)?.to_vec1()?)
        }
        _ => None,
    };
    Ok(Output { values, moments })
}

/// `x` where positive, else `slope · x`, with a slope a channel.
pub fn prelu(x: &Tensor, slope: &Tensor) -> Result<Tensor> {
    x.relu()? - x.neg()?.relu()?.broadcast_mul(slope)?
}
