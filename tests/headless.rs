//! The commands without a console, on the embedded world: what they print, what they refuse, and how they end.

#![expect(
    clippy::unwrap_used,
    reason = "a failed step of the set-up is a failed test"
)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The instance that the shipped scenario's findings name.
const SUSPECT: &str = "i-0f00d0000000beef1";

struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firedoor"));
        command
            .env("XDG_STATE_HOME", self.0.path().join("state"))
            .env("XDG_CONFIG_HOME", self.0.path().join("config"))
            .env_remove("SSH_CONNECTION")
            .args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--output", "json"]].concat());
        let said = said(&output);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn tail() -> &'static str {
    &SUSPECT[SUSPECT.len() - 4..]
}

/// A plan as `firedoor plan --output json` writes it.
fn plan(desk: &Desk, action: &str) -> String {
    let plan = desk.json(&["plan", "--drill", "--instance", SUSPECT, "--action", action]);
    desk.file("p.json", &plan.to_string())
}

#[test]
fn the_catalogue_is_an_array_with_everything_about_each_action() {
    let desk = Desk::new();
    let all = desk.json(&["actions"]);
    let all = all.as_array().unwrap();
    for action in all {
        let name = action["name"].as_str().unwrap();
        for key in [
            "scope",
            "summary",
            "calls",
            "round_trips",
            "reversible",
            "evidence_lost",
            "residual",
            "possible",
            "reason",
        ] {
            assert!(action.get(key).is_some(), "{name} has no {key}");
        }
        let possible = action["possible"].as_bool().unwrap();
        assert_eq!(
            action["reason"].as_str().unwrap().is_empty(),
            possible,
            "{name}"
        );
        assert_eq!(action["calls"].is_number(), possible, "{name}");
    }
    assert_eq!(all.iter().filter(|it| it["possible"] == false).count(), 9);
    let one = desk.json(&["actions", "nacl-pulse"]);
    assert_eq!(one.as_array().unwrap().len(), 1);
    let unknown = desk.run(&["actions", "nacl-puls"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(said(&unknown).contains("nacl-pulse"), "{}", said(&unknown));
}

#[test]
fn nothing_is_sent_unless_it_is_allowed_and_confirmed() {
    let desk = Desk::new();
    let file = plan(&desk, "sg-swap");
    let apply = ["apply", file.as_str(), "--drill"];
    for (more, why) in [
        (vec![], "--allow-changes"),
        (vec!["--confirm", tail()], "--allow-changes"),
        (vec!["--allow-changes"], "--confirm"),
        (vec!["--allow-changes", "--confirm", "0000"], "last four"),
    ] {
        let output = desk.run(&[&apply[..], &more].concat());
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        assert!(said(&output).contains(why), "{}", said(&output));
        assert!(output.stdout.is_empty());
    }
    assert_eq!(desk.json(&["runs"]), serde_json::json!([]));
}

#[test]
fn a_confirmed_plan_is_carried_out_and_its_last_line_names_the_run() {
    let desk = Desk::new();
    let file = plan(&desk, "asg-standby");
    let output = desk.run(&[
        "apply",
        &file,
        "--drill",
        "--allow-changes",
        "--confirm",
        tail(),
        "--output",
        "json",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = lines
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    let (last, events) = lines.split_last().unwrap();
    assert_eq!(last["outcome"], "done");
    assert!(last["proof"]["not-applicable"].is_object(), "{last}");
    assert!(events.iter().zip(0..).all(|(it, n)| it["n"] == n));
    let runs = desk.json(&["runs"]);
    assert_eq!(runs[0]["run"], last["run"]);
    assert_eq!(runs[0]["open"], false);
    assert!(Path::new(last["journal"].as_str().unwrap()).is_file());
    // It came to its end: there is nothing to take up, and another world has nothing to take back.
    let run = last["run"].as_str().unwrap();
    let confirmed = ["--drill", "--allow-changes", "--confirm", tail()];
    let resumed = desk.run(&[&["resume", run], &confirmed[..]].concat());
    assert_eq!(resumed.status.code(), Some(2), "{}", said(&resumed));
    let undone = desk.run(&[&["undo", run], &confirmed[..]].concat());
    assert_eq!(undone.status.code(), Some(1), "{}", said(&undone));
}

#[test]
fn a_second_console_on_the_same_suspect_is_refused_and_told_by_whom() {
    let desk = Desk::new();
    let apply = |action: &'static str| {
        let arguments = [
            "apply",
            "--drill",
            "--instance",
            SUSPECT,
            "--action",
            action,
        ];
        let meant = ["--allow-changes", "--confirm", tail(), "--accept-danger"];
        [
            &arguments[..],
            &meant,
            &["--max-dwell", "20", "--proof-wait", "0"],
        ]
        .concat()
    };
    let mut first = desk
        .command(&apply("sg-two-step"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(first.stdout.take().unwrap()).lines();
    assert!(told.next().unwrap().unwrap().contains("sg-two-step"));
    let second = desk.run(&apply("tag"));
    assert_eq!(second.status.code(), Some(1), "{}", said(&second));
    let words = said(&second);
    assert!(
        words.contains("sg-two-step") && words.contains(&first.id().to_string()),
        "{words}"
    );
    // SIGTERM: the door is emptied at once, and the run ends.
    let signalled = Command::new("kill")
        .arg(first.id().to_string())
        .status()
        .unwrap();
    assert!(signalled.success());
    assert_eq!(
        told.last().map(|it| it.unwrap().contains("Stopped")),
        Some(true)
    );
    assert_eq!(first.wait().unwrap().code(), Some(3));
    assert_eq!(desk.json(&["runs"])[0]["open_since"], Value::Null);
}

#[test]
fn what_goes_on_in_the_flow_logs_makes_the_answer_no() {
    let desk = Desk::new();
    let output = desk.run(&[
        "apply",
        "--drill",
        "--instance",
        SUSPECT,
        "--action",
        "sg-swap",
        "--allow-changes",
        "--confirm",
        tail(),
        "--accept-danger",
        "--output",
        "json",
    ]);
    // The reverse shell is tracked: it goes on, and is in the next window of the log.
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let lines = String::from_utf8(output.stdout).unwrap();
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert!(last["proof"]["leaking"].is_object(), "{last}");
}

#[test]
fn a_plan_that_no_longer_holds_is_refused_with_what_differs() {
    let desk = Desk::new();
    let file = plan(&desk, "protect");
    let text = std::fs::read_to_string(&file).unwrap();
    let mut other: Value = serde_json::from_str(&text).unwrap();
    other["plan"]["steps"][1]["what"]["change"]["set-attribute"]["attribute"] =
        serde_json::json!({"termination-protection": false});
    let file = desk.file("other.json", &other.to_string());
    let confirmed = ["--drill", "--allow-changes", "--confirm", tail()];
    let output = desk.run(&[&["apply", &file], &confirmed[..]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("termination protection"),
        "{}",
        said(&output)
    );
    for (text, why) in [
        ("{", "is no plan"),
        ("{\"v\": 99}", "version 99"),
        (&text.replace("eu-west-1", "eu-west-2"), "eu-west-2"),
    ] {
        let file = desk.file("bad.json", text);
        let output = desk.run(&[&["apply", &file], &confirmed[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(why), "{}", said(&output));
    }
}

#[test]
fn playbooks_are_found_by_name_and_their_errors_name_file_and_line() {
    let desk = Desk::new();
    let wanted = ["plan", "--drill", "--instance", SUSPECT, "--playbook"];
    let plan = desk.json(&[&wanted[..], &["contain"]].concat());
    assert_eq!(
        plan["plan"]["procedure"],
        serde_json::json!({"playbook": "contain"})
    );
    desk.file(
        "config/firedoor/playbooks/mine.toml",
        "schema = 1\nname = \"mine\"\nsummary = \"tags it\"\n\n[[step]]\naction = \"tag\"\n",
    );
    desk.json(&[&wanted[..], &["mine"]].concat());
    desk.file(
        "config/firedoor/playbooks/wrong.toml",
        "schema = 1\nname = \"wrong\"\nsummary = \"?\"\n\n[[step]]\naction = \"detonate\"\n",
    );
    let output = desk.run(&[&wanted[..], &["wrong"]].concat());
    assert_eq!(output.status.code(), Some(2));
    let words = said(&output);
    assert!(
        words.contains("wrong.toml") && words.contains("detonate"),
        "{words}"
    );
}

#[test]
fn policies_are_one_json_document_each() {
    let desk = Desk::new();
    for (arguments, has, lacks) in [
        (
            vec!["--read-only"],
            "guardduty:GetFindings",
            "ec2:CreateTags",
        ),
        (
            vec!["--contain", "snapshot-all"],
            "ec2:CreateSnapshots",
            "ec2:StopInstances",
        ),
        (
            vec!["--contain"],
            "ec2:StopInstances",
            "ec2:TerminateInstances",
        ),
    ] {
        let output = desk.run(&[&["policy"], &arguments[..]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["Version"], "2012-10-17");
        let text = document.to_string();
        assert!(text.contains(has) && !text.contains(lacks), "{arguments:?}");
    }
}

#[test]
fn doctor_names_what_is_missing_and_what_is_open() {
    let desk = Desk::new();
    let output = desk.run(&["doctor", "--drill", "--output", "json"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let whats: Vec<&str> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["what"].as_str().unwrap())
        .collect();
    for what in ["identity", "sources", "flow logs", "runs", "permissions"] {
        assert!(whats.contains(&what), "{what} of {whats:?}");
    }
}

#[test]
fn a_vpc_is_prepared_once_it_is_confirmed() {
    let desk = Desk::new();
    let output = desk.run(&["prepare", "--drill"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("--allow-changes"),
        "{}",
        said(&output)
    );
    let output = desk.run(&[
        "prepare",
        "--drill",
        "--vpc",
        "vpc-038faba71b3a6cfc9",
        "--allow-changes",
        "--confirm",
        "cfc9",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}
