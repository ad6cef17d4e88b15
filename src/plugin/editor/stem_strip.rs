//! One strip: name, knob, level in dB, solo, mute and focus, and a meter with its clip light. The
//! output's has no switches, and says whether it is the input.

use egui::{Align2, Color32, CornerRadius, Id, Rect, Ui, pos2, vec2};

use super::control::Control;
use super::hand::Hand;
use super::level_meter::{self, PeakHold};
use super::toggle::Toggle;
use super::{focus_slider, knob, null_light, read_out, theme};
use crate::stem::{NUM_CHANNELS, Stem};

const PADDING: f32 = 10.0;
const TITLE_HEIGHT: f32 = 24.0;
const METER_WIDTH: f32 = 18.0;
const CLIP_LIGHT_HEIGHT: f32 = 10.0;
const FOCUS_HEIGHT: f32 = 28.0;

/// Width of the scale beside the output's meter.
pub const SCALE_WIDTH: f32 = 16.0;

/// What one strip belongs to.
#[derive(Clone, Copy)]
pub enum Whose {
    Stem(Stem),
    Output {
        /// Peak of what the output differs by from the delayed input, linear; `None` while nothing
        /// plays.
        difference: Option<f32>,
    },
}

/// What one strip shows.
pub struct Strip<'a> {
    pub whose: Whose,
    /// Why the strip has nothing to play; it is dimmed then.
    pub hint: Option<&'a str>,
    /// Peaks, linear.
    pub levels: [f32; NUM_CHANNELS],
    /// The highest peak since the clip light was reset, linear.
    pub max_peak: f32,
}

/// What came of drawing a strip.
#[derive(Clone, Copy, Default)]
pub struct Shown {
    /// Its meter still moves.
    pub is_moving: bool,
    /// Its clip light is to be reset.
    pub resets_clip: bool,
}

