//! The editor's window: opens at the size that the user left it, lays out header, strips, model and
//! status line, and repaints only while something moves.
//!
//! It owns nothing that sounds: parameters go through the host, everything else is read from
//! atomics. A window that fails to open leaves the audio alone.

mod header;
mod knob;
mod level_meter;
mod model_line;
mod read_out;
mod status_line;
mod stem_strip;
mod theme;
mod toggle;

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use egui::{Rect, Ui, UiBuilder, pos2, vec2};
use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::{LogicalSize, NativeSize};
use nice_plug::editor::{Editor, HostMethods, ParentWindowHandle, ResizeHint, SpawnedEditor};
use nice_plug::prelude::Param;
use nice_plug_egui::baseview::{HandlerError, WindowSize};
use nice_plug_egui::resizable_window::ResizableWindow;
use nice_plug_egui::{
    EguiEditorHandle, EguiEditorState, EguiNiceSettings, Frame, NiceEguiApp, RepaintNotifier,
    create_egui_editor,
};

use self::level_meter::PeakHold;
use self::model_line::ModelLine;
use self::stem_strip::Strip;
use super::chain_builder::ChainBuilder;
use super::load::Load;
use super::params::{ClassParams, DISPLAY_ORDER, EditorSize};
use super::playing::Playing;
use crate::engine::{EnergyView, Meters};
use crate::stem::{NUM_CHANNELS, NUM_STEMS};

/// Shortest time between two frames.
const FRAME: Duration = Duration::from_micros(16_667);

/// How long a host may take to fit a new window into its own; its sizes until then are not the
/// user's.
const OPENING_SECONDS: f64 = 0.5;

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

/// How long after its last block the audio counts as stopped: longer than any host's block.
const STOPPED_SECONDS: f64 = 0.4;

/// Opens windows for the host, one at a time.
///
/// nice-plug-egui fixes a window's size when the plug-in is constructed, which is before a host
/// loads the state that holds it. So each window gets a state of its own, made when it opens.
pub struct UnbraidEditor {
    shared: Shared,
    window: Mutex<Arc<EguiEditorState>>,
}

impl UnbraidEditor {
    pub fn new(shared: Shared) -> Self {
        let window = Mutex::new(window_state(EditorSize::DEFAULT));
        Self { shared, window }
    }

    /// The open window's state, or that of the next one to open.
    fn window(&self) -> Arc<EguiEditorState> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let saved = saved_size(self.shared.params.as_ref());
        let size = window.logical_size();
        if !window.is_open() && (size.width, size.height) != saved.logical() {
            *window = window_state(saved);
        }
        window.clone()
    }
}

fn window_state(size: EditorSize) -> Arc<EguiEditorState> {
    EguiEditorState::from_size(logical_size(size), 1.0)
}

fn logical_size(size: EditorSize) -> LogicalSize<f32> {
    let (width, height) = size.logical();
    LogicalSize::new(width, height)
}

fn saved_size(params: &dyn ClassParams) -> EditorSize {
    *params
        .common()
        .editor_size
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
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
        NativeSize::from_logical_or_physical(window.logical_size().cast(), window.physical_size())
    }

    fn resize_hint(&self) -> ResizeHint {
        ResizeHint::RESIZABLE.with_min_max_logical_size(
            Some(logical_size(EditorSize::MIN)),
            Some(logical_size(EditorSize::MAX)),
        )
    }
}

/// What one open window shows.
struct App {
    shared: Shared,
    /// `None` until the window is built.
    host: Option<GuiContext>,
    /// While the window opens: the size that it was saved with, in logical pixels.
    opening: Option<egui::Vec2>,
    /// Indexed by stem, then channel.
    stem_holds: [[PeakHold; NUM_CHANNELS]; NUM_STEMS],
    output_holds: [PeakHold; NUM_CHANNELS],
    model_line: ModelLine,
    status_line: status_line::StatusLine,
    /// The number of blocks at the last look, and the window time at which it changed, in seconds.
    last_block: (u32, f64),
}

