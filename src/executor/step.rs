//! One step: capture, announce, call, read back.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::engine::Recorder;
use super::event::{RunEventKind, StepOutcome};
use super::retry::{Patience, worth_retrying};
use crate::operation::{Actuator, CallError, CallErrorKind, Operation, State, StepId};
use crate::plan::{Class, Step};
use crate::sources::Clock;

/// What a step needs.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) actuator: Arc<dyn Actuator>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) recorder: Recorder,
    /// Set when the run halts: no further attempts, waits end.
    pub(super) halt: CancellationToken,
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
struct Change<'a> {
    context: &'a Context,
    step: StepId,
    class: Class,
    operation: &'a Operation,
    /// The state before, where it is known already.
    known: Option<&'a State>,
    /// What was added before has been seen: what a look shows is the present.
    seen: bool,
    /// Calls sent.
    attempts: u32,
}

impl Context {
    /// Makes a change.
    pub(super) async fn change(
        &self,
        planned: &Step,
        seen: bool,
        operation: &Operation,
    ) -> StepEnd {
        let (step, class) = (planned.id, planned.class);
        let mut change = Change {
            context: self,
            step,
            class,
            known: planned.known.as_ref(),
            operation,
            seen,
            attempts: 0,
        };
        let (outcome, made) = match change.make().await {
            Ok((outcome, made)) => (outcome, made),
            Err(error) if matches!(class, Class::Should | Class::OnceSafe(_)) => (
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
            sent: change.attempts > 0,
            made,
        }
    }

    /// Whether nothing of this class may be begun any more.
    pub(super) fn is_halted(&self, class: Class) -> bool {
        let closing = matches!(class, Class::AlwaysOnceSent(_) | Class::OnceSafe(_));
        self.halt.is_cancelled() && !closing
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

/// How often a group is emptied whose rules turn up again.
const ROUNDS: u32 = 5;

impl Change<'_> {
    async fn make(&mut self) -> Result<Made, String> {
        if let Some(before) = self.capture().await? {
            if self.operation.satisfied_by(&before) && !self.may_look_done() {
                let made = before.made().map(str::to_string);
                let why = "already so".into();
                return Ok((StepOutcome::Skipped { why }, made));
            }
            self.record(RunEventKind::Captured {
                step: self.step,
                before,
            })
            .await?;
        }
        if self.unconditional() {
            return self.empty().await.map(|outcome| (outcome, None));
        }
        let made = self.call().await?;
        let creates_group = matches!(self.operation, Operation::CreateGroup { .. });
        let patience = if creates_group {
            Patience::VERIFY
        } else {
            Patience::READ_BACK
        };
        match self.read_back(patience).await {
            (true, _) => {
                let message = made.clone().unwrap_or_else(|| "read back".into());
                Ok((StepOutcome::Done { message }, made))
            }
            // What was never seen can't be emptied for certain: nothing may be attached to it.
            (false, last) if creates_group => Err(format!(
                "made {}, but its default rules are not visible{last}",
                made.unwrap_or_default()
            )),
            (false, last) => {
                let message = format!("sent, not yet visible{last}");
                Ok((StepOutcome::Warned { message }, made))
            }
        }
    }

    /// Rules that were added a moment ago may not be shown yet, so a group is emptied whether or not
    /// it looks empty.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/query-api-troubleshooting.html#eventual-consistency>
    fn may_look_done(&self) -> bool {
        matches!(self.operation, Operation::RevokeAllRules { .. })
    }

    /// Sends what must happen in any case until it is seen; where what was added before has not been
    /// seen, it is watched for a while, and sent again if it turns up.
    async fn empty(&mut self) -> Result<StepOutcome, String> {
        let mut last = String::new();
        for _ in 0..ROUNDS {
            self.call().await?;
            let seen;
            (seen, last) = self.read_back(Patience::READ_BACK).await;
            if seen && (self.seen || self.stays().await) {
                let message = "read back".into();
                return Ok(StepOutcome::Done { message });
            }
        }
        if last.is_empty() {
            return Err("rules turn up again and again".into());
        }
        let message = format!("sent, not yet visible{last}");
        Ok(StepOutcome::Warned { message })
    }

    /// Whether no look for a while shows that there is something to do.
    async fn stays(&self) -> bool {
        let patience = Patience::VERIFY;
        for attempt in 1..=patience.attempts {
            let pause = patience.pause(attempt, self.step);
            self.context.clock.sleep(pause).await;
            let state = self.context.actuator.observe(self.operation).await;
            if state.is_ok_and(|it| !self.operation.satisfied_by(&it)) {
                return false;
            }
        }
        true
    }

    async fn read_back(&self, patience: Patience) -> (bool, String) {
        self.context
            .read_back(self.step, self.operation, patience)
            .await
    }

    /// The state before, with patience. What must happen in any case does not depend on it.
    async fn capture(&self) -> Result<Option<State>, String> {
        if let Some(known) = self.known {
            return Ok(Some(known.clone()));
        }
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
        let mut unanswered = false;
        for tries in 1.. {
            if self.context.is_halted(self.class) {
                return Err("not sent: the run halted".into());
            }
            let attempt = self.attempts + 1;
            let operation = self.operation.clone();
            self.record(RunEventKind::Intend {
                step: self.step,
                attempt,
                operation,
            })
            .await?;
            self.attempts = attempt;
            let error = match self.context.actuator.execute(self.operation).await {
                Ok(answer) => return self.answered(answer.made).await,
                Err(error) => error,
            };
            if let Some(state) = self.look_for(&error, unanswered).await {
                return self.answered(state.made().map(str::to_string)).await;
            }
            unanswered |= error.kind == CallErrorKind::Unanswered;
            let again = self.unconditional() || worth_retrying(error.kind);
            if tries >= patience.attempts || !again {
                return Err(format!("{error} (attempt {attempt})"));
            }
            self.pause_before_retry(attempt, patience, error).await?;
        }
        Ok(None)
    }

    /// What the call made nevertheless. Without an answer one look tells, or the next attempt; a
    /// refusal after that may mean that it is there already, though not shown yet.
    async fn look_for(&self, error: &CallError, unanswered: bool) -> Option<State> {
        let patience = match error.kind {
            CallErrorKind::Unanswered => 1,
            CallErrorKind::Refused if unanswered => Patience::VERIFY.attempts,
            _ => return None,
        };
        for attempt in 1..=patience {
            let state = self.context.actuator.observe(self.operation).await;
            if let Ok(state) = state
                && self.operation.satisfied_by(&state)
            {
                return Some(state);
            }
            if attempt < patience {
                let pause = Patience::VERIFY.pause(attempt, self.step);
                self.context.clock.sleep(pause).await;
            }
        }
        None
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
