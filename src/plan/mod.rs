//! From an intent to a plan: the catalogue of actions (one file each), the steps, and what must hold
//! before a plan may be shown. Pure: a plan is data, and nothing here runs it.

mod actions;
mod builder;
mod catalogue;
mod compare;
mod course;
mod denies;
mod ledger;
mod residual;
mod review;
pub mod slots;
mod step;
mod subject;
#[cfg(test)]
mod tests;

pub use builder::{Dwell, Intent, PlanError, build};
pub use catalogue::{Action, Entry, Scope, catalogue};
pub use compare::{Outlook, RANKING, Row, compare, forecast, outlook_of};
pub use course::stages;
pub use ledger::{ledger, rate};
pub use residual::residual;
pub use review::{
    Change, ChangeStep, Ledger, Line, Party, Proposal, ProposalError, RuleName, Totals,
    known_instance, review,
};
pub use step::{Class, Plan, Procedure, Step, Target, What};
