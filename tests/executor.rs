//! Runs against the drill world, on a simulated clock: whatever fails, and whenever it is stopped, a
//! run ends, its journal tells what happened, and what it opened it empties.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use firedoor::drill::{Drill, Scenario};
use firedoor::executor::{Journal, RunEvent, RunEventKind, RunOutcome, RunView, Runs, StepOutcome};
use firedoor::model::{AclAction, Direction, Estate, Group, GroupId};
use firedoor::operation::{
    Actuator, Answer, CallError, CallErrorKind, Operation, Ref, State, StepId,
};
use firedoor::plan::{Action, Class, Dwell, Plan, Procedure, Step, What, build};
use firedoor::sources::Clock;
use futures::future::BoxFuture;
use tokio::sync::Notify;

use setting::Setting;

#[path = "support/quiet.rs"]
mod quiet;
#[path = "support/setting.rs"]
mod setting;

const ACTIONS: [Action; 3] = [Action::SgSwap, Action::SgTwoStep, Action::NaclSwap];

/// What a test changes about the world's answers.
trait Twist: Send + Sync {
    /// Instead of the call, or before it.
    fn call<'a>(&'a self, drill: &'a Drill, operation: &'a Operation) -> Call<'a> {
        drill.execute(operation)
    }

    /// What a look shows.
    fn look(&self, _: &Operation, state: State) -> State {
        state
    }
}

type Call<'a> = BoxFuture<'a, Result<Answer, CallError>>;

struct Plain;

impl Twist for Plain {}

/// The world, watched: every call must have been announced in the journal before it is made.
struct Watched {
    drill: Drill,
    clock: Arc<dyn Clock>,
    journal: PathBuf,
    twist: Arc<dyn Twist>,
    calls: Mutex<Vec<(DateTime<Utc>, Operation)>>,
    unannounced: AtomicU32,
}

impl Actuator for Watched {
    fn observe<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<State, CallError>> {
        Box::pin(async move {
            let state = self.drill.observe(operation).await?;
            Ok(self.twist.look(operation, state))
        })
    }

    fn execute<'a>(&'a self, operation: &'a Operation) -> Call<'a> {
        let mut calls = self.calls.lock().unwrap();
        calls.push((self.clock.now(), operation.clone()));
        let made = calls.iter().filter(|(_, it)| it == operation).count();
        let (events, damage) = Journal::read(&self.journal).unwrap();
        let announced = events.iter().filter(|it| intends(it, operation)).count();
        if announced != made || damage.is_some() {
            self.unannounced.fetch_add(1, Ordering::Relaxed);
        }
        self.twist.call(&self.drill, operation)
    }
}

fn intends(event: &RunEvent, wanted: &Operation) -> bool {
    matches!(&event.kind, RunEventKind::Intend { operation, .. } if operation == wanted)
}

fn two_interfaces() -> Scenario {
    Scenario::parse("two.toml", &quiet::two_interfaces()).unwrap()
}

fn one_interface() -> Scenario {
    Scenario::parse("one.toml", &quiet::without_traffic()).unwrap()
}

fn plan_of(setting: &Setting, action: Action) -> Plan {
    build(&setting.drill.estate(), &setting.intent(action)).unwrap()
}

/// A run that has ended, and the world that it left.
struct Ended {
    outcome: RunOutcome,
    events: Vec<RunEvent>,
    before: Estate,
    after: Estate,
    plan: Plan,
    calls: Vec<(DateTime<Utc>, Operation)>,
    drill: Drill,
}

async fn run(scenario: Scenario, action: Action, twist: impl Twist + 'static) -> Ended {
    run_until(scenario, action, Arc::new(twist), |_, _| ()).await
}

