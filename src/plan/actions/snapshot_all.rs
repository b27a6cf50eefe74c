//! `snapshot-all`: every volume at one point in time. What is in them is fixed at the call.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSnapshots.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::subject::{Steps, Subject};
use super::Remarks;
use crate::model::PartKind;
use crate::operation::Operation;

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::SnapshotAll,
    name: "snapshot-all",
    scope: Scope::Evidence,
    summary: "snapshot every volume at one point in time",
    caveat: "memory and instance store volumes are not in it",
    cuts: false,
    fails_health_checks: false,
    reversible: false,
    stays: "the snapshots: evidence is never undone",
    needs: &[PartKind::Instances],
    build: steps,
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    let id = &subject.instance.id;
    let read = subject.estate.freshness(PartKind::Volumes).is_some();
    if read && subject.estate.volumes_of(id).next().is_none() {
        return Err(subject.nothing(format!("{id} has no EBS volume")));
    }
    steps.at_once(vec![Operation::CreateSnapshots {
        instance: id.clone(),
        tags: subject.tags(&subject.made_name("evidence")),
    }]);
    Ok(vec![
        "What is in memory and on instance store volumes is not in it. Nothing need wait for the copy: \
         its content is fixed at the call."
            .to_string(),
    ])
}
