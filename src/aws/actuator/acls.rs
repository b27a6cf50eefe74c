//! Network ACLs and their entries: create, replace, delete, move a subnet, and read back.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Filter, IcmpTypeCode, NetworkAcl, PortRange, ResourceType, RuleAction};
use ipnet::IpNet;

use super::super::convert::network::acl as converted;
use super::super::error::{Call, is_not_found};
use super::super::estate::filter;
use super::{Ec2, by_tags, carries, made, tagged_as};
use crate::model::notation::written_ports;
use crate::model::{AclAction, AclEntry, AclId, Direction, Protocol, SubnetId, VpcId};
use crate::operation::{Answer, CallError, CallErrorKind, State};

/// The largest page of `DescribeNetworkAcls`.
const PAGE: i32 = 1000;

/// The ACL of a VPC that carries all these tags: the first, should there be several.
pub(super) async fn tagged(
    ec2: &Client,
    vpc: &VpcId,
    tags: &[(String, String)],
) -> Result<State, CallError> {
    // Every ACL carries no tags at all.
    if tags.is_empty() {
        return Ok(State::Absent);
    }
    let mut filters = vec![filter("vpc-id", [vpc.as_str()])];
    filters.extend(by_tags(tags));
    let found = describe(ec2, vpc.as_str(), filters).await?;
    let ours = found.iter().filter(|it| carries(it.tags(), tags));
    let first = ours.filter_map(NetworkAcl::network_acl_id).min();
    Ok(first.map_or(State::Absent, |id| State::Acl(id.into())))
}

/// The ACL that serves a subnet.
pub(super) async fn of_subnet(ec2: &Client, subnet: &SubnetId) -> Result<State, CallError> {
    let association = association(ec2, subnet).await?;
    Ok(association.map_or(State::Absent, |it| State::SubnetAcl(it.acl)))
}

/// An ACL by id.
pub(super) async fn state(ec2: &Client, acl: &AclId) -> Result<State, CallError> {
    let found = by_id(ec2, acl).await?;
    Ok(found.map_or(State::Absent, |_| State::Acl(acl.clone())))
}

/// An entry of an ACL.
pub(super) async fn entry(
    ec2: &Client,
    acl: &AclId,
    direction: Direction,
    number: u16,
) -> Result<State, CallError> {
    let found = by_id(ec2, acl).await?;
    let found = found.as_ref().and_then(converted);
    let entry = found.and_then(|it| it.entry(direction, number).cloned());
    Ok(entry.map_or(State::Absent, State::AclEntry))
}

async fn by_id(ec2: &Client, acl: &AclId) -> Result<Option<NetworkAcl>, CallError> {
    let call = Call::new("ec2:DescribeNetworkAcls", acl.as_str());
    let request = ec2.describe_network_acls().network_acl_ids(acl.as_str());
    match request.send().await {
        Ok(answer) => Ok(answer.network_acls.unwrap_or_default().into_iter().next()),
        Err(error) if is_not_found(&error) => Ok(None),
        Err(error) => Err(call.lookup_error(&error)),
    }
}

/// Which ACL serves a subnet, and under which id AWS keeps that.
#[derive(Debug, PartialEq, Eq)]
struct Association {
    id: String,
    acl: AclId,
}

async fn association(ec2: &Client, subnet: &SubnetId) -> Result<Option<Association>, CallError> {
    let filters = vec![filter("association.subnet-id", [subnet.as_str()])];
    let found = describe(ec2, subnet.as_str(), filters).await?;
    Ok(association_in(&found, subnet))
}

/// The filter answers whole ACLs, with the associations of all their subnets.
fn association_in(acls: &[NetworkAcl], subnet: &SubnetId) -> Option<Association> {
    let all = acls.iter().flat_map(NetworkAcl::associations);
    let ours = all
        .filter(|it| it.subnet_id() == Some(subnet.as_str()))
        .find_map(|it| Some((it.network_acl_association_id()?, it.network_acl_id()?)));
    let (id, acl) = ours?;
    Some(Association {
        id: id.to_owned(),
        acl: acl.into(),
    })
}

