//! The review of one proposed change, whoever proposes it: what would be done, whom it reaches, and what
//! becomes of every flow that is known.
//!
//! A [`Proposal`] names objects of an estate. [`Proposal::change`] makes operations of it and tries them
//! on a copy of the estate, and [`review`] writes the ledger. Nothing here knows where estate and flows
//! come from, or who reads the ledger.

mod ledger;
mod near;
mod proposal;
mod rule_name;

pub use ledger::{Ledger, Line, Party, Totals, review};
pub use proposal::{Change, ChangeStep, Proposal, ProposalError, known_instance};
pub use rule_name::RuleName;
