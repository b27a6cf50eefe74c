//! When a plan's changes happen, and what the network is after each: what forecasts are made on.

use std::collections::BTreeMap;

use super::builder::PlanError;
use super::step::{Class, Plan, What};
use crate::analysis::{Network, Stage};
use crate::operation::{Hypothesis, Operation, Refusal, StepId};

/// The stages of a plan, on the network that it was built for.
///
/// Calls take no time here and waits all of theirs: steps that start together make one stage.
///
/// # Errors
/// A step that AWS would refuse.
pub fn stages(plan: &Plan, network: &Network) -> Result<Vec<Stage>, PlanError> {
    let mut hypothesis = Hypothesis::new(network.estate().clone()).with_raised_quotas();
    let mut current = network.clone();
    let mut stages: Vec<Stage> = Vec::new();
    for (at, changes) in schedule(plan) {
        let mut host_blocks = Vec::new();
        for step in changes {
            let Some(What::Change(operation)) = plan.step(step).map(|it| &it.what) else {
                continue;
            };
            if let Operation::RunHostBlock { instance, peer, .. } = operation {
                host_blocks.push((instance.clone(), *peer));
            }
            tried(&mut hypothesis, plan, step, operation)?;
        }
        current = current.after(&hypothesis.estate);
        for (instance, peer) in host_blocks {
            current = current.with_host_block(&instance, peer);
        }
        stages.push(Stage {
            at,
            network: current.clone(),
        });
    }
    Ok(stages)
}

/// Applies one change of a plan. What AWS would refuse of a step that may fail is left out and said.
///
/// # Errors
/// A step that must succeed, and AWS would refuse.
pub(super) fn tried(
    hypothesis: &mut Hypothesis,
    plan: &Plan,
    step: StepId,
    operation: &Operation,
) -> Result<Option<Refusal>, PlanError> {
    let may_fail = plan
        .step(step)
        .is_some_and(|it| matches!(it.class, Class::Should | Class::OnceSafe(_)));
    match hypothesis.step(step, operation) {
        Ok(()) => Ok(None),
        Err(refusal) if may_fail => Ok(Some(refusal)),
        Err(refusal) => Err(PlanError::Refused { step, refusal }),
    }
}

/// The changes that packets may meet, by the second in which they start, counted from the plan's
/// beginning. Tags are not among them.
fn schedule(plan: &Plan) -> BTreeMap<u32, Vec<StepId>> {
    let mut ends: BTreeMap<StepId, u32> = BTreeMap::new();
    let mut schedule: BTreeMap<u32, Vec<StepId>> = BTreeMap::new();
    for step in &plan.steps {
        let waited_for = step.after.iter().filter_map(|it| ends.get(it));
        let start = waited_for.copied().max().unwrap_or(0);
        let lasts = match &step.what {
            What::Wait { seconds, .. } => *seconds,
            _ => 0,
        };
        ends.insert(step.id, start.saturating_add(lasts));
        let tags = matches!(step.what, What::Change(Operation::SetTags { .. }));
        if matches!(step.what, What::Change(_)) && !tags {
            schedule.entry(start).or_default().push(step.id);
        }
    }
    schedule
}
