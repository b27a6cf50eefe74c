//! Network interfaces: their groups and their idle timeouts.
//!
//! AWS takes one attribute per call:
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html>

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::ConnectionTrackingSpecificationRequest;

use super::super::convert::eni::eni as converted;
use super::super::error::Call;
use super::super::estate::filter;
use crate::model::{Eni, EniId, GroupId, TrackingTimeouts};
use crate::operation::{Answer, CallError, State};

const MODIFY: &str = "ec2:ModifyNetworkInterfaceAttribute";

/// The groups of an interface.
pub(super) async fn groups(ec2: &Client, eni: &EniId) -> Result<State, CallError> {
    let found = describe(ec2, eni).await?;
    Ok(found.map_or(State::Absent, |it| State::EniGroups(it.groups)))
}

/// The idle timeouts of an interface.
pub(super) async fn timeouts(ec2: &Client, eni: &EniId) -> Result<State, CallError> {
    let found = describe(ec2, eni).await?;
    Ok(found.map_or(State::Absent, |it| State::Timeouts(it.timeouts)))
}

async fn describe(ec2: &Client, eni: &EniId) -> Result<Option<Eni>, CallError> {
    let call = Call::new("ec2:DescribeNetworkInterfaces", eni.as_str());
    let request = ec2
        .describe_network_interfaces()
        .filters(filter("network-interface-id", [eni.as_str()]));
    // Paged, because a filter that AWS does not index fails in large accounts otherwise.
    let pages = request.into_paginator().page_size(1000);
    let found = pages.items().send().try_collect().await;
    let found = found.map_err(|error| call.lookup_error(&error))?;
    Ok(found.iter().filter_map(converted).find(|it| it.id == *eni))
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
    match request.send().await {
        Ok(_) => Ok(Answer::default()),
        Err(error) => Err(call.call_error(&error)),
    }
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
    match request.send().await {
        Ok(_) => Ok(Answer::default()),
        Err(error) => Err(call.call_error(&error)),
    }
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
