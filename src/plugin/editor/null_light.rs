//! Whether the output is the delayed input, bit for bit, and if not how much it differs.

use egui::{Align2, CornerRadius, Id, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo};

use super::theme;
use crate::dsp::decibel::gain_to_db;

/// `difference` is the peak of output minus delayed input, linear; `None` while nothing plays.
pub fn show(ui: &mut Ui, rect: Rect, difference: Option<f32>) {
    let palette = theme::palette(ui);
    let (label, hint) = words(difference);
    let response = ui.interact(rect, Id::unique("null light"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, ui.is_enabled(), hint));
    let nulls = difference == Some(0.0);
    let (fill, text) = match nulls {
        true => (palette.output, palette.lit_text),
        false => (palette.well, palette.faint_text),
    };
    let radius = CornerRadius::same(theme::SMALL_CORNER);
    let painter = ui.painter();
    painter.rect_filled(rect, radius, fill);
    painter.rect_stroke(
        rect,
        radius,
        Stroke::new(1.0, palette.edge),
        StrokeKind::Inside,
    );
    let font = theme::font((rect.height() * 0.46).clamp(10.5, 15.0));
    painter.text(rect.center(), Align2::CENTER_CENTER, label, font, text);
    response.on_hover_text(hint);
}

fn words(difference: Option<f32>) -> (String, &'static str) {
    match difference {
        None => ("Null –".into(), "Nothing plays"),
        Some(0.0) => (
            "= Input".into(),
            "The output is the delayed input, sample for sample",
        ),
        Some(peak) => (
            format!("Δ {:.0} dB", gain_to_db(peak)).replace('-', "−"),
            "Peak of what the output differs by from the delayed input, in dBFS",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_exact_null_is_called_one() {
        assert_eq!(words(Some(0.0)).0, "= Input");
        assert_eq!(words(Some(1e-7)).0, "Δ −140 dB");
        assert_eq!(words(Some(2.0)).0, "Δ 6 dB");
        assert_eq!(words(None).0, "Null –");
    }
}
