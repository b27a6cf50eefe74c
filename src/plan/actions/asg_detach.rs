//! `asg-detach`: out of its Auto Scaling group, as an instance of its own.
//!
//! <https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-detach-attach-instances.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::step::Class;
use super::super::subject::{Steps, Subject};
use super::Remarks;
use super::asg_standby::{lower_min_size, membership, smaller};
use crate::model::PartKind;
use crate::operation::Operation;

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::AsgDetach,
    name: "asg-detach",
    scope: Scope::Platform,
    summary: "out of its Auto Scaling group",
    caveat: "its group is one instance smaller meanwhile; going back needs room below its maximum",
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
    let lowered = decrement.then(|| lower_min_size(member, steps)).flatten();
    let detach = Operation::DetachFromAsg {
        instance: subject.instance.id.clone(),
        asg: member.group.clone(),
        decrement,
    };
    steps.change(detach, Class::Must, lowered);
    Ok(vec![
        smaller(member),
        "The group may balance its zones afterwards, and end other members for it.".to_string(),
    ])
}
