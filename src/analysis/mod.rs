//! What an action does to others, computed from what was read. Pure: no I/O, no clock, no panics.
//!
//! [`neighbourhood`] says who shares a scope with the suspect; [`blast`] says whom a plan's
//! operations hit besides it. Both work on an estate that may have holes, and say so by doubts.

mod blast;
mod neighbours;

pub use blast::{Blast, blast};
pub use neighbours::{Link, Neighbour, Neighbourhood, eni_label, everyone, neighbourhood};
