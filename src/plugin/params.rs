//! The parameters of both plug-in classes, and what is kept with them in a saved state.
//!
//! Ids, the order of the modes and the scale of the gains are frozen: saved songs and automation
//! refer to them. `tests/params.rs` holds the list.

use std::sync::{Arc, Mutex};

use nice_plug::prelude::*;
use serde::{Deserialize, Serialize};

use super::look::Look;
use super::models::Models;
use super::{focus, gain};
use crate::engine::{GainTargets, StemControl};
use crate::separators::{SeparatorKind, default_models};
use crate::stem::{NUM_STEMS, Stem};

/// The mode of a new instance. Songs keep their own mode, because a state names it.
pub const DEFAULT_MODE: Mode = match default_models::bytes(SeparatorKind::ConvTasNetLive) {
    Some(_) => Mode::ConvTasNetLive,
    None => Mode::HpssLive,
};

/// The order of the stems on screen and in lists of parameters: the one asked for most comes first.
pub const DISPLAY_ORDER: [Stem; NUM_STEMS] = [Stem::Vocals, Stem::Drums, Stem::Bass, Stem::Other];

/// What separates: [`SeparatorKind`] as a host sees it. A state holds the id; the order is that of
/// the host's normalised values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum Mode {
    #[id = "hpss-live"]
    #[name = "HPSS Live"]
    HpssLive,
    #[id = "hpss-mix"]
    #[name = "HPSS Mix"]
    HpssMix,
    #[id = "conv-tasnet-live"]
    #[name = "Conv-TasNet Live"]
    ConvTasNetLive,
    #[id = "conv-tasnet-studio"]
    #[name = "Conv-TasNet Studio"]
    ConvTasNetStudio,
}

impl Mode {
    pub const ALL: [Mode; 4] = [
        Mode::HpssLive,
        Mode::HpssMix,
        Mode::ConvTasNetLive,
        Mode::ConvTasNetStudio,
    ];

    /// The separator that this mode asks for.
    pub const fn kind(self) -> SeparatorKind {
        match self {
            Mode::HpssLive => SeparatorKind::HpssLive,
            Mode::HpssMix => SeparatorKind::HpssMix,
            Mode::ConvTasNetLive => SeparatorKind::ConvTasNetLive,
            Mode::ConvTasNetStudio => SeparatorKind::ConvTasNetStudio,
        }
    }
}

/// Where the stem outputs of the multi-out class are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum StemOutputs {
    /// Before gain, solo and mute: the stems themselves.
    #[id = "pre-fader"]
    #[name = "Pre Fader"]
    PreFader,
    /// After gain, solo and mute: together they are the main output.
    #[id = "post-fader"]
    #[name = "Post Fader"]
    PostFader,
}

/// One stem's strip.
#[derive(Params)]
pub struct StemParams {
    /// In dB, on the scale of [`gain`].
    #[id = "gain"]
    pub gain: FloatParam,
    #[id = "solo"]
    pub solo: BoolParam,
    #[id = "mute"]
    pub mute: BoolParam,
}

impl StemParams {
    fn new(stem: Stem) -> Self {
        let title = stem.title();
        Self {
            gain: gain_param(format!("{title} Gain")),
            solo: BoolParam::new(format!("{title} Solo"), false),
            mute: BoolParam::new(format!("{title} Mute"), false),
        }
    }

    fn control(&self) -> StemControl {
        StemControl {
            gain: gain::linear_gain(self.gain.value()),
            solo: self.solo.value(),
            mute: self.mute.value(),
        }
    }
}

/// What the strip of a stem has besides, whose mask can be bent.
#[derive(Params)]
pub struct FocusParams {
    /// In per cent, on the scale of [`focus`].
    #[id = "focus"]
    pub focus: FloatParam,
}

impl FocusParams {
    fn new(stem: Stem) -> Self {
        let name = format!("{} Focus", stem.title());
        let focus = FloatParam::new(name, 0.0, focus::RANGE)
            .with_unit(" %")
            .with_value_to_string(Arc::new(focus::percent_to_text))
            .with_string_to_value(Arc::new(focus::text_to_percent));
        Self { focus }
    }
}

/// What both classes have. The fields' order is the host's order.
#[derive(Params)]
pub struct UnbraidParams {
    #[nested(id_prefix = "vocals", group = "Vocals")]
    pub vocals: StemParams,
    #[nested(id_prefix = "vocals", group = "Vocals")]
    pub vocals_focus: FocusParams,
    #[nested(id_prefix = "drums", group = "Drums")]
    pub drums: StemParams,
    #[nested(id_prefix = "drums", group = "Drums")]
    pub drums_focus: FocusParams,
    #[nested(id_prefix = "bass", group = "Bass")]
    pub bass: StemParams,
    #[nested(id_prefix = "bass", group = "Bass")]
    pub bass_focus: FocusParams,
    #[nested(id_prefix = "other", group = "Other")]
    pub other: StemParams,
    /// In dB, on the scale of [`gain`].
    #[id = "output_gain"]
    pub output_gain: FloatParam,
    #[id = "bypass"]
    pub bypass: BoolParam,
    /// Not automatable: another mode may have another latency, which no host can follow mid-song.
    #[id = "mode"]
    pub mode: EnumParam<Mode>,

    #[persist = "models"]
    pub models: Arc<Models>,

    /// Written by the editor and by state loads, read by the editor; never on the audio thread.
    #[persist = "editor_size"]
    pub editor_size: Arc<Mutex<EditorSize>>,

    /// As `editor_size`.
    #[persist = "editor_look"]
    pub editor_look: Arc<Mutex<Look>>,
}

