//! The two plug-in classes: what they are called, and which ports and parameters they have.
//!
//! Two, because a host may leave a plug-in's extra outputs without buffers, and nice-plug then
//! skips its processing altogether: the plain class has none that could be left out.

use nice_plug::prelude::{AudioIOLayout, ClapFeature, PortNames, new_nonzero_u32};

use super::params::{ClassParams, MultiOutParams, UnbraidParams};
use crate::stem::{NUM_CHANNELS, NUM_STEMS};

/// What tells one class from the other. Ids are frozen: saved songs refer to them.
pub trait Class: Send + 'static {
    type Params: ClassParams + Default;
    const NAME: &'static str;
    const CLAP_ID: &'static str;
    const CLAP_DESCRIPTION: &'static str;
    const CLAP_FEATURES: &'static [ClapFeature];
    const VST3_CLASS_ID: [u8; 16];
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout];
}

/// `Unbraid`: stereo or mono, in and out.
pub struct Plain;

/// `Unbraid Multi-Out`: stereo in and out, and every stem at an output of its own.
pub struct MultiOut;

impl Class for Plain {
    type Params = UnbraidParams;
    const NAME: &'static str = "Unbraid";
    const CLAP_ID: &'static str = "org.unbraid.unbraid";
    const CLAP_DESCRIPTION: &'static str =
        "Separates a mix into vocals, drums, bass and other while it plays";
    const CLAP_FEATURES: &'static [ClapFeature] = &[
        ClapFeature::AudioEffect,
        ClapFeature::Utility,
        ClapFeature::Mixing,
        ClapFeature::Restoration,
        ClapFeature::Stereo,
        ClapFeature::Mono,
        STEM_SEPARATION,
    ];
    const VST3_CLASS_ID: [u8; 16] = *b"UnbraidStemSplit";
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = &[layout(NUM_CHANNELS as u32), layout(1)];
}

impl Class for MultiOut {
    type Params = MultiOutParams;
    const NAME: &'static str = "Unbraid Multi-Out";
    const CLAP_ID: &'static str = "org.unbraid.unbraid-multi-out";
    const CLAP_DESCRIPTION: &'static str =
        "Separates a mix into vocals, drums, bass and other, each at an output of its own";
    const CLAP_FEATURES: &'static [ClapFeature] = &[
        ClapFeature::AudioEffect,
        ClapFeature::Utility,
        ClapFeature::Mixing,
        ClapFeature::Restoration,
        ClapFeature::Stereo,
        STEM_SEPARATION,
    ];
    const VST3_CLASS_ID: [u8; 16] = *b"UnbraidMultiOut1";
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = &[AudioIOLayout {
        aux_output_ports: &[new_nonzero_u32(NUM_CHANNELS as u32); NUM_STEMS],
        names: PortNames {
            // In the order of `params::DISPLAY_ORDER`. The main ports stay unnamed: nice-plug would
            // give the output the input's name.
            aux_outputs: &["Vocals", "Drums", "Bass", "Other"],
            ..PortNames::const_default()
        },
        ..layout(NUM_CHANNELS as u32)
    }];
}

/// CLAP knows no feature of this name; hosts show and search for those of plug-ins, too.
const STEM_SEPARATION: ClapFeature = ClapFeature::Custom("unbraid:stem-separation");

const fn layout(num_channels: u32) -> AudioIOLayout {
    AudioIOLayout {
        main_input_channels: Some(new_nonzero_u32(num_channels)),
        main_output_channels: Some(new_nonzero_u32(num_channels)),
        ..AudioIOLayout::const_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::params::DISPLAY_ORDER;

    #[test]
    fn stem_outputs_are_named_in_display_order() {
        let titles = DISPLAY_ORDER.map(|stem| stem.title());
        assert_eq!(MultiOut::AUDIO_IO_LAYOUTS[0].names.aux_outputs, titles);
    }
}
