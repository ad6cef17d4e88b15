//! The network in words and numbers.

use serde_json::Value;

use crate::nn::ConvTasNetConfig;
use crate::nn::config::{FrontEnd, MaskKind, NormKind};
use crate::report::words::number;
use crate::report::{Network, Part};

/// What happens to a hop.
pub fn story(config: &ConvTasNetConfig) -> String {
    let tcn = &config.tcn;
    let sees = match &config.front_end {
        FrontEnd::Stft(stft) => format!(
            "An STFT turns the newest {} samples into a spectrum, whose bins are gathered in {} bands; the \
             network sees the logarithm of each band's power{}.",
            stft.analysis_samples,
            config.num_bands(),
            if stft.coherence {
                ", and how alike left and right are in it"
            } else {
                ""
            }
        ),
        FrontEnd::Learned(learned) => format!(
            "{} learned filters turn the newest {} samples into as many positive numbers.",
            learned.num_filters, learned.window_samples
        ),
    };
    let refines = match &config.refiner {
        Some(refiner) => format!(
            " A refiner then looks at each band alone, with the {} around it, and estimates its masks \
             once more.",
            refiner.bands - 1
        ),
        None => String::new(),
    };
    format!(
        "{sees} {} blocks of convolutions look back over what has been, each twice as far as the one \
         before ({} times from 1 to {} frames), and end in masks: numbers that say how much of each {} \
         is drums, bass and vocals.{refines} Other is what they leave. Conv-TasNet is by Luo & Mesgarani \
         (IEEE/ACM TASLP 27(8), 2019).",
        config.num_blocks(),
        tcn.repeats,
        config.dilation(tcn.blocks - 1),
        match config.front_end {
            FrontEnd::Stft(_) => "band",
            FrontEnd::Learned(_) => "filter's output",
        }
    )
}

/// What to know of a network that does not play alone.
pub fn company(network: &Network) -> Option<Part> {
    (network.share < 1.0).then(|| {
        Part::Text(format!(
            "It does not play alone: {} % of each stem that is heard and scored above are its own, the \
             rest is another network's. This chapter is about this one alone.",
            number(100.0 * f64::from(network.share), 0)
        ))
    })
}

/// Sizes, reach and latency.
pub fn sizes(network: &Network) -> Part {
    let config = network.model.config();
    let tcn = &config.tcn;
    let rate_hz = config.rate_hz();
    let values = network.weights.tensors.values();
    let num_parameters: usize = values.map(|tensor| tensor.values.len()).sum();
    let hop_s = config.hop_samples() as f64 / rate_hz;
    let latency = config.latency_samples();
    let samples = |count: usize| {
        format!(
            "{count} samples, {} ms",
            number(1e3 * count as f64 / rate_hz, 1)
        )
    };
    let looks_back = config.receptive_field_hops();
    let norm = match tcn.norm {
        NormKind::Batch => "batch, folded into the weights",
        NormKind::Frame => "of each frame",
        NormKind::Cumulative => "of all frames so far",
        NormKind::Global => "of all frames",
    };
    let mask = match config.mask {
        MaskKind::Sigmoid => "each within 0 to 1",
        MaskKind::Softmax => "the four sum to 1",
        MaskKind::Complex => "complex, each part within −1 to 1",
    };
    let rows = [
        ("Weights", num_parameters.to_string()),
        ("Multiplications per second", {
            let per_second = config.macs_per_hop() as f64 / hop_s;
            format!("{} million", number(per_second / 1e6, 0))
        }),
        ("Hop", samples(config.hop_samples())),
        ("Latency, that of the plug-in", samples(latency)),
        ("Look-ahead", format!("{} hops", config.lookahead_hops)),
        ("Receptive field: hops before the newest", {
            let seconds = looks_back as f64 * hop_s;
            format!("{looks_back}, {} s", number(seconds, 1))
        }),
        (
            "Channels between blocks (B), within (H)",
            format!("{} and {}", tcn.bottleneck, tcn.hidden),
        ),
        ("Taps (P), blocks of a repeat (X), repeats (R)", {
            format!("{}, {}, {}", tcn.kernel, tcn.blocks, tcn.repeats)
        }),
        ("Refiner: channels, bands around each, layers", {
            match &config.refiner {
                Some(refiner) => {
                    let layers = refiner.middle_ages.len() + 2;
                    format!("{}, {}, {layers}", refiner.channels, refiner.bands)
                }
                None => "none".into(),
            }
        }),
        ("Normalisation", norm.into()),
        ("Masks", {
            let whose = if config.mask_per_channel {
                "one for each channel"
            } else {
                "shared by both channels"
            };
            format!("{mask}; {whose}")
        }),
        ("Licence of the weights", network.model.licence().into()),
    ];
    let rows = rows.map(|(name, value): (&str, String)| vec![name.to_owned(), value]);
    Part::Table {
        caption: format!("The network, as it is at {rate_hz} Hz. Letters are the paper's."),
        header: vec!["What".into(), "How much".into()],
        rows: rows.into(),
    }
}

