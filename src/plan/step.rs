//! A plan: steps, their order, and what their failure means.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::catalogue::Action;
use crate::model::InstanceId;
use crate::operation::{Operation, StepId};

/// What an action does to a suspect, step by step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The action.
    pub action: Action,
    /// The instance that it is for.
    pub suspect: InstanceId,
    /// The steps, each after all those that it waits for.
    pub steps: Vec<Step>,
    /// What the action leaves open, and other things to know before it is confirmed.
    pub remarks: Vec<String>,
}

/// A step of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its number, from 1.
    pub id: StepId,
    /// What it does.
    pub what: What,
    /// What its failure means.
    pub class: Class,
    /// The steps that must have succeeded before it starts.
    pub after: BTreeSet<StepId>,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Changes AWS.
    Change(Operation),
    /// Waits.
    Wait {
        /// How long, in seconds.
        seconds: u32,
        /// What for.
        why: String,
    },
    /// Reads back: every one of these operations must still be in force.
    Verify(Vec<Operation>),
}

/// What a step's failure means for the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The run halts; what depends on it is not run.
    Must,
    /// A warning; the run goes on.
    Should,
    /// Runs in any case once the named step was sent: whatever happened, and also after a stop.
    AlwaysOnceSent(StepId),
}

impl Step {
    /// One line of prose.
    pub fn prose(&self) -> String {
        match &self.what {
            What::Change(operation) => operation.prose(),
            What::Wait { seconds, why } => format!("wait {seconds} s {why}"),
            What::Verify(operations) => {
                format!(
                    "read back that every change is in force ({})",
                    operations.len()
                )
            }
        }
    }
}

impl Plan {
    /// The changes, in the order of the steps.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.steps.iter().filter_map(|step| match &step.what {
            What::Change(operation) => Some(operation),
            What::Wait { .. } | What::Verify(_) => None,
        })
    }

    /// The calls that change something.
    pub fn calls(&self) -> usize {
        self.operations().count()
    }

    /// The longest chain of such calls of which each waits for the one before: at 200 ms a round trip, five
    /// of them take a second. Reading back is not counted.
    pub fn round_trips(&self) -> usize {
        self.longest(|step| usize::from(matches!(step.what, What::Change(_))))
    }

    /// The longest that the plan waits on purpose, in seconds.
    pub fn waits(&self) -> usize {
        self.longest(|step| match step.what {
            What::Wait { seconds, .. } => usize::try_from(seconds).unwrap_or(usize::MAX),
            What::Change(_) | What::Verify(_) => 0,
        })
    }

    /// The heaviest path through the steps.
    fn longest(&self, weight: impl Fn(&Step) -> usize) -> usize {
        let mut ends: BTreeMap<StepId, usize> = BTreeMap::new();
        for step in &self.steps {
            let before = step.after.iter().filter_map(|it| ends.get(it));
            let before = before.copied().max().unwrap_or(0);
            ends.insert(step.id, before.saturating_add(weight(step)));
        }
        ends.into_values().max().unwrap_or(0)
    }

    /// A step by its number.
    pub fn step(&self, id: StepId) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }
}
