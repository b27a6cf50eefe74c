//! `firedoor actions`: the catalogue, with figures of an embedded account.

use std::collections::BTreeSet;
use std::io::{self, Write};

use clap::Args;
use color_eyre::eyre;
use serde::Serialize;

use super::{BadInput, Output, print};
use crate::analysis::{Network, Traffic};
use crate::drill::{self, Drill};
use crate::plan::{Action, Dwell, Intent, catalogue, forecast, residual};

/// What of the catalogue.
#[derive(Debug, Args)]
pub(super) struct ActionsArgs {
    /// One action; without it, all.
    name: Option<String>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// An action, for people and programs.
#[derive(Debug, Serialize)]
struct Listed {
    name: &'static str,
    scope: &'static str,
    summary: &'static str,
    /// Changing calls on the embedded account; `null`: it can't be planned there.
    calls: Option<usize>,
    /// The longest chain of calls that wait for one another.
    round_trips: Option<usize>,
    reversible: bool,
    /// What stays after an undo; empty: nothing.
    stays: &'static str,
    /// Empty: none.
    evidence_lost: &'static str,
    /// What stays open after it, on the embedded account.
    residual: Vec<&'static str>,
    possible: bool,
    /// Why it is not possible; empty where it is.
    reason: &'static str,
    caveat: &'static str,
}

/// Lists the catalogue.
pub(super) fn run(args: &ActionsArgs) -> eyre::Result<()> {
    let all = listed()?;
    let wanted = |it: &&Listed| args.name.as_deref().is_none_or(|name| it.name == name);
    let shown: Vec<&Listed> = all.iter().filter(wanted).collect();
    if let (Some(name), true) = (&args.name, shown.is_empty()) {
        let names: Vec<&str> = all.iter().map(|it| it.name).collect();
        let words = format!(
            "there is no action {name:?}: there are {}",
            names.join(", ")
        );
        return Err(BadInput(words).into());
    }
    print(|out| match args.output {
        Output::Json => {
            serde_json::to_writer_pretty(&mut *out, &shown)?;
            writeln!(out)
        }
        Output::Markdown => markdown(&shown, out),
        Output::Table if args.name.is_some() => shown.iter().try_for_each(|it| it.write(out)),
        Output::Table => table(&shown, out),
    })
}

/// The catalogue, with figures of the reference account's suspect.
fn listed() -> eyre::Result<Vec<Listed>> {
    let scenario = drill::reference().map_err(|error| BadInput(error.to_string()))?;
    let drill = Drill::start(scenario);
    let traffic = Traffic::new(&Network::new(&drill.estate()), std::iter::empty());
    let listed = |action: Action| {
        let entry = action.entry();
        let outlook = forecast(&traffic, &intent(action, &drill), &BTreeSet::new()).ok();
        let open = outlook.as_ref().map(|it| residual(it, traffic.network()));
        let mut open: Vec<&str> = open.iter().flatten().map(|it| it.channel.name()).collect();
        open.dedup();
        Listed {
            name: entry.name,
            scope: entry.scope.name(),
            summary: entry.summary,
            calls: outlook.as_ref().map(|it| it.plan.calls()),
            round_trips: outlook.as_ref().map(|it| it.plan.round_trips()),
            reversible: entry.reversible,
            stays: entry.stays,
            evidence_lost: entry.evidence_lost,
            residual: open,
            possible: entry.possible,
            reason: entry.reason,
            caveat: entry.caveat,
        }
    };
    Ok(catalogue().iter().map(|it| listed(it.action)).collect())
}

/// Any address outside will do for a peer.
fn intent(action: Action, drill: &Drill) -> Intent {
    Intent {
        action,
        suspect: drill.suspect().clone(),
        case: "reference".into(),
        stamp: "20260101T000000Z".into(),
        dwell: Dwell {
            slowest_gap: None,
            max: 60,
        },
        peers: vec![[203, 0, 113, 66].into()],
        acl_quota: Intent::ACL_QUOTA,
        max_hold: Intent::MAX_HOLD,
    }
}

fn table(all: &[&Listed], out: &mut dyn Write) -> io::Result<()> {
    let width = all.iter().map(|it| it.name.len()).max().unwrap_or(0);
    writeln!(
        out,
        "{:width$}  {:8}  undo  trips  summary",
        "action", "scope"
    )?;
    for it in all {
        let (undo, trips) = (it.undo(), figure(it.round_trips));
        let summary = if it.possible {
            it.summary
        } else {
            "not possible: see its reason"
        };
        let (name, scope) = (it.name, it.scope);
        writeln!(
            out,
            "{name:width$}  {scope:8}  {undo:4}  {trips:>5}  {summary}"
        )?;
    }
    Ok(())
}

fn markdown(all: &[&Listed], out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "| action | scope | what it does | to know | calls | round trips | undo | stays open |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|---|")?;
    for it in all.iter().filter(|it| it.possible) {
        writeln!(
            out,
            "| `{}` | {} | {} | {} | {} | {} | {} | {} |",
            it.name,
            it.scope,
            it.summary,
            it.caveat,
            figure(it.calls),
            figure(it.round_trips),
            it.undo(),
            it.residual.join(", ")
        )?;
    }
    if all.iter().any(|it| !it.possible) {
        writeln!(
            out,
            "\n| not possible | what people try it for | why not |\n|---|---|---|"
        )?;
    }
    for it in all.iter().filter(|it| !it.possible) {
        writeln!(out, "| `{}` | {} | {} |", it.name, it.summary, it.reason)?;
    }
    Ok(())
}

/// `-`: it can't be planned on the embedded account.
fn figure(number: Option<usize>) -> String {
    number.map_or_else(|| "-".into(), |it| it.to_string())
}

impl Listed {
    fn undo(&self) -> &'static str {
        match (self.reversible, self.stays.is_empty()) {
            (true, true) => "yes",
            (true, false) => "part",
            (false, _) => "no",
        }
    }

    /// Everything about one.
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let residual = self.residual.join(", ");
        let (calls, trips) = (figure(self.calls), figure(self.round_trips));
        let lines = [
            ("action", self.name),
            ("scope", self.scope),
            ("what it does", self.summary),
            ("to know", self.caveat),
            ("calls", &calls),
            ("round trips", &trips),
            ("undo", self.undo()),
            ("stays after an undo", self.stays),
            ("evidence lost", self.evidence_lost),
            ("stays open", &residual),
            ("not possible", self.reason),
        ];
        for (what, words) in lines.iter().filter(|(_, words)| !words.is_empty()) {
            writeln!(out, "{what:19}  {words}")?;
        }
        Ok(())
    }
}
