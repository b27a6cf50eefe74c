//! Single steps, on an actuator that answers by a script.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use tokio::sync::mpsc;

use super::tests::{SmallDisk, TokioClock};
use super::*;
use crate::executor::journal::Journal;
use crate::model::{Platform, fixture};
use crate::operation::{
    Actuator, Answer, CallError, CallErrorKind, CommandState, Operation, Ref, State, StepId,
};
use crate::plan::{Action, Class, Plan, Procedure, Step, Target, What};

/// Answers in order, the last again and again; remembers what it was asked.
#[derive(Default)]
struct Scripted {
    looks: Mutex<VecDeque<Result<State, CallError>>>,
    answer: Answer,
    asked: Mutex<Vec<&'static str>>,
}

impl Actuator for Scripted {
    fn observe<'a>(&'a self, _: &'a Operation) -> BoxFuture<'a, Result<State, CallError>> {
        self.asked.lock().unwrap().push("observe");
        let mut looks = self.looks.lock().unwrap();
        let look = looks.front().cloned().unwrap_or(Ok(State::Absent));
        if looks.len() > 1 {
            looks.pop_front();
        }
        Box::pin(async { look })
    }

    fn execute<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Answer, CallError>> {
        self.asked.lock().unwrap().push(operation.facts().api);
        let answer = self.answer.clone();
        Box::pin(async { Ok(answer) })
    }
}

fn step(operation: Operation, class: Class) -> Step {
    Step {
        id: StepId(1),
        what: What::Change(operation),
        class,
        after: BTreeSet::new(),
        part: None,
        known: None,
    }
}

/// Runs a plan of one step; `stop_at`: a stop is asked for when this many lines were printed.
async fn run(
    step: Step,
    scripted: Scripted,
    stop_at: Option<usize>,
) -> (RunView, Vec<&'static str>, tokio::time::Duration) {
    let actuator = Arc::new(scripted);
    let run = Run {
        case: "case".into(),
        run: "run".into(),
        caller: "arn".into(),
        plan: Plan {
            procedure: Procedure::Action(Action::HostBlock),
            target: Target::Instance(fixture::suspect()),
            steps: vec![step],
            remarks: Vec::new(),
        },
        foretold: None,
    };
    let (events, mut seen) = mpsc::unbounded_channel();
    let ports = Ports {
        actuator: Arc::clone(&actuator) as _,
        clock: Arc::new(TokioClock),
        events,
        verification: None,
    };
    let began = tokio::time::Instant::now();
    let runs = Runs::default();
    let journal = Journal::over(SmallDisk::default(), super::tests::PATIENCE);
    runs.begin(run, journal, ports, None).unwrap();
    let mut all = Vec::new();
    let mut lines = 0;
    while let Some(event) = seen.recv().await {
        lines += usize::from(matches!(event.kind, RunEventKind::Output { .. }));
        if stop_at == Some(lines) {
            runs.stop();
        }
        all.push(event);
    }
    let asked = actuator.asked.lock().unwrap().clone();
    (RunView::of(&all).unwrap().unwrap(), asked, began.elapsed())
}

