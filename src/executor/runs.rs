//! Starts runs and takes them up again, each in a task of its own that goes on whether or not anybody
//! looks.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::archive::{Recorded, Unreadable};
use super::engine::Engine;
use super::event::{Resume, RunEvent, RunEventKind, RunOutcome};
use super::journal::{Journal, JournalError};
use super::lock::{Holder, Lock, LockError};
use super::proof::{Verification, Verifications};
use super::recorder::Recorder;
use super::resume::Earlier;
use super::step::Context;
use crate::operation::Actuator;
use crate::plan::{Foretold, Plan, Target};
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
    /// What was forecast of it, for whoever looks back.
    pub foretold: Option<Foretold>,
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
            foretold: None,
        }
    }
}

/// What a run works with.
#[derive(Clone)]
pub struct Ports {
    /// Makes the changes.
    pub actuator: Arc<dyn Actuator>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gets the events after they were journalled.
    pub events: mpsc::UnboundedSender<RunEvent>,
    /// Reads the flow logs after the run's end, to see whether its changes hold; `None`: nobody does.
    pub verification: Option<Verification>,
}

/// Why a run was not started: nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another run changes the target, or that can't be told.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The journal can't be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal of a run that is to be taken up again can't be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The steps of a plan don't refer to earlier ones by their numbers.
    #[error("the plan's steps are not in order: build it again")]
    Malformed,
    /// The run came to an end.
    #[error("run {0} came to its end: there is nothing to resume; undo is a run of its own")]
    NotOpen(String),
    /// A run that denies something for a while was interrupted.
    #[error(
        "run {0} denies something for a while: it can only be lifted (resume it to close, then start anew)"
    )]
    OnlyLift(String),
}

/// The runs of this process.
#[derive(Debug, Clone, Default)]
pub struct Runs {
    tasks: TaskTracker,
    /// Of the runs that were started since the last stop.
    stop: Arc<Mutex<CancellationToken>>,
    verifications: Verifications,
}

impl Runs {
    /// Starts a run: takes the lock of its target and writes its journal's first line below `root`, the
    /// root of the journals. Events arrive after they were journalled.
    ///
    /// # Errors
    /// Who changes the target already, or why the journal can't be written. Nothing is changed then.
    pub fn start(
        &self,
        run: Run,
        root: &Path,
        ports: Ports,
    ) -> Result<JoinHandle<RunOutcome>, StartError> {
        let lock = lock(root, &run.plan.target, &run.run, &run.caller, &ports)?;
        let journal = Journal::create(root, &run.case, &run.run)?;
        let path = journal.path().to_owned();
        let started = self.begin(run, journal, ports, Some(lock));
        if started.is_err() {
            // Nothing was begun, so nothing is to be listed. It may be gone, or not removable.
            std::fs::remove_file(path).ok();
        }
        started
    }

    /// Starts a run with a journal that nobody else writes to.
    pub(super) fn begin(
        &self,
        run: Run,
        journal: Journal,
        ports: Ports,
        lock: Option<Lock>,
    ) -> Result<JoinHandle<RunOutcome>, StartError> {
        if !run.plan.is_well_formed() {
            return Err(StartError::Malformed);
        }
        let recorder = Recorder::new(journal, Arc::clone(&ports.clock), (0, None), ports.events);
        recorder.record_first(RunEventKind::Started {
            case: run.case,
            run: run.run.clone(),
            caller: run.caller,
            plan: run.plan.clone(),
            foretold: run.foretold,
        })?;
        let context = Context::new(ports.actuator, ports.clock, recorder.clone(), &run.run);
        let engine = Engine::new(run.plan, context, self.stopper());
        Ok(self.spawn(engine, lock, ports.verification, recorder))
    }

    /// Takes up a run that did not come to its end, in the same journal: what stands behind its damage, if
    /// any, is cut off, and a copy kept. What was sent is read back before anything is sent again. Events
    /// arrive from the first new one on.
    ///
    /// # Errors
    /// Who changes the target already, why the journal can't be used, or why this run can't be taken up so.
    pub fn resume(
        &self,
        open: &Recorded,
        how: Resume,
        caller: &str,
        ports: Ports,
    ) -> Result<JoinHandle<RunOutcome>, StartError> {
        let (path, view) = (&open.path, &open.view);
        let root = path.parent().and_then(Path::parent).unwrap_or(path);
        let lock = lock(root, &view.plan.target, &view.run, caller, &ports)?;
        // Only now is it sure that nobody else writes to it: it may have gone on since it was listed.
        let Recorded { view, events, .. } = Recorded::read(path)?;
        if !view.is_open() {
            return Err(StartError::NotOpen(view.run));
        }
        if how == Resume::Continue && view.must_be_lifted() {
            return Err(StartError::OnlyLift(view.run));
        }
        let journal = Journal::reopen(path, events.len())?;
        let next = events.last().map_or(0, |it| it.n.saturating_add(1));
        let before = (next, Some(view.clone()));
        let recorder = Recorder::new(journal, Arc::clone(&ports.clock), before, ports.events);
        recorder.record_first(RunEventKind::Resumed {
            caller: caller.to_owned(),
            how,
        })?;
        let context = Context::new(ports.actuator, ports.clock, recorder.clone(), &view.run);
        let earlier = Earlier::of(&view, how);
        let engine = Engine::resumed(view.plan, context, self.stopper(), earlier);
        Ok(self.spawn(engine, Some(lock), ports.verification, recorder))
    }

    fn spawn(
        &self,
        engine: Engine,
        lock: Option<Lock>,
        verification: Option<Verification>,
        recorder: Recorder,
    ) -> JoinHandle<RunOutcome> {
        // What the logs show from here on is no longer the doing of the run before.
        self.verifications.end("another run began");
        let verifications = self.verifications.clone();
        self.tasks.spawn(async move {
            let outcome = engine.execute().await;
            drop(lock);
            if let (Some(verification), Some(view)) = (verification, recorder.view())
                && outcome != RunOutcome::LeftOpen
            {
                verifications.begin(verification, recorder, &view);
            }
            outcome
        })
    }

    fn stopper(&self) -> CancellationToken {
        let stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        stop.clone()
    }

    /// Asks every run on its way to go to its safe point, which takes at most
    /// [`SAFE_POINT`](super::SAFE_POINT): the calls in flight are awaited, what was opened is emptied, what
    /// was denied for a while is lifted. Runs that are started later are not stopped.
    pub fn stop(&self) {
        let mut stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *stop).cancel();
    }

    /// Waits until every run that has ended is verified, or is not any more. See [`Self::leave`].
    pub async fn verified(&self) {
        self.verifications.settled().await;
    }

    /// Whether no run is being verified.
    pub fn is_verified(&self) -> bool {
        self.verifications.is_idle()
    }

    /// Waits no longer for flow logs: what they would have told stays unknown. Returns when that is
    /// journalled.
    pub async fn leave(&self) {
        self.verifications.end("the console was left");
        self.verifications.settled().await;
    }

    /// Whether no run is on its way.
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

fn lock(
    root: &Path,
    target: &Target,
    run: &str,
    caller: &str,
    ports: &Ports,
) -> Result<Lock, LockError> {
    let holder = Holder {
        run: run.to_owned(),
        caller: caller.to_owned(),
        host: rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned(),
        pid: std::process::id(),
        since: ports.clock.now(),
    };
    Lock::acquire(root, target, &holder)
}
