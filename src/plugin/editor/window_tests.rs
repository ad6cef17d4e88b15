//! The whole editor at work without a window: clicks, drags and keys, and what the host hears of them.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use egui::{Event, Key, Modifiers, PointerButton, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use nice_plug::context::gui::{GuiContext, GuiContextInner};
use nice_plug::params::internals::ParamPtr;
use nice_plug::plugin::PluginState;
use nice_plug::prelude::{Param, PluginApi};
use nice_plug_egui::RepaintNotifier;

use super::app::App;
use super::preset_menu::PresetMenu;
use super::*;
use crate::plugin::params::{DISPLAY_ORDER, UnbraidParams};
use crate::stem::{NUM_STEMS, Stem};

/// A host that plays all the time: parameters follow at once.
#[derive(Default)]
struct TestHost {
    /// Begins and ends of gestures, `+` and `-`, with how many are open.
    gestures: Mutex<Vec<char>>,
}

impl GuiContextInner for TestHost {
    fn plugin_api(&self) -> PluginApi {
        PluginApi::Clap
    }

    unsafe fn raw_begin_set_parameter(&self, _param: ParamPtr) {
        lock(&self.gestures).push('+');
    }

    unsafe fn raw_set_parameter_normalized(&self, param: ParamPtr, normalized: f32) {
        // SAFETY: the editor holds the parameters, and this is called from it.
        unsafe { param._internal_set_normalized_value(normalized) };
    }

    unsafe fn raw_end_set_parameter(&self, _param: ParamPtr) {
        lock(&self.gestures).push('-');
    }

    fn get_state(&self) -> PluginState {
        unreachable!("the editor never asks for the state")
    }

    fn set_state(&self, _state: PluginState) {
        unreachable!("the editor never sets the state")
    }

    fn request_restart(&self) {
        unreachable!("the editor never asks for a restart")
    }
}

/// The editor in a window that nobody sees.
struct Bench {
    harness: Harness<'static>,
    params: Arc<UnbraidParams>,
    host: Arc<TestHost>,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let params = Arc::<UnbraidParams>::default();
        let host = Arc::<TestHost>::default();
        let folder = tempfile::tempdir().expect("a folder");
        let repaint = RepaintNotifier::new();
        let shared = Shared {
            params: params.clone(),
            builder: Arc::new(ChainBuilder::new(params.models.clone(), repaint.clone())),
            meters: Arc::new(Meters::new()),
            energies: Arc::new(EnergyView::new()),
            load: Arc::default(),
            playing: Arc::new(Playing::new()),
            repaint,
        };
        let (width, height) = EditorSize::DEFAULT.logical();
        let memory = Arc::<Mutex<RefCell<Memory>>>::default();
        let mut app = App::new(shared, memory, LogicalSize::new(width, height));
        app.preset_menu = PresetMenu::new(Ok(folder.path().to_owned()));
        let context = GuiContext::new(host.clone());
        let harness = Harness::builder()
            .with_size(vec2(width, height))
            .build_ui(move |ui| {
                let theme = app.look.theme();
                theme::apply(ui.ctx(), theme);
                app.draw(ui, &context);
            });
        Self {
            harness,
            params,
            host,
            folder,
        }
    }

    fn run(&mut self) {
        self.harness.run_steps(3);
    }

    fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.run();
    }

    fn click_with(&mut self, label: &str, modifiers: Modifiers) {
        self.harness.get_by_label(label).click_modifiers(modifiers);
        self.run();
    }

    fn press(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.run();
    }

    fn choose_preset(&mut self, shown: &str, name: &str) {
        self.harness.get_by_value(shown).click();
        self.run();
        self.click(name);
    }

    fn drag(&mut self, label: &str, by: egui::Vec2, button: PointerButton) {
        let from = self.harness.get_by_label(label).rect().center();
        let press = |at, pressed| Event::PointerButton {
            pos: at,
            button,
            pressed,
            modifiers: Modifiers::NONE,
        };
        let steps = 10;
        self.harness.event(Event::PointerMoved(from));
        self.harness.event(press(from, true));
        self.harness.step();
        for step in 1..=steps {
            let at = from + by * (step as f32 / steps as f32);
            self.harness.event(Event::PointerMoved(at));
            self.harness.step();
        }
        self.harness.event(press(from + by, false));
        self.run();
    }

    fn gain_db(&self, stem: Stem) -> f32 {
        self.params.stem(stem).gain.unmodulated_plain_value()
    }

    fn solos(&self) -> [bool; NUM_STEMS] {
        DISPLAY_ORDER.map(|stem| self.params.stem(stem).solo.unmodulated_plain_value())
    }

    fn mutes(&self) -> [bool; NUM_STEMS] {
        DISPLAY_ORDER.map(|stem| self.params.stem(stem).mute.unmodulated_plain_value())
    }
}

