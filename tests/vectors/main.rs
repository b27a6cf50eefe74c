//! The engine against a file of cases: topologies in describe shape, flows, changes, and what AWS does.
//!
//! `FIREDOOR_VECTORS=FILE` runs that file instead of the project's own.

#![expect(clippy::print_stdout, reason = "its last line is read by others")]

mod api;
mod established;
mod fields;
mod file;
mod flow;
mod flow_log;
mod ops;
mod played;
mod request;
mod simple;
mod story;
mod timeline;
mod topology;

use std::process::ExitCode;

use file::{only_keys, same};
use serde_json::Value;
use topology::Topology;

fn main() -> ExitCode {
    file::play("vectors", |case, topology| Some(check(case, topology)))
}

fn check(case: &Value, topology: &Topology) -> Result<(), String> {
    match case["kind"].as_str() {
        Some("new_connection") => simple::new_connection(case, topology),
        Some("tracking") => simple::tracking(case, topology),
        Some("route_lookup") => simple::route_lookup(case, topology),
        Some("established_flow") => established::check(case, topology),
        Some("api") => api::check(case, &topology.value, &topology.estate),
        Some("timeline") => played::check::<timeline::Tracked>(case, topology),
        Some("flow_log") => flow_log::check(case, &topology.estate),
        Some(other) => Err(format!("kind {other} is not known")),
        None => Err("it has no kind".into()),
    }
}

/// Whether the case says of itself that its answer is ambiguous.
fn is_ambiguous(case: &Value) -> bool {
    case["confidence"] == "ambiguous"
}