impl Strip<'_> {
    fn title(&self) -> &'static str {
        match self.whose {
            Whose::Stem(stem) => stem.title(),
            Whose::Output { .. } => "Output",
        }
    }

    /// Draws the strip over the whole of `ui`.
    pub fn show(&self, ui: &mut Ui, hand: &Hand, holds: &mut [PeakHold; NUM_CHANNELS]) -> Shown {
        let palette = theme::palette(ui);
        let area = ui.max_rect();
        let radius = CornerRadius::same(theme::CORNER);
        ui.painter().rect_filled(area, radius, palette.panel);
        let band = Rect::from_min_size(area.min, vec2(area.width(), 3.0));
        let top_radius = CornerRadius {
            sw: 0,
            se: 0,
            ..radius
        };
        let (colour, scale_width) = match self.whose {
            Whose::Stem(stem) => (palette.stem(stem), 0.0),
            Whose::Output { .. } => (palette.output, SCALE_WIDTH),
        };
        let colour = match self.hint {
            Some(_) => colour.gamma_multiply(theme::DIMMED),
            None => colour,
        };
        ui.painter().rect_filled(band, top_radius, colour);

        let inner = area.shrink(PADDING);
        let (title, body) = inner.split_top_bottom_at_y(inner.top() + TITLE_HEIGHT);
        self.show_title(ui, title);
        let meter_left = inner.right() - METER_WIDTH - scale_width;
        let controls = body.with_max_x(meter_left - PADDING);
        let column = Rect::from_min_max(pos2(meter_left, inner.top() + 4.0), inner.right_bottom());
        let bars = column
            .with_max_x(meter_left + METER_WIDTH)
            .with_min_y(column.top() + CLIP_LIGHT_HEIGHT + 3.0);
        let light = Rect::from_min_size(column.min, vec2(METER_WIDTH, CLIP_LIGHT_HEIGHT));
        let light_id = Id::unique((self.title(), "clip light"));
        let resets_clip = level_meter::show_clip_light(ui, light, light_id, self.max_peak);
        let is_moving = level_meter::show(ui, bars, colour, self.levels, holds);
        if scale_width > 0.0 {
            level_meter::show_scale(ui, bars.with_max_x(column.right()));
        }
        self.show_controls(ui, controls, colour, hand);
        Shown {
            is_moving,
            resets_clip,
        }
    }

    fn show_title(&self, ui: &Ui, rect: Rect) {
        let palette = theme::palette(ui);
        let colour = match self.hint {
            Some(_) => palette.faint_text,
            None => palette.text,
        };
        ui.painter().text(
            rect.left_top(),
            Align2::LEFT_TOP,
            self.title(),
            theme::font(15.0),
            colour,
        );
    }

    fn show_controls(&self, ui: &mut Ui, area: Rect, colour: Color32, hand: &Hand) {
        let row = (area.height() * 0.085).clamp(20.0, 34.0);
        let gap = theme::GAP;
        // Read-out, switches and focus, whatever of them a strip has: all knobs stand in line.
        let below = 0.5 * gap + row + gap + row + gap + FOCUS_HEIGHT;
        let size = area.width().min(area.height() - below).clamp(24.0, 190.0);
        let top = area.top() + ((area.height() - size - below) / 2.0).max(0.0);
        let width = area.width().min(size.max(84.0) * 1.1);
        let left = area.center().x - width / 2.0;
        let row_at = |y: f32, height: f32| Rect::from_min_size(pos2(left, y), vec2(width, height));

        let gain = match self.whose {
            Whose::Stem(stem) => Control::Gain(stem),
            Whose::Output { .. } => Control::OutputGain,
        };
        let knob_rect =
            Rect::from_center_size(pos2(area.center().x, top + size / 2.0), vec2(size, size));
        let db = knob::show(ui, knob_rect.shrink(3.0), colour, gain, hand);
        let read_out_rect = row_at(top + size + gap * 0.5, row);
        read_out::show(ui, read_out_rect, db, gain, hand);
        let switches = row_at(read_out_rect.bottom() + gap, row);
        let focus = row_at(switches.bottom() + gap, FOCUS_HEIGHT);
        match self.whose {
            Whose::Stem(stem) => {
                show_switches(ui, switches, stem, hand);
                if let Some(hint) = self.hint {
                    show_hint(ui, focus, hint);
                } else if hand.params.focus(stem).is_some() {
                    focus_slider::show(ui, focus, colour, Control::Focus(stem), hand);
                }
            }
            Whose::Output { difference } => null_light::show(ui, switches, difference),
        }
    }
}

fn show_switches(ui: &mut Ui, rect: Rect, stem: Stem, hand: &Hand) {
    let palette = theme::palette(ui);
    let half = (rect.width() - theme::GAP * 0.5) / 2.0;
    let solo = Control::Solo(stem);
    let mute = Control::Mute(stem);
    for (control, label, colour, rect) in [
        (
            solo,
            "Solo",
            palette.solo,
            rect.with_max_x(rect.left() + half),
        ),
        (
            mute,
            "Mute",
            palette.mute,
            rect.with_min_x(rect.right() - half),
        ),
    ] {
        let param = hand.param(control);
        let name = param.name();
        let is_on = param.value() > 0.5;
        let hint = match control == solo {
            true => format!("{name} (Ctrl-click: this one alone)"),
            false => name.clone(),
        };
        let toggle = Toggle {
            id: Id::unique((name, "toggle")),
            label,
            hint: &hint,
            colour,
            is_on,
        };
        if toggle.show(ui, rect).clicked() {
            let is_exclusive = ui.input(|input| input.modifiers.command);
            if is_exclusive && control == solo {
                hand.set_many(|control| match control {
                    Control::Solo(other) => Some(if other == stem { 1.0 } else { 0.0 }),
                    _ => None,
                });
            } else {
                hand.set(control, if is_on { 0.0 } else { 1.0 });
            }
        }
    }
}

fn show_hint(ui: &Ui, rect: Rect, hint: &str) {
    let colour = theme::palette(ui).faint_text;
    let font = theme::font(11.0);
    let galley = ui
        .painter()
        .layout(hint.to_owned(), font, colour, rect.width());
    ui.painter().galley(rect.left_top(), galley, colour);
}
