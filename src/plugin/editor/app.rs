//! What an open window shows: header, toolbar, picture, strips, model and status line. It is drawn
//! anew only while something moves.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use egui::{Rect, Ui, UiBuilder, vec2};
use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::LogicalSize;
use nice_plug::prelude::Param;
use nice_plug_egui::baseview::{HandlerError, WindowSize};
use nice_plug_egui::resizable_window::ResizableWindow;
use nice_plug_egui::{Frame, NiceEguiApp};

use super::areas::{self, Areas};
use super::hand::{Hand, Memory};
use super::level_meter::PeakHold;
use super::model_line::{Answer, ModelLine};
use super::preset_menu::PresetMenu;
use super::status_line::StatusLine;
use super::stem_picture::StemPicture;
use super::stem_strip::{Strip, Whose};
use super::{FRAME, Shared, about, header, load_line, lock, presets, saved_look, theme, toolbar};
use crate::plugin::look::Look;
use crate::plugin::params::{DISPLAY_ORDER, EditorSize};
use crate::separators::SeparatorKind;
use crate::stem::{NUM_CHANNELS, NUM_STEMS};

/// How long a host may take to fit a new window into its own; its sizes until then are not the
/// user's.
const OPENING_SECONDS: f64 = 0.5;

/// How long after its last block the audio counts as stopped: longer than any host's block.
const STOPPED_SECONDS: f64 = 0.4;

/// More than any separator's hop, in seconds.
const LONGEST_HOP_SECONDS: f32 = 0.1;

/// What to do where "Load…" can't ask.
const NO_DIALOG: &str =
    "The system shows no file dialog: on Linux it needs xdg-desktop-portal or zenity.";

/// What one open window shows.
pub struct App {
    shared: Shared,
    memory: Arc<Mutex<RefCell<Memory>>>,
    /// `None` until the window is built.
    host: Option<GuiContext>,
    /// While the window opens: the size that it was saved with, in logical pixels.
    opening: Option<egui::Vec2>,
    /// What the window wears.
    pub(super) look: Look,
    /// Indexed by stem, then channel.
    stem_holds: [[PeakHold; NUM_CHANNELS]; NUM_STEMS],
    output_holds: [PeakHold; NUM_CHANNELS],
    /// Peaks since their clip lights were reset, linear: the stems in order, then the output.
    max_peaks: [f32; NUM_STEMS + 1],
    picture: StemPicture,
    /// Where the picture's last hop is heard, in samples of output.
    energies_until: u64,
    pub(super) preset_menu: PresetMenu,
    shows_about: bool,
    model_line: ModelLine,
    status_line: StatusLine,
    /// The number of blocks at the last look, and the window time at which it changed, in seconds.
    last_block: (u32, f64),
}

impl App {
    pub fn new(
        shared: Shared,
        memory: Arc<Mutex<RefCell<Memory>>>,
        size: LogicalSize<f32>,
    ) -> Self {
        Self {
            look: saved_look(shared.params.as_ref()),
            model_line: ModelLine::new(shared.repaint.clone()),
            shared,
            memory,
            host: None,
            opening: Some(vec2(size.width, size.height)),
            stem_holds: Default::default(),
            output_holds: Default::default(),
            max_peaks: [0.0; NUM_STEMS + 1],
            picture: StemPicture::default(),
            energies_until: 0,
            preset_menu: PresetMenu::new(presets::folder()),
            shows_about: false,
            status_line: Default::default(),
            last_block: (0, 0.0),
        }
    }
}

impl Drop for App {
    /// nice-plug-egui tells nobody that a window has closed.
    fn drop(&mut self) {
        self.shared.meters.set_wanted(false);
        self.shared.energies.set_wanted(false);
    }
}

impl NiceEguiApp for App {
    fn build(
        &mut self,
        context: egui::Context,
        host: GuiContext,
        frame: &mut Frame,
    ) -> Result<(), HandlerError> {
        theme::apply(&context, self.look.theme());
        let palette = theme::palette_of(self.look.theme());
        frame.set_clear_color(palette.background.into());
        self.host = Some(host);
        // A fault from before anyone looked is no news.
        self.shared.meters.take_fault();
        Ok(())
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut Frame) {
        let Some(host) = self.host.clone() else {
            return;
        };
        // Every frame, because a window that closes late may have switched it off again.
        self.shared.meters.set_wanted(true);
        self.shared.energies.set_wanted(true);
        self.finish_opening(ui);
        self.follow_look(ui, frame);
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
        *lock(&self.shared.params.common().editor_size) = size;
    }
}

