//! What this is: version, licences of the code and of the weights, and whose sounds they learned
//! from.

use egui::{Id, Modal, RichText, ScrollArea, Ui};

use super::theme;
use crate::plugin::chain_builder::ModelNote;
use crate::separators::default_models;

/// Draws the page over the window; returns whether it is to stay.
pub fn show(ui: &Ui, model: Option<&ModelNote>) -> bool {
    let room = ui.max_rect().size();
    let mut stays = true;
    let modal = Modal::new(Id::unique("about")).show(ui.ctx(), |ui| {
        ui.set_width((room.x * 0.8).min(560.0));
        ui.horizontal(|ui| {
            ui.label(RichText::new("Unbraid").size(20.0).strong());
            let version = concat!("version ", env!("CARGO_PKG_VERSION"));
            ui.label(RichText::new(version).color(theme::palette(ui).faint_text));
        });
        let height = (room.y * 0.8 - 90.0).max(120.0);
        ScrollArea::vertical().max_height(height).show(ui, |ui| {
            heading(ui, "The program");
            ui.label(format!(
                "Free software under {}. It comes without any warranty.",
                env!("CARGO_PKG_LICENSE")
            ));
            heading(ui, "The network that plays");
            match model {
                Some(model) => {
                    let title = match &model.title[..] {
                        "" => "A network without a name",
                        title => title,
                    };
                    ui.label(format!("{title}, weights under {}.", model.licence));
                    if !model.data.is_empty() {
                        ui.label(format!("It learned from: {}.", model.data));
                    }
                }
                None => {
                    ui.label("None: this mode needs no network.");
                }
            }
            if let Some(list) = default_models::ATTRIBUTION {
                heading(ui, "Whose sounds the built-in networks learned from");
                for line in list.lines().filter_map(readable) {
                    ui.label(RichText::new(line).size(11.5));
                }
            }
        });
        ui.add_space(theme::GAP);
        if ui.button("Close").clicked() {
            stays = false;
        }
    });
    stays && !modal.should_close()
}

fn heading(ui: &mut Ui, text: &str) {
    ui.add_space(theme::GAP);
    ui.label(RichText::new(text).size(14.0).strong());
}

/// A line of Markdown as people read it: without its signs. `None` for what has nothing to say.
fn readable(line: &str) -> Option<String> {
    let line = line.trim().trim_start_matches(['#', '-', '*']).trim();
    let is_rule = line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '));
    if is_rule {
        return None;
    }
    let line = line.trim_matches('|').trim().replace(" | ", " · ");
    Some(without_links(&line.replace(['*', '`'], "")))
}

/// `[text](address)` becomes `text`.
fn without_links(line: &str) -> String {
    let mut rest = line;
    let mut plain = String::new();
    while let Some((before, link)) = rest.split_once('[') {
        let Some((text, after)) = link.split_once("](") else {
            break;
        };
        let Some((_, after)) = after.split_once(')') else {
            break;
        };
        plain.push_str(before);
        plain.push_str(text);
        rest = after;
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_reads_as_text() {
        assert_eq!(readable("## A *title*").as_deref(), Some("A title"));
        assert_eq!(readable("|---|:--|"), None);
        assert_eq!(readable(""), None);
        assert_eq!(
            readable("| A | [B](http://b.org), `c` |").as_deref(),
            Some("A · B, c")
        );
        assert_eq!(without_links("[open"), "[open");
    }
}
