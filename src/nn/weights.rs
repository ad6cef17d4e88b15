//! A weights file: named tensors, and in its metadata the network's description, where it comes
//! from, and its licence. The format is safetensors.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use half::f16;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::config::{ConfigError, ConvTasNetConfig, FrontEnd, NormKind};
use crate::stem::{NUM_CHANNELS, Stem};

/// What the metadata's `format` says.
const FORMAT: &str = "unbraid-conv-tasnet";

/// Version of names, shapes and meaning; files of a newer one are refused.
pub const FORMAT_VERSION: u32 = 1;

/// How matrices are stored; vectors are always f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Half the bytes and, as playing is bound by them, about twice the speed.
    F16,
    /// The reference.
    F32,
}

/// One tensor, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

/// A network at rest.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightsFile {
    pub config: ConvTasNetConfig,
    /// Of the weights, as an SPDX expression.
    pub licence: String,
    /// How they were trained: data, seed, steps, scores; free in form.
    pub provenance: serde_json::Value,
    /// By name; exactly those that the config calls for.
    pub tensors: BTreeMap<String, Tensor>,
}

/// Why a file is no network that plays; one sentence each, which names the file.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("{file}: cannot be read: {reason}")]
    Read { file: String, reason: String },
    #[error("{file}: expected a safetensors file, found {found}")]
    NotSafetensors { file: String, found: String },
    #[error("{file}: metadata `{key}`: expected {expected}, found {found}")]
    Metadata {
        file: String,
        key: &'static str,
        expected: String,
        found: String,
    },
    #[error("{file}: network description: {source}")]
    Config { file: String, source: ConfigError },
    #[error("{file}: tensor `{tensor}`: expected {expected}, found {found}")]
    Tensor {
        file: String,
        tensor: String,
        expected: String,
        found: String,
    },
    #[error("{file}: expected a network that can be streamed, found one with global norm")]
    NotCausal { file: String },
}

impl WeightsFile {
    /// Reads a file.
    ///
    /// # Errors
    /// It can't be read, is no safetensors file, is of a newer version, or its tensors are not
    /// those of its description, or not finite.
    pub fn read(path: &Path) -> Result<Self, ModelError> {
        let file = path.display().to_string();
        match std::fs::read(path) {
            Ok(bytes) => Self::from_bytes(&file, &bytes),
            Err(error) => Err(ModelError::Read {
                file,
                reason: error.to_string(),
            }),
        }
    }

    /// Reads the bytes of a file; `file` is what errors call it.
    ///
    /// # Errors
    /// As [`WeightsFile::read`].
    pub fn from_bytes(file: &str, bytes: &[u8]) -> Result<Self, ModelError> {
        let not_safetensors = |error: safetensors::SafeTensorError| ModelError::NotSafetensors {
            file: file.to_owned(),
            found: match bytes.len() {
                0 => "an empty file".to_owned(),
                length => format!("{length} bytes that are none ({error})"),
            },
        };
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(not_safetensors)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let (config, licence, provenance) = read_metadata(file, &metadata)?;
        let stored = SafeTensors::deserialize(bytes).map_err(not_safetensors)?;

        let expected = expected_tensors(&config);
        let mut tensors = BTreeMap::new();
        for (name, shape) in &expected {
            let view = stored.tensor(name).map_err(|_| ModelError::Tensor {
                file: file.to_owned(),
                tensor: name.clone(),
                expected: format!("shape {shape:?}"),
                found: "no such tensor".to_owned(),
            })?;
            tensors.insert(name.clone(), read_tensor(file, name, shape, &view)?);
        }
        if let Some(name) = stored
            .names()
            .into_iter()
            .find(|n| !tensors.contains_key(*n))
        {
            return Err(ModelError::Tensor {
                file: file.to_owned(),
                tensor: name.to_owned(),
                expected: "no such tensor".to_owned(),
                found: "one".to_owned(),
            });
        }
        Ok(Self {
            config,
            licence,
            provenance,
            tensors,
        })
    }

    /// The bytes of a file with these tensors.
    ///
    /// # Panics
    /// If the tensors are not those that the config calls for.
    pub fn to_bytes(&self, precision: Precision) -> Vec<u8> {
        let stems = Stem::ALL.map(Stem::name);
        let metadata = HashMap::from([
            ("format".to_owned(), FORMAT.to_owned()),
            ("format_version".to_owned(), FORMAT_VERSION.to_string()),
            ("stems".to_owned(), stems.join(",")),
            ("config".to_owned(), to_json(&self.config)),
            ("licence".to_owned(), self.licence.clone()),
            ("provenance".to_owned(), self.provenance.to_string()),
        ]);
        let stored: Vec<(&str, Dtype, &[usize], Vec<u8>)> = self
            .tensors
            .iter()
            .map(|(name, tensor)| {
                let values = tensor.values.iter();
                let (dtype, bytes) = match precision {
                    Precision::F16 if is_matrix(name) => {
                        let halves = values.flat_map(|&x| f16::from_f32(x).to_le_bytes());
                        (Dtype::F16, halves.collect())
                    }
                    _ => (Dtype::F32, values.flat_map(|x| x.to_le_bytes()).collect()),
                };
                (name.as_str(), dtype, tensor.shape.as_slice(), bytes)
            })
            .collect();
        let views = stored.iter().map(|(name, dtype, shape, bytes)| {
            let view = TensorView::new(*dtype, shape.to_vec(), bytes);
            (*name, view.expect("as many values as the shape says"))
        });
        safetensors::serialize(views, Some(metadata)).expect("names are unique")
    }

