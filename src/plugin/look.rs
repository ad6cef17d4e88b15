//! How the editor looks to this user: theme and zoom. A state holds it.

use serde::{Deserialize, Serialize};

/// Which set of colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    #[default]
    Dark,
    Light,
}

impl Theme {
    pub const ALL: [Theme; 2] = [Theme::Dark, Theme::Light];

    pub fn title(self) -> &'static str {
        match self {
            Theme::Dark => "Dark",
            Theme::Light => "Light",
        }
    }
}

/// The zooms that the editor offers: what the system makes of a logical pixel is multiplied by it.
pub const ZOOMS: [f32; 6] = [1.0, 1.25, 1.5, 2.0, 2.5, 3.0];

/// As the user chose it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Look {
    /// Of this field's layout, for the day it changes.
    version: u32,
    theme: Theme,
    zoom: f32,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            version: 1,
            theme: Theme::default(),
            zoom: 1.0,
        }
    }
}

impl Look {
    pub fn theme(self) -> Theme {
        self.theme
    }

    /// Within what the editor offers, whatever a state holds.
    pub fn zoom(self) -> f32 {
        if self.zoom.is_finite() {
            self.zoom.clamp(ZOOMS[0], ZOOMS[ZOOMS.len() - 1])
        } else {
            1.0
        }
    }

    pub fn with_theme(self, theme: Theme) -> Self {
        Self { theme, ..self }
    }

    pub fn with_zoom(self, zoom: f32) -> Self {
        Self { zoom, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_stored_zoom_can_be_shown() {
        let zoom = |zoom| Look::default().with_zoom(zoom).zoom();
        assert_eq!(zoom(1.5), 1.5);
        assert_eq!(zoom(-3.0), 1.0);
        assert_eq!(zoom(1e9), 3.0);
        assert_eq!(zoom(f32::NAN), 1.0);
    }

    #[test]
    fn what_a_state_leaves_out_is_as_in_a_new_one() {
        let look: Look = serde_json::from_str(r#"{"theme":"light"}"#).expect("it is plain data");
        assert_eq!(look, Look::default().with_theme(Theme::Light));
    }
}
