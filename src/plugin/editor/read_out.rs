//! A level in dB that turns into a text field when it is clicked.

use egui::{Align2, CornerRadius, Id, Key, Rect, Sense, Stroke, StrokeKind, TextEdit, Ui};
use nice_plug::prelude::{FloatParam, Param, ParamSetter};

use super::{knob, theme};
use crate::plugin::gain;

/// Draws the level, and sets the parameter to what is typed. `db` is what its knob shows.
pub fn show(ui: &mut Ui, rect: Rect, db: f32, param: &FloatParam, setter: &ParamSetter) {
    let id = Id::unique((param.name(), "read-out"));
    let typed: Option<String> = ui.data(|data| data.get_temp(id));
    match typed {
        Some(text) => edit(ui, rect, id, text, param, setter),
        None => {
            let response = ui
                .interact(rect, id.with("label"), Sense::click())
                .on_hover_text("Click to type a level");
            let painter = ui.painter();
            let radius = CornerRadius::same(4);
            painter.rect_filled(rect, radius, theme::WELL);
            if response.hovered() {
                let edge = Stroke::new(1.0, theme::FAINT_TEXT);
                painter.rect_stroke(rect, radius, edge, StrokeKind::Inside);
            }
            let font = theme::font((rect.height() * 0.6).clamp(11.0, 18.0));
            let text = format!("{} dB", typeset(&gain::db_to_text(db)));
            painter.text(
                rect.center(),
                Align2::CENTER_CENTER,
                text,
                font,
                theme::TEXT,
            );
            if response.clicked() {
                ui.data_mut(|data| data.insert_temp(id, gain::db_to_text(db)));
                ui.ctx().request_repaint();
            }
        }
    }
}

fn edit(
    ui: &mut Ui,
    rect: Rect,
    id: Id,
    mut text: String,
    param: &FloatParam,
    setter: &ParamSetter,
) {
    let field = id.with("field");
    let is_new = !ui.memory(|memory| memory.has_focus(field)) && !was_focused(ui, field);
    let output = TextEdit::singleline(&mut text)
        .id(field)
        .font(theme::font((rect.height() * 0.6).clamp(11.0, 18.0)))
        .align(Align2::CENTER_CENTER)
        .margin(egui::Margin::same(1))
        .char_limit(12);
    let response = ui.place(rect, output);
    if is_new {
        response.request_focus();
        set_was_focused(ui, field, true);
        select_all(ui, field, text.chars().count());
    }
    if response.lost_focus() {
        let given_up = ui.input(|input| input.key_pressed(Key::Escape));
        if let Some(db) = gain::text_to_db(&text).filter(|_| !given_up) {
            knob::set(param, setter, db);
        }
        set_was_focused(ui, field, false);
        ui.data_mut(|data| data.remove::<String>(id));
    } else {
        ui.data_mut(|data| data.insert_temp(id, text));
    }
}

fn was_focused(ui: &Ui, field: Id) -> bool {
    ui.data(|data| data.get_temp(field).unwrap_or(false))
}

fn set_was_focused(ui: &Ui, field: Id, focused: bool) {
    ui.data_mut(|data| data.insert_temp(field, focused));
}

/// So that typing replaces the old level.
fn select_all(ui: &Ui, field: Id, num_chars: usize) {
    use egui::text::{CCursor, CCursorRange};
    let mut state = egui::text_edit::TextEditState::load(ui.ctx(), field).unwrap_or_default();
    let all = CCursorRange::two(CCursor::new(0), CCursor::new(num_chars));
    state.cursor.set_char_range(Some(all));
    state.store(ui.ctx(), field);
}

/// The level as print would set it: a real minus, a plus for a boost, and the sign for infinity.
fn typeset(text: &str) -> String {
    match text.strip_prefix('-') {
        Some("inf") => String::from("−∞"),
        Some(level) => format!("−{level}"),
        None if text == "0.0" => text.to_owned(),
        None => format!("+{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_can_be_typed_again() {
        for (text, want) in [
            ("-6.0", "−6.0"),
            ("0.0", "0.0"),
            ("3.5", "+3.5"),
            ("-inf", "−∞"),
        ] {
            let shown = typeset(text);
            assert_eq!(shown, want);
            assert_eq!(gain::text_to_db(&shown), gain::text_to_db(text));
        }
    }
}