impl App {
    fn new(shared: Shared, size: LogicalSize<f32>) -> Self {
        Self {
            model_line: ModelLine::new(shared.repaint.clone()),
            shared,
            host: None,
            opening: Some(vec2(size.width, size.height)),
            stem_holds: Default::default(),
            output_holds: Default::default(),
            status_line: Default::default(),
            last_block: (0, 0.0),
        }
    }
}

impl Drop for App {
    /// nice-plug-egui tells nobody that a window has closed.
    fn drop(&mut self) {
        self.shared.meters.set_wanted(false);
    }
}

impl NiceEguiApp for App {
    fn build(
        &mut self,
        context: egui::Context,
        host: GuiContext,
        frame: &mut Frame,
    ) -> Result<(), HandlerError> {
        theme::apply(&context);
        frame.set_clear_color(theme::BACKGROUND.into());
        self.host = Some(host);
        // A fault from before anyone looked is no news.
        self.shared.meters.take_fault();
        Ok(())
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut Frame) {
        let Some(host) = self.host.clone() else {
            return;
        };
        // Every frame, because a window that closes late may have switched it off again.
        self.shared.meters.set_wanted(true);
        self.finish_opening(ui);
        let (width, height) = EditorSize::MIN.logical();
        ResizableWindow::new("window")
            .min_size(vec2(width, height))
            .show(ui, |ui| self.draw(ui, &host));
    }

    fn resized(&mut self, size: WindowSize) {
        if self.opening.is_some() {
            return;
        }
        let size = EditorSize::new(size.logical.width as f32, size.logical.height as f32);
        *self
            .shared
            .params
            .common()
            .editor_size
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = size;
    }
}

impl App {
    fn draw(&mut self, ui: &mut Ui, host: &GuiContext) {
        let setter = &host.param_setter();
        let shared = self.shared.clone();
        let params = shared.params.as_ref();
        let now = shared.playing.now();
        let status = shared.builder.status(now.chain_id);
        let kind = status.as_ref().and_then(|status| status.kind);

        let window = ui.max_rect().shrink(theme::MARGIN);
        let (top, rest) = window.split_top_bottom_at_y(window.top() + theme::HEADER_HEIGHT);
        let (rest, bottom) = rest.split_top_bottom_at_y(rest.bottom() - theme::STATUS_HEIGHT);
        let common = params.common();
        let mode = common.mode.unmodulated_plain_value();
        let wanted_kind = mode.kind();
        let model_height = if wanted_kind.needs_model() {
            theme::MODEL_HEIGHT
        } else {
            0.0
        };
        let (middle, model) = rest.split_top_bottom_at_y(rest.bottom() - model_height);
        let middle = middle.shrink2(vec2(0.0, theme::GAP));

        header::show(&mut child(ui, top), params, setter, now);
        let mut has_chosen = self.model_line.take_answer(&common.models);
        if wanted_kind.needs_model() {
            let model = &mut child(ui, model);
            has_chosen |= self.model_line.show(model, wanted_kind, &common.models);
        }
        if has_chosen {
            // A host hears of parameters only. Without one it would not know that its project has
            // changed, and one that sleeps would not call for the next block.
            setter.begin_set_parameter(&common.mode);
            setter.set_parameter(&common.mode, mode);
            setter.end_set_parameter(&common.mode);
        }
        let is_running = self.is_running(ui);
        // Meters of an engine that stands still would stay where they are.
        let level = |peak: f32| if is_running { peak } else { 0.0 };
        let mut moving = false;
        let strips = strip_rects(middle);
        for (stem, rect) in DISPLAY_ORDER.into_iter().zip(strips) {
            let stem_params = params.common().stem(stem);
            let strip = Strip {
                title: stem.title(),
                colour: theme::stem_colour(stem),
                gain: &stem_params.gain,
                switches: Some((&stem_params.solo, &stem_params.mute)),
                hint: kind
                    .is_some_and(|kind| !kind.fills(stem))
                    .then_some("not separated in this mode"),
                levels: [0, 1].map(|channel| level(shared.meters.stem_peak(stem, channel))),
            };
            moving |= strip.show(
                &mut child(ui, rect),
                setter,
                &mut self.stem_holds[stem as usize],
            );
        }
        let strip = Strip {
            title: "Output",
            colour: theme::OUTPUT,
            gain: &params.common().output_gain,
            switches: None,
            hint: None,
            levels: [0, 1].map(|channel| level(shared.meters.output_peak(channel))),
        };
        moving |= strip.show(
            &mut child(ui, strips[NUM_STEMS]),
            setter,
            &mut self.output_holds,
        );
        if shared.meters.take_fault() {
            self.status_line.report_fault(ui.input(|input| input.time));
        }
        moving |= self
            .status_line
            .show(&mut child(ui, bottom), now, status.as_ref());
        if moving {
            ui.ctx().request_repaint_after(FRAME);
        }
    }