/// Curves, and what the file says of its training, scores among it.
pub fn training(network: &Network) -> Vec<Part> {
    let mut parts = Vec::new();
    match &network.curves {
        Some(png) => parts.push(Part::Picture {
            name: "network-curves.png".into(),
            png: png.clone(),
            caption: "The training: the loss, which is what it made smaller; the improvement in SI-SDR of each \
                      stem on held-out songs; and the learning rate. A gap between a loss that still falls and \
                      scores that no longer rise is learning by heart."
                .into(),
        }),
        None => parts.push(Part::Text(
            "The curves of the training are in the folder of its run, which was not given.".into(),
        )),
    }
    let mut rows = Vec::new();
    flatten("", network.model.provenance(), &mut rows);
    if rows.is_empty() {
        parts.push(Part::Text(
            "The file says nothing about its training.".into(),
        ));
    } else {
        parts.push(Part::Table {
            caption: "What the weights file says about its training. Scores are on the songs that it names as \
                      held out; those of this passage are at the head of the page."
                .into(),
            header: vec!["What".into(), "Value".into()],
            rows,
        });
    }
    parts
}

/// A row for each value within a JSON value, named by the way to it.
fn flatten(name: &str, value: &Value, rows: &mut Vec<Vec<String>>) {
    let plain = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Number(value) if value.is_f64() => number(value.as_f64().unwrap_or(f64::NAN), 3),
        value => value.to_string(),
    };
    let inner = |key: &str| match name {
        "" => key.to_owned(),
        name => format!("{name}: {key}"),
    };
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (key, value) in fields {
                flatten(&inner(&key.replace('_', " ")), value, rows);
            }
        }
        Value::Array(values) if values.iter().any(|v| v.is_object() || v.is_array()) => {
            for (index, value) in values.iter().enumerate() {
                flatten(&inner(&(index + 1).to_string()), value, rows);
            }
        }
        Value::Array(values) => {
            let all: Vec<String> = values.iter().map(plain).collect();
            rows.push(vec![name.to_owned(), all.join(", ")]);
        }
        value => rows.push(vec![name.to_owned(), plain(value)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provenance_becomes_rows() {
        let value = serde_json::json!({
            "title": "T", "seed": 1, "validation_db": 5.54967, "held_out": ["a", "b"],
            "phases": [{"from_step": 0, "loss": {"kind": null, "power": 0.75}}],
        });
        let mut rows = Vec::new();
        flatten("", &value, &mut rows);
        let want = [
            ["held out", "a, b"],
            ["phases: 1: from step", "0"],
            ["phases: 1: loss: power", "0.750"],
            ["seed", "1"],
            ["title", "T"],
            ["validation db", "5.550"],
        ];
        assert_eq!(rows, want.map(|row| row.map(String::from).to_vec()));
    }
}
