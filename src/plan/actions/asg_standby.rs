//! `asg-standby`: out of service in its Auto Scaling group, which then does not check or replace it.
//!
//! <https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-enter-exit-standby.html>

use super::super::builder::PlanError;
use super::super::catalogue::{Action, Entry, Scope};
use super::super::step::Class;
use super::super::subject::{Steps, Subject};
use super::Remarks;
use crate::model::{AsgMembership, PartKind};
use crate::operation::{Operation, StepId};

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::AsgStandby,
    name: "asg-standby",
    scope: Scope::Platform,
    summary: "to standby in its Auto Scaling group",
    caveat: "its group is one instance smaller meanwhile; load balancers drain it for up to 300 s",
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
    let lowered = lower_min_size(member, steps);
    let standby = Operation::EnterStandby {
        instance: subject.instance.id.clone(),
        asg: member.group.clone(),
        decrement: true,
    };
    steps.change(standby, Class::Must, lowered);
    Ok(vec![
        smaller(member),
        "The group launches no replacement. One would start from the same image, which may be compromised \
         too."
            .to_string(),
    ])
}

/// Lowers the group's minimum size where leaving would fall below it, which AWS refuses.
pub(super) fn lower_min_size(member: &AsgMembership, steps: &mut Steps) -> Option<StepId> {
    let size = member.size.filter(|it| it.desired <= it.min)?;
    let lower = Operation::SetAsgMinSize {
        asg: member.group.clone(),
        min: size.desired.saturating_sub(1),
    };
    Some(steps.change(lower, Class::Must, []))
}

/// What becomes of the group's size.
pub(super) fn smaller(member: &AsgMembership) -> String {
    let group = &member.group;
    match member.size {
        Some(size) => format!(
            "{group} goes from {} to {} instances, and may not be scaled in further: its minimum was {}.",
            size.desired,
            size.desired.saturating_sub(1),
            size.min
        ),
        None => format!(
            "The size of {group} was not read: AWS refuses if it would fall below its minimum."
        ),
    }
}

/// Its Auto Scaling group.
pub(super) fn membership<'e>(subject: &Subject<'e>) -> Result<&'e AsgMembership, PlanError> {
    let id = &subject.instance.id;
    let member = subject.estate.asg_of(id);
    member.ok_or_else(|| subject.nothing(format!("{id} is in no Auto Scaling group")))
}
