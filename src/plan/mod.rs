//! From an intent to a plan: the catalogue of actions (one file each), the steps, and what must hold
//! before a plan may be shown. Pure: a plan is data, and nothing here runs it.

mod actions;
mod builder;
mod case_tags;
mod catalogue;
mod changed;
mod claim;
mod compare;
mod course;
mod denies;
mod dwell;
mod figures;
mod foretold;
mod guard;
mod ledger;
mod lint;
mod nitro;
mod pair;
mod playbook;
pub mod policy;
mod prepare;
mod residual;
mod review;
mod roles;
mod room;
pub mod slots;
mod step;
mod subject;
#[cfg(test)]
mod tests;
mod undo;
mod ways;

pub use builder::{Intent, PlanError, build};
pub use case_tags::{CASE_TAG, RUN_TAG, TIME_TAG};
pub use catalogue::{Action, Entry, SafePoint, Scope, catalogue};
pub use claim::{Claim, Term, Watched, changes_traffic, claim};
pub use compare::{Outlook, RANKING, Row, compare, forecast, outlook_of};
pub use course::stages;
pub use dwell::Dwell;
pub use figures::{Figures, figures};
pub use foretold::{Foretold, ForetoldFlow, foretell};
pub use guard::{
    Guard, GuardKind, LOCK_TAG, OPEN_TAG, OwnPath, PROTECT_TAG, Severity, guard_sample, guards,
};
pub use ledger::{ledger, rate};
pub use lint::{Lint, LintRule, LintVerdict, lint, lint_rules};
pub use pair::{EMPTY_GROUP, OPEN_GROUP, Staged, Standing, standing};
pub use playbook::{Playbook, PlaybookError, PlaybookStep, build_playbook};
pub use prepare::prepare;
pub use residual::residual;
pub use review::{
    Change, ChangeStep, Ledger, Line, Party, Proposal, ProposalError, RuleName, Totals,
    known_instance, review,
};
pub use step::{Class, Plan, Procedure, Step, Target, What};
pub use undo::{Drift, Kept, Taken, Undo, look, undo};
