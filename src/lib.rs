//! Firedoor: a terminal incident console for AWS.
//!
//! The folders are the flow of data and imports point one way; `ARCHITECTURE.md` has the map, and
//! `tests/architecture.rs` keeps it.

pub mod analysis;
pub mod app;
#[cfg(feature = "aws")]
pub mod aws;
pub mod cli;
pub mod drill;
pub mod executor;
pub mod flows;
pub mod model;
pub mod operation;
pub mod plan;
pub mod report;
pub mod sources;
pub mod terminal;
pub mod view;
