//! Runs of the past: undone, taken up again, listed.

use super::*;
use crate::app::{Archived, Asked, Browsing, OpenFocus, Past};
use crate::executor::{Holder, Resume, RunView};
use crate::operation::{Bindings, Operation, State};
use crate::plan::Taken;

/// The plan of an action for the fixture's suspect.
fn plan_of(action: &str) -> Plan {
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.preview(action);
    desk.confirm().plan.clone()
}

/// A run of this plan, as far as these events got.
fn view(run: &str, caller: &str, plan: &Plan, kinds: Vec<RunEventKind>) -> RunView {
    let at = fixture::read_at();
    let started = RunEventKind::Started {
        case: "case-1".into(),
        run: run.into(),
        caller: caller.into(),
        plan: plan.clone(),
        foretold: None,
    };
    let kinds = std::iter::once(started).chain(kinds);
    let events: Vec<_> = (0..)
        .zip(kinds)
        .map(|(n, kind)| RunEvent { n, at, kind })
        .collect();
    RunView::of(&events).unwrap().unwrap()
}

/// The first change of a plan was begun and sent.
fn sent(plan: &Plan) -> Vec<RunEventKind> {
    let step = plan
        .steps
        .iter()
        .find(|it| it.operation().is_some())
        .unwrap();
    let operation = step
        .operation()
        .unwrap()
        .bind(&Bindings::default())
        .unwrap();
    let step = step.id;
    vec![
        RunEventKind::Begun { step },
        RunEventKind::Captured {
            step,
            before: State::Absent,
        },
        RunEventKind::Intend {
            step,
            attempt: 1,
            operation,
        },
    ]
}

fn ended(mut kinds: Vec<RunEventKind>, outcome: RunOutcome) -> Vec<RunEventKind> {
    kinds.push(RunEventKind::Finished { outcome });
    kinds
}

fn past(view: RunView) -> Past {
    Past {
        path: format!("/state/case-1/{}.jsonl", view.run).into(),
        view,
        damage: None,
        held_by: None,
    }
}

fn archive(desk: &mut Desk, runs: Vec<Past>) {
    let unreadable = Vec::new();
    desk.send(Message::Archive(Arc::new(Archived { runs, unreadable })));
}

fn open_runs(desk: &Desk) -> Option<&crate::app::OpenRuns> {
    match &desk.state.dialog {
        Some(Dialog::OpenRuns(it)) => Some(it),
        _ => None,
    }
}

#[test]
fn an_open_run_is_named_at_the_start_once_it_is_known_whose_it_is() {
    let plan = plan_of("sg-swap");
    let open = past(view("run-1", ME, &plan, sent(&plan)));
    let mut desk = Desk::with_suspect(Mode::Changes);
    archive(&mut desk, vec![open.clone()]);
    assert_eq!(desk.state.dialog, None, "whose it is, is not known");
    desk.identified();
    assert_eq!(open_runs(&desk).unwrap().runs, ["run-1"]);
    desk.pass(600);
    desk.key(Key::Enter);
    assert_eq!(desk.state.dialog, None, "the cursor is on later");
    archive(&mut desk, vec![open]);
    assert_eq!(desk.state.dialog, None, "once");
    desk.keys(&[Key::Char('6'), Key::Char('t')]);
    assert!(open_runs(&desk).is_some());
}

#[test]
fn runs_that_ended_or_belong_to_others_are_not_offered() {
    let plan = plan_of("sg-swap");
    let other = "arn:aws:sts::999999999999:assumed-role/responder/me";
    let holder = Holder {
        run: "run-3".into(),
        caller: other.into(),
        host: "bastion".into(),
        pid: 7,
        since: fixture::read_at(),
    };
    let done = ended(sent(&plan), RunOutcome::Stopped);
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.identified();
    let held = Past {
        held_by: Some(holder),
        ..past(view("run-3", ME, &plan, sent(&plan)))
    };
    archive(
        &mut desk,
        vec![
            past(view("run-1", ME, &plan, done)),
            past(view("run-2", other, &plan, sent(&plan))),
            held,
        ],
    );
    assert_eq!(desk.state.dialog, None);
    desk.keys(&[Key::Char('6'), Key::Char('t')]);
    assert!(desk.notice().contains("no run of this account"));
    assert_eq!(desk.state.run_ids().len(), 3, "all are listed");
}