/// Runs a plan; `look` sees every event as it arrives. What holds of every run is checked here.
async fn run_until(
    scenario: Scenario,
    action: Action,
    twist: Arc<dyn Twist>,
    look: impl Fn(&RunEvent, &Runs),
) -> Ended {
    let setting = Setting::new(scenario);
    let drill = setting.drill.clone();
    let plan = plan_of(&setting, action);
    let before = drill.estate();
    let path = setting.root.path().join("case/run.jsonl");
    let watched = Arc::new(Watched {
        drill: drill.clone(),
        clock: Arc::clone(&setting.clock),
        journal: path.clone(),
        twist,
        calls: Mutex::default(),
        unannounced: AtomicU32::new(0),
    });
    let runs = Runs::default();
    let (ports, mut receiver) = setting.ports(Arc::clone(&watched) as _, None);
    let confirmed = setting::run("run", &plan);
    let task = runs.start(confirmed, setting.root.path(), ports).unwrap();
    let mut events = Vec::new();
    while let Some(event) = receiver.recv().await {
        look(&event, &runs);
        events.push(event);
    }
    let outcome = task.await.unwrap();
    assert_eq!(watched.unannounced.load(Ordering::Relaxed), 0, "announced");
    let (written, damage) = Journal::read(&path).unwrap();
    assert_eq!(damage, None);
    assert!(written == events, "seen in the order of the journal");
    let ended = Ended {
        outcome,
        events,
        before,
        after: drill.estate(),
        plan,
        calls: watched.calls.lock().unwrap().clone(),
        drill,
    };
    ended.tells_one_story();
    ended
}

impl Ended {
    /// Numbers without gaps, a fold without a contradiction, an end for every step, and the promise
    /// that what was opened is emptied.
    fn tells_one_story(&self) {
        let numbers: Vec<u32> = self.events.iter().map(|it| it.n).collect();
        let expected: Vec<u32> = (0..).take(numbers.len()).collect();
        assert_eq!(numbers, expected, "each number once, in order");
        let view = self.view();
        assert_eq!(view.ended.map(|(_, outcome)| outcome), Some(self.outcome));
        assert_eq!(
            view.progress(),
            (self.plan.steps.len(), self.plan.steps.len())
        );
        if self.outcome != RunOutcome::LeftOpen {
            self.is_closed();
        }
    }

    fn view(&self) -> RunView {
        RunView::of(&self.events).unwrap().unwrap()
    }

    /// Everything that the run made and opened, or attached to the suspect, is empty.
    fn is_closed(&self) {
        let opened = self.events.iter().any(|event| {
            matches!(&event.kind, RunEventKind::Intend { operation, .. } if opens(operation))
        });
        for group in self.made_groups() {
            let members = self.after.enis_of_group(&group.id).count();
            let must_be_empty = opened || members > 0;
            assert!(!must_be_empty || group.rules.is_empty(), "{group:?}");
        }
    }

    fn made_groups(&self) -> Vec<&Group> {
        let new = |it: &&Group| self.before.group(&it.id).is_none();
        self.after.groups().filter(new).collect()
    }

    /// Every interface of the suspect has one group without rules; nobody else's groups changed.
    fn is_isolated(&self) {
        for eni in self.after.enis() {
            let was = self.before.eni(&eni.id).unwrap();
            if eni.instance.as_ref() == Some(self.drill.suspect()) {
                assert_eq!(eni.groups.len(), 1, "{eni:?}");
                let group = self.after.group(&eni.groups[0]).unwrap();
                assert!(group.rules.is_empty(), "{group:?}");
            } else {
                assert_eq!(eni, was);
            }
        }
        for group in self.before.groups() {
            assert_eq!(self.after.group(&group.id), Some(group));
        }
        assert!(self.after.acls().eq(self.before.acls()));
    }

    /// Every subnet of the suspect is on an ACL with only denies; no other subnet's changed.
    fn is_quarantined(&self) {
        let own = self.after.enis_of_instance(self.drill.suspect());
        let own: BTreeSet<_> = own.map(|it| it.subnet.clone()).collect();
        for subnet in self.after.subnets() {
            let acl = self.after.acl_of_subnet(&subnet.id).unwrap();
            let was = self.before.acl_of_subnet(&subnet.id).unwrap();
            if own.contains(&subnet.id) {
                assert!(!acl.entries.is_empty());
                assert!(acl.entries.iter().all(|it| it.action == AclAction::Deny));
            } else {
                assert_eq!((&acl.id, &acl.entries), (&was.id, &was.entries));
            }
        }
        assert!(self.after.groups().eq(self.before.groups()));
        assert!(self.after.enis().eq(self.before.enis()));
    }

    fn has_done_its_work(&self) {
        match self.plan.procedure {
            Procedure::Action(Action::NaclSwap) => self.is_quarantined(),
            _ => self.is_isolated(),
        }
    }

    fn outcome_of(&self, step: StepId) -> StepOutcome {
        let mut outcomes = self.events.iter().filter_map(|it| match &it.kind {
            RunEventKind::Ended { step: it, outcome } if *it == step => Some(outcome.clone()),
            _ => None,
        });
        outcomes.next().unwrap()
    }

