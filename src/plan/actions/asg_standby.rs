//! `asg-standby`: out of service in its Auto Scaling group, which then does not check or replace it.
//!
//! <https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-enter-exit-standby.html>

use super::super::builder::PlanError;
use super::super::catalogue::{Action, Entry, Scope};
use super::super::subject::{Steps, Subject};
use super::Remarks;
use crate::model::{AsgMembership, PartKind};
use crate::operation::Operation;

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::AsgStandby,
    name: "asg-standby",
    scope: Scope::Platform,
    summary: "to standby in its Auto Scaling group",
    caveat: "fails where the group is at its minimum size; load balancers drain it for up to 300 s",
    cuts: false,
    fails_health_checks: false,
    needs: &[PartKind::Instances, PartKind::AsgMemberships],
    build: steps,
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    let member = membership(subject)?;
    if member.lifecycle == "Standby" {
        return Err(subject.already_so());
    }
    steps.at_once(vec![Operation::EnterStandby {
        instance: subject.instance.id.clone(),
        asg: member.group.clone(),
        decrement: true,
    }]);
    Ok(vec![
        "AWS refuses if the group's desired capacity would fall below its minimum: that was not read."
            .to_string(),
        "The group launches no replacement. One would start from the same image, which may be compromised \
         too."
            .to_string(),
    ])
}

/// Its Auto Scaling group.
pub(super) fn membership<'e>(subject: &Subject<'e>) -> Result<&'e AsgMembership, PlanError> {
    let id = &subject.instance.id;
    let member = subject.estate.asg_of(id);
    member.ok_or_else(|| subject.nothing(format!("{id} is in no Auto Scaling group")))
}
