//! Cases as they are met: damaged, empty, without an exercise, with many runs; and the command.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use firedoor::executor::{Archive, RunEventKind, RunOutcome};
use firedoor::plan::{Action, Procedure};
use firedoor::report::{Form, Report};
use serde_json::Value;
use tempfile::TempDir;

use crate::builder::{self, SUSPECT, Script, done};
use crate::story;

fn report(root: &Path) -> Report {
    Report::of(&Archive::new(root).case("case").unwrap().unwrap())
}

/// Every form can be written, and none is empty.
fn written(report: &Report) -> [String; 3] {
    let forms = [Form::Markdown, Form::Json, Form::Html].map(|it| report.write(it));
    assert!(forms.iter().all(|it| it.len() > 200), "{forms:?}");
    forms
}

fn damage(report: &Report) -> Vec<(&str, &str)> {
    let damaged = report.journals.iter();
    damaged
        .filter_map(|it| Some((it.file.as_str(), it.damage.as_deref()?)))
        .collect()
}

#[tokio::test]
async fn damage_is_told_and_the_good_part_is_used() {
    let root = TempDir::new().unwrap();
    story::write(root.path(), "case").await;
    let whole = report(root.path());
    assert_eq!(damage(&whole), []);
    assert!(whole.score.is_some());
    let path = root.path().join("case/exercise.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let half = lines.len() / 2;
    let truncated = format!("{}{}", lines[..half].concat(), &lines[half][..40]);
    let edited = text.replacen("second channel", "nothing at all", 1);
    let taken_out = [&lines[..half], &lines[half + 1..]].concat().concat();
    for (name, text, what) in [
        ("truncated", truncated, "cut off"),
        ("edited", edited, "changed, or lines before it are missing"),
        (
            "taken out",
            taken_out,
            "changed, or lines before it are missing",
        ),
    ] {
        fs::write(&path, text).unwrap();
        let report = report(root.path());
        let told = damage(&report);
        assert_eq!(told.len(), 1, "{name}");
        assert!(
            told[0].0 == "exercise.jsonl" && told[0].1.contains(what),
            "{name}: {told:?}"
        );
        assert!(
            report.exercise.is_some() && report.score.is_none(),
            "{name}"
        );
        assert!(
            report.not_known.iter().any(|it| it.contains("damaged")),
            "{name}"
        );
        assert!(
            report.not_known.iter().any(|it| it.contains("no score")),
            "{name}"
        );
        assert!(
            !report
                .timeline
                .iter()
                .any(|it| it.text.contains("nothing at all")),
            "{name}"
        );
        for form in written(&report) {
            assert!(form.contains(what), "{name}");
        }
    }
    // A journal of which nothing is left hides nothing else.
    fs::write(&path, "").unwrap();
    let report = report(root.path());
    assert_eq!(report.runs.len(), 4);
    assert_eq!(
        damage(&report),
        [("exercise.jsonl", "empty: no exercise was begun")]
    );
    written(&report);
}

#[tokio::test]
async fn a_case_without_an_exercise_says_what_is_not_known() {
    let root = TempDir::new().unwrap();
    for run in story::runs() {
        run.write(root.path(), "case").await;
    }
    let report = report(root.path());
    assert!(report.exercise.is_none() && report.score.is_none() && report.plot.is_none());
    assert!(report.not_known[0].contains("no records of an exercise"));
    assert!(
        report.summary[2].contains("LEAKING"),
        "{:?}",
        report.summary
    );
    assert_eq!(report.targets, [SUSPECT]);
    assert_eq!(report.accounts, ["123456789012"]);
    let [markdown, _, html] = written(&report);
    assert!(markdown.contains("# After-action report: case"));
    assert!(html.contains("<svg") && !html.contains("Attack packets"));
}

#[test]
fn an_empty_case_is_no_error() {
    let root = TempDir::new().unwrap();
    fs::create_dir(root.path().join("case")).unwrap();
    let report = report(root.path());
    assert_eq!(report.timeline, []);
    assert_eq!(report.from, None);
    assert!(report.summary[0].contains("tell of nothing"));
    let [markdown, json, html] = written(&report);
    assert!(markdown.contains("There is no journal of a run"));
    assert!(html.contains("The journals tell of nothing."));
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["runs"], serde_json::json!([]));
}

