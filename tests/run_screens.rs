//! What the analyst sees before, during and after a run: what stands against a plan, what it waits for, what
//! the flow logs say of it, how it is taken back, and the runs of the past.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed step of the set-up is a failed test"
)]

use std::sync::Arc;

use chrono::TimeDelta;
use firedoor::app::{Archived, Choice, Dialog, Effect, Key, LampState, Message, Mode, Pane, Past};
use firedoor::executor::{
    Checked, Holder, Leak, Proof, RunEventKind, RunOutcome, RunView, StepOutcome, Verifying,
};
use firedoor::model::{Direction, Instance, Part, PartKind};
use firedoor::operation::{Bindings, Operation, Probed, Ref, State, StepId};
use firedoor::plan::{OPEN_TAG, PROTECT_TAG, Plan, Playbook, Taken, What, claim};
use firedoor::sources::{Feed, UpdateKind};
use insta::assert_snapshot;
use ratatui::style::Modifier;

use shown::{SMALL, all_have, assert_says, cells_of, draw, screen, words};
use world::{Console, t0};

#[expect(dead_code, reason = "fewer frames are looked at here")]
mod shown;
mod world;

const TALL: (u16, u16) = (160, 45);
const CALLER: &str = "arn:aws:sts::123456789012:assumed-role/incident-responder/drill";

/// The same frame on a small and on a large terminal.
#[track_caller]
fn pictured(name: &str, console: &Console) {
    for (size, suffix) in [(SMALL, "80"), (TALL, "160")] {
        let mut sized = Console::new(Mode::Drill);
        sized.state = console.state.clone();
        sized.state.size = size;
        assert_snapshot!(format!("{name}_{suffix}"), screen(&sized, size));
    }
}

fn changed_instances(console: &mut Console, change: impl Fn(&mut Instance)) {
    let suspect = console.state.suspect().unwrap();
    let mut all: Vec<Instance> = console.state.estate.instances().cloned().collect();
    all.iter_mut()
        .filter(|it| it.id == suspect)
        .for_each(change);
    let part = UpdateKind::Part(Part::Instances(all));
    console.feed(Feed::Part(PartKind::Instances), part);
}

fn tagged(console: &mut Console, key: &str, value: &str) {
    changed_instances(console, |it| it.tags.push((key.into(), value.into())));
}

/// The console runs on a neighbour, and the analyst came over SSH.
fn on_a_neighbour(console: &mut Console) {
    let state = &console.state;
    let suspect = state.suspect();
    let own = state.suspect_enis();
    let subnet = &state.estate.eni(&own[0]).unwrap().subnet;
    let mut others = state.estate.enis_of_subnet(subnet);
    let other = others.find(|it| it.instance.is_some() && it.instance != suspect);
    let address = other.unwrap().primary().unwrap();
    drop(others);
    let words = format!("198.51.100.7 50000 {address} 22");
    let own = console.state.settings.own.clone();
    console.state.settings.own = own.with_ssh_connection(&words);
}

// Before.

#[test]
fn a_plan_that_cuts_the_analysts_own_session_says_so_where_it_stays() {
    let mut console = Console::loaded(Mode::Drill);
    on_a_neighbour(&mut console);
    console.preview("nacl-swap");
    pictured("danger", &console);
    console.keys(&[Key::PageDown; 5]);
    let drawn = draw(
        &console,
        SMALL,
        &firedoor::view::Styles::new(firedoor::view::Depth::Ansi16, true),
    );
    let banner = cells_of(&drawn, "DANGER: cuts your own SSH session");
    assert!(all_have(&banner, Modifier::REVERSED), "not scrolled away");
}

#[test]
fn a_plan_that_is_refused_has_a_reason_in_place_of_its_buttons() {
    let mut console = Console::loaded(Mode::Drill);
    tagged(&mut console, PROTECT_TAG, "forensics");
    console.preview("sg-swap");
    pictured("refused", &console);
    assert!(!words(&console, SMALL).contains("[ Contain ]"));
    assert_eq!(console.confirm(), []);
}

