//! Runs on the drill's world that are verified in its flow logs afterwards, and taken back.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::TimeDelta;
use firedoor::drill::{self, Drill};
use firedoor::executor::{Journal, Proof, RunEvent, RunOutcome, RunView, Runs, survey};
use firedoor::model::{Eni, Estate, Group};
use firedoor::operation::{Actuator, Operation, Ref};
use firedoor::plan::{Action, Plan, Procedure, build, undo};
use tokio::sync::mpsc;

use setting::Setting;

#[path = "support/setting.rs"]
mod setting;

/// A world, and the console's hold on it.
struct Session {
    setting: Setting,
    runs: Runs,
}

impl Session {
    fn begin() -> Self {
        Self {
            setting: Setting::new(drill::load(None).unwrap()),
            runs: Runs::default(),
        }
    }

    fn drill(&self) -> &Drill {
        &self.setting.drill
    }

    fn plan(&self, action: Action) -> Plan {
        build(&self.drill().estate(), &self.setting.intent(action)).unwrap()
    }

    fn journal(&self, run: &str) -> PathBuf {
        Journal::path_of(self.setting.root.path(), "case", run)
    }

    /// Starts a run that is verified when it has ended; its events.
    fn start(&self, run: &str, plan: &Plan) -> mpsc::UnboundedReceiver<RunEvent> {
        let actuator = Arc::new(self.drill().clone());
        let (ports, events) = self.setting.ports(actuator, Some(plan));
        let run = setting::run(run, plan);
        let root = self.setting.root.path();
        self.runs.start(run, root, ports).unwrap();
        events
    }

    /// Runs a plan to its end, and waits for the verdict.
    async fn run(&self, run: &str, plan: &Plan) -> RunView {
        let mut events = self.start(run, plan);
        let mut seen = Vec::new();
        while let Some(event) = events.recv().await {
            seen.push(event);
        }
        let view = view(&self.journal(run));
        assert_eq!(
            RunView::of(&seen).unwrap().unwrap(),
            view,
            "what was seen is journalled"
        );
        view
    }
}

