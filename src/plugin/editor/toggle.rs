//! A push button that is on or off.

use egui::{
    Align2, Color32, CornerRadius, Id, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo,
};

use super::theme;

/// What the button says.
pub struct Toggle<'a> {
    /// Within the window.
    pub id: Id,
    pub label: &'a str,
    /// For the tooltip and screen readers.
    pub hint: &'a str,
    /// While on.
    pub colour: Color32,
    pub is_on: bool,
}

impl Toggle<'_> {
    /// Draws the button, lit in its colour while on. Space and Return click it too.
    pub fn show(&self, ui: &mut Ui, rect: Rect) -> Response {
        let response = ui.interact(rect, self.id, Sense::click());
        let info = || WidgetInfo::selected(Role::CheckBox, ui.is_enabled(), self.is_on, self.hint);
        response.widget_info(info);
        let palette = theme::palette(ui);
        let (fill, text) = match self.is_on {
            true => (self.colour, palette.lit_text),
            false => (palette.well, palette.faint_text),
        };
        let edge = match response.hovered() || self.is_on {
            true => self.colour,
            false => palette.outline,
        };
        let painter = ui.painter();
        let radius = CornerRadius::same(theme::SMALL_CORNER);
        painter.rect_filled(rect, radius, fill);
        painter.rect_stroke(rect, radius, Stroke::new(1.0, edge), StrokeKind::Inside);
        let font = theme::font((rect.height() * 0.48).clamp(11.0, 15.0));
        painter.text(rect.center(), Align2::CENTER_CENTER, self.label, font, text);
        theme::focus_ring(ui, &response);
        response.on_hover_text(self.hint)
    }
}