#[test]
fn a_suspect_that_stands_open_is_a_danger() {
    let mut console = Console::loaded(Mode::Drill);
    tagged(&mut console, OPEN_TAG, "2026-09-21T13:30:00Z");
    console.preview("sg-swap");
    assert_says(
        &console,
        SMALL,
        "DANGER: the suspect may stand open to the world",
    );
}

#[test]
fn a_question_is_put_before_the_second_press() {
    let mut console = Console::loaded(Mode::Drill);
    console.preview("stop");
    console.typed("eef1");
    console.key(Key::Tab);
    assert_eq!(console.key(Key::Enter), []);
    assert_says(&console, SMALL, "[ Contain anyway ]");
    pictured("asked", &console);
}

/// An answer for each change of the plan in the dialog: denied, refused and not checkable among them.
fn answers(console: &Console) -> (u64, Vec<Checked>) {
    let Some(Dialog::Confirm(confirm)) = &console.state.dialog else {
        panic!("{:?}", console.state.dialog)
    };
    let changes = confirm.plan.steps.iter().filter_map(|step| {
        let operation = step.operation()?;
        Some((step.id, operation))
    });
    let probed = |index: usize| match index {
        1 => Probed::Denied {
            message: "You are not authorized to perform this operation.".into(),
        },
        2 => Probed::NotCheckable {
            why: "it is about what step 1 makes".into(),
        },
        _ => Probed::Allowed,
    };
    let checked = changes
        .enumerate()
        .map(|(index, (step, operation))| Checked {
            step,
            prose: operation.prose(),
            api: operation.facts().api,
            iam: operation.facts().iam,
            probed: probed(index),
        });
    (confirm.ticket, checked.collect())
}

#[test]
fn what_aws_says_to_each_call_is_shown_in_any_session() {
    for mode in [Mode::Drill, Mode::ReadOnly] {
        let mut console = Console::loaded(mode);
        console.preview("sg-two-step");
        assert!(!words(&console, SMALL).contains("would be allowed"));
        let (ticket, checked) = answers(&console);
        let count = checked.len();
        let checked = Some(checked);
        console.send(Message::Preflighted { ticket, checked });
        let headline = format!(
            "permissions: {} of {count} calls would be allowed, 1 would be refused, 1 can't be checked",
            count - 2
        );
        assert_says(&console, SMALL, &headline);
        assert_says(&console, SMALL, "not allowed: it needs ec2:");
        if mode == Mode::Drill {
            pictured("preflight", &console);
        }
    }
}

#[test]
fn playbooks_stand_after_the_actions_and_are_confirmed_as_they_are() {
    let mut console = Console::loaded(Mode::Drill);
    let wrong = Playbook::parse(
        "~/.config/firedoor/playbooks/mine.toml",
        "schema = 1\nname = 7\n",
    );
    console.state.settings.playbooks.push(wrong);
    console.show(Pane::Actions);
    console.feed(Feed::Findings, UpdateKind::Started);
    let rows = console.state.action_rows();
    let is_action = |it: &Choice| matches!(it, Choice::Action(_));
    assert!(rows.is_sorted_by_key(|it| !is_action(it)));
    console.key(Key::End);
    assert_says(&console, SMALL, "mine.toml:2");
    assert_eq!(console.key(Key::Enter), []);
    assert!(console.state.dialog.is_none());
    console.key(Key::Up);
    console.key(Key::Up);
    console.key(Key::Up);
    pictured("playbooks", &console);
    console.preview("contain");
    pictured("confirm_playbook", &console);
    let effects = console.confirm();
    assert!(
        matches!(effects.as_slice(), [Effect::Start(_)]),
        "{effects:?}"
    );
}

// During.

/// The first step of a plan that does such a thing.
fn step_of(plan: &Plan, is: impl Fn(&What) -> bool) -> StepId {
    plan.steps.iter().find(|it| is(&it.what)).unwrap().id
}

fn finish(console: &mut Console, step: StepId, message: &str) {
    console.run(RunEventKind::Begun { step });
    let outcome = StepOutcome::Done {
        message: message.into(),
    };
    console.run(RunEventKind::Ended { step, outcome });
}

