//! Every action of the catalogue, carried out on an emulated account by the built program, and what exactly
//! it changed, told over the wire by a client that shares nothing with it.
//!
//! Which calls the emulator serves is in `tests/emulator/coverage.toml`. Ids of what is new are written
//! `new:KIND:N`, and `*` stands for any text, as `tests/emulator/check_actions.py` has it.

#![cfg(feature = "aws")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test whose tables are wrong has nothing better to do, and a long one tells how it goes"
)]

#[path = "e2e_actions/catalogue.rs"]
mod catalogue;
#[path = "support/emulator.rs"]
#[expect(dead_code, reason = "no test here needs all of the emulator")]
mod emulator;
#[path = "e2e_actions/expected.rs"]
mod expected;
#[path = "support/journal.rs"]
#[expect(dead_code, reason = "only how a run ended is of interest here")]
mod journal;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use emulator::{Emulator, Manifest};
use expected::{GROUPS, Row};
use firedoor::executor::RunOutcome;
use firedoor::plan::What;
use journal::Told;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Enough flow log lines: the attack's own come first.
const FEW: usize = 300;
/// The case of every run.
const CASE: &str = "IR-7";
/// The remote address of the findings of the compromised instance.
const PEER: &str = "203.0.113.66";

/// A folder of the emulator's scripts.
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulator");

/// One action, from an account as it was seeded to the difference that it makes.
fn play(emulator: &Emulator, row: &Row) -> Result<(), String> {
    let manifest = emulator.seed(FEW);
    if !row.before.is_empty() {
        emulator.python(&manifest, row.before)?;
    }
    script(emulator, &manifest, &["baseline"])?;
    let before = emulator.changes().len();
    let state = TempDir::new().map_err(|error| error.to_string())?;
    let told = carry_out(emulator, &manifest, row, state.path())?;
    if told.outcome() != Some(RunOutcome::Done) {
        let steps = told.run.steps.iter().map(|(id, it)| (id, &it.status));
        return Err(format!(
            "{:?}: {:#?}",
            told.outcome(),
            steps.collect::<Vec<_>>()
        ));
    }
    expect_permissions(&emulator.changes()[before..], &told)?;
    let differences = script(emulator, &manifest, &["diff"])?;
    let differences: Vec<Value> =
        serde_json::from_str(&differences).map_err(|error| error.to_string())?;
    let (tags, others): (Vec<Value>, Vec<Value>) = differences.into_iter().partition(is_ours);
    expect_tags(&tags, &others)?;
    judge(
        emulator,
        &manifest,
        &json!((row.expected)(&manifest)),
        &others,
    )
    // The way back belongs here: `firedoor undo`, and then no difference but what the action says stays.
}

/// Runs the program as an analyst does without a console.
fn carry_out(
    emulator: &Emulator,
    manifest: &Manifest,
    row: &Row,
    state: &Path,
) -> Result<Told, String> {
    assert!(emulator.endpoint().starts_with("http://127.0.0.1:"));
    let suspect = manifest.text(row.suspect);
    let tail = &suspect[suspect.len() - 4..];
    let mut program = emulator.command(Path::new(env!("CARGO_BIN_EXE_firedoor")));
    program.env("XDG_STATE_HOME", state);
    program.args(["apply", "--instance", suspect, "--action", row.action]);
    program.args(["--peer", PEER, "--vpc", manifest.text("/vpc/id")]);
    program.args(["--max-dwell", "1", "--proof-wait", "0", "--case", CASE]);
    // The suspect's Auto Scaling group may react; what it would do then is not asked here.
    program.args(["--accept-danger", "--allow-changes", "--confirm", tail]);
    let output = program.output().map_err(|error| error.to_string())?;
    let Some(journal) = journal_in(&state.join("firedoor")) else {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("nothing was run: {said}"));
    };
    Ok(Told::by(&journal))
}

/// The one journal below a folder.
fn journal_in(folder: &Path) -> Option<PathBuf> {
    let runs = fs::read_dir(folder.join(CASE)).ok()?.flatten();
    let mut journals = runs.map(|it| it.path());
    journals.find(|it| it.extension().is_some_and(|it| it == "jsonl"))
}

