//! How much of its time the audio thread needs. A click forgets the worst.

use egui::{Align2, Id, Sense, Ui};

use super::theme;
use crate::plugin::load::Load;

/// Room for the longest text, in logical pixels.
pub const WIDTH: f32 = 260.0;

/// Draws the line over the whole of `ui`, at its right.
pub fn show(ui: &mut Ui, load: &Load, is_running: bool) {
    let area = ui.max_rect();
    let (smoothed, worst) = (load.smoothed(), load.worst());
    let num_overloads = load.num_overloads();
    let response = ui.interact(area, Id::unique("load"), Sense::click());
    let palette = theme::palette(ui);
    let colour = match num_overloads {
        0 => palette.faint_text,
        _ => palette.warning,
    };
    let text = words(is_running.then_some(smoothed), worst, num_overloads);
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Button, ui.is_enabled(), text.as_str())
    });
    ui.painter().text(
        area.right_center(),
        Align2::RIGHT_CENTER,
        text,
        theme::font(12.0),
        colour,
    );
    theme::focus_ring(ui, &response);
    let hint = "Share of the audio thread's time that this plug-in takes, of its worst block, and \
                blocks that came too late. Click to start counting afresh.";
    if response.on_hover_text(hint).clicked() {
        load.forget_worst();
    }
}

/// `smoothed` and `worst` are shares of the deadline.
fn words(smoothed: Option<f32>, worst: f32, num_overloads: u32) -> String {
    let cpu = match smoothed {
        Some(share) => format!("CPU {:.0} %", share * 100.0),
        None => String::from("CPU –"),
    };
    let overloads = match num_overloads {
        0 => String::from("no overload"),
        1 => String::from("1 overload"),
        many => format!("{many} overloads"),
    };
    format!(
        "{cpu}  ·  worst block {:.0} %  ·  {overloads}",
        worst * 100.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_is_told_in_percent() {
        assert_eq!(
            words(Some(0.037), 0.186, 0),
            "CPU 4 %  ·  worst block 19 %  ·  no overload"
        );
        assert_eq!(
            words(None, 1.2, 3),
            "CPU –  ·  worst block 120 %  ·  3 overloads"
        );
    }
}
