//! Taking up a run: what its earlier lives left, and what became of what they sent. Only a look at AWS
//! tells that, so everything that was sent is read back before anything is sent again.

use std::collections::{BTreeMap, BTreeSet};

use super::event::{Resume, StepOutcome};
use super::retry::Patience;
use super::run_view::{RunView, StepStatus, StepView};
use super::step::{Change, Context, Made, StepEnd};
use crate::model::InstanceState;
use crate::operation::{Operation, State, StepId};
use crate::plan::{Class, Step, What};

/// What the earlier lives of a run left.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// Of every step that has ended: its outcome, whether a call went out, and what it made.
    pub(super) ended: BTreeMap<StepId, (StepOutcome, bool, Option<String>)>,
    /// Of the others what was sent.
    pub(super) left: BTreeMap<StepId, Left>,
    /// Waits that are not waited for again.
    pub(super) cut_short: BTreeSet<StepId>,
    /// No further steps are started.
    pub(super) halted: bool,
    /// The step whose failure halted the run.
    pub(super) failed: Option<StepId>,
}

/// What is known of a step that had begun and not ended.
#[derive(Debug, Clone, Default)]
pub(super) struct Left {
    /// Calls sent.
    pub(super) attempts: u32,
    /// What was sent last; `None`: nothing was.
    pub(super) operation: Option<Operation>,
    /// What it made, if that was answered.
    pub(super) made: Option<String>,
    /// The last call was answered.
    answered: bool,
    /// What it has printed.
    pub(super) output: Vec<String>,
}

impl Earlier {
    /// Reads it off a view that ends where the earlier life did.
    pub(super) fn of(view: &RunView, how: Resume) -> Self {
        let mut reset = view.clone();
        reset.reset();
        let mut earlier = Self {
            halted: how == Resume::Close || closing_came_early(view),
            ..Self::default()
        };
        for step in &view.plan.steps {
            let (Some(was), Some(is)) = (view.steps.get(&step.id), reset.steps.get(&step.id))
            else {
                continue;
            };
            if let StepStatus::Ended(outcome) = &is.status {
                let made = was.made().map(str::to_owned);
                let ended = (outcome.clone(), was.attempts > 0, made);
                earlier.ended.insert(step.id, ended);
                if !outcome.is_good() {
                    earlier.failed.get_or_insert(step.id);
                }
                continue;
            }
            earlier.left.insert(step.id, Left::of(was));
            if matches!(step.what, What::Wait { .. })
                && (was.began.is_some() || is_dwell_of_the_open(view, step))
            {
                earlier.cut_short.insert(step.id);
            }
        }
        earlier.halted |= earlier.failed.is_some();
        earlier
    }

    /// Whether a call of a step that has not ended was sent.
    pub(super) fn was_sent(&self, id: StepId) -> bool {
        self.left.get(&id).is_some_and(|it| it.attempts > 0)
    }
}

impl Left {
    fn of(view: &StepView) -> Self {
        Self {
            attempts: view.attempts,
            operation: view.operation.clone(),
            made: view.made.clone(),
            answered: view.status == StepStatus::Answered || view.made.is_some(),
            output: view.output.clone(),
        }
    }
}

/// Whether something was closed before its turn: the run had been halted. To go on then could open again
/// what was closed.
fn closing_came_early(view: &RunView) -> bool {
    let early = |step: &Step| {
        let begun = view
            .steps
            .get(&step.id)
            .is_some_and(|it| it.began.is_some());
        let due = step.after.iter().all(|id| view.is_good(*id));
        matches!(step.class, Class::AlwaysOnceSent(_)) && begun && !due
    };
    view.plan.steps.iter().any(early)
}

/// Whether this wait keeps open what is open already, nobody knows how long.
fn is_dwell_of_the_open(view: &RunView, wait: &Step) -> bool {
    let closes = |step: &Step| {
        matches!(step.class, Class::AlwaysOnceSent(_)) && step.after.contains(&wait.id)
    };
    let sent = |id: &StepId| view.steps.get(id).is_some_and(|it| it.attempts > 0);
    view.plan.steps.iter().any(closes) && wait.after.iter().any(sent)
}

