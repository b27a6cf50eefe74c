//! What a run did, taken back.

use firedoor::executor::{RunOutcome, survey};
use firedoor::plan::{Class, Plan, Step, What, undo};

use super::normalise::{difference, normalise, reversible};
use super::troubles::{Results, begin, expect};
use super::world::{Case, Kind, Site, Trouble};

/// A run and its undo leave everything as it was, but for what nothing takes back: also where a step of the
/// run was refused, and it went no further.
pub(crate) async fn undone(case: &Case, plan: &Plan) -> Results {
    let mut results = vec![("undone".to_owned(), after(case, None).await)];
    let must = |it: &&Step| it.class == Class::Must && matches!(it.what, What::Change(_));
    for step in plan.steps.iter().filter(must) {
        let refused = Trouble {
            step: step.id,
            kind: Kind::Denied,
            calls: u32::MAX,
        };
        let name = format!("step {} denied and undone", step.id);
        results.push((name, after(case, Some(refused)).await));
    }
    results
}

async fn after(case: &Case, trouble: Option<Trouble>) -> Result<(), String> {
    let (site, plan) = begin(case)?;
    let before = normalise(&Site::new(case.variant).drill, &site.original);
    let ended = site.run(&plan, "run", trouble, None).await;
    let expected: &[RunOutcome] = match trouble {
        None => &[RunOutcome::Done],
        // What is so already is not sent, and so not refused.
        Some(_) => &[RunOutcome::Failed, RunOutcome::Done],
    };
    expect(&ended, expected)?;
    site.picture().await;
    let taken = survey(&site.drill, &ended.view()?).await;
    let taken = taken.map_err(|it| it.to_string())?;
    let undo = undo("run", &plan, &taken, None);
    if let Some(drift) = undo.drift.first() {
        return Err(format!("drift: {drift:?}"));
    }
    if !undo.plan.steps.is_empty() {
        let ended = site.run(&undo.plan, "undo", None, None).await;
        expect(&ended, &[RunOutcome::Done])?;
    }
    let after = site.picture().await;
    difference(&reversible(before), &reversible(after))
}
