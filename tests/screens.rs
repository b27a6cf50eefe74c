//! What the analyst sees: whole frames of every state, drawn into memory.
//!
//! Frames are kept as snapshots of their text, a few cells also of their style; states that differ
//! in a sentence are asserted by that sentence.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed step of the set-up is a failed test"
)]

use chrono::TimeDelta;
use firedoor::app::{Key, Message, Mode, Pane};
use firedoor::executor::{RunEventKind, RunOutcome, StepOutcome};
use firedoor::flows::BadLine;
use firedoor::model::{
    Finding, FlowLogDestination, FlowRecord, Instance, LogStatus, Part, PartKind, Remote,
};
use firedoor::operation::{CallError, CallErrorKind, Operation, Ref, State, StepId};
use firedoor::plan::{Plan, Step, What};
use firedoor::sources::{Coverage, Feed, Outcome, SourceError, SourceErrorKind, UpdateKind};
use firedoor::view::{Depth, Styles};
use insta::assert_snapshot;
use ratatui::buffer::Cell;
use ratatui::style::Modifier;
use unicode_width::UnicodeWidthStr;

use shown::{
    LARGE, MEDIUM, SIZES, SMALL, all_have, assert_says, cells_of, draw, rows, screen, text, words,
};
use world::{Console, t0};

mod shown;
mod world;

// What is read, and what is not.

#[test]
fn a_console_that_has_read_nothing_says_so() {
    let console = Console::new(Mode::ReadOnly);
    assert_snapshot!("loading_80", screen(&console, SMALL));
    assert_snapshot!("loading_120", screen(&console, MEDIUM));
}

#[test]
fn a_console_that_reads_says_so() {
    let mut console = Console::new(Mode::ReadOnly);
    console.feed(Feed::Findings, UpdateKind::Started);
    assert_says(&console, SMALL, "reading findings");
    console.feed(Feed::Findings, UpdateKind::Finished(Outcome::Complete));
    assert_says(&console, SMALL, "no finding that is not archived");
    assert_snapshot!("no_findings_80", screen(&console, SMALL));
}

#[test]
fn every_pane_fills_a_small_screen() {
    let mut console = Console::loaded(Mode::Drill);
    for pane in Pane::ALL {
        console.show(pane);
        let name = format!("pane_{}_80", pane.name().to_lowercase());
        assert_snapshot!(name, screen(&console, SMALL));
    }
}

#[test]
fn wide_screens_have_two_columns() {
    let mut console = Console::loaded(Mode::Drill);
    assert_snapshot!("findings_120", screen(&console, MEDIUM));
    assert_snapshot!("findings_200", screen(&console, LARGE));
    console.show(Pane::Actions);
    assert_snapshot!("actions_120", screen(&console, MEDIUM));
    console.show(Pane::Flows);
    assert_snapshot!("flows_200", screen(&console, LARGE));
}

#[test]
fn the_mode_is_on_every_screen() {
    for (mode, badge) in [
        (Mode::ReadOnly, "READ-ONLY"),
        (Mode::Changes, "CHANGES ALLOWED"),
        (Mode::Drill, "DRILL"),
    ] {
        let console = Console::loaded(mode);
        for size in SIZES {
            let screen = screen(&console, size);
            assert!(screen.starts_with(&format!(" {badge} ")), "{screen}");
        }
    }
}

fn failed(kind: SourceErrorKind, message: &str) -> UpdateKind {
    let message = message.to_owned();
    UpdateKind::Finished(Outcome::Failed(SourceError { kind, message }))
}

