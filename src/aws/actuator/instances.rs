//! Instances: their life cycle, and their metadata endpoint.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    Instance, InstanceMetadataEndpointState, InstanceMetadataOptionsState, InstanceStateName,
    Reservation,
};

use super::super::error::Call;
use super::super::estate::filter;
use crate::model::{InstanceId, InstanceState};
use crate::operation::{Answer, CallError, State};

/// The life-cycle state of an instance.
pub(super) async fn state(ec2: &Client, id: &InstanceId) -> Result<State, CallError> {
    let found = describe(ec2, id).await?;
    let state = found.as_ref().and_then(Instance::state);
    let name = state
        .and_then(|it| it.name())
        .map(InstanceStateName::as_str);
    Ok(name.map_or(State::Absent, |it| {
        State::Instance(InstanceState::named(it))
    }))
}

/// Whether the metadata endpoint answers. While a change is pending it has not taken effect.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceMetadataOptionsResponse.html>
pub(super) async fn metadata_endpoint(ec2: &Client, id: &InstanceId) -> Result<State, CallError> {
    let found = describe(ec2, id).await?;
    let options = found.as_ref().and_then(Instance::metadata_options);
    let Some(endpoint) = options.and_then(|it| it.http_endpoint()) else {
        return Ok(State::Absent);
    };
    let enabled = *endpoint == InstanceMetadataEndpointState::Enabled;
    let state = options.and_then(|it| it.state());
    let pending = state == Some(&InstanceMetadataOptionsState::Pending);
    Ok(State::MetadataEndpoint(enabled != pending))
}

/// An instance. By filter: an unknown id is no error then.
pub(super) async fn describe(ec2: &Client, id: &InstanceId) -> Result<Option<Instance>, CallError> {
    let call = Call::new("ec2:DescribeInstances", id.as_str());
    let request = ec2
        .describe_instances()
        .filters(filter("instance-id", [id.as_str()]));
    let found = request.into_paginator().items().send().try_collect().await;
    let found: Vec<Reservation> = found.map_err(|error| call.lookup_error(&error))?;
    let all = found.into_iter().filter_map(|it| it.instances);
    Ok(all
        .flatten()
        .find(|it| it.instance_id() == Some(id.as_str())))
}

/// Stops an instance.
pub(super) async fn stop(
    ec2: &Client,
    id: &InstanceId,
    hibernate: bool,
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:StopInstances", id.as_str());
    let request = ec2
        .stop_instances()
        .instance_ids(id.as_str())
        .set_hibernate(hibernate.then_some(true));
    call.answered(request.send().await)
}

/// Starts an instance.
pub(super) async fn start(ec2: &Client, id: &InstanceId) -> Result<Answer, CallError> {
    let call = Call::new("ec2:StartInstances", id.as_str());
    call.answered(ec2.start_instances().instance_ids(id.as_str()).send().await)
}

/// Turns the metadata endpoint on or off; other options stay as they are.
pub(super) async fn set_metadata_endpoint(
    ec2: &Client,
    id: &InstanceId,
    enabled: bool,
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:ModifyInstanceMetadataOptions", id.as_str());
    let state = if enabled {
        InstanceMetadataEndpointState::Enabled
    } else {
        InstanceMetadataEndpointState::Disabled
    };
    let request = ec2.modify_instance_metadata_options();
    match request
        .instance_id(id.as_str())
        .http_endpoint(state)
        .send()
        .await
    {
        Ok(_) => Ok(Answer::default()),
        Err(error) => Err(call.call_error(&error)),
    }
}
