//! Whose energy is it? The mix as a spectrogram that moves with the sound, coloured by stem.
//!
//! Brightness is the mix's level in a band, and the colour is mixed of the stems' by their share. The
//! picture lives in one texture that is written round and round.

use egui::{
    Align2, Color32, ColorImage, CornerRadius, Id, Rect, Role, Sense, TextureHandle,
    TextureOptions, TextureWrapMode, Ui, WidgetInfo, pos2, vec2,
};

use super::theme::{self, Palette};
use crate::plugin::look::Theme;
use crate::plugin::params::DISPLAY_ORDER;
use crate::separators::{NUM_ENERGY_BANDS, StemEnergy};
use crate::stem::{NUM_STEMS, Stem};

/// Time that the picture reaches back, and that one of its columns lasts, in seconds.
const SPAN_SECONDS: f32 = 8.0;
const NUM_COLUMNS: usize = 512;
const COLUMN_SECONDS: f32 = SPAN_SECONDS / NUM_COLUMNS as f32;

/// Levels that are black and fully lit, in dB of a band's energy: a full-scale sine has about 57 dB
/// in a window of 2048 samples.
const DARK_DB: f32 = -22.0;
const BRIGHT_DB: f32 = 46.0;

/// How strongly the loudest stem of a band carries its colour.
const DOMINANCE: f32 = 1.5;

/// Frequencies that the scale names, in Hz.
const TICKS_HZ: [(f64, &str); 3] = [(100.0, "100"), (1_000.0, "1k"), (10_000.0, "10k")];

const MARGIN: f32 = 6.0;

/// Room for the scale, in logical pixels.
const SCALE_WIDTH: f32 = 26.0;

/// Below this, a band may be narrower than a bin and hold none, at any rate and window.
const NARROW_BANDS_HZ: f64 = 500.0;

/// What the picture shows, and what it was made of.
pub struct StemPicture {
    /// Ring of columns, the oldest at `next`.
    columns: Vec<StemEnergy>,
    next: usize,
    /// Energies that wait to become a column, and the time that they lasted, in seconds.
    waiting: StemEnergy,
    waiting_seconds: f32,
    waiting_hops: u32,
    texture: Option<TextureHandle>,
    /// Columns before `next` that the texture lacks.
    num_new: usize,
    drawn_theme: Option<Theme>,
    edges_hz: [f64; NUM_ENERGY_BANDS + 1],
}

impl Default for StemPicture {
    fn default() -> Self {
        Self {
            columns: vec![StemEnergy::SILENCE; NUM_COLUMNS],
            next: 0,
            waiting: StemEnergy::SILENCE,
            waiting_seconds: 0.0,
            waiting_hops: 0,
            texture: None,
            num_new: 0,
            drawn_theme: None,
            edges_hz: StemEnergy::edges_hz(),
        }
    }
}

impl StemPicture {
    /// Adds the energies of a hop that lasts `seconds`.
    pub fn push(&mut self, energy: &StemEnergy, seconds: f32) {
        let pairs = self.waiting.bands.iter_mut().zip(&energy.bands);
        for (waiting, energy) in pairs.flat_map(|(w, e)| w.iter_mut().zip(e)) {
            *waiting += energy;
        }
        self.waiting_hops += 1;
        self.waiting_seconds += seconds;
        if self.waiting_seconds < COLUMN_SECONDS {
            return;
        }
        let hops = self.waiting_hops as f32;
        for energy in self.waiting.bands.iter_mut().flatten() {
            *energy /= hops;
        }
        self.fill_narrow_bands();
        // A hop longer than a column fills several.
        while self.waiting_seconds >= COLUMN_SECONDS {
            self.waiting_seconds -= COLUMN_SECONDS;
            self.columns[self.next] = self.waiting.clone();
            self.next = (self.next + 1) % NUM_COLUMNS;
            self.num_new = (self.num_new + 1).min(NUM_COLUMNS);
        }
        self.waiting = StemEnergy::SILENCE;
        self.waiting_hops = 0;
    }

    /// Gives a band without a bin of its own what lies below it, so that the bass has no gaps.
    fn fill_narrow_bands(&mut self) {
        for band in 1..NUM_ENERGY_BANDS {
            let is_narrow = self.edges_hz[band + 1] < NARROW_BANDS_HZ;
            if is_narrow && self.waiting.bands.iter().all(|bands| bands[band] == 0.0) {
                for bands in &mut self.waiting.bands {
                    bands[band] = bands[band - 1];
                }
            }
        }
    }

