//! The after-action report of a case: what happened, what it did, what it left, and how that is known.
//!
//! It reads nothing but the [`Case`], which is the folder of its journals, and says what those do not tell. A
//! [`Report`] is plain data; [`Form`] writes it as Markdown, as JSON (the fields of [`Report`], as they are named
//! there), or as one page of HTML that needs nothing else.
//!
//! Every text of it is printable: what came from AWS or a player was made so here once more.

mod evidence;
mod exercise;
mod html;
mod json;
mod markdown;
mod moments;
mod runs;
mod summary;
mod traffic;

use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::executor::{Case, Damage, Unreadable};
use crate::model::account_of;
use crate::model::text::{grouped, visible};
use crate::sources::Score;

pub use evidence::Kept;
pub use exercise::Exercise;
pub use moments::{Lane, Moment};
pub use runs::{FlowTold, RunTold, StepTold};
pub use traffic::{Conversation, Plot};

/// The version of [`Report`]'s form: it is raised when a field goes or means something else.
pub const SCHEMA: u32 = 1;

/// The ways of writing a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `CommonMark`, for a ticket.
    Markdown,
    /// For a program.
    Json,
    /// One page, for a browser and for paper.
    Html,
}

/// Everything that the journals of a case tell. In JSON, what is `null` is not known or does not apply.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The version of this form: [`SCHEMA`].
    pub schema: u32,
    /// What wrote it, with its version.
    pub tool: String,
    /// The case.
    pub case: String,
    /// The instances and VPCs that the runs changed, and the suspect of the exercise.
    pub targets: Vec<String>,
    /// The accounts of those who made the changes.
    pub accounts: Vec<String>,
    /// Those who made the changes, as AWS knows them.
    pub callers: Vec<String>,
    /// When the first line of the journals was written, in the time of the world that they are of.
    pub from: Option<DateTime<Utc>>,
    /// When the last line was written.
    pub until: Option<DateTime<Utc>>,
    /// When the first change was made, or sent.
    pub first_change: Option<DateTime<Utc>>,
    /// The exercise; `null`: the case was none, or its records are not there.
    pub exercise: Option<Exercise>,
    /// It all in three sentences.
    pub summary: Vec<String>,
    /// What the journals do not tell, and would be asked.
    pub not_known: Vec<String>,
    /// How the players did, if it is an exercise that came to its end.
    pub score: Option<Score>,
    /// Everything that happened, oldest first.
    pub timeline: Vec<Moment>,
    /// The runs, oldest first.
    pub runs: Vec<RunTold>,
    /// What stayed open: of every run what its plan says, what flow logs showed, and in an exercise what packets
    /// still arrived.
    pub residual: Vec<String>,
    /// Evidence that was taken, or was asked for and lost.
    pub evidence: Vec<Kept>,
    /// The conversations of an exercise, as the world knows them: those of the attack first.
    pub conversations: Vec<Conversation>,
    /// What arrived and what failed over time; `null`: nobody counted it.
    pub plot: Option<Plot>,
    /// The journals that this rests on.
    pub journals: Vec<JournalTold>,
}

/// A journal, and how far it can be trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JournalTold {
    /// Its file in the folder of the case.
    pub file: String,
    /// The lines that are used.
    pub lines: usize,
    /// The hash of the last of them, which stands for all; empty: none is used.
    pub hash: String,
    /// What is wrong behind them; `null`: nothing.
    pub damage: Option<String>,
}

impl Report {
    /// The report of a case.
    pub fn of(case: &Case) -> Self {
        let records = case.exercise.as_ref().map(|it| it.records.as_slice());
        let records = records.unwrap_or_default();
        let runs = runs::told(&case.runs);
        let timeline = moments::timeline(&case.runs, records);
        let exercise = exercise::told(records);
        let changed = traffic::first_change(&case.runs, records);
        let score = exercise::score(records);
        let mut report = Self {
            schema: SCHEMA,
            tool: concat!("firedoor ", env!("CARGO_PKG_VERSION")).to_owned(),
            case: shown(&case.name),
            targets: targets(case, exercise.as_ref()),
            callers: unique(case.runs.iter().map(|it| shown(&it.view.caller))),
            accounts: unique(
                case.runs
                    .iter()
                    .filter_map(|it| account_of(&it.view.caller).map(shown)),
            ),
            from: timeline.first().map(|it| it.at),
            until: timeline.last().map(|it| it.at),
            first_change: changed,
            residual: residual(&runs, score.as_ref()),
            evidence: evidence::kept(&case.runs, score.as_ref()),
            conversations: traffic::conversations(records, changed),
            plot: traffic::plot(records),
            journals: journals(case),
            summary: Vec::new(),
            not_known: Vec::new(),
            exercise,
            score,
            timeline,
            runs,
        };
        report.not_known = summary::not_known(&report);
        report.summary = summary::sentences(&report);
        report
    }

    /// Writes it.
    pub fn write(&self, form: Form) -> String {
        match form {
            Form::Markdown => markdown::page(self),
            Form::Json => json::page(self),
            Form::Html => html::page(self),
        }
    }
}

/// Text that nobody can do mischief with.
fn shown(text: &str) -> String {
    visible(text).into_owned()
}

/// Each once, in the order in which they came.
fn unique(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut each = Vec::new();
    for it in all {
        if !each.contains(&it) {
            each.push(it);
        }
    }
    each
}

/// A moment, for people.
fn utc(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// `1 packet`, `2 packets`, `1,024 packets`.
fn count(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(number))
}

fn targets(case: &Case, exercise: Option<&Exercise>) -> Vec<String> {
    let suspect = exercise.map(|it| it.suspect.clone());
    let changed = case.runs.iter().map(|it| shown(it.view.plan.target.id()));
    unique(suspect.into_iter().chain(changed))
}

fn residual(runs: &[RunTold], score: Option<&Score>) -> Vec<String> {
    let packets = score.map(|it| it.residual.as_slice()).unwrap_or_default();
    let packets = packets
        .iter()
        .map(|it| format!("packets arrived: {}", shown(it)));
    let logs = runs.iter().flat_map(|run| {
        let leaks = run.leaks.iter();
        leaks.map(|it| format!("flow logs after {}: {it}", run.procedure))
    });
    let plans = runs
        .iter()
        .filter(|it| it.changed_anything)
        .flat_map(|run| {
            let remarks = run.remarks.iter();
            remarks.map(|it| format!("said before {}: {it}", run.procedure))
        });
    unique(packets.chain(logs).chain(plans))
}

fn journals(case: &Case) -> Vec<JournalTold> {
    let exercise = case.exercise.iter();
    let exercise = exercise.map(|it| read(&it.path, it.records.len(), &it.seal, it.damage));
    let runs = case.runs.iter();
    let runs = runs.map(|it| read(&it.path, it.events.len(), &it.seal, it.damage));
    let unreadable = case.unreadable.iter().map(of_unreadable);
    exercise.chain(runs).chain(unreadable).collect()
}

fn read(path: &Path, lines: usize, seal: &str, damage: Option<Damage>) -> JournalTold {
    JournalTold {
        file: file_name(&path.display().to_string()),
        lines,
        hash: seal.to_owned(),
        damage: damage.map(|it| it.to_string()),
    }
}

fn of_unreadable(it: &Unreadable) -> JournalTold {
    JournalTold {
        file: file_name(&it.path),
        lines: 0,
        hash: String::new(),
        damage: Some(shown(&it.why)),
    }
}

/// Where the folder stands is nobody's business who reads the report.
fn file_name(path: &str) -> String {
    shown(path.rsplit('/').next().unwrap_or(path))
}