async fn describe(
    ec2: &Client,
    on: &str,
    filters: Vec<Filter>,
) -> Result<Vec<NetworkAcl>, CallError> {
    let call = Call::new("ec2:DescribeNetworkAcls", on);
    let request = ec2.describe_network_acls().set_filters(Some(filters));
    let pages = request.into_paginator().page_size(PAGE);
    let found = pages.items().send().try_collect().await;
    found.map_err(|error| call.lookup_error(&error))
}

/// Creates an ACL: AWS gives it nothing but the final denies.
pub(super) async fn create(
    ec2: &Client,
    vpc: &VpcId,
    tags: &[(String, String)],
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:CreateNetworkAcl", vpc.as_str());
    let answer = ec2
        .create_network_acl()
        .vpc_id(vpc.as_str())
        .set_tag_specifications(tagged_as(ResourceType::NetworkAcl, tags))
        .send()
        .await
        .map_err(|error| call.call_error(&error))?;
    made(
        call,
        answer.network_acl().and_then(NetworkAcl::network_acl_id),
    )
}

/// Moves a subnet to another ACL.
pub(super) async fn associate(
    ec2: Ec2<'_>,
    subnet: &SubnetId,
    acl: &AclId,
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:ReplaceNetworkAclAssociation", subnet.as_str());
    let Some(now) = association(ec2.read, subnet).await? else {
        let message = "AWS shows no network ACL that serves it; check the subnet";
        return Err(call.refuse(CallErrorKind::NotFound, "NoAssociation", message));
    };
    if now.acl == *acl {
        return Ok(Answer::default());
    }
    let request = ec2
        .write
        .replace_network_acl_association()
        .association_id(now.id)
        .network_acl_id(acl.as_str());
    call.answered(request.send().await)
}

/// Deletes an ACL.
pub(super) async fn delete(ec2: &Client, acl: &AclId) -> Result<Answer, CallError> {
    let call = Call::new("ec2:DeleteNetworkAcl", acl.as_str());
    let request = ec2.delete_network_acl().network_acl_id(acl.as_str());
    call.answered(request.send().await)
}

/// Adds an entry.
pub(super) async fn create_entry(
    ec2: &Client,
    acl: &AclId,
    entry: &AclEntry,
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:CreateNetworkAclEntry", acl.as_str());
    let written = Written::of(entry);
    let request = ec2
        .create_network_acl_entry()
        .network_acl_id(acl.as_str())
        .egress(written.egress)
        .rule_number(entry.number.into())
        .rule_action(written.action)
        .protocol(written.protocol)
        .set_cidr_block(written.v4)
        .set_ipv6_cidr_block(written.v6)
        .set_port_range(written.ports)
        .set_icmp_type_code(written.icmp);
    call.answered(request.send().await)
}

/// Replaces the entry of the same direction and number.
pub(super) async fn replace_entry(
    ec2: &Client,
    acl: &AclId,
    entry: &AclEntry,
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:ReplaceNetworkAclEntry", acl.as_str());
    let written = Written::of(entry);
    let request = ec2
        .replace_network_acl_entry()
        .network_acl_id(acl.as_str())
        .egress(written.egress)
        .rule_number(entry.number.into())
        .rule_action(written.action)
        .protocol(written.protocol)
        .set_cidr_block(written.v4)
        .set_ipv6_cidr_block(written.v6)
        .set_port_range(written.ports)
        .set_icmp_type_code(written.icmp);
    call.answered(request.send().await)
}

/// Removes an entry.
pub(super) async fn delete_entry(
    ec2: &Client,
    acl: &AclId,
    direction: Direction,
    number: u16,
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:DeleteNetworkAclEntry", acl.as_str());
    let request = ec2
        .delete_network_acl_entry()
        .network_acl_id(acl.as_str())
        .egress(direction == Direction::Egress)
        .rule_number(number.into());
    call.answered(request.send().await)
}

