//! What operations with a hand-written gradient share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, Layout, Result};

/// What a gradient needs of its forward pass; candle lends both the operation for reading alone.
pub struct Saved<T>(Mutex<Option<T>>);

impl<T> Default for Saved<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Saved<T> {
    pub fn put(&self, value: T) {
        *self.look() = Some(value);
    }

    pub fn look(&self) -> MutexGuard<'_, Option<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// # Errors
    /// If it was taken, or there was no forward pass.
    pub fn take(&self) -> Result<T> {
        match self.look().take() {
            Some(value) => Ok(value),
            None => candle_core::bail!("a gradient can be asked for once after a forward pass"),
        }
    }
}

/// The values of a tensor that an operation was given.
///
/// # Errors
/// If they are not contiguous f32.
pub fn contiguous<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&values[start..end]),
        _ => candle_core::bail!(
            "expected contiguous f32 values, found {:?}, {layout:?}",
            storage.dtype()
        ),
    }
}
