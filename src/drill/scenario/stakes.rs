//! What is at stake in a scenario: what a good play is.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// What a good play is. What is absent is not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Objectives {
    /// How long the attack may go on after its first finding.
    pub contain: Option<TimeDelta>,
    /// How many requests of conversations that are business may fail.
    pub requests_lost: Option<u64>,
    /// How many bytes may be stolen after the first finding of the attack.
    pub data_lost: Option<u64>,
    /// What must be there in the end.
    pub evidence: Vec<Evidence>,
    /// Everything but the evidence is to be taken back in the end.
    pub undo: bool,
}

/// Evidence of the suspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// The instance is there: nothing terminated it.
    Instance,
    /// Snapshots of all its volumes.
    Snapshots,
    /// What was in its memory: it runs on, or was hibernated.
    Memory,
}

impl Evidence {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Instance => "the instance",
            Self::Snapshots => "snapshots of its volumes",
            Self::Memory => "its memory",
        }
    }
}
