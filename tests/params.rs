//! What saved songs and automation lanes hold on to: ids, order, defaults, ranges and texts of the
//! parameters of both classes, and the states.
//!
//! A failure here means that a release would open old songs differently. Parameters may be added;
//! no line of these lists may change.

#![cfg(feature = "plugin")]

use std::collections::BTreeSet;

use nice_plug::params::Params;
use nice_plug::params::internals::ParamPtr;
use nice_plug::plugin::{ParamValue, PluginState};
use nice_plug::prelude::{ClapPlugin, Param, ParamFlags, Plugin, Vst3Plugin};
use unbraid::plugin::look::Theme;
use unbraid::plugin::params::{
    ClassParams, MultiOutParams, StemOutputs, StemParams, UnbraidParams,
};
use unbraid::plugin::{Unbraid, UnbraidMultiOut, gain};
use unbraid::separators::SeparatorKind;
use unbraid::stem::{NUM_STEMS, Stem};

/// Id, group, name, default as text, number of steps (`None`: continuous), automatable.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Option<usize>,
    bool,
);

/// In the order that hosts show.
const COMMON: [Row; 18] = [
    ("vocals_gain", "Vocals", "Vocals Gain", "0.0 dB", None, true),
    ("vocals_solo", "Vocals", "Vocals Solo", "Off", Some(1), true),
    ("vocals_mute", "Vocals", "Vocals Mute", "Off", Some(1), true),
    ("vocals_focus", "Vocals", "Vocals Focus", "0 %", None, true),
    ("drums_gain", "Drums", "Drums Gain", "0.0 dB", None, true),
    ("drums_solo", "Drums", "Drums Solo", "Off", Some(1), true),
    ("drums_mute", "Drums", "Drums Mute", "Off", Some(1), true),
    ("drums_focus", "Drums", "Drums Focus", "0 %", None, true),
    ("bass_gain", "Bass", "Bass Gain", "0.0 dB", None, true),
    ("bass_solo", "Bass", "Bass Solo", "Off", Some(1), true),
    ("bass_mute", "Bass", "Bass Mute", "Off", Some(1), true),
    ("bass_focus", "Bass", "Bass Focus", "0 %", None, true),
    ("other_gain", "Other", "Other Gain", "0.0 dB", None, true),
    ("other_solo", "Other", "Other Solo", "Off", Some(1), true),
    ("other_mute", "Other", "Other Mute", "Off", Some(1), true),
    ("output_gain", "", "Output Gain", "0.0 dB", None, true),
    ("bypass", "", "Bypass", "Off", Some(1), true),
    ("mode", "", "Mode", DEFAULT_MODE, Some(3), false),
];

/// The best that plays in this build.
const DEFAULT_MODE: &str = if cfg!(feature = "default-models") {
    "Conv-TasNet Live"
} else {
    "HPSS Live"
};

const MULTI_OUT_ONLY: [Row; 1] = [(
    "stem_outputs",
    "",
    "Stem Outputs",
    "Pre Fader",
    Some(1),
    false,
)];

fn with_param<T>(param: ParamPtr, read: impl Fn(&dyn Reading) -> T) -> T {
    // SAFETY: every caller keeps the `Params` alive that the pointer was taken from.
    unsafe {
        match param {
            ParamPtr::FloatParam(param) => read(&*param),
            ParamPtr::IntParam(param) => read(&*param),
            ParamPtr::BoolParam(param) => read(&*param),
            ParamPtr::EnumParam(param) => read(&*param),
        }
    }
}

/// The part of [`Param`] that does not depend on the type of its value.
trait Reading {
    fn name(&self) -> String;
    fn default_travel(&self) -> f32;
    fn steps(&self) -> Option<usize>;
    fn flags(&self) -> ParamFlags;
    fn text(&self, travel: f32) -> String;
    fn travel(&self, text: &str) -> Option<f32>;
}

impl<P: Param> Reading for P {
    fn name(&self) -> String {
        Param::name(self).to_owned()
    }
    fn default_travel(&self) -> f32 {
        self.default_normalized_value()
    }
    fn steps(&self) -> Option<usize> {
        self.step_count()
    }
    fn flags(&self) -> ParamFlags {
        Param::flags(self)
    }
    fn text(&self, travel: f32) -> String {
        self.normalized_value_to_string(travel, true)
    }
    fn travel(&self, text: &str) -> Option<f32> {
        self.string_to_normalized_value(text)
    }
}