#[test]
fn a_dragged_knob_moves_its_gain_in_one_gesture_that_can_be_taken_back() {
    let mut bench = Bench::new();
    bench.drag("Vocals Gain", vec2(0.0, -40.0), PointerButton::Primary);
    let raised = bench.gain_db(Stem::Vocals);
    assert!(raised > 0.1, "{raised} dB");
    assert_eq!(bench.gain_db(Stem::Drums), 0.0);
    assert_eq!(*lock(&bench.host.gestures), ['+', '-']);
    bench.click("Undo");
    assert_eq!(bench.gain_db(Stem::Vocals), 0.0);
    bench.click("Redo");
    assert_eq!(bench.gain_db(Stem::Vocals), raised);
    bench.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(bench.gain_db(Stem::Vocals), 0.0);
    bench.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(bench.gain_db(Stem::Vocals), raised);
}

#[test]
fn focus_is_dragged_stepped_and_snaps_to_its_middle() {
    let mut bench = Bench::new();
    let focus = |bench: &Bench| bench.params.vocals_focus.focus.unmodulated_plain_value();
    bench.drag("Vocals Focus", vec2(30.0, 0.0), PointerButton::Primary);
    let strict = focus(&bench);
    assert!(strict > 5.0, "{strict} %");
    assert_eq!(*lock(&bench.host.gestures), ['+', '-']);
    bench.drag("Vocals Focus", vec2(-29.0, 0.0), PointerButton::Primary);
    assert_eq!(focus(&bench), 0.0);
    bench.harness.get_by_label("Vocals Focus").focus();
    bench.run();
    bench.press(Modifiers::NONE, Key::PageUp);
    assert!((focus(&bench) - 40.0).abs() < 1e-3, "{} %", focus(&bench));
}

#[test]
fn solo_and_mute_are_clicked_and_ctrl_click_solos_one_alone() {
    let mut bench = Bench::new();
    let solo = |name: &str| format!("{name} Solo (Ctrl-click: this one alone)");
    bench.click(&solo("Vocals"));
    bench.click(&solo("Bass"));
    assert_eq!(bench.solos(), [true, false, true, false]);
    bench.click_with(&solo("Drums"), Modifiers::COMMAND);
    assert_eq!(bench.solos(), [false, true, false, false]);
    bench.click("Undo");
    assert_eq!(bench.solos(), [true, false, true, false]);
    bench.click("Other Mute");
    assert_eq!(bench.mutes(), [false, false, false, true]);
    bench.click("Other Mute");
    assert_eq!(bench.mutes(), [false; NUM_STEMS]);
}

#[test]
fn the_keyboard_reaches_and_turns_the_knobs() {
    let mut bench = Bench::new();
    bench.harness.get_by_label("Drums Gain").focus();
    bench.run();
    bench.press(Modifiers::NONE, Key::ArrowDown);
    bench.press(Modifiers::NONE, Key::ArrowDown);
    let lowered = bench.gain_db(Stem::Drums);
    assert!((-1.3..=-1.0).contains(&lowered), "{lowered} dB");
    bench.harness.get_by_label("Bass Mute").focus();
    bench.run();
    bench.press(Modifiers::NONE, Key::Space);
    assert_eq!(bench.mutes(), [false, false, true, false]);
}

#[test]
fn a_level_can_be_typed_and_given_up() {
    let mut bench = Bench::new();
    let type_level = |bench: &mut Bench, text: &str, key| {
        bench.click("Bass Gain: type a level");
        bench.harness.event(Event::Text(text.into()));
        bench.run();
        bench.press(Modifiers::NONE, key);
    };
    type_level(&mut bench, "-7.5", Key::Enter);
    assert_eq!(bench.gain_db(Stem::Bass), -7.5);
    type_level(&mut bench, "loud", Key::Enter);
    assert_eq!(bench.gain_db(Stem::Bass), -7.5);
    type_level(&mut bench, "3", Key::Escape);
    assert_eq!(bench.gain_db(Stem::Bass), -7.5);
}