    /// A tensor that the config calls for.
    pub fn tensor(&self, name: &str) -> &Tensor {
        &self.tensors[name]
    }
}

fn to_json(config: &ConvTasNetConfig) -> String {
    serde_json::to_string(config).expect("a config has no maps with odd keys")
}

/// Whether a tensor is stored with reduced precision: the big matrices, whose bytes cost time.
fn is_matrix(name: &str) -> bool {
    let is_small = name.ends_with("depthwise.weight") || name.starts_with("refiner.");
    name.ends_with(".weight") && !is_small
}

fn read_metadata(
    file: &str,
    metadata: &HashMap<String, String>,
) -> Result<(ConvTasNetConfig, String, serde_json::Value), ModelError> {
    let wrong = |key: &'static str, expected: &str, found: String| ModelError::Metadata {
        file: file.to_owned(),
        key,
        expected: expected.to_owned(),
        found,
    };
    let get = |key: &'static str, expected: &str| {
        metadata
            .get(key)
            .ok_or_else(|| wrong(key, expected, "nothing".to_owned()))
    };
    let format = get("format", FORMAT)?;
    if format != FORMAT {
        return Err(wrong("format", FORMAT, format.clone()));
    }
    let supported = format!("1 to {FORMAT_VERSION}");
    let version = get("format_version", &supported)?;
    if !version
        .parse::<u32>()
        .is_ok_and(|v| (1..=FORMAT_VERSION).contains(&v))
    {
        return Err(wrong("format_version", &supported, version.clone()));
    }
    let order = Stem::ALL.map(Stem::name).join(",");
    let stems = get("stems", &order)?;
    if *stems != order {
        return Err(wrong("stems", &order, stems.clone()));
    }
    let description = get("config", "a network description")?;
    let config: ConvTasNetConfig = serde_json::from_str(description)
        .map_err(|error| wrong("config", "a network description", error.to_string()))?;
    config.check().map_err(|source| ModelError::Config {
        file: file.to_owned(),
        source,
    })?;
    let licence = get("licence", "the licence of the weights")?.clone();
    let provenance = serde_json::from_str(get("provenance", "JSON")?)
        .map_err(|error| wrong("provenance", "JSON", error.to_string()))?;
    Ok((config, licence, provenance))
}

fn read_tensor(
    file: &str,
    name: &str,
    shape: &[usize],
    view: &TensorView,
) -> Result<Tensor, ModelError> {
    let wrong = |expected: String, found: String| ModelError::Tensor {
        file: file.to_owned(),
        tensor: name.to_owned(),
        expected,
        found,
    };
    if view.shape() != shape {
        return Err(wrong(
            format!("shape {shape:?}"),
            format!("shape {:?}", view.shape()),
        ));
    }
    let bytes = view.data();
    let values: Vec<f32> = match view.dtype() {
        Dtype::F32 => bytes
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect(),
        Dtype::F16 => bytes
            .chunks_exact(2)
            .map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32())
            .collect(),
        other => {
            return Err(wrong(
                "dtype F16 or F32".to_owned(),
                format!("dtype {other:?}"),
            ));
        }
    };
    if let Some(index) = values.iter().position(|x| !x.is_finite()) {
        return Err(wrong(
            "finite values".to_owned(),
            format!("{} at index {index}", values[index]),
        ));
    }
    Ok(Tensor {
        shape: shape.to_vec(),
        values,
    })
}

/// Names and shapes of the tensors of a network, as the docs of [`super::config`] list them.
pub fn expected_tensors(config: &ConvTasNetConfig) -> Vec<(String, Vec<usize>)> {
    let tcn = &config.tcn;
    let (b, h) = (tcn.bottleneck, tcn.hidden);
    let has_norms = tcn.norm != NormKind::Batch;
    let mut tensors = Vec::new();
    let mut add = |name: String, shape: &[usize]| tensors.push((name, shape.to_vec()));
    if let FrontEnd::Learned(learned) = &config.front_end {
        let channels = if learned.stereo { NUM_CHANNELS } else { 1 };
        let shape = [learned.num_filters, channels * learned.window_samples];
        add("encoder.weight".into(), &shape);
        add("decoder.weight".into(), &shape);
    }
    if has_norms {
        add("input_norm.scale".into(), &[config.num_features()]);
        add("input_norm.shift".into(), &[config.num_features()]);
    }
    add("bottleneck.weight".into(), &[b, config.num_features()]);
    add("bottleneck.bias".into(), &[b]);
    for block in 0..config.num_blocks() {
        let mut add = |name: &str, shape: &[usize]| add(format!("blocks.{block}.{name}"), shape);
        add("expand.weight", &[h, b]);
        add("expand.bias", &[h]);
        add("expand.slope", &[h]);
        add("depthwise.weight", &[tcn.kernel, h]);
        add("depthwise.bias", &[h]);
        add("depthwise.slope", &[h]);
        if has_norms {
            for name in ["norm1.scale", "norm1.shift", "norm2.scale", "norm2.shift"] {
                add(name, &[h]);
            }
        } else {
            add("depthwise.history", &[h]);
        }
        if config.has_residual(block) {
            add("residual.weight", &[b, h]);
            add("residual.bias", &[b]);
        }
        if tcn.skip_connections {
            add("skip.weight", &[b, h]);
            add("skip.bias", &[b]);
        }
    }
    add("mask.slope".into(), &[b]);
    add("mask.weight".into(), &[config.num_mask_values(), b]);
    add("mask.bias".into(), &[config.num_mask_values()]);
    if let Some(refiner) = config.refiner_shape() {
        tensors.extend(refiner.tensors());
    }
    tensors
}