fn check_list(params: &impl ClassParams, want: &[Row]) {
    let map = params.param_map();
    let ids: Vec<&str> = map.iter().map(|(id, _, _)| id.as_str()).collect();
    let wanted_ids: Vec<&str> = want.iter().map(|row| row.0).collect();
    assert_eq!(ids, wanted_ids);
    for ((id, param, group), &(_, want_group, name, default, steps, automatable)) in
        map.iter().zip(want)
    {
        assert_eq!(group, want_group, "group of {id}");
        with_param(*param, |param| {
            assert_eq!(param.name(), name, "name of {id}");
            assert_eq!(
                param.text(param.default_travel()),
                default,
                "default of {id}"
            );
            assert_eq!(param.steps(), steps, "steps of {id}");
            let flags = param.flags();
            assert_eq!(
                !flags.contains(ParamFlags::NON_AUTOMATABLE),
                automatable,
                "automation of {id}"
            );
            assert_eq!(flags.contains(ParamFlags::BYPASS), id == "bypass", "{id}");
            assert!(!flags.contains(ParamFlags::HIDDEN), "{id} is hidden");
        });
    }
    let hashes: BTreeSet<u32> = ids.iter().map(|id| format_id(id)).collect();
    assert_eq!(hashes.len(), ids.len(), "two ids are one to the host");
    let names: BTreeSet<String> = map
        .iter()
        .map(|(_, param, _)| with_param(*param, |param| param.name()))
        .collect();
    assert_eq!(names.len(), ids.len(), "two parameters have one name");
}

/// The number by which the plug-in formats know a parameter, as nice-plug makes it.
fn format_id(id: &str) -> u32 {
    let hash = id.bytes().fold(0_u32, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(byte.into())
    });
    hash & 0x7fff_ffff
}

#[test]
fn parameters_of_the_plain_class_are_frozen() {
    check_list(&UnbraidParams::default(), &COMMON);
}

#[test]
fn parameters_of_the_multi_out_class_are_frozen() {
    let want: Vec<Row> = COMMON.into_iter().chain(MULTI_OUT_ONLY).collect();
    check_list(&MultiOutParams::default(), &want);
}

#[test]
fn modes_are_frozen() {
    let params = UnbraidParams::default();
    for (step, kind) in SeparatorKind::ALL.into_iter().enumerate() {
        let travel = step as f32 / 3.0;
        assert_eq!(params.mode.text(travel), kind.title());
        assert_eq!(params.mode.travel(kind.title()), Some(travel));
        assert_eq!(params.mode.preview_plain(travel).kind(), kind);
    }
}

#[test]
fn classes_are_frozen() {
    assert_eq!(Unbraid::NAME, "Unbraid");
    assert_eq!(Unbraid::CLAP_ID, "org.unbraid.unbraid");
    assert_eq!(&Unbraid::VST3_CLASS_ID, b"UnbraidStemSplit");
    assert_eq!(UnbraidMultiOut::NAME, "Unbraid Multi-Out");
    assert_eq!(UnbraidMultiOut::CLAP_ID, "org.unbraid.unbraid-multi-out");
    assert_eq!(&UnbraidMultiOut::VST3_CLASS_ID, b"UnbraidMultiOut1");
    let ports = |layouts: &[nice_plug::prelude::AudioIOLayout]| -> Vec<(u32, u32, usize)> {
        let channels = |port: Option<std::num::NonZeroU32>| port.map_or(0, |count| count.get());
        layouts
            .iter()
            .map(|layout| {
                (
                    channels(layout.main_input_channels),
                    channels(layout.main_output_channels),
                    layout.aux_output_ports.len(),
                )
            })
            .collect()
    };
    assert_eq!(ports(Unbraid::AUDIO_IO_LAYOUTS), [(2, 2, 0), (1, 1, 0)]);
    assert_eq!(
        ports(UnbraidMultiOut::AUDIO_IO_LAYOUTS),
        [(2, 2, NUM_STEMS)]
    );
}

