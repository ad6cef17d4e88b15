//! A level in dB that turns into a text field when it is clicked.

use egui::{
    Align2, Context, CornerRadius, Id, Key, Rect, Role, Sense, Stroke, StrokeKind, TextEdit, Ui,
    WidgetInfo,
};

use super::control::Control;
use super::hand::Hand;
use super::theme;
use crate::plugin::gain;

/// Draws the level, and sets the control to what is typed. `db` is what its knob shows.
pub fn show(ui: &mut Ui, rect: Rect, db: f32, control: Control, hand: &Hand) {
    let name = hand.param(control).name();
    let id = id_of(&name);
    let typed: Option<String> = ui.data(|data| data.get_temp(id));
    if let Some(text) = typed {
        edit(ui, rect, id, text, control, hand);
        return;
    }
    let response = ui.interact(rect, id.with("label"), Sense::click());
    let label = format!("{name}: type a level");
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), &label));
    let palette = theme::palette(ui);
    let painter = ui.painter();
    let radius = CornerRadius::same(theme::SMALL_CORNER);
    painter.rect_filled(rect, radius, palette.well);
    if response.hovered() {
        let edge = Stroke::new(1.0, palette.outline);
        painter.rect_stroke(rect, radius, edge, StrokeKind::Inside);
    }
    let font = theme::font((rect.height() * 0.6).clamp(11.0, 18.0));
    let text = format!("{} dB", typeset(&gain::db_to_text(db)));
    painter.text(
        rect.center(),
        Align2::CENTER_CENTER,
        text,
        font,
        palette.text,
    );
    theme::focus_ring(ui, &response);
    if response.clicked() {
        open_with(ui.ctx(), id, gain::db_to_text(db));
    }
    response.on_hover_text("Click to type a level");
}

/// Lets the user type the level of the parameter with this name.
pub fn open(ui: &Ui, name: &str) {
    open_with(ui.ctx(), id_of(name), String::new());
}

fn id_of(name: &str) -> Id {
    Id::unique((name, "read-out"))
}

fn open_with(context: &Context, id: Id, text: String) {
    context.data_mut(|data| data.insert_temp(id, text));
    context.request_repaint();
}

fn edit(ui: &mut Ui, rect: Rect, id: Id, mut text: String, control: Control, hand: &Hand) {
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
        if let Some(value) = hand.param(control).parse(&text).filter(|_| !given_up) {
            hand.set(control, value);
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
