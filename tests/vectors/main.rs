//! The engine against a file of cases: topologies in describe shape, flows, changes, and what AWS does.
//!
//! `FIREDOOR_VECTORS=FILE` runs that file instead of the project's own. One line is printed per case that
//! fails, and one last line with the counts. Conventions of the file: its `meta.conventions`.

#![expect(clippy::print_stdout, reason = "its last line is read by others")]

mod api;
mod established;
mod flow;
mod flow_log;
mod ops;
mod request;
mod simple;
mod timeline;
mod topology;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::Value;
use topology::Topology;

fn main() -> ExitCode {
    // libtest's flags are accepted: this is one test, whatever they say but for a listing.
    if std::env::args().any(|it| it == "--list") {
        println!("vectors: test\n\n1 test, 0 benchmarks");
        return ExitCode::SUCCESS;
    }
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/vectors.json");
    let path = std::env::var_os("FIREDOOR_VECTORS").map_or_else(|| own.into(), PathBuf::from);
    let (passed, failed) = match std::fs::read(&path) {
        Err(error) => fail(&format!("{}: {error}", path.display())),
        Ok(bytes) => match serde_json::from_slice::<Value>(&bytes) {
            Err(error) => fail(&format!("{}: {error}", path.display())),
            Ok(file) => run(&file),
        },
    };
    println!("{passed} passed, {failed} failed");
    if failed == 0 && passed > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn fail(why: &str) -> (usize, usize) {
    println!("{why}");
    (0, 1)
}

fn run(file: &Value) -> (usize, usize) {
    let mut topologies = BTreeMap::new();
    for (name, value) in file["topologies"].as_object().into_iter().flatten() {
        topologies.insert(name.as_str(), Topology::of(value));
    }
    let (mut passed, mut failed) = (0, 0);
    for case in file["vectors"].as_array().into_iter().flatten() {
        let id = case["id"].as_str().unwrap_or("a case without id");
        let topology = case["topology"].as_str().and_then(|it| topologies.get(it));
        let outcome = topology
            .ok_or_else(|| "its topology is not in the file".to_owned())
            .and_then(|it| check(case, it));
        match outcome {
            Ok(()) => passed += 1,
            Err(why) => {
                failed += 1;
                println!("{id}: {}", why.replace('\n', " "));
            }
        }
    }
    (passed, failed)
}

fn check(case: &Value, topology: &Topology) -> Result<(), String> {
    match case["kind"].as_str() {
        Some("new_connection") => simple::new_connection(case, topology),
        Some("tracking") => simple::tracking(case, topology),
        Some("route_lookup") => simple::route_lookup(case, topology),
        Some("established_flow") => established::check(case, topology),
        Some("api") => api::check(case, &topology.value, &topology.estate),
        Some("timeline") => timeline::check(case, topology),
        Some("flow_log") => flow_log::check(case, &topology.estate),
        Some(other) => Err(format!("kind {other} is not known")),
        None => Err("it has no kind".into()),
    }
}

/// Fails for a key that nothing checks: a case must not pass because it was not understood.
fn only_keys(object: &Value, known: &[&str]) -> Result<(), String> {
    let object = object.as_object().ok_or("expected must be an object")?;
    let unknown = object.keys().find(|it| !known.contains(&it.as_str()));
    unknown.map_or(Ok(()), |it| Err(format!("expected.{it} is not known")))
}

/// Compares two texts.
fn same(what: &str, want: &str, have: &str) -> Result<(), String> {
    if want == have {
        Ok(())
    } else {
        Err(format!("{what}: expected {want}, is {have}"))
    }
}

/// Whether the case says of itself that its answer is ambiguous.
fn is_ambiguous(case: &Value) -> bool {
    case["confidence"] == "ambiguous"
}
