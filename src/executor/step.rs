//! What a step needs, and what every step does: to look, to call, to wait, each with a bound.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio_util::sync::CancellationToken;

use super::event::StepOutcome;
use super::recorder::Recorder;
use super::resume::Left;
use super::retry::Patience;
use crate::operation::{Actuator, Answer, CallError, CallErrorKind, Operation, State, StepId};
use crate::plan::{Class, Step};
use crate::sources::Clock;

/// How long a call may take. After that it counts as unanswered: only reading back tells.
const CALL: Duration = Duration::from_secs(30);

/// How long a look may take.
const LOOK: Duration = Duration::from_secs(10);

/// What a step needs.
#[derive(Clone)]
pub(super) struct Context {
    actuator: Arc<dyn Actuator>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) recorder: Recorder,
    /// Set when the run halts: no further attempts, waits end.
    pub(super) halt: CancellationToken,
    /// Set when the time that a stopped run has is over: nothing is waited for any more.
    pub(super) late: CancellationToken,
    /// The run's id.
    pub(super) run: Arc<str>,
}

/// How a step ended, for the engine.
pub(super) struct StepEnd {
    pub(super) step: StepId,
    pub(super) outcome: StepOutcome,
    /// Whether a call was sent.
    pub(super) sent: bool,
    /// What it made.
    pub(super) made: Option<String>,
}

/// A change on its way.
pub(super) struct Change<'a> {
    pub(super) context: &'a Context,
    pub(super) planned: &'a Step,
    pub(super) operation: &'a Operation,
    /// What an earlier life of the run left of it.
    pub(super) left: &'a Left,
    /// What was opened before has been seen: what a look shows is the present.
    pub(super) seen: bool,
    /// Calls sent.
    pub(super) attempts: u32,
    /// Lines that were recorded.
    pub(super) output: Vec<String>,
}

/// How a change ended, and what it made.
pub(super) type Made = (StepOutcome, Option<String>);

/// Whether steps of this class see to a safe end, and so go on in a halted run.
pub(super) fn closes(class: Class) -> bool {
    matches!(class, Class::AlwaysOnceSent(_) | Class::OnceSafe(_))
}

/// How a step ends that could not do what it is for: what only should be done halts nothing.
pub(super) fn failed(class: Class, what: &str, error: String) -> StepOutcome {
    match class {
        Class::Should | Class::OnceSafe(_) => StepOutcome::Warned {
            message: format!("{what}{error}"),
        },
        Class::Must | Class::AlwaysOnceSent(_) => StepOutcome::Failed { error },
    }
}

impl Context {
    pub(super) fn new(
        actuator: Arc<dyn Actuator>,
        clock: Arc<dyn Clock>,
        recorder: Recorder,
        run: &str,
    ) -> Self {
        Self {
            actuator,
            clock,
            recorder,
            halt: CancellationToken::new(),
            late: CancellationToken::new(),
            run: run.into(),
        }
    }

    /// Makes a change.
    pub(super) async fn change(
        &self,
        planned: &Step,
        seen: bool,
        left: &Left,
        operation: &Operation,
    ) -> StepEnd {
        let mut change = Change {
            context: self,
            planned,
            operation,
            left,
            seen,
            attempts: left.attempts,
            output: left.output.clone(),
        };
        let (outcome, made) = match change.make().await {
            Ok((outcome, made)) => (outcome, made),
            Err(error) => (failed(planned.class, "not made: ", error), None),
        };
        StepEnd {
            step: planned.id,
            outcome,
            sent: change.attempts > 0,
            made: made.or_else(|| left.made.clone()),
        }
    }

    /// Whether nothing of this class may be begun any more.
    pub(super) fn is_halted(&self, class: Class) -> bool {
        if closes(class) {
            self.late.is_cancelled()
        } else {
            self.halt.is_cancelled()
        }
    }

    /// Waits, unless the run halts.
    pub(super) async fn wait(&self, seconds: u32) -> StepOutcome {
        let duration = Duration::from_secs(seconds.into());
        if self.rest(duration, Class::Must).await {
            StepOutcome::Done {
                message: format!("waited {seconds} s"),
            }
        } else {
            StepOutcome::Skipped {
                why: "cut short: the run halted".into(),
            }
        }
    }

    /// Reads back that every operation is in force.
    pub(super) async fn verify(&self, step: &Step, operations: &[Operation]) -> StepOutcome {
        for operation in operations {
            let (seen, last) = self.read_back(step, operation, Patience::VERIFY).await;
            if !seen {
                let error = format!("not in force: {}{last}", operation.prose());
                return failed(step.class, "", error);
            }
        }
        StepOutcome::Done {
            message: format!("{} of {0} in force", operations.len()),
        }
    }

    /// Looks until the operation's effect is seen; says what the last look failed with. A step that
    /// the run's halt ends looks once more at the most.
    pub(super) async fn read_back(
        &self,
        step: &Step,
        operation: &Operation,
        patience: Patience,
    ) -> (bool, String) {
        let mut last = String::new();
        for attempt in 1..=patience.attempts {
            match self.observe(operation).await {
                Ok(state) if operation.satisfied_by(&state) => return (true, String::new()),
                Ok(_) => last.clear(),
                Err(error) => last = format!(" ({error})"),
            }
            let pause = patience.pause(attempt, step.id);
            if attempt < patience.attempts && !self.rest(pause, step.class).await {
                break;
            }
        }
        (false, last)
    }

    /// Sleeps; false if steps of this class have to end.
    pub(super) async fn rest(&self, duration: Duration, class: Class) -> bool {
        let over = if closes(class) {
            &self.late
        } else {
            &self.halt
        };
        tokio::select! {
            biased;
            () = over.cancelled() => false,
            () = self.clock.sleep(duration) => true,
        }
    }

    /// Looks, with a bound.
    pub(super) async fn observe(&self, operation: &Operation) -> Result<State, CallError> {
        let look = self.actuator.observe(operation);
        self.within(LOOK, operation, look).await
    }

    /// Calls, with a bound. A call that is no longer waited for goes on: a write is never dropped.
    pub(super) async fn execute(&self, operation: &Operation) -> Result<Answer, CallError> {
        let (actuator, sent) = (Arc::clone(&self.actuator), operation.clone());
        let call = tokio::spawn(async move { actuator.execute(&sent).await });
        let answer = call.map(|joined| match joined {
            Ok(answer) => answer,
            Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
            Err(_) => Err(unanswered(operation, "the call broke off")),
        });
        self.within(CALL, operation, answer).await
    }

    async fn within<T>(
        &self,
        limit: Duration,
        operation: &Operation,
        call: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        tokio::select! {
            biased;
            answer = call => answer,
            () = self.late.cancelled() => {
                Err(unanswered(operation, "not answered before the stopped run had to end"))
            }
            () = self.clock.sleep(limit) => {
                Err(unanswered(operation, &format!("no answer within {} s", limit.as_secs())))
            }
        }
    }
}

fn unanswered(operation: &Operation, message: &str) -> CallError {
    CallError {
        kind: CallErrorKind::Unanswered,
        api: operation.facts().api.to_owned(),
        code: "NoAnswer".to_owned(),
        message: message.to_owned(),
    }
}