impl App {
    pub(super) fn draw(&mut self, ui: &mut Ui, host: &GuiContext) {
        let setter = &host.param_setter();
        let shared = self.shared.clone();
        let params = shared.params.as_ref();
        let common = params.common();
        let memory = self.memory.clone();
        let memory = lock(&memory);
        let time = ui.input(|input| input.time);
        let hand = Hand {
            params: common,
            setter,
            memory: &memory,
            now: time,
        };
        let now = shared.playing.now();
        let status = shared.builder.status(now.chain_id);
        let mode = common.mode.unmodulated_plain_value();
        let areas = Areas::of(ui.max_rect(), mode.kind().needs_model());

        header::show(&mut child(ui, areas.header), params, setter, now);
        let toolbar = &mut child(ui, areas.toolbar);
        let asked = toolbar::show(toolbar, &mut self.preset_menu, &hand, saved_look(params));
        if let Some(look) = asked.look {
            *lock(&common.editor_look) = look;
            ui.ctx().request_repaint();
        }
        if let Some(problem) = asked.problem {
            self.status_line.notify(problem, time);
        }
        self.shows_about |= asked.about;
        let is_running = self.is_running(ui);
        self.take_energies(now.rate_hz);
        let theme = saved_look(params).theme();
        self.picture
            .show(&mut child(ui, areas.picture), areas.picture, theme);
        let kind = status.as_ref().and_then(|status| status.kind);
        let mut moving = self.show_strips(ui, areas.strips, &hand, is_running, kind);

        let answer = self.model_line.take_answer(&common.models);
        if answer == Answer::NoDialog {
            self.status_line.notify(NO_DIALOG.to_owned(), time);
        }
        let mut has_chosen = answer == Answer::Chosen;
        if mode.kind().needs_model() {
            let line = &mut child(ui, areas.model);
            has_chosen |= self.model_line.show(line, mode.kind(), &common.models);
        }
        if has_chosen {
            // A host hears of parameters only. Without one it would not know that its project has
            // changed, and one that sleeps would not call for the next block.
            setter.begin_set_parameter(&common.mode);
            setter.set_parameter(&common.mode, mode);
            setter.end_set_parameter(&common.mode);
        }
        if shared.meters.take_fault() {
            self.status_line.report_fault(time);
        }
        moving |= self
            .status_line
            .show(&mut child(ui, areas.status), now, status.as_ref());
        load_line::show(&mut child(ui, areas.load), &shared.load, is_running);
        if self.shows_about {
            let model = status.as_ref().and_then(|status| status.model.as_ref());
            self.shows_about = about::show(ui, model);
        }
        if moving {
            ui.ctx().request_repaint_after(FRAME);
        }
    }

    /// Draws the stems' strips and the output's; returns whether a meter still moves.
    fn show_strips(
        &mut self,
        ui: &mut Ui,
        area: Rect,
        hand: &Hand,
        is_running: bool,
        kind: Option<SeparatorKind>,
    ) -> bool {
        let shared = self.shared.clone();
        let meters = &shared.meters;
        // Meters of an engine that stands still would stay where they are.
        let level = |peak: f32| if is_running { peak } else { 0.0 };
        let rects = areas::strip_rects(area);
        let stems = DISPLAY_ORDER.map(Some).into_iter().chain([None]);
        let mut is_moving = false;
        for (stem, rect) in stems.zip(rects) {
            let index = stem.map_or(NUM_STEMS, |stem| stem as usize);
            let (whose, levels, holds) = match stem {
                Some(stem) => (
                    Whose::Stem(stem),
                    [0, 1].map(|channel| level(meters.stem_peak(stem, channel))),
                    &mut self.stem_holds[index],
                ),
                None => (
                    Whose::Output {
                        difference: is_running.then(|| meters.difference_peak()),
                    },
                    [0, 1].map(|channel| level(meters.output_peak(channel))),
                    &mut self.output_holds,
                ),
            };
            for channel in 0..NUM_CHANNELS {
                let peak = match stem {
                    Some(stem) => meters.take_max_stem_peak(stem, channel),
                    None => meters.take_max_output_peak(channel),
                };
                self.max_peaks[index] = self.max_peaks[index].max(peak);
            }
            let fills = |stem| kind.is_none_or(|kind| kind.fills(stem));
            let is_empty = stem.is_some_and(|stem| !fills(stem));
            let strip = Strip {
                whose,
                hint: is_empty.then_some("not separated in this mode"),
                levels,
                max_peak: self.max_peaks[index],
            };
            let shown = strip.show(&mut child(ui, rect), hand, holds);
            if shown.resets_clip {
                self.max_peaks[index] = 0.0;
            }
            is_moving |= shown.is_moving;
        }
        is_moving
    }

    /// Gives the picture what has been heard since the last frame.
    fn take_energies(&mut self, rate_hz: f32) {
        let Self {
            shared,
            picture,
            energies_until,
            ..
        } = self;
        shared.energies.pop_due(|column| {
            let since_samples = column.heard_at_samples.saturating_sub(*energies_until);
            *energies_until = column.heard_at_samples;
            // After a pause there is no hop to measure by: the picture goes on where it was.
            let seconds = (since_samples as f32 / rate_hz).min(LONGEST_HOP_SECONDS);
            picture.push(&column.energy, seconds);
        });
    }

    /// Puts on what the state asks for: the user has chosen it, or the host has loaded it.
    fn follow_look(&mut self, ui: &Ui, frame: &mut Frame) {
        let wanted = saved_look(self.shared.params.as_ref());
        if wanted.theme() != self.look.theme() {
            theme::apply(ui.ctx(), wanted.theme());
            let palette = theme::palette_of(wanted.theme());
            frame.set_clear_color(palette.background.into());
            ui.ctx().request_repaint();
        }
        if wanted.zoom() != self.look.zoom() {
            ui.ctx().set_zoom_factor(wanted.zoom());
        }
        self.look = wanted;
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
