//! Colours, in a dark and a light set, and measures.
//!
//! Text keeps WCAG 2.2's contrast for level AA (4.5 : 1, section 1.4.3) to what it stands on, and
//! what is drawn keeps 3 : 1 (section 1.4.11); the tests measure it.

use crate::plugin::look::Theme;
use crate::stem::{NUM_STEMS, Stem};
use egui::{Color32, Context, CornerRadius, FontFamily, FontId, Stroke, TextStyle, Ui, Visuals};

/// The colours of a theme.
pub fn palette_of(theme: Theme) -> &'static Palette {
    match theme {
        Theme::Dark => &DARK,
        Theme::Light => &LIGHT,
    }
}

/// One set of colours.
pub struct Palette {
    /// Behind everything.
    pub background: Color32,
    /// A strip.
    pub panel: Color32,
    /// What lies deeper than a strip: meters, read-outs, buttons that are off.
    pub well: Color32,
    /// Lines that only divide.
    pub edge: Color32,
    /// The outline of what can be used.
    pub outline: Color32,
    pub text: Color32,
    pub faint_text: Color32,
    /// Text on a lit button.
    pub lit_text: Color32,
    pub output: Color32,
    pub solo: Color32,
    pub mute: Color32,
    pub bypass: Color32,
    pub clip: Color32,
    pub warning: Color32,
    /// Indexed by stem.
    stems: [Color32; NUM_STEMS],
}

impl Palette {
    pub fn stem(&self, stem: Stem) -> Color32 {
        self.stems[stem as usize]
    }
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

static DARK: Palette = Palette {
    background: rgb(0x14161b),
    panel: rgb(0x1d2028),
    well: rgb(0x101216),
    edge: rgb(0x303540),
    outline: rgb(0x697183),
    text: rgb(0xe6e9ef),
    faint_text: rgb(0x9aa2b1),
    lit_text: rgb(0x14161b),
    output: rgb(0xc3cbdb),
    solo: rgb(0xf2cf4a),
    mute: rgb(0xf0706a),
    bypass: rgb(0xf09a3e),
    clip: rgb(0xff4d4d),
    warning: rgb(0xf2b35a),
    stems: stems(0xf2a13d, 0x4da8f5, 0x63c98b, 0xf06a9b),
};

static LIGHT: Palette = Palette {
    background: rgb(0xe4e7ec),
    panel: rgb(0xfbfcfd),
    well: rgb(0xeceff3),
    edge: rgb(0xcdd2da),
    outline: rgb(0x788090),
    text: rgb(0x1a1d24),
    faint_text: rgb(0x505967),
    lit_text: rgb(0xffffff),
    output: rgb(0x4a5365),
    solo: rgb(0x7c6000),
    mute: rgb(0xc22f2b),
    bypass: rgb(0xa34a00),
    clip: rgb(0xd01919),
    warning: rgb(0x8f4a00),
    stems: stems(0xb35900, 0x1667b3, 0x1f7a48, 0xbf2463),
};

/// In the order of [`Stem`].
const fn stems(drums: u32, bass: u32, other: u32, vocals: u32) -> [Color32; NUM_STEMS] {
    let mut all = [Color32::BLACK; NUM_STEMS];
    all[Stem::Drums as usize] = rgb(drums);
    all[Stem::Bass as usize] = rgb(bass);
    all[Stem::Other as usize] = rgb(other);
    all[Stem::Vocals as usize] = rgb(vocals);
    all
}

/// All measures in logical pixels.
pub const MARGIN: f32 = 12.0;
pub const GAP: f32 = 8.0;
pub const HEADER_HEIGHT: f32 = 32.0;
pub const TOOLBAR_HEIGHT: f32 = 28.0;
pub const MODEL_HEIGHT: f32 = 28.0;
pub const STATUS_HEIGHT: f32 = 20.0;
pub const CORNER: u8 = 6;
pub const SMALL_CORNER: u8 = 4;

/// What a strip without anything to play is multiplied with.
pub const DIMMED: f32 = 0.4;

/// The colours that the window wears.
pub fn palette(ui: &Ui) -> &'static Palette {
    palette_of(match ui.visuals().dark_mode {
        true => Theme::Dark,
        false => Theme::Light,
    })
}

