//! Colours and measures.

use egui::{Color32, Context, CornerRadius, FontFamily, FontId, Stroke, TextStyle, Visuals};

use crate::stem::Stem;

pub const BACKGROUND: Color32 = Color32::from_rgb(0x14, 0x16, 0x1b);
pub const PANEL: Color32 = Color32::from_rgb(0x1d, 0x20, 0x28);
pub const WELL: Color32 = Color32::from_rgb(0x10, 0x12, 0x16);
pub const EDGE: Color32 = Color32::from_rgb(0x30, 0x35, 0x40);
pub const TEXT: Color32 = Color32::from_rgb(0xe6, 0xe9, 0xef);
pub const FAINT_TEXT: Color32 = Color32::from_rgb(0x93, 0x9b, 0xaa);
pub const OUTPUT: Color32 = Color32::from_rgb(0xc3, 0xcb, 0xdb);
pub const SOLO: Color32 = Color32::from_rgb(0xf2, 0xcf, 0x4a);
pub const MUTE: Color32 = Color32::from_rgb(0xe8, 0x5d, 0x5d);
pub const BYPASS: Color32 = Color32::from_rgb(0xf0, 0x9a, 0x3e);
pub const CLIP: Color32 = Color32::from_rgb(0xff, 0x4d, 0x4d);
pub const WARNING: Color32 = Color32::from_rgb(0xf2, 0xb3, 0x5a);

/// All measures in logical pixels.
pub const MARGIN: f32 = 12.0;
pub const GAP: f32 = 8.0;
pub const HEADER_HEIGHT: f32 = 34.0;
pub const MODEL_HEIGHT: f32 = 28.0;
pub const STATUS_HEIGHT: f32 = 20.0;
pub const CORNER: f32 = 6.0;

/// What a strip without anything to play is multiplied with.
pub const DIMMED: f32 = 0.4;

pub fn stem_colour(stem: Stem) -> Color32 {
    match stem {
        Stem::Vocals => Color32::from_rgb(0xf0, 0x6a, 0x9b),
        Stem::Drums => Color32::from_rgb(0xf2, 0xa1, 0x3d),
        Stem::Bass => Color32::from_rgb(0x4d, 0xa8, 0xf5),
        Stem::Other => Color32::from_rgb(0x63, 0xc9, 0x8b),
    }
}

pub fn font(size: f32) -> FontId {
    FontId::new(size, FontFamily::Proportional)
}

/// Sets egui's own widgets to the same look. Once a window.
pub fn apply(context: &Context) {
    let mut visuals = Visuals::dark();
    visuals.panel_fill = BACKGROUND;
    visuals.window_fill = PANEL;
    visuals.extreme_bg_color = WELL;
    visuals.override_text_color = Some(TEXT);
    visuals.selection.bg_fill = EDGE;
    visuals.selection.stroke = Stroke::new(1.0, TEXT);
    let radius = CornerRadius::same(4);
    for widget in [
        &mut visuals.widgets.inactive,
        &mut visuals.widgets.hovered,
        &mut visuals.widgets.active,
        &mut visuals.widgets.open,
    ] {
        widget.corner_radius = radius;
        widget.weak_bg_fill = PANEL;
        widget.bg_stroke = Stroke::new(1.0, EDGE);
    }
    visuals.widgets.hovered.bg_stroke = Stroke::new(1.0, FAINT_TEXT);
    context.set_theme(egui::Theme::Dark);
    context.set_visuals_of(egui::Theme::Dark, visuals);
    context.all_styles_mut(|style| {
        for text_style in [TextStyle::Body, TextStyle::Button] {
            style.text_styles.insert(text_style, font(13.0));
        }
        // The editor draws its own text; none of it is there to be marked and copied.
        style.interaction.selectable_labels = false;
    });
}