#[test]
fn feeds_that_fail_say_why_where_they_are_missed() {
    let mut console = Console::new(Mode::ReadOnly);
    let denied = SourceErrorKind::Denied("guardduty:ListFindings".into());
    console.feed(
        Feed::Findings,
        failed(
            denied,
            "ListFindings denied: allow guardduty:ListFindings to this role",
        ),
    );
    console.feed(
        Feed::Identity,
        failed(
            SourceErrorKind::Credentials,
            "no credentials: run aws sso login",
        ),
    );
    console.feed(
        Feed::Part(PartKind::Enis),
        failed(
            SourceErrorKind::Unreachable,
            "ec2.eu-west-1.amazonaws.com does not answer",
        ),
    );
    console.feed(
        Feed::Flows,
        failed(
            SourceErrorKind::Throttled,
            "FilterLogEvents is throttled: asked again in 2 min",
        ),
    );
    assert_snapshot!("feeds_failed_80", screen(&console, SMALL));
    assert_snapshot!("feeds_failed_120", screen(&console, MEDIUM));
    for (pane, reason) in [
        (
            Pane::Neighbours,
            "ec2.eu-west-1.amazonaws.com does not answer",
        ),
        (
            Pane::Flows,
            "FilterLogEvents is throttled: asked again in 2 min",
        ),
    ] {
        console.show(pane);
        assert_says(&console, SMALL, reason);
    }
    console.key(Key::Char('?'));
    console.keys(&[Key::PageDown; 9]);
    assert_snapshot!("help_sources_failed_80", screen(&console, SMALL));
}

#[test]
fn old_data_stay_on_screen_with_their_age() {
    let mut console = Console::loaded(Mode::ReadOnly);
    console.pass(14 * 60);
    let first = screen(&console, SMALL);
    let top = first.lines().next().unwrap();
    assert!(top.contains("findings 14m old"), "{top}");
    assert!(top.contains("flows 14m old"), "{top}");
    assert_snapshot!("stale_80", first);
}

#[test]
fn a_failure_keeps_what_was_read_before() {
    let mut console = Console::loaded(Mode::ReadOnly);
    console.feed(
        Feed::Findings,
        failed(SourceErrorKind::Throttled, "ListFindings is throttled"),
    );
    assert_says(&console, SMALL, "findings throttled");
    assert_says(&console, SMALL, "ListFindings is throttled");
    assert_says(&console, SMALL, "Backdoor:EC2/C&CActivity.B");
}

// Findings.

#[test]
fn a_sample_finding_is_marked_and_refused() {
    let mut console = Console::loaded(Mode::Drill);
    console.key(Key::End);
    assert_snapshot!("sample_80", screen(&console, SMALL));
    console.key(Key::Enter);
    assert_says(&console, SMALL, "no suspect here: a sample finding");
    console.preview("sg-swap");
    assert_says(&console, SMALL, "sg-swap refused: a sample finding");
}

#[test]
fn a_filter_shows_what_is_typed() {
    let mut console = Console::loaded(Mode::Drill);
    console.show(Pane::Flows);
    console.key(Key::Char('/'));
    console.typed("reject");
    assert_snapshot!("filter_80", screen(&console, SMALL));
    console.key(Key::Enter);
    assert_says(&console, SMALL, "/reject");
    console.key(Key::Char('/'));
    console.typed("zz");
    assert_says(
        &console,
        SMALL,
        "no flow matches the filter (esc clears it)",
    );
    console.key(Key::Esc);
    assert!(!words(&console, SMALL).contains("/reject"));
}

#[test]
fn help_lists_every_key_and_every_source() {
    let mut console = Console::loaded(Mode::Drill);
    console.key(Key::Char('?'));
    assert_snapshot!("help_80", screen(&console, SMALL));
    assert_snapshot!("help_200", screen(&console, LARGE));
    let all = words(&console, LARGE);
    for part in PartKind::ALL {
        assert!(
            all.contains(&format!("{} read", part.name())),
            "{part:?}\n{all}"
        );
    }
}

// Confirming.

#[test]
fn the_dialog_is_the_plan() {
    let mut console = Console::loaded(Mode::Drill);
    for action in ["sg-two-step", "sg-swap", "nacl-swap"] {
        console.preview(action);
        assert_snapshot!(format!("confirm_{action}_80"), screen(&console, SMALL));
        console.key(Key::Esc);
    }
    console.preview("nacl-swap");
    assert_snapshot!("confirm_nacl-swap_120", screen(&console, MEDIUM));
    console.key(Key::Esc);
    console.preview("sg-two-step");
    assert_snapshot!("confirm_sg-two-step_200", screen(&console, LARGE));
}

