//! How long a run that is told to stop may take, and who may change a target.

use firedoor::executor::{
    Resume, RunEventKind, RunOutcome, Runs, SAFE_POINT, StartError, StepOutcome,
};
use firedoor::model::Direction;
use firedoor::operation::Operation;
use firedoor::plan::Action;

use super::world::{Life, Which, World};

fn empties(operation: &Operation) -> bool {
    matches!(operation, Operation::RevokeAllRules { .. })
}

fn opens(operation: &Operation) -> bool {
    let in_or_out = |direction: &Direction| *direction == Direction::Ingress;
    matches!(operation, Operation::AuthorizeRules { direction, .. } if in_or_out(direction))
}

fn swaps(operation: &Operation) -> bool {
    matches!(operation, Operation::SetEniGroups { .. })
}

fn lifts(operation: &Operation) -> bool {
    matches!(operation, Operation::DeleteAclEntry { .. })
}

/// Begins the plan of an action, some of whose calls get no answer, and stops it when the first such call
/// was announced; how it ended, within the bound.
async fn stopped(world: &World, deaf: Which) -> RunOutcome {
    world.deafen(Some(deaf));
    let runs = Runs::default();
    let (ports, mut events) = world.ports();
    let task = runs.start(world.run(), world.root(), ports).unwrap();
    let mut asked = None;
    while let Some(event) = events.recv().await {
        let silent =
            matches!(&event.kind, RunEventKind::Intend { operation, .. } if deaf(operation));
        if silent && asked.is_none() {
            asked = Some(world.now());
            runs.stop();
        }
    }
    let took = (world.now() - asked.unwrap()).to_std().unwrap();
    assert!(took <= SAFE_POINT, "{took:?}");
    task.await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_closed_in_time_is_left_open_and_closed_later() {
    for (action, deaf) in [
        (Action::SgTwoStep, empties as Which),
        (Action::NaclPulse, lifts),
    ] {
        let world = World::new(action).unwrap();
        assert_eq!(
            stopped(&world, deaf).await,
            RunOutcome::LeftOpen,
            "{action:?}"
        );
        let open = world.open().unwrap();
        assert_eq!(open.open_since().is_some(), action == Action::SgTwoStep);
        assert_eq!(world.is_closed(), action != Action::SgTwoStep);
        world.deafen(None);
        let life = world.resume(Resume::Close, None).await;
        assert!(
            matches!(life, Life::Ended(RunOutcome::Stopped)),
            "{action:?}"
        );
        assert!(world.is_closed() && world.no_deny_is_left());
        assert!(world.open().is_none());
        assert_eq!(world.recorded().open_since(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_answer_does_not_keep_a_stopped_run_from_closing() {
    for deaf in [opens as Which, swaps] {
        let world = World::new(Action::SgTwoStep).unwrap();
        assert_eq!(stopped(&world, deaf).await, RunOutcome::Stopped);
        assert!(world.is_closed());
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_stop_closing_is_tried_for_ten_minutes() {
    let world = World::new(Action::SgTwoStep).unwrap();
    world.deafen(Some(empties));
    let began = world.now();
    let life = world.begin(None).await;
    assert!(matches!(life, Life::Ended(RunOutcome::LeftOpen)));
    let minutes = (world.now() - began).num_minutes();
    assert!((10..13).contains(&minutes), "{minutes}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_during_the_long_emptying_of_a_failed_run_is_heard() {
    let world = World::new(Action::SgTwoStep).unwrap();
    let deaf = |it: &Operation| empties(it) || swaps(it);
    world.deafen(Some(deaf));
    let runs = Runs::default();
    let (ports, mut events) = world.ports();
    let task = runs.start(world.run(), world.root(), ports).unwrap();
    let mut asked = None;
    while let Some(event) = events.recv().await {
        let failed = |it: &StepOutcome| matches!(it, StepOutcome::Failed { .. });
        if matches!(&event.kind, RunEventKind::Ended { outcome, .. } if failed(outcome)) {
            asked = asked.or_else(|| Some(world.now()));
            runs.stop();
        }
    }
    assert_eq!(task.await.unwrap(), RunOutcome::LeftOpen);
    let took = (world.now() - asked.unwrap()).to_std().unwrap();
    assert!(took <= SAFE_POINT, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_second_run_on_a_target_is_refused_until_the_first_has_ended() {
    let world = World::new(Action::SgTwoStep).unwrap();
    let runs = Runs::default();
    let (ports, mut events) = world.ports();
    let first = runs.start(world.run(), world.root(), ports).unwrap();
    events.recv().await.unwrap();
    let mut second = world.run();
    second.run = "run-2".into();
    let (ports, _none) = world.ports();
    let refused = runs.start(second.clone(), world.root(), ports).unwrap_err();
    let words = refused.to_string();
    assert!(matches!(refused, StartError::Lock(_)), "{words}");
    let pid = std::process::id().to_string();
    for word in [world.plan.target.id(), "arn", "run run", &pid] {
        assert!(words.contains(word), "{words}");
    }
    let recorded = firedoor::executor::Archive::new(world.root())
        .runs()
        .remove(0);
    assert_eq!(recorded.held_by.as_ref().unwrap().run, "run");
    let (ports, _none) = world.ports();
    let taken = runs.resume(&recorded, Resume::Close, "arn-2", ports);
    assert!(matches!(taken, Err(StartError::Lock(_))));
    assert_eq!(first.await.unwrap(), RunOutcome::Done);
    let (ports, _none) = world.ports();
    let ended = runs.resume(&recorded, Resume::Close, "arn-2", ports);
    assert!(matches!(ended, Err(StartError::NotOpen(_))));
    let (ports, _none) = world.ports();
    runs.start(second, world.root(), ports).unwrap();
    runs.settled().await;
}

#[tokio::test(start_paused = true)]
async fn without_room_for_a_journal_nothing_is_sent() {
    let world = World::new(Action::SgTwoStep).unwrap();
    std::fs::write(world.root().join("case"), "a file").unwrap();
    let (ports, _none) = world.ports();
    let refused = Runs::default().start(world.run(), world.root(), ports);
    let error = refused.unwrap_err();
    assert!(matches!(error, StartError::Journal(_)), "{error}");
    assert!(error.to_string().contains("run.jsonl"), "{error}");
    assert!(world.done().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_pulse_that_was_interrupted_is_only_lifted() {
    let world = World::new(Action::NaclPulse).unwrap();
    let death = super::Death {
        after: 30,
        lost: false,
        torn: false,
        stopped: None,
    };
    assert!(matches!(world.begin(Some(death)).await, Life::Died));
    let (ports, _none) = world.ports();
    let open = world.open().unwrap();
    let refused = Runs::default().resume(&open, Resume::Continue, "arn-2", ports);
    assert!(matches!(refused, Err(StartError::OnlyLift(_))));
}