    /// Draws the picture over `rect`.
    pub fn show(&mut self, ui: &mut Ui, rect: Rect, theme: Theme) {
        let palette = theme::palette_of(theme);
        let response = ui.interact(rect, Id::unique("whose energy"), Sense::hover());
        let label = "Spectrogram of the mix, coloured by stem";
        response.widget_info(|| WidgetInfo::labeled(Role::Image, ui.is_enabled(), label));
        let painter = ui.painter();
        let radius = CornerRadius::same(theme::CORNER);
        painter.rect_filled(rect, radius, palette.panel);
        let inner = rect.shrink(MARGIN);
        let inner = inner.with_min_x(inner.left() + SCALE_WIDTH);
        painter.rect_filled(inner, CornerRadius::ZERO, palette.well);
        self.update_texture(ui, theme);
        if let Some(texture) = &self.texture {
            // The oldest column comes first; the texture repeats itself.
            let start = self.next as f32 / NUM_COLUMNS as f32;
            let uv = Rect::from_min_max(pos2(start, 0.0), pos2(start + 1.0, 1.0));
            painter.image(texture.id(), inner, uv, Color32::WHITE);
        }
        for (hz, name) in TICKS_HZ {
            let y = inner.bottom() - height_of(&self.edges_hz, hz) * inner.height();
            painter.hline(
                inner.left() - 4.0..=inner.left(),
                y,
                egui::Stroke::new(1.0, palette.faint_text),
            );
            painter.text(
                pos2(inner.left() - 6.0, y),
                Align2::RIGHT_CENTER,
                name,
                theme::font(9.5),
                palette.faint_text,
            );
        }
        if let Some(at) = response.hover_pos().filter(|at| inner.contains(*at)) {
            let right = (at.x - inner.left()) / inner.width();
            let up = (inner.bottom() - at.y) / inner.height();
            painter.vline(
                at.x,
                inner.y_range(),
                egui::Stroke::new(1.0, palette.outline),
            );
            let text = self.describe(right, up);
            response.on_hover_text_at_pointer(text);
        }
    }

    /// What is there, `right` and `up` from the picture's lower left corner (0 to 1).
    fn describe(&self, right: f32, up: f32) -> String {
        let place = |share: f32, count: usize| ((share * count as f32) as usize).min(count - 1);
        let band = place(up, NUM_ENERGY_BANDS);
        let column = place(right, NUM_COLUMNS);
        let energy = &self.columns[(self.next + column) % NUM_COLUMNS];
        let ago = (1.0 - right) * SPAN_SECONDS;
        let from_hz = self.edges_hz[band];
        let to_hz = self.edges_hz[band + 1];
        let mut text = format!("{from_hz:.0} to {to_hz:.0} Hz, {ago:.1} s ago");
        let total: f32 = energy.bands.iter().map(|bands| bands[band]).sum();
        if total <= 0.0 {
            return text + "\nsilence";
        }
        for stem in DISPLAY_ORDER {
            let percent = energy.bands[stem as usize][band] / total * 100.0;
            text += &format!("\n{} {percent:.0} %", stem.title());
        }
        text
    }

    fn update_texture(&mut self, ui: &Ui, theme: Theme) {
        let options = TextureOptions {
            wrap_mode: TextureWrapMode::Repeat,
            ..TextureOptions::LINEAR
        };
        let is_same_theme = self.drawn_theme == Some(theme);
        self.drawn_theme = Some(theme);
        match &mut self.texture {
            Some(texture) if is_same_theme => {
                // The new columns end before `next`; they may go over the texture's end.
                while self.num_new > 0 {
                    let end = match self.next {
                        0 => NUM_COLUMNS,
                        next => next,
                    };
                    let start = (self.next + NUM_COLUMNS - self.num_new) % NUM_COLUMNS;
                    let stop = if start < end { end } else { NUM_COLUMNS };
                    let image = picture_of(&self.columns[start..stop], theme);
                    texture.set_partial([start, 0], image, options);
                    self.num_new -= stop - start;
                }
            }
            _ => {
                let image = picture_of(&self.columns, theme);
                let texture = ui.ctx().load_texture("whose energy", image, options);
                self.texture = Some(texture);
                self.num_new = 0;
            }
        }
    }
}

/// Share of the picture's height below a frequency.
fn height_of(edges: &[f64; NUM_ENERGY_BANDS + 1], hz: f64) -> f32 {
    let (low, high) = (edges[1], edges[NUM_ENERGY_BANDS]);
    let bands = NUM_ENERGY_BANDS as f64;
    let share = (hz / low).log2() / (high / low).log2();
    ((1.0 + share * (bands - 1.0)) / bands) as f32
}

