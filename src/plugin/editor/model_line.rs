//! The line of a Conv-TasNet mode: which model plays, a button to load another, one to go back.
//!
//! The dialog is the system's own, by `rfd`: on Linux it asks the desktop portal (or zenity) and
//! brings one more crate with it, no toolkit. Dropping a file onto the window would not do: the
//! window toolkit below egui tells nobody of it. rfd runs the dialog apart from the editor, which
//! only looks at each frame whether it has an answer.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use egui::{Align, Button, Label, Layout, RichText, Ui};
use nice_plug_egui::RepaintNotifier;
use rfd::{AsyncFileDialog, FileHandle};

use super::theme;
use crate::plugin::models::Models;
use crate::separators::{SeparatorKind, default_models};

/// Room for the name, in logical pixels; the smallest window leaves as much.
const NAME_WIDTH: f32 = 260.0;

/// Nobody closes a dialog as fast as a system answers that has none.
const NO_DIALOG: Duration = Duration::from_millis(250);

type Dialog = Pin<Box<dyn Future<Output = Option<FileHandle>> + Send>>;

/// Draws a frame when a dialog has an answer.
struct WakeEditor(RepaintNotifier);

impl Wake for WakeEditor {
    fn wake(self: Arc<Self>) {
        self.0.request_repaint();
    }
}

pub struct ModelLine {
    waker: Waker,
    dialog: Option<Open>,
}

/// A dialog that is open, for which mode, and since when.
struct Open {
    kind: SeparatorKind,
    dialog: Dialog,
    since: Instant,
}

/// What has become of a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is still open, was closed, or there is none.
    None,
    Chosen,
    /// The system has no dialog to show.
    NoDialog,
}

impl ModelLine {
    pub fn new(repaint: RepaintNotifier) -> Self {
        Self {
            waker: Arc::new(WakeEditor(repaint)).into(),
            dialog: None,
        }
    }

    /// Draws the line of a Conv-TasNet mode and returns whether the user has chosen a model.
    pub fn show(&mut self, ui: &mut Ui, kind: SeparatorKind, models: &Models) -> bool {
        let mut has_chosen = false;
        let file = models.file(kind);
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.label(RichText::new("Model").color(theme::palette(ui).faint_text));
            let name = Label::new(name(kind, file.as_deref())).truncate();
            let response = ui.scope(|ui| {
                ui.set_max_width(NAME_WIDTH);
                ui.add(name)
            });
            if let Some(path) = &file {
                response.inner.on_hover_text(path);
            }
            let load = Button::new("Load…");
            if ui.add_enabled(self.dialog.is_none(), load).clicked() {
                let dialog = AsyncFileDialog::new()
                    .set_title("Load a model")
                    .add_filter("Unbraid model", &["safetensors"]);
                self.dialog = Some(Open {
                    kind,
                    dialog: Box::pin(dialog.pick_file()),
                    since: Instant::now(),
                });
                // It opens when it is first asked for its answer.
                ui.ctx().request_repaint();
            }
            if file.is_some() && ui.button("Unload").clicked() {
                models.choose(kind, None);
                has_chosen = true;
            }
        });
        has_chosen
    }

    /// Takes the answer of a dialog; call it at every frame.
    pub fn take_answer(&mut self, models: &Models) -> Answer {
        let Some(open) = &mut self.dialog else {
            return Answer::None;
        };
        let mut context = Context::from_waker(&self.waker);
        let Poll::Ready(file) = open.dialog.as_mut().poll(&mut context) else {
            return Answer::None;
        };
        let answer = match &file {
            Some(file) => {
                let path = file.path().to_string_lossy().into_owned();
                models.choose(open.kind, Some(path));
                Answer::Chosen
            }
            None if open.since.elapsed() < NO_DIALOG => Answer::NoDialog,
            None => Answer::None,
        };
        self.dialog = None;
        answer
    }
}

/// What the model is called: its file without folder and ending, or whose it is.
fn name(kind: SeparatorKind, file: Option<&str>) -> String {
    match file {
        Some(path) => {
            let stem = std::path::Path::new(path).file_stem();
            stem.unwrap_or_default().to_string_lossy().into_owned()
        }
        None if default_models::bytes(kind).is_some() => "built in".into(),
        None => "none in this build".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_called_by_its_file() {
        let studio = SeparatorKind::ConvTasNetStudio;
        assert_eq!(name(studio, Some("/models/My net.safetensors")), "My net");
        let built_in = match cfg!(feature = "default-models") {
            true => "built in",
            false => "none in this build",
        };
        assert_eq!(name(studio, None), built_in);
    }

    #[test]
    fn an_answer_is_taken_once_and_for_the_mode_that_asked() {
        let models = Models::default();
        let mut line = ModelLine::new(RepaintNotifier::new());
        let studio = SeparatorKind::ConvTasNetStudio;
        assert_eq!(line.take_answer(&models), Answer::None);
        let mut waits = true;
        let answer = std::future::poll_fn(move |context| {
            context.waker().wake_by_ref();
            if std::mem::take(&mut waits) {
                return Poll::Pending;
            }
            let path = std::path::PathBuf::from("/models/net.safetensors");
            Poll::Ready(Some(FileHandle::from(path)))
        });
        let opened = |dialog, since| {
            Some(Open {
                kind: studio,
                dialog,
                since,
            })
        };
        let long_ago = Instant::now()
            .checked_sub(4 * NO_DIALOG)
            .expect("a clock that runs");
        line.dialog = opened(Box::pin(answer), Instant::now());
        assert_eq!(line.take_answer(&models), Answer::None, "it is still open");
        assert_eq!(line.take_answer(&models), Answer::Chosen);
        assert_eq!(
            models.file(studio).as_deref(),
            Some("/models/net.safetensors")
        );
        line.dialog = opened(Box::pin(async { None }), long_ago);
        assert_eq!(line.take_answer(&models), Answer::None, "cancelled");
        line.dialog = opened(Box::pin(async { None }), Instant::now());
        assert_eq!(line.take_answer(&models), Answer::NoDialog);
        assert_eq!(models.generation(studio), 1);
    }
}