    /// Asks the host for the saved size once more, where it could not have known it.
    ///
    /// A host asks for the size before there is a window, and only with a window is the screen's
    /// scale known: on a dense screen it takes logical for physical pixels.
    fn finish_opening(&mut self, ui: &Ui) {
        let Some(saved) = self.opening else {
            return;
        };
        let remaining_seconds = OPENING_SECONDS - ui.input(|input| input.time);
        if remaining_seconds > 0.0 {
            let wait = Duration::from_secs_f64(remaining_seconds);
            ui.ctx().request_repaint_after(wait);
            return;
        }
        self.opening = None;
        let is_dense = ui.ctx().pixels_per_point() != 1.0;
        let difference = (ui.max_rect().size() - saved).abs();
        if is_dense && difference.max_elem() > 1.0 {
            let resize = egui::ViewportCommand::InnerSize(saved);
            ui.ctx().send_viewport_cmd(resize);
        }
    }

    /// Whether the host plays blocks at present.
    fn is_running(&mut self, ui: &Ui) -> bool {
        let now = ui.input(|input| input.time);
        let num_blocks = self.shared.playing.num_blocks();
        if num_blocks != self.last_block.0 {
            self.last_block = (num_blocks, now);
        }
        now - self.last_block.1 < STOPPED_SECONDS
    }
}

fn child(ui: &mut Ui, rect: Rect) -> Ui {
    ui.new_child(UiBuilder::new().max_rect(rect))
}

/// Where the strips go: the stems in display order, then the output.
fn strip_rects(area: Rect) -> [Rect; NUM_STEMS + 1] {
    let num_gaps = NUM_STEMS as f32;
    // The output's strip is wider by the meter's scale, so that all knobs have the same size.
    let shared_width = area.width() - num_gaps * theme::GAP - stem_strip::SCALE_WIDTH;
    let stem_width = shared_width / (NUM_STEMS as f32 + 1.0);
    std::array::from_fn(|index| {
        let left = area.left() + index as f32 * (stem_width + theme::GAP);
        let right = if index == NUM_STEMS {
            area.right()
        } else {
            left + stem_width
        };
        Rect::from_min_max(pos2(left, area.top()), pos2(right, area.bottom()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_fill_the_area_and_never_overlap() {
        for width in [600.0, 740.0, 2380.0] {
            let area = Rect::from_min_size(pos2(10.0, 60.0), vec2(width, 300.0));
            let strips = strip_rects(area);
            assert_eq!(strips[0].left(), area.left());
            assert_eq!(strips[NUM_STEMS].right(), area.right());
            for pair in strips.windows(2) {
                assert!((pair[1].left() - pair[0].right() - theme::GAP).abs() < 1e-3);
                assert!(pair[1].width() > 0.0);
            }
        }
    }
}