/// An entry as requests write it. Protocols are numbers here; TCP and UDP need ports, ICMP type and code.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html>
#[derive(Debug, PartialEq)]
struct Written {
    egress: bool,
    action: RuleAction,
    protocol: String,
    v4: Option<String>,
    v6: Option<String>,
    ports: Option<PortRange>,
    icmp: Option<IcmpTypeCode>,
}

impl Written {
    fn of(entry: &AclEntry) -> Self {
        let block = entry.cidr.to_string();
        let (v4, v6) = match entry.cidr {
            IpNet::V4(_) => (Some(block), None),
            IpNet::V6(_) => (None, Some(block)),
        };
        let (from, to) = written_ports(entry.protocol, entry.ports);
        let range = from.zip(to);
        let is_icmp = matches!(entry.protocol, Protocol::ICMP | Protocol::ICMPV6);
        let icmp = |(of, code)| IcmpTypeCode::builder().r#type(of).code(code).build();
        let ports = |(from, to)| PortRange::builder().from(from).to(to).build();
        Self {
            egress: entry.direction == Direction::Egress,
            action: match entry.action {
                AclAction::Allow => RuleAction::Allow,
                AclAction::Deny => RuleAction::Deny,
            },
            protocol: match entry.protocol {
                Protocol::All => "-1".to_owned(),
                Protocol::Number(number) => number.to_string(),
            },
            v4,
            v6,
            ports: range.filter(|_| !is_icmp).map(ports),
            icmp: range.filter(|_| is_icmp).map(icmp),
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::NetworkAclAssociation;

    use super::*;

    #[test]
    fn the_association_is_that_of_the_subnet_and_of_no_other() {
        let of = |subnet: &str, id: &str| {
            NetworkAclAssociation::builder()
                .subnet_id(subnet)
                .network_acl_association_id(id)
                .network_acl_id("acl-1")
                .build()
        };
        let acl = NetworkAcl::builder()
            .network_acl_id("acl-1")
            .associations(of("subnet-1", "aclassoc-1"))
            .associations(of("subnet-2", "aclassoc-2"))
            .build();
        let found = association_in(std::slice::from_ref(&acl), &"subnet-2".into());
        assert_eq!(found.unwrap().id, "aclassoc-2");
        assert_eq!(association_in(&[acl], &"subnet-3".into()), None);
    }

    #[test]
    fn entries_are_written_as_aws_wants_them() {
        let entry = |protocol, ports: Option<(i32, i32)>, cidr: &str| AclEntry {
            direction: Direction::Egress,
            number: 90,
            action: AclAction::Deny,
            protocol,
            cidr: cidr.parse().unwrap(),
            ports: ports.map(|(from, to)| crate::model::PortRange { from, to }),
        };
        for (entry, protocol, ports, icmp) in [
            (entry(Protocol::All, None, "10.0.0.0/8"), "-1", None, None),
            (
                entry(Protocol::TCP, None, "::/0"),
                "6",
                Some((0, 65_535)),
                None,
            ),
            (
                entry(Protocol::UDP, Some((53, 53)), "::/0"),
                "17",
                Some((53, 53)),
                None,
            ),
            (
                entry(Protocol::ICMP, Some((8, 0)), "10.0.0.0/8"),
                "1",
                None,
                Some((8, 0)),
            ),
            (
                entry(Protocol::ICMPV6, None, "::/0"),
                "58",
                None,
                Some((-1, -1)),
            ),
            (
                entry(Protocol::Number(47), None, "10.0.0.0/8"),
                "47",
                None,
                None,
            ),
        ] {
            let made = Written::of(&entry);
            assert!(made.egress && made.action == RuleAction::Deny);
            assert_eq!(made.protocol, protocol);
            let range = made.ports.and_then(|it| it.from().zip(it.to()));
            assert_eq!(range, ports, "{entry:?}");
            let of = made.icmp.and_then(|it| it.r#type().zip(it.code()));
            assert_eq!(of, icmp, "{entry:?}");
            let six = entry.cidr.to_string() == "::/0";
            assert_eq!((made.v4.is_none(), made.v6.is_some()), (six, six));
        }
    }
}
