//! The menu of presets, and the windows that save one and delete one.

use std::path::PathBuf;

use egui::{Button, ComboBox, Id, Key, Modal, RichText, TextEdit, Ui, Vec2, WidgetInfo};

use super::hand::Hand;
use super::mix_settings::MixSettings;
use super::presets::{self, PresetError};
use super::theme;

/// Room for the name of the preset, in logical pixels.
const NAME_WIDTH: f32 = 160.0;

/// Room to hit the cross of an entry, in logical pixels.
const CROSS: f32 = 18.0;

/// Of the open menu, before it scrolls.
const MENU_HEIGHT: f32 = 420.0;

/// What the menu holds between frames.
pub struct PresetMenu {
    /// Where the user's presets lie.
    folder: Result<PathBuf, PresetError>,
    /// Names of the user's presets, as they were when the menu was opened.
    saved: Vec<String>,
    is_open: bool,
    /// The name that is being typed, while one is.
    naming: Option<String>,
    /// The user's preset that is about to go, until that is confirmed.
    deleting: Option<String>,
}

impl PresetMenu {
    pub fn new(folder: Result<PathBuf, PresetError>) -> Self {
        Self {
            folder,
            saved: Vec::new(),
            is_open: false,
            naming: None,
            deleting: None,
        }
    }

    /// Draws the button and what hangs on it. Returns what could not be done, in one sentence.
    pub fn show(&mut self, ui: &mut Ui, hand: &Hand) -> Option<String> {
        let mix = MixSettings::of(hand.params);
        let title = title(&mix, hand.memory.borrow().preset.as_ref());
        let mut problem = None;
        let was_open = std::mem::take(&mut self.is_open);
        let menu = ComboBox::from_id_salt("preset")
            .width(NAME_WIDTH)
            .height(MENU_HEIGHT)
            .selected_text(&title)
            .show_ui(ui, |ui| {
                self.is_open = true;
                if !was_open && let Ok(folder) = &self.folder {
                    self.saved = presets::list(folder);
                }
                problem = self.show_entries(ui, hand, &title);
            });
        menu.response
            .on_hover_text("Presets: gains, solos, mutes and focus of the whole mix");
        problem
            .or(self.show_naming(ui, hand))
            .or(self.show_deleting(ui, hand))
    }

    fn show_entries(&mut self, ui: &mut Ui, hand: &Hand, title: &str) -> Option<String> {
        let mut problem = None;
        for (name, settings) in presets::BUILT_IN.iter() {
            if ui.selectable_label(title == *name, *name).clicked() {
                choose(hand, name, settings.clone());
            }
        }
        ui.separator();
        for name in &self.saved {
            let (chosen, deleted) = saved_entry(ui, title, name);
            if deleted {
                self.deleting = Some(name.clone());
            } else if chosen && let Ok(folder) = &self.folder {
                match presets::load(folder, name) {
                    Ok(settings) => choose(hand, name, settings),
                    Err(error) => problem = Some(error.to_string()),
                }
            }
        }
        if ui.selectable_label(false, "Save as…").clicked() {
            match &self.folder {
                Ok(_) => self.naming = Some(String::new()),
                Err(error) => problem = Some(error.to_string()),
            }
        }
        problem
    }

