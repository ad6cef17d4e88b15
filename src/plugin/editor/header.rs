//! The top line: name, mode, where the stem outputs are taken, latency, bypass.

use egui::{Align, Align2, ComboBox, Id, Layout, Rect, RichText, Ui, vec2};
use nice_plug::params::EnumParam;
use nice_plug::prelude::{Enum, Param, ParamSetter};

use super::theme;
use super::toggle::Toggle;
use crate::plugin::params::ClassParams;
use crate::plugin::playing::NowPlaying;

const BYPASS_SIZE: egui::Vec2 = vec2(76.0, 26.0);
const MODE_WIDTH: f32 = 160.0;
const STEM_OUTPUTS_WIDTH: f32 = 92.0;

pub fn show(ui: &mut Ui, params: &dyn ClassParams, setter: &ParamSetter, now: NowPlaying) {
    let palette = theme::palette(ui);
    let area = ui.max_rect();
    let rect = Rect::from_center_size(
        area.right_center() - vec2(BYPASS_SIZE.x / 2.0, 0.0),
        BYPASS_SIZE,
    );
    let common = params.common();
    let is_on = common.bypass.unmodulated_plain_value();
    let bypass = Toggle {
        id: Id::unique("bypass"),
        label: "Bypass",
        hint: "Bypass: the delayed input as it is",
        colour: palette.bypass,
        is_on,
    };
    if bypass.show(ui, rect).clicked() {
        setter.begin_set_parameter(&common.bypass);
        setter.set_parameter(&common.bypass, !is_on);
        setter.end_set_parameter(&common.bypass);
    }
    ui.painter().text(
        rect.left_center() - vec2(theme::GAP * 1.5, 0.0),
        Align2::RIGHT_CENTER,
        latency_text(now),
        theme::font(12.5),
        palette.faint_text,
    );
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        ui.label(RichText::new("Unbraid").size(20.0).strong());
        ui.add_space(theme::GAP);
        let hint = "What separates. Another mode may have another latency.";
        choose(ui, &common.mode, MODE_WIDTH, hint, setter);
        if let Some(stem_outputs) = params.stem_outputs() {
            ui.label(RichText::new("Stem outputs").color(palette.faint_text));
            let hint = "Where the stem outputs are taken: before or after gain, solo and mute";
            choose(ui, stem_outputs, STEM_OUTPUTS_WIDTH, hint, setter);
        }
    });
}

/// A menu of an enum parameter's values.
fn choose<T: Enum + PartialEq + 'static>(
    ui: &mut Ui,
    param: &EnumParam<T>,
    width: f32,
    hint: &str,
    setter: &ParamSetter,
) {
    let current = param.unmodulated_plain_value().to_index();
    let menu = ComboBox::from_id_salt(param.name())
        .width(width)
        .selected_text(T::variants()[current])
        .show_ui(ui, |ui| {
            for (index, &name) in T::variants().iter().enumerate() {
                let response = ui.selectable_label(index == current, name);
                if response.clicked() && index != current {
                    setter.begin_set_parameter(param);
                    setter.set_parameter(param, T::from_index(index));
                    setter.end_set_parameter(param);
                }
            }
        });
    menu.response.on_hover_text(hint);
}
fn latency_text(now: NowPlaying) -> String {
    if now.rate_hz > 0.0 {
        let latency_ms = now.latency_samples as f32 * 1000.0 / now.rate_hz;
        format!("{latency_ms:.1} ms  ·  {} samples", now.latency_samples)
    } else {
        // The host has not said at which rate it will play.
        String::from("–")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_is_told_in_both_units() {
        let mut now = NowPlaying {
            wanted_id: 1,
            chain_id: 1,
            latency_samples: 560,
            rate_hz: 48_000.0,
        };
        assert_eq!(latency_text(now), "11.7 ms  ·  560 samples");
        now.rate_hz = 0.0;
        assert_eq!(latency_text(now), "–");
    }
}
