//! One step: capture, announce, call, read back.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::engine::Recorder;
use super::event::{RunEventKind, StepOutcome};
use super::retry::{Patience, worth_retrying};
use crate::operation::{Actuator, CallError, CallErrorKind, Operation, State, StepId};
use crate::plan::Class;
use crate::sources::Clock;

/// What a step needs.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) actuator: Arc<dyn Actuator>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) recorder: Recorder,
    /// Set when the run halts: no further attempts, waits end.
    pub(super) halt: CancellationToken,
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
struct Change<'a> {
    context: &'a Context,
    step: StepId,
    class: Class,
    operation: &'a Operation,
    sent: bool,
}

impl Context {
    /// Makes a change.
    pub(super) async fn change(
        &self,
        step: StepId,
        class: Class,
        operation: &Operation,
    ) -> StepEnd {
        let mut change = Change {
            context: self,
            step,
            class,
            operation,
            sent: false,
        };
        let (outcome, made) = match change.make().await {
            Ok((outcome, made)) => (outcome, made),
            Err(error) if class == Class::Should => (
                StepOutcome::Warned {
                    message: format!("not made: {error}"),
                },
                None,
            ),
            Err(error) => (StepOutcome::Failed { error }, None),
        };
        StepEnd {
            step,
            outcome,
            sent: change.sent,
            made,
        }
    }

    /// Waits, unless the run halts.
    pub(super) async fn wait(&self, seconds: u32) -> StepOutcome {
        if self.pause(Duration::from_secs(seconds.into())).await {
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
    pub(super) async fn verify(&self, step: StepId, operations: &[Operation]) -> StepOutcome {
        for operation in operations {
            let (seen, last) = self.read_back(step, operation, Patience::VERIFY).await;
            if !seen {
                return StepOutcome::Failed {
                    error: format!("not in force: {}{last}", operation.prose()),
                };
            }
        }
        StepOutcome::Done {
            message: format!("{} of {0} in force", operations.len()),
        }
    }

    /// Looks until the operation's effect is seen; says what the last look failed with.
    async fn read_back(
        &self,
        step: StepId,
        operation: &Operation,
        patience: Patience,
    ) -> (bool, String) {
        let mut last = String::new();
        for attempt in 1..=patience.attempts {
            match self.actuator.observe(operation).await {
                Ok(state) if operation.satisfied_by(&state) => return (true, String::new()),
                Ok(_) => last.clear(),
                Err(error) => last = format!(" ({error})"),
            }
            if attempt < patience.attempts {
                self.clock.sleep(patience.pause(attempt, step)).await;
            }
        }
        (false, last)
    }

    /// Sleeps; false if the run halted meanwhile.
    async fn pause(&self, duration: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.halt.cancelled() => false,
            () = self.clock.sleep(duration) => true,
        }
    }
}

type Made = (StepOutcome, Option<String>);

impl Change<'_> {
    async fn make(&mut self) -> Result<Made, String> {
        let before = self.capture().await?;
        if let Some(before) = before {
            if self.operation.satisfied_by(&before) {
                let made = before.made().map(str::to_string);
                return Ok((
                    StepOutcome::Skipped {
                        why: "already so".into(),
                    },
                    made,
                ));
            }
            self.record(RunEventKind::Captured {
                step: self.step,
                before,
            })
            .await?;
        }
        let made = self.call().await?;
        let (seen, last) = self
            .context
            .read_back(self.step, self.operation, Patience::READ_BACK)
            .await;
        let outcome = if seen {
            StepOutcome::Done {
                message: made.clone().unwrap_or_else(|| "read back".into()),
            }
        } else {
            StepOutcome::Warned {
                message: format!("sent, not yet visible{last}"),
            }
        };
        Ok((outcome, made))
    }

    /// The state before, with patience. What must happen in any case does not depend on it.
    async fn capture(&self) -> Result<Option<State>, String> {
        let patience = Patience::of(Class::Should);
        for attempt in 1.. {
            match self.context.actuator.observe(self.operation).await {
                Ok(state) => return Ok(Some(state)),
                Err(_) if self.unconditional() => return Ok(None),
                Err(error) if attempt >= patience.attempts || !worth_retrying(error.kind) => {
                    return Err(format!("could not read the state before: {error}"));
                }
                Err(error) => self.pause_before_retry(attempt, patience, error).await?,
            }
        }
        Ok(None)
    }

    /// Sends the call until it is answered, or there is no point in going on.
    async fn call(&mut self) -> Result<Option<String>, String> {
        let patience = Patience::of(self.class);
        for attempt in 1.. {
            let operation = self.operation.clone();
            self.record(RunEventKind::Intend {
                step: self.step,
                attempt,
                operation,
            })
            .await?;
            self.sent = true;
            let error = match self.context.actuator.execute(self.operation).await {
                Ok(answer) => {
                    return self.answered(answer.made).await;
                }
                Err(error) => error,
            };
            if error.kind == CallErrorKind::Unanswered
                && let Ok(state) = self.context.actuator.observe(self.operation).await
                && self.operation.satisfied_by(&state)
            {
                return self.answered(state.made().map(str::to_string)).await;
            }
            if attempt >= patience.attempts || !worth_retrying(error.kind) {
                return Err(format!("{error} (attempt {attempt})"));
            }
            self.pause_before_retry(attempt, patience, error).await?;
        }
        Ok(None)
    }

    async fn answered(&self, made: Option<String>) -> Result<Option<String>, String> {
        self.record(RunEventKind::Answered {
            step: self.step,
            made: made.clone(),
        })
        .await?;
        Ok(made)
    }

    async fn pause_before_retry(
        &self,
        attempt: u32,
        patience: Patience,
        error: CallError,
    ) -> Result<(), String> {
        let pause = patience.pause(attempt, self.step);
        let wait_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        let retrying = RunEventKind::Retrying {
            step: self.step,
            attempt,
            error: error.clone(),
            wait_ms,
        };
        self.record(retrying).await?;
        if self.unconditional() {
            self.context.clock.sleep(pause).await;
            return Ok(());
        }
        if self.context.pause(pause).await {
            Ok(())
        } else {
            Err(format!("{error} (halted)"))
        }
    }

    fn unconditional(&self) -> bool {
        matches!(self.class, Class::AlwaysOnceSent(_))
    }

    /// Journals an event. Without a journal nothing is changed, except to empty what was opened.
    async fn record(&self, kind: RunEventKind) -> Result<(), String> {
        match self.context.recorder.record(kind).await {
            Err(error) if !self.unconditional() => Err(error.to_string()),
            _ => Ok(()),
        }
    }
}
