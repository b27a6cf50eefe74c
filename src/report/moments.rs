//! The timeline: what the journals of the runs and of the exercise tell, in one order.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::runs::{ending, seconds};
use super::{count, shown};
use crate::executor::{
    Proof, Recorded, Resume, RunEvent, RunEventKind, RunOutcome, RunView, StepOutcome,
};
use crate::operation::StepId;
use crate::plan::Procedure;
use crate::sources::{CallOutcome, ExerciseRecord, Happening, Message};

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lane {
    /// An exercise began or ended, or its pace changed.
    Exercise,
    /// A finding appeared.
    Finding,
    /// A plan was confirmed, or a run was stopped or taken up again.
    Decision,
    /// A step of a run ended.
    Step,
    /// A step failed, warned, or was sent again.
    Trouble,
    /// A run ended.
    Outcome,
    /// What flow logs were asked and said.
    Proof,
    /// The script of an exercise did something.
    Inject,
    /// Somebody wrote to the players, they answered, or somebody noted something.
    Message,
    /// Something changed that the players did not do.
    World,
}

impl Lane {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exercise => "exercise",
            Self::Finding => "finding",
            Self::Decision => "decision",
            Self::Step => "step",
            Self::Trouble => "trouble",
            Self::Outcome => "outcome",
            Self::Proof => "proof",
            Self::Inject => "inject",
            Self::Message => "message",
            Self::World => "world",
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// When.
    pub at: DateTime<Utc>,
    /// What kind of thing.
    pub lane: Lane,
    /// It is bad news: a finding, a failure, a leak.
    pub bad: bool,
    /// What, in a line.
    pub text: String,
    /// The run that it belongs to.
    pub run: Option<String>,
}

/// Everything that happened, oldest first.
pub(super) fn timeline(runs: &[Recorded], records: &[ExerciseRecord]) -> Vec<Moment> {
    let without_runs = runs.is_empty();
    let mut all: Vec<Moment> = Vec::new();
    for record in records {
        let told = happened(&record.what, without_runs);
        all.extend(told.map(|(lane, text)| Moment {
            at: record.at,
            lane,
            bad: is_bad(lane),
            text: shown(&text),
            run: None,
        }));
    }
    for run in runs {
        let mut view: Option<RunView> = None;
        for event in &run.events {
            RunView::follow(&mut view, event);
            all.extend(view.as_ref().and_then(|view| of_run(view, event)));
        }
    }
    // Stable: what happened at one moment stays in the order of its journal.
    all.sort_by_key(|it| it.at);
    all
}

/// A line about a record; none: it is told elsewhere.
fn happened(what: &Happening, without_runs: bool) -> Option<(Lane, String)> {
    Some(match what {
        Happening::Began { title, team, .. } => {
            let team = team.as_ref().map(|it| format!(", played by {it}"));
            let words = format!("the exercise began: {title}{}", team.unwrap_or_default());
            (Lane::Exercise, words)
        }
        Happening::Ended { by } => (Lane::Exercise, format!("the exercise ended: {by}")),
        Happening::Pace(pace) => (Lane::Exercise, format!("pace: {pace}")),
        Happening::Detected { finding, kind } => (Lane::Finding, format!("{kind} ({finding})")),
        Happening::Injected { name } => (Lane::Inject, name.clone()),
        Happening::Message(message) => (Lane::Message, received(message)),
        Happening::Answered { id, text } => {
            (Lane::Message, format!("answer to message {id}: {text}"))
        }
        Happening::Note { who, text } => (Lane::Message, format!("note by {who}: {text}")),
        Happening::Called {
            prose,
            api,
            outcome,
            ..
        } => match outcome {
            // Runs tell of their calls themselves.
            CallOutcome::Made if !without_runs => return None,
            CallOutcome::Made => (Lane::Step, format!("{api}: {prose}")),
            CallOutcome::Throttled => (Lane::Trouble, format!("{api} was throttled: {prose}")),
            CallOutcome::Refused { code } => (
                Lane::Trouble,
                format!("{api} was refused with {code}: {prose}"),
            ),
            CallOutcome::Failed { code, .. } => {
                (Lane::Trouble, format!("{api} failed with {code}: {prose}"))
            }
        },
        Happening::Health { instance, healthy } => {
            let words = if *healthy { "healthy" } else { "unhealthy" };
            (
                Lane::World,
                format!("{instance} is {words} for its load balancer"),
            )
        }
        Happening::Replaced { instance, by } => (
            Lane::World,
            format!("Auto Scaling replaced {instance} by {by}"),
        ),
        Happening::Changed { text } => (Lane::World, text.clone()),
        Happening::NotChanged { text, code } => (Lane::World, format!("refused ({code}): {text}")),
        Happening::Score(score) => (
            Lane::Exercise,
            format!("score: {} of 100, {}", score.points, score.grade),
        ),
        Happening::Traffic(_) => return None,
    })
}

