//! A file of cases, played one by one. One line is printed per case that fails, and one last line with
//! the counts. Conventions of the file: its `meta.conventions`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::Value;

use crate::topology::Topology;

/// What came of a case; `None`: it is of a kind that is not meant.
pub(crate) type Outcome = Option<Result<(), String>>;

/// Plays the project's own file, or that of `FIREDOOR_VECTORS`, as the test called `name`.
pub(crate) fn play(name: &str, check: fn(&Value, &Topology) -> Outcome) -> ExitCode {
    // libtest's flags are accepted: this is one test, whatever they say but for a listing.
    if std::env::args().any(|it| it == "--list") {
        println!("{name}: test\n\n1 test, 0 benchmarks");
        return ExitCode::SUCCESS;
    }
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/vectors.json");
    let path = std::env::var_os("FIREDOOR_VECTORS").map_or_else(|| own.into(), PathBuf::from);
    let (passed, failed) = match std::fs::read(&path) {
        Err(error) => fail(&format!("{}: {error}", path.display())),
        Ok(bytes) => match serde_json::from_slice::<Value>(&bytes) {
            Err(error) => fail(&format!("{}: {error}", path.display())),
            Ok(file) => run(&file, check),
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

fn run(file: &Value, check: fn(&Value, &Topology) -> Outcome) -> (usize, usize) {
    let mut topologies = BTreeMap::new();
    for (name, value) in file["topologies"].as_object().into_iter().flatten() {
        topologies.insert(name.as_str(), Topology::of(value));
    }
    let (mut passed, mut failed) = (0, 0);
    for case in file["vectors"].as_array().into_iter().flatten() {
        let id = case["id"].as_str().unwrap_or("a case without id");
        let topology = case["topology"].as_str().and_then(|it| topologies.get(it));
        let outcome = match topology {
            Some(topology) => check(case, topology),
            None => Some(Err("its topology is not in the file".to_owned())),
        };
        match outcome {
            None => {}
            Some(Ok(())) => passed += 1,
            Some(Err(why)) => {
                failed += 1;
                println!("{id}: {}", why.replace('\n', " "));
            }
        }
    }
    (passed, failed)
}

/// Fails for a key that nothing checks: a case must not pass because it was not understood.
pub(crate) fn only_keys(object: &Value, known: &[&str]) -> Result<(), String> {
    let object = object.as_object().ok_or("expected must be an object")?;
    let unknown = object.keys().find(|it| !known.contains(&it.as_str()));
    unknown.map_or(Ok(()), |it| Err(format!("expected.{it} is not known")))
}

/// Compares two texts.
pub(crate) fn same(what: &str, want: &str, have: &str) -> Result<(), String> {
    if want == have {
        Ok(())
    } else {
        Err(format!("{what}: expected {want}, is {have}"))
    }
}
