//! The one fold of a run's events: what screen, report and recovery see.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::event::{RunEvent, RunEventKind, RunOutcome, StepOutcome};
use super::proof::{Proof, Verifying};
use crate::operation::{Operation, State, StepId};
use crate::plan::Plan;

/// A run as its events tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunView {
    /// The case.
    pub case: String,
    /// The run's id.
    pub run: String,
    /// The plan.
    pub plan: Plan,
    /// When it started.
    pub started: DateTime<Utc>,
    /// Every step.
    pub steps: BTreeMap<StepId, StepView>,
    /// Somebody asked to stop.
    pub stop_requested: bool,
    /// How it ended, and when.
    pub ended: Option<(DateTime<Utc>, RunOutcome)>,
    /// Since when the flow logs are read, to see what.
    pub verifying: Option<Verifying>,
    /// What they say.
    pub proof: Option<Proof>,
}

/// A step as its events tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepView {
    /// Where it stands.
    pub status: StepStatus,
    /// When it began.
    pub began: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended: Option<DateTime<Utc>>,
    /// Calls sent.
    pub attempts: u32,
    /// What was sent last, with everything bound.
    pub operation: Option<Operation>,
    /// The state that was captured before.
    pub before: Option<State>,
    /// What it made.
    pub made: Option<String>,
}

/// Where a step stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepStatus {
    /// Its turn has not come.
    Waiting,
    /// Reading the state before, or waiting.
    Running,
    /// A call is out. In a journal that ends here it is not known whether the change was made.
    Sent,
    /// A call failed and will be sent again.
    Retrying {
        /// Why.
        error: String,
    },
    /// The call was answered; its effect is being read back.
    Answered,
    /// It ended.
    Ended(StepOutcome),
}

/// An event that can't follow those before it: a journal that was tampered with, or a fault here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {n} can't follow those before it: {what}")]
pub struct BadTransition {
    /// The event.
    pub n: u32,
    /// What is wrong.
    pub what: String,
}

impl RunView {
    /// Starts from a run's first event.
    ///
    /// # Errors
    /// It is not the start of a run.
    pub fn begin(event: &RunEvent) -> Result<Self, BadTransition> {
        let RunEventKind::Started {
            case, run, plan, ..
        } = &event.kind
        else {
            return Err(BadTransition {
                n: event.n,
                what: "not the start of a run".into(),
            });
        };
        let waiting = StepView {
            status: StepStatus::Waiting,
            began: None,
            ended: None,
            attempts: 0,
            operation: None,
            before: None,
            made: None,
        };
        Ok(Self {
            case: case.clone(),
            run: run.clone(),
            steps: plan
                .steps
                .iter()
                .map(|step| (step.id, waiting.clone()))
                .collect(),
            plan: plan.clone(),
            started: event.at,
            stop_requested: false,
            ended: None,
            verifying: None,
            proof: None,
        })
    }

    /// Takes in the next event.
    ///
    /// # Errors
    /// It can't follow those before it; the view is unchanged then.
    pub fn apply(&mut self, event: &RunEvent) -> Result<(), BadTransition> {
        let bad = |what: String| BadTransition { n: event.n, what };
        if self.ended.is_some() {
            return self.verified(&event.kind).map_err(|what| bad(what.into()));
        }
        match &event.kind {
            RunEventKind::Verifying(_) | RunEventKind::Proof { .. } => {
                Err(bad("the run has not ended yet".into()))
            }
            RunEventKind::Started { .. } => Err(bad("the run has started already".into())),
            RunEventKind::StopRequested => {
                self.stop_requested = true;
                Ok(())
            }
            RunEventKind::Finished { outcome } => {
                self.ended = Some((event.at, *outcome));
                Ok(())
            }
            RunEventKind::Begun { step }
            | RunEventKind::Captured { step, .. }
            | RunEventKind::Intend { step, .. }
            | RunEventKind::Answered { step, .. }
            | RunEventKind::Retrying { step, .. }
            | RunEventKind::Ended { step, .. } => {
                let view = self.steps.get_mut(step);
                let view = view.ok_or_else(|| bad(format!("the plan has no step {step}")))?;
                view.apply(event)
                    .map_err(|what| bad(format!("step {step}: {what}")))
            }
        }
    }

    /// Takes in what comes after the end.
    fn verified(&mut self, kind: &RunEventKind) -> Result<(), &'static str> {
        match kind {
            _ if self.proof.is_some() => return Err("the run has its verdict already"),
            RunEventKind::Verifying(verifying) if self.verifying.is_none() => {
                self.verifying = Some(verifying.clone());
            }
            RunEventKind::Proof { proof } => self.proof = Some(proof.clone()),
            _ => return Err("the run has ended"),
        }
        Ok(())
    }

    /// Steps that have ended, and all steps.
    pub fn progress(&self) -> (usize, usize) {
        let ended = self
            .steps
            .values()
            .filter(|it| matches!(it.status, StepStatus::Ended(_)));
        (ended.count(), self.steps.len())
    }
}

impl StepView {
    /// The legal transitions of a step, all in one place.
    fn apply(&mut self, event: &RunEvent) -> Result<(), &'static str> {
        use StepStatus::{Answered, Ended, Retrying, Running, Sent, Waiting};
        let next = match (&self.status, &event.kind) {
            (Ended(_), _) => return Err("it has ended"),
            (Waiting, RunEventKind::Begun { .. }) => {
                self.began = Some(event.at);
                Running
            }
            (Running | Retrying { .. }, RunEventKind::Captured { before, .. }) => {
                self.before = Some(before.clone());
                Running
            }
            // Answered, and sent again: its effect did not stay.
            (
                Running | Retrying { .. } | Answered,
                RunEventKind::Intend {
                    attempt, operation, ..
                },
            ) => {
                self.attempts = *attempt;
                self.operation = Some(operation.clone());
                Sent
            }
            (Running | Sent | Retrying { .. }, RunEventKind::Retrying { error, .. }) => Retrying {
                error: error.to_string(),
            },
            (Sent, RunEventKind::Answered { made, .. }) => {
                self.made.clone_from(made);
                Answered
            }
            (
                Waiting,
                RunEventKind::Ended {
                    outcome: outcome @ StepOutcome::NotRun { .. },
                    ..
                },
            ) => Ended(outcome.clone()),
            (Waiting, _) => return Err("it has not begun"),
            (_, RunEventKind::Ended { outcome, .. }) => {
                self.ended = Some(event.at);
                Ended(outcome.clone())
            }
            _ => return Err("this can't happen now"),
        };
        self.status = next;
        Ok(())
    }
}