#[test]
fn gains_go_from_off_over_unity_to_plus_12_db() {
    let params = UnbraidParams::default();
    let gains: Vec<_> = Stem::ALL
        .into_iter()
        .map(|stem| &params.stem(stem).gain)
        .chain([&params.output_gain])
        .collect();
    for param in gains {
        assert_eq!(param.text(0.0), "-inf dB");
        assert_eq!(param.text(0.5), "0.0 dB");
        assert_eq!(param.text(1.0), "12.0 dB");
        assert_eq!(param.default_travel(), 0.5);
        let gain_at = |travel| gain::linear_gain(param.preview_plain(travel));
        assert_eq!(gain_at(0.0), 0.0);
        assert_eq!(gain_at(0.5), 1.0);
        assert!((gain_at(1.0) - 3.981_072).abs() < 1e-5);
        for (text, travel) in [("-inf", 0.0), ("0", 0.5), ("+12 dB", 1.0), ("99", 1.0)] {
            assert_eq!(param.travel(text), Some(travel), "{text:?}");
        }
        assert_eq!(param.travel("loud"), None);
    }
}

#[test]
fn focus_goes_from_minus_to_plus_100_percent() {
    let params = UnbraidParams::default();
    for focus in Stem::ESTIMATED.map(|stem| params.focus(stem).expect("it has a mask")) {
        assert_eq!(focus.text(0.0), "-100 %");
        assert_eq!(focus.text(0.5), "0 %");
        assert_eq!(focus.text(1.0), "100 %");
        assert_eq!(focus.default_travel(), 0.5);
        for (text, travel) in [("-100", 0.0), ("0 %", 0.5), ("+50%", 0.75), ("300", 1.0)] {
            assert_eq!(focus.travel(text), Some(travel), "{text:?}");
        }
        assert_eq!(focus.travel("much"), None);
    }
}

#[test]
fn values_survive_being_text() {
    let params = MultiOutParams::default();
    for (id, param, _) in params.param_map() {
        with_param(param, |param| {
            for step in 0..=1000 {
                let text = param.text(step as f32 / 1000.0);
                let travel = param
                    .travel(&text)
                    .unwrap_or_else(|| panic!("{id}: {text:?} is not understood"));
                assert_eq!(param.text(travel), text, "{id} at step {step}");
            }
        });
    }
}

#[test]
fn the_gain_targets_follow_the_parameters() {
    let params = UnbraidParams::default();
    let set = |stem: Stem, change: &dyn Fn(&StemParams)| change(params.stem(stem));
    set(Stem::Drums, &|drums| set_travel(&drums.gain, 1.0));
    set(Stem::Bass, &|bass| set_travel(&bass.mute, 1.0));
    let targets = params.gain_targets();
    assert_eq!(targets.stems[Stem::Drums as usize], gain::linear_gain(12.0));
    assert_eq!(targets.stems[Stem::Bass as usize], 0.0);
    assert_eq!(targets.stems[Stem::Vocals as usize], 1.0);
    set(Stem::Vocals, &|vocals| set_travel(&vocals.solo, 1.0));
    set_travel(&params.output_gain, 0.0);
    set_travel(&params.bypass, 1.0);
    let targets = params.gain_targets();
    assert_eq!(targets.stems, [0.0; NUM_STEMS]);
    assert!(targets.bypass);
    assert_eq!(targets.focus, [0.0; 3]);
    // In the order of the estimated stems: drums, bass, vocals.
    for (stem, travel) in [(Stem::Drums, 0.75), (Stem::Bass, 0.0), (Stem::Vocals, 1.0)] {
        set_travel(params.focus(stem).expect("it has a mask"), travel);
    }
    assert_eq!(params.gain_targets().focus, [0.5, -1.0, 1.0]);
    assert!(params.focus(Stem::Other).is_none());
}

fn set_travel(param: &impl nice_plug::params::InternalParamMut, travel: f32) {
    // SAFETY: no host shares these parameters.
    unsafe { param._internal_set_normalized_value(travel) };
}

