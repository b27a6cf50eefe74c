//! The engine: starts every step whose turn it is, and sees the plan through to a safe end.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use tokio_util::sync::CancellationToken;

use super::event::{RunEventKind, RunOutcome, StepOutcome};
use super::resume::{Earlier, Left};
use super::step::{Context, StepEnd, failed};
use crate::operation::{Bindings, Occasion, Operation, StepId, Unbound};
use crate::plan::{Class, Plan, Step, What};

/// How long a run that was told to stop may take to its safe point. What it waits for then is given up:
/// the run ends, as [`RunOutcome::LeftOpen`] if it has to, and can be resumed.
pub const SAFE_POINT: Duration = Duration::from_mins(2);

/// Of [`SAFE_POINT`] what is kept for writing down how it ended.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Waiting,
    InFlight,
    /// Ended; `good`: others may build on it; `seen`: it is known to be in force; `sent`: a call went
    /// out.
    Ended {
        good: bool,
        seen: bool,
        sent: bool,
    },
}

impl Progress {
    fn of(outcome: &StepOutcome, sent: bool) -> Self {
        Self::Ended {
            good: outcome.is_good(),
            seen: matches!(
                outcome,
                StepOutcome::Done { .. } | StepOutcome::Skipped { .. }
            ),
            sent,
        }
    }
}

/// Why no further steps are started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HaltedBy {
    Stop,
    Failure(StepId),
}

pub(super) struct Engine {
    plan: Plan,
    context: Context,
    stop: CancellationToken,
    /// A stop has been noted.
    stopped: bool,
    progress: BTreeMap<StepId, Progress>,
    bindings: Bindings,
    halted_by: Option<HaltedBy>,
    warned: bool,
    earlier: Earlier,
}

impl Engine {
    /// Of a run that begins.
    pub(super) fn new(plan: Plan, context: Context, stop: CancellationToken) -> Self {
        Self {
            progress: plan
                .steps
                .iter()
                .map(|step| (step.id, Progress::Waiting))
                .collect(),
            plan,
            context,
            stop,
            stopped: false,
            bindings: Bindings::default(),
            halted_by: None,
            warned: false,
            earlier: Earlier::default(),
        }
    }

    /// Of a run that is taken up again.
    pub(super) fn resumed(
        mut plan: Plan,
        context: Context,
        stop: CancellationToken,
        earlier: Earlier,
    ) -> Self {
        for step in &mut plan.steps {
            // What the preview knew is too old.
            step.known = None;
        }
        let mut engine = Self::new(plan, context, stop);
        for (step, (outcome, sent, _)) in &earlier.ended {
            engine.warned |= matches!(outcome, StepOutcome::Warned { .. });
            engine.progress.insert(*step, Progress::of(outcome, *sent));
        }
        let ended = earlier
            .ended
            .iter()
            .map(|(step, (_, _, made))| (step, made.as_ref()));
        let left = earlier
            .left
            .iter()
            .map(|(step, it)| (step, it.made.as_ref()));
        for (step, made) in ended.chain(left) {
            if let Some(made) = made {
                engine.bindings.insert(*step, made.clone());
            }
        }
        if earlier.halted {
            engine.halt(earlier.failed.map_or(HaltedBy::Stop, HaltedBy::Failure));
        }
        engine.earlier = earlier;
        engine
    }

    /// Carries the plan out, to its end or to a safe one.
    pub(super) async fn execute(mut self) -> RunOutcome {
        let mut flight = FuturesUnordered::new();
        // After a stop: when nothing is waited for any more.
        let mut deadline = None;
        loop {
            // Before anything is started: a stop may have come while a step's end was noted.
            if self.stop.is_cancelled() && !self.stopped {
                deadline = Some(self.request_stop().await);
            }
            for step in self.ready() {
                self.progress.insert(step.id, Progress::InFlight);
                flight.push(self.launch(step));
            }
            tokio::select! {
                biased;
                () = self.stop.cancelled(), if !self.stopped => {
                    deadline = Some(self.request_stop().await);
                }
                end = flight.next() => match end {
                    Some(end) => self.ended(end).await,
                    None if self.look_back().await => {}
                    None => break,
                },
                () = passed(&mut deadline) => {
                    deadline = None;
                    self.context.late.cancel();
                }
            }
        }
        let outcome = self.outcome();
        self.close(outcome).await;
        outcome
    }