/// Case, run, time and the like: every action puts them on what it touches.
fn is_ours(row: &Value) -> bool {
    let field = row["field"].as_str().unwrap_or_default();
    row["section"] == "tag" && field.starts_with("firedoor:")
}

/// Whatever was made says for which case.
fn expect_tags(tags: &[Value], others: &[Value]) -> Result<(), String> {
    let case = |row: &&Value| row["field"] == "firedoor:case";
    for tag in tags.iter().filter(case) {
        if tag["after"] != CASE {
            return Err(format!("another case: {tag}"));
        }
    }
    let made = others.iter().filter(|it| it["field"] == "*");
    for id in made.filter_map(|it| it["id"].as_str()) {
        // Commands have no tags.
        let tagged = tags.iter().filter(case).any(|it| it["id"] == id);
        if id.starts_with("new:") && !id.starts_with("new:ssm command") && !tagged {
            return Err(format!(
                "{id} does not say for which case it was made: {tags:#?}"
            ));
        }
    }
    Ok(())
}

/// Nothing was changed by a call that the table of operations does not name: policies are made from it.
fn expect_permissions(sent: &[Value], told: &Told) -> Result<(), String> {
    let steps = told.run.plan.steps.iter();
    let changes = steps.filter_map(|step| match &step.what {
        What::Change(operation) => Some(operation.facts().iam),
        What::Wait { .. } | What::Verify(_) => None,
    });
    let named: BTreeSet<&str> = changes.flatten().copied().collect();
    for call in sent {
        let text = |key: &str| call[key].as_str().unwrap_or_default().to_owned();
        let api = format!("{}:{}", text("service"), text("action"));
        if !named.contains(api.as_str()) {
            return Err(format!(
                "{api} was sent, and no operation of the plan names it"
            ));
        }
    }
    Ok(())
}

/// Runs the independent check.
fn script(emulator: &Emulator, manifest: &Manifest, kind: &[&str]) -> Result<String, String> {
    let path = manifest.path().display().to_string();
    let endpoint = emulator.endpoint();
    let arguments = [&[endpoint.as_str(), manifest.region(), &path], kind].concat();
    let call = format!("sys.exit(check_actions.main({}))", json!(arguments));
    checking(emulator, manifest, &call)
}

/// Whether the differences are these, no more and no fewer.
fn judge(
    emulator: &Emulator,
    manifest: &Manifest,
    expected: &Value,
    found: &[Value],
) -> Result<(), String> {
    let text = |it: &Value| Value::String(it.to_string()).to_string();
    let call = format!(
        "v = check_actions.judge(json.loads({}), json.loads({}))\n\
         sys.exit(None if v['ok'] else json.dumps(v, indent=1))",
        text(expected),
        text(&json!(found))
    );
    checking(emulator, manifest, &call).map(drop)
}

fn checking(emulator: &Emulator, manifest: &Manifest, call: &str) -> Result<String, String> {
    let folder = json!(SCRIPTS);
    let snippet = format!("sys.path.insert(0, {folder})\nimport check_actions\n{call}");
    emulator.python(manifest, &snippet)
}

/// Plays every row of a group on one emulator, and tells of all that went wrong.
fn play_group(name: &str) {
    let (_, rows) = GROUPS.iter().find(|(it, _)| *it == name).unwrap();
    let only = std::env::var("FIREDOOR_ACTION").unwrap_or_default();
    let wanted = rows
        .iter()
        .filter(|it| only.is_empty() || only.split(',').any(|one| one == it.action));
    let wanted: Vec<&Row> = wanted.collect();
    if wanted.is_empty() {
        return;
    }
    let emulator = Emulator::start();
    let mut failed = Vec::new();
    for row in wanted {
        if let Err(error) = play(&emulator, row) {
            let words = format!("{} on {}: {error}", row.action, row.suspect);
            eprintln!("{words}");
            failed.push(words);
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

#[test]
fn groups_change_what_they_say() {
    play_group("groups");
}

#[test]
fn network_acls_change_what_they_say() {
    play_group("network ACLs");
}

#[test]
fn routes_and_addresses_change_what_they_say() {
    play_group("routes and addresses");
}

#[test]
fn instances_change_what_they_say() {
    play_group("instances");
}

#[test]
fn identity_platform_and_evidence_change_what_they_say() {
    play_group("identity, platform, evidence");
}