/// A state in the words of version 0.1.0, as songs hold it.
const STATE_0_1_0: &str = r#"{
    "version": "0.1.0",
    "params": {
        "bass_gain": {"f32": -84.0}, "bass_mute": {"bool": true}, "bass_solo": {"bool": false},
        "bypass": {"bool": false},
        "drums_gain": {"f32": -6.0}, "drums_mute": {"bool": false}, "drums_solo": {"bool": true},
        "mode": {"string": "conv-tasnet-studio"},
        "other_gain": {"f32": 12.0}, "other_mute": {"bool": false}, "other_solo": {"bool": false},
        "output_gain": {"f32": 0.0},
        "stem_outputs": {"string": "post-fader"},
        "vocals_gain": {"f32": 3.5}, "vocals_mute": {"bool": false}, "vocals_solo": {"bool": false}
    },
    "fields": {"editor_size": "{\"version\":1,\"width\":900.0,\"height\":600.0}"}
}"#;

#[test]
fn a_state_of_the_first_version_has_no_focus_and_plays_the_models_of_the_build() {
    let mut state: PluginState = serde_json::from_str(STATE_0_1_0).expect("well-formed");
    let ids: Vec<&String> = state.params.keys().collect();
    let mut want: Vec<String> = MultiOutParams::default()
        .param_map()
        .into_iter()
        .map(|(id, _, _)| id)
        .filter(|id| !id.ends_with("_focus"))
        .collect();
    want.sort_unstable();
    assert_eq!(ids, want.iter().collect::<Vec<_>>());
    let text = |state: &PluginState| serde_json::to_string(state).expect("it can be written");
    let before = text(&state);
    UnbraidMultiOut::filter_state(&mut state);
    // It knew of no models: what an instance had chosen before must not stay.
    let models = state.fields.remove("models");
    assert_eq!(
        models.as_deref(),
        Some(r#"{"version":1,"live":null,"studio":null}"#)
    );
    for stem in Stem::ESTIMATED {
        let focus = state.params.remove(&format!("{}_focus", stem.name()));
        assert!(matches!(focus, Some(ParamValue::F32(0.0))), "{stem:?}");
    }
    assert_eq!(text(&state), before, "all else is left as it was");
}

#[test]
fn a_state_from_before_a_parameter_existed_gets_its_default() {
    let mut state: PluginState = serde_json::from_str(STATE_0_1_0).expect("well-formed");
    state.params.remove("drums_gain");
    state.params.remove("stem_outputs");
    state
        .params
        .insert("mode".into(), ParamValue::String("retired-mode".into()));
    UnbraidMultiOut::filter_state(&mut state);
    assert!(matches!(state.params["drums_gain"], ParamValue::F32(0.0)));
    let default_mode = UnbraidParams::default().mode.default_plain_value();
    assert!(
        matches!(&state.params["mode"], ParamValue::String(id) if *id == default_mode.kind().name())
    );
    assert!(matches!(&state.params["stem_outputs"], ParamValue::String(id) if id == "pre-fader"));
}

#[test]
fn what_the_editor_keeps_and_model_files_survive_a_state() {
    let params = UnbraidParams::default();
    let mut state: PluginState = serde_json::from_str(STATE_0_1_0).expect("well-formed");
    let models = r#"{"version":1,"live":"/a.safetensors","studio":null}"#;
    let look = r#"{"version":1,"theme":"light","zoom":1.5}"#;
    state.fields.insert("models".into(), models.into());
    state.fields.insert("editor_look".into(), look.into());
    params.deserialize_fields(&state.fields);
    let size = *params.editor_size.lock().expect("no other thread");
    assert_eq!(size.logical(), (900.0, 600.0));
    let look = *params.editor_look.lock().expect("no other thread");
    assert_eq!((look.theme(), look.zoom()), (Theme::Light, 1.5));
    let file = params.models.file(SeparatorKind::ConvTasNetLive);
    assert_eq!(file.as_deref(), Some("/a.safetensors"));
    assert_eq!(params.models.file(SeparatorKind::ConvTasNetStudio), None);
    assert_eq!(params.serialize_fields(), state.fields);
}

#[test]
fn stem_outputs_are_taken_before_the_fader_by_default() {
    let params = MultiOutParams::default();
    let stem_outputs = params.stem_outputs().expect("the class has stem outputs");
    assert_eq!(stem_outputs.value(), StemOutputs::PreFader);
    assert!(UnbraidParams::default().stem_outputs().is_none());
}