/// A run up to its wait, which began two seconds ago.
fn waiting(console: &mut Console, action: &str) -> Plan {
    let plan = console.start(action);
    console.begin(plan.clone());
    let wait = step_of(&plan, |it| matches!(it, What::Wait { .. }));
    let before: Vec<StepId> = plan
        .steps
        .iter()
        .map(|it| it.id)
        .filter(|it| *it < wait)
        .collect();
    for step in before {
        finish(console, step, "read back");
    }
    console.run(RunEventKind::Begun { step: wait });
    console.pass(2);
    plan
}

#[test]
fn the_dwell_counts_down_and_names_what_it_is_for() {
    let mut console = Console::loaded(Mode::Drill);
    waiting(&mut console, "sg-two-step");
    assert_says(&console, SMALL, "OPEN: emptied in ");
    assert_says(&console, SMALL, "expected");
    assert!(!console.state.lamps.is_empty());
    pictured("dwell", &console);
}

#[test]
fn a_pulse_counts_down_to_its_lift() {
    let mut console = Console::loaded(Mode::Drill);
    console.select("nacl-pulse");
    if console.state.selected_outlook().is_none() {
        // Not every suspect can be pulsed: then the row says why.
        assert_says(&console, SMALL, "nacl-pulse");
        return;
    }
    waiting(&mut console, "nacl-pulse");
    assert_says(&console, SMALL, "DENIED: lifts in ");
}

#[test]
fn what_a_step_reads_stands_below_it_and_whole_in_its_details() {
    let mut console = Console::loaded(Mode::Drill);
    let plan = console.start("console-output");
    console.begin(plan.clone());
    let step = step_of(&plan, |it| {
        matches!(it, What::Change(Operation::GetConsoleOutput { .. }))
    });
    for earlier in plan.steps.iter().map(|it| it.id).filter(|it| *it < step) {
        finish(&mut console, earlier, "read back");
    }
    console.run(RunEventKind::Begun { step });
    for number in 1..=40 {
        let line = format!("[ {number:>4}.000] \u{1b}[31mdev\u{202e} {number}");
        console.run(RunEventKind::Output { step, line });
    }
    assert_says(&console, SMALL, "(37 more, enter)");
    assert!(!words(&console, SMALL).contains('\u{1b}'));
    pictured("output", &console);
    console.key(Key::Enter);
    pictured("output_details", &console);
    console.keys(&[Key::PageDown; 9]);
    assert_says(&console, SMALL, "[ 40.000]");
}

#[test]
fn stopping_says_where_the_run_goes() {
    let mut console = Console::loaded(Mode::Drill);
    waiting(&mut console, "sg-two-step");
    console.key(Key::Char('q'));
    let screen = screen(&console, SMALL);
    assert!(screen.contains("quits once what it opened"), "{screen}");
    console.key(Key::Esc);
    assert_eq!(console.key(Key::Char('s')), [Effect::StopRun]);
    assert_says(
        &console,
        SMALL,
        "stopping: the run ends once what it opened is emptied",
    );
    console.run(RunEventKind::StopRequested);
    console.key(Key::Up);
    assert_says(
        &console,
        SMALL,
        "stopping: it ends once what it opened is emptied",
    );
}

// After.

/// A two-step that has ended well, and whose flow logs are read.
fn verified(console: &mut Console) -> Plan {
    let plan = waiting(console, "sg-two-step");
    let wait = step_of(&plan, |it| matches!(it, What::Wait { .. }));
    let outcome = StepOutcome::Done {
        message: "waited".into(),
    };
    console.run(RunEventKind::Ended {
        step: wait,
        outcome,
    });
    let after: Vec<StepId> = plan
        .steps
        .iter()
        .map(|it| it.id)
        .filter(|it| *it > wait)
        .collect();
    for step in after {
        finish(console, step, "read back");
    }
    let outcome = RunOutcome::Done;
    console.run(RunEventKind::Finished { outcome });
    let claim = claim(&plan, &console.state.estate);
    let since = t0() + TimeDelta::seconds(14);
    console.run(RunEventKind::Verifying(Verifying { claim, since }));
    plan
}

