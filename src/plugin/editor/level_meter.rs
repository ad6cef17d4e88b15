//! A stereo level meter with peak hold. The engine does the ballistics; this only draws.

use egui::{Align2, Color32, CornerRadius, Id, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2};

use super::theme;
use crate::dsp::decibel::gain_to_db;
use crate::stem::NUM_CHANNELS;

/// The ends of the scale, in dB.
const BOTTOM_DB: f32 = -60.0;
const TOP_DB: f32 = 6.0;

/// How long a peak is held, and how fast its mark falls afterwards.
const HOLD_SECONDS: f64 = 1.5;
const HOLD_FALL_DB_PER_SECOND: f64 = 24.0;

/// Levels that the scale names, in dB.
const TICKS_DB: [i32; 6] = [0, -6, -12, -24, -36, -48];

/// The highest level of the last moments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PeakHold {
    db: f32,
    /// Window time at which it was reached, in seconds.
    since: f64,
}

impl Default for PeakHold {
    fn default() -> Self {
        Self {
            db: f32::NEG_INFINITY,
            since: 0.0,
        }
    }
}

impl PeakHold {
    /// Takes the level at window time `now` (in seconds) and returns the mark's level, in dB.
    fn update(&mut self, level_db: f32, now: f64) -> f32 {
        let fallen = ((now - self.since - HOLD_SECONDS).max(0.0) * HOLD_FALL_DB_PER_SECOND) as f32;
        if level_db >= self.db - fallen {
            self.db = level_db;
            self.since = now;
            level_db
        } else {
            self.db - fallen
        }
    }
}

/// Draws both channels and returns whether anything is still to move. `levels` are linear.
pub fn show(
    ui: &Ui,
    rect: Rect,
    colour: Color32,
    levels: [f32; NUM_CHANNELS],
    holds: &mut [PeakHold; NUM_CHANNELS],
) -> bool {
    let now = ui.input(|input| input.time);
    let gap = 2.0;
    let width = (rect.width() - gap) / 2.0;
    let mut moving = false;
    for (channel, hold) in holds.iter_mut().enumerate() {
        let left = rect.left() + channel as f32 * (width + gap);
        let bar = Rect::from_min_max(pos2(left, rect.top()), pos2(left + width, rect.bottom()));
        let level_db = gain_to_db(levels[channel]);
        let hold_db = hold.update(level_db, now);
        paint_bar(ui, bar, colour, level_db, hold_db);
        moving |= hold_db > BOTTOM_DB;
    }
    moving
}

/// Draws the light that stays on once a peak has passed 0 dBFS, and returns whether it was clicked.
pub fn show_clip_light(ui: &mut Ui, rect: Rect, id: Id, max_peak: f32) -> bool {
    let palette = theme::palette(ui);
    let is_on = max_peak > 1.0;
    let response = ui.interact(rect, id, Sense::click());
    let hint = match is_on {
        true => format!(
            "Clipped: {:+.1} dBFS. Click to reset.",
            gain_to_db(max_peak)
        ),
        false => String::from("Lights up when a peak passes 0 dBFS"),
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), &hint));
    let fill = if is_on { palette.clip } else { palette.well };
    ui.painter().rect_filled(rect, CornerRadius::same(2), fill);
    if is_on {
        // Not by its colour alone.
        let text = theme::font(rect.height().min(9.0));
        ui.painter().text(
            rect.center(),
            Align2::CENTER_CENTER,
            "!",
            text,
            palette.lit_text,
        );
    }
    theme::focus_ring(ui, &response);
    response.on_hover_text(hint).clicked()
}

/// Draws the scale beside a meter: `rect` is as high as the meter, the numbers stand at its right.
pub fn show_scale(ui: &Ui, rect: Rect) {
    for db in TICKS_DB {
        let y = height_at(rect, db as f32);
        let text = if db == 0 {
            "0".to_owned()
        } else {
            format!("{}", -db)
        };
        ui.painter().text(
            pos2(rect.right(), y),
            Align2::RIGHT_CENTER,
            text,
            theme::font(9.5),
            theme::palette(ui).faint_text,
        );
    }
}

fn paint_bar(ui: &Ui, bar: Rect, colour: Color32, level_db: f32, hold_db: f32) {
    let painter = ui.painter();
    let palette = theme::palette(ui);
    painter.rect_filled(bar, CornerRadius::same(2), palette.well);
    let top = height_at(bar, level_db);
    let clip = height_at(bar, 0.0);
    if top < bar.bottom() {
        let filled = Rect::from_min_max(pos2(bar.left(), top.max(clip)), bar.max);
        painter.rect_filled(filled, CornerRadius::same(2), colour);
    }
    if top < clip {
        let over = Rect::from_min_max(pos2(bar.left(), top), pos2(bar.right(), clip));
        painter.rect_filled(over, CornerRadius::same(2), palette.clip);
    }
    for db in TICKS_DB {
        let tick = Stroke::new(1.0, palette.panel.gamma_multiply(0.8));
        painter.hline(bar.x_range(), height_at(bar, db as f32), tick);
    }
    if hold_db > BOTTOM_DB {
        let mark = if hold_db > 0.0 {
            palette.clip
        } else {
            palette.text
        };
        painter.hline(
            bar.x_range(),
            height_at(bar, hold_db),
            Stroke::new(2.0, mark),
        );
    }
}

/// Where a level lies on a meter, from the bottom up; linear in dB.
fn height_at(bar: Rect, db: f32) -> f32 {
    bar.bottom() - fraction(db) * bar.height()
}

/// Share of the scale below a level: 0.0 at the bottom and for silence, 1.0 at the top and above.
fn fraction(db: f32) -> f32 {
    ((db - BOTTOM_DB) / (TOP_DB - BOTTOM_DB)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_runs_from_silence_to_the_top() {
        assert_eq!(fraction(f32::NEG_INFINITY), 0.0);
        assert_eq!(fraction(BOTTOM_DB), 0.0);
        assert!((fraction(0.0) - 60.0 / 66.0).abs() < 1e-6);
        assert_eq!(fraction(TOP_DB), 1.0);
        assert_eq!(fraction(40.0), 1.0);
    }

    #[test]
    fn a_peak_is_held_then_falls_then_meets_the_level() {
        let mut hold = PeakHold::default();
        assert_eq!(hold.update(-3.0, 10.0), -3.0);
        assert_eq!(hold.update(-30.0, 11.4), -3.0);
        let falling = hold.update(-30.0, 12.0);
        assert!((falling - -15.0).abs() < 1e-3, "{falling}");
        assert_eq!(hold.update(-30.0, 20.0), -30.0);
        assert_eq!(hold.update(-20.0, 20.1), -20.0);
    }

    #[test]
    fn a_mark_sinks_to_silence() {
        let mut hold = PeakHold::default();
        hold.update(0.0, 0.0);
        assert!(hold.update(f32::NEG_INFINITY, 1.6) > BOTTOM_DB);
        assert!(hold.update(f32::NEG_INFINITY, 5.0) <= BOTTOM_DB);
    }
}