#[tokio::test]
async fn many_runs_are_all_told_in_their_order() {
    let root = TempDir::new().unwrap();
    for number in (0..40).rev() {
        let name = format!("run-{number:02}");
        let plan = builder::plan(
            Procedure::Action(Action::Tag),
            vec![builder::tag_with(1, "case")],
            &[],
        );
        let mut run = Script::new(number * 10, &name, plan);
        run.step(
            (number * 10 + 1, number * 10 + 2),
            1,
            None,
            done("read back"),
        );
        // The last one was cut short.
        if number < 39 {
            let outcome = RunOutcome::Done;
            run.event(number * 10 + 3, RunEventKind::Finished { outcome });
        }
        run.write(root.path(), "case").await;
    }
    let report = report(root.path());
    let names: Vec<String> = (0..40).map(|it| format!("run-{it:02}")).collect();
    assert!(report.runs.iter().map(|it| &it.run).eq(&names));
    assert!(report.timeline.is_sorted_by_key(|it| it.at));
    assert!(report.summary[1].contains("40 runs") && report.summary[1].contains("36 more"));
    assert!(report.not_known.iter().any(|it| it.contains("has no end")));
    let [.., html] = written(&report);
    assert!(html.contains("The first 12 of 40 runs are drawn."));
}

#[tokio::test]
async fn what_a_run_left_open_is_the_first_thing_that_is_said() {
    use firedoor::operation::{Operation, Ref, StepId};
    use firedoor::plan::Class;

    let root = TempDir::new().unwrap();
    let groups = |number: u16, group: &str| {
        let groups = vec![Ref::Id(group.into())];
        let eni = "eni-1".into();
        builder::change(number, Operation::SetEniGroups { eni, groups })
    };
    let mut close = groups(2, "sg-empty");
    close.class = Class::AlwaysOnceSent(StepId(1));
    let plan = builder::plan(
        Procedure::Action(Action::SgTwoStepStaged),
        vec![groups(1, "sg-open"), close],
        &[],
    );
    let mut run = Script::new(0, "run", plan);
    run.step((1, 2), 1, None, done("read back"));
    run.event(
        3,
        RunEventKind::Finished {
            outcome: RunOutcome::LeftOpen,
        },
    );
    run.write(root.path(), "case").await;
    let report = report(root.path());
    assert_eq!(report.runs[0].open_since, Some(builder::at(1)));
    assert!(
        report.summary[2].contains("stands open to the world"),
        "{:?}",
        report.summary
    );
    for form in [Form::Markdown, Form::Html] {
        assert!(report.write(form).contains("stands open since"));
    }
}

#[tokio::test]
async fn figures_are_those_of_the_journals() {
    let root = TempDir::new().unwrap();
    story::write(root.path(), "case").await;
    let report = report(root.path());
    let plot = report.plot.as_ref().unwrap();
    assert_eq!(plot.seconds, 10);
    assert_eq!(plot.attack_packets.len(), 48);
    let total: u64 = report
        .conversations
        .iter()
        .filter(|it| it.role == "attack")
        .map(|it| it.before.packets + it.after.packets)
        .sum();
    assert_eq!(plot.attack_packets.iter().sum::<u64>(), total);
    assert_eq!(report.first_change, Some(builder::at(112)));
    let undo = |procedure: &str| {
        let run = report.runs.iter().find(|it| it.procedure == procedure);
        run.unwrap().undo.as_str()
    };
    assert_eq!(
        (undo("nacl-swap"), undo("sg-swap")),
        ("taken back", "not taken back")
    );
    let snapshots = &report.evidence[0];
    assert_eq!(snapshots.id.as_deref(), Some("snap-0aa11bb22cc33dd44"));
    assert!(
        report
            .evidence
            .iter()
            .any(|it| it.name == "console output" && !it.kept)
    );
    let lines: Vec<_> = report.runs.iter().flat_map(|it| &it.steps).collect();
    let changes = lines.iter().filter(|it| it.class == "must");
    assert!(
        changes
            .clone()
            .all(|it| it.cli.as_ref().unwrap().starts_with("aws ec2 "))
    );
    assert!(lines.iter().all(|it| it.attempts <= 2));
}

