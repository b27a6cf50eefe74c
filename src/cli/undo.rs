//! `firedoor undo`: takes back what a run did, as a run of its own.

use std::collections::BTreeSet;
use std::io::{self, Write};

use clap::Args;
use color_eyre::eyre;

use super::against::{Against, OverArgs};
use super::apply::MeantArgs;
use super::carry_out::{Driver, Telling};
use super::evidence::Evidence;
use super::plan::FromArgs;
use super::{AccountArgs, AnswerIsNo, BadInput, ConsoleArgs, print, state_dir};
use crate::executor::{Archive, Run, survey};
use crate::operation::StepId;
use crate::plan::{Undo, foretell, undo};

/// Which run, and how much of it.
#[derive(Debug, Args)]
pub(super) struct UndoArgs {
    /// The run's id, as `firedoor runs` lists it.
    run: String,
    /// Only what these steps did.
    #[arg(long, value_name = "STEP,..", value_delimiter = ',')]
    only: Vec<u16>,
    /// Takes back the rest where something is no longer as the run left it.
    #[arg(long)]
    partial: bool,
    #[command(flatten)]
    from: FromArgs,
    #[command(flatten)]
    over: OverArgs,
    #[command(flatten)]
    meant: MeantArgs,
}

/// Previews an undo, and carries it out if it is confirmed.
pub(super) async fn run(
    args: &UndoArgs,
    account: &AccountArgs,
    console: &ConsoleArgs,
) -> eyre::Result<()> {
    let archive = Archive::new(state_dir()?);
    let id = &args.run;
    let none = || BadInput(format!("there is no run {id}: `firedoor runs` lists them"));
    let recorded = archive.find(id)?.ok_or_else(none)?;
    let view = &recorded.view;
    args.meant.check(console, view.plan.target.id())?;
    let outside = args.from.outside(account, true).await?;
    let identity = outside.identity().await?;
    let driver = Driver::new(&outside, args.meant.output, None)?;
    let taken = survey(&*driver.ports.actuator, view)
        .await
        .map_err(|error| BadInput(error.to_string()))?;
    let only: BTreeSet<StepId> = args.only.iter().map(|it| StepId(*it)).collect();
    let undo = undo(
        &view.run,
        &view.plan,
        &taken,
        Some(&only).filter(|it| !it.is_empty()),
    );
    if args.meant.output == Telling::Table {
        print(|out| preview(&undo, out))?;
    }
    if !undo.drift.is_empty() && !args.partial {
        let lines: Vec<String> = undo
            .drift
            .iter()
            .flat_map(crate::plan::Drift::lines)
            .collect();
        return Err(AnswerIsNo(format!(
            "not as run {id} left it, so nothing was sent (--partial takes back the rest): {}",
            lines.join("; ")
        ))
        .into());
    }
    if undo.plan.steps.is_empty() {
        return Err(AnswerIsNo(format!("there is nothing of run {id} to take back")).into());
    }
    let evidence = Evidence::read(&outside).await?;
    let against = Against::guarded(&evidence.estate, &undo.plan, (&outside, &identity)).await;
    against.hold_up(&args.over)?;
    let peers = view.plan.suspect().map(|it| evidence.peers(it));
    let peers = peers.into_iter().flatten().collect();
    let run = Run {
        foretold: foretell(&evidence.traffic(), &undo.plan, &peers),
        ..Run::new(
            view.case.clone(),
            &identity.arn,
            undo.plan,
            outside.clock.now(),
        )
    };
    driver.start(run).await
}

fn preview(undo: &Undo, out: &mut dyn Write) -> io::Result<()> {
    for step in &undo.plan.steps {
        writeln!(out, "{:>3}. {}", step.id.0, step.prose())?;
    }
    for drift in &undo.drift {
        writeln!(out, "refused, step {}:", drift.step)?;
        for line in drift.lines() {
            writeln!(out, "     {line}")?;
        }
    }
    for kept in &undo.kept {
        writeln!(out, "kept, step {}: {}", kept.step, kept.why)?;
    }
    for remark in &undo.plan.remarks {
        writeln!(out, "to know: {remark}")?;
    }
    Ok(())
}
