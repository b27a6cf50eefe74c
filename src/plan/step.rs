//! A plan: steps, their order, and what their failure means.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::catalogue::Action;
use crate::model::{InstanceId, VpcId};
use crate::operation::{Operation, State, StepId};

/// What an action does to a suspect, step by step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What it carries out.
    pub procedure: Procedure,
    /// What it is for.
    pub target: Target,
    /// The steps, each after all those that it waits for.
    pub steps: Vec<Step>,
    /// What the action leaves open, and other things to know before it is confirmed.
    pub remarks: Vec<String>,
}

/// What a plan carries out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Procedure {
    /// One action of the catalogue.
    Action(Action),
    /// Several, in the order of the playbook of this name.
    Playbook(String),
    /// Takes back what this run did.
    Undo(String),
    /// Stages the pair of groups that `sg-two-step-staged` uses.
    Prepare,
}

impl std::fmt::Display for Procedure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Action(action) => f.pad(action.name()),
            Self::Playbook(name) => f.pad(name),
            Self::Undo(_) => f.pad("undo"),
            Self::Prepare => f.pad("prepare"),
        }
    }
}

/// What a plan is for: its id is what is typed to confirm it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// The suspect.
    Instance(InstanceId),
    /// A VPC that is prepared.
    Vpc(VpcId),
}

impl Target {
    /// The id.
    pub fn id(&self) -> &str {
        match self {
            Self::Instance(id) => id.as_str(),
            Self::Vpc(id) => id.as_str(),
        }
    }

    /// The last characters of the id: what an analyst types.
    pub fn tail(&self, count: usize) -> &str {
        match self {
            Self::Instance(id) => id.tail(count),
            Self::Vpc(id) => id.tail(count),
        }
    }

    /// The suspect, unless it is a VPC.
    pub fn instance(&self) -> Option<&InstanceId> {
        match self {
            Self::Instance(id) => Some(id),
            Self::Vpc(_) => None,
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.id())
    }
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
    /// The action that it belongs to, where the plan carries out several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Action>,
    /// The state of its object as it was read for the preview. It is captured without asking again: set
    /// only where a round trip counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<State>,
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
    /// Tidies up after the named step: runs also in a halted run, but only when everything that it waits
    /// for is done or need not be. A warning if it fails.
    OnceSafe(StepId),
}

impl Step {
    /// The change, if it is one.
    pub fn operation(&self) -> Option<&Operation> {
        match &self.what {
            What::Change(operation) => Some(operation),
            What::Wait { .. } | What::Verify(_) => None,
        }
    }

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
    /// The suspect, unless the plan is for a VPC.
    pub fn suspect(&self) -> Option<&InstanceId> {
        self.target.instance()
    }

    /// The actions that it carries out, each once, in order; none if it is an undo or prepares a VPC.
    pub fn actions(&self) -> Vec<Action> {
        if let Procedure::Action(action) = self.procedure {
            return vec![action];
        }
        let mut actions = Vec::new();
        for action in self.steps.iter().filter_map(|step| step.part) {
            if !actions.contains(&action) {
                actions.push(action);
            }
        }
        actions
    }

    /// The changes, in the order of the steps.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.steps.iter().filter_map(Step::operation)
    }

    /// The calls that change something.
    pub fn calls(&self) -> usize {
        self.operations().count()
    }

    /// The longest chain of such calls of which each waits for the one before: at 200 ms a round trip, five
    /// of them take a second. Reading back is not counted, nor what tidies up when all is done.
    pub fn round_trips(&self) -> usize {
        self.longest(|step| {
            let tidies = matches!(step.class, Class::OnceSafe(_));
            usize::from(matches!(step.what, What::Change(_)) && !tidies)
        })
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
