//! A run without a console: started, told as it goes, and brought to a safe end by a signal.

use std::io::{self, Write};
use std::sync::Arc;

use clap::ValueEnum;
use color_eyre::eyre::{self, WrapErr, eyre};
use serde::Serialize;
use tokio::sync::mpsc;

use super::outside::Outside;
use super::{console, print, state_dir};
use crate::executor::{
    Journal, Ports, Run, RunEvent, RunEventKind, RunOutcome, RunView, Runs, StepOutcome,
};
use crate::plan::Plan;
use crate::sources::Identity;
use crate::terminal;

/// How a run is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Telling {
    /// A line per event, for people.
    Table,
    /// Every event as a line of JSON, as the journal has it; the last line names the run and its outcome.
    Json,
}

/// The last line.
#[derive(Serialize)]
struct Ended<'a> {
    run: &'a str,
    case: &'a str,
    outcome: RunOutcome,
    journal: String,
}

/// Runs a plan to its end.
pub(super) async fn carry_out(
    outside: &Outside,
    identity: &Identity,
    case: String,
    plan: Plan,
    telling: Telling,
) -> eyre::Result<()> {
    let actuator = outside.actuator.clone();
    let actuator = actuator.ok_or_else(|| eyre!("there is nothing here that could be changed"))?;
    let run = Run::new(case, &identity.arn, plan, outside.clock.now());
    let (case, id) = (run.case.clone(), run.run.clone());
    let root = state_dir()?;
    let path = Journal::path_of(&root, &case, &id).display().to_string();
    let (events, told) = mpsc::unbounded_channel();
    let runs = Runs::default();
    let ports = Ports {
        actuator,
        clock: Arc::clone(&outside.clock),
        events,
        verification: None,
    };
    let ended = runs.start(run, &root, ports)?;
    tell(&runs, told, telling).await?;
    console::settle(&runs, &path).await?;
    let outcome = ended
        .await
        .wrap_err("the run's task died: its journal tells how far it got")?;
    let last = Ended {
        run: &id,
        case: &case,
        outcome,
        journal: path,
    };
    print(|out| match telling {
        Telling::Json => json_line(out, &last),
        Telling::Table => writeln!(out, "{id}: {}; journal: {}", outcome.name(), last.journal),
    })?;
    match outcome {
        RunOutcome::Done | RunOutcome::DoneWithWarnings => Ok(()),
        other => Err(eyre!("run {id}: {}", other.name())),
    }
}

/// Tells events until there are no more. A signal carries the run to its next safe point; the rest is
/// told all the same.
async fn tell(
    runs: &Runs,
    mut events: mpsc::UnboundedReceiver<RunEvent>,
    telling: Telling,
) -> eyre::Result<()> {
    let mut view = None;
    let mut stopped = false;
    let signal = terminal::stop_signal().wrap_err("could not listen for signals")?;
    tokio::pin!(signal);
    loop {
        tokio::select! {
            biased;
            () = &mut signal, if !stopped => {
                stopped = true;
                runs.stop();
            }
            event = events.recv() => match event {
                Some(event) => told(&event, &mut view, telling)?,
                None => return Ok(()),
            },
        }
    }
}

/// Nobody may be reading any more: the run goes on.
fn told(event: &RunEvent, view: &mut Option<RunView>, telling: Telling) -> eyre::Result<()> {
    match view {
        None => *view = RunView::begin(event).ok(),
        Some(view) => drop(view.apply(event)),
    }
    print(|out| match telling {
        Telling::Json => json_line(out, event),
        Telling::Table => line(event, view.as_ref(), out),
    })
}

fn json_line(out: &mut dyn Write, it: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, it)?;
    writeln!(out)
}

fn line(event: &RunEvent, view: Option<&RunView>, out: &mut dyn Write) -> io::Result<()> {
    let prose = |step| {
        let step = view.and_then(|view| view.plan.step(step));
        step.map(crate::plan::Step::prose).unwrap_or_default()
    };
    let words = match &event.kind {
        RunEventKind::Started { run, plan, .. } => {
            format!("run {run}: {} on {}", plan.procedure, plan.target)
        }
        RunEventKind::Begun { step } => format!("{step:>3}  begins: {}", prose(*step)),
        RunEventKind::Retrying { step, error, .. } => format!("{step:>3}  again: {error}"),
        RunEventKind::Ended { step, outcome } => format!("{step:>3}  {}", ending(outcome)),
        RunEventKind::Output { step, line } => format!("{step:>3}  | {line}"),
        RunEventKind::Resumed { caller, .. } => format!("resumed by {caller}"),
        RunEventKind::StopRequested => "stop asked for: going to the next safe point".into(),
        RunEventKind::Finished { outcome } => outcome.name().into(),
        RunEventKind::Verifying(verifying) => format!(
            "verifying in the flow logs since {}",
            verifying.since.format("%H:%M:%S")
        ),
        RunEventKind::Proof { proof } => proof.words(),
        RunEventKind::Captured { .. }
        | RunEventKind::Intend { .. }
        | RunEventKind::Answered { .. } => return Ok(()),
    };
    writeln!(out, "{}  {words}", event.at.format("%H:%M:%S"))
}

fn ending(outcome: &StepOutcome) -> String {
    match outcome {
        StepOutcome::Done { message } => format!("done: {message}"),
        StepOutcome::Warned { message } => format!("warning: {message}"),
        StepOutcome::Skipped { why } => format!("skipped: {why}"),
        StepOutcome::Failed { error } => format!("FAILED: {error}"),
        StepOutcome::NotRun { because: None } => "not run".into(),
        StepOutcome::NotRun {
            because: Some(step),
        } => format!("not run, because of step {step}"),
    }
}
