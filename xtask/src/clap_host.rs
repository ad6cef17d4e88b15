//! A small CLAP host in this process: loads a built plug-in and uses it as a DAW would.
//!
//! One thread plays both of CLAP's threads in turn, so that tests are deterministic; what the plug-in
//! does on threads of its own stays concurrent. Only [`ClapHost::play`] has an audio thread.

mod handlers;
mod library;
mod live;
mod params;
mod ports;
mod render;
mod window;

use std::ffi::CString;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, anyhow};
use clack_extensions::latency::PluginLatency;
use clack_extensions::params::PluginParams;
use clack_extensions::render::{PluginRender, RenderMode};
use clack_extensions::state::PluginState;
use clack_extensions::tail::{PluginTail, TailLength};
use clack_host::prelude::*;
use clack_host::process::StartedPluginAudioProcessor;

use handlers::{Handlers, MainThread, Requests};
pub use library::{ClapLibrary, Class};
pub use live::{Live, Played};
pub use params::Param;
pub use ports::{Layout, Port};
pub use render::{Blocks, Event, Render, Rendered};

/// One instance of a plug-in.
pub struct ClapHost {
    // Declared first, so that it is gone when the instance is dropped.
    processor: Option<StartedPluginAudioProcessor<Handlers>>,
    instance: PluginInstance<Handlers>,
    params_extension: PluginParams,
    state_extension: PluginState,
    latency_extension: PluginLatency,
    params: Vec<Param>,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    config: Option<PluginAudioConfiguration>,
    position_samples: u64,
}

impl ClapHost {
    fn new(entry: &PluginEntry, id: &str) -> Result<Self> {
        handlers::become_main_thread();
        let info = HostInfo::new(
            "Unbraid's own host",
            "Unbraid",
            "",
            env!("CARGO_PKG_VERSION"),
        )?;
        let mut instance = PluginInstance::<Handlers>::new(
            |()| Requests::default(),
            |requests| MainThread { requests },
            entry,
            &CString::new(id)?,
            &info,
        )
        .with_context(|| format!("the plug-in {id} can't be instantiated"))?;

        let handle = instance.plugin_handle();
        let params_extension = handle
            .get_extension()
            .context("it has no params extension")?;
        let state_extension = handle
            .get_extension()
            .context("it has no state extension")?;
        let latency_extension = handle
            .get_extension()
            .context("it has no latency extension")?;
        let mut host = Self {
            processor: None,
            instance,
            params_extension,
            state_extension,
            latency_extension,
            params: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            config: None,
            position_samples: 0,
        };
        host.params = host.read_params()?;
        host.read_ports()?;
        Ok(host)
    }

    /// Tells the plug-in that it renders offline or live.
    pub fn set_offline(&mut self, is_offline: bool) -> Result<()> {
        let mode = if is_offline {
            RenderMode::Offline
        } else {
            RenderMode::Realtime
        };
        let handle = self.instance.plugin_handle();
        let extension: PluginRender = handle
            .get_extension()
            .context("it has no render extension")?;
        extension
            .set(&handle, mode)
            .map_err(|_| anyhow!("the render mode is refused"))
    }

    /// Activates and starts processing.
    pub fn activate(&mut self, rate_hz: f64, max_block_samples: usize) -> Result<()> {
        let config = PluginAudioConfiguration {
            sample_rate: rate_hz,
            min_frames_count: 1,
            max_frames_count: u32::try_from(max_block_samples)?,
        };
        let stopped = self
            .instance
            .activate(|_, _| (), config)
            .with_context(|| format!("activation at {rate_hz} Hz failed"))?;
        let started = handlers::on_audio_thread(|| stopped.start_processing())
            .map_err(|_| anyhow!("processing can't be started at {rate_hz} Hz"))?;
        self.processor = Some(started);
        self.config = Some(config);
        self.position_samples = 0;
        self.run_callbacks();
        Ok(())
    }

    /// Stops processing and deactivates; nothing if inactive.
    pub fn deactivate(&mut self) {
        if let Some(processor) = self.processor.take() {
            let stopped = handlers::on_audio_thread(|| processor.stop_processing());
            self.instance.deactivate(stopped);
            self.run_callbacks();
        }
    }

    /// Deactivates and activates with the same configuration, as a host does on request.
    pub fn restart(&mut self) -> Result<()> {
        let config = self.config.context("the plug-in was never active")?;
        self.deactivate();
        self.activate(config.sample_rate, config.max_frames_count as usize)
    }

    /// CLAP's `reset`: clears what was heard, keeps the parameters.
    pub fn reset(&mut self) {
        let processor = self
            .processor
            .as_mut()
            .expect("reset needs an active plug-in");
        handlers::on_audio_thread(|| processor.reset());
        self.position_samples = 0;
    }

    /// The latency that the plug-in reports, in samples.
    pub fn latency_samples(&mut self) -> usize {
        self.latency_extension.get(&self.instance.plugin_handle()) as usize
    }

    /// The tail that the plug-in reports, in samples; `None` if it never ends.
    pub fn tail_samples(&mut self) -> Result<Option<usize>> {
        let extension: PluginTail = self
            .instance
            .plugin_handle()
            .get_extension()
            .context("it has no tail extension")?;
        let processor = self
            .processor
            .as_mut()
            .context("the tail needs an active plug-in")?;
        Ok(handlers::on_audio_thread(|| {
            match extension.get(&processor.plugin_handle()) {
                TailLength::Finite(samples) => Some(samples as usize),
                TailLength::Infinite => None,
            }
        }))
    }

    /// The state as a project file would keep it.
    pub fn save_state(&mut self) -> Result<Vec<u8>> {
        let handle = self.instance.plugin_handle();
        let mut bytes = Vec::new();
        self.state_extension
            .save(&handle, &mut bytes)
            .map_err(|_| anyhow!("the plug-in can't save its state"))?;
        Ok(bytes)
    }

    /// Loads a state, at any time.
    pub fn load_state(&mut self, mut bytes: &[u8]) -> Result<()> {
        let num_bytes = bytes.len();
        let handle = self.instance.plugin_handle();
        let result = self
            .state_extension
            .load(&handle, &mut bytes)
            .map_err(|_| anyhow!("the plug-in refuses a state of {num_bytes} bytes"));
        self.run_callbacks();
        result
    }

    /// Lets the plug-in do what it asked to do on the main thread.
    pub fn run_callbacks(&mut self) {
        while self.take(|requests| &requests.callback) {
            self.instance.call_on_main_thread_callback();
        }
    }

    /// Whether the plug-in has asked for a restart since the last question.
    pub fn take_restart_request(&mut self) -> bool {
        self.take(|requests| &requests.restart)
    }

    /// How often the plug-in has announced another latency.
    pub fn latency_changes(&self) -> usize {
        self.instance
            .access_shared_handler(|requests| requests.latency_changes.load(Ordering::SeqCst))
    }

    /// How often the plug-in has announced other parameter values.
    pub fn value_rescans(&self) -> usize {
        self.instance
            .access_shared_handler(|requests| requests.value_rescans.load(Ordering::SeqCst))
    }

    fn take(&self, flag: impl Fn(&Requests) -> &AtomicBool) -> bool {
        self.instance
            .access_shared_handler(|requests| flag(requests).swap(false, Ordering::SeqCst))
    }
}

impl Drop for ClapHost {
    fn drop(&mut self) {
        self.deactivate();
    }
}
