//! The built program, killed with `kill -9` in the middle of a two-step on an emulated account, and
//! another one that takes the run up.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use emulator::{Emulator, Manifest};

#[path = "../support/emulator.rs"]
#[expect(dead_code, reason = "faults and snippets are for others")]
mod emulator;

/// How many programs are killed.
const DEATHS: usize = 10;

/// A console on the emulator, with what it needs to change the account.
struct Console<'a> {
    emulator: &'a Emulator,
    suspect: &'a str,
    state: &'a Path,
}

impl Console<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        assert!(self.emulator.endpoint().starts_with("http://127.0.0.1:"));
        let program = Path::new(env!("CARGO_BIN_EXE_firedoor"));
        let mut command = self.emulator.command(program);
        command.env("XDG_STATE_HOME", self.state);
        command.args(arguments);
        let tail = &self.suspect[self.suspect.len() - 4..];
        command.args(["--allow-changes", "--confirm", tail, "--max-dwell", "1"]);
        command.args(["--proof-wait", "0", "--output", "json"]);
        command
    }

    /// Starts a two-step and kills it once it has told so many events; whether it was still alive then.
    fn dies_after(&self, events: usize) -> bool {
        let mut command = self.command(&[
            "apply",
            "--instance",
            self.suspect,
            "--action",
            "sg-two-step",
            "--accept-danger",
        ]);
        let mut program = command.stdout(Stdio::piped()).spawn().unwrap();
        let told = BufReader::new(program.stdout.take().unwrap()).lines();
        let heard = told.take(events).flatten().count();
        // SIGKILL: nothing of the program runs any more.
        program.kill().unwrap();
        program.wait().unwrap();
        heard == events
    }

    /// The runs, as a new process lists them.
    fn runs(&self) -> Vec<Value> {
        let program = Path::new(env!("CARGO_BIN_EXE_firedoor"));
        let mut command = self.emulator.command(program);
        command.env("XDG_STATE_HOME", self.state);
        let output = command.args(["runs", "--output", "json"]).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// Changing calls by what they do and to what; the groups that were made.
fn calls(emulator: &Emulator) -> BTreeMap<String, usize> {
    let mut calls = BTreeMap::new();
    for call in emulator.changes() {
        let text = |key: &str| call["params"][key].as_str().unwrap_or_default().to_owned();
        let name = call["action"].as_str().unwrap_or_default();
        let about = match name {
            "ModifyNetworkInterfaceAttribute" if text("SecurityGroupId.1").is_empty() => continue,
            "ModifyNetworkInterfaceAttribute" => text("NetworkInterfaceId"),
            "CreateSecurityGroup" => String::new(),
            // Tags are set again, and what empties is sent again on purpose.
            _ => continue,
        };
        *calls.entry(format!("{name} {about}")).or_default() += 1;
    }
    calls
}

fn dies_and_is_taken_up(emulator: &Emulator, manifest: &Manifest, events: usize) {
    let state = TempDir::new().unwrap();
    let console = Console {
        emulator,
        suspect: manifest.compromised_id(),
        state: state.path(),
    };
    let alive = console.dies_after(events);
    let open = |run: &Value| run["open"] == true;
    let runs = console.runs();
    assert_eq!(runs.len(), 1, "{runs:#?}");
    if open(&runs[0]) {
        let output = console.command(&["resume"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "after {events} events: {said}");
    } else {
        assert!(!alive, "after {events} events: {runs:#?}");
    }
    let runs = console.runs();
    assert!(!runs.iter().any(open), "{runs:#?}");
    assert_eq!(runs[0]["open_since"], Value::Null);
    // Every interface is alone in one empty group, and nobody else was touched.
    let checked = emulator.check(manifest, "group");
    assert!(checked.is_ok(), "after {events} events: {checked:?}");
    for (call, count) in calls(emulator) {
        assert_eq!(count, 1, "after {events} events: {call}");
    }
}

#[test]
fn a_killed_program_is_taken_up_by_the_next_one() {
    let emulator = Emulator::start();
    for death in 0..DEATHS {
        let manifest = emulator.seed(300);
        // A two-step of two interfaces tells some eighty events.
        dies_and_is_taken_up(&emulator, &manifest, 2 + death * 8);
    }
}
