//! The model files that the user has chosen, one for each Conv-TasNet mode; a state holds them.
//!
//! A mode without a file plays the build's own weights. A mode is only the place of a file: any
//! network that can be streamed plays in either, with the latency that it has.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nice_plug::params::persist::PersistentField;
use serde::{Deserialize, Serialize};

use crate::separators::SeparatorKind;

/// The paths as a state holds them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelFiles {
    /// Of this field's layout, for the day it changes.
    version: u32,
    live: Option<String>,
    studio: Option<String>,
}

impl Default for ModelFiles {
    fn default() -> Self {
        Self {
            version: 1,
            live: None,
            studio: None,
        }
    }
}

/// The chosen files, shared by editor, state loads and builder, and what the audio thread sees of
/// them.
#[derive(Debug, Default)]
pub struct Models {
    /// Never touched by the audio thread.
    files: Mutex<ModelFiles>,
    generations: [AtomicU32; 2],
}

impl Models {
    /// Another number for each choice of a file in this mode; 0 in a mode that needs none.
    /// Real-time safe.
    pub fn generation(&self, kind: SeparatorKind) -> u32 {
        place(kind).map_or(0, |place| self.generations[place].load(Relaxed))
    }

    /// The path of the file chosen in this mode.
    pub fn file(&self, kind: SeparatorKind) -> Option<String> {
        let place = place(kind)?;
        let files = self.lock();
        [&files.live, &files.studio][place].clone()
    }

    /// Chooses a file, or the build's own weights. The same file again is read again: it may be
    /// another one by now.
    pub fn choose(&self, kind: SeparatorKind, file: Option<String>) {
        if let Some(place) = place(kind) {
            let files = &mut *self.lock();
            *[&mut files.live, &mut files.studio][place] = file;
            self.generations[place].fetch_add(1, Relaxed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, ModelFiles> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(kind: SeparatorKind) -> Option<usize> {
    match kind {
        SeparatorKind::HpssLive | SeparatorKind::HpssMix => None,
        SeparatorKind::ConvTasNetLive => Some(0),
        SeparatorKind::ConvTasNetStudio => Some(1),
    }
}

impl PersistentField<'_, ModelFiles> for Arc<Models> {
    /// A state that names the same files changes nothing that sounds.
    fn set(&self, new: ModelFiles) {
        for (kind, file) in [
            (SeparatorKind::ConvTasNetLive, new.live),
            (SeparatorKind::ConvTasNetStudio, new.studio),
        ] {
            if self.file(kind) != file {
                self.choose(kind, file);
            }
        }
    }

    fn map<F, R>(&self, read: F) -> R
    where
        F: Fn(&ModelFiles) -> R,
    {
        read(&self.lock())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SeparatorKind::{ConvTasNetLive, ConvTasNetStudio, HpssLive};

    #[test]
    fn only_a_choice_in_a_mode_changes_its_generation() {
        let models = Arc::new(Models::default());
        let generations =
            || [HpssLive, ConvTasNetLive, ConvTasNetStudio].map(|kind| models.generation(kind));
        models.choose(ConvTasNetStudio, Some("a".into()));
        models.choose(HpssLive, Some("b".into()));
        assert_eq!(generations(), [0, 0, 1]);
        assert_eq!(models.file(ConvTasNetStudio).as_deref(), Some("a"));
        assert_eq!(
            (models.file(ConvTasNetLive), models.file(HpssLive)),
            (None, None)
        );
        models.choose(ConvTasNetStudio, Some("a".into()));
        assert_eq!(generations(), [0, 0, 2]);

        let saved = models.map(ModelFiles::clone);
        models.set(saved.clone());
        assert_eq!(generations(), [0, 0, 2], "the same state again");
        models.set(ModelFiles::default());
        assert_eq!(generations(), [0, 0, 3]);
        assert_eq!(models.file(ConvTasNetStudio), None);
        models.set(saved);
        assert_eq!(models.file(ConvTasNetStudio).as_deref(), Some("a"));
    }
}
