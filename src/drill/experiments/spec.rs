//! The files of experiments, as they are written. Objects are named as AWS's ids with a name in place of
//! the digits: `sg-closed`, `eni-web-1`; `names` says which ids they are.

use std::net::IpAddr;

use serde::Deserialize;
use toml::{Table, Value};

use super::Outcome;

/// What one author did.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BookSpec {
    pub(super) source: SourceSpec,
    pub(super) experiments: Vec<ExperimentSpec>,
}

/// Where it was told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceSpec {
    pub(super) author: String,
    pub(super) date: String,
    pub(super) title: String,
    pub(super) url: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExperimentSpec {
    pub(super) id: String,
    pub(super) title: String,
    /// The name of the stage: a scenario beside the experiments.
    pub(super) base: String,
    /// Public pages besides the author's.
    #[serde(default)]
    pub(super) also: Vec<String>,
    /// The claim, in our words. What the steps `say` is what it says would happen.
    pub(super) claim: Option<String>,
    /// Changes before everything else: operations as they are journalled.
    #[serde(default)]
    pub(super) setup: Vec<Value>,
    #[serde(default)]
    pub(super) flows: Vec<FlowSpec>,
    /// The flow whose fate is the outcome; absent: the first one.
    pub(super) watch: Option<String>,
    pub(super) steps: Vec<StepSpec>,
    pub(super) expected: Outcome,
    pub(super) why: String,
    pub(super) ambiguous: Option<AmbiguousSpec>,
}

/// Who sends the first packet to whom.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FlowSpec {
    pub(super) name: String,
    /// An instance, or a party outside.
    pub(super) from: String,
    pub(super) to: String,
    pub(super) protocol: Spoken,
    #[serde(default)]
    pub(super) port: u16,
    /// The port of the client; of ICMP the identifier.
    #[serde(default = "client")]
    pub(super) client: u16,
}

/// The protocols of flows in experiments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Spoken {
    Tcp,
    Udp,
    Icmp,
}

/// One step, or the same one again and again.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepSpec {
    /// When, in seconds since the experiment began.
    pub(super) at: f64,
    /// Until when it is done again.
    pub(super) until: Option<f64>,
    /// Every how many seconds until then.
    pub(super) every: Option<f64>,
    /// A flow: a packet and, if it arrives, the answer to it.
    pub(super) exchange: Option<String>,
    /// A flow: a packet of whoever began it.
    pub(super) send: Option<String>,
    /// A flow: a packet of the other side.
    pub(super) answer: Option<String>,
    /// A flow: whether the interface inside tracks it.
    pub(super) look: Option<String>,
    /// An operation, as it is journalled.
    pub(super) change: Option<Value>,
    /// What the experiment tells, or its claim says, comes of it.
    pub(super) says: Option<Says>,
    /// The part of a claim that this belongs to.
    #[serde(default)]
    pub(super) part: String,
}

/// What comes of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Says {
    Delivered,
    Dropped,
    Made,
    Refused,
    Tracked,
    Untracked,
}

/// What is not known, and what the other answer leads to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AmbiguousSpec {
    pub(super) question: String,
    /// The other answer.
    pub(super) otherwise: String,
    /// Switches of the world for it.
    #[serde(default)]
    pub(super) switches: Table,
    /// Changes before everything else, instead of the experiment's.
    pub(super) setup: Option<Vec<Value>>,
    /// Flows instead of the experiment's.
    pub(super) flows: Option<Vec<FlowSpec>>,
    pub(super) gives: Outcome,
}

/// Of a stage, what a scenario does not keep: who is outside.
#[derive(Debug, Deserialize)]
pub(super) struct StageSpec {
    #[serde(default)]
    pub(super) outside: Vec<OutsideSpec>,
}

#[derive(Debug, Deserialize)]
pub(super) struct OutsideSpec {
    pub(super) name: String,
    pub(super) addresses: Vec<IpAddr>,
}

fn client() -> u16 {
    50_000
}