#[test]
fn the_typed_id_and_the_button_are_shown() {
    let mut console = Console::loaded(Mode::Drill);
    console.preview("nacl-swap");
    console.typed("ee");
    assert_says(&console, SMALL, "instance id: ee__");
    console.typed("f1zz");
    console.key(Key::Tab);
    console.keys(&[Key::PageDown; 9]);
    assert_snapshot!("confirm_typed_80", screen(&console, SMALL));
}

#[test]
fn a_wrong_id_is_refused_in_the_dialog() {
    let mut console = Console::loaded(Mode::Drill);
    console.preview("sg-swap");
    console.typed("0000");
    console.keys(&[Key::Tab, Key::Enter]);
    assert_says(
        &console,
        SMALL,
        "type the last four characters of i-0f00d0000000beef1 first",
    );
}

#[test]
fn a_read_only_session_previews_and_refuses() {
    let mut console = Console::loaded(Mode::ReadOnly);
    console.show(Pane::Actions);
    assert_says(&console, SMALL, "(read-only: preview only)");
    console.preview("sg-swap");
    console.confirm();
    assert_snapshot!("read_only_refused_80", screen(&console, SMALL));
}

// Runs.

fn step(plan: &Plan, number: u16) -> (StepId, Operation) {
    let id = StepId(number);
    let What::Change(operation) = plan.step(id).unwrap().what.clone() else {
        panic!("step {number} is no change")
    };
    (id, operation)
}

/// Begins a step and sends its call.
fn send(console: &mut Console, plan: &Plan, number: u16) -> StepId {
    let (step, operation) = step(plan, number);
    console.run(RunEventKind::Begun { step });
    let before = State::Absent;
    console.run(RunEventKind::Captured { step, before });
    console.run(RunEventKind::Intend {
        step,
        attempt: 1,
        operation,
    });
    step
}

fn end(console: &mut Console, step: StepId, outcome: StepOutcome) {
    console.run(RunEventKind::Ended { step, outcome });
}

fn done(message: &str) -> StepOutcome {
    let message = message.to_owned();
    StepOutcome::Done { message }
}

fn throttled() -> CallError {
    CallError {
        kind: CallErrorKind::Throttled,
        api: "ec2:AuthorizeSecurityGroupIngress".into(),
        code: "RequestLimitExceeded".into(),
        message: "Request limit exceeded.".into(),
    }
}

/// A two-step whose group is made and bound, one second ago.
fn begun(console: &mut Console) -> Plan {
    let plan = console.start("sg-two-step");
    console.begin(plan.clone());
    let tag = send(console, &plan, 1);
    console.run(RunEventKind::Answered {
        step: tag,
        made: None,
    });
    end(console, tag, done("read back"));
    let create = send(console, &plan, 2);
    console.pass(1);
    let made = Some("sg-0123456789abcdef0".to_owned());
    console.run(RunEventKind::Answered { step: create, made });
    end(console, create, done("made sg-0123456789abcdef0"));
    plan
}

#[test]
fn a_confirmed_plan_is_starting_until_its_first_event() {
    let mut console = Console::loaded(Mode::Drill);
    let plan = console.start("sg-two-step");
    assert_says(&console, SMALL, "run starting");
    console.begin(plan);
    assert_snapshot!("run_waiting_80", screen(&console, SMALL));
}

#[test]
fn a_run_shows_each_step_as_it_stands() {
    let mut console = Console::loaded(Mode::Drill);
    let plan = begun(&mut console);
    let retried = send(&mut console, &plan, 3);
    console.run(RunEventKind::Retrying {
        step: retried,
        attempt: 1,
        error: throttled(),
        wait_ms: 300,
    });
    let answered = send(&mut console, &plan, 4);
    console.run(RunEventKind::Answered {
        step: answered,
        made: None,
    });
    send(&mut console, &plan, 5);
    let refused = send(&mut console, &plan, 6);
    let message =
        "not made: ec2:ModifyNetworkInterfaceAttribute: Unsupported: not a Nitro instance";
    end(
        &mut console,
        refused,
        StepOutcome::Warned {
            message: message.into(),
        },
    );
    console.run(RunEventKind::Begun { step: StepId(7) });
    console.pass(3);
    for (size, name) in SIZES.iter().zip(["run_80", "run_120", "run_200"]) {
        assert_snapshot!(name, screen(&console, *size));
    }
    console.key(Key::Esc);
    assert_says(&console, SMALL, "run 3/");
}