#[test]
fn an_open_run_is_taken_up_as_it_was_chosen() {
    let plan = plan_of("sg-swap");
    for (tabs, how) in [(1, Resume::Close), (2, Resume::Continue)] {
        let mut desk = Desk::with_suspect(Mode::Changes);
        desk.identified();
        archive(&mut desk, vec![past(view("run-1", ME, &plan, sent(&plan)))]);
        desk.keys(&[Key::Tab, Key::Enter]);
        assert_eq!(
            open_runs(&desk).unwrap().focus,
            OpenFocus::Later,
            "too soon"
        );
        desk.pass(600);
        desk.keys(&vec![Key::Tab; tabs]);
        let path = "/state/case-1/run-1.jsonl".into();
        assert_eq!(desk.key(Key::Enter), [Effect::Resume { path, how }]);
        assert!(desk.state.run_is_open());
        assert_eq!(desk.state.focus, Pane::Run);
        let caller = ME.into();
        desk.run(4, RunEventKind::Resumed { caller, how });
        assert_eq!(desk.notice(), "", "its events follow those of the journal");
        assert!(desk.state.run.as_ref().unwrap().resumed.is_some());
    }
}

#[test]
fn a_read_only_session_names_open_runs_and_takes_up_none() {
    let plan = plan_of("sg-swap");
    let mut desk = Desk::with_suspect(Mode::ReadOnly);
    desk.identified();
    archive(&mut desk, vec![past(view("run-1", ME, &plan, sent(&plan)))]);
    desk.pass(600);
    desk.key(Key::Tab);
    assert_eq!(desk.key(Key::Enter), []);
    let why = open_runs(&desk).unwrap().refused.clone().unwrap();
    assert!(why.contains("read-only"), "{why}");
}

/// The group that the run made, empty again, and what was there before it.
fn taken(plan: &Plan, now: State) -> Vec<Taken> {
    let step = plan
        .steps
        .iter()
        .find(|it| matches!(it.operation(), Some(Operation::SetEniGroups { .. })));
    let step = step.unwrap();
    vec![Taken {
        step: step.id,
        operation: Operation::SetEniGroups {
            eni: "eni-web1".into(),
            groups: vec!["sg-empty".into()]
                .into_iter()
                .map(crate::operation::Ref::Id)
                .collect(),
        },
        before: Some(State::EniGroups(vec!["sg-web".into()])),
        made: None,
        now: Ok(now),
    }]
}

/// A console whose run of `sg-swap` has ended.
fn after_a_run() -> (Desk, Plan) {
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.identified();
    desk.preview("sg-swap");
    let plan = desk.confirm().plan.clone();
    desk.contain();
    let kinds = std::iter::once(RunEventKind::Started {
        case: "case-1".into(),
        run: "run-1".into(),
        caller: ME.into(),
        plan: plan.clone(),
        foretold: None,
    });
    let kinds = kinds.chain(ended(Vec::new(), RunOutcome::Done));
    for (n, kind) in (0..).zip(kinds) {
        desk.run(n, kind);
    }
    (desk, plan)
}

#[test]
fn an_undo_is_surveyed_shown_and_looked_at_once_more_before_it_starts() {
    let (mut desk, plan) = after_a_run();
    let view = Box::new(desk.state.run.clone().unwrap());
    assert_eq!(desk.key(Key::Char('u')), [Effect::Survey(view.clone())]);
    let ours = || taken(&plan, State::EniGroups(vec!["sg-empty".into()]));
    let surveyed = |taken| Message::Surveyed {
        run: "run-1".into(),
        taken: Ok(taken),
    };
    let asked = desk.send(surveyed(ours()));
    assert!(
        matches!(asked.as_slice(), [Effect::Preflight { .. }]),
        "{asked:?}"
    );
    assert!(matches!(desk.confirm().asked, Asked::Undo(..)));
    assert_eq!(desk.confirm().plan.calls(), 1);
    assert_eq!(desk.contain(), [Effect::Survey(view)]);
    assert_eq!(desk.key(Key::Enter), [], "it looks already");
    let started = desk.send(surveyed(ours()));
    assert!(
        matches!(started.as_slice(), [Effect::Start(_)]),
        "{started:?}"
    );
    assert!(desk.state.run_is_open());
}