pub fn font(size: f32) -> FontId {
    FontId::new(size, FontFamily::Proportional)
}

/// The frame around what the keyboard is on.
pub fn focus_ring(ui: &Ui, response: &egui::Response) {
    if response.has_focus() {
        let ring = Stroke::new(1.5, palette(ui).text);
        ui.painter().rect_stroke(
            response.rect.expand(2.0),
            CornerRadius::same(CORNER),
            ring,
            egui::StrokeKind::Outside,
        );
    }
}

/// Sets egui's own widgets to the same look.
pub fn apply(context: &Context, theme: Theme) {
    let palette = palette_of(theme);
    let (egui_theme, mut visuals) = match theme {
        Theme::Dark => (egui::Theme::Dark, Visuals::dark()),
        Theme::Light => (egui::Theme::Light, Visuals::light()),
    };
    visuals.panel_fill = palette.background;
    visuals.window_fill = palette.panel;
    visuals.window_stroke = Stroke::new(1.0, palette.edge);
    visuals.extreme_bg_color = palette.well;
    visuals.override_text_color = Some(palette.text);
    visuals.weak_text_color = Some(palette.faint_text);
    visuals.selection.bg_fill = palette.edge;
    visuals.selection.stroke = Stroke::new(1.0, palette.text);
    let radius = CornerRadius::same(SMALL_CORNER);
    for widget in [
        &mut visuals.widgets.inactive,
        &mut visuals.widgets.hovered,
        &mut visuals.widgets.active,
        &mut visuals.widgets.open,
    ] {
        widget.corner_radius = radius;
        widget.bg_fill = palette.well;
        widget.weak_bg_fill = palette.panel;
        widget.bg_stroke = Stroke::new(1.0, palette.outline);
    }
    for widget in [&mut visuals.widgets.hovered, &mut visuals.widgets.active] {
        widget.bg_stroke = Stroke::new(1.0, palette.text);
    }
    context.set_theme(egui_theme);
    context.set_visuals_of(egui_theme, visuals);
    context.all_styles_mut(|style| {
        for text_style in [TextStyle::Body, TextStyle::Button] {
            style.text_styles.insert(text_style, font(13.0));
        }
        // The editor draws its own text; none of it is there to be marked and copied.
        style.interaction.selectable_labels = false;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of WCAG 2.2.
    fn luminance(colour: Color32) -> f64 {
        let [r, g, b] = [colour.r(), colour.g(), colour.b()].map(|value| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn contrast_is_that_of_the_standard() {
        assert!((contrast(Color32::WHITE, Color32::BLACK) - 21.0).abs() < 1e-9);
        // The best known grey on white.
        assert!((contrast(rgb(0x767676), Color32::WHITE) - 4.54).abs() < 0.01);
    }

    #[test]
    fn text_can_be_read() {
        for theme in Theme::ALL {
            let palette = palette_of(theme);
            for text in [palette.text, palette.faint_text, palette.warning] {
                for ground in [palette.background, palette.panel, palette.well] {
                    let contrast = contrast(text, ground);
                    assert!(
                        contrast >= 4.5,
                        "{theme:?}: {text:?} on {ground:?} {contrast}"
                    );
                }
            }
            for lit in [palette.solo, palette.mute, palette.bypass, palette.output] {
                let contrast = contrast(palette.lit_text, lit);
                assert!(contrast >= 4.5, "{theme:?}: text on {lit:?} {contrast}");
            }
        }
    }

    #[test]
    fn what_is_drawn_can_be_seen() {
        for theme in Theme::ALL {
            let palette = palette_of(theme);
            let stems = Stem::ALL.map(|stem| palette.stem(stem));
            for drawn in [palette.outline, palette.clip, palette.output]
                .into_iter()
                .chain(stems)
            {
                for ground in [palette.background, palette.panel, palette.well] {
                    let contrast = contrast(drawn, ground);
                    assert!(
                        contrast >= 3.0,
                        "{theme:?}: {drawn:?} on {ground:?} {contrast}"
                    );
                }
            }
        }
    }
}
