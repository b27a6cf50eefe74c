//! The engine: starts every step whose turn it is, and sees the plan through to a safe end.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::event::{RunEvent, RunEventKind, RunOutcome, StepOutcome};
use super::journal::{Journal, JournalError};
use super::step::{Context, StepEnd};
use crate::operation::{Actuator, Bindings, Occasion, Operation, StepId, Unbound};
use crate::plan::{Class, Plan, Step, What};
use crate::sources::Clock;

/// A plan that was confirmed.
#[derive(Debug, Clone)]
pub struct Run {
    /// The case.
    pub case: String,
    /// The run's id, unique in the case.
    pub run: String,
    /// Who confirmed it, as AWS knows them.
    pub caller: String,
    /// The plan.
    pub plan: Plan,
}

impl Run {
    /// A run that is confirmed at `now`, with an id of its own.
    pub fn new(case: String, caller: &str, plan: Plan, now: DateTime<Utc>) -> Self {
        let stamp = now.format("%Y%m%dT%H%M%S%3fZ");
        Self {
            case,
            run: format!("{stamp}-{}-{}", plan.procedure, plan.target.tail(4)),
            caller: caller.to_string(),
            plan,
        }
    }
}

/// The runs of this process, each in a task of its own that goes on whether or not anybody looks.
#[derive(Debug, Clone, Default)]
pub struct Runs {
    tasks: TaskTracker,
    /// Of the runs that were started since the last stop.
    stop: Arc<Mutex<CancellationToken>>,
}

impl Runs {
    /// Starts a run. Its events arrive at `events` after they were journalled.
    pub fn start(
        &self,
        run: Run,
        actuator: Arc<dyn Actuator>,
        clock: Arc<dyn Clock>,
        journal: Journal,
        events: mpsc::UnboundedSender<RunEvent>,
    ) -> JoinHandle<RunOutcome> {
        let recorder = Recorder {
            journal,
            clock: Arc::clone(&clock),
            outbox: Arc::new(Mutex::new(Outbox {
                numbered: 0,
                sent: 0,
                written: BTreeMap::new(),
                events,
            })),
        };
        let run_id = run.run.as_str().into();
        let engine = Engine {
            progress: run
                .plan
                .steps
                .iter()
                .map(|step| (step.id, Progress::Waiting))
                .collect(),
            run,
            context: Context {
                actuator,
                clock,
                recorder,
                halt: CancellationToken::new(),
                run: run_id,
            },
            stop: self
                .stop
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            bindings: Bindings::default(),
            halted_by: None,
        };
        self.tasks.spawn(engine.execute())
    }

    /// Asks every run on its way to stop after the calls in flight. What was opened is emptied. Runs
    /// that are started later are not stopped.
    pub fn stop(&self) {
        let mut stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *stop).cancel();
    }

    /// Whether a run is on its way.
    pub fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Waits until no run is on its way.
    pub async fn settled(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.tasks.reopen();
    }
}

/// Journals events and passes them on. Several steps record at once; numbers are given in order of
/// arrival.
#[derive(Clone)]
pub(super) struct Recorder {
    journal: Journal,
    clock: Arc<dyn Clock>,
    outbox: Arc<Mutex<Outbox>>,
}

/// Events on their way to whoever is looking.
struct Outbox {
    numbered: u32,
    sent: u32,
    /// Journalled, but an event before them is not passed on yet.
    written: BTreeMap<u32, RunEvent>,
    events: mpsc::UnboundedSender<RunEvent>,
}

impl Recorder {
    pub(super) async fn record(&self, kind: RunEventKind) -> Result<(), JournalError> {
        let event = RunEvent {
            n: self.number(),
            at: self.clock.now(),
            kind,
        };
        // Nothing is awaited between the number and the journal's queue: they agree on the order.
        let written = self.journal.append(&event).await;
        self.pass_on(event);
        written
    }

    fn number(&self) -> u32 {
        let mut outbox = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        let number = outbox.numbered;
        outbox.numbered += 1;
        number
    }

    /// Steps learn at different times that their events are on disk; events leave in order.
    fn pass_on(&self, event: RunEvent) {
        let mut outbox = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        outbox.written.insert(event.n, event);
        let mut next = outbox.sent;
        while let Some(event) = outbox.written.remove(&next) {
            // Nobody may be looking: the run goes on.
            drop(outbox.events.send(event));
            next += 1;
        }
        outbox.sent = next;
    }
}

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

/// Why no further steps are started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HaltedBy {
    Stop,
    Failure(StepId),
}

struct Engine {
    run: Run,
    context: Context,
    stop: CancellationToken,
    progress: BTreeMap<StepId, Progress>,
    bindings: Bindings,
    halted_by: Option<HaltedBy>,
}

impl Engine {
    async fn execute(mut self) -> RunOutcome {
        let Run {
            case,
            run,
            caller,
            plan,
        } = self.run.clone();
        let started = RunEventKind::Started {
            case,
            run,
            caller,
            plan,
        };
        let mut warned = false;
        if let Err(error) = self.context.recorder.record(started).await {
            self.refuse(&error).await;
        }
        let mut flight = FuturesUnordered::new();
        loop {
            // Before anything is started: a stop may have come while a step's end was noted.
            if self.stop.is_cancelled() && self.halted_by.is_none() {
                self.request_stop().await;
            }
            for step in self.ready() {
                self.progress.insert(step.id, Progress::InFlight);
                flight.push(self.launch(step));
            }
            tokio::select! {
                biased;
                () = self.stop.cancelled(), if self.halted_by.is_none() => self.request_stop().await,
                end = flight.next() => match end {
                    Some(end) => {
                        warned |= matches!(end.outcome, StepOutcome::Warned { .. });
                        self.ended(end).await;
                    }
                    None => break,
                },
            }
        }
        let outcome = self.outcome(warned);
        self.close(outcome).await;
        outcome
    }

