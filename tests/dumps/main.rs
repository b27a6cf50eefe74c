//! Dumps as people have them: the project's own small one with its facts, and any others.
//!
//! `FIREDOOR_DUMPS=DIR`: every dump below `DIR` must load. `FIREDOOR_FACTS=FILE`: a list of
//! `{id, dump, src_ip, dst_ip, proto, dport, expect}` about these dumps must hold. One line is printed per
//! failure, and one last line with the counts: of the facts, if there are any, else of the dumps, else
//! of the project's own checks.

#![expect(
    clippy::print_stdout,
    reason = "what it prints is its result: it has no libtest around it"
)]

mod facts;
mod own;
mod roots;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use facts::Dumps;
use serde_json::Value;

/// What was checked: how many passed, and what failed and why.
#[derive(Default)]
struct Outcome {
    passed: usize,
    failed: Vec<String>,
}

impl Outcome {
    fn note(&mut self, name: &str, result: Result<(), String>) {
        match result {
            Ok(()) => self.passed += 1,
            Err(why) => self.failed.push(format!("{name}: {why}")),
        }
    }
}

fn main() -> ExitCode {
    // libtest's flags are accepted: this is one test, whatever they say but for a listing.
    if std::env::args().any(|it| it == "--list") {
        println!("dumps: test\n\n1 test, 0 benchmarks");
        return ExitCode::SUCCESS;
    }
    let folder = |name| std::env::var_os(name).map(PathBuf::from);
    let (dir, facts) = (folder("FIREDOOR_DUMPS"), folder("FIREDOOR_FACTS"));
    let own = own_checks();
    let dumps = dir.as_deref().map(every_dump);
    let facts = facts.map(|file| every_fact(dir.as_deref(), &file));
    let asked = facts.as_ref().or(dumps.as_ref()).unwrap_or(&own);
    let passed = asked.passed;
    let all = [Some(&own), dumps.as_ref(), facts.as_ref()];
    let failed: Vec<&String> = all
        .into_iter()
        .flatten()
        .flat_map(|it| &it.failed)
        .collect();
    for failure in &failed {
        println!("{failure}");
    }
    println!("{passed} passed, {} failed", failed.len());
    if failed.is_empty() && passed > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The project's own dump and what is known of it.
fn own_checks() -> Outcome {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut outcome = every_fact(Some(&fixtures), &fixtures.join("dump-facts.json"));
    for (name, check) in own::CHECKS {
        outcome.note(name, check(&fixtures));
    }
    outcome
}

fn every_dump(dir: &Path) -> Outcome {
    let mut outcome = Outcome::default();
    let roots = roots::below(dir);
    if roots.is_empty() {
        let why = "no dump below it".to_owned();
        outcome.note(&dir.display().to_string(), Err(why));
    }
    for root in roots {
        let loaded = firedoor::sources::dump::load(&root);
        let result = loaded.map(drop).map_err(|error| error.to_string());
        outcome.note(&root.display().to_string(), result);
    }
    outcome
}

fn every_fact(dir: Option<&Path>, file: &Path) -> Outcome {
    let mut outcome = Outcome::default();
    let read = || -> Result<(&Path, Vec<Value>), String> {
        let dir = dir.ok_or("FIREDOOR_DUMPS must say where the dumps are")?;
        let text = std::fs::read(file).map_err(|error| error.to_string())?;
        let facts = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
        Ok((dir, facts))
    };
    match read() {
        Err(why) => outcome.note(&file.display().to_string(), Err(why)),
        Ok((dir, facts)) => {
            let mut dumps = Dumps::below(dir);
            for (fact, number) in facts.iter().zip(1..) {
                let id = fact["id"].as_str().map(str::to_owned);
                let id = id.unwrap_or_else(|| format!("fact {number}"));
                outcome.note(&id, facts::check(&mut dumps, fact));
            }
        }
    }
    outcome
}