impl Default for UnbraidParams {
    fn default() -> Self {
        Self {
            vocals: StemParams::new(Stem::Vocals),
            vocals_focus: FocusParams::new(Stem::Vocals),
            drums: StemParams::new(Stem::Drums),
            drums_focus: FocusParams::new(Stem::Drums),
            bass: StemParams::new(Stem::Bass),
            bass_focus: FocusParams::new(Stem::Bass),
            other: StemParams::new(Stem::Other),
            output_gain: gain_param("Output Gain"),
            bypass: BoolParam::new("Bypass", false).make_bypass(),
            mode: EnumParam::new("Mode", DEFAULT_MODE).non_automatable(),
            models: Arc::default(),
            editor_size: Arc::default(),
            editor_look: Arc::default(),
        }
    }
}

impl UnbraidParams {
    pub fn stem(&self, stem: Stem) -> &StemParams {
        match stem {
            Stem::Drums => &self.drums,
            Stem::Bass => &self.bass,
            Stem::Other => &self.other,
            Stem::Vocals => &self.vocals,
        }
    }

    /// `None` for Other, which has no mask of its own.
    pub fn focus(&self, stem: Stem) -> Option<&FloatParam> {
        match stem {
            Stem::Drums => Some(&self.drums_focus.focus),
            Stem::Bass => Some(&self.bass_focus.focus),
            Stem::Other => None,
            Stem::Vocals => Some(&self.vocals_focus.focus),
        }
    }

    /// What the engine is to play now. Real-time safe.
    pub fn gain_targets(&self) -> GainTargets {
        let gains = GainTargets::new(
            &Stem::ALL.map(|stem| self.stem(stem).control()),
            gain::linear_gain(self.output_gain.value()),
            self.bypass.value(),
        );
        let share = |stem| {
            self.focus(stem)
                .map_or(0.0, |focus| focus::share(focus.value()))
        };
        GainTargets {
            focus: Stem::ESTIMATED.map(share),
            ..gains
        }
    }
}

/// What the multi-out class has: everything, and where its stem outputs are taken.
#[derive(Params)]
pub struct MultiOutParams {
    #[nested]
    pub common: UnbraidParams,
    #[id = "stem_outputs"]
    pub stem_outputs: EnumParam<StemOutputs>,
}

impl Default for MultiOutParams {
    fn default() -> Self {
        Self {
            common: UnbraidParams::default(),
            stem_outputs: EnumParam::new("Stem Outputs", StemOutputs::PreFader).non_automatable(),
        }
    }
}

/// What the generic plug-in and the editor need of a class's parameters.
pub trait ClassParams: Params {
    fn common(&self) -> &UnbraidParams;

    /// `None` in a class without stem outputs.
    fn stem_outputs(&self) -> Option<&EnumParam<StemOutputs>>;
}

impl ClassParams for UnbraidParams {
    fn common(&self) -> &UnbraidParams {
        self
    }

    fn stem_outputs(&self) -> Option<&EnumParam<StemOutputs>> {
        None
    }
}

impl ClassParams for MultiOutParams {
    fn common(&self) -> &UnbraidParams {
        &self.common
    }

    fn stem_outputs(&self) -> Option<&EnumParam<StemOutputs>> {
        Some(&self.stem_outputs)
    }
}

/// The editor's size in logical pixels, as the user left it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EditorSize {
    /// Of this field's layout, for the day it changes.
    version: u32,
    width: f32,
    height: f32,
}

impl EditorSize {
    pub const DEFAULT: EditorSize = EditorSize::new(820.0, 580.0);
    pub const MIN: EditorSize = EditorSize::new(700.0, 460.0);
    pub const MAX: EditorSize = EditorSize::new(2400.0, 1600.0);

    pub const fn new(width: f32, height: f32) -> Self {
        Self {
            version: 1,
            width,
            height,
        }
    }

    /// Width and height in logical pixels, within what the editor can draw whatever a state holds.
    pub fn logical(self) -> (f32, f32) {
        let within = |value: f32, min: f32, max: f32, default: f32| {
            if value.is_finite() {
                value.clamp(min, max)
            } else {
                default
            }
        };
        (
            within(
                self.width,
                Self::MIN.width,
                Self::MAX.width,
                Self::DEFAULT.width,
            ),
            within(
                self.height,
                Self::MIN.height,
                Self::MAX.height,
                Self::DEFAULT.height,
            ),
        )
    }
}

impl Default for EditorSize {
    fn default() -> Self {
        Self::DEFAULT
    }
}

fn gain_param(name: impl Into<String>) -> FloatParam {
    FloatParam::new(name, 0.0, gain::RANGE)
        .with_unit(" dB")
        .with_value_to_string(Arc::new(gain::db_to_text))
        .with_string_to_value(Arc::new(gain::text_to_db))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_is_a_separator_with_its_name_and_title() {
        let ids = Mode::ids().expect("every mode has an id");
        for (index, kind) in SeparatorKind::ALL.into_iter().enumerate() {
            let mode = Mode::from_index(index);
            assert_eq!(mode, Mode::ALL[index]);
            assert_eq!(mode.kind(), kind);
            assert_eq!(ids[index], kind.name());
            assert_eq!(Mode::variants()[index], kind.title());
        }
    }

    #[test]
    fn new_parameters_leave_the_mix_alone() {
        let targets = UnbraidParams::default().gain_targets();
        assert_eq!(targets.stems, [1.0; NUM_STEMS]);
        assert!(!targets.bypass);
    }

    #[test]
    fn any_stored_editor_size_can_be_opened() {
        assert_eq!(EditorSize::new(800.0, 500.0).logical(), (800.0, 500.0));
        assert_eq!(EditorSize::new(-1.0, 1e9).logical(), (700.0, 1600.0));
        assert_eq!(
            EditorSize::new(f32::NAN, f32::INFINITY).logical(),
            (820.0, 580.0)
        );
    }
}
