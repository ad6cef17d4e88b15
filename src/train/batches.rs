//! The batches of a run, an endless row of them, made ahead.

use std::sync::Arc;

use super::data::{DataError, Library, Prefetch};
use super::objective::{Example, Objective};
use super::settings::Settings;

/// Where in the endless row of segments those begin that statistics are measured on.
const STATISTICS_STREAM: u64 = 1 << 40;

/// Steps' examples that are made ahead.
const STEPS_AHEAD: usize = 3;

/// What batches are made of.
#[derive(Clone)]
pub struct Batches {
    pub settings: Arc<Settings>,
    pub library: Arc<Library>,
    pub objective: Arc<Objective>,
}

impl Batches {
    /// The batches from a step on.
    pub fn from_step(&self, first_step: u64) -> Prefetch<Vec<Example>, DataError> {
        let this = self.clone();
        Prefetch::new(1, STEPS_AHEAD, first_step, move |step| {
            let loss = this.settings.loss_at(step);
            let batch = this.settings.batch as u64;
            (step * batch..(step + 1) * batch)
                .map(|index| Ok(this.objective.example(&this.library.segment(index)?, loss)))
                .collect()
        })
    }

    /// The batches that statistics are measured on, the same ones each time.
    pub fn for_statistics<E: From<DataError>>(
        &self,
    ) -> impl FnMut() -> Option<Result<Vec<Example>, E>> + use<E> {
        let settings = &self.settings;
        let audio_a_batch = settings.batch as f64 * settings.data.segment_s;
        let mut left = (settings.statistics_s / audio_a_batch).ceil() as u64;
        let mut batches = self.from_step(STATISTICS_STREAM / settings.batch as u64);
        move || {
            left = left.checked_sub(1)?;
            Some(batches.next().map_err(E::from))
        }
    }
}
