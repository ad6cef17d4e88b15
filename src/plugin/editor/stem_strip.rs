//! One strip: name, knob, level in dB, solo and mute, and a meter. The output's has no switches.

use egui::{Align2, Color32, CornerRadius, Rect, Ui, pos2, vec2};
use nice_plug::prelude::{BoolParam, FloatParam, ParamSetter};

use super::level_meter::{self, PeakHold};
use super::{knob, read_out, theme, toggle};
use crate::stem::NUM_CHANNELS;

const PADDING: f32 = 10.0;
const TITLE_HEIGHT: f32 = 24.0;
const METER_WIDTH: f32 = 18.0;

/// Width of the scale beside the output's meter.
pub const SCALE_WIDTH: f32 = 16.0;

/// What one strip shows.
pub struct Strip<'a> {
    pub title: &'a str,
    pub colour: Color32,
    pub gain: &'a FloatParam,
    /// Solo and mute.
    pub switches: Option<(&'a BoolParam, &'a BoolParam)>,
    /// Why the strip has nothing to play; it is dimmed then.
    pub hint: Option<&'a str>,
    /// Peaks, linear.
    pub levels: [f32; NUM_CHANNELS],
}

impl Strip<'_> {
    /// Draws the strip over the whole of `ui` and returns whether its meter still moves.
    pub fn show(
        &self,
        ui: &mut Ui,
        setter: &ParamSetter,
        holds: &mut [PeakHold; NUM_CHANNELS],
    ) -> bool {
        let area = ui.max_rect();
        let radius = CornerRadius::same(theme::CORNER as u8);
        ui.painter().rect_filled(area, radius, theme::PANEL);
        let band = Rect::from_min_size(area.min, vec2(area.width(), 3.0));
        let top_radius = CornerRadius {
            sw: 0,
            se: 0,
            ..radius
        };
        let colour = if self.hint.is_some() {
            self.colour.gamma_multiply(theme::DIMMED)
        } else {
            self.colour
        };
        ui.painter().rect_filled(band, top_radius, colour);

        let inner = area.shrink(PADDING);
        let (title, body) = inner.split_top_bottom_at_y(inner.top() + TITLE_HEIGHT);
        self.show_title(ui, title);
        let scale_width = if self.switches.is_none() {
            SCALE_WIDTH
        } else {
            0.0
        };
        let (controls, meter) =
            body.split_left_right_at_x(body.right() - METER_WIDTH - scale_width - PADDING);
        let meter = Rect::from_min_max(pos2(meter.left() + PADDING, meter.top()), meter.max);
        let bars = meter.with_max_x(meter.left() + METER_WIDTH);
        let moving = level_meter::show(ui, bars, colour, self.levels, holds);
        if scale_width > 0.0 {
            level_meter::show_scale(ui, meter);
        }
        self.show_controls(ui, controls, colour, setter);
        moving
    }

    fn show_title(&self, ui: &Ui, rect: Rect) {
        let colour = if self.hint.is_some() {
            theme::FAINT_TEXT
        } else {
            theme::TEXT
        };
        ui.painter().text(
            rect.left_top(),
            Align2::LEFT_TOP,
            self.title,
            theme::font(15.0),
            colour,
        );
    }

    fn show_controls(&self, ui: &mut Ui, area: Rect, colour: Color32, setter: &ParamSetter) {
        let row = (area.height() * 0.085).clamp(22.0, 34.0);
        let hint_height = 30.0;
        // Read-out and switches; the output's knob stands where the others do.
        let below = 2.0 * (row + theme::GAP) + hint_height;
        let size = area.width().min(area.height() - below).clamp(24.0, 190.0);
        // Knob, read-out and switches stay together, in the middle of whatever height there is.
        let height = size + below - hint_height;
        let top = area.top() + ((area.height() - hint_height - height) / 2.0).max(0.0);
        let centre_x = area.center().x;
        let width = area.width().min(size.max(84.0) * 1.1);
        let row_at =
            |y: f32| Rect::from_min_size(pos2(centre_x - width / 2.0, y), vec2(width, row));

        let knob_rect =
            Rect::from_min_size(pos2(centre_x - size / 2.0, top), vec2(size, size)).shrink(3.0);
        let db = knob::show(ui, knob_rect, colour, self.gain, setter);
        let read_out_rect = row_at(top + size + theme::GAP * 0.5);
        read_out::show(ui, read_out_rect, db, self.gain, setter);
        if let Some((solo, mute)) = self.switches {
            let switches = row_at(read_out_rect.bottom() + theme::GAP);
            let half = (switches.width() - theme::GAP * 0.5) / 2.0;
            let left = switches.with_max_x(switches.left() + half);
            let right = switches.with_min_x(switches.right() - half);
            toggle::show(ui, left, "Solo", theme::SOLO, solo, setter);
            toggle::show(ui, right, "Mute", theme::MUTE, mute, setter);
        }
        if let Some(hint) = self.hint {
            let galley = ui.painter().layout(
                hint.to_owned(),
                theme::font(11.0),
                theme::FAINT_TEXT,
                area.width(),
            );
            let at = pos2(area.left(), area.bottom() - galley.size().y);
            ui.painter().galley(at, galley, theme::FAINT_TEXT);
        }
    }
}
