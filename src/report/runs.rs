//! The runs of a case, step by step.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::shown;
use crate::executor::{Leak, Proof, Recorded, RunOutcome, StepOutcome, StepStatus, StepView};
use crate::plan::{Class, Foretold, ForetoldFlow, Procedure, Step};

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunTold {
    /// Its id.
    pub run: String,
    /// The action, playbook, undo or preparation that it carried out.
    pub procedure: String,
    /// The run that it took back; `null`: it is no undo.
    pub undoes: Option<String>,
    /// The instance or VPC.
    pub target: String,
    /// Who made the changes last, as AWS knows them.
    pub caller: String,
    /// When it was confirmed.
    pub started: DateTime<Utc>,
    /// When it ended; `null`: its journal does not tell of an end.
    pub ended: Option<DateTime<Utc>>,
    /// How it ended.
    pub outcome: Option<String>,
    /// At least one change was sent.
    pub changed_anything: bool,
    /// Since when the suspect stands open: it was opened, and closing it has not succeeded.
    pub open_since: Option<DateTime<Utc>>,
    /// What is known of the runs that take it back.
    pub undo: String,
    /// What the plan said of what it leaves open, and other things to know, before it was confirmed.
    pub remarks: Vec<String>,
    /// What was forecast of it before it was confirmed, in a sentence; `null`: nobody did.
    pub forecast: Option<String>,
    /// The flows of that forecast, and what the flow logs showed of them afterwards.
    pub flows: Vec<FlowTold>,
    /// Flows that were forecast besides.
    pub more_flows: usize,
    /// What it claims of the suspect's traffic, in terms of flow logs; `null`: that was not looked into.
    pub claim: Option<String>,
    /// What the flow logs say of it: `proven`, `leaking`, `unknown` or `not-applicable`; `null`: no verdict.
    pub proof: Option<String>,
    /// The same in a line.
    pub proof_words: Option<String>,
    /// What flow logs showed and should not.
    pub leaks: Vec<String>,
    /// Its steps, in the order of the plan.
    pub steps: Vec<StepTold>,
}

/// A flow of the suspect: what was forecast, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlowTold {
    /// The flow, as its client opened it.
    pub flow: String,
    /// The verdict of the forecast.
    pub forecast: String,
    /// How well founded it was.
    pub grade: &'static str,
    /// Its volume at that time, both ways.
    pub bytes_per_minute: u64,
    /// What the flow logs showed after the change.
    pub logs: String,
    /// Whether that is what was forecast; `null`: the logs do not tell.
    pub came_true: Option<bool>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepTold {
    /// Its number in the plan.
    pub step: u16,
    /// What it does.
    pub what: String,
    /// What its failure means: `must`, `should`, `always` (it closes what was opened) or `once-safe` (it tidies up).
    pub class: &'static str,
    /// `done`, `warned`, `skipped`, `failed`, `not run`, or where it stands.
    pub outcome: String,
    /// More about that.
    pub detail: String,
    /// When it began.
    pub began: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended: Option<DateTime<Utc>>,
    /// Calls that were sent for it.
    pub attempts: u32,
    /// The id of what it made, or found made.
    pub made: Option<String>,
    /// The equivalent line of the AWS CLI; `null`: it is no change.
    pub cli: Option<String>,
}

pub(super) fn told(runs: &[Recorded]) -> Vec<RunTold> {
    runs.iter().map(|it| run(it, runs)).collect()
}

fn run(recorded: &Recorded, all: &[Recorded]) -> RunTold {
    let view = &recorded.view;
    let step = |step: &Step| told_step(step, view.steps.get(&step.id));
    let undoes = match &view.plan.procedure {
        Procedure::Undo(run) => Some(shown(run)),
        _ => None,
    };
    RunTold {
        run: shown(&view.run),
        procedure: shown(&view.plan.procedure.to_string()),
        undoes,
        target: shown(view.plan.target.id()),
        caller: shown(&view.caller),
        started: view.started,
        ended: view.ended.map(|(at, _)| at),
        outcome: view.ended.map(|(_, it)| it.name().to_owned()),
        changed_anything: view.steps.values().any(|it| it.attempts > 0),
        open_since: recorded.open_since(),
        undo: undone(&view.run, all),
        remarks: view.plan.remarks.iter().map(|it| shown(it)).collect(),
        forecast: view.foretold.as_ref().map(|it| shown(&it.ledger)),
        more_flows: view.foretold.as_ref().map_or(0, |it| it.more),
        flows: flows(view.foretold.as_ref(), view.proof.as_ref()),
        claim: view.verifying.as_ref().map(|it| shown(&it.claim.words())),
        proof: view.proof.as_ref().map(|it| verdict(it).to_owned()),
        proof_words: view.proof.as_ref().map(|it| shown(&it.words())),
        leaks: leaks(view.proof.as_ref()),
        steps: view.plan.steps.iter().map(step).collect(),
    }
}

fn flows(foretold: Option<&Foretold>, proof: Option<&Proof>) -> Vec<FlowTold> {
    let all = foretold.map(|it| it.flows.as_slice()).unwrap_or_default();
    all.iter().map(|it| flow(it, proof)).collect()
}

