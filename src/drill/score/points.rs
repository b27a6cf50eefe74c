//! What the figures cost: a table of rules, and the points that each takes off.

use super::super::scenario::Objectives;
use super::figures::Figures;
use crate::sources::{Reason, Undone};

/// A rule of the judgement.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// What is judged.
    pub what: &'static str,
    /// The points that it can cost at the most. All together are 100.
    pub of: u8,
    /// What costs how much.
    pub how: &'static str,
    judge: fn(&Figures, &Objectives) -> (u64, String),
}

/// So much of what is left over is named in a reason.
const LEFT: usize = 3;

/// The rules.
pub const RULES: [Rule; 11] = [
    Rule {
        what: "containment",
        of: 30,
        how: "30 unless the attack was silent for the last 60 s; 5 if it was silent too late, and 1 more per \
              30 s begun, up to 20",
        judge: containment,
    },
    Rule {
        what: "attack after the change",
        of: 10,
        how: "1 per 100 packets begun that arrived after the first change that was to contain it",
        judge: attack_after,
    },
    Rule {
        what: "residual channels",
        of: 10,
        how: "5 per way of the suspect to the outside on which packets still arrive at the end",
        judge: residual,
    },
    Rule {
        what: "data lost",
        of: 10,
        how: "1 per megabyte begun beyond what the objectives allow",
        judge: data_lost,
    },
    Rule {
        what: "requests lost",
        of: 10,
        how: "1 per 10 requests begun beyond what the objectives allow",
        judge: requests_lost,
    },
    Rule {
        what: "neighbours",
        of: 5,
        how: "1 per minute begun in which a neighbour's conversation failed",
        judge: neighbours,
    },
    Rule {
        what: "evidence",
        of: 10,
        how: "4 per piece that the objectives ask for and that was not kept",
        judge: evidence,
    },
    Rule {
        what: "detection",
        of: 3,
        how: "1 per minute begun after the first one until somebody looked; 3 if nobody did",
        judge: detection,
    },
    Rule {
        what: "decision",
        of: 4,
        how: "1 per minute begun after the third one until the first change; 4 without one",
        judge: decision,
    },
    Rule {
        what: "proof",
        of: 4,
        how: "4 unless the flow logs proved a run",
        judge: proof,
    },
    Rule {
        what: "undo",
        of: 4,
        how: "4 if something is not as it was, or if it was to be taken back and was not",
        judge: undo,
    },
];

/// The points that were taken off; rules that cost nothing are there too, and say why.
pub(super) fn reasons(figures: &Figures, objectives: &Objectives) -> Vec<Reason> {
    let judged = RULES.iter().map(|rule| {
        let (points, why) = (rule.judge)(figures, objectives);
        Reason {
            what: rule.what.to_owned(),
            points: u8::try_from(points).unwrap_or(u8::MAX).min(rule.of),
            of: rule.of,
            why,
        }
    });
    judged.collect()
}

/// Whether everything that the objectives ask for was reached.
pub(super) fn is_won(figures: &Figures, objectives: &Objectives) -> bool {
    let in_time = |limit: u64| figures.contain.is_some_and(|it| it <= limit);
    within(objectives).is_none_or(in_time)
        && objectives
            .requests_lost
            .is_none_or(|it| figures.requests_lost <= it)
        && objectives
            .data_lost
            .is_none_or(|it| figures.data_lost <= it)
        && wanted_and_lost(figures, objectives).is_empty()
        && (!objectives.undo || figures.undo == Undone::Clean)
}

/// Points in a word. Who missed an objective was no better than fair.
pub(super) fn grade(points: u8, won: bool) -> &'static str {
    match points {
        90.. if won => "excellent",
        75.. if won => "good",
        50.. => "fair",
        25.. => "poor",
        _ => "failed",
    }
}

/// The time for the containment, in seconds.
fn within(objectives: &Objectives) -> Option<u64> {
    let limit = objectives.contain?;
    Some(u64::try_from(limit.num_seconds()).unwrap_or(0))
}

fn containment(figures: &Figures, objectives: &Objectives) -> (u64, String) {
    let Some(taken) = figures.contain else {
        return (30, "the attack was not silent for the last 60 s".into());
    };
    match within(objectives) {
        Some(limit) if taken > limit => {
            let late = taken - limit;
            let points = 20.min(5 + late.div_ceil(30));
            (
                points,
                format!("silent after {taken} s, {late} s later than asked for"),
            )
        }
        Some(limit) => (0, format!("silent after {taken} s, within {limit} s")),
        None => (0, format!("silent after {taken} s")),
    }
}

