//! How everything is now that a run has touched: what its undo is built from.

use futures::future::join_all;

use super::event::RunOutcome;
use super::run_view::RunView;
use crate::operation::Actuator;
use crate::plan::{Taken, look};

/// A run that can't be taken back yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("run {0} is open: resume it first, then undo it")]
pub struct OpenRun(pub String);

/// Reads back the present state of every object that a call of this run was sent for, also of those that got no
/// answer. A state that can't be read comes as the reason.
///
/// # Errors
/// The run has not ended, or left the suspect open.
pub async fn survey(actuator: &dyn Actuator, view: &RunView) -> Result<Vec<Taken>, OpenRun> {
    if !matches!(view.ended, Some((_, outcome)) if outcome != RunOutcome::LeftOpen) {
        return Err(OpenRun(view.run.clone()));
    }
    let sent = view.steps.iter().filter_map(|(step, it)| {
        let operation = it.operation.clone()?;
        Some((*step, operation, it))
    });
    let looks = sent.map(|(step, operation, it)| async move {
        let now = actuator
            .observe(&look(&operation, it.made.as_deref()))
            .await;
        Taken {
            step,
            before: it.before.clone(),
            made: it.made.clone(),
            now: now.map_err(|error| error.to_string()),
            operation,
        }
    });
    Ok(join_all(looks).await)
}