#[test]
fn a_preset_sets_the_whole_mix_and_a_and_b_keep_theirs() {
    let mut bench = Bench::new();
    bench.choose_preset("Unity", "Karaoke");
    assert_eq!(bench.mutes(), [true, false, false, false]);
    bench.click("A to B");
    bench.choose_preset("Karaoke", "Drums Solo");
    assert_eq!(bench.mutes(), [false; NUM_STEMS]);
    assert_eq!(bench.solos(), [false, true, false, false]);
    bench
        .harness
        .get_all_by_label(COMPARE)
        .nth(1)
        .expect("B")
        .click();
    bench.run();
    assert_eq!(bench.mutes(), [true, false, false, false]);
    bench.click("Undo");
    assert_eq!(bench.solos(), [false, true, false, false]);
    bench.click("Undo");
    assert_eq!(bench.mutes(), [true, false, false, false]);
    bench.click("Undo");
    assert_eq!(bench.mutes(), [false; NUM_STEMS]);
}

const COMPARE: &str = "A and B: two settings of the mix to compare";

#[test]
fn a_mix_is_saved_by_name_and_a_damaged_one_changes_nothing() {
    let mut bench = Bench::new();
    bench.drag("Drums Gain", vec2(0.0, 30.0), PointerButton::Primary);
    let lowered = bench.gain_db(Stem::Drums);
    assert!(lowered < -0.1);
    bench.choose_preset("Own mix", "Save as…");
    bench.harness.event(Event::Text("Mine".into()));
    bench.run();
    bench.click("Save");
    assert_eq!(presets::list(bench.folder.path()), ["Mine"]);
    bench.choose_preset("Mine", "Unity");
    assert_eq!(bench.gain_db(Stem::Drums), 0.0);
    bench.choose_preset("Unity", "Mine");
    assert_eq!(bench.gain_db(Stem::Drums), lowered);

    bench.choose_preset("Mine", "Delete “Mine”");
    bench.click("Cancel");
    assert_eq!(presets::list(bench.folder.path()), ["Mine"]);
    bench.choose_preset("Mine", "Delete “Mine”");
    bench.click("Delete");
    assert!(presets::list(bench.folder.path()).is_empty());
    assert_eq!(bench.gain_db(Stem::Drums), lowered, "the mix stays");

    let damaged = bench.folder.path().join("Damaged.json");
    std::fs::write(damaged, "{").expect("it can be written");
    bench.choose_preset("Own mix", "Damaged");
    assert_eq!(bench.gain_db(Stem::Drums), lowered);
    let said = bench
        .harness
        .query_by_label_contains("expected a preset of Unbraid");
    assert!(said.is_some(), "the status line says what is wrong");
}

#[test]
fn the_right_button_opens_a_menu() {
    let mut bench = Bench::new();
    bench.drag("Vocals Gain", vec2(0.0, -40.0), PointerButton::Primary);
    assert!(bench.gain_db(Stem::Vocals) > 0.1);
    bench.harness.get_by_label("Vocals Gain").click_secondary();
    bench.run();
    bench.click("Reset to 0 dB");
    assert_eq!(bench.gain_db(Stem::Vocals), 0.0);
}

#[test]
fn theme_and_size_are_kept_in_the_state() {
    let mut bench = Bench::new();
    bench.click("100 %");
    bench.click("Light");
    let look = *lock(&bench.params.editor_look);
    assert_eq!((look.theme().title(), look.zoom()), ("Light", 1.0));
    bench.click("100 %");
    bench.click("150 %");
    let look = *lock(&bench.params.editor_look);
    assert_eq!((look.theme().title(), look.zoom()), ("Light", 1.5));
}

#[test]
fn about_names_licences_and_authors_and_closes() {
    let mut bench = Bench::new();
    bench.click("About");
    assert!(
        bench
            .harness
            .query_by_label_contains("MIT OR Apache-2.0")
            .is_some()
    );
    if cfg!(feature = "default-models") {
        assert!(
            bench
                .harness
                .query_all_by_label_contains("D. Smolken")
                .next()
                .is_some()
        );
    }
    bench.click("Close");
    assert!(
        bench
            .harness
            .query_by_label_contains("MIT OR Apache-2.0")
            .is_none()
    );
}
