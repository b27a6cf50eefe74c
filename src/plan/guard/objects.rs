//! What is said of the objects that a plan changes: tags that protect or lock them, and the platform that
//! watches the suspect.

use std::collections::BTreeSet;

use super::{Guard, GuardKind, LOCK_TAG, OPEN_TAG, OwnPath, PROTECT_TAG};
use crate::model::{Estate, InstanceId, ResourceId};
use crate::operation::Operation;
use crate::plan::changed::changed;
use crate::plan::step::{Plan, Procedure};

pub(super) fn guards(estate: &Estate, plan: &Plan, own: &OwnPath) -> Vec<Guard> {
    let mut found = protected(estate, plan, own);
    if let Some(suspect) = plan.suspect() {
        found.extend(locked(estate, plan, own, suspect));
        found.extend(left_open(estate, own, suspect));
        found.extend(platform(estate, plan, suspect));
    }
    found
}

/// A tag of an object, as far as it is known.
fn tag<'a>(
    estate: &'a Estate,
    own: &'a OwnPath,
    object: &ResourceId,
    key: &str,
) -> Option<&'a str> {
    let instance = estate.instance(&object.as_str().into());
    let of_instance = instance.and_then(|it| it.tags.iter().find(|(name, _)| name == key));
    let of_instance = of_instance.map(|(_, value)| value.as_str());
    of_instance.or_else(|| own.tags.get(object)?.get(key).map(String::as_str))
}

fn protected(estate: &Estate, plan: &Plan, own: &OwnPath) -> Vec<Guard> {
    let suspect = plan.suspect().map(|it| ResourceId::new(it.as_str()));
    let mut objects: BTreeSet<ResourceId> = plan.operations().flat_map(changed).collect();
    objects.extend(suspect.clone());
    let mut found = Vec::new();
    for object in objects {
        let value = tag(estate, own, &object, PROTECT_TAG);
        let Some(value) = value.filter(|it| !it.eq_ignore_ascii_case("false")) else {
            continue;
        };
        let what = if Some(&object) == suspect.as_ref() {
            "the suspect"
        } else {
            "which this plan changes"
        };
        found.push(Guard::refuse(
            GuardKind::Protected,
            format!("{object}, {what}, is tagged {PROTECT_TAG}={value}: ask its owner."),
        ));
    }
    found
}

/// Another run on the suspect. An undo may find the lock of the very run that it takes back.
fn locked(estate: &Estate, plan: &Plan, own: &OwnPath, suspect: &InstanceId) -> Option<Guard> {
    let holder = tag(estate, own, &suspect.as_str().into(), LOCK_TAG)?;
    let is_own = matches!(&plan.procedure, Procedure::Undo(run) if names(holder, run));
    (!is_own).then(|| {
        Guard::refuse(
            GuardKind::Locked,
            format!(
                "{suspect} is locked by run {holder} (tag {LOCK_TAG}): wait for it, or resume it. If \
                 it is long dead, take the tag off."
            ),
        )
    })
}

/// Whether the text of a lock names a run: it may name the caller besides.
fn names(holder: &str, run: &str) -> bool {
    holder.split_ascii_whitespace().next() == Some(run)
}

fn left_open(estate: &Estate, own: &OwnPath, suspect: &InstanceId) -> Option<Guard> {
    let since = tag(estate, own, &suspect.as_str().into(), OPEN_TAG)?;
    Some(Guard::danger(
        GuardKind::LeftOpen,
        format!(
            "{suspect} may stand open to the world since {since} (tag {OPEN_TAG}): resume that run, it \
             empties first."
        ),
    ))
}

/// What the platform does to a suspect that stops answering.
/// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-health-checks.html>
fn platform(estate: &Estate, plan: &Plan, suspect: &InstanceId) -> Vec<Guard> {
    let mut actions = plan.actions().into_iter();
    if !actions.any(|it| it.entry().fails_health_checks) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let leaves_group = plan.operations().any(|it| {
        matches!(
            it,
            Operation::EnterStandby { .. } | Operation::DetachFromAsg { .. }
        )
    });
    let member = estate.asg_of(suspect);
    let member = member.filter(|it| it.lifecycle != "Standby" && !leaves_group);
    if let Some(member) = member {
        found.push(Guard::danger(
            GuardKind::Platform,
            format!(
                "{suspect} is {} in Auto Scaling group {}, which terminates it once its health checks \
                 fail: asg-standby first.",
                member.lifecycle, member.group
            ),
        ));
    }
    let deregistered = |arn: &str| {
        plan.operations().any(
            |it| matches!(it, Operation::DeregisterTarget { target_group, .. } if target_group == arn),
        )
    };
    for target in estate.targets_of(suspect) {
        // Standby takes it out of the group's load balancers too.
        if !leaves_group && !deregistered(&target.arn) && target.health != "draining" {
            found.push(Guard::note(
                GuardKind::Platform,
                format!(
                    "{suspect} serves target group {}: requests fail until its health checks do. \
                     elb-deregister first lets them drain.",
                    target.target_group
                ),
            ));
        }
    }
    found
}