fn view(journal: &Path) -> RunView {
    let (events, damage) = Journal::read(journal).unwrap();
    assert_eq!(damage, None);
    RunView::of(&events).unwrap().unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_logs_show_that_a_group_swap_leaks_and_that_a_network_acl_holds() {
    for (action, holds) in [(Action::SgSwap, false), (Action::NaclSwap, true)] {
        let session = Session::begin();
        let view = session.run("run", &session.plan(action)).await;
        assert_eq!(view.ended.unwrap().1, RunOutcome::Done);
        let since = view.verifying.as_ref().unwrap().since;
        match view.proof.as_ref().unwrap() {
            Proof::Proven { until } => {
                assert!(holds, "{action}");
                assert!(*until >= since + TimeDelta::minutes(3));
            }
            Proof::Leaking { edges, .. } => {
                assert!(!holds, "{action}: {}", view.verdict_words());
                assert!(
                    edges.iter().all(|it| it.last > since && it.bytes > 0),
                    "{edges:?}"
                );
            }
            other => panic!("{action}: {other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn another_run_or_leaving_ends_a_verification() {
    let session = Session::begin();
    let mut first = session.start("first", &session.plan(Action::SgTwoStep));
    session.runs.settled().await;
    assert!(!session.runs.is_verified());
    let mut second = session.start("second", &session.plan(Action::NaclSwap));
    session.runs.settled().await;
    session.runs.leave().await;
    assert!(session.runs.is_verified());
    for (events, run, why) in [
        (&mut first, "first", "another run began"),
        (&mut second, "second", "the console was left"),
    ] {
        while events.recv().await.is_some() {}
        let view = view(&session.journal(run));
        assert_eq!(view.proof, Some(Proof::Unknown { why: why.into() }));
    }
}

/// Everything that runs change, without order.
fn picture(estate: &Estate) -> (Vec<Eni>, Vec<Group>, Vec<String>) {
    let mut groups: Vec<Group> = estate.groups().cloned().collect();
    for group in &mut groups {
        group.rules.iter_mut().for_each(|it| it.id = None);
    }
    let mut enis: Vec<Eni> = estate.enis().cloned().collect();
    // What was never set can't be unset.
    for eni in &mut enis {
        eni.timeouts = firedoor::model::TrackingTimeouts::default();
    }
    let acls = estate
        .acls()
        .map(|it| format!("{} {:?} {:?}", it.id, it.subnets, it.entries));
    (enis, groups, acls.collect())
}

#[tokio::test(start_paused = true)]
async fn a_run_is_taken_back_and_what_others_changed_is_not() {
    for action in [
        Action::SgSwap,
        Action::SgTwoStep,
        Action::NaclSwap,
        Action::NaclDenyAll,
    ] {
        let session = Session::begin();
        let before = picture(&session.drill().estate());
        let plan = session.plan(action);
        let done = session.run("run", &plan).await;
        let taken = survey(session.drill(), &done).await.unwrap();
        let back = undo("run", &plan, &taken, None);
        assert!(back.drift.is_empty(), "{action}: {:?}", back.drift);
        assert_eq!(back.plan.procedure, Procedure::Undo("run".into()));
        let undone = session.run("undo", &back.plan).await;
        assert_eq!(undone.ended.unwrap().1, RunOutcome::Done, "{action}");
        assert!(
            matches!(undone.proof, Some(Proof::NotApplicable { .. })),
            "{:?}",
            undone.proof
        );
        assert_eq!(picture(&session.drill().estate()), before, "{action}");
        let taken = survey(session.drill(), &done).await.unwrap();
        assert_eq!(
            undo("run", &plan, &taken, None).plan.calls(),
            0,
            "{action}: nothing is left to undo"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_drifted_is_shown_from_three_sides() {
    let session = Session::begin();
    let plan = session.plan(Action::SgSwap);
    let done = session.run("run", &plan).await;
    let estate = session.drill().estate();
    let eni = estate
        .enis_of_instance(session.drill().suspect())
        .next()
        .unwrap();
    let case_group = &eni.groups[0];
    let other = estate
        .groups()
        .find(|it| it.vpc == eni.vpc && it.id != *case_group)
        .unwrap();
    let meddle = Operation::SetEniGroups {
        eni: eni.id.clone(),
        groups: vec![Ref::Id(case_group.clone()), Ref::Id(other.id.clone())],
    };
    session.drill().execute(&meddle).await.unwrap();
    let taken = survey(session.drill(), &done).await.unwrap();
    let back = undo("run", &plan, &taken, None);
    let [drift] = back.drift.as_slice() else {
        panic!("{back:?}")
    };
    let [_, ours, now] = drift.lines();
    assert!(ours.contains(case_group.as_str()) && now.contains(other.id.as_str()));
    // The interface still uses the group, so that stays too.
    assert!(
        !back
            .plan
            .operations()
            .any(|it| matches!(it, Operation::DeleteGroup { .. }))
    );
    assert!(
        back.kept
            .iter()
            .any(|it| it.why.contains("still rests on it")),
        "{:?}",
        back.kept
    );
}

#[tokio::test(start_paused = true)]
async fn an_open_run_is_not_taken_back() {
    let session = Session::begin();
    let plan = session.plan(Action::SgTwoStep);
    let mut events = session.start("run", &plan);
    let mut view = RunView::begin(&events.recv().await.unwrap()).unwrap();
    for _ in 0..5 {
        view.apply(&events.recv().await.unwrap()).unwrap();
    }
    let refused = survey(session.drill(), &view).await.unwrap_err();
    assert!(refused.to_string().contains("resume it first"), "{refused}");
    session.runs.settled().await;
}
