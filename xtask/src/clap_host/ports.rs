//! Audio ports and the layouts of ports that can be selected.

use anyhow::{Context, Result, anyhow};
use clack_extensions::audio_ports::{AudioPortFlags, AudioPortInfoBuffer, PluginAudioPorts};
use clack_extensions::audio_ports_config::{AudioPortsConfigBuffer, PluginAudioPortsConfig};
use clack_host::utils::ClapId;

use super::ClapHost;

/// An audio port of the layout in use.
#[derive(Clone, Debug, PartialEq)]
pub struct Port {
    pub name: String,
    pub num_channels: usize,
    pub is_main: bool,
}

/// A layout of ports that can be selected while inactive.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    pub id: u32,
    pub name: String,
    pub num_inputs: usize,
    pub num_outputs: usize,
    pub main_output_channels: usize,
}

impl ClapHost {
    pub(super) fn read_ports(&mut self) -> Result<()> {
        let handle = self.instance.plugin_handle();
        let extension: PluginAudioPorts = handle
            .get_extension()
            .context("it has no audio-ports extension")?;
        let mut buffer = AudioPortInfoBuffer::new();
        let mut read = |is_input: bool| -> Result<Vec<Port>> {
            (0..extension.count(&handle, is_input))
                .map(|index| {
                    let port = extension
                        .get(&handle, index, is_input, &mut buffer)
                        .with_context(|| format!("audio port {index} has no description"))?;
                    Ok(Port {
                        name: String::from_utf8_lossy(port.name).into_owned(),
                        num_channels: port.channel_count as usize,
                        is_main: port.flags.contains(AudioPortFlags::IS_MAIN),
                    })
                })
                .collect()
        };
        self.inputs = read(true)?;
        self.outputs = read(false)?;
        Ok(())
    }

    pub fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    pub fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    /// Every layout of ports that the plug-in offers.
    pub fn layouts(&mut self) -> Result<Vec<Layout>> {
        let handle = self.instance.plugin_handle();
        let extension: PluginAudioPortsConfig = handle
            .get_extension()
            .context("it has no audio-ports-config extension")?;
        let mut buffer = AudioPortsConfigBuffer::new();
        (0..extension.count(&handle))
            .map(|index| {
                let layout = extension
                    .get(&handle, index, &mut buffer)
                    .with_context(|| format!("layout {index} has no description"))?;
                Ok(Layout {
                    id: layout.id.get(),
                    name: String::from_utf8_lossy(layout.name).into_owned(),
                    num_inputs: layout.input_port_count as usize,
                    num_outputs: layout.output_port_count as usize,
                    main_output_channels: layout
                        .main_output
                        .map_or(0, |port| port.channel_count as usize),
                })
            })
            .collect()
    }

    /// Selects a layout; only while inactive.
    pub fn select_layout(&mut self, id: u32) -> Result<()> {
        assert!(
            self.processor.is_none(),
            "a layout can be selected only while inactive"
        );
        let handle = self.instance.plugin_handle();
        let extension: PluginAudioPortsConfig = handle
            .get_extension()
            .context("it has no audio-ports-config extension")?;
        let id = ClapId::from_raw(id).context("this is not a layout's id")?;
        extension
            .select(&handle, id)
            .map_err(|_| anyhow!("layout {id} is refused"))?;
        self.read_ports()
    }
}