#[tokio::test]
async fn forecasts_are_held_against_what_the_flow_logs_showed() {
    let root = TempDir::new().unwrap();
    story::write(root.path(), "case").await;
    let report = report(root.path());
    let told: Vec<_> = report.runs[..2]
        .iter()
        .flat_map(|it| &it.flows)
        .map(|it| (it.forecast.as_str(), it.logs.as_str(), it.came_true))
        .collect();
    assert_eq!(
        told,
        [
            ("survives", "48213 bytes after the change", Some(true)),
            ("cut", "not seen when the leak was found", None),
            ("cut", "silent", Some(true)),
            ("not filtered", "nothing that the claim forbids", None),
        ]
    );
    assert!(report.not_known.iter().any(|it| it.contains("no forecast")));
    let markdown = report.write(Form::Markdown);
    assert!(markdown.contains("Cuts 1 of 3 flows of web-03"));
}

fn firedoor(state: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_firedoor"))
        .env("XDG_STATE_HOME", state)
        .env("XDG_CONFIG_HOME", state.join("config"))
        .env_remove("SSH_CONNECTION")
        .args(arguments)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_run_of_the_program_is_reported_by_name_and_by_folder() {
    let desk = TempDir::new().unwrap();
    let apply = [
        "apply",
        "--drill",
        "--instance",
        SUSPECT,
        "--action",
        "asg-standby",
        "--case",
        "tuesday",
        "--allow-changes",
        "--confirm",
        "eef1",
    ];
    let applied = firedoor(desk.path(), &apply);
    assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
    let by_name = firedoor(desk.path(), &["report", "tuesday"]);
    assert_eq!(by_name.status.code(), Some(0), "{}", said(&by_name));
    let text = String::from_utf8(by_name.stdout).unwrap();
    assert!(text.starts_with("# After-action report: tuesday\n"));
    assert!(text.contains("aws autoscaling enter-standby"), "{text}");
    assert!(
        !text.contains("none is journalled"),
        "a forecast is journalled: {text}"
    );
    let folder = desk.path().join("firedoor/tuesday");
    let by_folder = firedoor(desk.path(), &["report", folder.to_str().unwrap()]);
    assert_eq!(String::from_utf8(by_folder.stdout).unwrap(), text);
    let file = desk.path().join("report.html");
    let out = file.to_str().unwrap();
    let html = firedoor(
        desk.path(),
        &["report", "tuesday", "--output", "html", "--out", out],
    );
    assert!(
        html.status.success() && html.stdout.is_empty(),
        "{}",
        said(&html)
    );
    assert!(
        fs::read_to_string(&file)
            .unwrap()
            .starts_with("<!doctype html>")
    );
    let json = firedoor(desk.path(), &["report", "tuesday", "--output", "json"]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["case"], "tuesday");
    assert_eq!(json["runs"][0]["outcome"], "Done");
    assert_eq!(json["journals"][0]["damage"], Value::Null);
    assert_eq!(json["journals"][0]["hash"].as_str().unwrap().len(), 64);
}

#[test]
fn an_unknown_case_is_bad_input_and_the_nearest_are_named() {
    let desk = TempDir::new().unwrap();
    let nothing = firedoor(desk.path(), &["report", "tuesday"]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(
        said(&nothing).contains("no case was journalled"),
        "{}",
        said(&nothing)
    );
    for case in ["tuesday", "monday", "fd-20260921-141320", "locks"] {
        let folder = desk.path().join("firedoor").join(case);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("run.jsonl"), "").unwrap();
    }
    fs::create_dir_all(desk.path().join("firedoor/tusdays")).unwrap();
    let unknown = firedoor(desk.path(), &["report", "tusday"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(unknown.stdout.is_empty());
    let words = said(&unknown);
    assert!(words.contains("tuesday, monday"), "{words}");
    assert!(
        !words.contains("locks") && !words.contains("tusdays"),
        "{words}"
    );
    let elsewhere = desk.path().join("no/such/report.md");
    let out = elsewhere.to_str().unwrap();
    let unwritten = firedoor(desk.path(), &["report", "tuesday", "--out", out]);
    assert_eq!(unwritten.status.code(), Some(3));
    assert!(
        said(&unwritten).contains("report.md"),
        "{}",
        said(&unwritten)
    );
}
