//! `asg-detach`: out of its Auto Scaling group, as an instance of its own.
//!
//! <https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-detach-attach-instances.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::subject::{Steps, Subject};
use super::Remarks;
use super::asg_standby::membership;
use crate::model::PartKind;
use crate::operation::Operation;

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::AsgDetach,
    name: "asg-detach",
    scope: Scope::Platform,
    summary: "out of its Auto Scaling group",
    caveat: "fails where the group is at its minimum size; going back needs room below its maximum",
    cuts: false,
    fails_health_checks: false,
    needs: &[PartKind::Instances, PartKind::AsgMemberships],
    build: steps,
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    let member = membership(subject)?;
    // Lowering the capacity for one that is in standby already would end another member.
    let decrement = member.lifecycle != "Standby";
    steps.at_once(vec![Operation::DetachFromAsg {
        instance: subject.instance.id.clone(),
        asg: member.group.clone(),
        decrement,
    }]);
    Ok(vec![
        "AWS refuses if the group's desired capacity would fall below its minimum: that was not read."
            .to_string(),
        "The group may balance its zones afterwards, and end other members for it.".to_string(),
    ])
}
