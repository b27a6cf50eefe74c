//! What there is to prove of a run that has ended, and what becomes of its verdict.

use super::*;
use crate::executor::{RunEvent, RunEventKind};
use crate::operation::{Operation, State};

/// A run of which every step ended so, one second after the other.
fn ended(
    plan: &Plan,
    outcome: RunOutcome,
    step: impl Fn(u16, &Operation) -> StepOutcome,
) -> RunView {
    let mut kinds = vec![RunEventKind::Started {
        case: "case".into(),
        run: "run".into(),
        caller: "me".into(),
        plan: plan.clone(),
        foretold: None,
    }];
    for it in &plan.steps {
        let Some(operation) = it.operation() else {
            continue;
        };
        let end = step(it.id.0, operation);
        if !matches!(end, StepOutcome::NotRun { .. }) {
            kinds.push(RunEventKind::Begun { step: it.id });
            if !matches!(end, StepOutcome::Skipped { .. }) {
                kinds.push(RunEventKind::Captured {
                    step: it.id,
                    before: State::Absent,
                });
                kinds.push(RunEventKind::Intend {
                    step: it.id,
                    attempt: 1,
                    operation: operation.clone(),
                });
            }
        }
        kinds.push(RunEventKind::Ended {
            step: it.id,
            outcome: end,
        });
    }
    kinds.push(RunEventKind::Finished { outcome });
    let events: Vec<RunEvent> = kinds
        .into_iter()
        .zip(0..)
        .map(|(kind, n)| RunEvent {
            n,
            at: at(n.into()),
            kind,
        })
        .collect();
    let mut view = RunView::begin(&events[0]).unwrap();
    events[1..].iter().for_each(|it| view.apply(it).unwrap());
    view
}

fn done(_: u16, _: &Operation) -> StepOutcome {
    StepOutcome::Done {
        message: String::new(),
    }
}

#[test]
fn it_is_in_force_when_the_last_step_about_traffic_has_ended() {
    let claim = verifying(Action::SgTwoStep).claim;
    let view = ended(&plan(Action::SgTwoStep), RunOutcome::Done, done);
    let proving = to_prove(&view, &claim).unwrap();
    let emptied = view
        .plan
        .steps
        .iter()
        .filter(|it| matches!(it.operation(), Some(Operation::RevokeAllRules { .. })));
    let last = emptied.map(|it| view.steps[&it.id].ended).max().unwrap();
    assert_eq!(Some(proving.since), last);
    assert_eq!(proving.claim, claim);
}

#[test]
fn what_changed_no_traffic_has_nothing_to_prove() {
    let swap = verifying(Action::SgSwap).claim;
    let never = |_: u16, it: &Operation| match it {
        Operation::SetEniGroups { .. } => StepOutcome::NotRun { because: None },
        _ => StepOutcome::Done {
            message: String::new(),
        },
    };
    let failed = |_: u16, it: &Operation| match it {
        Operation::SetEniGroups { .. } => StepOutcome::Failed {
            error: "no answer".into(),
        },
        _ => StepOutcome::Done {
            message: String::new(),
        },
    };
    let tag = verifying(Action::Tag).claim;
    for (view, claim, words) in [
        (
            ended(&plan(Action::SgSwap), RunOutcome::Stopped, never),
            &swap,
            "no change that traffic meets",
        ),
        (
            ended(&plan(Action::SgSwap), RunOutcome::LeftOpen, done),
            &swap,
            "left the instance open",
        ),
        (
            ended(&plan(Action::Tag), RunOutcome::Done, done),
            &tag,
            "nothing that flow logs show",
        ),
    ] {
        match to_prove(&view, claim) {
            Err(Proof::NotApplicable { why }) => assert!(why.contains(words), "{why}"),
            other => panic!("{other:?}"),
        }
    }
    // It may have been made: that is for the logs to tell.
    let view = ended(&plan(Action::SgSwap), RunOutcome::Failed, failed);
    assert!(to_prove(&view, &swap).is_ok());
}

#[test]
fn the_verdict_comes_after_the_end_and_once() {
    let mut view = ended(&plan(Action::SgSwap), RunOutcome::Done, done);
    assert_eq!(view.verdict_words(), "Done");
    let event = |kind| RunEvent {
        n: 99,
        at: at(99),
        kind,
    };
    let begin = event(RunEventKind::Verifying(verifying(Action::SgSwap)));
    let proof = event(RunEventKind::Proof { proof: proven(180) });
    view.apply(&begin).unwrap();
    assert!(view.apply(&begin).is_err());
    assert!(view.verdict_words().starts_with("Done. Verifying since "));
    view.apply(&proof).unwrap();
    assert!(view.apply(&proof).is_err());
    assert_eq!(view.proof, Some(proven(180)));
    assert!(
        view.verdict_words()
            .starts_with("Done. Proven in the flow logs, complete up to ")
    );
    let mut fresh = RunView::begin(&RunEvent {
        n: 0,
        at: at(0),
        kind: RunEventKind::Started {
            case: "case".into(),
            run: "run".into(),
            caller: "me".into(),
            plan: plan(Action::SgSwap),
            foretold: None,
        },
    })
    .unwrap();
    assert!(fresh.apply(&begin).is_err() && fresh.apply(&proof).is_err());
    assert_eq!(fresh.verdict_words(), "under way");
}

#[test]
fn events_are_read_as_they_were_written() {
    let leak = Leak {
        eni: "eni-web1".into(),
        peer: "2001:db8::1".parse().unwrap(),
        port: 0,
        protocol: 58,
        direction: Direction::Ingress,
        bytes: 1,
        last: at(61),
        early: false,
    };
    for kind in [
        RunEventKind::Verifying(verifying(Action::SgSwap)),
        RunEventKind::Proof { proof: proven(180) },
        RunEventKind::Proof {
            proof: Proof::Leaking {
                edges: vec![leak],
                more: 3,
            },
        },
        RunEventKind::Proof {
            proof: Proof::NotApplicable { why: "x".into() },
        },
    ] {
        let text = serde_json::to_string(&kind).unwrap();
        assert_eq!(
            serde_json::from_str::<RunEventKind>(&text).unwrap(),
            kind,
            "{text}"
        );
    }
}
