//! The plug-in's editor in a window of the host.

use anyhow::{Context, Result, anyhow};
use clack_extensions::gui::{GuiApiType, GuiConfiguration, GuiSize, PluginGui, Window};

use super::ClapHost;

impl ClapHost {
    /// Makes the editor; returns the size in pixels that it asks for. It is shown by
    /// [`show_editor`](Self::show_editor).
    pub fn create_editor(&mut self) -> Result<(u32, u32)> {
        let gui = self.gui()?;
        let embedded = GuiConfiguration {
            api_type: GuiApiType::X11,
            is_floating: false,
        };
        let handle = self.instance.plugin_handle();
        gui.create(&handle, embedded)
            .map_err(|error| anyhow!("the editor can't be made: {error}"))?;
        let GuiSize { width, height } = gui.get_size(&handle).context("the editor has no size")?;
        Ok((width, height))
    }

    /// Puts the editor into a window of X and shows it.
    pub fn show_editor(&mut self, window: u32) -> Result<()> {
        let gui = self.gui()?;
        let handle = self.instance.plugin_handle();
        let window = Window::from_x11_handle(window.into());
        // SAFETY: the caller closes the window after the editor.
        unsafe { gui.set_parent(&handle, window) }
            .map_err(|error| anyhow!("the editor can't be put into a window: {error}"))?;
        gui.show(&handle)
            .map_err(|error| anyhow!("the editor can't be shown: {error}"))?;
        self.run_callbacks();
        Ok(())
    }

    /// Closes the editor.
    pub fn destroy_editor(&mut self) -> Result<()> {
        let gui = self.gui()?;
        gui.destroy(&self.instance.plugin_handle());
        self.run_callbacks();
        Ok(())
    }

    fn gui(&mut self) -> Result<PluginGui> {
        let handle = self.instance.plugin_handle();
        handle.get_extension().context("it has no gui extension")
    }
}
