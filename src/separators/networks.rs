//! What plays in a Conv-TasNet mode: one network, or several whose stems are blended.

use std::sync::Arc;

use super::{Blend, BuildError, ConvTasNet, Resampled, Separator, check_rate};
use crate::dsp::grid::Grid;
use crate::nn::ConvTasNetModel;
use crate::nn::config::FrontEnd;

/// One network, or several and the share that each has in every stem.
#[derive(Clone, Debug)]
pub struct Networks {
    members: Vec<(Arc<ConvTasNetModel>, f32)>,
}

impl From<Arc<ConvTasNetModel>> for Networks {
    fn from(model: Arc<ConvTasNetModel>) -> Self {
        Self {
            members: vec![(model, 1.0)],
        }
    }
}

impl Networks {
    /// `main`, and `other` with this share of each stem; both have an STFT front end, and the hop of
    /// one is a multiple of the other's.
    pub fn blend(
        main: Arc<ConvTasNetModel>,
        other: Arc<ConvTasNetModel>,
        other_share: f32,
    ) -> Self {
        Self {
            members: vec![(main, 1.0 - other_share), (other, other_share)],
        }
    }

    /// The one that a mode is named for.
    pub fn main(&self) -> &Arc<ConvTasNetModel> {
        &self.members[0].0
    }

    /// How much of each stem is that one's.
    pub fn main_share(&self) -> f32 {
        self.members[0].1
    }

    /// A separator for a host rate in Hz: with an STFT front end a network runs natively, with a
    /// learned one through [`Resampled`] where the rate is not its own.
    ///
    /// # Errors
    /// The rate is outside [`MIN_RATE_HZ`](super::MIN_RATE_HZ)..=[`MAX_RATE_HZ`](super::MAX_RATE_HZ).
    pub fn build(&self, rate_hz: f64) -> Result<Box<dyn Separator>, BuildError> {
        check_rate(rate_hz)?;
        let [(model, _)] = &self.members[..] else {
            return Ok(Box::new(Blend::new(&self.members, &Grid::new(rate_hz))));
        };
        let own_rate_hz = match &model.config().front_end {
            FrontEnd::Stft(_) => rate_hz,
            FrontEnd::Learned(learned) => learned.rate_hz,
        };
        let separator = Box::new(ConvTasNet::new(model.clone(), &Grid::new(own_rate_hz)));
        Ok(if own_rate_hz == rate_hz {
            separator
        } else {
            Box::new(Resampled::new(separator, own_rate_hz, rate_hz))
        })
    }
}