fn attack_after(figures: &Figures, _: &Objectives) -> (u64, String) {
    let (packets, bytes) = (figures.attack_packets_after, figures.attack_bytes_after);
    (
        packets.div_ceil(100),
        format!("{packets} packets, {bytes} bytes arrived after the first change"),
    )
}

fn residual(figures: &Figures, _: &Objectives) -> (u64, String) {
    let open = &figures.residual;
    let words = match open.len() {
        0 => "nothing of the suspect's still reaches the outside".to_owned(),
        count => format!("{count} still open: {}", open.join("; ")),
    };
    (5 * u64::try_from(open.len()).unwrap_or(2), words)
}

fn data_lost(figures: &Figures, objectives: &Objectives) -> (u64, String) {
    let (lost, allowed) = (figures.data_lost, objectives.data_lost.unwrap_or(0));
    let beyond = lost.saturating_sub(allowed);
    (
        beyond.div_ceil(1_000_000),
        format!("{lost} bytes were carried off, {allowed} allowed"),
    )
}

fn requests_lost(figures: &Figures, objectives: &Objectives) -> (u64, String) {
    let (lost, allowed) = (figures.requests_lost, objectives.requests_lost.unwrap_or(0));
    let beyond = lost.saturating_sub(allowed);
    (
        beyond.div_ceil(10),
        format!("{lost} requests of others failed, {allowed} allowed"),
    )
}

fn neighbours(figures: &Figures, _: &Objectives) -> (u64, String) {
    let seconds = figures.neighbour_seconds;
    let words = format!("conversations of others failed for {seconds} s in all");
    (seconds.div_ceil(60), words)
}

fn evidence(figures: &Figures, objectives: &Objectives) -> (u64, String) {
    let lost = wanted_and_lost(figures, objectives);
    let points = 4 * u64::try_from(lost.len()).unwrap_or(3);
    let words = match (lost.len(), objectives.evidence.len()) {
        (_, 0) => "none was asked for".to_owned(),
        (0, _) => "all that was asked for was kept".to_owned(),
        _ => format!("not kept: {}", lost.join(", ")),
    };
    (points, words)
}

/// The evidence that the objectives ask for and that was not kept.
fn wanted_and_lost<'a>(figures: &'a Figures, objectives: &Objectives) -> Vec<&'a str> {
    let wanted = |name: &str| objectives.evidence.iter().any(|it| it.name() == name);
    let lost = figures.evidence.iter().filter(|it| !it.kept);
    let names = lost.map(|it| it.name.as_str());
    names.filter(|it| wanted(it)).collect()
}

fn detection(figures: &Figures, _: &Objectives) -> (u64, String) {
    match figures.detect {
        Some(taken) => (
            taken.saturating_sub(60).div_ceil(60),
            format!("looked into after {taken} s"),
        ),
        None => (3, "nobody looked into it".into()),
    }
}

fn decision(figures: &Figures, _: &Objectives) -> (u64, String) {
    match figures.decide {
        Some(taken) => (
            taken.saturating_sub(180).div_ceil(60),
            format!("first change after {taken} s"),
        ),
        None => (4, "nothing was changed".into()),
    }
}

fn proof(figures: &Figures, _: &Objectives) -> (u64, String) {
    match figures.prove {
        Some(taken) => (0, format!("proven in the flow logs after {taken} s")),
        None => (4, "nothing was proven in the flow logs".into()),
    }
}

fn undo(figures: &Figures, objectives: &Objectives) -> (u64, String) {
    let named: Vec<&str> = figures.left.iter().take(LEFT).map(String::as_str).collect();
    let left = match (named.len(), figures.left.len().saturating_sub(LEFT)) {
        (0, _) => String::new(),
        (_, 0) => format!(": {}", named.join("; ")),
        (_, more) => format!(": {}; and {more} more", named.join("; ")),
    };
    match (figures.undo, objectives.undo) {
        (Undone::Clean, _) => (0, "everything is as it was, but for the evidence".into()),
        (Undone::NotAsked, false) => (0, "nobody asked for it".into()),
        (Undone::NotAsked, true) => (
            4,
            format!("it was asked for, and nothing was taken back{left}"),
        ),
        (Undone::Drift, _) => (4, format!("something is not as it was{left}")),
    }
}
