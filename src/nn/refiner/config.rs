//! The description of a refiner, its tensors and what it costs.

use serde::{Deserialize, Serialize};

/// Ages of frames that a refiner may look at.
pub const MAX_AGES: usize = 8;

/// Oldest frame that a layer may look at.
const MAX_AGE_FRAMES: usize = 64;

/// Bands around each whose estimated masks the first layer sees, and whose channels the others do.
pub(crate) const NEIGHBOURS: usize = 3;

/// What shapes a refiner: see [`super`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefinerConfig {
    /// C: channels of each band between the layers; a multiple of 4.
    pub channels: usize,
    /// Bands around each whose features the first layer sees, itself included; odd.
    pub bands: usize,
    /// The frames whose features the first layer sees, counted back from the newest; rising.
    pub ages: Vec<usize>,
    /// One layer each between the first and the last, which sees the newest frame and the one so many
    /// frames before.
    pub middle_ages: Vec<usize>,
}

/// Which field does not fit, what was expected, and what was found.
pub(crate) type Misfit = (&'static str, &'static str, String);

impl RefinerConfig {
    pub(crate) fn check(&self) -> Result<(), Misfit> {
        let is_age = |age: &usize| *age <= MAX_AGE_FRAMES;
        if !(4..=256).contains(&self.channels) || !self.channels.is_multiple_of(4) {
            let expected = "a multiple of 4 from 4 to 256";
            return Err(("refiner.channels", expected, self.channels.to_string()));
        }
        if !(1..=15).contains(&self.bands) || self.bands.is_multiple_of(2) {
            let expected = "an odd number from 1 to 15";
            return Err(("refiner.bands", expected, self.bands.to_string()));
        }
        let are_ages = (1..=MAX_AGES).contains(&self.ages.len())
            && self.ages.is_sorted_by(|a, b| a < b)
            && self.ages.iter().all(is_age);
        if !are_ages {
            let expected = "1 to 8 rising numbers from 0 to 64";
            return Err(("refiner.ages", expected, format!("{:?}", self.ages)));
        }
        let are_middles = self.middle_ages.len() <= 8
            && self.middle_ages.iter().all(|age| *age > 0 && is_age(age));
        if !are_middles {
            let expected = "0 to 8 numbers from 1 to 64";
            let found = format!("{:?}", self.middle_ages);
            return Err(("refiner.middle_ages", expected, found));
        }
        Ok(())
    }

    /// Frames before the newest that its values depend on.
    pub(crate) fn memory_frames(&self) -> [usize; 2] {
        let middles = self.middle_ages.iter().sum();
        [middles, self.ages[self.ages.len() - 1] + middles]
    }
}

/// The sizes of a refiner in a network.
#[derive(Clone, Debug, PartialEq)]
pub struct RefinerShape {
    pub config: RefinerConfig,
    pub num_bands: usize,
    /// Features of a band.
    pub features: usize,
    /// Mask values of a band.
    pub masks: usize,
}

impl RefinerShape {
    /// Inputs of the first layer's two kernels, the middle layers' and the last one's.
    pub fn first_features(&self) -> usize {
        self.config.ages.len() * self.features * self.config.bands
    }

    pub fn first_masks(&self) -> usize {
        self.masks * NEIGHBOURS
    }

    pub fn middle_inputs(&self) -> usize {
        2 * self.config.channels * NEIGHBOURS
    }

    pub fn last_inputs(&self) -> usize {
        self.config.channels * NEIGHBOURS
    }

    /// Names and shapes of its tensors.
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let c = self.config.channels;
        let mut tensors = vec![
            (
                "refiner.features.weight".to_owned(),
                vec![c, self.first_features()],
            ),
            (
                "refiner.masks.weight".to_owned(),
                vec![c, self.first_masks()],
            ),
            ("refiner.bias".to_owned(), vec![c, self.num_bands]),
            ("refiner.slope".to_owned(), vec![c]),
        ];
        for layer in 0..self.config.middle_ages.len() {
            let name = |part: &str| format!("refiner.middles.{layer}.{part}");
            tensors.push((name("weight"), vec![c, self.middle_inputs()]));
            tensors.push((name("bias"), vec![c, self.num_bands]));
            tensors.push((name("slope"), vec![c]));
        }
        let shape = vec![self.masks, self.last_inputs()];
        tensors.push(("refiner.last.weight".to_owned(), shape));
        tensors
    }

    /// Multiplications of a frame.
    pub fn macs(&self) -> usize {
        let c = self.config.channels;
        let first = c * (self.first_features() + self.first_masks());
        let middles = self.config.middle_ages.len() * c * self.middle_inputs();
        (first + middles + self.masks * self.last_inputs()) * self.num_bands
    }
}
