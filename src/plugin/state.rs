//! Saved states: what older versions left out and what a damaged file holds, put right before the
//! parameters see it.
//!
//! A state carries the version of the program that saved it. nice-plug would leave a parameter or
//! field that the state lacks at whatever it happened to be, take any number for a gain, and panic
//! on a mode that is out of range.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use nice_plug::params::EnumParam;
use nice_plug::plugin::ParamValue;
use nice_plug::prelude::{Enum, FloatParam, Param, PluginState};

use super::focus::MAX_PERCENT;
use super::gain::{MAX_DB, OFF_DB};
use super::models::ModelFiles;
use super::params::{ClassParams, StemParams};
use crate::stem::Stem;

/// Gives every parameter of the class a value that it can take, and every mode its model.
pub fn repair<P: ClassParams + Default>(state: &mut PluginState) {
    let params = P::default();
    let common = params.common();
    let values = &mut state.params;
    for stem in Stem::ALL {
        let StemParams { gain, solo, mute } = common.stem(stem);
        let id = |field: &str| format!("{}_{field}", stem.name());
        repair_float(values, id("gain"), gain, GAINS_DB);
        if let Some(focus) = common.focus(stem) {
            repair_float(values, id("focus"), focus, FOCUS_PERCENT);
        }
        repair_bool(values, id("solo"), solo.default_plain_value());
        repair_bool(values, id("mute"), mute.default_plain_value());
    }
    let output_gain = &common.output_gain;
    repair_float(values, "output_gain".into(), output_gain, GAINS_DB);
    repair_bool(values, "bypass".into(), common.bypass.default_plain_value());
    repair_enum(values, "mode".into(), &common.mode);
    if let Some(stem_outputs) = params.stem_outputs() {
        repair_enum(values, "stem_outputs".into(), stem_outputs);
    }
    let models = state.fields.get("models");
    if models.is_none_or(|json| serde_json::from_str::<ModelFiles>(json).is_err()) {
        let none = serde_json::to_string(&ModelFiles::default()).expect("it is plain data");
        state.fields.insert("models".into(), none);
    }
}

type Values = BTreeMap<String, ParamValue>;

const GAINS_DB: RangeInclusive<f32> = OFF_DB..=MAX_DB;
const FOCUS_PERCENT: RangeInclusive<f32> = -MAX_PERCENT..=MAX_PERCENT;

fn repair_float(values: &mut Values, id: String, param: &FloatParam, range: RangeInclusive<f32>) {
    let value = match values.get(&id) {
        Some(ParamValue::F32(value)) if !value.is_nan() => {
            value.clamp(*range.start(), *range.end())
        }
        _ => param.default_plain_value(),
    };
    values.insert(id, ParamValue::F32(value));
}

fn repair_bool(values: &mut Values, id: String, default: bool) {
    if !matches!(values.get(&id), Some(ParamValue::Bool(_))) {
        values.insert(id, ParamValue::Bool(default));
    }
}

fn repair_enum<T: Enum + PartialEq + 'static>(
    values: &mut Values,
    id: String,
    param: &EnumParam<T>,
) {
    let ids = T::ids().expect("every enum parameter of ours has ids");
    let is_known =
        matches!(values.get(&id), Some(ParamValue::String(value)) if ids.contains(&value.as_str()));
    if !is_known {
        let default = ids[param.default_plain_value().to_index()];
        values.insert(id, ParamValue::String(default.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::params::{DEFAULT_MODE, MultiOutParams};
    use nice_plug::params::Params;

    fn repaired_state(params: &str, fields: &str) -> PluginState {
        let json = format!(r#"{{"version":"0.0.1","params":{params},"fields":{fields}}}"#);
        let mut state = serde_json::from_str(&json).expect("a well-formed state");
        repair::<MultiOutParams>(&mut state);
        state
    }

    fn repaired(params: &str) -> Values {
        repaired_state(params, "{}").params
    }

    fn default_mode() -> String {
        format!("String({:?})", DEFAULT_MODE.kind().name())
    }

    fn text(values: &Values, id: &str) -> String {
        format!("{:?}", values[id])
    }

    #[test]
    fn a_state_that_lacks_parameters_gets_their_defaults() {
        let values = repaired("{}");
        let mut want: Vec<String> = MultiOutParams::default()
            .param_map()
            .into_iter()
            .map(|(id, _, _)| id)
            .collect();
        want.sort_unstable();
        assert_eq!(values.keys().cloned().collect::<Vec<_>>(), want);
        assert_eq!(text(&values, "vocals_gain"), "F32(0.0)");
        assert_eq!(text(&values, "mode"), default_mode());
    }

    #[test]
    fn good_values_are_kept() {
        let values = repaired(
            r#"{"drums_gain":{"f32":-6.5},"bass_mute":{"bool":true},"mode":{"string":"hpss-mix"}}"#,
        );
        assert_eq!(text(&values, "drums_gain"), "F32(-6.5)");
        assert_eq!(text(&values, "bass_mute"), "Bool(true)");
        assert_eq!(text(&values, "mode"), r#"String("hpss-mix")"#);
    }

    #[test]
    fn values_that_no_parameter_can_take_are_put_right() {
        let values = repaired(
            r#"{"drums_gain":{"f32":1e30},"bass_gain":{"f32":-500.0},"other_gain":{"bool":true},
                "drums_focus":{"f32":-1e30},"bass_focus":{"i32":5},
                "bass_mute":{"i32":7},"mode":{"i32":99},"stem_outputs":{"string":"sideways"}}"#,
        );
        assert_eq!(text(&values, "drums_gain"), "F32(12.0)");
        assert_eq!(text(&values, "bass_gain"), "F32(-84.0)");
        assert_eq!(text(&values, "other_gain"), "F32(0.0)");
        assert_eq!(text(&values, "drums_focus"), "F32(-100.0)");
        assert_eq!(text(&values, "bass_focus"), "F32(0.0)");
        assert_eq!(text(&values, "bass_mute"), "Bool(false)");
        assert_eq!(text(&values, "mode"), default_mode());
        assert_eq!(text(&values, "stem_outputs"), r#"String("pre-fader")"#);
    }

    #[test]
    fn without_a_readable_field_no_model_file_is_chosen() {
        let none = r#"{"version":1,"live":null,"studio":null}"#;
        for fields in ["{}", r#"{"models":"3"}"#, r#"{"models":"{\"live\":7}"}"#] {
            assert_eq!(
                repaired_state("{}", fields).fields["models"],
                none,
                "{fields}"
            );
        }
        let chosen = r#"{"models":"{\"version\":1,\"studio\":\"/net\"}"}"#;
        let kept = r#"{"version":1,"studio":"/net"}"#;
        assert_eq!(repaired_state("{}", chosen).fields["models"], kept);
    }
}
