//! `move-primary-eni`, which is not possible: the primary interface taken off the instance.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::subject::{Steps, Subject};
use super::Remarks;
use crate::model::PartKind;
use crate::operation::Operation;

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::MovePrimaryEni,
    name: "move-primary-eni",
    scope: Scope::Instance,
    summary: "detach its primary interface, or move it to another subnet",
    caveat: "a primary interface can't be detached, and no interface changes its subnet",
    reason: "a primary interface can't be detached, and no interface changes its subnet: \
             https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html",
    needs: &[PartKind::Instances, PartKind::Enis],
    build: steps,
    ..Entry::IMPOSSIBLE
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    let primary = subject.enis.iter().find(|it| it.device_index == Some(0));
    let Some(primary) = primary else {
        return Err(subject.not_possible(ENTRY.reason));
    };
    steps.at_once(vec![Operation::DetachInterface {
        eni: primary.id.clone(),
    }]);
    Ok(Vec::new())
}
