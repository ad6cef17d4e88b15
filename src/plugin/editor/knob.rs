//! A rotary knob for a gain. Drag up and down (Shift: finely), turn the wheel, use the arrow keys, or
//! double-click or Ctrl-click to go back to unity; the right button opens a menu.

use std::f32::consts::{PI, TAU};

use egui::{
    Color32, CursorIcon, Id, Pos2, Rect, Response, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo,
    pos2, vec2,
};

use super::control::Control;
use super::hand::Hand;
use super::{grip, read_out, theme};
use crate::plugin::gain;

/// Pixels of drag for the whole travel.
const DRAG_PIXELS: f32 = 220.0;

/// The smallest step of one wheel line, in dB.
const WHEEL_DB: f32 = 0.5;

/// The step of one wheel line in travel, where that is the larger one.
const WHEEL_TRAVEL: f32 = 0.02;

/// The knob's sweep, from 7 o'clock over 12 (unity) to 5 o'clock.
const SWEEP: f32 = TAU * 0.75;

/// Draws the knob and sets the control. Returns the level that it shows, in dB.
pub fn show(ui: &mut Ui, rect: Rect, colour: Color32, control: Control, hand: &Hand) -> f32 {
    let param = hand.param(control);
    let id = Id::unique((param.name(), "knob"));
    let response = ui
        .interact(rect, id, Sense::click_and_drag())
        .on_hover_cursor(CursorIcon::ResizeVertical);
    let fine = grip::fineness(ui);

    let moved_by = -response.drag_delta().y / DRAG_PIXELS * fine;
    let dragged = grip::drag(ui, &response, control, hand, moved_by, |travel| travel);
    let travel = dragged.unwrap_or(param.value());
    if grip::asks_for_default(ui, &response) {
        hand.reset(control);
    } else if dragged.is_none() {
        let lines = grip::steps(ui, &response) * fine;
        if lines != 0.0 {
            let db = wheel_step(gain::RANGE.unnormalize(travel), lines);
            hand.set(control, gain::RANGE.normalize(db));
        }
    }
    menu(&response, control, hand);

    let db = gain::RANGE.unnormalize(travel);
    response.widget_info(|| WidgetInfo::slider(ui.is_enabled(), f64::from(db), param.name()));
    let is_lit = response.hovered() || response.dragged() || response.has_focus();
    paint(ui, rect, colour, travel, is_lit);
    theme::focus_ring(ui, &response);
    response.on_hover_text(format!(
        "{}: drag, or turn the wheel (Shift: finely). Double-click: 0 dB. Right click: menu.",
        param.name()
    ));
    db
}

/// What the right button offers.
fn menu(response: &Response, control: Control, hand: &Hand) {
    response.context_menu(|ui| {
        if ui.button("Reset to 0 dB").clicked() {
            hand.reset(control);
        }
        if ui.button("Type a level…").clicked() {
            read_out::open(ui, &hand.param(control).name());
        }
        if ui.button("Off (−∞ dB)").clicked() {
            hand.set(control, 0.0);
        }
    });
}

/// Where `lines` of the wheel lead from a level: half a decibel a line, and more where the scale is
/// coarse, so that the knob's bottom end is not a hundred lines away. Stops at unity on the way.
fn wheel_step(db: f32, lines: f32) -> f32 {
    let by_level = db + lines * WHEEL_DB;
    let by_travel = gain::RANGE.unnormalize(gain::RANGE.normalize(db) + lines * WHEEL_TRAVEL);
    let target = if (by_travel - db).abs() > (by_level - db).abs() {
        by_travel
    } else {
        by_level
    };
    let crosses_unity = (db < 0.0 && target > 0.0) || (db > 0.0 && target < 0.0);
    if crosses_unity {
        0.0
    } else {
        target.clamp(gain::OFF_DB, gain::MAX_DB)
    }
}

/// Angle of a travel, in radians clockwise from 12 o'clock.
fn angle(travel: f32) -> f32 {
    (travel - 0.5) * SWEEP
}

fn paint(ui: &Ui, rect: Rect, colour: Color32, travel: f32, is_lit: bool) {
    let painter = ui.painter();
    let palette = theme::palette(ui);
    let centre = rect.center();
    let radius = rect.width().min(rect.height()) / 2.0;
    let ring = radius * 0.88;
    let width = (radius * 0.13).max(3.0);

    painter.add(arc(
        centre,
        ring,
        0.0,
        1.0,
        Stroke::new(width, palette.edge),
    ));
    // From unity to the level: what the knob adds or takes away.
    let (from, to) = (travel.min(0.5), travel.max(0.5));
    if to - from > 1e-3 {
        painter.add(arc(centre, ring, from, to, Stroke::new(width, colour)));
    }
    let cap = radius * 0.68;
    let fill = if is_lit { palette.edge } else { palette.well };
    painter.circle(centre, cap, fill, Stroke::new(1.5, palette.outline));
    let direction = toward(angle(travel));
    painter.line_segment(
        [
            centre + direction * cap * 0.35,
            centre + direction * cap * 0.88,
        ],
        Stroke::new((radius * 0.08).max(2.5), colour),
    );
    let unity = toward(0.0);
    painter.line_segment(
        [
            centre + unity * (ring + width * 0.7),
            centre + unity * radius * 1.08,
        ],
        Stroke::new(1.5, palette.faint_text),
    );
}

fn toward(angle: f32) -> Vec2 {
    vec2(angle.sin(), -angle.cos())
}

fn arc(centre: Pos2, radius: f32, from: f32, to: f32, stroke: Stroke) -> Shape {
    let (from, to) = (angle(from), angle(to));
    // About three degrees a piece looks round at any size that fits a screen.
    let pieces = ((to - from) / (PI / 60.0)).ceil().max(1.0);
    let points = (0..=pieces as usize)
        .map(|piece| {
            let direction = toward(from + (to - from) * piece as f32 / pieces);
            pos2(centre.x, centre.y) + direction * radius
        })
        .collect();
    Shape::line(points, stroke)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unity_points_straight_up_and_the_ends_mirror_each_other() {
        assert_eq!(angle(0.5), 0.0);
        assert_eq!(angle(0.0), -angle(1.0));
    }

    #[test]
    fn one_wheel_line_is_half_a_decibel_around_unity() {
        assert_eq!(wheel_step(0.0, 1.0), 0.5);
        assert_eq!(wheel_step(0.0, -1.0), -0.5);
        assert!((wheel_step(0.0, 0.1) - 0.05).abs() < 1e-6);
    }

    #[test]
    fn the_wheel_stops_at_unity_and_at_both_ends() {
        assert_eq!(wheel_step(-0.2, 1.0), 0.0);
        assert_eq!(wheel_step(0.2, -3.0), 0.0);
        assert_eq!(wheel_step(11.9, 5.0), gain::MAX_DB);
        assert_eq!(wheel_step(-83.0, -5.0), gain::OFF_DB);
    }

    #[test]
    fn the_whole_travel_takes_no_more_lines_than_its_steps() {
        let mut db = gain::OFF_DB;
        let mut lines = 0;
        while db < gain::MAX_DB {
            db = wheel_step(db, 1.0);
            lines += 1;
            assert!(lines < 100, "stuck at {db} dB");
        }
        assert!(lines <= 50, "{lines} lines");
    }
}