/// Only what a claim is about can be seen to be silent; what is forecast to go on needs no proof.
fn flow(it: &ForetoldFlow, proof: Option<&Proof>) -> FlowTold {
    let ends = matches!(it.verdict.as_str(), "cut" | "expires");
    let (logs, seen) = match proof {
        Some(Proof::Leaking { edges, more }) => {
            let same = |leak: &&Leak| {
                (leak.peer, leak.port, leak.protocol) == (it.peer, it.port, it.protocol)
            };
            match edges.iter().find(same) {
                Some(leak) => (format!("{} bytes after the change", leak.bytes), Some(true)),
                None if *more > 0 => ("not among the edges that are named".into(), None),
                None => ("not seen when the leak was found".into(), None),
            }
        }
        Some(Proof::Proven { .. }) if ends => ("silent".into(), Some(false)),
        Some(Proof::Proven { .. }) => ("nothing that the claim forbids".into(), None),
        Some(Proof::Unknown { .. } | Proof::NotApplicable { .. }) | None => {
            ("not known".into(), None)
        }
    };
    FlowTold {
        flow: shown(&it.flow),
        forecast: shown(&it.verdict),
        grade: it.grade.name(),
        bytes_per_minute: it.bytes_per_minute,
        logs,
        came_true: seen.map(|seen| seen != ends),
    }
}

/// What became of the runs that take this one back.
fn undone(run: &str, all: &[Recorded]) -> String {
    let takes_back = |it: &&Recorded| matches!(&it.view.plan.procedure, Procedure::Undo(undone) if undone == run);
    let mut undos = all.iter().filter(takes_back);
    match undos.next_back() {
        None => "not taken back".into(),
        Some(undo) => match undo.view.ended {
            Some((_, RunOutcome::Done)) => "taken back".into(),
            Some((_, outcome)) => format!("undo: {}", outcome.name()),
            None => "undo has not come to its end".into(),
        },
    }
}

fn verdict(proof: &Proof) -> &'static str {
    match proof {
        Proof::Proven { .. } => "proven",
        Proof::Leaking { .. } => "leaking",
        Proof::Unknown { .. } => "unknown",
        Proof::NotApplicable { .. } => "not-applicable",
    }
}

fn leaks(proof: Option<&Proof>) -> Vec<String> {
    let Some(Proof::Leaking { edges, more }) = proof else {
        return Vec::new();
    };
    let named = edges.iter().map(Leak::words).map(|it| shown(&it));
    let more = (*more > 0).then(|| format!("{more} more"));
    named.chain(more).collect()
}

fn told_step(step: &Step, view: Option<&StepView>) -> StepTold {
    let (outcome, detail) = view.map_or(("waiting", String::new()), |it| stands(&it.status));
    // What was sent has every name bound; what was never sent stands as it was planned.
    let operation = view.and_then(|it| it.operation.as_ref());
    let operation = operation.or(step.operation());
    StepTold {
        step: step.id.0,
        what: shown(&step.prose()),
        class: class(step.class),
        outcome: outcome.to_owned(),
        detail: shown(&detail),
        began: view.and_then(|it| it.began),
        ended: view.and_then(|it| it.ended),
        attempts: view.map_or(0, |it| it.attempts),
        made: view.and_then(StepView::made).map(shown),
        cli: operation.map(|it| shown(&it.cli())),
    }
}

fn class(class: Class) -> &'static str {
    match class {
        Class::Must => "must",
        Class::Should => "should",
        Class::AlwaysOnceSent(_) => "always",
        Class::OnceSafe(_) => "once-safe",
    }
}

fn stands(status: &StepStatus) -> (&'static str, String) {
    match status {
        StepStatus::Waiting => ("waiting", String::new()),
        StepStatus::Running => ("running", String::new()),
        StepStatus::Sent => (
            "sent",
            "its answer is not in the journal: the change may have been made".into(),
        ),
        StepStatus::Retrying { error } => ("retrying", error.clone()),
        StepStatus::Answered => ("answered", "not read back yet".into()),
        StepStatus::Ended(outcome) => ending(outcome),
    }
}

/// How a step ended, in a word and with the detail.
pub(super) fn ending(outcome: &StepOutcome) -> (&'static str, String) {
    match outcome {
        StepOutcome::Done { message } => ("done", message.clone()),
        StepOutcome::Warned { message } => ("warned", message.clone()),
        StepOutcome::Skipped { why } => ("skipped", why.clone()),
        StepOutcome::Failed { error } => ("failed", error.clone()),
        StepOutcome::NotRun { because: None } => ("not run", "the run was stopped".into()),
        StepOutcome::NotRun {
            because: Some(step),
        } => ("not run", format!("because of step {step}")),
    }
}

/// The time between two moments in seconds, with one digit after the point; `None`: backwards.
pub(super) fn seconds(from: DateTime<Utc>, to: DateTime<Utc>) -> Option<String> {
    let millis = u64::try_from((to - from).num_milliseconds()).ok()?;
    Some(format!("{}.{}", millis / 1000, millis % 1000 / 100))
}