impl Context {
    /// What became of a call of an earlier life: the last state that was seen, and whether the call is in
    /// force. What could be made twice is looked for longer.
    async fn look_back(&self, step: &Step, sent: &Operation, left: &Left) -> (Option<State>, bool) {
        let patience = if left.answered || makes(sent) {
            Patience::READ_BACK
        } else {
            Patience::ONCE
        };
        let mut last = None;
        for attempt in 1..=patience.attempts {
            match self.observe(sent).await {
                Ok(state) if sent.satisfied_by(&state) => return (Some(state), true),
                Ok(state) if is_under_way(sent, &state) => return (Some(state), false),
                Ok(state) => last = Some(state),
                Err(_) => {}
            }
            let pause = patience.pause(attempt, step.id);
            if attempt < patience.attempts && !self.rest(pause, step.class).await {
                break;
            }
        }
        (last, false)
    }

    /// Ends a step whose call was sent in an earlier life, and which is not taken up: nothing is sent.
    pub(super) async fn only_look(&self, step: &Step, left: &Left) -> StepEnd {
        let (state, in_force) = match &left.operation {
            Some(sent) => self.look_back(step, sent, left).await,
            None => (None, false),
        };
        let outcome = match &state {
            _ if in_force => StepOutcome::Done {
                message: FOUND.into(),
            },
            Some(State::Command(command)) if !command.has_ended() => StepOutcome::Warned {
                message: format!(
                    "not waited for: command {} is {}",
                    command.id, command.status
                ),
            },
            Some(_) => StepOutcome::Failed {
                error: "sent before the run was interrupted, and not in force".into(),
            },
            None => StepOutcome::Failed {
                error:
                    "sent before the run was interrupted; it can't be read whether it is in force"
                        .into(),
            },
        };
        let found = state.as_ref().filter(|_| in_force).and_then(State::made);
        StepEnd {
            step: step.id,
            made: left.made.clone().or(found.map(str::to_owned)),
            outcome,
            sent: true,
        }
    }
}

const FOUND: &str = "read back: it was made before the run was interrupted";

impl Change<'_> {
    /// Ends a step whose call was sent in an earlier life and is in force; `None`: it is to be done (again).
    pub(super) async fn taken_up(&mut self) -> Result<Option<Made>, String> {
        let Some(sent) = self.left.operation.clone().filter(|_| !self.must_be_sent()) else {
            return Ok(None);
        };
        let left = self.left.clone();
        let (state, in_force) = self.context.look_back(self.planned, &sent, &left).await;
        let made = left.made.clone();
        match state {
            Some(State::Command(command)) => {
                self.answered(Some(command.id.clone())).await?;
                let outcome = self.follow(&command.id).await?;
                Ok(Some((outcome, Some(command.id))))
            }
            Some(state) if in_force => {
                let made = made.or(state.made().map(str::to_owned));
                self.answered(made.clone()).await?;
                let message = FOUND.into();
                Ok(Some((StepOutcome::Done { message }, made)))
            }
            Some(state) if is_under_way(&sent, &state) => {
                self.answered(made.clone()).await?;
                self.confirm(made).await.map(Some)
            }
            // It was made: a second one would be one too many.
            _ if made.is_some() => self.confirm(made).await.map(Some),
            _ => Ok(None),
        }
    }
}

/// Whether a state shows that a call arrived, though its effect is not complete: a command that has not
/// succeeded is there all the same, and an instance takes its time.
fn is_under_way(sent: &Operation, state: &State) -> bool {
    match (sent, state) {
        (_, State::Command(_)) => true,
        (Operation::StopInstance { .. }, State::Instance(is)) => *is == InstanceState::Stopping,
        (Operation::StartInstance { .. }, State::Instance(is)) => *is == InstanceState::Pending,
        (Operation::EnterStandby { .. }, State::Asg(is)) => is == "EnteringStandby",
        (Operation::DetachFromAsg { .. }, State::Asg(is)) => is == "Detaching",
        _ => false,
    }
}

/// Whether sending it twice makes two. A second group of one name is refused.
pub(super) fn makes(operation: &Operation) -> bool {
    matches!(
        operation,
        Operation::CreateGroup { .. }
            | Operation::CreateInterface { .. }
            | Operation::CreateAcl { .. }
            | Operation::CreateRouteTable { .. }
            | Operation::RunHostBlock { .. }
            | Operation::CreateSnapshots { .. }
            | Operation::CreateImage { .. }
    )
}
