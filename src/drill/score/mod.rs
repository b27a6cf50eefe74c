//! How an exercise was played: figures and points, from its records alone.
//!
//! [`score`] is a pure function. What it counts is in `figures`, what it costs in `points`. Streams tell of ten
//! seconds each, so what depends on a moment inside such a bucket counts from the next bucket on: nobody is
//! charged for what was before the change.

mod figures;
mod points;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::scenario::Objectives;
use crate::sources::{ExerciseRecord, Score, Undone};

pub use points::{RULES, Rule};

/// What a scenario makes of its players' deeds.
#[derive(Debug, Clone, Default)]
pub struct Stakes {
    /// What a good play is.
    pub objectives: Objectives,
    /// Names of the conversations that carry data off.
    pub exfiltrating: BTreeSet<String>,
    /// What the suspect is called in streams: its name, its id, its interfaces, its addresses.
    pub suspect: BTreeSet<String>,
}

/// What is known of the players' deeds from elsewhere than the world.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Told {
    /// When they first looked at the suspect. `None`: nobody noted it, and their first deed stands for it.
    pub looked: Option<DateTime<Utc>>,
    /// When the flow logs first proved that a run holds.
    pub proven: Option<DateTime<Utc>>,
    /// Whether the world is as it was, if anything was to be taken back.
    pub undo: Undone,
}

/// Judges an exercise by its records, oldest first; `left` is what of the players' changes was to be taken
/// back and was not, each in words.
pub fn score(records: &[ExerciseRecord], stakes: &Stakes, told: Told, left: &[String]) -> Score {
    let figures = figures::Figures {
        left: left.to_vec(),
        ..figures::Figures::of(records, stakes, told)
    };
    let reasons = points::reasons(&figures, &stakes.objectives);
    let lost: u32 = reasons.iter().map(|it| u32::from(it.points)).sum();
    let points = u8::try_from(100_u32.saturating_sub(lost)).unwrap_or(0);
    let won = points::is_won(&figures, &stakes.objectives);
    Score {
        detect: figures.detect,
        decide: figures.decide,
        contain: figures.contain,
        prove: figures.prove,
        attack_packets_after: figures.attack_packets_after,
        attack_bytes_after: figures.attack_bytes_after,
        data_lost_bytes: figures.data_lost,
        neighbour_seconds: figures.neighbour_seconds,
        requests_lost: figures.requests_lost,
        won,
        grade: points::grade(points, won).to_owned(),
        evidence: figures.evidence,
        residual: figures.residual,
        undo: told.undo,
        points,
        reasons,
    }
}
