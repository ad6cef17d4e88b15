//! Other odds for a stem, for networks that play: less bleed, and more of the stem missing, or the
//! other way round.
//!
//! Softmax masks that learned by cross-entropy tell what is likely, as it was in training. Where a
//! stem rests more often, it is heard too often. `ln f` added to its value before the softmax
//! multiplies its odds against all others by `f` (Saerens, Latinne & Decaestecker 2002, "Adjusting
//! the outputs of a classifier to new a priori probabilities"; Menon et al. 2021, "Long-tail learning
//! via logit adjustment"). A refiner behind it has its own view, and weakens the change.

use serde_json::Value;

use crate::nn::WeightsFile;
use crate::nn::config::MaskKind;
use crate::stem::{NUM_STEMS, Stem};

/// Multiplies a stem's odds in every band by a positive factor, and notes it in the provenance. False
/// if the masks are no softmax: then nothing has changed.
pub fn multiply_odds(weights: &mut WeightsFile, stem: Stem, factor: f32) -> bool {
    debug_assert!(factor > 0.0);
    if weights.config.mask != MaskKind::Softmax {
        return false;
    }
    let bias = weights.tensors.get_mut("mask.bias");
    let values = &mut bias.expect("every network has a mask layer").values;
    // `[stem][channel][band]`
    let num_values = values.len() / NUM_STEMS;
    for value in &mut values[stem as usize * num_values..][..num_values] {
        *value += factor.ln();
    }
    if let Some(provenance) = weights.provenance.as_object_mut() {
        let told = provenance.get("odds").and_then(Value::as_object);
        let mut odds = told.cloned().unwrap_or_default();
        let before = odds.get(stem.name()).and_then(Value::as_f64);
        let factor = before.unwrap_or(1.0) * f64::from(factor);
        odds.insert(stem.name().to_owned(), factor.into());
        provenance.insert("odds".to_owned(), odds.into());
    }
    true
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::nn::weights::expected_tensors;
    use crate::nn::{ConvTasNetConfig, Tensor};

    fn network(config: ConvTasNetConfig) -> WeightsFile {
        let tensor = |(name, shape): (String, Vec<usize>)| {
            let values = vec![0.25; shape.iter().product()];
            (name, Tensor { shape, values })
        };
        let tensors: BTreeMap<_, _> = expected_tensors(&config).into_iter().map(tensor).collect();
        WeightsFile {
            config,
            tensors,
            licence: "CC0-1.0".to_owned(),
            provenance: json!({}),
        }
    }

    /// Each stem's part of a softmax over what the mask layer adds.
    fn shares(weights: &WeightsFile) -> [f32; NUM_STEMS] {
        let values = &weights.tensor("mask.bias").values;
        let stems = values.chunks(values.len() / NUM_STEMS);
        let odds: Vec<f32> = stems
            .map(|values| {
                assert!(values.iter().all(|value| *value == values[0]));
                values[0].exp()
            })
            .collect();
        std::array::from_fn(|stem| odds[stem] / odds.iter().sum::<f32>())
    }

    #[test]
    fn a_stem_of_one_in_four_at_half_the_odds_is_one_in_seven() {
        let mut weights = network(ConvTasNetConfig::live());
        let untouched = weights.clone();
        assert!(multiply_odds(&mut weights, Stem::Bass, 0.5));
        let want = [2.0, 1.0, 2.0, 2.0].map(|parts| parts / 7.0);
        for (got, want) in shares(&weights).iter().zip(want) {
            assert!((got - want).abs() < 1e-6, "{got}, {want} expected");
        }
        assert_eq!(weights.provenance["odds"]["bass"], 0.5);
        // And back again.
        assert!(multiply_odds(&mut weights, Stem::Bass, 2.0));
        assert_eq!(weights.provenance["odds"]["bass"], 1.0);
        weights.provenance = untouched.provenance.clone();
        assert_eq!(weights, untouched);
    }

    #[test]
    fn masks_that_are_no_softmax_have_no_odds() {
        let mut weights = network(ConvTasNetConfig::paper());
        let before = weights.clone();
        assert!(!multiply_odds(&mut weights, Stem::Vocals, 0.5));
        assert_eq!(weights, before);
    }
}
