//! The bottom line: one sentence about what plays, or what is in the way.

use egui::{Align, Color32, Label, Layout, RichText, Ui};

use super::theme::{self, Palette};
use crate::plugin::chain_builder::ChainStatus;
use crate::plugin::chain_request::NO_CHAIN;
use crate::plugin::playing::NowPlaying;

/// How long a fault of the separator stays on display, and how long what the editor has to say.
const FAULT_SECONDS: f64 = 5.0;
const NOTICE_SECONDS: f64 = 10.0;

#[derive(Default)]
pub struct StatusLine {
    /// Window time of the last fault, in seconds.
    fault_at: Option<f64>,
    /// What went wrong in the editor, and when, in seconds.
    notice: Option<(String, f64)>,
}

impl StatusLine {
    pub fn report_fault(&mut self, now_seconds: f64) {
        self.fault_at = Some(now_seconds);
    }

    /// Tells what could not be done.
    pub fn notify(&mut self, sentence: String, now_seconds: f64) {
        self.notice = Some((sentence, now_seconds));
    }

    /// Draws the line and returns whether it will change by itself. `status` is that of the chain
    /// that plays.
    pub fn show(&mut self, ui: &mut Ui, now: NowPlaying, status: Option<&ChainStatus>) -> bool {
        let time = ui.input(|input| input.time);
        self.fault_at = self.fault_at.filter(|at| time - at < FAULT_SECONDS);
        self.notice.take_if(|(_, at)| time - *at >= NOTICE_SECONDS);
        let palette = theme::palette(ui);
        let (text, colour) = match &self.notice {
            Some((notice, _)) => (notice.clone(), palette.warning),
            None => sentence(now, status, self.fault_at.is_some(), palette),
        };
        let text = RichText::new(text).font(theme::font(12.0)).color(colour);
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            // What does not fit is told when the pointer rests on it.
            ui.add(Label::new(text).truncate());
        });
        self.fault_at.is_some() || self.notice.is_some()
    }
}

fn sentence(
    now: NowPlaying,
    status: Option<&ChainStatus>,
    fault: bool,
    palette: &Palette,
) -> (String, Color32) {
    if now.rate_hz == 0.0 {
        let text = "Waiting for the host to start the audio.";
        return (text.into(), palette.faint_text);
    }
    if fault {
        let text = "The separator gave invalid numbers and was started afresh.";
        return (text.into(), palette.warning);
    }
    if let Some(problem) = status.and_then(|status| status.problem.as_deref()) {
        return (problem.into(), palette.warning);
    }
    if now.wanted_id != now.chain_id && now.chain_id != NO_CHAIN {
        let text = "Another mode or model is on its way; until the host takes it, this one plays.";
        return (text.into(), palette.faint_text);
    }
    let kind = status.and_then(|status| status.kind);
    let title = kind.map_or("No separator", |kind| kind.title());
    let rate_khz = now.rate_hz / 1000.0;
    (format!("{title} at {rate_khz} kHz"), palette.faint_text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::look::Theme;
    use crate::separators::SeparatorKind;

    const NOW: NowPlaying = NowPlaying {
        wanted_id: 7,
        chain_id: 7,
        latency_samples: 560,
        rate_hz: 48_000.0,
    };

    #[test]
    fn what_matters_most_is_said() {
        let good = ChainStatus {
            kind: Some(SeparatorKind::HpssLive),
            problem: None,
            model: None,
        };
        let bad = ChainStatus {
            kind: Some(SeparatorKind::HpssLive),
            problem: Some("No model: HPSS Live plays instead.".into()),
            ..good.clone()
        };
        let palette = theme::palette_of(Theme::Dark);
        let said = |now, status, fault| sentence(now, Some(status), fault, palette).0;
        assert_eq!(said(NOW, &good, false), "HPSS Live at 48 kHz");
        assert_eq!(said(NOW, &bad, false), "No model: HPSS Live plays instead.");
        assert!(said(NOW, &bad, true).contains("invalid numbers"));
        let switching = NowPlaying {
            wanted_id: 8,
            ..NOW
        };
        assert!(said(switching, &good, false).contains("on its way"));
        let asleep = NowPlaying {
            rate_hz: 0.0,
            ..NOW
        };
        assert!(sentence(asleep, None, false, palette).0.contains("Waiting"));
    }
}
