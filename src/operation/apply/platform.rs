//! Auto Scaling groups and target groups.

use crate::model::{AsgMembership, AsgName, AsgSize, Estate, InstanceId, TargetMembership};

pub(super) fn set_lifecycle(estate: &mut Estate, instance: &InstanceId, lifecycle: &str) {
    estate.update_asg_memberships(|all| {
        if let Some(member) = all.iter_mut().find(|it| it.instance == *instance) {
            lifecycle.clone_into(&mut member.lifecycle);
        }
    });
}

pub(super) fn leave_asg(estate: &mut Estate, instance: &InstanceId) {
    estate.update_asg_memberships(|all| all.retain(|it| it.instance != *instance));
}

pub(super) fn join_asg(estate: &mut Estate, instance: &InstanceId, asg: &AsgName) {
    estate.update_asg_memberships(|all| {
        let size = all.iter().find(|it| it.group == *asg);
        all.push(AsgMembership {
            instance: instance.clone(),
            group: asg.clone(),
            lifecycle: "InService".into(),
            size: size.and_then(|it| it.size),
        });
    });
    resize(estate, asg, 1);
}

/// Changes a group's desired capacity by `by`.
pub(super) fn resize(estate: &mut Estate, asg: &AsgName, by: i32) {
    sized(estate, asg, |size| {
        size.desired = size.desired.saturating_add_signed(by);
    });
}

/// A desired capacity below the minimum is raised to it.
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html>
pub(super) fn set_min_size(estate: &mut Estate, asg: &AsgName, min: u32) {
    sized(estate, asg, |size| {
        size.min = min;
        size.desired = size.desired.max(min);
    });
}

fn sized(estate: &mut Estate, asg: &AsgName, change: impl Fn(&mut AsgSize)) {
    estate.update_asg_memberships(|all| {
        let own = all.iter_mut().filter(|it| it.group == *asg);
        own.filter_map(|it| it.size.as_mut()).for_each(change);
    });
}

pub(super) fn deregister(
    estate: &mut Estate,
    instance: &InstanceId,
    target_group: &str,
    port: Option<u16>,
) {
    estate.update_target_memberships(|all| {
        all.retain(|it| it.instance != *instance || it.arn != target_group || it.port != port);
    });
}

pub(super) fn register(
    estate: &mut Estate,
    instance: &InstanceId,
    target_group: &str,
    port: Option<u16>,
) {
    estate.update_target_memberships(|all| {
        all.push(TargetMembership {
            instance: instance.clone(),
            target_group: name_of(target_group).to_string(),
            arn: target_group.to_string(),
            port,
            health: "initial".into(),
        });
    });
}

/// `arn:…:targetgroup/NAME/0123456789abcdef`
fn name_of(arn: &str) -> &str {
    arn.split('/').nth(1).unwrap_or(arn)
}
