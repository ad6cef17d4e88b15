//! A run at a step: all that a resumed run needs to go on as if it had never stopped.
//!
//! One safetensors file, written beside the old one and renamed over it, so that a kill leaves
//! either.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};

use super::optimiser::Weights;
use crate::whole_file;

/// Version of names and meaning.
const VERSION: u32 = 1;

/// Where a run stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Steps taken.
    pub step: u64,
    /// Seconds that it has run, over all sittings.
    pub elapsed_s: f64,
    /// The best validation so far: step, and mean SI-SDR improvement in dB.
    pub best: Option<(u64, f64)>,
    /// Validations since then.
    pub validations_since_best: u32,
}

/// What is in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    pub progress: Progress,
    pub weights: Weights,
}

/// Why a checkpoint can't be used; one sentence each.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    #[error("{}: cannot be {action}: {source}", path.display())]
    Io {
        path: PathBuf,
        action: &'static str,
        source: std::io::Error,
    },
    #[error("{}: expected a checkpoint of this network, found {found}", path.display())]
    Content { path: PathBuf, found: String },
}

const NAMES: [&str; 4] = ["values", "average", "first_moment", "second_moment"];

impl Checkpoint {
    /// Writes the file, or leaves the old one as it is.
    pub fn write(&self, path: &Path) -> Result<(), CheckpointError> {
        let weights = &self.weights;
        let vectors = [
            &weights.values,
            &weights.average,
            &weights.first_moment,
            &weights.second_moment,
        ];
        let bytes = vectors.map(|v| v.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>());
        let views = NAMES.iter().zip(&bytes).map(|(name, bytes)| {
            let view = TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes);
            (*name, view.expect("four bytes a value"))
        });
        let progress = serde_json::to_string(&self.progress).expect("plain fields");
        let metadata = HashMap::from([
            ("version".to_owned(), VERSION.to_string()),
            ("progress".to_owned(), progress),
        ]);
        let file = safetensors::serialize(views, Some(metadata)).expect("names are unique");
        whole_file::write(path, &file).map_err(|source| CheckpointError::Io {
            path: path.to_owned(),
            action: "written",
            source,
        })
    }

    /// Reads a file whose vectors have `length` values.
    pub fn read(path: &Path, length: usize) -> Result<Self, CheckpointError> {
        let bytes = fs::read(path).map_err(|source| CheckpointError::Io {
            path: path.to_owned(),
            action: "read",
            source,
        })?;
        Self::from_bytes(&bytes, length).map_err(|found| CheckpointError::Content {
            path: path.to_owned(),
            found,
        })
    }

    fn from_bytes(bytes: &[u8], length: usize) -> Result<Self, String> {
        let none = |error| format!("{} bytes that are none ({error})", bytes.len());
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(none)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let version = metadata.get("version").map_or("none", String::as_str);
        if version != VERSION.to_string() {
            return Err(format!("version {version}, not {VERSION}"));
        }
        let progress = metadata.get("progress").map_or("", String::as_str);
        let progress =
            serde_json::from_str(progress).map_err(|error| format!("progress: {error}"))?;
        let tensors = SafeTensors::deserialize(bytes).map_err(none)?;
        let mut vectors = NAMES.map(|name| {
            let view = tensors.tensor(name).map_err(|error| error.to_string())?;
            let found = view.data().len() / 4;
            if view.dtype() != Dtype::F32 || found != length {
                return Err(format!("{found} {name}, not {length}"));
            }
            let values = view.data().chunks_exact(4);
            Ok(values
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect::<Vec<f32>>())
        });
        let mut take = |index: usize| std::mem::replace(&mut vectors[index], Ok(Vec::new()));
        Ok(Self {
            progress,
            weights: Weights {
                values: take(0)?,
                average: take(1)?,
                first_moment: take(2)?,
                second_moment: take(3)?,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        let mut weights = Weights::new(vec![1.5, -2.0, 1e-30]);
        weights.second_moment[1] = 0.25;
        Checkpoint {
            progress: Progress {
                step: 42,
                elapsed_s: 1.5,
                best: Some((40, 3.25)),
                validations_since_best: 1,
            },
            weights,
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("checkpoint.safetensors");
        checkpoint().write(&path).expect("it can be written");
        assert_eq!(Checkpoint::read(&path, 3).expect("and read"), checkpoint());
    }

    #[test]
    fn other_files_are_named_with_what_they_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("c.safetensors");
        checkpoint().write(&path).expect("it can be written");
        let error = |length| {
            let error = Checkpoint::read(&path, length).expect_err("it is wrong");
            error.to_string()
        };
        assert!(error(4).ends_with("found 3 values, not 4"), "{}", error(4));
        let whole = fs::read(&path).expect("it is there");
        fs::write(&path, &whole[..whole.len() - 5]).expect("cut");
        assert!(error(3).contains("bytes that are none"), "{}", error(3));
        fs::remove_file(&path).expect("it is there");
        assert!(error(3).contains("cannot be read"), "{}", error(3));
    }
}
