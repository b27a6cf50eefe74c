//! A process that dies after any line of the journal, and another one that takes the run up.

use std::time::Duration;

use firedoor::executor::{Resume, RunOutcome};
use firedoor::plan::{Class, Plan};

use super::normalise::difference;
use super::troubles::{Results, bad_ends, begin, closed, expect};
use super::world::Case;

/// Dies after every line in turn: nothing is lost, nothing is done twice, and nothing stands open.
pub(crate) async fn every_line(case: &Case, plan: &Plan, wanted: &[String]) -> Results {
    let mut results = Results::new();
    let opens = |it: &firedoor::plan::Step| matches!(it.class, Class::AlwaysOnceSent(_));
    let hows: &[Resume] = if plan.steps.iter().any(opens) {
        &[Resume::Continue, Resume::Close]
    } else {
        &[Resume::Continue]
    };
    for how in hows {
        for line in 1.. {
            let name = format!("killed after line {line}, {how:?}");
            match after(case, line, *how, wanted).await {
                Ok(false) => break,
                Ok(true) => results.push((name, Ok(()))),
                Err(why) => results.push((name, Err(why))),
            }
        }
    }
    results
}

/// Whether the run had not come to its end by that line.
async fn after(case: &Case, line: usize, how: Resume, wanted: &[String]) -> Result<bool, String> {
    let (site, plan) = begin(case)?;
    let broken = site.run(&plan, "run", None, Some(line)).await;
    if broken.outcome.is_some() {
        return Ok(false);
    }
    // What was sent arrives nevertheless.
    site.setting.clock.sleep(Duration::from_secs(2)).await;
    let Some((how, ended)) = site.resume("run", how).await? else {
        return Ok(false);
    };
    if how == Resume::Close {
        let safe = [RunOutcome::Stopped, RunOutcome::Failed, RunOutcome::Done];
        expect(&ended, &safe)?;
        let ends = bad_ends(&ended)?;
        let closed = closed(&site, &plan).map(|()| true);
        return closed.map_err(|why| format!("{why}; {ends}"));
    }
    expect(&ended, &[RunOutcome::Done])?;
    closed(&site, &plan)?;
    difference(wanted, &site.picture().await).map(|()| true)
}