    async fn request_stop(&mut self) {
        self.halt(HaltedBy::Stop);
        self.note(RunEventKind::StopRequested).await;
    }

    /// Without a journal nothing is begun: the first step fails and says so.
    async fn refuse(&mut self, error: &JournalError) {
        let Some(step) = self.run.plan.steps.first().map(|it| it.id) else {
            return self.halt(HaltedBy::Stop);
        };
        self.note(RunEventKind::Begun { step }).await;
        self.ended(StepEnd {
            step,
            outcome: StepOutcome::Failed {
                error: error.to_string(),
            },
            sent: false,
            made: None,
        })
        .await;
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
        self.run
            .plan
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
        let crossing = self.run.plan.steps.iter().any(|step| {
            matches!(step.what, What::Change(Operation::AuthorizeRules { .. }))
                && self.progress.get(&step.id) == Some(&Progress::InFlight)
        });
        self.was_sent(once) && !crossing
    }

    /// Whether it is time to tidy up after `once` in a halted run: nothing is in flight, and what the step
    /// waits for is done or was never due.
    fn is_safe(&self, step: &Step, once: StepId) -> bool {
        let quiet = !self.progress.values().any(|it| *it == Progress::InFlight);
        let settled = |id: &StepId| {
            let never_due = match self.run.plan.step(*id).map(|it| it.class) {
                Some(Class::AlwaysOnceSent(opening)) => !self.was_sent(opening),
                _ => self.progress.get(id) == Some(&Progress::Waiting),
            };
            self.is_good(*id) || never_due
        };
        quiet && self.was_sent(once) && step.after.iter().all(settled)
    }

    fn was_sent(&self, id: StepId) -> bool {
        matches!(
            self.progress.get(&id),
            Some(Progress::Ended { sent: true, .. })
        )
    }

    /// Whether everything that was added to the group that `step` empties has been seen there, in
    /// either direction: only then is an empty list of rules no late one.
    fn is_seen(&self, step: &Step) -> bool {
        let What::Change(Operation::RevokeAllRules { group, .. }) = &step.what else {
            return true;
        };
        let adds = |it: &&Step| matches!(&it.what, What::Change(Operation::AuthorizeRules { group: to, .. }) if to == group);
        let late = |it: &Step| {
            matches!(
                self.progress.get(&it.id),
                Some(
                    Progress::InFlight
                        | Progress::Ended {
                            seen: false,
                            sent: true,
                            ..
                        }
                )
            )
        };
        !self.run.plan.steps.iter().filter(adds).any(late)
    }

    fn launch(&self, step: Step) -> BoxFuture<'static, StepEnd> {
        let id = step.id;
        let seen = self.is_seen(&step);
        let work = perform(self.context.clone(), self.bindings.clone(), seen, step);
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
        let seen = matches!(
            outcome,
            StepOutcome::Done { .. } | StepOutcome::Skipped { .. }
        );
        self.progress
            .insert(step, Progress::Ended { good, seen, sent });
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

    fn outcome(&self, warned: bool) -> RunOutcome {
        let left_open = self.run.plan.steps.iter().any(|step| match step.class {
            Class::AlwaysOnceSent(once) => self.was_sent(once) && !self.is_good(step.id),
            Class::Must | Class::Should | Class::OnceSafe(_) => false,
        });
        match self.halted_by {
            _ if left_open => RunOutcome::LeftOpen,
            Some(HaltedBy::Failure(_)) => RunOutcome::Failed,
            Some(HaltedBy::Stop) => RunOutcome::Stopped,
            None if warned => RunOutcome::DoneWithWarnings,
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

/// Does one step.
async fn perform(context: Context, bindings: Bindings, seen: bool, step: Step) -> StepEnd {
    let end = |outcome| StepEnd {
        step: step.id,
        outcome,
        sent: false,
        made: None,
    };
    if context.is_halted(step.class) {
        return end(StepOutcome::NotRun { because: None });
    }
    let begun = RunEventKind::Begun { step: step.id };
    drop(context.recorder.record(begun).await);
    let unbound = |unbound: Unbound| StepOutcome::Failed {
        error: unbound.to_string(),
    };
    match &step.what {
        What::Change(operation) => match operation.bind(&bindings) {
            Ok(bound) => {
                let bound = bound.at(&Occasion {
                    now: context.clock.now(),
                    run: context.run.to_string(),
                });
                context.change(&step, seen, &bound).await
            }
            Err(error) => end(unbound(error)),
        },
        What::Wait { seconds, .. } => end(context.wait(*seconds).await),
        What::Verify(operations) => {
            let bound: Result<Vec<_>, _> = operations.iter().map(|it| it.bind(&bindings)).collect();
            match bound {
                Ok(bound) => end(context.verify(step.id, &bound).await),
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
