//! The weights that are part of a build with the feature `default-models`.

use super::{BuildError, Networks, SeparatorKind};
use crate::nn::shared;

/// How much of each stem is Live's where Studio plays: what other shares gain is in `models/README.md`.
const LIVE_SHARE_IN_STUDIO: f32 = 0.3;

/// The weights file of a kind; `None` if the kind needs none, or this build has none for it.
pub const fn bytes(kind: SeparatorKind) -> Option<&'static [u8]> {
    match kind {
        #[cfg(feature = "default-models")]
        SeparatorKind::ConvTasNetLive => {
            Some(include_bytes!("../../models/conv_tasnet_live.safetensors"))
        }
        #[cfg(feature = "default-models")]
        SeparatorKind::ConvTasNetStudio => Some(include_bytes!(
            "../../models/conv_tasnet_studio.safetensors"
        )),
        _ => None,
    }
}

/// Whose sounds the built-in weights learned from, a Markdown file; `None` in a build without them.
pub const ATTRIBUTION: Option<&str> = {
    #[cfg(feature = "default-models")]
    {
        Some(include_str!("../../models/ATTRIBUTION.md"))
    }
    #[cfg(not(feature = "default-models"))]
    None
};

/// What separates if nobody says: a network, if this build has one.
pub const fn usual_kind() -> SeparatorKind {
    match bytes(SeparatorKind::ConvTasNetLive) {
        Some(_) => SeparatorKind::ConvTasNetLive,
        None => SeparatorKind::HpssMix,
    }
}

/// The curves of the training of a kind's weights, a PNG file; `None` where there are no weights.
pub const fn curves(kind: SeparatorKind) -> Option<&'static [u8]> {
    match kind {
        #[cfg(feature = "default-models")]
        SeparatorKind::ConvTasNetLive => {
            Some(include_bytes!("../../models/conv_tasnet_live.curves.png"))
        }
        #[cfg(feature = "default-models")]
        SeparatorKind::ConvTasNetStudio => {
            Some(include_bytes!("../../models/conv_tasnet_studio.curves.png"))
        }
        _ => None,
    }
}

/// What plays in a kind: its own network, and in Studio Live's beside it. Shared by all who play it.
///
/// # Errors
/// This build has none for the kind.
pub fn load(kind: SeparatorKind) -> Result<Networks, BuildError> {
    let model = |kind| {
        let bytes = bytes(kind).ok_or(BuildError::NoModel { kind })?;
        Ok::<_, BuildError>(shared::load_bytes("the built-in model", bytes)?)
    };
    let own = model(kind)?;
    Ok(match kind {
        SeparatorKind::ConvTasNetStudio => {
            let live = model(SeparatorKind::ConvTasNetLive)?;
            Networks::blend(own, live, LIVE_SHARE_IN_STUDIO)
        }
        _ => own.into(),
    })
}
