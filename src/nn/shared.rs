//! One copy of a model in the process, however many instances play it: playing costs bytes of
//! weights, and private copies would push each other out of the caches.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use super::{ConvTasNetModel, ModelError, Precision, WeightsFile};

/// A hash of a file's content, and its length.
type Key = (u64, usize);

/// Models in use.
static MODELS: LazyLock<Mutex<HashMap<Key, Weak<ConvTasNetModel>>>> = LazyLock::new(Mutex::default);

/// The model of a file.
///
/// # Errors
/// The file can't be read, or is no network that plays.
pub fn load(path: &Path) -> Result<Arc<ConvTasNetModel>, ModelError> {
    let file = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| ModelError::Read {
        file: file.clone(),
        reason: error.to_string(),
    })?;
    load_bytes(&file, &bytes)
}

/// The model of a file's content; `file` is what errors call it. Weights play in f16.
///
/// # Errors
/// The content is no network that plays.
pub fn load_bytes(file: &str, bytes: &[u8]) -> Result<Arc<ConvTasNetModel>, ModelError> {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let key = (hasher.finish(), bytes.len());
    // Whoever panicked with the lock held has left the map whole.
    let mut models = MODELS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(model) = models.get(&key).and_then(Weak::upgrade) {
        return Ok(model);
    }
    let weights = WeightsFile::from_bytes(file, bytes)?;
    let model = Arc::new(ConvTasNetModel::new(file, &weights, Precision::F16)?);
    models.retain(|_, model| model.strong_count() > 0);
    models.insert(key, Arc::downgrade(&model));
    Ok(model)
}