    fn is_skipped(&self, step: StepId) -> bool {
        matches!(self.outcome_of(step), StepOutcome::Skipped { .. })
    }

    fn position(&self, wanted: impl Fn(&RunEventKind) -> bool) -> Option<usize> {
        self.events.iter().position(|it| wanted(&it.kind))
    }

    fn called_at(&self, wanted: impl Fn(&Operation) -> bool) -> Vec<DateTime<Utc>> {
        let calls = self.calls.iter().filter(|(_, it)| wanted(it));
        calls.map(|(at, _)| *at).collect()
    }
}

fn opens(operation: &Operation) -> bool {
    matches!(
        operation,
        Operation::AuthorizeRules {
            direction: Direction::Ingress,
            ..
        }
    )
}

fn error(kind: CallErrorKind, api: &str) -> CallError {
    CallError {
        kind,
        api: api.into(),
        code: "Test".into(),
        message: "made to fail".into(),
    }
}

/// What an operation is about, bound or not.
fn key(operation: &Operation) -> String {
    let api = operation.facts().api;
    match operation {
        Operation::SetEniGroups { eni, .. } => format!("{api} groups {eni}"),
        Operation::SetTrackingTimeouts { eni, .. } => format!("{api} timeouts {eni}"),
        Operation::SetSubnetAcl { subnet, .. } => format!("{api} {subnet}"),
        Operation::SetTags { resource, tags } => format!("{api} {resource} {:?}", tags.keys()),
        _ => api.into(),
    }
}

/// The first calls of one step fail.
struct Failing {
    key: String,
    kind: CallErrorKind,
    calls: AtomicU32,
    /// The change is made nevertheless.
    made: bool,
}

impl Failing {
    fn at(step: &Step, kind: CallErrorKind, calls: u32, made: bool) -> Option<Self> {
        let What::Change(operation) = &step.what else {
            return None;
        };
        Some(Self {
            key: key(operation),
            kind,
            calls: AtomicU32::new(calls),
            made,
        })
    }
}

impl Twist for Failing {
    fn call<'a>(&'a self, drill: &'a Drill, operation: &'a Operation) -> Call<'a> {
        let left = self.calls.load(Ordering::Relaxed);
        if key(operation) != self.key || left == 0 {
            return drill.execute(operation);
        }
        self.calls.store(left - 1, Ordering::Relaxed);
        Box::pin(async move {
            if self.made {
                drill.execute(operation).await?;
            }
            Err(error(self.kind, operation.facts().api))
        })
    }
}

/// Every change of every action, to be made to fail.
fn every_change() -> Vec<(Action, Step)> {
    let setting = Setting::new(two_interfaces());
    let steps = |action| {
        plan_of(&setting, action)
            .steps
            .into_iter()
            .map(move |it| (action, it))
    };
    let all = ACTIONS.into_iter().flat_map(steps);
    all.filter(|(_, step)| matches!(step.what, What::Change(_)))
        .collect()
}

/// All steps that wait for `step`, directly or not.
fn dependents(plan: &Plan, step: StepId) -> BTreeSet<StepId> {
    let mut found = BTreeSet::from([step]);
    for it in &plan.steps {
        if it.after.iter().any(|after| found.contains(after)) {
            found.insert(it.id);
        }
    }
    found.remove(&step);
    found
}

