//! What knobs and sliders are moved by: drags, arrow keys, the wheel, and a way back to the default.

use egui::{Event, EventFilter, Key, MouseWheelUnit, PointerButton, Response, Ui};

use super::control::Control;
use super::hand::Hand;

/// What Shift makes of every movement.
const FINE: f32 = 0.1;

/// Points of a smooth wheel or touch pad that count as one line.
const POINTS_PER_LINE: f32 = 40.0;

/// Steps of an arrow key that a page key makes at once.
const PAGE: f32 = 10.0;

/// The factor of movements: less while Shift is held.
pub fn fineness(ui: &Ui) -> f32 {
    if ui.input(|input| input.modifiers.shift) {
        FINE
    } else {
        1.0
    }
}

/// Follows a drag with the primary button that has moved the control by `moved_by` of its way since
/// the last frame; `snapped` is what it sends of a place. Returns the normalised value that the drag
/// shows, while there is one.
pub fn drag(
    ui: &Ui,
    response: &Response,
    control: Control,
    hand: &Hand,
    moved_by: f32,
    snapped: impl Fn(f32) -> f32,
) -> Option<f32> {
    // A parameter follows only when the host plays its next block: the drag keeps its own count.
    let mut place: Option<f32> = ui.data(|data| data.get_temp(response.id));
    if response.drag_started_by(PointerButton::Primary) {
        hand.begin(control);
        place = Some(hand.param(control).value());
    }
    if let Some(place) = &mut place {
        let moved = (*place + moved_by).clamp(0.0, 1.0);
        if moved != *place {
            *place = moved;
            hand.drag(control, snapped(moved));
        }
    }
    let shown = place.map(snapped);
    if response.drag_stopped() && place.take().is_some() {
        hand.end(control);
    }
    ui.data_mut(|data| match place {
        Some(place) => {
            data.insert_temp(response.id, place);
        }
        None => data.remove::<f32>(response.id),
    });
    shown
}

/// Whether the control was told to go back to its default.
pub fn asks_for_default(ui: &Ui, response: &Response) -> bool {
    let is_command = ui.input(|input| input.modifiers.command);
    response.double_clicked() || (response.clicked() && is_command)
}

/// Steps up that keys ask for while the control has the keyboard, and lines that the wheel has turned
/// above it.
pub fn steps(ui: &Ui, response: &Response) -> f32 {
    let keys = if response.has_focus() {
        key_steps(ui, response)
    } else {
        0.0
    };
    let lines = if response.hovered() {
        wheel_lines(ui)
    } else {
        0.0
    };
    keys + lines
}

fn key_steps(ui: &Ui, response: &Response) -> f32 {
    // The arrows turn the control; Tab leads on.
    let filter = EventFilter {
        vertical_arrows: true,
        horizontal_arrows: true,
        ..Default::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let pressed = |key| ui.input(|input| input.num_presses(key)) as f32;
    pressed(Key::ArrowUp) + pressed(Key::ArrowRight)
        - pressed(Key::ArrowDown)
        - pressed(Key::ArrowLeft)
        + PAGE * (pressed(Key::PageUp) - pressed(Key::PageDown))
}

/// Lines since the last frame, up counted positive. egui's smoothed scrolling would send a trail of
/// small changes, and turns sideways with Shift.
fn wheel_lines(ui: &Ui) -> f32 {
    let lines = |event: &Event| match event {
        Event::MouseWheel { unit, delta, .. } => {
            let delta = if delta.y == 0.0 { delta.x } else { delta.y };
            match unit {
                MouseWheelUnit::Point => delta / POINTS_PER_LINE,
                MouseWheelUnit::Line | MouseWheelUnit::Page => delta,
            }
        }
        _ => 0.0,
    };
    ui.input(|input| input.events.iter().map(lines).sum())
}
