//! What a run did, taken back.

use firedoor::executor::{RunOutcome, survey};
use firedoor::plan::undo;

use super::normalise::{difference, normalise, reversible};
use super::troubles::{begin, expect};
use super::world::{Case, Site};

/// A run and its undo leave everything as it was, but for what the undo says that it keeps.
pub(crate) async fn undone(case: &Case) -> Result<(), String> {
    let (site, plan) = begin(case)?;
    let before = normalise(&Site::new(case.variant).drill, &site.original);
    let ended = site.run(&plan, "run", None, None).await;
    expect(&ended, &[RunOutcome::Done])?;
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
