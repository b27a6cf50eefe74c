//! News from the run.

use super::super::message::Effect;
use super::super::state::{AppState, Dialog, Pane};
use crate::executor::{RunEvent, RunEventKind, RunView};
use crate::sources::Command;

impl AppState {
    pub(super) fn run_event(&mut self, event: &RunEvent) -> Vec<Effect> {
        let applied = match (&mut self.run, &event.kind) {
            (run, RunEventKind::Started { .. }) => RunView::begin(event).map(|it| *run = Some(it)),
            (Some(run), _) => run.apply(event),
            (None, _) => Ok(()),
        };
        self.run_pending = false;
        if let Err(error) = applied {
            self.notice = Some(format!(
                "the run's events don't add up: {error}; see its journal"
            ));
        }
        let RunEventKind::Finished { outcome } = event.kind else {
            return Vec::new();
        };
        if self.dialog == Some(Dialog::Quit) {
            self.dialog = None;
        }
        let shown = self.focus == Pane::Run;
        self.notice = (!shown).then(|| format!("run ended: {} (6 shows it)", outcome.name()));
        vec![Effect::Poll(Command::Refresh)]
    }

    pub(super) fn stop_run(&mut self) -> Vec<Effect> {
        if !self.run_is_open() {
            self.notice = Some("no run is on its way".into());
            return Vec::new();
        }
        if self.focus != Pane::Run {
            self.notice = Some("s stops the run where it is shown: 6, then s".into());
            return Vec::new();
        }
        self.notice = Some("stopping after the calls in flight; what was opened is emptied".into());
        vec![Effect::StopRun]
    }
}
