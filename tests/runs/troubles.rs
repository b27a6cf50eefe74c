//! What must hold of every plan, whatever goes wrong on the way.

use firedoor::executor::{RunOutcome, StepOutcome, StepStatus};
use firedoor::operation::Operation;
use firedoor::plan::{Class, Plan, Step, What};

use super::normalise::difference;
use super::world::{Case, Ended, Kind, Site, Trouble};

/// Checks, by name, and what came of them.
pub(crate) type Results = Vec<(String, Result<(), String>)>;

/// An account and the plan for it.
pub(crate) fn begin(case: &Case) -> Result<(Site, Plan), String> {
    let site = Site::new(case.variant);
    let plan = case.plan(&site);
    Ok((site, plan.map_err(|it| it.to_string())?))
}

/// Everything as it should go: the picture that it leaves.
pub(crate) async fn plain(case: &Case) -> Result<Vec<String>, String> {
    let (site, plan) = begin(case)?;
    let ended = site.run(&plan, "run", None, None).await;
    expect(&ended, &[RunOutcome::Done])?;
    closed(&site, &plan)?;
    let picture = site.picture().await;
    let before = Site::new(case.variant).as_it_is();
    let tags = plan
        .operations()
        .all(|it| matches!(it, Operation::SetTags { .. }));
    let passes = tags || is_passing(&plan);
    if !passes && before == picture {
        return Err("it changed nothing".to_owned());
    }
    Ok(picture)
}

/// A plan that leaves everything as it was: a pulse, or evidence that is only read.
fn is_passing(plan: &Plan) -> bool {
    let lifts = plan.steps.iter().any(|it| {
        matches!(it.class, Class::AlwaysOnceSent(_))
            && matches!(it.what, What::Change(Operation::DeleteAclEntry { .. }))
    });
    let reads = plan
        .operations()
        .any(|it| matches!(it, Operation::GetConsoleOutput { .. }));
    lifts || reads
}

/// Every step refused: halted or warned by its class, nothing left open, and every step has its end.
pub(crate) async fn denied(case: &Case, plan: &Plan) -> Results {
    let mut results = Results::new();
    for step in changes(plan) {
        let name = format!("step {} denied", step.id);
        results.push((name, denied_at(case, step).await));
        if matches!(step.class, Class::AlwaysOnceSent(_)) {
            let name = format!("step {} denied for ever", step.id);
            results.push((name, left_open(case, step).await));
        }
    }
    results
}

async fn denied_at(case: &Case, step: &Step) -> Result<(), String> {
    let (site, plan) = begin(case)?;
    let closes = matches!(step.class, Class::AlwaysOnceSent(_));
    let trouble = Trouble {
        step: step.id,
        kind: Kind::Denied,
        calls: if closes { 3 } else { u32::MAX },
    };
    let ended = site.run(&plan, "run", Some(trouble), None).await;
    let view = ended.view()?;
    let needless = view.steps.get(&step.id).is_some_and(|it| it.attempts == 0);
    let outcomes: &[RunOutcome] = match step.class {
        // What is so already is not sent.
        _ if needless => &[RunOutcome::Done],
        Class::Must => &[RunOutcome::Failed],
        Class::Should | Class::OnceSafe(_) => &[RunOutcome::DoneWithWarnings],
        Class::AlwaysOnceSent(_) => &[RunOutcome::Done],
    };
    expect(&ended, outcomes)?;
    if matches!(step.class, Class::OnceSafe(_)) {
        // What takes the lock off is what was refused.
        return site.left_open(&plan).map_or(Ok(()), Err);
    }
    closed(&site, &plan)
}

/// What was opened and can't be closed is said to be left open.
async fn left_open(case: &Case, step: &Step) -> Result<(), String> {
    let (site, plan) = begin(case)?;
    let trouble = Trouble {
        step: step.id,
        kind: Kind::Denied,
        calls: u32::MAX,
    };
    let ended = site.run(&plan, "run", Some(trouble), None).await;
    expect(&ended, &[RunOutcome::LeftOpen])
}

/// The same plan again: nothing is doubled.
pub(crate) async fn twice(case: &Case) -> Result<(), String> {
    let (site, plan) = begin(case)?;
    let first = site.run(&plan, "run", None, None).await;
    expect(&first, &[RunOutcome::Done])?;
    let once = site.picture().await;
    let second = site.run(&plan, "run-2", None, None).await;
    expect(&second, &[RunOutcome::Done])?;
    closed(&site, &plan)?;
    difference(&once, &site.picture().await)
}

/// A call of every step goes wrong once: the run gets there nevertheless.
pub(crate) async fn faults(case: &Case, plan: &Plan, wanted: &[String]) -> Results {
    let mut results = Results::new();
    for step in changes(plan) {
        for kind in [Kind::Throttled, Kind::Late, Kind::LostMade, Kind::Lost] {
            let name = format!("step {} {kind:?}", step.id);
            results.push((name, fault_at(case, step, kind, wanted).await));
        }
    }
    results
}

async fn fault_at(case: &Case, step: &Step, kind: Kind, wanted: &[String]) -> Result<(), String> {
    let (site, plan) = begin(case)?;
    let trouble = Trouble {
        step: step.id,
        kind,
        calls: 1,
    };
    let ended = site.run(&plan, "run", Some(trouble), None).await;
    expect(&ended, &[RunOutcome::Done])?;
    closed(&site, &plan)?;
    difference(wanted, &site.picture().await)
}

fn outcome(status: &StepStatus) -> Option<&StepOutcome> {
    match status {
        StepStatus::Ended(outcome) => Some(outcome),
        _ => None,
    }
}

fn changes(plan: &Plan) -> impl Iterator<Item = &Step> {
    let changes = |it: &&Step| matches!(it.what, What::Change(_));
    plan.steps.iter().filter(changes)
}

/// Nothing stands open, and no lock is left.
pub(crate) fn closed(site: &Site, plan: &Plan) -> Result<(), String> {
    let left = site.left_open(plan).or_else(|| site.locked(plan));
    left.map_or(Ok(()), Err)
}

/// The outcome is one of these, and the journal tells a whole story.
pub(crate) fn expect(ended: &Ended, outcomes: &[RunOutcome]) -> Result<(), String> {
    let view = ended.view()?;
    let (done, all) = view.progress();
    if done != all {
        return Err(format!("{done} of {all} steps have an end"));
    }
    if ended.outcome.is_some_and(|it| outcomes.contains(&it)) {
        return Ok(());
    }
    let ends = bad_ends(ended)?;
    Err(format!(
        "{:?} instead of {outcomes:?}: {ends}",
        ended.outcome
    ))
}

/// How the steps ended that did not do what they should.
pub(crate) fn bad_ends(ended: &Ended) -> Result<String, String> {
    let view = ended.view()?;
    let ends = view.steps.iter().filter_map(|(id, step)| {
        let outcome = outcome(&step.status)?;
        let bad = !matches!(
            outcome,
            StepOutcome::Done { .. } | StepOutcome::Skipped { .. }
        );
        bad.then(|| format!("{id}: {outcome:?}"))
    });
    Ok(ends.collect::<Vec<_>>().join(", "))
}
