//! The narrow slider below a knob: how strictly a stem is cut out of the mix.

use egui::{
    Align2, Color32, CornerRadius, CursorIcon, Id, Rect, Sense, Stroke, Ui, WidgetInfo, pos2, vec2,
};

use super::control::Control;
use super::hand::Hand;
use super::{grip, theme};

/// The slider's middle: as trained.
const CENTRE: f32 = 0.5;

/// A step of an arrow key or of a wheel line: 2 % of the whole way, 4 % of focus.
const STEP: f32 = 0.02;

/// How near to the middle a drag snaps to it.
const SNAP: f32 = 0.02;

/// Draws the slider over `rect`, its label above the track, and sets the control.
pub fn show(ui: &mut Ui, rect: Rect, colour: Color32, control: Control, hand: &Hand) {
    let param = hand.param(control);
    let id = Id::unique((param.name(), "focus"));
    let response = ui
        .interact(rect, id, Sense::click_and_drag())
        .on_hover_cursor(CursorIcon::ResizeHorizontal);
    let fine = grip::fineness(ui);

    let moved_by = response.drag_delta().x / rect.width().max(1.0) * fine;
    let snap = |place| snapped(place, fine < 1.0);
    let dragged = grip::drag(ui, &response, control, hand, moved_by, snap);
    let mut value = dragged.unwrap_or(param.value());
    if grip::asks_for_default(ui, &response) {
        hand.reset(control);
    } else if dragged.is_none() {
        let steps = grip::steps(ui, &response) * fine;
        if steps != 0.0 {
            value = stepped(value, steps);
            hand.set(control, value);
        }
    }
    response.context_menu(|ui| {
        if ui.button("Reset to 0 %").clicked() {
            hand.reset(control);
        }
    });
    response.widget_info(|| WidgetInfo::slider(ui.is_enabled(), f64::from(value), param.name()));
    paint(
        ui,
        rect,
        colour,
        value,
        &param.text(value),
        response.hovered(),
    );
    theme::focus_ring(ui, &response);
    response.on_hover_text(format!(
        "{}: to the right less of the other stems, to the left fewer artefacts. Double-click: 0 %.",
        param.name()
    ));
}

fn paint(ui: &Ui, rect: Rect, colour: Color32, value: f32, text: &str, is_lit: bool) {
    let palette = theme::palette(ui);
    let painter = ui.painter();
    let font = theme::font(11.0);
    let (label, track) = rect.split_top_bottom_at_y(rect.top() + rect.height() * 0.6);
    painter.text(
        label.left_center(),
        Align2::LEFT_CENTER,
        "Focus",
        font.clone(),
        palette.faint_text,
    );
    let text_colour = if is_lit || value != CENTRE {
        palette.text
    } else {
        palette.faint_text
    };
    painter.text(
        label.right_center(),
        Align2::RIGHT_CENTER,
        text,
        font,
        text_colour,
    );
    let bar = Rect::from_center_size(track.center(), vec2(track.width(), 4.0));
    let at = |value: f32| bar.left() + value * bar.width();
    painter.rect_filled(bar, CornerRadius::same(2), palette.edge);
    let (from, to) = (at(value.min(CENTRE)), at(value.max(CENTRE)));
    let filled = Rect::from_min_max(pos2(from, bar.top()), pos2(to, bar.bottom()));
    painter.rect_filled(filled, CornerRadius::ZERO, colour);
    painter.vline(
        at(CENTRE),
        track.y_range(),
        Stroke::new(1.0, palette.outline),
    );
    painter.circle(
        pos2(at(value), bar.center().y),
        5.0,
        palette.well,
        Stroke::new(2.0, colour),
    );
}

/// A dragged place, or the middle when it is next to it.
fn snapped(place: f32, is_fine: bool) -> f32 {
    if !is_fine && (place - CENTRE).abs() < SNAP {
        CENTRE
    } else {
        place
    }
}

/// Where `steps` lead; stops in the middle on the way.
fn stepped(value: f32, steps: f32) -> f32 {
    let moved = (value + steps * STEP).clamp(0.0, 1.0);
    let passes = (value - CENTRE) * (moved - CENTRE) < 0.0;
    // Steps add up to the middle only nearly.
    if passes || (moved - CENTRE).abs() < 1e-4 {
        CENTRE
    } else {
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_stop_in_the_middle_and_at_the_ends() {
        assert_eq!(stepped(0.51, -1.0), CENTRE);
        assert_eq!(stepped(0.48, 1.0), CENTRE);
        assert!((stepped(CENTRE, 1.0) - 0.52).abs() < 1e-6);
        assert_eq!(stepped(0.99, 5.0), 1.0);
        let mut value = 0.0;
        for _ in 0..25 {
            value = stepped(value, 1.0);
        }
        assert_eq!(value, CENTRE);
    }

    #[test]
    fn a_drag_snaps_to_the_middle_unless_it_is_fine() {
        assert_eq!(snapped(0.515, false), CENTRE);
        assert_eq!(snapped(0.515, true), 0.515);
        assert_eq!(snapped(0.53, false), 0.53);
    }
}
