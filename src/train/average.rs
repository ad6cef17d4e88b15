//! The mean of networks: of runs that went on from one another it may play better than each.
//!
//! Training that goes on from weights stays in their valley of the loss: the mean lies lower than its
//! rims, and what one of them forgot comes back (Izmailov et al. 2018, "Averaging weights leads to
//! wider optima and better generalization"; Wortsman et al. 2022, "Robust fine-tuning of zero-shot
//! models"). Of runs that began anew, or moved far, it is worth nothing: score it before you keep it.

use serde_json::{Map, Value};

use crate::nn::WeightsFile;

/// Networks that have no mean.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the {what} of the first")]
pub struct Unlike {
    /// Index of the one that differs from the first.
    pub index: usize,
    pub what: &'static str,
}

/// The mean of `first` and `others`, value by value. It has the title and the data of the first, and
/// tells the provenances of all as `mean_of`.
///
/// # Errors
/// Networks differ in more than their weights.
pub fn mean(first: WeightsFile, others: &[WeightsFile]) -> Result<WeightsFile, Unlike> {
    for (index, other) in (1..).zip(others) {
        let differs = |what| Err(Unlike { index, what });
        if other.config != first.config {
            return differs("network");
        }
        if other.licence != first.licence {
            return differs("licence");
        }
    }
    if others.is_empty() {
        return Ok(first);
    }
    let mut mean = first;
    let factor = ((1 + others.len()) as f32).recip();
    for (name, tensor) in &mut mean.tensors {
        for (place, value) in tensor.values.iter_mut().enumerate() {
            let of_others = others.iter().map(|other| other.tensor(name).values[place]);
            *value = (*value + of_others.sum::<f32>()) * factor;
        }
    }
    let kept = ["title", "data"].map(|field| (field, mean.provenance.get(field).cloned()));
    let mut provenance: Map<String, Value> = (kept.into_iter())
        .filter_map(|(field, value)| Some((field.to_owned(), value?)))
        .collect();
    let of_others = others.iter().map(|other| other.provenance.clone());
    let all = [mean.provenance].into_iter().chain(of_others);
    provenance.insert("mean_of".to_owned(), all.collect());
    mean.provenance = Value::Object(provenance);
    Ok(mean)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::nn::ConvTasNetConfig;
    use crate::nn::weights::{Tensor, expected_tensors};

    /// A network whose values are a number, and more from place to place.
    fn network(value: f32) -> WeightsFile {
        let config = ConvTasNetConfig::live();
        let tensors = expected_tensors(&config).into_iter();
        let tensors = tensors.map(|(name, shape)| {
            let num_values = shape.iter().product();
            let values = (0..num_values).map(|place| value + (place % 64) as f32);
            let values = values.collect();
            (name, Tensor { shape, values })
        });
        WeightsFile {
            tensors: tensors.collect(),
            config,
            licence: "CC0-1.0".to_owned(),
            provenance: json!({ "title": format!("of {value}"), "steps": 7 }),
        }
    }

    #[test]
    fn a_mean_lies_between_its_networks_and_names_them() {
        let of_three = mean(network(1.0), &[network(2.0), network(6.0)]).unwrap();
        assert_eq!(of_three.tensors, network(3.0).tensors);
        let told = json!({
            "title": "of 1",
            "mean_of": [
                { "title": "of 1", "steps": 7 },
                { "title": "of 2", "steps": 7 },
                { "title": "of 6", "steps": 7 },
            ],
        });
        assert_eq!(of_three.provenance, told);
        assert_eq!(mean(network(4.0), &[]), Ok(network(4.0)));
    }

    #[test]
    fn networks_that_differ_have_no_mean() {
        let mut other = network(1.0);
        other.licence = "CC-BY-4.0".to_owned();
        let unlike = |index, what| Err(Unlike { index, what });
        let found = mean(network(1.0), &[network(1.0), other.clone()]);
        assert_eq!(found, unlike(2, "licence"));
        other.config.tcn.repeats += 1;
        assert_eq!(mean(network(1.0), &[other]), unlike(1, "network"));
    }
}