#[test]
fn what_drifts_while_an_undo_is_read_is_shown_again() {
    let (mut desk, plan) = after_a_run();
    desk.key(Key::Char('u'));
    let surveyed = |now: &str| Message::Surveyed {
        run: "run-1".into(),
        taken: Ok(taken(&plan, State::EniGroups(vec![now.into()]))),
    };
    desk.send(surveyed("sg-empty"));
    desk.contain();
    let effects = desk.send(surveyed("sg-other"));
    assert!(
        matches!(effects.as_slice(), [Effect::Preflight { .. }]),
        "{effects:?}"
    );
    let confirm = desk.confirm();
    assert!(confirm.refused.as_deref().unwrap().contains("has changed"));
    assert_eq!(confirm.undo.as_ref().unwrap().drift.len(), 1);
    assert!(confirm.blocked().is_some(), "nothing is left of it");
}

#[test]
fn an_undo_is_refused_with_a_reason() {
    let plan = plan_of("sg-swap");
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.key(Key::Char('6'));
    assert_eq!(desk.key(Key::Char('u')), []);
    assert_eq!(desk.notice(), "no run to take back");
    let other = "arn:aws:sts::999999999999:assumed-role/responder/me";
    let done = || ended(Vec::new(), RunOutcome::Done);
    desk.state.offer = crate::app::state::Offer::Made;
    for (mode, view, words) in [
        (Mode::ReadOnly, view("r", ME, &plan, done()), "read-only"),
        (
            Mode::Changes,
            view("r", ME, &plan, sent(&plan)),
            "take it up first",
        ),
        (
            Mode::Changes,
            view("r", other, &plan, done()),
            "another account",
        ),
        (
            Mode::Changes,
            view("r", ME, &plan, ended(Vec::new(), RunOutcome::LeftOpen)),
            "take it up first",
        ),
    ] {
        desk.state.settings.mode = mode;
        desk.identified();
        archive(&mut desk, vec![past(view)]);
        assert_eq!(desk.key(Key::Char('u')), []);
        assert!(desk.notice().contains(words), "{words}: {}", desk.notice());
    }
    let (mut desk, _) = after_a_run();
    desk.preview("sg-swap");
    desk.contain();
    assert_eq!(desk.key(Key::Char('u')), [], "a run is on its way");
    let failed = Message::Surveyed {
        run: "run-1".into(),
        taken: Err("throttled".into()),
    };
    desk.send(failed);
    assert_eq!(desk.notice(), "no undo: throttled");
}

#[test]
fn the_list_leads_to_a_run_and_back() {
    let plan = plan_of("sg-swap");
    let mut desk = Desk::with_suspect(Mode::Changes);
    let done = || ended(Vec::new(), RunOutcome::Done);
    let runs = ["run-2", "run-1"].map(|it| past(view(it, ME, &plan, done())));
    archive(&mut desk, runs.into());
    desk.keys(&[Key::Char('6'), Key::Down, Key::Enter]);
    assert_eq!(desk.state.browsing, Browsing::One("run-1".into()));
    assert_eq!(desk.state.run_in_view().unwrap().run, "run-1");
    desk.key(Key::Enter);
    assert!(matches!(desk.state.dialog, Some(Dialog::Step { .. })));
    desk.keys(&[Key::PageDown, Key::Esc, Key::Esc]);
    assert_eq!(desk.state.browsing, Browsing::List);
    desk.key(Key::Esc);
    assert_eq!(desk.state.focus, Pane::Actions);
    assert_eq!(desk.key(Key::Char('6')), []);
    assert_eq!(desk.key(Key::Char('l')), [Effect::ReadArchive]);
}

#[test]
fn a_run_that_could_not_be_taken_up_leaves_no_run_and_its_reason() {
    let plan = plan_of("sg-swap");
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.identified();
    archive(&mut desk, vec![past(view("run-1", ME, &plan, sent(&plan)))]);
    desk.pass(600);
    desk.keys(&[Key::Tab, Key::Enter]);
    assert!(desk.state.run_is_open());
    desk.send(Message::RunLost(
        "not started: i-1 is being changed by bob".into(),
    ));
    assert!(!desk.state.run_is_open());
    assert_eq!(desk.state.run, None);
    assert!(desk.state.lost.as_deref().unwrap().contains("bob"));
}