#[tokio::test(start_paused = true)]
async fn every_action_does_its_work_and_nothing_else() {
    for action in ACTIONS {
        for scenario in [one_interface(), two_interfaces()] {
            let ended = run(scenario, action, Plain).await;
            assert_eq!(ended.outcome, RunOutcome::Done, "{action}");
            ended.has_done_its_work();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_step_halts_the_run_and_what_was_opened_is_emptied() {
    for (action, step) in every_change() {
        for kind in [CallErrorKind::Denied, CallErrorKind::Refused] {
            let failing = Failing::at(&step, kind, 1, false).unwrap();
            let ended = run(two_interfaces(), action, failing).await;
            let context = format!("{action} step {} {kind:?}", step.id);
            match step.class {
                _ if ended.is_skipped(step.id) => assert_eq!(ended.outcome, RunOutcome::Done),
                Class::Must => halted(&ended, step.id, &context),
                Class::Should | Class::OnceSafe(_) => {
                    assert_eq!(ended.outcome, RunOutcome::DoneWithWarnings, "{context}");
                    ended.has_done_its_work();
                }
                Class::AlwaysOnceSent(_) => {
                    assert_eq!(ended.outcome, RunOutcome::Done, "{context}");
                    ended.has_done_its_work();
                }
            }
        }
    }
}

fn halted(ended: &Ended, step: StepId, context: &str) {
    assert_eq!(ended.outcome, RunOutcome::Failed, "{context}");
    let failed = ended.outcome_of(step);
    assert!(matches!(failed, StepOutcome::Failed { .. }), "{context}");
    for id in dependents(&ended.plan, step) {
        let class = ended.plan.step(id).unwrap().class;
        let because = StepOutcome::NotRun {
            because: Some(step),
        };
        // What tidies up runs once nothing is open.
        if !matches!(class, Class::AlwaysOnceSent(_) | Class::OnceSafe(_)) {
            assert_eq!(ended.outcome_of(id), because, "{context}: step {id}");
        }
    }
}

/// A program that breaks down in the middle of its first swap.
struct Breaking(AtomicU32);

impl Twist for Breaking {
    fn call<'a>(&'a self, drill: &'a Drill, operation: &'a Operation) -> Call<'a> {
        let swap = matches!(operation, Operation::SetEniGroups { .. });
        let first = swap && self.0.fetch_add(1, Ordering::Relaxed) == 0;
        Box::pin(async move {
            let answer = drill.execute(operation).await;
            assert!(!first, "broken on purpose");
            answer
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_the_program_itself_leaves_no_door_open() {
    for scenario in [one_interface(), two_interfaces()] {
        let ended = run(scenario, Action::SgTwoStep, Breaking(AtomicU32::new(0))).await;
        assert_eq!(ended.outcome, RunOutcome::Failed);
        ended.is_closed();
    }
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_emptied_is_called_left_open() {
    for (action, step) in every_change() {
        if matches!(step.class, Class::AlwaysOnceSent(_)) {
            let failing = Failing::at(&step, CallErrorKind::Denied, u32::MAX, false).unwrap();
            let ended = run(two_interfaces(), action, failing).await;
            assert_eq!(ended.outcome, RunOutcome::LeftOpen, "step {}", step.id);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_passes_by_is_outlasted_visibly_and_with_growing_pauses() {
    let cases = [
        (CallErrorKind::Throttled, 3, false, 3),
        (CallErrorKind::NotFound, 3, false, 3),
        (CallErrorKind::NotSent, 1, false, 1),
        (CallErrorKind::Unanswered, 2, false, 2),
        (CallErrorKind::Unanswered, 1, true, 0),
    ];
    for (action, step) in every_change() {
        for (kind, calls, made, retries) in cases {
            let failing = Failing::at(&step, kind, calls, made).unwrap();
            let ended = run(two_interfaces(), action, failing).await;
            let context = format!("{action} step {} {kind:?} made {made}", step.id);
            assert_eq!(ended.outcome, RunOutcome::Done, "{context}");
            ended.has_done_its_work();
            let waits: Vec<u64> = ended.events.iter().filter_map(waited).collect();
            let needless = ended.is_skipped(step.id) || is_needless(action, &step);
            assert!(waits.len() == retries || needless, "{context}: {waits:?}");
            assert!(waits.is_sorted_by(|a, b| a < b), "{context}: {waits:?}");
            assert_eq!(
                ended.made_groups().len(),
                usize::from(action != Action::NaclSwap)
            );
        }
    }
}

/// A new group has no ingress rules: one look tells that nothing is left to be done.
fn is_needless(action: Action, step: &Step) -> bool {
    action == Action::SgSwap && step.prose().starts_with("revoke every ingress")
}

fn waited(event: &RunEvent) -> Option<u64> {
    match event.kind {
        RunEventKind::Retrying { wait_ms, .. } => Some(wait_ms),
        _ => None,
    }
}

/// The group was made, but AWS neither answered nor shows it yet: asked again, it says that there is
/// one of that name.
struct MadeLate {
    unanswered: AtomicU32,
    hidden: AtomicU32,
}

impl Twist for MadeLate {
    fn call<'a>(&'a self, drill: &'a Drill, operation: &'a Operation) -> Call<'a> {
        Box::pin(async move {
            let answer = drill.execute(operation).await?;
            let create = matches!(operation, Operation::CreateGroup { .. });
            if create && used(&self.unanswered) {
                return Err(error(CallErrorKind::Unanswered, operation.facts().api));
            }
            Ok(answer)
        })
    }

    fn look(&self, operation: &Operation, state: State) -> State {
        let create = matches!(operation, Operation::CreateGroup { .. });
        if create && state != State::Absent && used(&self.hidden) {
            return State::Absent;
        }
        state
    }
}

/// Whether one of `count` was left.
fn used(count: &AtomicU32) -> bool {
    let one_less = |it: u32| it.checked_sub(1);
    count
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
        .is_ok()
}

#[tokio::test(start_paused = true)]
async fn a_group_that_was_made_without_an_answer_is_found_again() {
    for hidden in [0, 1, 3] {
        let twist = MadeLate {
            unanswered: AtomicU32::new(1),
            hidden: AtomicU32::new(hidden),
        };
        let ended = run(two_interfaces(), Action::SgSwap, twist).await;
        assert_eq!(ended.outcome, RunOutcome::Done, "hidden {hidden}");
        ended.has_done_its_work();
    }
}

/// For some looks after a call the rules of a group can't be seen, nor revoked: a revocation is by
/// the ids of the rules that are seen.
struct Stale {
    after: fn(&Operation) -> bool,
    looks: u32,
    left: Mutex<BTreeMap<GroupId, u32>>,
    refuse_swaps: bool,
}

impl Stale {
    fn new(after: fn(&Operation) -> bool, looks: u32, refuse_swaps: bool) -> Self {
        Self {
            after,
            looks,
            left: Mutex::default(),
            refuse_swaps,
        }
    }

    fn is_stale(&self, group: &GroupId) -> bool {
        self.left
            .lock()
            .unwrap()
            .get(group)
            .is_some_and(|it| *it > 0)
    }

    fn begin(&self, operation: &Operation, answer: &Answer) {
        let group = match operation {
            Operation::AuthorizeRules { group, .. } => Some(group.id()),
            _ => answer.made.as_deref().map(GroupId::new),
        };
        if let Some(group) = group.filter(|_| (self.after)(operation)) {
            self.left.lock().unwrap().insert(group, self.looks);
        }
    }
}

impl Twist for Stale {
    fn call<'a>(&'a self, drill: &'a Drill, operation: &'a Operation) -> Call<'a> {
        Box::pin(async move {
            match operation {
                Operation::RevokeAllRules { group, .. } if self.is_stale(&group.id()) => {
                    return Ok(Answer::default());
                }
                Operation::SetEniGroups { .. } if self.refuse_swaps => {
                    return Err(error(CallErrorKind::Refused, operation.facts().api));
                }
                _ => {}
            }
            let answer = drill.execute(operation).await?;
            self.begin(operation, &answer);
            Ok(answer)
        })
    }

    fn look(&self, _: &Operation, state: State) -> State {
        let State::Group { id, rules } = state else {
            return state;
        };
        let mut left = self.left.lock().unwrap();
        match left.get_mut(&id).filter(|it| **it > 0) {
            Some(left) => {
                *left -= 1;
                let rules = Vec::new();
                State::Group { id, rules }
            }
            None => State::Group { id, rules },
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_whose_default_rule_shows_late_is_never_left_with_it() {
    let create = |it: &Operation| matches!(it, Operation::CreateGroup { .. });
    for action in [Action::SgSwap, Action::SgTwoStep] {
        for looks in [1, 2, 3, 5, 8, 9] {
            let ended = run(two_interfaces(), action, Stale::new(create, looks, false)).await;
            assert_eq!(ended.outcome, RunOutcome::Done, "{action} {looks}");
            ended.has_done_its_work();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_whose_default_rule_never_shows_gets_no_interface() {
    let create = |it: &Operation| matches!(it, Operation::CreateGroup { .. });
    for action in [Action::SgSwap, Action::SgTwoStep] {
        let ended = run(two_interfaces(), action, Stale::new(create, 10_000, false)).await;
        assert_eq!(ended.outcome, RunOutcome::Failed, "{action}");
        assert!(ended.after.enis().eq(ended.before.enis()));
    }
}

#[tokio::test(start_paused = true)]
async fn an_opening_that_shows_late_is_emptied_all_the_same() {
    for refuse_swaps in [false, true] {
        for looks in [1, 3, 6, 8, 10] {
            let stale = Stale::new(opens, looks, refuse_swaps);
            let ended = run(two_interfaces(), Action::SgTwoStep, stale).await;
            let context = format!("{looks} looks, swaps refused: {refuse_swaps}");
            assert_eq!(
                ended.outcome == RunOutcome::Failed,
                refuse_swaps,
                "{context}"
            );
            assert_ne!(ended.outcome, RunOutcome::LeftOpen, "{context}");
            if !refuse_swaps {
                ended.has_done_its_work();
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_can_be_stopped_at_every_moment() {
    for action in ACTIONS {
        let whole = run(two_interfaces(), action, Plain).await;
        for n in 0..u32::try_from(whole.events.len()).unwrap() {
            let stop = move |event: &RunEvent, runs: &Runs| {
                if event.n == n {
                    runs.stop();
                }
            };
            let ended = run_until(two_interfaces(), action, Arc::new(Plain), stop).await;
            let good = [RunOutcome::Stopped, RunOutcome::Done];
            assert!(
                good.contains(&ended.outcome),
                "{action} {n}: {:?}",
                ended.outcome
            );
            nothing_began_after_the_stop(&ended, &format!("{action} stopped after {n}"));
        }
    }
}

fn nothing_began_after_the_stop(ended: &Ended, context: &str) {
    let asked = ended.position(|it| *it == RunEventKind::StopRequested);
    for event in &ended.events[asked.unwrap_or(ended.events.len())..] {
        let (RunEventKind::Begun { step } | RunEventKind::Intend { step, .. }) = event.kind else {
            continue;
        };
        let class = ended.plan.step(step).unwrap().class;
        assert!(
            matches!(class, Class::AlwaysOnceSent(_) | Class::OnceSafe(_)),
            "{context}: {event:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_comes_with_the_end_of_a_step_is_seen_before_the_next() {
    for action in ACTIONS {
        let stop = |event: &RunEvent, runs: &Runs| {
            if matches!(event.kind, RunEventKind::Answered { step, .. } if step == StepId(1)) {
                runs.stop();
            }
        };
        let ended = run_until(one_interface(), action, Arc::new(Plain), stop).await;
        assert_eq!(ended.outcome, RunOutcome::Stopped, "{action}");
        nothing_began_after_the_stop(&ended, action.name());
    }
}

#[tokio::test(start_paused = true)]
async fn the_door_is_open_for_the_dwell_and_not_much_longer() {
    let ended = run(two_interfaces(), Action::SgTwoStep, Plain).await;
    let swapped = ended.called_at(|it| matches!(it, Operation::SetEniGroups { .. }));
    let emptied = ended.called_at(|it| matches!(it, Operation::RevokeAllRules { .. }));
    let open = *emptied.iter().min().unwrap() - *swapped.iter().max().unwrap();
    assert!(open >= TimeDelta::seconds(1), "{open}");
    assert!(open < TimeDelta::seconds(5), "{open}");
}

#[test]
fn the_dwell_is_twice_the_slowest_gap_within_bounds() {
    let cases = [
        (None, 60, 60),
        (None, 1, 1),
        (Some(0), 60, 5),
        (Some(2), 60, 5),
        (Some(3), 60, 6),
        (Some(29), 60, 58),
        (Some(30), 60, 60),
        (Some(31), 60, 60),
        (Some(u32::MAX), 60, 60),
        (Some(10), 1, 1),
        (Some(10), 0, 0),
    ];
    for (slowest_gap, max, seconds) in cases {
        let dwell = Dwell { slowest_gap, max };
        assert_eq!(dwell.seconds(), seconds, "{dwell:?}");
    }
}

/// Calls of one kind get no answer until they are let go.
struct Silent {
    which: fn(&Operation) -> bool,
    go: Notify,
}

impl Twist for Silent {
    fn call<'a>(&'a self, drill: &'a Drill, operation: &'a Operation) -> Call<'a> {
        Box::pin(async move {
            if (self.which)(operation) {
                self.go.notified().await;
            }
            drill.execute(operation).await
        })
    }
}

fn emptied(event: &RunEvent, plan_step: StepId) -> bool {
    matches!(&event.kind, RunEventKind::Ended { step, outcome: StepOutcome::Done { .. } } if *step == plan_step)
}

#[tokio::test(start_paused = true)]
async fn a_refused_timer_is_only_a_warning() {
    struct Old;
    impl Twist for Old {
        fn call<'a>(&'a self, drill: &'a Drill, operation: &'a Operation) -> Call<'a> {
            match operation {
                Operation::SetTrackingTimeouts { .. } => {
                    Box::pin(async { Err(error(CallErrorKind::Refused, operation.facts().api)) })
                }
                _ => drill.execute(operation),
            }
        }
    }
    let ended = run(two_interfaces(), Action::SgTwoStep, Old).await;
    assert_eq!(ended.outcome, RunOutcome::DoneWithWarnings);
    ended.is_isolated();
    let timers = |it: &Operation| matches!(it, Operation::SetTrackingTimeouts { .. });
    let warned = numbers(&ended.plan, timers);
    for step in &warned {
        assert!(matches!(
            ended.outcome_of(*step),
            StepOutcome::Warned { .. }
        ));
    }
    assert_eq!(ended.called_at(timers).len(), 2, "once for each interface");
    let swaps = numbers(&ended.plan, |it| {
        matches!(it, Operation::SetEniGroups { .. })
    });
    let together = [warned, swaps].concat();
    let begun = |step: &StepId| ended.position(|it| *it == RunEventKind::Begun { step: *step });
    let answered = |it: &RunEventKind| matches!(it, RunEventKind::Answered { step, .. } if together.contains(step));
    assert!(
        together.iter().map(begun).max() < Some(ended.position(answered)),
        "sent together"
    );
}

/// The steps of a plan that make such a change.
fn numbers(plan: &Plan, wanted: impl Fn(&Operation) -> bool) -> Vec<StepId> {
    let makes = |it: &&Step| matches!(&it.what, What::Change(operation) if wanted(operation));
    plan.steps.iter().filter(makes).map(|it| it.id).collect()
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_gets_no_answer_delays_nothing() {
    let silent = Arc::new(Silent {
        which: |it| matches!(it, Operation::SetTrackingTimeouts { .. }),
        go: Notify::new(),
    });
    let go = Arc::clone(&silent);
    let plan = plan_of(&Setting::new(two_interfaces()), Action::SgTwoStep);
    let verifies = |it: &&Step| matches!(it.what, What::Verify(_));
    let last = plan.steps.iter().find(verifies).unwrap().id;
    // The timers are let go when the step that reads everything back has ended.
    let look = move |event: &RunEvent, _: &Runs| {
        if emptied(event, last) {
            go.go.notify_waiters();
        }
    };
    let ended = run_until(two_interfaces(), Action::SgTwoStep, silent, look).await;
    assert_eq!(ended.outcome, RunOutcome::Done);
    ended.is_isolated();
}

#[tokio::test(start_paused = true)]
async fn a_swap_that_gets_no_answer_does_not_keep_a_stopped_run_open() {
    let silent = Arc::new(Silent {
        which: |it| matches!(it, Operation::SetEniGroups { eni, .. } if eni.as_str() == "eni-0bf68f5fb24a43d51"),
        go: Notify::new(),
    });
    let go = Arc::clone(&silent);
    let plan = plan_of(&Setting::new(two_interfaces()), Action::SgTwoStep);
    let swaps = numbers(&plan, |it| matches!(it, Operation::SetEniGroups { .. }));
    let empties = numbers(&plan, |it| matches!(it, Operation::RevokeAllRules { .. }));
    let look = move |event: &RunEvent, runs: &Runs| {
        if swaps.iter().any(|it| emptied(event, *it)) {
            runs.stop();
        }
        if emptied(event, empties[1]) {
            go.go.notify_waiters();
        }
    };
    let ended = run_until(two_interfaces(), Action::SgTwoStep, silent, look).await;
    assert_eq!(ended.outcome, RunOutcome::Stopped);
}

#[tokio::test(start_paused = true)]
async fn rules_that_were_there_already_are_never_touched() {
    let ended = run(two_interfaces(), Action::SgTwoStep, Plain).await;
    for (_, operation) in &ended.calls {
        let groups = match operation {
            Operation::AuthorizeRules { group, .. } | Operation::RevokeAllRules { group, .. } => {
                vec![group.clone()]
            }
            Operation::SetEniGroups { groups, .. } => groups.clone(),
            _ => vec![],
        };
        for group in groups {
            let Ref::Id(id) = group else {
                panic!("{operation:?} was sent unbound")
            };
            assert!(ended.before.group(&id).is_none(), "{operation:?}");
        }
    }
}