#[test]
fn between_two_steps_the_next_one_is_explained() {
    let mut console = Console::loaded(Mode::Drill);
    begun(&mut console);
    assert_says(&console, SMALL, "step 3: allow egress");
}

#[test]
fn a_failed_step_says_what_was_not_run_because_of_it() {
    let mut console = Console::loaded(Mode::Drill);
    let plan = begun(&mut console);
    let step = send(&mut console, &plan, 3);
    let error = "ec2:AuthorizeSecurityGroupEgress: UnauthorizedOperation: You are not authorized";
    end(
        &mut console,
        step,
        StepOutcome::Failed {
            error: error.into(),
        },
    );
    for later in plan.steps.iter().skip(3) {
        let because = Some(step);
        end(&mut console, later.id, StepOutcome::NotRun { because });
    }
    console.run(RunEventKind::Finished {
        outcome: RunOutcome::Failed,
    });
    assert_snapshot!("run_failed_80", screen(&console, SMALL));
    assert_says(&console, SMALL, "not run: step 3 failed");
}

#[test]
fn every_end_of_a_run_has_its_words() {
    for (outcome, words) in [
        (RunOutcome::Done, "Done after 1.0s"),
        (
            RunOutcome::DoneWithWarnings,
            "Done, with warnings after 1.0s",
        ),
        (RunOutcome::Failed, "Failed after 1.0s"),
        (RunOutcome::Stopped, "Stopped after 1.0s"),
        (RunOutcome::LeftOpen, "FAILED: LEFT OPEN after 1.0s"),
    ] {
        let mut console = Console::loaded(Mode::Drill);
        begun(&mut console);
        console.run(RunEventKind::Finished { outcome });
        for size in SIZES {
            assert_says(&console, size, words);
            assert_says(&console, size, &format!("run: {}", outcome.name()));
        }
        console.show(Pane::Findings);
        assert_says(&console, SMALL, &format!("run: {}", outcome.name()));
    }
}

#[test]
fn a_run_that_is_left_open_is_alarming() {
    let mut console = Console::loaded(Mode::Drill);
    let plan = begun(&mut console);
    console.run(RunEventKind::StopRequested);
    assert_says(
        &console,
        SMALL,
        "stopping: it ends once what it opened is emptied",
    );
    let revokes = |it: &&Step| matches!(it.operation(), Some(Operation::RevokeAllRules { .. }));
    let last = plan.steps.iter().rfind(revokes).unwrap().id;
    let sent = send(&mut console, &plan, last.0);
    let error = "ec2:RevokeSecurityGroupEgress: NoAnswer: no answer in 120 attempts";
    end(
        &mut console,
        sent,
        StepOutcome::Failed {
            error: error.into(),
        },
    );
    console.run(RunEventKind::Finished {
        outcome: RunOutcome::LeftOpen,
    });
    assert_snapshot!("run_left_open_80", screen(&console, SMALL));
    let buffer = draw(&console, SMALL, &Styles::new(Depth::Monochrome, true));
    assert!(all_have(
        &cells_of(&buffer, "FAILED: LEFT OPEN"),
        Modifier::REVERSED
    ));
}

#[test]
fn quitting_during_a_run_asks() {
    let mut console = Console::loaded(Mode::Drill);
    begun(&mut console);
    console.key(Key::Char('q'));
    assert_snapshot!("quit_80", screen(&console, SMALL));
}

