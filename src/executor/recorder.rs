//! Journals events and passes them on, in one order.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use super::event::{RunEvent, RunEventKind};
use super::journal::{Journal, JournalError, Pending, written};
use super::run_view::RunView;
use crate::sources::Clock;

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
    /// What all events up to the last one add up to.
    view: Option<RunView>,
}

impl Recorder {
    /// The events that it records are numbered from `first`; those before it add up to `view`.
    pub(super) fn new(
        journal: Journal,
        clock: Arc<dyn Clock>,
        (first, view): (u32, Option<RunView>),
        events: mpsc::UnboundedSender<RunEvent>,
    ) -> Self {
        Self {
            journal,
            clock,
            outbox: Arc::new(Mutex::new(Outbox {
                numbered: first,
                sent: first,
                written: BTreeMap::new(),
                events,
                view,
            })),
        }
    }

    pub(super) async fn record(&self, kind: RunEventKind) -> Result<(), JournalError> {
        self.record_all(vec![kind]).await
    }

    /// Records several events in this order, with nothing between them.
    pub(super) async fn record_all(&self, kinds: Vec<RunEventKind>) -> Result<(), JournalError> {
        let (events, pending): (Vec<_>, Vec<_>) = self.queue(kinds).into_iter().unzip();
        let written = written(pending).await;
        self.pass_on(events);
        written
    }

    /// Records an event on this thread: for the line without which nothing begins.
    pub(super) fn record_first(&self, kind: RunEventKind) -> Result<(), JournalError> {
        for (event, pending) in self.queue(vec![kind]) {
            pending.wait()?;
            self.pass_on(vec![event]);
        }
        Ok(())
    }

    /// Numbers and journal agree on the order: both are given under one lock.
    fn queue(&self, kinds: Vec<RunEventKind>) -> Vec<(RunEvent, Pending<RunEvent>)> {
        let at = self.clock.now();
        let mut outbox = self.outbox();
        let mut queue = |kind| {
            let n = outbox.numbered;
            outbox.numbered += 1;
            let event = RunEvent { n, at, kind };
            RunView::follow(&mut outbox.view, &event);
            let pending = self.journal.queue(&event);
            (event, pending)
        };
        kinds.into_iter().map(&mut queue).collect()
    }

    /// Steps learn at different times that their events are on disk; events leave in order.
    fn pass_on(&self, events: Vec<RunEvent>) {
        let mut outbox = self.outbox();
        outbox
            .written
            .extend(events.into_iter().map(|it| (it.n, it)));
        let mut next = outbox.sent;
        while let Some(event) = outbox.written.remove(&next) {
            // Nobody may be looking: the run goes on.
            drop(outbox.events.send(event));
            next += 1;
        }
        outbox.sent = next;
    }

    /// The run as everything that was recorded tells it.
    pub(super) fn view(&self) -> Option<RunView> {
        self.outbox().view.clone()
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
