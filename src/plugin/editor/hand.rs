//! The user's hand on the controls: every change goes to the host, and into the history.

use std::cell::RefCell;

use nice_plug::prelude::ParamSetter;

use super::compare::Compare;
use super::control::{Control, ParamRef};
use super::history::{Change, Direction, Edit, History};
use super::mix_settings::MixSettings;
use crate::plugin::params::UnbraidParams;

/// What outlives a closed window, and ends with the instance.
#[derive(Debug, Default)]
pub struct Memory {
    pub history: History,
    pub compare: Compare,
    /// The preset that was chosen last, and what it asked for.
    pub preset: Option<(String, MixSettings)>,
}

/// For one frame.
pub struct Hand<'a> {
    pub params: &'a UnbraidParams,
    pub setter: &'a ParamSetter<'a>,
    pub memory: &'a RefCell<Memory>,
    /// Window time, in seconds.
    pub now: f64,
}

impl Hand<'_> {
    pub fn param(&self, control: Control) -> ParamRef<'_> {
        control.param(self.params)
    }

    pub fn begin(&self, control: Control) {
        let param = self.param(control);
        param.begin(self.setter);
        self.memory
            .borrow_mut()
            .history
            .begin(control, param.value());
    }

    /// `value` is normalised; between `begin` and `end`.
    pub fn drag(&self, control: Control, value: f32) {
        self.param(control).set(self.setter, value);
        self.memory.borrow_mut().history.moved(control, value);
    }

    pub fn end(&self, control: Control) {
        self.param(control).end(self.setter);
        self.memory.borrow_mut().history.end(control, self.now);
    }

    /// Sets a control in one gesture. `value` is normalised.
    pub fn set(&self, control: Control, value: f32) {
        self.begin(control);
        self.drag(control, value);
        self.end(control);
    }

    pub fn reset(&self, control: Control) {
        self.set(control, self.param(control).default_value());
    }

    /// Sets several controls at once; `value` of those that stay is `None`.
    pub fn set_many(&self, value: impl Fn(Control) -> Option<f32>) {
        self.edit_many(value, false);
    }

    /// Takes on all settings, as of a preset.
    pub fn take_on(&self, settings: &MixSettings) {
        self.set_many(|control| Some(settings.value(control)));
    }

    /// Goes over to the other of A and B.
    pub fn switch_slot(&self) {
        let here = MixSettings::of(self.params);
        let there = self.memory.borrow_mut().compare.switch(here);
        self.edit_many(|control| Some(there.value(control)), true);
    }

    fn edit_many(&self, value: impl Fn(Control) -> Option<f32>, switches_slot: bool) {
        let mut changes = Vec::new();
        for control in Control::all() {
            let before = self.param(control).value();
            let Some(after) = value(control).filter(|after| *after != before) else {
                continue;
            };
            changes.push(Change {
                control,
                before,
                after,
            });
            self.tell_host(control, after);
        }
        self.memory.borrow_mut().history.push(Edit {
            changes,
            switches_slot,
        });
    }

    pub fn step(&self, direction: Direction) {
        let mut memory = self.memory.borrow_mut();
        let Some(edit) = memory.history.step(direction) else {
            return;
        };
        if edit.switches_slot {
            memory.compare.switch(MixSettings::of(self.params));
        }
        for change in edit.changes {
            let value = match direction {
                Direction::Undo => change.before,
                Direction::Redo => change.after,
            };
            self.tell_host(change.control, value);
        }
    }

    fn tell_host(&self, control: Control, value: f32) {
        let param = self.param(control);
        param.begin(self.setter);
        param.set(self.setter, value);
        param.end(self.setter);
    }
}
