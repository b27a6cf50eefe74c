//! A playbook's plan: the plans of its actions, one after another, as one.
//!
//! Each action is planned on the estate as it is after those before it, and starts when they are done, but:
//! nothing waits for evidence, a tag or the leaving of target groups, which are only called, nor for the
//! suspect's protection except what stops it. What an optional action does may fail without halting the run.

use std::collections::{BTreeMap, BTreeSet};

use super::{Playbook, PlaybookStep};
use crate::model::Estate;
use crate::operation::{Hypothesis, Operation, StepId, TagValue, observe};
use crate::plan::LOCK_TAG;
use crate::plan::builder::{Intent, PlanError, draft, try_out};
use crate::plan::case_tags::of_case;
use crate::plan::catalogue::{Action, Scope};
use crate::plan::lint::{LintVerdict, lint};
use crate::plan::step::{Class, Plan, Procedure, Step, Target, What};

/// Builds the plan of a playbook for a suspect, and tries it out on a copy of the estate. The action that
/// `intent` names is not looked at.
///
/// # Errors
/// The first action that is not optional and can't be planned, and why; an order that loses evidence on this
/// estate; or that there is nothing to do at all.
pub fn build_playbook(
    estate: &Estate,
    playbook: &Playbook,
    intent: &Intent,
) -> Result<Plan, PlanError> {
    let mut whole = Whole::new(estate, intent);
    for step in &playbook.steps {
        whole.add(playbook, *step)?;
    }
    if whole.parts.is_empty() {
        return Err(PlanError::NothingLeft(playbook.name.clone()));
    }
    whole.close();
    let mut plan = Plan {
        procedure: Procedure::Playbook(playbook.name.clone()),
        target: Target::Instance(intent.suspect.clone()),
        steps: whole.steps,
        remarks: whole.remarks,
    };
    let left_out = try_out(estate, &plan)?;
    plan.remarks.extend(left_out);
    let lints = lint(estate, &plan, &[]);
    match lints
        .into_iter()
        .find(|it| it.verdict == LintVerdict::Refuse)
    {
        Some(it) => Err(PlanError::Order {
            playbook: playbook.name.clone(),
            rule: it.rule,
            words: it.words,
        }),
        None => Ok(plan),
    }
}

/// A plan as it grows.
struct Whole<'a> {
    estate: &'a Estate,
    intent: &'a Intent,
    hypothesis: Hypothesis,
    steps: Vec<Step>,
    /// The actions so far, and the steps that end each.
    parts: Vec<(Action, Vec<StepId>)>,
    remarks: Vec<String>,
}

