//! Runs a plan: the engine, its events, the journal on disk, and the one fold of events that screen,
//! report and recovery share.
//!
//! A write in flight is never dropped: a stop is looked at between calls and inside waits.

mod archive;
#[cfg(test)]
mod archive_tests;
mod case;
#[cfg(test)]
mod case_tests;
mod engine;
mod event;
mod journal;
mod journal_read;
mod lock;
mod playbooks;
mod preflight;
mod proof;
mod recorder;
mod resume;
mod retry;
mod run_view;
mod runs;
mod step;
mod step_change;
mod step_command;
#[cfg(test)]
mod step_tests;
mod survey;
#[cfg(test)]
mod tests;

pub use archive::{Archive, Listing, Recorded, Unreadable};
pub use case::{Case, Exercised};
pub use engine::SAFE_POINT;
pub use event::{Resume, RunEvent, RunEventKind, RunOutcome, StepOutcome};
pub use journal::{Chained, ExerciseJournal, Journal, JournalError};
pub use journal_read::Damage;
pub use lock::{Holder, Lock, LockError};
pub use playbooks::user_playbooks;
pub use preflight::{Checked, Summary, preflight, summary, without_dry_run};
pub use proof::{Leak, Left, Proof, Verification, Verifier, Verifying};
pub use run_view::{BadTransition, RunView, StepStatus, StepView};
pub use runs::{Ports, Run, Runs, StartError};
pub use survey::{OpenRun, survey};