    /// Returns what ends when nothing is waited for any more.
    async fn request_stop(&mut self) -> BoxFuture<'static, ()> {
        self.stopped = true;
        self.halt(HaltedBy::Stop);
        let bound = SAFE_POINT.saturating_sub(LAST_WORDS);
        let deadline = self.context.clock.sleep(bound);
        self.note(RunEventKind::StopRequested).await;
        deadline
    }

    /// The steps whose turn it is.
    fn ready(&self) -> Vec<Step> {
        let waiting = |step: &&Step| self.progress.get(&step.id) == Some(&Progress::Waiting);
        let ready = |step: &&Step| {
            let met = step.after.iter().all(|id| self.is_good(*id));
            match step.class {
                Class::AlwaysOnceSent(once) => met || (self.halted_by.is_some() && self.due(once)),
                Class::OnceSafe(once) => {
                    met || (self.halted_by.is_some() && self.is_safe(step, once))
                }
                Class::Must | Class::Should => met && self.halted_by.is_none(),
            }
        };
        self.plan
            .steps
            .iter()
            .filter(waiting)
            .filter(ready)
            .cloned()
            .collect()
    }

    fn is_good(&self, id: StepId) -> bool {
        matches!(
            self.progress.get(&id),
            Some(Progress::Ended { good: true, .. })
        )
    }

    /// Whether what must follow `once` is due in a halted run: it was sent, and nothing that opens is
    /// still in flight. Anything else may be: a swap that gets no answer must not keep the door open.
    fn due(&self, once: StepId) -> bool {
        let crossing = self.plan.steps.iter().any(|step| {
            matches!(step.what, What::Change(Operation::AuthorizeRules { .. }))
                && self.progress.get(&step.id) == Some(&Progress::InFlight)
        });
        self.was_sent(once) && !crossing
    }

    /// Whether it is time to tidy up after `once` in a halted run: nothing is in flight, and what had to
    /// follow other steps is done or was never due. What else failed is over.
    fn is_safe(&self, step: &Step, once: StepId) -> bool {
        let quiet = !self.progress.values().any(|it| *it == Progress::InFlight);
        let settled = |id: &StepId| match self.plan.step(*id).map(|it| it.class) {
            Some(Class::AlwaysOnceSent(opening)) => self.is_good(*id) || !self.was_sent(opening),
            // What an earlier life of the run sent is looked at first.
            _ => self.progress.get(id) != Some(&Progress::Waiting) || !self.earlier.was_sent(*id),
        };
        quiet && self.was_sent(once) && step.after.iter().all(settled)
    }

    fn was_sent(&self, id: StepId) -> bool {
        match self.progress.get(&id) {
            Some(Progress::Ended { sent, .. }) => *sent,
            Some(Progress::Waiting) => self.earlier.was_sent(id),
            _ => false,
        }
    }

    /// Whether everything that `step` closes has been seen, in either direction: only then does a look
    /// that shows nothing to close show the present.
    fn is_seen(&self, step: &Step) -> bool {
        let openings: BTreeSet<StepId> = match (&step.what, step.class) {
            (What::Change(Operation::RevokeAllRules { group, .. }), _) => {
                let adds = |it: &&Step| matches!(&it.what, What::Change(Operation::AuthorizeRules { group: to, .. }) if to == group);
                self.plan
                    .steps
                    .iter()
                    .filter(adds)
                    .map(|it| it.id)
                    .collect()
            }
            (_, Class::AlwaysOnceSent(opening)) => BTreeSet::from([opening]),
            _ => return true,
        };
        !openings.into_iter().any(|id| self.is_unseen(id))
    }

    /// Whether a call of this step was sent, and its effect not seen.
    fn is_unseen(&self, id: StepId) -> bool {
        match self.progress.get(&id) {
            Some(Progress::InFlight) => true,
            Some(Progress::Ended { seen, sent, .. }) => *sent && !*seen,
            Some(Progress::Waiting) => self.earlier.was_sent(id),
            None => false,
        }
    }

    fn launch(&self, step: Step) -> BoxFuture<'static, StepEnd> {
        let id = step.id;
        let seen = self.is_seen(&step);
        let left = self.earlier.left.get(&id).cloned().unwrap_or_default();
        let cut_short = self.earlier.cut_short.contains(&id);
        let bindings = self.bindings.clone();
        let work = perform(self.context.clone(), bindings, seen, left, cut_short, step);
        Box::pin(async move {
            // A fault of this program must not keep a door open: it ends the step, not the run, and
            // what had been opened is emptied as after any other failure.
            let end = AssertUnwindSafe(work).catch_unwind().await;
            end.unwrap_or_else(|_| StepEnd {
                step: id,
                outcome: StepOutcome::Failed {
                    error: "this program failed here: whether the change was made is unknown"
                        .into(),
                },
                sent: true,
                made: None,
            })
        })
    }

    async fn ended(&mut self, end: StepEnd) {
        let StepEnd {
            step,
            outcome,
            sent,
            made,
        } = end;
        if let Some(made) = made {
            self.bindings.insert(step, made);
        }
        let good = outcome.is_good();
        self.warned |= matches!(outcome, StepOutcome::Warned { .. });
        self.progress.insert(step, Progress::of(&outcome, sent));
        self.note(RunEventKind::Ended { step, outcome }).await;
        if !good {
            self.halt(HaltedBy::Failure(step));
        }
    }

    fn halt(&mut self, by: HaltedBy) {
        if self.halted_by.is_none() {
            self.halted_by = Some(by);
            self.context.halt.cancel();
        }
    }

    /// Once nothing more is to be sent: what became of calls of an earlier life that were not taken up.
    /// False if there are none.
    async fn look_back(&mut self) -> bool {
        let waiting = |step: &&Step| self.progress.get(&step.id) == Some(&Progress::Waiting);
        let left = |step: &Step| {
            let left = self.earlier.left.get(&step.id)?;
            (left.attempts > 0).then(|| (step.clone(), left.clone()))
        };
        let left: Vec<_> = self
            .plan
            .steps
            .iter()
            .filter(waiting)
            .filter_map(left)
            .collect();
        for (step, left) in &left {
            self.note(RunEventKind::Begun { step: step.id }).await;
            let end = self.context.only_look(step, left).await;
            self.ended(end).await;
        }
        !left.is_empty()
    }

    fn outcome(&self) -> RunOutcome {
        let left_open = self.plan.steps.iter().any(|step| match step.class {
            Class::AlwaysOnceSent(once) => self.was_sent(once) && !self.is_good(step.id),
            Class::Must | Class::Should | Class::OnceSafe(_) => false,
        });
        match self.halted_by {
            _ if left_open => RunOutcome::LeftOpen,
            Some(HaltedBy::Failure(_)) => RunOutcome::Failed,
            Some(HaltedBy::Stop) => RunOutcome::Stopped,
            None if self.warned => RunOutcome::DoneWithWarnings,
            None => RunOutcome::Done,
        }
    }

    /// Says of every step that never started why, and ends the run.
    async fn close(&mut self, outcome: RunOutcome) {
        let because = match self.halted_by {
            Some(HaltedBy::Failure(step)) => Some(step),
            Some(HaltedBy::Stop) | None => None,
        };
        let waiting = self
            .progress
            .iter()
            .filter(|(_, it)| **it == Progress::Waiting);
        for step in waiting.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.note(RunEventKind::Ended {
                step,
                outcome: StepOutcome::NotRun { because },
            })
            .await;
        }
        self.note(RunEventKind::Finished { outcome }).await;
    }

    /// Records something that is true whether or not it can be journalled.
    async fn note(&self, kind: RunEventKind) {
        drop(self.context.recorder.record(kind).await);
    }
}

