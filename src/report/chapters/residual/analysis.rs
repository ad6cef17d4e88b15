//! All that the chapter tells of one stem.

use crate::dsp::grid::Grid;
use crate::dsp::stft::StftSizes;
use crate::eval::oracle::FIELD_SIZES;
use crate::report::Material;
use crate::report::residual::autocorrelation::{autocorrelation, partial_autocorrelation};
use crate::report::residual::coherence::{Coherence, coherence};
use crate::report::residual::ljung_box::{LjungBox, ljung_box};
use crate::report::residual::phase::{PhaseError, phase_error};
use crate::report::residual::residual;
use crate::report::residual::split::{Split, split};
use crate::stem::Stereo;

/// Lags of the Ljung–Box test.
pub const TEST_LAGS: usize = 20;

/// Lags of the partial autocorrelations.
const PARTIAL_LAGS: usize = 64;

/// The longest lag of the autocorrelations: a period of 50 Hz.
const LONGEST_LAG_S: f64 = 0.02;

pub struct Analysis<'a> {
    pub truth: &'a Stereo,
    pub estimate: &'a Stereo,
    pub residual: Stereo,
    /// Of the estimate with the true stem, and of the residual with the true stem and with the
    /// rest of the mix; `None` if the passage is too short.
    pub coherences: Option<[Coherence; 3]>,
    /// `None` if nothing is left.
    pub correlations: Option<Correlations>,
    /// `None` if the estimate is silent.
    pub phase: Option<PhaseError>,
    pub split: Split,
    /// Of the phases and the split.
    pub sizes: StftSizes,
    /// Of the coherences.
    pub window_samples: usize,
}

/// How the residual resembles itself.
pub struct Correlations {
    /// From lag 0.
    pub autocorrelations: Vec<f64>,
    pub partial: Vec<f64>,
    pub test: LjungBox,
}

impl<'a> Analysis<'a> {
    /// `None` for a silent stem.
    pub fn new(material: &Material, truth: &'a Stereo, estimate: &'a Stereo) -> Option<Self> {
        let rate_hz = material.rate_hz();
        let grid = Grid::new(rate_hz);
        let sizes = FIELD_SIZES.on(&grid);
        let split = split(truth, estimate, sizes)?;
        let left = residual(truth, estimate);
        let rest = residual(material.mix(), truth);
        let window_samples = sizes.analysis_samples;
        let pairs = [(truth, estimate), (truth, &left), (&rest, &left)];
        let coherences = pairs.map(|(x, y)| coherence(x, y, window_samples));
        let max_lag = ((LONGEST_LAG_S * rate_hz).ceil() as usize).max(PARTIAL_LAGS);
        let correlations = autocorrelation(&left, max_lag).map(|autocorrelations| Correlations {
            partial: partial_autocorrelation(&autocorrelations[..=PARTIAL_LAGS]),
            test: ljung_box(&autocorrelations[..=TEST_LAGS], left[0].len()),
            autocorrelations,
        });
        Some(Self {
            truth,
            estimate,
            coherences: match coherences {
                [Some(own), Some(lost), Some(leaked)] => Some([own, lost, leaked]),
                _ => None,
            },
            correlations,
            phase: phase_error(truth, estimate, sizes),
            split,
            sizes,
            window_samples,
            residual: left,
        })
    }
}