#[test]
fn an_ended_run_is_verified_before_anything_is_said_of_traffic() {
    let mut console = Console::loaded(Mode::Drill);
    verified(&mut console);
    assert_says(&console, SMALL, "Done. Verifying since ");
    assert_says(&console, SMALL, "they are complete to ");
    pictured("verifying", &console);
    console.show(Pane::Findings);
    assert_says(&console, SMALL, "run: Done, Verifying");
}

fn leak(port: u16) -> Leak {
    Leak {
        eni: "eni-0123456789abcdef0".into(),
        peer: "203.0.113.66".parse().unwrap(),
        port,
        protocol: 6,
        direction: Direction::Egress,
        bytes: 4711,
        last: t0() + TimeDelta::seconds(90),
        early: false,
    }
}

#[test]
fn the_proof_is_in_the_run_pane_and_on_every_other() {
    let until = t0() + TimeDelta::minutes(4);
    let leaking = Proof::Leaking {
        edges: (1..=7).map(leak).collect(),
        more: 3,
    };
    let unknown = Proof::Unknown {
        why: "fl-1 skipped records".into(),
    };
    let none = Proof::NotApplicable {
        why: "it changes nothing that flow logs show".into(),
    };
    for (name, proof, word) in [
        ("proven", Proof::Proven { until }, "run: Done, Proven"),
        ("leaking", leaking, "run: Done, LEAKING"),
        ("unproven", unknown, "run: Done, unknown"),
        ("not_applicable", none, "run: Done"),
    ] {
        let mut console = Console::loaded(Mode::Drill);
        verified(&mut console);
        let told = proof.words();
        console.run(RunEventKind::Proof { proof });
        assert_says(&console, SMALL, &format!("Done. {told}"));
        pictured(name, &console);
        assert!(!words(&console, TALL).to_lowercase().contains("isolated"));
        console.show(Pane::Suspect);
        assert_says(&console, SMALL, word);
    }
}

#[test]
fn a_proof_is_told_to_who_looks_elsewhere() {
    let mut console = Console::loaded(Mode::Drill);
    verified(&mut console);
    console.show(Pane::Flows);
    let proof = Proof::Unknown {
        why: "nobody knows".into(),
    };
    assert_eq!(
        console.run(RunEventKind::Proof { proof }),
        [Effect::ReadArchive]
    );
    assert_says(&console, SMALL, "Unknown: nobody knows (6 shows it)");
}

#[test]
fn a_lamp_is_observed_once_the_log_is_complete_without_its_flow() {
    let mut console = Console::loaded(Mode::Drill);
    verified(&mut console);
    let state = &console.state;
    let lamp = state.lamps.iter().find(|it| it.active).unwrap();
    assert_eq!(
        state.lamp_state(lamp),
        LampState::Expected,
        "nothing came since"
    );
    let silent = state.lamps.iter().filter(|it| !it.active);
    for lamp in silent {
        assert_eq!(state.lamp_state(lamp), LampState::LikelySurvivor);
    }
}

// Undo.

/// What the survey of an ended two-step found: its groups are as it left them, or somebody else's.
fn survey(console: &Console, plan: &Plan, now: &str) -> Vec<Taken> {
    let groups = |step: &firedoor::plan::Step| match step.operation()? {
        Operation::SetEniGroups { eni, .. } => Some((step.id, eni.clone())),
        _ => None,
    };
    let (step, eni) = plan.steps.iter().find_map(groups).unwrap();
    let before = console.state.estate.eni(&eni).unwrap().groups.clone();
    let case = plan.steps.iter().find_map(|step| match step.operation()? {
        Operation::CreateGroup { .. } => Some((step.id, step.operation()?.clone())),
        _ => None,
    });
    let mut taken = vec![Taken {
        step,
        operation: Operation::SetEniGroups {
            eni,
            groups: vec![Ref::Id("sg-0123456789abcdef0".into())],
        },
        before: Some(State::EniGroups(before)),
        made: None,
        now: Ok(State::EniGroups(vec![now.into()])),
    }];
    if let Some((step, operation)) = case {
        taken.push(Taken {
            step,
            operation: operation.bind(&Bindings::default()).unwrap(),
            before: Some(State::Absent),
            made: Some("sg-0123456789abcdef0".into()),
            now: Err("DescribeSecurityGroups: Throttling".into()),
        });
    }
    taken.sort_by_key(|it| it.step);
    taken
}

