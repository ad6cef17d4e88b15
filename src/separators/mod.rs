//! The separators: each takes the mix hop by hop and fills vocals, drums and bass.
//!
//! Station in the way: … hop → **separator** → stems …

mod blend;
mod conv_tasnet;
pub mod default_models;
mod focus;
mod hpss;
mod networks;
mod resampled;
mod stem_energy;
#[cfg(any(feature = "tools", feature = "standalone"))]
mod value_enum;

pub use blend::Blend;
pub use conv_tasnet::ConvTasNet;
pub use focus::{Focus, NO_FOCUS};
pub use hpss::{FREQUENCY_MEDIAN_BINS, HopView, Hpss, HpssConfig, TIME_MEDIAN_HOPS};
pub use networks::Networks;
pub use resampled::Resampled;
pub use stem_energy::{NUM_ENERGY_BANDS, StemEnergy};

use crate::dsp::grid::Grid;
use crate::nn::ModelError;
use crate::stem::{NUM_CHANNELS, Stem, StemBuffer};

/// Splits a stereo mix into stems, one fixed-size hop at a time, at the rate it was built for.
///
/// `new` allocates everything; every method of this trait is real-time safe.
pub trait Separator: Send {
    /// Samples per channel consumed and produced by each `process_hop`. Constant.
    fn hop_samples(&self) -> usize;

    /// Delay from input to output in samples, when fed hop after hop. Constant.
    ///
    /// For windowed methods: `synthesis_window − hop + lookahead_hops · hop (+ hop if sliced)`;
    /// the analysis window adds nothing.
    fn latency_samples(&self) -> usize;

    /// Samples of context after which the output no longer depends on the state before: how long
    /// a fresh instance must run before it may be heard.
    fn warm_up_samples(&self) -> usize;

    /// `mix[channel]` has `hop_samples()` finite samples; overwrites the first `hop_samples()` of
    /// vocals, drums and bass (the engine fills Other).
    fn process_hop(&mut self, mix: [&[f32]; NUM_CHANNELS], stems: &mut StemBuffer);

    /// Parts that a hop's work is cut into; 1 = none. Above 1, `process_hop` stores this hop and
    /// returns the one before; the chain calls `work(part)` evenly over the next hop, and what is
    /// left of it before the next `process_hop`.
    fn num_parts(&self) -> usize {
        1
    }

    /// Does part `part` (`0..num_parts()`) of the stored hop's work.
    fn work(&mut self, part: usize) {
        debug_assert!(part < self.num_parts());
    }

    /// Bends the masks of the hops that follow, from the next `process_hop` on; `NO_FOCUS` costs
    /// nothing. What has no masks stays as it is.
    fn set_focus(&mut self, focus: &Focus);

    /// Switches `stem_energy` on or off; off costs nothing.
    fn set_energy_wanted(&mut self, wanted: bool);

    /// Energy per stem and display band of the frame that ends with the last hop given; stale
    /// while not wanted, and for one hop after.
    fn stem_energy(&self) -> &StemEnergy;

    /// How far behind the first sample of the last hop given the moment lies that `stem_energy`
    /// belongs to, in samples: half the synthesis window, where the analysis window has its peak.
    fn energy_offset_samples(&self) -> usize {
        0
    }

    /// Back to the state after construction; focus and what is wanted stay.
    fn reset(&mut self);
}

/// Every separator that a user can choose, in the order of the `mode` parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SeparatorKind {
    HpssLive,
    HpssMix,
    ConvTasNetLive,
    ConvTasNetStudio,
}

impl SeparatorKind {
    pub const ALL: [SeparatorKind; 4] = [
        SeparatorKind::HpssLive,
        SeparatorKind::HpssMix,
        SeparatorKind::ConvTasNetLive,
        SeparatorKind::ConvTasNetStudio,
    ];

    /// The name on the command line and in saved states. Frozen.
    pub const fn name(self) -> &'static str {
        match self {
            SeparatorKind::HpssLive => "hpss-live",
            SeparatorKind::HpssMix => "hpss-mix",
            SeparatorKind::ConvTasNetLive => "conv-tasnet-live",
            SeparatorKind::ConvTasNetStudio => "conv-tasnet-studio",
        }
    }

    /// The name that people read.
    pub const fn title(self) -> &'static str {
        match self {
            SeparatorKind::HpssLive => "HPSS Live",
            SeparatorKind::HpssMix => "HPSS Mix",
            SeparatorKind::ConvTasNetLive => "Conv-TasNet Live",
            SeparatorKind::ConvTasNetStudio => "Conv-TasNet Studio",
        }
    }

    /// Whether this kind ever fills the stem; HPSS knows drums and the rest only.
    pub const fn fills(self, stem: Stem) -> bool {
        match self {
            SeparatorKind::HpssLive | SeparatorKind::HpssMix => {
                matches!(stem, Stem::Drums | Stem::Other)
            }
            SeparatorKind::ConvTasNetLive | SeparatorKind::ConvTasNetStudio => true,
        }
    }

    /// Whether this kind plays a network.
    pub const fn needs_model(self) -> bool {
        matches!(
            self,
            SeparatorKind::ConvTasNetLive | SeparatorKind::ConvTasNetStudio
        )
    }

    /// What plays instead while this kind has no model: of the same character, live or not.
    pub const fn fallback(self) -> SeparatorKind {
        match self {
            SeparatorKind::HpssLive | SeparatorKind::ConvTasNetLive => SeparatorKind::HpssLive,
            SeparatorKind::HpssMix | SeparatorKind::ConvTasNetStudio => SeparatorKind::HpssMix,
        }
    }
}

/// Builds the separator of a kind for a host rate in Hz, on the build's own weights if it needs any.
///
/// # Errors
/// The rate is outside [`MIN_RATE_HZ`]..=[`MAX_RATE_HZ`], or the kind needs a model and has none.
pub fn build(kind: SeparatorKind, rate_hz: f64) -> Result<Box<dyn Separator>, BuildError> {
    let config = match kind {
        SeparatorKind::HpssLive => HpssConfig::LIVE,
        SeparatorKind::HpssMix => HpssConfig::MIX,
        SeparatorKind::ConvTasNetLive | SeparatorKind::ConvTasNetStudio => {
            return default_models::load(kind)?.build(rate_hz);
        }
    };
    check_rate(rate_hz)?;
    Ok(Box::new(Hpss::new(config, &Grid::new(rate_hz))))
}

/// Whether a separator can be built for this rate in Hz.
///
/// # Errors
/// The rate is outside [`MIN_RATE_HZ`]..=[`MAX_RATE_HZ`].
pub fn check_rate(rate_hz: f64) -> Result<(), BuildError> {
    if (MIN_RATE_HZ..=MAX_RATE_HZ).contains(&rate_hz) {
        Ok(())
    } else {
        Err(BuildError::Rate { rate_hz })
    }
}

/// Why a separator can't be built; one sentence each.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("{} has no model in this build", .kind.title())]
    NoModel { kind: SeparatorKind },
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(
        "sample rate {rate_hz} Hz is not supported: expected {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz"
    )]
    Rate { rate_hz: f64 },
}

/// Lowest host rate, in Hz.
pub const MIN_RATE_HZ: f64 = 1_000.0;

/// Highest host rate, in Hz.
pub const MAX_RATE_HZ: f64 = 768_000.0;
