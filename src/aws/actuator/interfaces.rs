//! Network interfaces: their groups, their idle timeouts, and themselves.
//!
//! AWS takes one attribute per call:
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html>

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    ConnectionTrackingSpecificationRequest, Filter, NetworkInterface, ResourceType,
};

use super::super::convert::eni::eni as converted;
use super::super::error::Call;
use super::super::estate::filter;
use super::{Ec2, by_tags, carries, made, tagged_as};
use crate::model::{Eni, EniId, GroupId, InstanceId, SubnetId, TrackingTimeouts};
use crate::operation::{Answer, CallError, CallErrorKind, State};

pub(super) const MODIFY: &str = "ec2:ModifyNetworkInterfaceAttribute";

/// The groups of an interface.
pub(super) async fn groups(ec2: &Client, eni: &EniId) -> Result<State, CallError> {
    let found = describe(ec2, eni).await?;
    Ok(found.map_or(State::Absent, |it| State::EniGroups(it.groups)))
}

/// The groups of an instance's primary interface.
pub(super) async fn groups_of_instance(
    ec2: &Client,
    instance: &InstanceId,
) -> Result<State, CallError> {
    let filters = vec![filter("attachment.instance-id", [instance.as_str()])];
    let found = search(ec2, instance.as_str(), filters).await?;
    let primary = found
        .iter()
        .filter_map(converted)
        .find(|it| it.device_index == Some(0));
    Ok(primary.map_or(State::Absent, |it| State::EniGroups(it.groups)))
}

/// The idle timeouts of an interface.
pub(super) async fn timeouts(ec2: &Client, eni: &EniId) -> Result<State, CallError> {
    let found = describe(ec2, eni).await?;
    Ok(found.map_or(State::Absent, |it| State::Timeouts(it.timeouts)))
}

/// An interface by id.
pub(super) async fn state(ec2: &Client, eni: &EniId) -> Result<State, CallError> {
    let found = describe(ec2, eni).await?;
    Ok(found.map_or(State::Absent, |it| State::Interface(it.id)))
}

/// The interface of a subnet that carries all these tags: the first, should there be several.
pub(super) async fn tagged(
    ec2: &Client,
    subnet: &SubnetId,
    tags: &[(String, String)],
) -> Result<State, CallError> {
    // Every interface carries no tags at all.
    if tags.is_empty() {
        return Ok(State::Absent);
    }
    let mut filters = vec![filter("subnet-id", [subnet.as_str()])];
    filters.extend(by_tags(tags));
    let found = search(ec2, subnet.as_str(), filters).await?;
    let ours = found.iter().filter(|it| carries(it.tag_set(), tags));
    let first = ours
        .filter_map(NetworkInterface::network_interface_id)
        .min();
    Ok(first.map_or(State::Absent, |id| State::Interface(id.into())))
}

/// The instance that an interface is attached to.
pub(super) async fn attachment(ec2: &Client, eni: &EniId) -> Result<State, CallError> {
    let found = describe(ec2, eni).await?;
    let instance = found.and_then(|it| it.instance);
    Ok(instance.map_or(State::Absent, |it| State::AttachedTo(it.to_string())))
}

/// An interface by id.
pub(super) async fn describe(ec2: &Client, eni: &EniId) -> Result<Option<Eni>, CallError> {
    Ok(by_id(ec2, eni).await?.as_ref().and_then(converted))
}

async fn by_id(ec2: &Client, eni: &EniId) -> Result<Option<NetworkInterface>, CallError> {
    let filters = vec![filter("network-interface-id", [eni.as_str()])];
    let found = search(ec2, eni.as_str(), filters).await?;
    Ok(found
        .into_iter()
        .find(|it| it.network_interface_id() == Some(eni.as_str())))
}

/// Paged, because a filter that AWS does not index fails in large accounts otherwise.
async fn search(
    ec2: &Client,
    on: &str,
    filters: Vec<Filter>,
) -> Result<Vec<NetworkInterface>, CallError> {
    let call = Call::new("ec2:DescribeNetworkInterfaces", on);
    let request = ec2.describe_network_interfaces().set_filters(Some(filters));
    let pages = request.into_paginator().page_size(1000);
    let found = pages.items().send().try_collect().await;
    found.map_err(|error| call.lookup_error(&error))
}