fn undoing(now: &str) -> Console {
    let mut console = Console::loaded(Mode::Drill);
    let plan = verified(&mut console);
    let effects = console.key(Key::Char('u'));
    assert!(
        matches!(effects.as_slice(), [Effect::Survey(_)]),
        "{effects:?}"
    );
    let run = console.state.run.as_ref().unwrap().run.clone();
    let taken = Ok(survey(&console, &plan, now));
    console.send(Message::Surveyed { run, taken });
    console.pass(1);
    console
}

#[test]
fn an_undo_is_a_plan_that_is_confirmed() {
    let console = undoing("sg-0123456789abcdef0");
    assert_says(&console, SMALL, "Confirm undo on");
    assert_says(&console, SMALL, "[ Undo ]");
    pictured("undo", &console);
}

#[test]
fn drift_is_shown_from_three_sides() {
    let console = undoing("sg-0bbbbbbbbbbbbbbbb");
    for words in ["before: ", "ours: ", "now: "] {
        assert_says(&console, SMALL, words);
    }
    pictured("undo_drift", &console);
}

// The past.

/// A run of the archive, as far as its events went.
fn past(run: &str, plan: &Plan, minutes: i64, kinds: Vec<RunEventKind>) -> Past {
    let started = RunEventKind::Started {
        case: "fd-test".into(),
        run: run.into(),
        caller: CALLER.into(),
        plan: plan.clone(),
        foretold: None,
    };
    let at = t0() - TimeDelta::minutes(minutes);
    let kinds = std::iter::once(started).chain(kinds);
    let events: Vec<_> = (0..)
        .zip(kinds)
        .map(|(n, kind)| firedoor::executor::RunEvent { n, at, kind })
        .collect();
    Past {
        path: format!("/home/me/.local/state/firedoor/fd-test/{run}.jsonl").into(),
        view: RunView::of(&events).unwrap().unwrap(),
        damage: None,
        held_by: None,
    }
}

/// The plan of an action in the embedded world.
fn plan(action: &str) -> Plan {
    Console::loaded(Mode::Drill).start(action)
}

/// The calls of a two-step up to the one that attaches the open group.
fn opened(plan: &Plan) -> Vec<RunEventKind> {
    let mut bindings = Bindings::default();
    let mut kinds = Vec::new();
    for it in &plan.steps {
        let (step, Some(operation)) = (it.id, it.operation()) else {
            break;
        };
        if matches!(operation, Operation::CreateGroup { .. }) {
            bindings.insert(step, "sg-0123456789abcdef0");
        }
        let operation = operation.bind(&bindings).unwrap();
        let opens = matches!(operation, Operation::SetEniGroups { .. });
        kinds.push(RunEventKind::Begun { step });
        kinds.push(RunEventKind::Intend {
            step,
            attempt: 1,
            operation,
        });
        if opens {
            break;
        }
        let made = Some("sg-0123456789abcdef0".into());
        kinds.push(RunEventKind::Answered { step, made });
        let message = "read back".into();
        let outcome = StepOutcome::Done { message };
        kinds.push(RunEventKind::Ended { step, outcome });
    }
    kinds
}

fn ended(outcome: RunOutcome) -> Vec<RunEventKind> {
    vec![RunEventKind::Finished { outcome }]
}

