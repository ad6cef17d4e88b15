//! The plug-in with a song at its input.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use nice_plug::context::PluginApi;
use nice_plug::context::process::{SendEventError, Transport};
use nice_plug::midi::PluginNoteEvent;
use nice_plug::prelude::*;
use serde::Serialize;
use unbraid::plugin::Unbraid;
use unbraid::plugin::look::{Look, Theme};
use unbraid::plugin::params::EditorSize;
use unbraid::separators::SeparatorKind;

use crate::song_loop::SongLoop;
use crate::window::Window;

/// What the command line asks for. nice-plug makes the plug-in itself, out of nothing, so it waits
/// here until then.
static LAUNCH: Mutex<Option<Launch>> = Mutex::new(None);

/// How the next [`Player`] begins.
#[derive(Default)]
pub struct Launch {
    pub song: Option<SongLoop>,
    pub mode: Option<SeparatorKind>,
    pub size: Option<EditorSize>,
    pub theme: Option<Theme>,
}

impl Launch {
    /// Lays it ready for the next player.
    pub fn prepare(self) {
        *LAUNCH.lock().unwrap_or_else(PoisonError::into_inner) = Some(self);
    }

    fn take() -> Self {
        let mut launch = LAUNCH.lock().unwrap_or_else(PoisonError::into_inner);
        launch.take().unwrap_or_default()
    }

    /// Sets what a saved state would set.
    fn apply(&self, params: &dyn Params) {
        if let Some(kind) = self.mode {
            let index = SeparatorKind::ALL.iter().position(|&each| each == kind);
            let index = index.expect("every kind is a mode, in the same order");
            for (id, param, _) in params.param_map() {
                if id == "mode" {
                    // SAFETY: the parameters outlive this call, and nobody else has them yet.
                    unsafe {
                        let normalised = param.preview_normalized(index as f32);
                        param._internal_set_normalized_value(normalised);
                    }
                }
            }
        }
        let mut fields = BTreeMap::new();
        if let Some(size) = self.size {
            fields.insert("editor_size".to_owned(), json(&size));
        }
        if let Some(theme) = self.theme {
            let look = Look::default().with_theme(theme);
            fields.insert("editor_look".to_owned(), json(&look));
        }
        params.deserialize_fields(&fields);
    }
}

fn json(field: &impl Serialize) -> String {
    serde_json::to_string(field).expect("it is plain data")
}

/// Plays its song, or the sound that comes in, through the plug-in.
pub struct Player {
    plugin: Unbraid,
    song: Option<SongLoop>,
}

impl Default for Player {
    fn default() -> Self {
        let launch = Launch::take();
        let plugin = Unbraid::default();
        launch.apply(plugin.params().as_ref());
        Self {
            plugin,
            song: launch.song,
        }
    }
}

impl Plugin for Player {
    const NAME: &'static str = Unbraid::NAME;
    const VENDOR: &'static str = Unbraid::VENDOR;
    const URL: &'static str = Unbraid::URL;
    const EMAIL: &'static str = Unbraid::EMAIL;
    const VERSION: &'static str = Unbraid::VERSION;
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = Unbraid::AUDIO_IO_LAYOUTS;
    const SAMPLE_ACCURATE_AUTOMATION: bool = Unbraid::SAMPLE_ACCURATE_AUTOMATION;

    type Editor = Window;
    type SysExMessage = <Unbraid as Plugin>::SysExMessage;
    type BackgroundTask = <Unbraid as Plugin>::BackgroundTask;

    fn task_executor(&mut self) -> TaskExecutor<Self> {
        self.plugin.task_executor()
    }

    fn params(&self) -> Arc<dyn Params> {
        self.plugin.params()
    }

    fn editor(&mut self, executor: AsyncExecutor<Self>) -> Option<Self::Editor> {
        let background = executor.clone();
        let executor = AsyncExecutor::new(
            Arc::new(move |task| background.execute_background(task)),
            Arc::new(move |task| executor.execute_gui(task)),
        );
        self.plugin.editor(executor).map(Window)
    }

    fn filter_state(state: &mut PluginState) {
        Unbraid::filter_state(state);
    }

    fn activate(
        &mut self,
        layout: &AudioIOLayout,
        config: &BufferConfig,
        context: &mut impl ActivateContext<Self>,
    ) -> bool {
        self.plugin.activate(layout, config, &mut Inner(context))
    }

    fn reset(&mut self) {
        self.plugin.reset();
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        if let Some(song) = &mut self.song {
            song.fill(buffer.as_slice());
        }
        self.plugin.process(buffer, aux, &mut Inner(context))
    }

    fn deactivate(&mut self) {
        self.plugin.deactivate();
    }
}

/// The player's context, as the plug-in inside sees it.
struct Inner<'a, C>(&'a mut C);

impl<C: ActivateContext<Player>> ActivateContext<Unbraid> for Inner<'_, C> {
    fn plugin_api(&self) -> PluginApi {
        self.0.plugin_api()
    }

    fn execute(&self, task: <Unbraid as Plugin>::BackgroundTask) {
        self.0.execute(task);
    }

    fn set_latency_samples(&self, samples: u32) {
        self.0.set_latency_samples(samples);
    }

    fn set_current_voice_capacity(&self, capacity: u32) {
        self.0.set_current_voice_capacity(capacity);
    }
}

impl<C: ProcessContext<Player>> ProcessContext<Unbraid> for Inner<'_, C> {
    fn plugin_api(&self) -> PluginApi {
        self.0.plugin_api()
    }

    fn execute_background(&self, task: <Unbraid as Plugin>::BackgroundTask) {
        self.0.execute_background(task);
    }

    fn execute_gui(&self, task: <Unbraid as Plugin>::BackgroundTask) {
        self.0.execute_gui(task);
    }

    fn transport(&self) -> &Transport {
        self.0.transport()
    }

    fn next_event(&mut self) -> Option<PluginNoteEvent<Unbraid>> {
        self.0.next_event()
    }

    fn try_send_event(
        &mut self,
        event: PluginNoteEvent<Unbraid>,
    ) -> Result<(), (PluginNoteEvent<Unbraid>, SendEventError)> {
        self.0.try_send_event(event)
    }

    fn set_latency_samples(&self, samples: u32) {
        self.0.set_latency_samples(samples);
    }

    fn request_restart(&self) {
        self.0.request_restart();
    }

    fn set_current_voice_capacity(&self, capacity: u32) {
        self.0.set_current_voice_capacity(capacity);
    }
}
