//! A run without a console: started, told as it goes, and brought to a safe end by a signal.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;
use color_eyre::eyre::{self, WrapErr, eyre};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::outside::Outside;
use super::{AnswerIsNo, BadInput, console, print, state_dir};
use crate::executor::{
    Journal, LockError, Ports, Proof, Run, RunEvent, RunEventKind, RunOutcome, RunView, Runs,
    StartError, StepOutcome, Verification,
};
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
    /// What the flow logs say; `null`: they were not read.
    proof: Option<&'a Proof>,
    journal: String,
}

/// What carries a run out and tells it.
pub(super) struct Driver {
    pub(super) runs: Runs,
    pub(super) ports: Ports,
    root: PathBuf,
    events: mpsc::UnboundedReceiver<RunEvent>,
    telling: Telling,
}

impl Driver {
    pub(super) fn new(
        outside: &Outside,
        telling: Telling,
        verification: Option<Verification>,
    ) -> eyre::Result<Self> {
        let actuator = outside.actuator.clone();
        let nothing = || BadInput("a dump can't be changed: leave out --from".into());
        let (sender, events) = mpsc::unbounded_channel();
        Ok(Self {
            runs: Runs::default(),
            ports: Ports {
                actuator: actuator.ok_or_else(nothing)?,
                clock: Arc::clone(&outside.clock),
                events: sender,
                verification,
            },
            root: state_dir()?,
            events,
            telling,
        })
    }

    /// Carries a run out.
    pub(super) async fn start(self, run: Run) -> eyre::Result<()> {
        let (case, id) = (run.case.clone(), run.run.clone());
        let ended = self.runs.start(run, &self.root, self.ports.clone());
        let ended = ended.map_err(refused)?;
        self.follow(ended, &id, &case).await
    }

    /// Tells a run that was started until there is nothing more to tell.
    pub(super) async fn follow(
        self,
        ended: JoinHandle<RunOutcome>,
        id: &str,
        case: &str,
    ) -> eyre::Result<()> {
        let Self {
            runs,
            ports,
            root,
            events,
            telling,
        } = self;
        // The run has its own: once it is done with them, events end.
        drop(ports);
        let journal = Journal::path_of(&root, case, id).display().to_string();
        let view = tell(&runs, events, telling).await?;
        console::settle(&runs, &journal).await?;
        let died = "the run's task died: `firedoor resume` takes it up";
        let outcome = ended.await.wrap_err(died)?;
        let proof = view.as_ref().and_then(|it| it.proof.as_ref());
        let last = Ended {
            run: id,
            case,
            outcome,
            proof,
            journal,
        };
        print(|out| match telling {
            Telling::Json => json_line(out, &last),
            Telling::Table => writeln!(out, "{id}: {}; journal: {}", outcome.name(), last.journal),
        })?;
        match (outcome, proof) {
            (RunOutcome::Done | RunOutcome::DoneWithWarnings, Some(Proof::Leaking { .. })) => {
                Err(AnswerIsNo(format!("run {id}: traffic goes on")).into())
            }
            (RunOutcome::Done | RunOutcome::DoneWithWarnings, _) => Ok(()),
            (other, _) => Err(eyre!("run {id}: {}", other.name())),
        }
    }
}

/// Why nothing was started, with the exit code that says whose turn it is.
pub(super) fn refused(error: StartError) -> eyre::Report {
    match error {
        StartError::Lock(LockError::Held { .. }) => AnswerIsNo(error.to_string()).into(),
        StartError::NotOpen(_) | StartError::OnlyLift(_) => BadInput(error.to_string()).into(),
        other => other.into(),
    }
}

/// Tells events until there are no more; what they add up to. A signal carries the run to its next safe
/// point, and ends the wait for flow logs; the rest is told all the same.
async fn tell(
    runs: &Runs,
    mut events: mpsc::UnboundedReceiver<RunEvent>,
    telling: Telling,
) -> eyre::Result<Option<RunView>> {
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
                let runs = runs.clone();
                tokio::spawn(async move {
                    runs.settled().await;
                    runs.leave().await;
                });
            }
            event = events.recv() => match event {
                Some(event) => told(&event, &mut view, telling)?,
                None => return Ok(view),
            },
        }
    }
}

/// Nobody may be reading any more: the run goes on.
fn told(event: &RunEvent, view: &mut Option<RunView>, telling: Telling) -> eyre::Result<()> {
    RunView::follow(view, event);
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