/// The columns as an image, the lowest band at the bottom.
fn picture_of(columns: &[StemEnergy], theme: Theme) -> ColorImage {
    let palette = theme::palette_of(theme);
    let size = [columns.len(), NUM_ENERGY_BANDS];
    let pixels = (0..NUM_ENERGY_BANDS).rev().flat_map(|band| {
        columns.iter().map(move |column| {
            let energies = std::array::from_fn(|stem| column.bands[stem][band]);
            colour_of(&energies, palette)
        })
    });
    let source_size = vec2(size[0] as f32, size[1] as f32);
    ColorImage {
        size,
        source_size,
        pixels: pixels.collect(),
    }
}

/// The colour of a band's energies, indexed by stem.
fn colour_of(energies: &[f32; NUM_STEMS], palette: &Palette) -> Color32 {
    let total: f32 = energies.iter().sum();
    let light = (10.0 * total.log10() - DARK_DB) / (BRIGHT_DB - DARK_DB);
    let light = light.clamp(0.0, 1.0);
    if light.is_nan() || light == 0.0 {
        return palette.well;
    }
    let weights = energies.map(|energy| (energy / total).powf(DOMINANCE));
    let sum: f32 = weights.iter().sum();
    let mixed = Stem::ALL.map(|stem| {
        let weight = weights[stem as usize] / sum;
        let [r, g, b, _] = palette.stem(stem).to_array();
        [r, g, b].map(|value| weight * f32::from(value))
    });
    let ground = palette.well.to_array();
    let [r, g, b] = std::array::from_fn(|part| {
        let colour: f32 = mixed.iter().map(|stem| stem[part]).sum();
        let ground = f32::from(ground[part]);
        (ground + (colour - ground) * light).round() as u8
    });
    Color32::from_rgb(r, g, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn energy(stem: Stem, band: usize, value: f32) -> StemEnergy {
        let mut energy = StemEnergy::SILENCE;
        energy.bands[stem as usize][band] = value;
        energy
    }

    #[test]
    fn a_band_has_the_colour_of_its_stem_and_silence_none() {
        for theme in Theme::ALL {
            let palette = theme::palette_of(theme);
            for stem in Stem::ALL {
                let mut energies = [0.0; NUM_STEMS];
                energies[stem as usize] = 1e6;
                assert_eq!(colour_of(&energies, palette), palette.stem(stem));
            }
            assert_eq!(colour_of(&[0.0; NUM_STEMS], palette), palette.well);
            assert_eq!(colour_of(&[f32::NAN; NUM_STEMS], palette), palette.well);
        }
    }

    #[test]
    fn hops_of_any_length_fill_the_same_time() {
        for hop_seconds in [0.001, 0.0058, 0.0116, 0.05] {
            let mut picture = StemPicture::default();
            let hops = (4.0 / hop_seconds) as usize;
            for _ in 0..hops {
                picture.push(&energy(Stem::Bass, 3, 8.0), hop_seconds);
            }
            let filled =
                |column: &&StemEnergy| (column.bands[Stem::Bass as usize][3] - 8.0).abs() < 1e-3;
            let filled = picture.columns.iter().filter(filled).count();
            assert!(
                filled.abs_diff(NUM_COLUMNS / 2) <= 3,
                "{hop_seconds}: {filled}"
            );
        }
    }

    #[test]
    fn only_the_bass_has_bands_without_bins() {
        let mut picture = StemPicture::default();
        picture.push(&energy(Stem::Bass, 10, 5.0), COLUMN_SECONDS);
        let bass = picture.columns[0].bands[Stem::Bass as usize];
        assert_eq!(bass[9..12], [0.0, 5.0, 5.0]);
        let mut picture = StemPicture::default();
        picture.push(&energy(Stem::Bass, 40, 5.0), COLUMN_SECONDS);
        let bass = picture.columns[0].bands[Stem::Bass as usize];
        assert_eq!(bass[39..42], [0.0, 5.0, 0.0]);
    }

    #[test]
    fn the_pointer_is_told_what_lies_there() {
        let mut picture = StemPicture::default();
        let mut mixed = energy(Stem::Vocals, 20, 3.0);
        mixed.bands[Stem::Drums as usize][20] = 1.0;
        picture.push(&mixed, COLUMN_SECONDS);
        let text = picture.describe(0.9999, 20.5 / NUM_ENERGY_BANDS as f32);
        assert!(
            text.contains("Vocals 75 %") && text.contains("Drums 25 %"),
            "{text}"
        );
        assert!(picture.describe(0.5, 0.5).contains("silence"));
    }

    #[test]
    fn the_scale_fits_the_bands() {
        let edges = StemEnergy::edges_hz();
        for (edge, hz) in edges.iter().enumerate().skip(1) {
            let want = edge as f32 / NUM_ENERGY_BANDS as f32;
            assert!((height_of(&edges, *hz) - want).abs() < 1e-4, "{hz} Hz");
        }
    }
}