fn outcome(view: &RunView) -> StepOutcome {
    match &view.steps[&StepId(1)].status {
        StepStatus::Ended(outcome) => outcome.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_preview_knew_is_not_asked_again_before_the_call() {
    let eni = fixture::estate().enis().next().unwrap().clone();
    let swap = Operation::SetEniGroups {
        eni: eni.id.clone(),
        groups: vec![Ref::Id("sg-new".into())],
    };
    let after = State::EniGroups(vec!["sg-new".into()]);
    for known in [None, Some(State::EniGroups(eni.groups.clone()))] {
        let mut step = step(swap.clone(), Class::Must);
        step.known.clone_from(&known);
        let before = State::EniGroups(eni.groups.clone());
        let looks = [Ok(before.clone())].into_iter().filter(|_| known.is_none());
        let scripted = Scripted {
            looks: Mutex::new(looks.chain([Ok(after.clone())]).collect()),
            ..Scripted::default()
        };
        let (view, asked, _) = run(step, scripted, None).await;
        let call = "ec2:ModifyNetworkInterfaceAttribute";
        let expected: &[&str] = if known.is_some() {
            &[call, "observe"]
        } else {
            &["observe", call, "observe"]
        };
        assert_eq!(asked, expected);
        assert_eq!(view.steps[&StepId(1)].before, Some(before));
        assert!(matches!(outcome(&view), StepOutcome::Done { .. }));
    }
}

fn command(status: &str, output: &[&str]) -> State {
    State::Command(CommandState {
        id: "cmd-1".into(),
        status: status.into(),
        output: output.iter().map(ToString::to_string).collect(),
    })
}

fn unread(kind: CallErrorKind) -> Result<State, CallError> {
    Err(CallError {
        kind,
        api: "ssm:GetCommandInvocation".into(),
        code: "Code".into(),
        message: "message".into(),
    })
}

async fn block(
    looks: Vec<Result<State, CallError>>,
    class: Class,
    stop_at: Option<usize>,
) -> (RunView, Vec<&'static str>, tokio::time::Duration) {
    let operation = Operation::RunHostBlock {
        instance: fixture::suspect(),
        platform: Platform::Unix,
        peer: "203.0.113.9".parse().unwrap(),
        name: "firedoor-x".into(),
    };
    let scripted = Scripted {
        looks: Mutex::new(looks.into()),
        answer: Answer::made("cmd-1"),
        ..Scripted::default()
    };
    run(step(operation, class), scripted, stop_at).await
}

#[tokio::test(start_paused = true)]
async fn a_command_is_followed_to_its_end_and_every_line_comes_once() {
    let looks = || {
        vec![
            Ok(State::Absent),
            Ok(State::Absent),
            unread(CallErrorKind::Throttled),
            Ok(command("Pending", &[])),
            Ok(command("InProgress", &["one"])),
            Ok(command("InProgress", &["one", "two", "two"])),
            Ok(command("InProgress", &["one", "two", "two"])),
        ]
    };
    let ends = [
        ("Success", Class::Must, "Done"),
        ("Failed", Class::Must, "Failed"),
        ("TimedOut", Class::Must, "Failed"),
        ("Cancelled", Class::Must, "Failed"),
        ("Failed", Class::Should, "Warned"),
    ];
    for (status, class, how) in ends {
        let mut looks = looks();
        looks.push(Ok(command(status, &["one", "two", "two", "three"])));
        let (view, asked, _) = block(looks, class, None).await;
        assert_eq!(
            view.steps[&StepId(1)].output,
            ["one", "two", "two", "three"]
        );
        let said = format!("{:?}", outcome(&view));
        assert!(said.starts_with(how), "{said}");
        assert!(said.contains("cmd-1") && said.contains(status), "{said}");
        let sent = asked.iter().filter(|it| **it == "ssm:SendCommand").count();
        assert_eq!(sent, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_is_not_waited_for_without_end_or_by_a_stopped_run() {
    let looks = vec![Ok(State::Absent), Ok(command("InProgress", &["one"]))];
    let (view, _, took) = block(looks.clone(), Class::Must, None).await;
    let said = format!("{:?}", outcome(&view));
    assert!(
        said.contains("Failed") && said.contains("InProgress after 10 minutes"),
        "{said}"
    );
    assert!((590..=610).contains(&took.as_secs()), "{took:?}");
    let (view, _, took) = block(looks, Class::Must, Some(1)).await;
    let said = format!("{:?}", outcome(&view));
    assert!(
        said.starts_with("Warned") && said.contains("cmd-1 is InProgress"),
        "{said}"
    );
    assert!(took < SAFE_POINT, "{took:?}");
    let denied = vec![Ok(State::Absent), unread(CallErrorKind::Denied)];
    let (view, _, took) = block(denied, Class::Must, None).await;
    let said = format!("{:?}", outcome(&view));
    assert!(
        said.starts_with("Failed") && said.contains("cmd-1"),
        "{said}"
    );
    assert!(took.as_secs() < 1, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_console_s_output_is_kept_line_by_line_and_nothing_is_observed() {
    let operation = Operation::GetConsoleOutput {
        instance: fixture::suspect(),
    };
    for lines in [0, 1, 3_000] {
        let output: Vec<String> = (0..lines).map(|it| format!("line {it}")).collect();
        let scripted = Scripted {
            answer: Answer {
                made: None,
                output: output.clone(),
            },
            ..Scripted::default()
        };
        let (view, asked, _) = run(step(operation.clone(), Class::Must), scripted, None).await;
        assert_eq!(view.steps[&StepId(1)].output, output);
        assert_eq!(asked, ["ec2:GetConsoleOutput"]);
        assert!(matches!(outcome(&view), StepOutcome::Done { .. }));
    }
}