    fn show_naming(&mut self, ui: &Ui, hand: &Hand) -> Option<String> {
        let (Some(name), Ok(folder)) = (&mut self.naming, &self.folder) else {
            return None;
        };
        let (mut saves, mut gives_up) = (false, false);
        let modal = Modal::new(Id::unique("save a preset")).show(ui.ctx(), |ui| {
            ui.label(RichText::new("Save a preset").size(15.0).strong());
            ui.add_space(theme::GAP);
            let field = TextEdit::singleline(name)
                .hint_text("Name")
                .char_limit(presets::MAX_NAME)
                .desired_width(260.0);
            let field = ui.add(field);
            if !field.has_focus() && !field.lost_focus() {
                field.request_focus();
            }
            saves |= field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            let kept = presets::file_name(name);
            let is_taken = kept.as_ref().is_some_and(|kept| self.saved.contains(kept));
            ui.add_space(theme::GAP);
            ui.horizontal(|ui| {
                let label = if is_taken { "Replace" } else { "Save" };
                saves |= ui.add_enabled(kept.is_some(), Button::new(label)).clicked();
                gives_up |= ui.button("Cancel").clicked();
            });
            let hint = format!("In {}", folder.display());
            let faint = theme::palette(ui).faint_text;
            ui.label(RichText::new(hint).size(11.0).color(faint));
        });
        if gives_up || modal.should_close() {
            self.naming = None;
            return None;
        }
        // Return on an empty name leaves the window open.
        let name = presets::file_name(name).filter(|_| saves)?;
        self.naming = None;
        let mix = MixSettings::of(hand.params);
        match presets::save(folder, &name, &mix) {
            Ok(()) => {
                hand.memory.borrow_mut().preset = Some((name, mix));
                None
            }
            Err(error) => Some(error.to_string()),
        }
    }

    fn show_deleting(&mut self, ui: &Ui, hand: &Hand) -> Option<String> {
        let (Some(name), Ok(folder)) = (&self.deleting, &self.folder) else {
            return None;
        };
        let (mut deletes, mut gives_up) = (false, false);
        let modal = Modal::new(Id::unique("delete a preset")).show(ui.ctx(), |ui| {
            ui.label(
                RichText::new(format!("Delete “{name}”?"))
                    .size(15.0)
                    .strong(),
            );
            ui.add_space(theme::GAP);
            ui.label("The mix stays as it is; the file is gone for good.");
            ui.add_space(theme::GAP);
            ui.horizontal(|ui| {
                deletes |= ui.button("Delete").clicked();
                gives_up |= ui.button("Cancel").clicked();
            });
        });
        if gives_up || modal.should_close() {
            self.deleting = None;
            return None;
        }
        let name = self.deleting.take_if(|_| deletes)?;
        match presets::delete(folder, &name) {
            Ok(()) => {
                let mut memory = hand.memory.borrow_mut();
                memory.preset.take_if(|(chosen, _)| *chosen == name);
                None
            }
            Err(error) => Some(error.to_string()),
        }
    }
}

/// An entry of the user's own. Returns whether it and whether its cross was clicked.
fn saved_entry(ui: &mut Ui, title: &str, name: &str) -> (bool, bool) {
    ui.horizontal(|ui| {
        let label = format!("Delete “{name}”");
        let cross = Button::new("×").frame(false).min_size(Vec2::splat(CROSS));
        let cross = ui.add(cross).on_hover_text(&label);
        cross.widget_info(|| WidgetInfo::labeled(egui::Role::Button, ui.is_enabled(), &label));
        let chosen = ui.selectable_label(title == name, name).clicked();
        (chosen, cross.clicked())
    })
    .inner
}

fn choose(hand: &Hand, name: &str, settings: MixSettings) {
    hand.take_on(&settings);
    hand.memory.borrow_mut().preset = Some((name.to_owned(), settings));
}

/// What the mix is called: its preset, that preset changed, or one that it happens to be.
fn title(mix: &MixSettings, chosen: Option<&(String, MixSettings)>) -> String {
    if let Some((name, settings)) = chosen
        && settings.is_like(mix)
    {
        return name.clone();
    }
    let same = presets::BUILT_IN
        .iter()
        .find(|(_, settings)| settings.is_like(mix));
    match (same, chosen) {
        (Some((name, _)), _) => (*name).to_owned(),
        (None, Some((name, _))) => format!("{name} *"),
        (None, None) => String::from("Own mix"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_is_called_by_its_preset_until_it_changes() {
        let mut mix = MixSettings::default();
        assert_eq!(title(&mix, None), "Unity");
        mix.vocals.mute = true;
        assert_eq!(title(&mix, None), "Karaoke");
        let mine = ("Mine".to_owned(), mix.clone());
        assert_eq!(title(&mix, Some(&mine)), "Mine");
        mix.bass.gain_db = 1.5;
        assert_eq!(title(&mix, Some(&mine)), "Mine *");
        assert_eq!(title(&mix, None), "Own mix");
    }
}
