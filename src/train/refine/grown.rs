//! A refiner as the beginning of a larger one, which computes the same until it learns.
//!
//! What the larger one has more of hears the old channels and is not heard by them: matrices towards
//! old channels and masks begin with 0 where the file says nothing.

use crate::nn::WeightsFile;
use crate::nn::refiner::config::{NEIGHBOURS, RefinerConfig, RefinerShape};

/// Whether a refiner can begin from that of a file: with more channels, bands, ages or layers behind
/// those that are there.
pub fn can_grow(from: &RefinerConfig, to: &RefinerConfig) -> bool {
    from.channels <= to.channels
        && from.bands <= to.bands
        && from.ages.iter().all(|age| to.ages.contains(age))
        && to.middle_ages.starts_with(&from.middle_ages)
}

/// Writes a tensor of the larger refiner over its initial values in `place`.
pub fn write_grown(
    weights: &WeightsFile,
    from: &RefinerShape,
    to: &RefinerShape,
    name: &str,
    place: &mut [f32],
) {
    let new = Taps::of(to, name);
    if name.ends_with("weight") {
        let inputs = new.ages.len() * new.planes * new.width;
        let known_outputs = match name {
            "refiner.last.weight" => to.masks,
            _ => from.config.channels,
        };
        place[..known_outputs * inputs].fill(0.0);
    }
    let Some(tensor) = weights.tensors.get(name) else {
        return;
    };
    let old = Taps::of(from, name);
    let mut values = tensor.values.iter();
    for output in 0..tensor.values.len() / (old.ages.len() * old.planes * old.width) {
        for age in &old.ages {
            let age = new.ages.iter().position(|a| a == age).expect("it can grow");
            for plane in 0..old.planes {
                let start = ((output * new.ages.len() + age) * new.planes + plane) * new.width;
                let start = start + (new.width - old.width) / 2;
                for (place, value) in place[start..start + old.width].iter_mut().zip(&mut values) {
                    *place = *value;
                }
            }
        }
    }
}

/// What the values of a tensor, `[output][age][plane][tap]`, belong to.
struct Taps {
    ages: Vec<usize>,
    planes: usize,
    width: usize,
}

impl Taps {
    fn of(shape: &RefinerShape, name: &str) -> Self {
        let config = &shape.config;
        let (ages, planes, width) = match name.strip_prefix("refiner.") {
            Some("features.weight") => (config.ages.clone(), shape.features, config.bands),
            Some("masks.weight") => (vec![0], shape.masks, NEIGHBOURS),
            Some("last.weight") => (vec![0], config.channels, NEIGHBOURS),
            _ if name.ends_with("weight") => {
                let layer = name.split('.').find_map(|part| part.parse::<usize>().ok());
                let age = config.middle_ages[layer.expect("the weight of a middle layer")];
                (vec![0, age], config.channels, NEIGHBOURS)
            }
            _ if name.ends_with("bias") => (vec![0], 1, shape.num_bands),
            _ => (vec![0], 1, 1),
        };
        Self {
            ages,
            planes,
            width,
        }
    }
}
