//! Runs a plan: the engine, its events, the journal on disk, and the one fold of events that screen,
//! report and recovery share.
//!
//! A write in flight is never dropped: a stop is looked at between calls and inside waits.

mod engine;
mod event;
mod journal;
mod playbooks;
mod preflight;
mod proof;
mod retry;
mod run_view;
mod step;
mod survey;
#[cfg(test)]
mod tests;

pub use engine::{Run, Runs};
pub use event::{RunEvent, RunEventKind, RunOutcome, StepOutcome};
pub use journal::{Damage, Journal, JournalError};
pub use playbooks::user_playbooks;
pub use preflight::{Checked, Summary, preflight, summary, without_dry_run};
pub use proof::{Leak, Left, Proof, Verifier, Verifying};
pub use run_view::{BadTransition, RunView, StepStatus, StepView};
pub use survey::{OpenRun, survey};
