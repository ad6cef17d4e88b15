//! The editor: opens windows for the host, at the size that the user left.
//!
//! It owns nothing that sounds: parameters go through the host, everything else is read from
//! atomics. A window that fails to open leaves the audio alone.

mod about;
mod app;
mod areas;
mod compare;
mod control;
mod focus_slider;
mod grip;
mod hand;
mod header;
mod history;
mod knob;
mod level_meter;
mod load_line;
mod mix_settings;
mod model_line;
mod null_light;
mod preset_menu;
mod presets;
mod read_out;
mod status_line;
mod stem_picture;
mod stem_strip;
mod theme;
mod toggle;
mod toolbar;
#[cfg(test)]
mod window_tests;

use std::cell::RefCell;
use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::{LogicalSize, NativeSize, PhysicalSize};
use nice_plug::editor::{Editor, HostMethods, ParentWindowHandle, ResizeHint, SpawnedEditor};
use nice_plug_egui::{
    EguiEditorHandle, EguiEditorState, EguiNiceSettings, RepaintNotifier, create_egui_editor,
};

use self::app::App;
use self::hand::Memory;
use super::chain_builder::{ChainBuilder, lock};
use super::load::Load;
use super::look::Look;
use super::params::{ClassParams, EditorSize};
use super::playing::Playing;
use crate::engine::{EnergyView, Meters};

/// Shortest time between two frames.
const FRAME: Duration = Duration::from_micros(16_667);

/// What the editor reads, and the way to wake it. Shared with the audio thread.
#[derive(Clone)]
pub struct Shared {
    pub params: Arc<dyn ClassParams>,
    pub builder: Arc<ChainBuilder>,
    pub meters: Arc<Meters>,
    pub energies: Arc<EnergyView>,
    pub playing: Arc<Playing>,
    pub load: Arc<Load>,
    pub repaint: RepaintNotifier,
}

/// Opens windows for the host, one at a time.
///
/// nice-plug-egui fixes a window's size when the plug-in is constructed, which is before a host
/// loads the state that holds it. So each window gets a state of its own, made when it opens.
pub struct UnbraidEditor {
    shared: Shared,
    window: Mutex<Arc<EguiEditorState>>,
    /// Only the open window holds the lock, a frame at a time.
    memory: Arc<Mutex<RefCell<Memory>>>,
}

impl UnbraidEditor {
    pub fn new(shared: Shared) -> Self {
        Self {
            shared,
            window: Mutex::new(window_state(EditorSize::DEFAULT, 1.0)),
            memory: Arc::default(),
        }
    }

    /// The open window's state, or that of the next one to open.
    fn window(&self) -> Arc<EguiEditorState> {
        let mut window = lock(&self.window);
        let saved = saved_size(self.shared.params.as_ref());
        let zoom = saved_look(self.shared.params.as_ref()).zoom();
        let size = window.logical_size();
        let is_saved =
            (size.width, size.height) == saved.logical() && window.user_scale_factor() == zoom;
        if !window.is_open() && !is_saved {
            *window = window_state(saved, zoom);
        }
        window.clone()
    }
}

fn window_state(size: EditorSize, zoom: f32) -> Arc<EguiEditorState> {
    EguiEditorState::from_size(logical_size(size), zoom)
}

fn logical_size(size: EditorSize) -> LogicalSize<f32> {
    let (width, height) = size.logical();
    LogicalSize::new(width, height)
}

fn saved_size(params: &dyn ClassParams) -> EditorSize {
    *lock(&params.common().editor_size)
}

fn saved_look(params: &dyn ClassParams) -> Look {
    *lock(&params.common().editor_look)
}

impl Editor for UnbraidEditor {
    type Handle = EguiEditorHandle;

    fn spawn(
        &self,
        parent: Option<ParentWindowHandle>,
        wait_for_parent: bool,
        fallback_scale_factor: Option<f64>,
        gui_context: GuiContext,
        host: Option<HostMethods>,
    ) -> Result<SpawnedEditor<Self::Handle>, Box<dyn Error>> {
        let settings = EguiNiceSettings::new()
            .with_tile("Unbraid")
            .with_resize_hint(self.resize_hint())
            .with_repaint_poll_interval(FRAME);
        let window = self.window();
        let app = App::new(
            self.shared.clone(),
            self.memory.clone(),
            logical_size(saved_size(self.shared.params.as_ref())),
        );
        let editor = create_egui_editor(window, self.shared.repaint.clone(), settings, app)
            .ok_or("no editor for this window")?;
        // From here on the window alone owns the app, whose end is thus the window's.
        editor.spawn(
            parent,
            wait_for_parent,
            fallback_scale_factor,
            gui_context,
            host,
        )
    }

    fn size(&self) -> NativeSize<u32> {
        let window = self.window();
        // The window's state leaves its zoom out.
        let zoom = window.user_scale_factor();
        let (logical, physical) = (window.logical_size(), window.physical_size().cast::<f32>());
        let logical = LogicalSize::new(logical.width * zoom, logical.height * zoom);
        let physical = PhysicalSize::new(physical.width * zoom, physical.height * zoom);
        NativeSize::from_logical_or_physical(logical.cast(), physical.cast())
    }

    fn resize_hint(&self) -> ResizeHint {
        let zoom = saved_look(self.shared.params.as_ref()).zoom();
        let zoomed = |size: EditorSize| {
            let size = logical_size(size);
            LogicalSize::new(size.width * zoom, size.height * zoom)
        };
        ResizeHint::RESIZABLE
            .with_min_max_logical_size(Some(zoomed(EditorSize::MIN)), Some(zoomed(EditorSize::MAX)))
    }
}
