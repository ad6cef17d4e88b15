//! A push button for a parameter that is on or off.

use egui::{Align2, Color32, CornerRadius, Id, Rect, Sense, Stroke, StrokeKind, Ui};
use nice_plug::prelude::{BoolParam, Param, ParamSetter};

use super::theme;

/// Draws the button, lit in `colour` while on, and sets the parameter when it is clicked.
pub fn show(
    ui: &mut Ui,
    rect: Rect,
    label: &str,
    colour: Color32,
    param: &BoolParam,
    setter: &ParamSetter,
) {
    let response = ui
        .interact(rect, Id::unique((param.name(), "toggle")), Sense::click())
        .on_hover_text(param.name());
    let is_on = param.unmodulated_plain_value();
    if response.clicked() {
        setter.begin_set_parameter(param);
        setter.set_parameter(param, !is_on);
        setter.end_set_parameter(param);
    }
    let (fill, text) = if is_on {
        (colour, theme::BACKGROUND)
    } else {
        (theme::WELL, theme::FAINT_TEXT)
    };
    let edge = if response.hovered() {
        colour
    } else {
        theme::EDGE
    };
    let painter = ui.painter();
    let radius = CornerRadius::same(4);
    painter.rect_filled(rect, radius, fill);
    painter.rect_stroke(rect, radius, Stroke::new(1.0, edge), StrokeKind::Inside);
    let font = theme::font((rect.height() * 0.48).clamp(11.0, 15.0));
    painter.text(rect.center(), Align2::CENTER_CENTER, label, font, text);
}
