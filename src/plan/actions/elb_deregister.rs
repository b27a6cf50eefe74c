//! `elb-deregister`: out of every target group.
//!
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::subject::{Steps, Subject};
use super::Remarks;
use crate::model::{PartKind, TargetMembership};
use crate::operation::Operation;

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::ElbDeregister,
    name: "elb-deregister",
    scope: Scope::Platform,
    summary: "out of its load balancers' target groups",
    caveat: "connections through the load balancer go on for the deregistration delay (300 s)",
    cuts: false,
    fails_health_checks: false,
    needs: &[PartKind::Instances, PartKind::TargetMemberships],
    build: steps,
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    let id = &subject.instance.id;
    let leave = |target: &TargetMembership| Operation::DeregisterTarget {
        instance: id.clone(),
        target_group: target.arn.clone(),
        port: target.port,
    };
    let operations: Vec<Operation> = subject.estate.targets_of(id).map(leave).collect();
    if operations.is_empty() {
        return Err(subject.nothing(format!("{id} is in no target group")));
    }
    steps.at_once(operations);
    Ok(vec![
        "The load balancer sends it nothing new; connections that are open go on for the deregistration \
         delay."
            .to_string(),
        "An Auto Scaling group with load balancer health checks may end it: asg-standby first.".to_string(),
    ])
}
