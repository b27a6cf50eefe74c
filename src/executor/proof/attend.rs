//! Verifies runs after their end, each in a task of its own that writes into the run's journal.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::super::event::RunEventKind;
use super::super::recorder::Recorder;
use super::super::run_view::RunView;
use super::{Verifier, to_prove};
use crate::plan::Claim;

/// What a run is to be verified by.
#[derive(Clone)]
pub struct Verification {
    /// Reads the flow logs.
    pub verifier: Verifier,
    /// What the plan claims of the estate that it was built from.
    pub claim: Claim,
}

/// The verifications of this process.
#[derive(Debug, Clone)]
pub(in crate::executor) struct Verifications {
    tasks: TaskTracker,
    /// Tells those under way why nobody waits for them any more.
    left: Arc<Mutex<watch::Sender<Option<&'static str>>>>,
}

impl Default for Verifications {
    fn default() -> Self {
        Self {
            tasks: TaskTracker::new(),
            left: Arc::new(Mutex::new(watch::Sender::new(None))),
        }
    }
}

impl Verifications {
    /// Verifies a run that has ended. `view` is how it ended.
    pub(in crate::executor) fn begin(
        &self,
        verification: Verification,
        recorder: Recorder,
        view: &RunView,
    ) {
        let left = self.sender().subscribe();
        let proving = to_prove(view, &verification.claim);
        self.tasks.spawn(async move {
            let proof = match proving {
                Ok(verifying) => {
                    let kind = RunEventKind::Verifying(verifying.clone());
                    drop(recorder.record(kind).await);
                    verification.verifier.verify(&verifying, left).await
                }
                Err(proof) => proof,
            };
            // Whoever looks learns it even if it can't be journalled.
            drop(recorder.record(RunEventKind::Proof { proof }).await);
        });
    }

    /// Ends those under way: what they would have found stays unknown, for this reason.
    pub(in crate::executor) fn end(&self, why: &'static str) {
        let fresh = watch::Sender::new(None);
        std::mem::replace(&mut *self.sender(), fresh).send_replace(Some(why));
    }

    /// Waits until none is under way.
    pub(in crate::executor) async fn settled(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.tasks.reopen();
    }

    /// Whether none is under way.
    pub(in crate::executor) fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }

    fn sender(&self) -> MutexGuard<'_, watch::Sender<Option<&'static str>>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