#[test]
fn a_run_that_could_not_start_says_why() {
    let mut console = Console::loaded(Mode::Drill);
    console.start("sg-swap");
    console.send(Message::RunLost("not started: journal x: disk full".into()));
    assert_says(&console, SMALL, "not started: journal x: disk full");
}

// Flow logs, and how far they can be trusted.

#[test]
fn skipped_records_are_unknown_and_not_silence() {
    let mut console = Console::loaded(Mode::Drill);
    let at = world::t0() - TimeDelta::minutes(7);
    let skip = FlowRecord {
        eni: console.state.suspect_enis().first().cloned(),
        status: LogStatus::SkipData,
        ..FlowRecord::empty(at, at + TimeDelta::minutes(1))
    };
    let kind = UpdateKind::Flows {
        records: vec![(1, skip)],
        bad: Vec::new(),
        coverage: Coverage::default(),
    };
    console.feed(Feed::Flows, kind);
    console.show(Pane::Flows);
    assert_snapshot!("flows_skipdata_80", screen(&console, SMALL));
}

#[test]
fn a_reading_with_holes_names_each_of_them() {
    let mut console = Console::loaded(Mode::Drill);
    let missing = Box::from("dstport");
    let bad = BadLine::TooFew {
        missing,
        found: 6,
        expected: 14,
    };
    let kind = UpdateKind::Flows {
        records: Vec::new(),
        bad: vec![(2, bad.clone()), (3, bad)],
        coverage: Coverage {
            pages: 100,
            capped: true,
            missing_streams: 3,
        },
    };
    console.feed(Feed::Flows, kind);
    console.show(Pane::Flows);
    assert_snapshot!("flows_holes_80", screen(&console, SMALL));
}

#[test]
fn a_flow_log_that_goes_elsewhere_is_named() {
    let mut console = Console::loaded(Mode::ReadOnly);
    let mut logs = console.state.estate.flow_logs().to_vec();
    for log in &mut logs {
        log.destination =
            FlowLogDestination::Elsewhere("arn:aws:s3:::central-flow-logs/prod".into());
        log.delivery_error = Some("Access error".into());
    }
    console.state.flows = firedoor::flows::FlowTable::default();
    console.feed(
        Feed::Part(PartKind::FlowLogs),
        UpdateKind::Part(Part::FlowLogs(logs)),
    );
    console.show(Pane::Flows);
    assert_snapshot!("flows_elsewhere_80", screen(&console, SMALL));
}

// Hostile text, other terminals.

const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;pwned\u{7}\r\n\u{9b}31m\u{202e}gnp.exe\u{2066}\u{200b}\0";

/// A console on an account whose owner is malicious, or merely fond of long names and emoji. `made`
/// is what conversion makes of a text before the console sees it.
fn hostile_console(made: fn(&str) -> String) -> Console {
    let mut console = Console::loaded(Mode::Changes);
    let long = "n".repeat(300);
    let names = [
        made(&format!("{HOSTILE}web")),
        long,
        "東京のウェブサーバー🔥👩‍👩‍👧‍👦".repeat(4),
        "e\u{301}\u{302}".repeat(90),
    ];
    let mut instances: Vec<Instance> = console.state.estate.instances().cloned().collect();
    for (instance, name) in instances.iter_mut().zip(names.iter().cycle()) {
        instance.name.clone_from(name);
        instance.profile = Some(name.clone());
        instance.image.clone_from(name);
    }
    let mut groups: Vec<_> = console.state.estate.groups().cloned().collect();
    for (group, name) in groups.iter_mut().zip(names.iter().cycle()) {
        group.name.clone_from(name);
    }
    let parts = [
        (PartKind::Instances, Part::Instances(instances)),
        (PartKind::Groups, Part::Groups(groups)),
    ];
    for (kind, part) in parts {
        console.feed(Feed::Part(kind), UpdateKind::Part(part));
    }
    let mut findings = console.state.findings.clone();
    for finding in &mut findings {
        make_hostile(finding, made);
    }
    console.feed(Feed::Findings, UpdateKind::Findings(findings));
    console
}