/// Waits for a deadline, if there is one.
async fn passed(deadline: &mut Option<BoxFuture<'static, ()>>) {
    match deadline {
        Some(deadline) => deadline.await,
        None => std::future::pending().await,
    }
}

/// Does one step.
async fn perform(
    context: Context,
    bindings: Bindings,
    seen: bool,
    left: Left,
    cut_short: bool,
    step: Step,
) -> StepEnd {
    let end = |outcome| StepEnd {
        step: step.id,
        outcome,
        sent: left.attempts > 0,
        made: None,
    };
    if context.is_halted(step.class) {
        return end(StepOutcome::NotRun { because: None });
    }
    let begun = RunEventKind::Begun { step: step.id };
    drop(context.recorder.record(begun).await);
    let unbound = |unbound: Unbound| failed(step.class, "not made: ", unbound.to_string());
    match &step.what {
        What::Change(operation) => match operation.bind(&bindings) {
            Ok(bound) => {
                let bound = bound.at(&Occasion {
                    now: context.clock.now(),
                    run: context.run.to_string(),
                });
                context.change(&step, seen, &left, &bound).await
            }
            Err(error) => end(unbound(error)),
        },
        What::Wait { .. } if cut_short => end(StepOutcome::Skipped {
            why: "cut short: resumed".into(),
        }),
        What::Wait { seconds, .. } => end(context.wait(*seconds).await),
        What::Verify(operations) => {
            let bound: Result<Vec<_>, _> = operations.iter().map(|it| it.bind(&bindings)).collect();
            match bound {
                Ok(bound) => end(context.verify(&step, &bound).await),
                Err(error) => end(unbound(error)),
            }
        }
    }
}

impl Plan {
    /// Whether a step's number occurs once and every reference points backwards: what the engine
    /// relies on.
    pub fn is_well_formed(&self) -> bool {
        self.steps.iter().enumerate().all(|(index, step)| {
            usize::from(step.id.0) == index + 1 && step.after.iter().all(|it| *it < step.id)
        })
    }
}
