//! The line below the header: presets, undo, A and B; theme, size and what this is.

use egui::{Align, Button, Id, Key, KeyboardShortcut, Layout, Modifiers, RichText, Ui, vec2};

use super::compare::Slot;
use super::hand::Hand;
use super::history::Direction;
use super::mix_settings::MixSettings;
use super::preset_menu::PresetMenu;
use super::theme;
use super::toggle::Toggle;
use crate::plugin::look::{Look, Theme, ZOOMS};

const UNDO: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Z);
const REDO: KeyboardShortcut =
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z);
const REDO_TOO: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Y);

/// What the user asked for here.
#[derive(Default)]
pub struct Asked {
    pub look: Option<Look>,
    pub about: bool,
    /// What could not be done; one sentence.
    pub problem: Option<String>,
}

pub fn show(ui: &mut Ui, presets: &mut PresetMenu, hand: &Hand, look: Look) -> Asked {
    let mut asked = Asked::default();
    follow_shortcuts(ui, hand);
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        asked.about = ui
            .button("About")
            .on_hover_text("Version, licences, and whose sounds the networks learned from")
            .clicked();
        asked.look = choose_look(ui, look);
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            asked.problem = presets.show(ui, hand);
            ui.add_space(theme::GAP * 0.5);
            show_history(ui, hand);
            ui.add_space(theme::GAP * 0.5);
            show_compare(ui, hand);
        });
    });
    asked
}

fn follow_shortcuts(ui: &Ui, hand: &Hand) {
    // While a level is typed, the field takes its own back.
    if ui.ctx().text_edit_focused() {
        return;
    }
    // The longer one first: it contains the shorter one.
    for (shortcut, direction) in [
        (REDO, Direction::Redo),
        (REDO_TOO, Direction::Redo),
        (UNDO, Direction::Undo),
    ] {
        if ui.input_mut(|input| input.consume_shortcut(&shortcut)) {
            hand.step(direction);
        }
    }
}

fn show_history(ui: &mut Ui, hand: &Hand) {
    for (direction, label, hint) in [
        (
            Direction::Undo,
            "Undo",
            "Take the last change back (Ctrl+Z)",
        ),
        (Direction::Redo, "Redo", "Do it again (Ctrl+Shift+Z)"),
    ] {
        let is_possible = hand.memory.borrow().history.can(direction);
        let button = ui.add_enabled(is_possible, Button::new(label));
        if button.on_hover_text(hint).clicked() {
            hand.step(direction);
        }
    }
}

fn show_compare(ui: &mut Ui, hand: &Hand) {
    let heard = hand.memory.borrow().compare.heard();
    let palette = theme::palette(ui);
    for slot in [Slot::A, Slot::B] {
        let (rect, _) = ui.allocate_exact_size(vec2(26.0, 22.0), egui::Sense::hover());
        let toggle = Toggle {
            id: Id::unique(("slot", slot.title())),
            label: slot.title(),
            hint: "A and B: two settings of the mix to compare",
            colour: palette.output,
            is_on: slot == heard,
        };
        if toggle.show(ui, rect).clicked() && slot != heard {
            hand.switch_slot();
        }
    }
    let label = match heard {
        Slot::A => "A to B",
        Slot::B => "B to A",
    };
    let copy = ui.button(label);
    if copy
        .on_hover_text("Make the other one the same as what is heard")
        .clicked()
    {
        let here = MixSettings::of(hand.params);
        hand.memory.borrow_mut().compare.copy(here);
    }
}

fn choose_look(ui: &mut Ui, look: Look) -> Option<Look> {
    let mut chosen = look;
    let title = format!("{:.0} %", look.zoom() * 100.0);
    let menu = ui.menu_button(title, |ui| {
        ui.label(RichText::new("Size").color(theme::palette(ui).faint_text));
        for zoom in ZOOMS {
            let title = format!("{:.0} %", zoom * 100.0);
            if ui.selectable_label(look.zoom() == zoom, title).clicked() {
                chosen = chosen.with_zoom(zoom);
                ui.close();
            }
        }
        ui.separator();
        ui.label(RichText::new("Theme").color(theme::palette(ui).faint_text));
        for theme in Theme::ALL {
            if ui
                .selectable_label(look.theme() == theme, theme.title())
                .clicked()
            {
                chosen = chosen.with_theme(theme);
                ui.close();
            }
        }
    });
    menu.response.on_hover_text("Size and theme of this window");
    (chosen != look).then_some(chosen)
}
