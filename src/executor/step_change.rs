//! One change: capture, announce, call, read back.

use super::event::{RunEventKind, StepOutcome};
use super::resume::makes;
use super::retry::{ENOUGH, Patience, worth_retrying};
use super::step::{Change, Made};
use crate::operation::{Answer, CallError, CallErrorKind, Operation, State};
use crate::plan::Class;

/// How often a group is emptied whose rules turn up again.
const ROUNDS: u32 = 5;

impl Change<'_> {
    pub(super) async fn make(&mut self) -> Result<Made, String> {
        if self.only_reads() {
            return self.fetch().await;
        }
        if let Some(made) = self.taken_up().await? {
            return Ok(made);
        }
        if let Some(before) = self.capture().await? {
            let done = self.operation.satisfied_by(&before) && self.is_settled().await;
            let found = before.made().map(str::to_string);
            if !done || found.is_some() {
                let step = self.planned.id;
                self.record(RunEventKind::Captured { step, before }).await?;
            }
            if done {
                let why = "already so".into();
                return Ok((StepOutcome::Skipped { why }, found));
            }
            // AWS refuses a second group of one name. Its default rules may be gone, or not shown yet.
            if found.is_some() && matches!(self.operation, Operation::CreateGroup { .. }) {
                self.read_back(Patience::VERIFY).await;
                let why = "there already: an earlier run made it".into();
                return Ok((StepOutcome::Skipped { why }, found));
            }
        }
        if self.unconditional() {
            return self.close().await.map(|outcome| (outcome, None));
        }
        let made = self.call().await?.made;
        if let (Operation::RunHostBlock { .. }, Some(id)) = (self.operation, &made) {
            let outcome = self.follow(id).await?;
            return Ok((outcome, made));
        }
        self.confirm(made).await
    }

    /// Reads back what was made.
    pub(super) async fn confirm(&self, made: Option<String>) -> Result<Made, String> {
        let creates_group = matches!(self.operation, Operation::CreateGroup { .. });
        let patience = match self.operation {
            Operation::CreateGroup { .. } => Patience::VERIFY,
            Operation::StopInstance { .. } | Operation::StartInstance { .. } => Patience::POWER,
            _ => Patience::READ_BACK,
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

    /// Whether the call changes nothing, and is made for what it answers.
    fn only_reads(&self) -> bool {
        matches!(self.operation, Operation::GetConsoleOutput { .. })
    }

    /// Makes a call for its answer.
    async fn fetch(&mut self) -> Result<Made, String> {
        let answer = self.call().await?;
        let message = match self.output.len() {
            0 => "nothing there yet".to_owned(),
            count => format!("{count} lines"),
        };
        Ok((StepOutcome::Done { message }, answer.made))
    }

    /// Rules that were added a moment ago may not be shown yet, so a group is emptied whether or not
    /// it looks empty.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/query-api-troubleshooting.html#eventual-consistency>
    pub(super) fn must_be_sent(&self) -> bool {
        matches!(self.operation, Operation::RevokeAllRules { .. })
    }

    /// Whether a look that shows nothing to do can be believed.
    async fn is_settled(&self) -> bool {
        !self.must_be_sent() && (!self.unconditional() || self.seen || self.stays().await)
    }

    /// Sends what must happen in any case until it is seen; where what was opened before has not been
    /// seen, it is watched for a while, and sent again if it turns up.
    async fn close(&mut self) -> Result<StepOutcome, String> {
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
            return Err("what was closed turns up again and again".into());
        }
        let message = format!("sent, not yet visible{last}");
        Ok(StepOutcome::Warned { message })
    }

    /// Whether no look for a while shows that there is something to do.
    async fn stays(&self) -> bool {
        let patience = Patience::VERIFY;
        for attempt in 1..=patience.attempts {
            let pause = patience.pause(attempt, self.planned.id);
            if !self.context.rest(pause, self.planned.class).await {
                break;
            }
            let state = self.context.observe(self.operation).await;
            if state.is_ok_and(|it| !self.operation.satisfied_by(&it)) {
                return false;
            }
        }
        true
    }

    async fn read_back(&self, patience: Patience) -> (bool, String) {
        self.context
            .read_back(self.planned, self.operation, patience)
            .await
    }

    /// The state before, with patience. What must happen in any case does not depend on it.
    async fn capture(&self) -> Result<Option<State>, String> {
        if let Some(known) = &self.planned.known {
            return Ok(Some(known.clone()));
        }
        let patience = Patience::of(Class::Should);
        for attempt in 1.. {
            match self.context.observe(self.operation).await {
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
    async fn call(&mut self) -> Result<Answer, String> {
        let patience = Patience::of(self.planned.class);
        let began = self.context.clock.now();
        // What an earlier life of the run sent may be there already.
        let mut unanswered = self.attempts > 0;
        for tries in 1.. {
            if self.context.is_halted(self.planned.class) {
                return Err("not sent: the run halted".into());
            }
            let attempt = self.attempts + 1;
            let operation = self.operation.clone();
            self.record(RunEventKind::Intend {
                step: self.planned.id,
                attempt,
                operation,
            })
            .await?;
            self.attempts = attempt;
            let error = match self.context.execute(self.operation).await {
                Ok(answer) => {
                    self.answered(answer.made.clone()).await?;
                    self.emit(&answer.output).await?;
                    return Ok(answer);
                }
                Err(error) => error,
            };
            if let Some(state) = self.look_for(&error, unanswered).await {
                let made = state.made().map(str::to_string);
                self.answered(made.clone()).await?;
                return Ok(Answer {
                    made,
                    ..Answer::default()
                });
            }
            unanswered |= error.kind == CallErrorKind::Unanswered;
            let again = self.unconditional() || worth_retrying(error.kind);
            let enough = self.context.clock.now() - began > ENOUGH;
            if tries >= patience.attempts || enough || !again {
                return Err(format!("{error} (attempt {attempt})"));
            }
            self.pause_before_retry(attempt, patience, error).await?;
        }
        Ok(Answer::default())
    }

    /// What the call made nevertheless. Without an answer one look tells, or the next attempt, unless
    /// that would make a second one; a refusal after that may mean that it is there already, though not
    /// shown yet.
    async fn look_for(&self, error: &CallError, unanswered: bool) -> Option<State> {
        let patience = match error.kind {
            CallErrorKind::Unanswered if makes(self.operation) => Patience::READ_BACK,
            CallErrorKind::Unanswered if !self.only_reads() => Patience::ONCE,
            CallErrorKind::Refused if unanswered => Patience::VERIFY,
            _ => return None,
        };
        for attempt in 1..=patience.attempts {
            match self.context.observe(self.operation).await {
                Ok(state @ State::Command(_)) => return Some(state),
                Ok(state) if self.operation.satisfied_by(&state) => return Some(state),
                _ => {}
            }
            let pause = Patience::VERIFY.pause(attempt, self.planned.id);
            if attempt < patience.attempts && !self.context.rest(pause, self.planned.class).await {
                break;
            }
        }
        None
    }

    pub(super) async fn answered(&self, made: Option<String>) -> Result<(), String> {
        let step = self.planned.id;
        self.record(RunEventKind::Answered { step, made }).await
    }

    async fn pause_before_retry(
        &self,
        attempt: u32,
        patience: Patience,
        error: CallError,
    ) -> Result<(), String> {
        let pause = patience.pause(attempt, self.planned.id);
        let wait_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        let retrying = RunEventKind::Retrying {
            step: self.planned.id,
            attempt,
            error: error.clone(),
            wait_ms,
        };
        self.record(retrying).await?;
        if self.context.rest(pause, self.planned.class).await {
            Ok(())
        } else {
            Err(format!("{error} (halted)"))
        }
    }

    fn unconditional(&self) -> bool {
        matches!(self.planned.class, Class::AlwaysOnceSent(_))
    }

    /// Journals an event. Without a journal nothing is changed, except to close what was opened.
    pub(super) async fn record(&self, kind: RunEventKind) -> Result<(), String> {
        self.record_all(vec![kind]).await
    }

    pub(super) async fn record_all(&self, kinds: Vec<RunEventKind>) -> Result<(), String> {
        match self.context.recorder.record_all(kinds).await {
            Err(error) if !self.unconditional() => Err(error.to_string()),
            _ => Ok(()),
        }
    }
}