/// Replaces the groups of an interface.
pub(super) async fn set_groups(
    ec2: &Client,
    eni: &EniId,
    groups: &[GroupId],
) -> Result<Answer, CallError> {
    let call = Call::new(MODIFY, eni.as_str());
    let groups = groups.iter().map(ToString::to_string).collect();
    let request = ec2
        .modify_network_interface_attribute()
        .network_interface_id(eni.as_str())
        .set_groups(Some(groups));
    call.answered(request.send().await)
}

/// Sets idle timeouts; absent ones are left as they are.
pub(super) async fn set_timeouts(
    ec2: &Client,
    eni: &EniId,
    timeouts: TrackingTimeouts,
) -> Result<Answer, CallError> {
    let call = Call::new(MODIFY, eni.as_str());
    let request = ec2
        .modify_network_interface_attribute()
        .network_interface_id(eni.as_str())
        .connection_tracking_specification(specification(timeouts));
    call.answered(request.send().await)
}

/// Replaces the groups of an instance's only interface.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html>
pub(super) async fn set_groups_of_instance(
    ec2: &Client,
    instance: &InstanceId,
    groups: &[GroupId],
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:ModifyInstanceAttribute", instance.as_str());
    let groups = groups.iter().map(ToString::to_string).collect();
    let request = ec2
        .modify_instance_attribute()
        .instance_id(instance.as_str())
        .set_groups(Some(groups));
    call.answered(request.send().await)
}

/// Makes an interface that is attached to nothing; without groups it gets the VPC's default one.
pub(super) async fn create(
    ec2: &Client,
    subnet: &SubnetId,
    groups: &[GroupId],
    tags: &[(String, String)],
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:CreateNetworkInterface", subnet.as_str());
    let groups: Vec<String> = groups.iter().map(ToString::to_string).collect();
    let answer = ec2
        .create_network_interface()
        .subnet_id(subnet.as_str())
        .set_groups((!groups.is_empty()).then_some(groups))
        .set_tag_specifications(tagged_as(ResourceType::NetworkInterface, tags))
        .send()
        .await
        .map_err(|error| call.call_error(&error))?;
    let eni = answer.network_interface();
    made(call, eni.and_then(NetworkInterface::network_interface_id))
}

/// Deletes an interface.
pub(super) async fn delete(ec2: &Client, eni: &EniId) -> Result<Answer, CallError> {
    let call = Call::new("ec2:DeleteNetworkInterface", eni.as_str());
    let request = ec2.delete_network_interface();
    call.answered(request.network_interface_id(eni.as_str()).send().await)
}

/// Detaches an interface from its instance.
pub(super) async fn detach(ec2: Ec2<'_>, eni: &EniId) -> Result<Answer, CallError> {
    let call = Call::new("ec2:DetachNetworkInterface", eni.as_str());
    let found = by_id(ec2.read, eni).await?;
    let attachment = found.as_ref().and_then(NetworkInterface::attachment);
    let Some(id) = attachment.and_then(|it| it.attachment_id()) else {
        let message = "AWS shows no attachment; read the interface again";
        return Err(call.refuse(CallErrorKind::Refused, "NoAttachment", message));
    };
    let request = ec2.write.detach_network_interface().attachment_id(id);
    call.answered(request.send().await)
}

fn specification(timeouts: TrackingTimeouts) -> ConnectionTrackingSpecificationRequest {
    // What does not fit AWS's type is far out of its range; let AWS say so.
    let seconds = |it: Option<u32>| it.map(|it| i32::try_from(it).unwrap_or(i32::MAX));
    ConnectionTrackingSpecificationRequest::builder()
        .set_tcp_established_timeout(seconds(timeouts.tcp_established))
        .set_udp_timeout(seconds(timeouts.udp))
        .set_udp_stream_timeout(seconds(timeouts.udp_stream))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_timeouts_asked_for_are_sent() {
        let sent = specification(TrackingTimeouts {
            udp: Some(30),
            ..TrackingTimeouts::default()
        });
        assert_eq!(sent.udp_timeout(), Some(30));
        assert_eq!(sent.tcp_established_timeout(), None);
        assert_eq!(sent.udp_stream_timeout(), None);
    }
}