/// Runs of every kind: open to the world, done, somebody else's, of another account, damaged.
fn archive() -> Archived {
    let (two_step, swap) = (plan("sg-two-step"), plan("sg-swap"));
    let mut proven = ended(RunOutcome::Done);
    let until = t0() - TimeDelta::hours(1);
    let proof = Proof::Proven { until };
    proven.push(RunEventKind::Proof { proof });
    let mut held = past("20260921T120000000Z-sg-swap-eef1", &swap, 3, Vec::new());
    held.held_by = Some(Holder {
        run: held.view.run.clone(),
        caller: "arn:aws:sts::123456789012:assumed-role/incident-responder/bob".into(),
        host: "bastion-2".into(),
        pid: 4242,
        since: t0() - TimeDelta::minutes(3),
    });
    let mut other = past("20260920T120000000Z-sg-swap-eef1", &swap, 2000, Vec::new());
    other.view.caller = "arn:aws:sts::999999999999:assumed-role/incident-responder/me".into();
    let mut damaged = past(
        "20260919T120000000Z-sg-swap-eef1",
        &swap,
        4000,
        ended(RunOutcome::Failed),
    );
    damaged.damage = Some("line 9: its hash does not fit".into());
    Archived {
        runs: vec![
            held,
            past(
                "20260921T110000000Z-sg-two-step-eef1",
                &two_step,
                12,
                opened(&two_step),
            ),
            past("20260921T100000000Z-sg-swap-eef1", &swap, 90, proven),
            other,
            damaged,
        ],
        unreadable: vec![
            "/home/me/.local/state/firedoor/x/y.jsonl: empty: no run was begun".into(),
        ],
    }
}

fn with_archive(mode: Mode) -> Console {
    let mut console = Console::loaded(mode);
    console.send(Message::Archive(Arc::new(archive())));
    console
}

#[test]
fn a_suspect_that_stands_open_is_named_before_anything_else() {
    let mut console = with_archive(Mode::Changes);
    assert_says(&console, SMALL, "Runs left in the middle");
    assert_says(&console, SMALL, "stands OPEN to the world since");
    pictured("open_runs", &console);
    console.pass(1);
    console.key(Key::Tab);
    let effects = console.key(Key::Enter);
    assert!(
        matches!(effects.as_slice(), [Effect::Resume { .. }]),
        "{effects:?}"
    );
    assert_says(&console, SMALL, "Run sg-two-step 4/12");
}

#[test]
fn a_run_of_an_earlier_drill_is_named_and_can_not_be_taken_up() {
    let mut console = with_archive(Mode::Drill);
    assert_says(&console, SMALL, "It is history: its drill is over");
    console.pass(1);
    console.key(Key::Tab);
    assert_eq!(console.key(Key::Enter), []);
    console.keys(&[Key::Esc, Key::Char('6'), Key::Down, Key::Down]);
    assert_eq!(console.key(Key::Char('u')), []);
    assert_says(&console, SMALL, "no undo: its drill is over");
}

#[test]
fn the_runs_of_the_past_are_listed_with_how_they_stand() {
    let mut console = with_archive(Mode::ReadOnly);
    console.key(Key::Esc);
    console.show(Pane::Run);
    assert_says(&console, SMALL, "carried out by arn:aws:sts::123456789012");
    assert_says(&console, SMALL, "unreadable: /home/me");
    pictured("runs", &console);
    console.key(Key::Down);
    assert_says(&console, SMALL, "stands OPEN to the world");
    console.keys(&[Key::Down, Key::Down]);
    assert_says(&console, SMALL, "It was made in another account.");
    console.key(Key::Down);
    assert_says(&console, SMALL, "Its journal is damaged: line 9");
    console.keys(&[Key::Home, Key::Down, Key::Down, Key::Enter]);
    assert_says(&console, SMALL, "Done. Proven in the flow logs");
}

#[test]
fn who_holds_the_lock_is_told_where_the_run_would_be() {
    let mut console = Console::loaded(Mode::Drill);
    console.start("sg-swap");
    let why = "not started: i-0123 is being changed by bob on bastion (process 7), run x, since now: wait for \
               that run, or stop it there";
    console.send(Message::RunLost(why.into()));
    console.key(Key::Up);
    assert_says(
        &console,
        SMALL,
        "is being changed by bob on bastion (process 7)",
    );
}
