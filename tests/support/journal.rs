//! A run as its journal tells it, read back with the product's own reader.

#![expect(
    clippy::expect_used,
    reason = "a test without its journal has nothing better to do"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use firedoor::executor::{
    Journal, RunEvent, RunEventKind, RunOutcome, RunView, StepOutcome, StepStatus,
};
use firedoor::operation::Operation;
use firedoor::plan::What;

/// A journal that was read to its end.
pub(crate) struct Told {
    /// Every event.
    events: Vec<RunEvent>,
    /// What they add up to.
    pub(crate) run: RunView,
}

impl Told {
    /// Reads a journal. It must be private, whole, and add up.
    pub(crate) fn by(path: &Path) -> Self {
        let mode = fs::metadata(path).map(|it| it.permissions().mode() & 0o777);
        assert_eq!(mode.ok(), Some(0o600), "{}", path.display());
        let (events, damage) = Journal::read(path).expect("the journal is readable");
        assert_eq!(damage, None, "{}", path.display());
        let (first, rest) = events.split_first().expect("the journal has a start");
        let mut run = RunView::begin(first).expect("it begins with the start of a run");
        for event in rest {
            run.apply(event).expect("events follow one another");
        }
        Self { events, run }
    }

    /// How it ended; `None`: the journal ends before the run does.
    pub(crate) fn outcome(&self) -> Option<RunOutcome> {
        self.run.ended.map(|(_, outcome)| outcome)
    }

    /// How the steps that satisfy a condition ended.
    pub(crate) fn ends_of(&self, wanted: impl Fn(&Operation) -> bool) -> Vec<&StepStatus> {
        let steps = self.run.plan.steps.iter();
        let steps = steps.filter(|step| match &step.what {
            What::Change(operation) => wanted(operation),
            What::Wait { .. } | What::Verify(_) => false,
        });
        steps.map(|step| &self.run.steps[&step.id].status).collect()
    }

    /// Whether the group that was opened was emptied in both directions, and that was read back.
    pub(crate) fn was_emptied(&self) -> bool {
        let revoked = self.ends_of(|it| matches!(it, Operation::RevokeAllRules { .. }));
        let done = |it: &&StepStatus| matches!(it, StepStatus::Ended(StepOutcome::Done { .. }));
        revoked.len() == 2 && revoked.iter().all(done)
    }

    /// How often a call was sent again.
    pub(crate) fn retries(&self) -> usize {
        let retries = self.events.iter();
        retries
            .filter(|it| matches!(it.kind, RunEventKind::Retrying { .. }))
            .count()
    }
}