impl<'a> Whole<'a> {
    /// Begins with the tags of the case: each action's own would take the lock off at its end.
    fn new(estate: &'a Estate, intent: &'a Intent) -> Self {
        let mut tags = of_case(&intent.case);
        tags.insert(LOCK_TAG.to_string(), Some(TagValue::Run));
        let first = Step {
            id: StepId(1),
            what: What::Change(Operation::SetTags {
                resource: intent.suspect.as_str().into(),
                tags,
            }),
            class: Class::Should,
            after: BTreeSet::new(),
            part: None,
            known: None,
        };
        Self {
            estate,
            intent,
            hypothesis: Hypothesis::new(estate.clone()).with_raised_quotas(),
            steps: vec![first],
            parts: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Takes the lock off when everything is done.
    fn close(&mut self) {
        let tags = [(LOCK_TAG.to_string(), None)];
        let off = Operation::SetTags {
            resource: self.intent.suspect.as_str().into(),
            tags: tags.into(),
        };
        let step = Step {
            id: self.next(),
            what: What::Change(off),
            class: Class::OnceSafe(StepId(1)),
            after: self.steps.iter().map(|it| it.id).collect(),
            part: None,
            known: None,
        };
        self.steps.push(step);
    }

    fn next(&self) -> StepId {
        number(self.steps.len() + 1)
    }

    fn add(&mut self, playbook: &Playbook, step: PlaybookStep) -> Result<(), PlanError> {
        let mut planned = self.plan(step.action).map(|it| (step.action, it));
        if let (Err(error), Some(or)) = (&planned, step.or) {
            let instead = format!("{or} instead of {}: {error}.", step.action);
            planned = self.plan(or).map(|it| (or, it));
            if planned.is_ok() {
                self.remarks.push(instead);
            }
        }
        let (action, plan) = match planned {
            Ok(planned) => planned,
            Err(error) if step.optional || matches!(error, PlanError::AlreadySo(..)) => {
                let left_out = format!("{} is left out: {error}.", step.action);
                self.remarks.push(left_out);
                return Ok(());
            }
            Err(error) => {
                return Err(PlanError::Part {
                    playbook: playbook.name.clone(),
                    action: step.action,
                    error: Box::new(error),
                });
            }
        };
        for remark in &plan.remarks {
            if !self.remarks.iter().any(|it| it.ends_with(remark)) {
                self.remarks.push(format!("{action}: {remark}"));
            }
        }
        self.append(action, plan.steps, step.optional);
        Ok(())
    }

    /// Plans an action on the estate as it is after those so far.
    fn plan(&self, action: Action) -> Result<Plan, PlanError> {
        let mut estate = self.hypothesis.estate.clone();
        if action.scope() == Scope::Identity && action != Action::ProfileDetach {
            // Whose role it is about was known before the profile was taken off.
            let instance = self.estate.instance(&self.intent.suspect);
            let profile = instance.and_then(|it| it.profile.clone());
            estate.set_profile(&self.intent.suspect, profile);
        }
        let intent = Intent {
            action,
            ..self.intent.clone()
        };
        draft(&estate, &intent).map(|(plan, _)| plan)
    }

    /// Adds the steps of an action under their new numbers.
    fn append(&mut self, action: Action, steps: Vec<Step>, optional: bool) {
        let barrier = self.barrier(action);
        let mut numbers = Numbers::default();
        let mut added = Vec::new();
        for step in steps {
            let after = numbers.after(&step.after);
            let Some(what) = self.kept(step.what) else {
                numbers.drop(step.id, after);
                continue;
            };
            let id = self.next();
            numbers.keep(step.id, id);
            let what = renumbered(what, &numbers);
            let step = Step {
                id,
                class: numbers.class(step.class, optional),
                after: if after.is_empty() {
                    barrier.clone()
                } else {
                    after
                },
                part: Some(action),
                known: step.known.filter(|known| match &what {
                    // What an earlier action changes is not as it was read.
                    What::Change(it) => observe(self.estate, it).as_ref() == Some(known),
                    What::Wait { .. } | What::Verify(_) => false,
                }),
                what,
            };
            if let What::Change(operation) = &step.what {
                // What AWS would refuse is looked at when the whole plan is tried out.
                let _ = self.hypothesis.step(id, operation);
            }
            added.push(id);
            self.steps.push(step);
        }
        let ends = self.ends(&added);
        self.parts.push((action, ends));
    }

    /// What is left of a step: the plan as a whole has the tags of the case and the lock, and what earlier
    /// steps make was tagged when it was made.
    fn kept(&self, what: What) -> Option<What> {
        let What::Change(Operation::SetTags { resource, mut tags }) = what else {
            return Some(what);
        };
        if resource.as_str().starts_with("new:") {
            return None;
        }
        if resource.as_str() == self.intent.suspect.as_str() {
            let usual = of_case(&self.intent.case);
            tags.retain(|key, value| key != LOCK_TAG && usual.get(key) != Some(value));
        }
        (!tags.is_empty()).then_some(What::Change(Operation::SetTags { resource, tags }))
    }

    /// The steps that an action waits for: the ends of those before it that it must wait for.
    fn barrier(&self, later: Action) -> BTreeSet<StepId> {
        let mut barrier = BTreeSet::new();
        for (former, ends) in self.parts.iter().rev() {
            if waits(later, *former) {
                let covered = self.ancestors(&barrier);
                barrier.extend(ends.iter().filter(|it| !covered.contains(it)));
            }
        }
        barrier
    }

    /// Everything that comes before these steps.
    fn ancestors(&self, of: &BTreeSet<StepId>) -> BTreeSet<StepId> {
        let mut all = BTreeSet::new();
        for step in self.steps.iter().rev() {
            if of.contains(&step.id) || all.contains(&step.id) {
                all.extend(step.after.iter().copied());
            }
        }
        all
    }

    /// Those of an action's steps that none of them waits for. Tags are no end.
    fn ends(&self, added: &[StepId]) -> Vec<StepId> {
        let own = self.steps.iter().filter(|it| added.contains(&it.id));
        let waited: BTreeSet<StepId> = own
            .clone()
            .filter(|it| !tags(it))
            .flat_map(|it| it.after.iter().copied())
            .collect();
        let ends = own.filter(|it| !tags(it) && !waited.contains(&it.id));
        ends.map(|it| it.id).collect()
    }
}

fn tags(step: &Step) -> bool {
    matches!(step.what, What::Change(Operation::SetTags { .. }))
}

/// Whether an action waits for one before it.
fn waits(later: Action, former: Action) -> bool {
    match former {
        Action::Tag | Action::ElbDeregister => false,
        Action::Protect => matches!(later, Action::Stop | Action::Hibernate),
        _ => former.scope() != Scope::Evidence,
    }
}

fn number(count: usize) -> StepId {
    StepId(u16::try_from(count).unwrap_or(u16::MAX))
}

fn renumbered(what: What, numbers: &Numbers) -> What {
    let one = |it: Operation| it.renumbered(|step| numbers.of(step));
    match what {
        What::Change(operation) => What::Change(one(operation)),
        What::Verify(operations) => What::Verify(operations.into_iter().map(one).collect()),
        wait @ What::Wait { .. } => wait,
    }
}

/// The new numbers of an action's steps.
#[derive(Default)]
struct Numbers {
    kept: BTreeMap<StepId, StepId>,
    /// A step that is left out, and what it waited for.
    dropped: BTreeMap<StepId, BTreeSet<StepId>>,
}

impl Numbers {
    fn keep(&mut self, old: StepId, new: StepId) {
        self.kept.insert(old, new);
    }

    fn drop(&mut self, old: StepId, after: BTreeSet<StepId>) {
        self.dropped.insert(old, after);
    }

    fn of(&self, old: StepId) -> StepId {
        self.kept.get(&old).copied().unwrap_or(old)
    }

    fn after(&self, old: &BTreeSet<StepId>) -> BTreeSet<StepId> {
        let mut after = BTreeSet::new();
        for step in old {
            match self.dropped.get(step) {
                Some(waited) => after.extend(waited.iter().copied()),
                None => after.extend(self.kept.get(step).copied()),
            }
        }
        after
    }

    /// What an optional action does may fail; what must be closed is closed in any case.
    fn class(&self, class: Class, optional: bool) -> Class {
        match class {
            Class::Must if optional => Class::Should,
            Class::Must | Class::Should => class,
            Class::AlwaysOnceSent(step) => Class::AlwaysOnceSent(self.of(step)),
            Class::OnceSafe(step) if self.dropped.contains_key(&step) => Class::Should,
            Class::OnceSafe(step) => Class::OnceSafe(self.of(step)),
        }
    }
}
