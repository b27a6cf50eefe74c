//! The one fold of a run's events: what screen, report and recovery see.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::event::{Resume, RunEvent, RunEventKind, RunOutcome, StepOutcome};
use super::proof::{Proof, Verifying};
use crate::operation::{Operation, State, StepId};
use crate::plan::{Class, Foretold, Plan, Step, What};

/// A run as its events tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunView {
    /// The case.
    pub case: String,
    /// The run's id.
    pub run: String,
    /// The identity that makes the changes: of who took it up last.
    pub caller: String,
    /// The plan.
    pub plan: Plan,
    /// What was forecast of it.
    pub foretold: Option<Foretold>,
    /// When it started.
    pub started: DateTime<Utc>,
    /// Every step.
    pub steps: BTreeMap<StepId, StepView>,
    /// Somebody asked to stop, since it was started or taken up last.
    pub stop_requested: bool,
    /// When it was taken up again last, and how.
    pub resumed: Option<(DateTime<Utc>, Resume)>,
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
    /// When the first was sent.
    pub sent: Option<DateTime<Utc>>,
    /// What was sent last, with everything bound.
    pub operation: Option<Operation>,
    /// The state that was captured before the first call.
    pub before: Option<State>,
    /// What it made.
    pub made: Option<String>,
    /// What it read or printed, line by line.
    pub output: Vec<String>,
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
            case,
            run,
            caller,
            plan,
            foretold,
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
            sent: None,
            operation: None,
            before: None,
            made: None,
            output: Vec::new(),
        };
        Ok(Self {
            case: case.clone(),
            run: run.clone(),
            caller: caller.clone(),
            steps: plan
                .steps
                .iter()
                .map(|step| (step.id, waiting.clone()))
                .collect(),
            plan: plan.clone(),
            foretold: foretold.clone(),
            started: event.at,
            stop_requested: false,
            resumed: None,
            ended: None,
            verifying: None,
            proof: None,
        })
    }

    /// Adds events up.
    ///
    /// # Errors
    /// The first that can't follow those before it.
    pub fn of(events: &[RunEvent]) -> Result<Option<Self>, BadTransition> {
        let Some((first, rest)) = events.split_first() else {
            return Ok(None);
        };
        let mut view = Self::begin(first)?;
        rest.iter().try_for_each(|event| view.apply(event))?;
        Ok(Some(view))
    }

    /// Takes in the next event, which may be the first. What can't follow is passed over: it was journalled
    /// nevertheless, and whoever reads that notices.
    pub fn follow(view: &mut Option<Self>, event: &RunEvent) {
        match view {
            None => *view = Self::begin(event).ok(),
            Some(view) => view.apply(event).unwrap_or_default(),
        }
    }

    /// Takes in the next event.
    ///
    /// # Errors
    /// It can't follow those before it; the view is unchanged then.
    pub fn apply(&mut self, event: &RunEvent) -> Result<(), BadTransition> {
        let bad = |what: String| BadTransition { n: event.n, what };
        if let RunEventKind::Resumed { caller, how } = &event.kind {
            if !self.is_open() {
                return Err(bad("the run has ended for good".into()));
            }
            self.resume(event.at, caller, *how);
            return Ok(());
        }
        if self.ended.is_some() {
            return self.verified(&event.kind).map_err(|what| bad(what.into()));
        }
        match &event.kind {
            RunEventKind::Verifying(_) | RunEventKind::Proof { .. } => {
                Err(bad("the run has not ended yet".into()))
            }
            RunEventKind::Started { .. } | RunEventKind::Resumed { .. } => {
                Err(bad("the run has started already".into()))
            }
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
            | RunEventKind::Output { step, .. }
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

    fn resume(&mut self, at: DateTime<Utc>, caller: &str, how: Resume) {
        caller.clone_into(&mut self.caller);
        self.resumed = Some((at, how));
        self.stop_requested = false;
        self.ended = None;
        self.verifying = None;
        self.proof = None;
        self.reset();
    }

    /// Every step that is to be taken up stands where it stood before it began; what was sent is
    /// remembered.
    pub(super) fn reset(&mut self) {
        for step in &self.plan.steps {
            if let Some(view) = self.steps.get_mut(&step.id)
                && !view.stays_ended(step.class)
            {
                view.status = StepStatus::Waiting;
                view.ended = None;
            }
        }
    }

    /// Whether it can be taken up again: it has not ended, or could not close what it had opened.
    pub fn is_open(&self) -> bool {
        matches!(self.ended, None | Some((_, RunOutcome::LeftOpen)))
    }

    /// Since when the suspect stands open to the world: an opening was sent, and closing it has not
    /// succeeded.
    pub fn open_since(&self) -> Option<DateTime<Utc>> {
        let opened = |step: &Step| match (step.class, &step.what) {
            (
                Class::AlwaysOnceSent(opening),
                What::Change(Operation::RevokeAllRules { .. } | Operation::SetEniGroups { .. }),
            ) if !self.is_good(step.id) => self.steps.get(&opening)?.sent,
            _ => None,
        };
        self.plan.steps.iter().filter_map(opened).min()
    }

    /// Whether its safe point is *lifted*: it denies something for a while, for the whole subnet perhaps.
    /// Such a run can't be continued after a pause: only lifted.
    pub fn must_be_lifted(&self) -> bool {
        let lifts = |step: &Step| {
            matches!(step.class, Class::AlwaysOnceSent(_))
                && matches!(
                    step.what,
                    What::Change(
                        Operation::DeleteAclEntry { .. } | Operation::ReplaceAclEntry { .. }
                    )
                )
        };
        self.plan.steps.iter().any(lifts)
    }

    /// Whether a step has ended, and others may build on it.
    pub(super) fn is_good(&self, id: StepId) -> bool {
        let status = self.steps.get(&id).map(|it| &it.status);
        matches!(status, Some(StepStatus::Ended(outcome)) if outcome.is_good())
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
    /// Whether a run that is taken up again leaves this step as it is. What closes is sent again unless
    /// it is known to be in force.
    fn stays_ended(&self, class: Class) -> bool {
        match &self.status {
            StepStatus::Ended(StepOutcome::Done { .. } | StepOutcome::Skipped { .. }) => true,
            StepStatus::Ended(StepOutcome::Warned { .. } | StepOutcome::Failed { .. }) => {
                !matches!(class, Class::AlwaysOnceSent(_))
            }
            _ => false,
        }
    }

    /// The id of what it made, or found made.
    pub fn made(&self) -> Option<&str> {
        let skipped = matches!(self.status, StepStatus::Ended(StepOutcome::Skipped { .. }));
        let found = self.before.as_ref().filter(|_| skipped);
        self.made.as_deref().or_else(|| found?.made())
    }

    /// The legal transitions of a step, all in one place.
    fn apply(&mut self, event: &RunEvent) -> Result<(), &'static str> {
        use StepStatus::{Answered, Ended, Retrying, Running, Sent, Waiting};
        let next = match (&self.status, &event.kind) {
            (Ended(_), _) => return Err("it has ended"),
            (Waiting, RunEventKind::Begun { .. }) => {
                self.began.get_or_insert(event.at);
                Running
            }
            (Running | Retrying { .. }, RunEventKind::Captured { before, .. }) => {
                // After a call of an earlier life of the run it is no longer the state before.
                if self.attempts == 0 {
                    self.before = Some(before.clone());
                }
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
                self.sent.get_or_insert(event.at);
                self.operation = Some(operation.clone());
                Sent
            }
            (status, RunEventKind::Output { line, .. }) if *status != Waiting => {
                self.output.push(line.clone());
                return Ok(());
            }
            (Running | Sent | Retrying { .. }, RunEventKind::Retrying { error, .. }) => Retrying {
                error: error.to_string(),
            },
            (Sent, RunEventKind::Answered { made, .. }) => {
                self.made.clone_from(made);
                Answered
            }
            // Found by reading back: a call of an earlier life of the run had made it.
            (Running | Retrying { .. }, RunEventKind::Answered { made, .. })
                if self.attempts > 0 =>
            {
                self.made = made.clone().or(self.made.take());
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
