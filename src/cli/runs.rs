//! `firedoor runs`: what was done, as the journals tell it; what is still open comes first.

use std::io::{self, Write};

use clap::Args;
use color_eyre::eyre;
use serde::Serialize;

use super::{Output, print, say, state_dir};
use crate::executor::{Archive, Proof, Recorded, RunOutcome};

/// How runs are listed.
#[derive(Debug, Args)]
pub(super) struct RunsArgs {
    /// How they are written.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// A run, for people and programs.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    run: &'a str,
    case: &'a str,
    procedure: String,
    target: &'a str,
    caller: &'a str,
    started: String,
    /// `null`: it has not come to its end.
    outcome: Option<RunOutcome>,
    proof: Option<&'a Proof>,
    /// It can be taken up again.
    open: bool,
    /// Since when its suspect stands open to the world.
    open_since: Option<String>,
    /// The process that carries it out now.
    held_by: Option<String>,
    /// What is wrong with its journal.
    damage: Option<String>,
    journal: String,
}

impl<'a> Listed<'a> {
    fn of(it: &'a Recorded) -> Self {
        let view = &it.view;
        Self {
            run: &view.run,
            case: &view.case,
            procedure: view.plan.procedure.to_string(),
            target: view.plan.target.id(),
            caller: &view.caller,
            started: view.started.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            outcome: view.ended.map(|(_, outcome)| outcome),
            proof: view.proof.as_ref(),
            open: view.is_open(),
            open_since: it
                .open_since()
                .map(|at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
            held_by: it.held_by.as_ref().map(ToString::to_string),
            damage: it
                .damage
                .as_ref()
                .map(|it| format!("line {}: {}", it.line, it.what)),
            journal: it.path.display().to_string(),
        }
    }

    fn state(&self) -> String {
        if let Some(since) = &self.open_since {
            return format!("SUSPECT OPEN since {since}");
        }
        if let Some(holder) = &self.held_by {
            return format!("under way: {holder}");
        }
        match (self.outcome, self.open) {
            (Some(outcome), false) => {
                let proof = self.proof.map(|it| format!("; {}", it.words()));
                format!("{}{}", outcome.name(), proof.unwrap_or_default())
            }
            _ => format!("OPEN: firedoor resume {}", self.run),
        }
    }
}

/// Lists the runs of this machine.
pub(super) fn run(args: &RunsArgs) -> eyre::Result<()> {
    let archive = Archive::new(state_dir()?);
    let mut listing = archive.all();
    for error in &listing.unreadable {
        say(&format!("not readable: {error}"));
    }
    // Newest first, but what is open comes before everything else, and an open suspect first of all.
    listing
        .runs
        .sort_by_key(|it| (it.open_since().is_none(), !it.view.is_open()));
    let all: Vec<Listed<'_>> = listing.runs.iter().map(Listed::of).collect();
    print(|out| match args.output {
        Output::Json => {
            serde_json::to_writer_pretty(&mut *out, &all)?;
            writeln!(out)
        }
        Output::Table => table(&all, out),
        Output::Markdown => markdown(&all, out),
    })
}

fn table(all: &[Listed<'_>], out: &mut dyn Write) -> io::Result<()> {
    if all.is_empty() {
        return writeln!(out, "no run was journalled here");
    }
    for it in all {
        let (run, target, state) = (it.run, it.target, it.state());
        writeln!(out, "{run}  {target}  {state}")?;
        if let Some(damage) = &it.damage {
            writeln!(out, "    journal damaged: {damage}; the rest is used")?;
        }
    }
    Ok(())
}

fn markdown(all: &[Listed<'_>], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| run | case | target | state |\n|---|---|---|---|")?;
    for it in all {
        let (run, case, target, state) = (it.run, it.case, it.target, it.state());
        writeln!(out, "| `{run}` | {case} | `{target}` | {state} |")?;
    }
    Ok(())
}
