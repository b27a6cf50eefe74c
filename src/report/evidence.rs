//! What was kept of the suspect, with the ids under which it is found.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::shown;
use crate::executor::{Recorded, StepOutcome, StepStatus, StepView};
use crate::operation::Operation;
use crate::plan::Step;
use crate::sources::Score;

/// A piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// What it is.
    pub name: String,
    /// Whether it is there.
    pub kept: bool,
    /// Its id or ids; `null`: it has none, or none was journalled.
    pub id: Option<String>,
    /// The run that took it; `null`: the world says so.
    pub run: Option<String>,
    /// When it was taken.
    pub at: Option<DateTime<Utc>>,
    /// More about it.
    pub detail: String,
}

/// What runs took, and what the score says besides.
pub(super) fn kept(runs: &[Recorded], score: Option<&Score>) -> Vec<Kept> {
    let mut all: Vec<Kept> = Vec::new();
    for run in runs {
        for step in &run.view.plan.steps {
            let view = run.view.steps.get(&step.id);
            all.extend(view.and_then(|view| taken(&run.view.run, step, view)));
        }
    }
    let judged = score.map(|it| it.evidence.as_slice()).unwrap_or_default();
    all.extend(judged.iter().map(|it| {
        Kept {
            name: shown(&it.name),
            kept: it.kept,
            id: None,
            run: None,
            at: None,
            detail: if it.kept {
                "kept, as the world knows it"
            } else {
                "not kept, as the world knows it"
            }
            .into(),
        }
    }));
    all
}

fn taken(run: &str, step: &Step, view: &StepView) -> Option<Kept> {
    let name = match step.operation()? {
        Operation::CreateSnapshots { .. } => "snapshots of all volumes",
        Operation::CreateImage { .. } => "image",
        Operation::GetConsoleOutput { .. } => "console output",
        Operation::StopInstance {
            hibernate: true, ..
        } => "memory, hibernated to the root volume",
        _ => return None,
    };
    let (kept, detail) = match &view.status {
        StepStatus::Ended(StepOutcome::Done { message }) => (true, message.clone()),
        // A step that may fail warns whether or not something was made.
        StepStatus::Ended(StepOutcome::Warned { message }) => (
            view.made().is_some() || !view.output.is_empty(),
            message.clone(),
        ),
        StepStatus::Ended(StepOutcome::Skipped { why }) => (true, why.clone()),
        StepStatus::Ended(StepOutcome::Failed { error }) => (false, error.clone()),
        StepStatus::Ended(StepOutcome::NotRun { .. }) => (false, "not run".into()),
        _ => (false, "its step has not ended".into()),
    };
    let lines = match view.output.len() {
        0 => String::new(),
        lines => format!("; {lines} lines in the journal of the run"),
    };
    Some(Kept {
        name: name.into(),
        kept,
        id: view.made().map(shown),
        run: Some(shown(run)),
        at: view.ended,
        detail: shown(&format!("{detail}{lines}")),
    })
}