fn make_hostile(finding: &mut Finding, made: fn(&str) -> String) {
    let hostile = |tail: &str| made(&format!("{HOSTILE}{tail}"));
    finding.kind = hostile("Backdoor:EC2/🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥");
    finding.title = hostile(&"東".repeat(300));
    finding.resource_type = hostile("Instance");
    finding.account = hostile("123456789012");
    let remote = |it: &mut Remote| it.place = hostile(&"z".repeat(300));
    finding.remotes.iter_mut().for_each(remote);
}

fn is_hostile(c: char) -> bool {
    c.is_control()
        || ('\u{200b}'..='\u{200f}').contains(&c) && c != '\u{200d}'
        || ('\u{2028}'..='\u{202e}').contains(&c)
        || ('\u{2060}'..='\u{206f}').contains(&c)
}

#[test]
fn hostile_strings_are_shown_as_what_they_are() {
    let mut console = hostile_console(|it| firedoor::model::text::visible(it).into_owned());
    assert_snapshot!("hostile_findings_80", screen(&console, SMALL));
    assert_snapshot!("hostile_120", screen(&console, MEDIUM));
    console.preview("nacl-swap");
    assert_snapshot!("hostile_confirm_80", screen(&console, SMALL));
}

#[test]
fn hostile_strings_that_slip_through_reach_no_cell() {
    let mut console = hostile_console(str::to_owned);
    for pane in Pane::ALL {
        console.show(pane);
        for size in SIZES {
            let screen = screen(&console, size);
            let found = screen.chars().find(|c| is_hostile(*c) && *c != '\n');
            assert_eq!(found, None, "{pane:?}");
            for line in screen.lines() {
                assert!(
                    line.width() <= usize::from(size.0),
                    "{} {line}",
                    line.width()
                );
            }
        }
    }
    console.preview("nacl-swap");
    let screen = screen(&console, MEDIUM);
    assert!(!screen.chars().any(|c| is_hostile(c) && c != '\n'));
}

#[test]
fn an_ascii_terminal_gets_ascii_alone() {
    let mut console = Console::loaded(Mode::Drill);
    let styles = Styles::new(Depth::Monochrome, false);
    assert_snapshot!("ascii_120", text(&draw(&console, MEDIUM, &styles)));
    for pane in Pane::ALL {
        console.show(pane);
        for size in SIZES {
            let text = text(&draw(&console, size, &styles));
            let other = text.chars().find(|c| !c.is_ascii());
            assert_eq!(other, None, "{pane:?} at {size:?}\n{text}");
        }
    }
    begun(&mut console);
    let text = text(&draw(&console, MEDIUM, &styles));
    assert!(text.is_ascii(), "{text}");
}

#[test]
fn a_terminal_that_is_too_small_says_what_it_needs() {
    let mut console = Console::loaded(Mode::Drill);
    assert_eq!(
        words(&console, (61, 20)),
        "firedoor needs 80x24, this is 61x20"
    );
    assert_eq!(
        words(&console, (79, 24)),
        "firedoor needs 80x24, this is 79x24"
    );
    begun(&mut console);
    assert_says(&console, (200, 23), "the run continues");
    assert_says(&console, (20, 5), "firedoor needs 80x24, this is 20x5");
}

// Styles.

#[test]
fn the_mode_stands_out_in_every_palette() {
    for depth in [Depth::Ansi16, Depth::Monochrome] {
        let styles = Styles::new(depth, true);
        for (mode, badge, modifier) in [
            (Mode::ReadOnly, " READ-ONLY ", Modifier::BOLD),
            (Mode::Changes, " CHANGES ALLOWED ", Modifier::REVERSED),
            (Mode::Drill, " DRILL ", Modifier::REVERSED),
        ] {
            let buffer = draw(&Console::new(mode), SMALL, &styles);
            assert!(
                all_have(&cells_of(&buffer, badge), modifier),
                "{badge} {depth:?}"
            );
        }
    }
}

