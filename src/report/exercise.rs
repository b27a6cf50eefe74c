//! What an exercise was, as its records tell it.

use serde::Serialize;

use super::{count, shown};
use crate::model::text::grouped;
use crate::sources::{Evidence, ExerciseRecord, Happening, Reason, Score, Undone};

/// An exercise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exercise {
    /// The scenario's name.
    pub scenario: String,
    /// The scenario, in a line.
    pub title: String,
    /// From 1, a beginner's, to 5, a brutal one.
    pub level: u8,
    /// What all chance in the world came from.
    pub seed: u64,
    /// Who played.
    pub team: Option<String>,
    /// The instance under suspicion.
    pub suspect: String,
    /// What the world was made to do where AWS's documentation leaves it open.
    pub facts: serde_json::Value,
    /// What ended it; `null`: its records do not tell of an end.
    pub ended_by: Option<String>,
}

/// The title of the list of [`Exercise::switches`].
pub(super) const SWITCHES: &str = "What the world did where AWS is silent";

impl Exercise {
    /// What the world was made to do where AWS's documentation leaves it open: a line each.
    pub fn switches(&self) -> Vec<String> {
        let facts = self.facts.as_object().into_iter().flatten();
        facts
            .map(|(name, value)| shown(&format!("{name}: {value}")))
            .collect()
    }
}

/// What the records say of the exercise; `None`: they do not even tell of its beginning.
pub(super) fn told(records: &[ExerciseRecord]) -> Option<Exercise> {
    let ended_by = records.iter().rev().find_map(|it| match &it.what {
        Happening::Ended { by } => Some(shown(by)),
        _ => None,
    });
    records.iter().find_map(|it| match &it.what {
        Happening::Began {
            scenario,
            title,
            level,
            seed,
            team,
            suspect,
            facts,
            ..
        } => Some(Exercise {
            scenario: shown(scenario),
            title: shown(title),
            level: *level,
            seed: *seed,
            team: team.as_deref().map(shown),
            suspect: shown(suspect.as_str()),
            facts: facts.clone(),
            ended_by: ended_by.clone(),
        }),
        _ => None,
    })
}

/// The last score.
pub(super) fn score(records: &[ExerciseRecord]) -> Option<Score> {
    let score = records.iter().rev().find_map(|it| match &it.what {
        Happening::Score(score) => Some(score.clone()),
        _ => None,
    })?;
    let reason = |it: &Reason| Reason {
        what: shown(&it.what),
        why: shown(&it.why),
        ..*it
    };
    let evidence = |it: &Evidence| Evidence {
        name: shown(&it.name),
        ..*it
    };
    Some(Score {
        grade: shown(&score.grade),
        residual: score.residual.iter().map(|it| shown(it)).collect(),
        evidence: score.evidence.iter().map(evidence).collect(),
        reasons: score.reasons.iter().map(reason).collect(),
        ..score
    })
}

/// The figures of a score, with their names and units.
pub(super) fn figures(score: &Score) -> Vec<(&'static str, String)> {
    let after = |it: Option<u64>| it.map_or("never".to_owned(), |it| format!("{} s", grouped(it)));
    let undo = match score.undo {
        Undone::Clean => "clean",
        Undone::NotAsked => "not asked for",
        Undone::Drift => "something is not as it was",
    };
    vec![
        ("time to detect", after(score.detect)),
        ("time to decide", after(score.decide)),
        ("time to contain", after(score.contain)),
        ("time to prove", after(score.prove)),
        (
            "attack after the first change",
            format!(
                "{}, {}",
                count(score.attack_packets_after, "packet"),
                count(score.attack_bytes_after, "byte")
            ),
        ),
        ("data lost", count(score.data_lost_bytes, "byte")),
        (
            "neighbours without service",
            format!("{} s", grouped(score.neighbour_seconds)),
        ),
        ("requests lost", grouped(score.requests_lost)),
        ("undo", undo.to_owned()),
    ]
}
