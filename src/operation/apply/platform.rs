//! Auto Scaling groups and target groups.

use crate::model::{AsgMembership, AsgName, Estate, InstanceId, TargetMembership};

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
        all.push(AsgMembership {
            instance: instance.clone(),
            group: asg.clone(),
            lifecycle: "InService".into(),
        });
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