#[test]
fn changes_and_drill_do_not_look_alike_in_colour() {
    let styles = Styles::new(Depth::Ansi16, true);
    let style =
        |mode, badge| cells_of(&draw(&Console::new(mode), SMALL, &styles), badge)[1].style();
    assert_ne!(
        style(Mode::Changes, " CHANGES ALLOWED "),
        style(Mode::Drill, " DRILL ")
    );
}

#[test]
fn the_selected_line_is_reversed_from_border_to_border() {
    let console = Console::loaded(Mode::Drill);
    for depth in [Depth::Ansi16, Depth::Monochrome] {
        let buffer = draw(&console, SMALL, &Styles::new(depth, true));
        let reversed = |row: &Vec<&Cell>| {
            row[1..79]
                .iter()
                .all(|it| it.modifier.contains(Modifier::REVERSED))
        };
        let rows = rows(&buffer);
        let selected: Vec<_> = rows.iter().skip(2).filter(|it| reversed(it)).collect();
        assert_eq!(selected.len(), 1, "{depth:?}");
        let line: String = selected[0].iter().map(|it| it.symbol()).collect();
        assert!(line.contains("Backdoor:EC2/C&CActivity.B"), "{line}");
    }
}

#[test]
fn the_remote_address_of_the_finding_stands_out_among_the_flows() {
    let mut console = Console::loaded(Mode::Drill);
    console.show(Pane::Flows);
    for depth in [Depth::Ansi16, Depth::Monochrome] {
        let styles = Styles::new(depth, true);
        let buffer = draw(&console, LARGE, &styles);
        let remote = cells_of(&buffer, "203.0.113.66 << finding");
        assert!(all_have(&remote, Modifier::BOLD), "{depth:?}");
        assert_eq!(
            remote[0].style().fg,
            styles.remote.fg.or(Some(ratatui::style::Color::Reset))
        );
    }
}

#[test]
fn without_colour_no_cell_has_one() {
    let mut console = Console::loaded(Mode::Changes);
    for pane in Pane::ALL {
        console.show(pane);
        let buffer = draw(&console, LARGE, &Styles::new(Depth::Monochrome, true));
        let plain = |it: &Cell| {
            let style = it.style();
            [style.fg, style.bg]
                .into_iter()
                .flatten()
                .all(|it| it == ratatui::style::Color::Reset)
        };
        assert!(buffer.content.iter().all(plain), "{pane:?}");
    }
}

#[test]
fn after_a_run_the_flows_that_go_on_are_told_from_those_before_it() {
    let mut console = Console::loaded(Mode::Drill);
    let plan = console.start("sg-swap");
    console.begin(plan);
    let outcome = RunOutcome::Done;
    console.run(RunEventKind::Finished { outcome });
    console.show(Pane::Flows);
    let before = words(&console, (80, 24));
    assert!(
        before.contains("since the run ended: 0 flows accepted"),
        "{before}"
    );
    let eni = console.state.suspect_enis().remove(0);
    let at = t0() + TimeDelta::seconds(60);
    let line = format!(
        "2 123456789012 {eni} 10.20.0.23 203.0.113.66 51514 4444 6 9 900 {} {} ACCEPT OK",
        at.timestamp(),
        at.timestamp() + 50
    );
    let record = firedoor::flows::Format::default_v2().record(line.as_bytes());
    let kind = UpdateKind::Flows {
        records: vec![(u64::MAX, record.unwrap())],
        bad: Vec::new(),
        coverage: console.state.coverage,
    };
    console.feed(Feed::Flows, kind);
    let after = words(&console, (80, 24));
    assert!(
        after.contains("since the run ended: 1 flows accepted"),
        "{after}"
    );
}

#[test]
fn the_references_of_a_plan_become_ids_once_they_are_made() {
    let mut console = Console::loaded(Mode::Drill);
    let plan = begun(&mut console);
    let made = Ref::<firedoor::model::id::kind::Group>::Made(StepId(2)).id();
    assert!(
        plan.steps
            .iter()
            .any(|it| it.prose().contains(made.as_str()))
    );
    let all = words(&console, LARGE);
    assert!(!all.contains(made.as_str()), "{all}");
}
