//! `delete-attached-group`, which is not possible: the suspect's groups deleted.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html>

use std::collections::BTreeSet;

use super::super::catalogue::{Action, Entry, Scope};
use super::super::subject::{Steps, Subject};
use crate::model::PartKind;
use crate::operation::{Operation, Ref};

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::DeleteAttachedGroup,
    name: "delete-attached-group",
    scope: Scope::Instance,
    summary: "delete its security groups",
    caveat: "AWS refuses while a group is attached or named by a rule; once detached it is useless",
    reason: "a group that is attached, or named by a rule of its VPC, can't be deleted: \
             https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html",
    needs: &[PartKind::Instances, PartKind::Enis, PartKind::Groups],
    build: |subject, all| Ok(steps(subject, all)),
    ..Entry::IMPOSSIBLE
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Vec<String> {
    let groups: BTreeSet<_> = subject.enis.iter().flat_map(|it| &it.groups).collect();
    let delete = |group: &crate::model::GroupId| Operation::DeleteGroup {
        group: Ref::Id(group.clone()),
    };
    steps.at_once(groups.into_iter().map(delete).collect());
    Vec::new()
}
