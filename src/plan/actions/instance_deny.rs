//! `instance-deny`: everything denied to the credentials that this instance got, wherever they are used.
//!
//! The condition is on the instance that the credentials were issued to, so that no other user of the role
//! is touched. It does not follow credentials into another role.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::roles::role_users;
use super::super::subject::{Steps, Subject};
use super::Remarks;
use crate::model::PartKind;
use crate::operation::Operation;

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::InstanceDeny,
    name: "instance-deny",
    scope: Scope::Identity,
    summary: "deny everything to the credentials that this instance got",
    caveat: "not what was done with them before: other roles, keys and resources stay",
    cuts: false,
    fails_health_checks: false,
    needs: &[PartKind::Instances],
    build: steps,
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    let profile = subject.profile()?;
    role_users(subject.estate, profile).changeable(subject)?;
    steps.at_once(vec![Operation::DenyInstance {
        profile: profile.to_string(),
        instance: subject.instance.id.clone(),
    }]);
    Ok(vec![
        "Sessions of roles that it took on from this one carry no such mark and go on.".to_string(),
        "Its own agents lose their access too: collect what needs them first.".to_string(),
    ])
}
