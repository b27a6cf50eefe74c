//! News from the run.

use super::super::cursor::Cursor;
use super::super::lamps::safe_point;
use super::super::message::Effect;
use super::super::state::{AppState, Dialog, Pane};
use crate::executor::{
    RunEvent, RunEventKind, RunOutcome, RunView, StepOutcome, StepStatus, StepView,
};
use crate::operation::StepId;
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
        match &event.kind {
            RunEventKind::Finished { outcome } => self.run_ended(*outcome),
            RunEventKind::Proof { proof } => {
                self.tell_from_afar(&proof.words());
                vec![Effect::ReadArchive]
            }
            _ => Vec::new(),
        }
    }

    fn run_ended(&mut self, outcome: RunOutcome) -> Vec<Effect> {
        if self.dialog == Some(Dialog::Quit) {
            self.dialog = None;
        }
        self.notice = None;
        self.tell_from_afar(&format!("run ended: {}", outcome.name()));
        vec![Effect::Poll(Command::Refresh), Effect::ReadArchive]
    }

    /// News of the run for somebody who looks at another pane.
    fn tell_from_afar(&mut self, words: &str) {
        if self.focus != Pane::Run {
            self.notice = Some(format!("{words} (6 shows it)"));
        }
    }

    /// The run could not be started or taken up.
    pub(super) fn run_lost(&mut self, why: String) -> Vec<Effect> {
        if std::mem::take(&mut self.run_pending) {
            self.run = None;
            self.lost = Some(why.clone());
        }
        self.notice = Some(why);
        Vec::new()
    }

    /// The step that the run pane is about: the selected one; while the pane is not used, the one that is
    /// running, has failed or comes next.
    pub fn shown_step(&self, run: &RunView) -> Option<usize> {
        let ids: Vec<StepId> = run.steps.keys().copied().collect();
        if self.cursors.run != Cursor::default() {
            return self.cursors.run.resolve(&ids);
        }
        let at = |wanted: &dyn Fn(&StepView) -> bool| run.steps.values().position(wanted);
        let running =
            |it: &StepView| !matches!(it.status, StepStatus::Waiting | StepStatus::Ended(_));
        let failed =
            |it: &StepView| matches!(&it.status, StepStatus::Ended(StepOutcome::Failed { .. }));
        let next = |it: &StepView| it.status == StepStatus::Waiting && run.ended.is_none();
        at(&running)
            .or_else(|| at(&failed))
            .or_else(|| at(&next))
            .or(ids.len().checked_sub(1))
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
        let point = self.run.as_ref().map(|it| safe_point(&it.plan));
        let point = point.unwrap_or("after the calls in flight");
        self.notice = Some(format!("stopping: the run ends {point}"));
        vec![Effect::StopRun]
    }
}