fn is_bad(lane: Lane) -> bool {
    matches!(lane, Lane::Finding | Lane::Trouble)
}

fn is_bad_end(kind: &RunEventKind) -> bool {
    match kind {
        RunEventKind::Proof { proof } => matches!(proof, Proof::Leaking { .. }),
        RunEventKind::Finished { outcome } => {
            matches!(outcome, RunOutcome::Failed | RunOutcome::LeftOpen)
        }
        _ => false,
    }
}

fn received(message: &Message) -> String {
    let asks = if message.asks {
        " (asks for an answer)"
    } else {
        ""
    };
    let (id, from, text) = (message.id, &message.from, &message.text);
    format!("message {id} from {from}{asks}: {text}")
}

fn of_run(view: &RunView, event: &RunEvent) -> Option<Moment> {
    let (lane, text) = in_run(view, event)?;
    Some(Moment {
        at: event.at,
        lane,
        bad: is_bad(lane) || is_bad_end(&event.kind),
        text: shown(&text),
        run: Some(shown(&view.run)),
    })
}

fn in_run(view: &RunView, event: &RunEvent) -> Option<(Lane, String)> {
    Some(match &event.kind {
        RunEventKind::Started { caller, plan, .. } => {
            let calls = count(u64::try_from(plan.calls()).unwrap_or(0), "call");
            let what = match &plan.procedure {
                Procedure::Undo(run) => format!("undo of {run}"),
                other => other.to_string(),
            };
            let words = format!("{what} on {} confirmed by {caller}: {calls}", plan.target);
            (Lane::Decision, words)
        }
        RunEventKind::Ended { step, outcome } => ended(view, *step, outcome),
        RunEventKind::Retrying {
            step,
            attempt,
            error,
            wait_ms,
        } => {
            let prose = prose(view, *step);
            let words =
                format!("step {step}, attempt {attempt}: {error}; again in {wait_ms} ms ({prose})");
            (Lane::Trouble, words)
        }
        RunEventKind::StopRequested => (Lane::Decision, "stop asked for".into()),
        RunEventKind::Resumed { caller, how } => {
            let how = match how {
                Resume::Continue => "to go on",
                Resume::Close => "to close what it had opened",
            };
            (Lane::Decision, format!("taken up again by {caller}, {how}"))
        }
        RunEventKind::Finished { outcome } => (
            Lane::Outcome,
            format!("{}: {}", view.plan.procedure, outcome.name()),
        ),
        RunEventKind::Verifying(it) => (
            Lane::Proof,
            format!("flow logs are read: {}", it.claim.words()),
        ),
        RunEventKind::Proof { proof } => (Lane::Proof, proof.words()),
        RunEventKind::Begun { .. }
        | RunEventKind::Captured { .. }
        | RunEventKind::Intend { .. }
        | RunEventKind::Answered { .. }
        | RunEventKind::Output { .. } => return None,
    })
}

fn prose(view: &RunView, step: StepId) -> String {
    let step = view.plan.step(step);
    step.map(crate::plan::Step::prose).unwrap_or_default()
}

fn ended(view: &RunView, step: StepId, outcome: &StepOutcome) -> (Lane, String) {
    let lane = match outcome {
        StepOutcome::Done { .. } | StepOutcome::Skipped { .. } => Lane::Step,
        _ => Lane::Trouble,
    };
    let (word, detail) = ending(outcome);
    let detail = if detail.is_empty() {
        detail
    } else {
        format!(" ({detail})")
    };
    let times = view.steps.get(&step);
    let took = times.and_then(|it| seconds(it.began?, it.ended?));
    let took = took.map(|it| format!(", {it} s")).unwrap_or_default();
    let prose = prose(view, step);
    (lane, format!("step {step} {word}{took}: {prose}{detail}"))
}
