//! Auto Scaling groups and target groups.

use super::Refusal;
use super::instances::known_instance;
use crate::model::{AsgName, Estate, InstanceId, InstanceState};

/// Whether it may leave service: a desired capacity that is lowered with it must not fall below the
/// group's minimum size.
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_EnterStandby.html>
pub(super) fn leave(
    estate: &Estate,
    instance: &InstanceId,
    asg: &AsgName,
    states: &[&str],
    decrement: bool,
) -> Result<(), Refusal> {
    member_in(estate, instance, asg, states)?;
    let size = estate.asg_of(instance).and_then(|it| it.size);
    let Some(size) = size.filter(|_| decrement) else {
        return Ok(());
    };
    Refusal::unless(size.desired > size.min, "ValidationError", || {
        format!(
            "the desired capacity of {asg} would fall below its minimum size of {}",
            size.min
        )
    })
}

/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html>
pub(super) fn set_min_size(estate: &Estate, asg: &AsgName, min: u32) -> Result<(), Refusal> {
    let mut members = estate.asg_memberships().iter();
    let size = members.find(|it| it.group == *asg).and_then(|it| it.size);
    let fits = size.is_none_or(|size| min <= size.max);
    Refusal::unless(fits, "ValidationError", || {
        format!("a minimum size of {min} is above the maximum size of {asg}")
    })
}

/// Whether it is a member of the group, in one of these life-cycle states.
/// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-enter-exit-standby.html>
pub(super) fn member_in(
    estate: &Estate,
    instance: &InstanceId,
    asg: &AsgName,
    states: &[&str],
) -> Result<(), Refusal> {
    let member = estate.asg_of(instance).filter(|it| it.group == *asg);
    let Some(member) = member else {
        let message = format!("{instance} is not in Auto Scaling group {asg}");
        return Err(Refusal::new("ValidationError", message));
    };
    let fits = states.contains(&member.lifecycle.as_str());
    Refusal::unless(fits, "ValidationError", || {
        format!("{instance} is {} in {asg}", member.lifecycle)
    })
}

/// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-detach-attach-instances.html>
pub(super) fn attach(estate: &Estate, instance: &InstanceId) -> Result<(), Refusal> {
    let it = known_instance(estate, instance)?;
    let running = it.state == InstanceState::Running;
    Refusal::unless(running, "ValidationError", || {
        format!("{instance} is {}: it must be running", it.state.name())
    })?;
    estate.asg_of(instance).map_or(Ok(()), |member| {
        let message = format!("{instance} is in {} already", member.group);
        Err(Refusal::new("ValidationError", message))
    })
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeregisterTargets.html>
pub(super) fn deregister(
    estate: &Estate,
    instance: &InstanceId,
    target_group: &str,
    port: Option<u16>,
) -> Result<(), Refusal> {
    let mut targets = estate.targets_of(instance);
    let registered = targets.any(|it| it.arn == target_group && it.port == port);
    Refusal::unless(registered, "InvalidTarget", || {
        format!("{instance} is not registered in {target_group}")
    })
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RegisterTargets.html>
pub(super) fn register(estate: &Estate, instance: &InstanceId) -> Result<(), Refusal> {
    let it = known_instance(estate, instance)?;
    let running = it.state == InstanceState::Running;
    Refusal::unless(running, "InvalidTarget", || {
        format!("{instance} is {}: it must be running", it.state.name())
    })
}
