//! Auto Scaling groups: leaving and coming back, and how small they may get.

use aws_sdk_autoscaling::Client;

use super::super::convert::compute::{asg_membership, asg_size};
use super::super::error::Call;
use crate::model::{AsgName, InstanceId};
use crate::operation::{Answer, CallError, State};

/// An instance's life-cycle state in a group.
pub(super) async fn lifecycle(
    autoscaling: &Client,
    instance: &InstanceId,
    asg: &AsgName,
) -> Result<State, CallError> {
    let call = Call::new(
        "autoscaling:DescribeAutoScalingInstances",
        instance.as_str(),
    );
    let request = autoscaling
        .describe_auto_scaling_instances()
        .instance_ids(instance.as_str());
    let found = request.into_paginator().items().send().try_collect().await;
    let found = found.map_err(|error| call.lookup_error(&error))?;
    let mut found = found.iter().filter_map(asg_membership);
    let ours = found.find(|it| it.instance == *instance && it.group == *asg);
    Ok(ours.map_or(State::Absent, |it| State::Asg(it.lifecycle)))
}

/// The minimum size of a group.
pub(super) async fn min_size(autoscaling: &Client, asg: &AsgName) -> Result<State, CallError> {
    let call = Call::new("autoscaling:DescribeAutoScalingGroups", asg.as_str());
    let request = autoscaling
        .describe_auto_scaling_groups()
        .auto_scaling_group_names(asg.as_str());
    let found = request.into_paginator().items().send().try_collect().await;
    let found = found.map_err(|error| call.lookup_error(&error))?;
    let mut found = found.iter().filter_map(asg_size);
    let ours = found.find(|(name, _)| name == asg);
    Ok(ours.map_or(State::Absent, |(_, size)| State::AsgMinSize(size.min)))
}

/// Sets the minimum size; everything else stays.
pub(super) async fn set_min_size(
    autoscaling: &Client,
    asg: &AsgName,
    min: u32,
) -> Result<Answer, CallError> {
    let call = Call::new("autoscaling:UpdateAutoScalingGroup", asg.as_str());
    let request = autoscaling
        .update_auto_scaling_group()
        .auto_scaling_group_name(asg.as_str())
        // What does not fit AWS's type is far out of its range; let AWS say so.
        .min_size(i32::try_from(min).unwrap_or(i32::MAX));
    call.answered(request.send().await)
}

/// Takes an instance out of service.
pub(super) async fn enter_standby(
    autoscaling: &Client,
    instance: &InstanceId,
    asg: &AsgName,
    decrement: bool,
) -> Result<Answer, CallError> {
    let call = Call::new("autoscaling:EnterStandby", instance.as_str());
    let request = autoscaling
        .enter_standby()
        .instance_ids(instance.as_str())
        .auto_scaling_group_name(asg.as_str())
        .should_decrement_desired_capacity(decrement);
    call.answered(request.send().await)
}

/// Puts an instance back into service.
pub(super) async fn exit_standby(
    autoscaling: &Client,
    instance: &InstanceId,
    asg: &AsgName,
) -> Result<Answer, CallError> {
    let call = Call::new("autoscaling:ExitStandby", instance.as_str());
    let request = autoscaling
        .exit_standby()
        .instance_ids(instance.as_str())
        .auto_scaling_group_name(asg.as_str());
    call.answered(request.send().await)
}

/// Takes an instance out of a group.
pub(super) async fn detach(
    autoscaling: &Client,
    instance: &InstanceId,
    asg: &AsgName,
    decrement: bool,
) -> Result<Answer, CallError> {
    let call = Call::new("autoscaling:DetachInstances", instance.as_str());
    let request = autoscaling
        .detach_instances()
        .instance_ids(instance.as_str())
        .auto_scaling_group_name(asg.as_str())
        .should_decrement_desired_capacity(decrement);
    call.answered(request.send().await)
}

/// Adds an instance to a group.
pub(super) async fn attach(
    autoscaling: &Client,
    instance: &InstanceId,
    asg: &AsgName,
) -> Result<Answer, CallError> {
    let call = Call::new("autoscaling:AttachInstances", instance.as_str());
    let request = autoscaling
        .attach_instances()
        .instance_ids(instance.as_str())
        .auto_scaling_group_name(asg.as_str());
    call.answered(request.send().await)
}
