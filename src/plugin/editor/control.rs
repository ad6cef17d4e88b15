//! The controls that shape the mix: what a preset holds, A/B compares and undo takes back.

use nice_plug::prelude::{BoolParam, FloatParam, Param, ParamSetter};

use crate::plugin::params::UnbraidParams;
use crate::stem::Stem;

/// One control, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    Gain(Stem),
    Focus(Stem),
    Solo(Stem),
    Mute(Stem),
    OutputGain,
}

impl Control {
    pub fn all() -> impl Iterator<Item = Control> {
        let stems = Stem::ALL.into_iter().flat_map(|stem| {
            let focus = Stem::ESTIMATED
                .contains(&stem)
                .then_some(Control::Focus(stem));
            [
                Control::Gain(stem),
                Control::Solo(stem),
                Control::Mute(stem),
            ]
            .into_iter()
            .chain(focus)
        });
        stems.chain([Control::OutputGain])
    }

    /// The parameter behind it.
    pub fn param(self, params: &UnbraidParams) -> ParamRef<'_> {
        match self {
            Control::Gain(stem) => ParamRef::Float(&params.stem(stem).gain),
            Control::Focus(stem) => ParamRef::Float(params.focus(stem).unwrap_or_else(|| {
                // `all` never gives it, and no strip draws it.
                unreachable!("{} has no focus", stem.title())
            })),
            Control::Solo(stem) => ParamRef::Bool(&params.stem(stem).solo),
            Control::Mute(stem) => ParamRef::Bool(&params.stem(stem).mute),
            Control::OutputGain => ParamRef::Float(&params.output_gain),
        }
    }
}

/// A parameter of any type; values are normalised, 0 to 1.
#[derive(Clone, Copy)]
pub enum ParamRef<'a> {
    Float(&'a FloatParam),
    Bool(&'a BoolParam),
}

impl ParamRef<'_> {
    pub fn name(self) -> String {
        match self {
            ParamRef::Float(param) => param.name().to_owned(),
            ParamRef::Bool(param) => param.name().to_owned(),
        }
    }

    pub fn value(self) -> f32 {
        match self {
            ParamRef::Float(param) => param.unmodulated_normalized_value(),
            ParamRef::Bool(param) => param.unmodulated_normalized_value(),
        }
    }

    pub fn default_value(self) -> f32 {
        match self {
            ParamRef::Float(param) => param.default_normalized_value(),
            ParamRef::Bool(param) => param.default_normalized_value(),
        }
    }

    /// The value as the host shows it.
    pub fn text(self, value: f32) -> String {
        match self {
            ParamRef::Float(param) => param.normalized_value_to_string(value, true),
            ParamRef::Bool(param) => param.normalized_value_to_string(value, true),
        }
    }

    /// The value that a typed text stands for.
    pub fn parse(self, text: &str) -> Option<f32> {
        match self {
            ParamRef::Float(param) => param.string_to_normalized_value(text),
            ParamRef::Bool(param) => param.string_to_normalized_value(text),
        }
    }

    pub fn begin(self, setter: &ParamSetter) {
        match self {
            ParamRef::Float(param) => setter.begin_set_parameter(param),
            ParamRef::Bool(param) => setter.begin_set_parameter(param),
        }
    }

    pub fn set(self, setter: &ParamSetter, value: f32) {
        match self {
            ParamRef::Float(param) => setter.set_parameter_normalized(param, value),
            ParamRef::Bool(param) => setter.set_parameter_normalized(param, value),
        }
    }

    pub fn end(self, setter: &ParamSetter) {
        match self {
            ParamRef::Float(param) => setter.end_set_parameter(param),
            ParamRef::Bool(param) => setter.end_set_parameter(param),
        }
    }
}
