//! What a run did, taken back.

use std::time::Duration;

use firedoor::executor::{Resume, RunOutcome, survey};
use firedoor::plan::{Class, Plan, Step, What, undo};

use super::normalise::{difference, reversible};
use super::troubles::{Results, begin, expect};
use super::world::{Case, Ended, Kind, Site, Trouble};

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
    let ended = site.run(&plan, "run", trouble, None).await;
    let expected: &[RunOutcome] = match trouble {
        None => &[RunOutcome::Done],
        // What is so already is not sent, and so not refused.
        Some(_) => &[RunOutcome::Failed, RunOutcome::Done],
    };
    expect(&ended, expected)?;
    let undo = way_back(&site, &plan, &ended).await?;
    if !undo.steps.is_empty() {
        let ended = site.run(&undo, "undo", None, None).await;
        expect(&ended, &[RunOutcome::Done])?;
    }
    as_before(case, &site).await
}

/// An undo that dies after every line of its own journal in turn, and is taken up again.
pub(crate) async fn killed(case: &Case) -> Results {
    let mut results = Results::new();
    for line in 1.. {
        let name = format!("undo killed after line {line}");
        match killed_after(case, line).await {
            Ok(false) => break,
            Ok(true) => results.push((name, Ok(()))),
            Err(why) => results.push((name, Err(why))),
        }
    }
    results
}

/// Whether the undo had not come to its end by that line.
async fn killed_after(case: &Case, line: usize) -> Result<bool, String> {
    let (site, plan) = begin(case)?;
    let ended = site.run(&plan, "run", None, None).await;
    let undo = way_back(&site, &plan, &ended).await?;
    if undo.steps.is_empty() {
        return Ok(false);
    }
    let broken = site.run(&undo, "undo", None, Some(line)).await;
    if broken.outcome.is_some() {
        return Ok(false);
    }
    // What was sent arrives nevertheless.
    site.setting.clock.sleep(Duration::from_secs(2)).await;
    let Some((_, ended)) = site.resume("undo", Resume::Continue).await? else {
        return Ok(false);
    };
    expect(&ended, &[RunOutcome::Done])?;
    as_before(case, &site).await.map(|()| true)
}

/// The plan that takes a run back.
async fn way_back(site: &Site, plan: &Plan, ended: &Ended) -> Result<Plan, String> {
    site.picture().await;
    let taken = survey(&site.setting.drill, &ended.view()?).await;
    let taken = taken.map_err(|it| it.to_string())?;
    let undo = undo("run", plan, &taken, None);
    match undo.drift.first() {
        Some(drift) => Err(format!("drift: {drift:?}")),
        None => Ok(undo.plan),
    }
}

async fn as_before(case: &Case, site: &Site) -> Result<(), String> {
    let before = Site::new(case.variant).as_it_is();
    let after = site.picture().await;
    difference(&reversible(before), &reversible(after))
}
