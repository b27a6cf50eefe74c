//! A second plan that takes back what a run did, from the states that were captured before each change.
//!
//! What the run did to one object counts as one change, from the first captured state to the last operation: an
//! interface that went to an open group and then to an empty one goes back in one step. The steps come in the
//! opposite order, so that an interface leaves a group before the group is deleted. An object that is not as the
//! run left it is not touched: somebody else has changed it since. Pure: the present state comes in as a value.

mod chain;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use super::claim::changes_traffic;
use super::step::{Class, Plan, Procedure, Step, What};
use crate::operation::{Operation, State, StepId, invert};
use chain::{Chain, Verdict, chains};

/// What a run did in one step, and how its object is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The step.
    pub step: StepId,
    /// What was sent, with everything bound. Without an answer it may or may not have been done.
    pub operation: Operation,
    /// The state captured before it; `None`: it could not be read.
    pub before: Option<State>,
    /// The id of what it made, as far as AWS answered.
    pub made: Option<String>,
    /// The present state, or why it could not be read.
    pub now: Result<State, String>,
}

/// How a run is taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    /// The plan: nothing of what is refused or kept is in it. It may have no steps.
    pub plan: Plan,
    /// Objects that are not as the run left them: refused.
    pub drift: Vec<Drift>,
    /// What is not taken back, and why.
    pub kept: Vec<Kept>,
    /// Steps that need nothing: their object is as it was before.
    pub settled: Vec<StepId>,
}

/// An object that somebody else has changed since: three states of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The run's last step about it.
    pub step: StepId,
    /// What that step did: how the run left it.
    pub ours: Operation,
    /// Before the run; `None`: it could not be read then.
    pub before: Option<State>,
    /// Now.
    pub now: State,
}

/// A step that is not taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The step.
    pub step: StepId,
    /// Why, and what to do.
    pub why: String,
}

/// What to observe to learn how the object of a step is now: what was made is looked for by its id, not by a
/// name that somebody may have changed.
pub fn look(operation: &Operation, made: Option<&str>) -> Operation {
    let creates = matches!(
        operation,
        Operation::CreateGroup { .. }
            | Operation::CreateInterface { .. }
            | Operation::CreateAcl { .. }
            | Operation::CreateRouteTable { .. }
    );
    let deletes = creates.then(|| invert(operation, &State::Absent, made));
    deletes.flatten().unwrap_or_else(|| operation.clone())
}

/// Builds the plan that takes back what `plan`, run as `run`, did. `only`: the steps that are wanted; others are
/// left as they are.
pub fn undo(run: &str, plan: &Plan, taken: &[Taken], only: Option<&BTreeSet<StepId>>) -> Undo {
    let mut chains = chains(taken);
    if let Some(only) = only {
        for chain in &mut chains {
            if chain.steps.iter().any(|it| only.contains(it)) {
                continue;
            }
            chain.remainder = None;
            if !matches!(chain.verdict, Verdict::Settled) {
                chain.verdict = Verdict::Left;
            }
        }
    }
    chain::withhold(&mut chains);
    // Made last, taken away first.
    chains.sort_by_key(|chain| std::cmp::Reverse(chain.steps[0]));
    let mut undo = Undo {
        plan: Plan {
            procedure: Procedure::Undo(run.to_string()),
            target: plan.target.clone(),
            steps: steps(plan, &chains),
            remarks: Vec::new(),
        },
        drift: Vec::new(),
        kept: Vec::new(),
        settled: Vec::new(),
    };
    for chain in chains.into_iter().rev() {
        undo.note(chain);
    }
    undo.kept.sort_by_key(|it| it.step);
    undo.settled.sort_unstable();
    undo.plan.remarks = words::remarks(plan, &undo);
    undo
}

impl Undo {
    fn note(&mut self, chain: Chain) {
        let step = chain.last_step();
        self.kept
            .extend(chain.remainder.map(|why| Kept { step, why }));
        match chain.verdict {
            Verdict::Undo(_) | Verdict::Left => {}
            Verdict::Settled => self.settled.extend(chain.steps),
            Verdict::Kept(why) => self.kept.push(Kept { step, why }),
            Verdict::Drift(now) => self.drift.push(Drift {
                step,
                ours: chain.last,
                before: chain.before,
                now,
            }),
        }
    }
}

/// The steps of the undo, and a last look at what the suspect's traffic meets.
fn steps(plan: &Plan, chains: &[Chain]) -> Vec<Step> {
    let behind = behind(plan);
    let mut steps: Vec<Step> = Vec::new();
    let mut done: Vec<(&Chain, StepId)> = Vec::new();
    let mut held: Vec<(StepId, Operation)> = Vec::new();
    for chain in chains {
        let Verdict::Undo(operation) = &chain.verdict else {
            continue;
        };
        let first = done.iter().filter(|(other, id)| {
            let rests = |on: &StepId| behind.get(on).into_iter().flatten();
            let mut behind = chain.steps.iter().flat_map(rests);
            let started = steps
                .iter()
                .any(|it| it.id == *id && it.operation().is_some_and(starts));
            behind.any(|it| other.steps.contains(it)) || (started && wants_running(operation))
        });
        let after = first.map(|(_, id)| *id).collect();
        let id = push(&mut steps, What::Change(operation.clone()), after);
        if changes_traffic(operation) && !starts(operation) {
            held.push((id, operation.clone()));
        }
        done.push((chain, id));
    }
    if held.len() > 1 {
        let (after, operations) = held.into_iter().unzip();
        push(&mut steps, What::Verify(operations), after);
    }
    steps
}

/// AWS takes only a running instance back into service.
fn wants_running(operation: &Operation) -> bool {
    matches!(
        operation,
        Operation::AttachToAsg { .. }
            | Operation::RegisterTarget { .. }
            | Operation::ExitStandby { .. }
    )
}

/// A start takes longer than a last look waits.
fn starts(operation: &Operation) -> bool {
    matches!(operation, Operation::StartInstance { .. })
}

fn push(steps: &mut Vec<Step>, what: What, after: BTreeSet<StepId>) -> StepId {
    let id = StepId(u16::try_from(steps.len() + 1).unwrap_or(u16::MAX));
    steps.push(Step {
        id,
        what,
        class: Class::Must,
        after,
        part: None,
        known: None,
    });
    id
}

/// By step, all that waited for it, directly or not.
fn behind(plan: &Plan) -> BTreeMap<StepId, BTreeSet<StepId>> {
    let mut behind: BTreeMap<StepId, BTreeSet<StepId>> = BTreeMap::new();
    // References point backwards, so whoever waits for a step is complete before the step itself.
    for step in plan.steps.iter().rev() {
        let mut all = behind.get(&step.id).cloned().unwrap_or_default();
        all.insert(step.id);
        for before in &step.after {
            behind
                .entry(*before)
                .or_default()
                .extend(all.iter().copied());
        }
    }
    behind
}
