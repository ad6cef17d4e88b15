//! Parameters: their descriptions, their values, and setting them outside of processing.

use std::ffi::CString;

use anyhow::{Context, Result, anyhow};
use clack_extensions::params::{ParamInfoBuffer, ParamInfoFlags};
use clack_host::events::event_types::ParamValueEvent;
use clack_host::prelude::*;
use clack_host::utils::ClapId;

use super::render::Event;
use super::{ClapHost, handlers};

/// A parameter; its values are CLAP's plain values, `min..=max`.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    pub id: u32,
    pub name: String,
    pub group: String,
    pub min: f64,
    pub max: f64,
    pub default: f64,
    pub is_automatable: bool,
    pub is_bypass: bool,
    pub is_stepped: bool,
}

impl ClapHost {
    pub(super) fn read_params(&mut self) -> Result<Vec<Param>> {
        let handle = self.instance.plugin_handle();
        let extension = self.params_extension;
        let mut buffer = ParamInfoBuffer::new();
        (0..extension.count(&handle))
            .map(|index| {
                let info = extension
                    .get_info(&handle, index, &mut buffer)
                    .with_context(|| format!("parameter {index} has no description"))?;
                Ok(Param {
                    id: info.id.get(),
                    name: String::from_utf8_lossy(info.name).into_owned(),
                    group: String::from_utf8_lossy(info.module).into_owned(),
                    min: info.min_value,
                    max: info.max_value,
                    default: info.default_value,
                    is_automatable: info.flags.contains(ParamInfoFlags::IS_AUTOMATABLE),
                    is_bypass: info.flags.contains(ParamInfoFlags::IS_BYPASS),
                    is_stepped: info.flags.contains(ParamInfoFlags::IS_STEPPED),
                })
            })
            .collect()
    }

    pub fn params(&self) -> &[Param] {
        &self.params
    }

    /// The parameter called `name`.
    pub fn param(&self, name: &str) -> Result<&Param> {
        self.params
            .iter()
            .find(|param| param.name == name)
            .with_context(|| {
                let names: Vec<_> = self
                    .params
                    .iter()
                    .map(|param| param.name.as_str())
                    .collect();
                format!("there is no parameter called {name:?}: found {names:?}")
            })
    }

    pub(super) fn clap_id(id: u32) -> ClapId {
        ClapId::from_raw(id).expect("every id in `params` came from a valid ClapId")
    }

    /// The plain value that a parameter has now.
    pub fn value(&mut self, name: &str) -> Result<f64> {
        let id = self.param(name)?.id;
        let handle = self.instance.plugin_handle();
        self.params_extension
            .get_value(&handle, Self::clap_id(id))
            .with_context(|| format!("parameter {name:?} has no value"))
    }

    /// The plain value of a text that a user could type, `"-6 dB"` or `"HPSS Mix"`.
    pub fn value_of_text(&mut self, name: &str, text: &str) -> Result<f64> {
        let id = self.param(name)?.id;
        let handle = self.instance.plugin_handle();
        self.params_extension
            .text_to_value(&handle, Self::clap_id(id), &CString::new(text)?)
            .with_context(|| format!("parameter {name:?} refuses the text {text:?}"))
    }

    /// The text that shows a plain value.
    pub fn text_of_value(&mut self, name: &str, value: f64) -> Result<String> {
        let id = self.param(name)?.id;
        let handle = self.instance.plugin_handle();
        let mut buffer = [0; 256];
        let text = self
            .params_extension
            .value_to_text(&handle, Self::clap_id(id), value, &mut buffer)
            .map_err(|_| anyhow!("parameter {name:?} has no text for {value}"))?;
        Ok(String::from_utf8_lossy(text).into_owned())
    }

    /// An event that gives a parameter the value of a text, at a sample of the next render.
    pub fn event(&mut self, sample: usize, name: &str, text: &str) -> Result<Event> {
        let value = self.value_of_text(name, text)?;
        Ok(Event::value(sample, self.param(name)?.id, value))
    }

    /// Sets a parameter to the value of a text at once, outside of processing.
    pub fn set(&mut self, name: &str, text: &str) -> Result<()> {
        let value = self.value_of_text(name, text)?;
        self.set_value(name, value)
    }

    /// Sets a parameter to a plain value at once, outside of processing.
    pub fn set_value(&mut self, name: &str, value: f64) -> Result<()> {
        let id = Self::clap_id(self.param(name)?.id);
        let events = [ParamValueEvent::new(0, id, Pckn::match_all(), value)];
        let events = InputEvents::from_buffer(&events);
        let mut answers = EventBuffer::new();
        let mut answers = OutputEvents::from_buffer(&mut answers);
        match &mut self.processor {
            Some(processor) => handlers::on_audio_thread(|| {
                let mut handle = processor.plugin_handle();
                self.params_extension
                    .flush_active(&mut handle, &events, &mut answers);
            }),
            None => {
                let mut handle = self
                    .instance
                    .inactive_plugin_handle()
                    .context("the plug-in is active without a processor")?;
                self.params_extension
                    .flush(&mut handle, &events, &mut answers);
            }
        }
        self.run_callbacks();
        Ok(())
    }
}
