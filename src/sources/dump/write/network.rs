//! The network parts as their describe calls answer them.

use serde_json::{Value, json};

use super::super::read::{TARGETS, UNKNOWN_TARGET};
use super::eni::of_family;
use crate::model::notation::{written_ports, written_protocol};
use crate::model::{
    Acl, AclAction, AclEntry, Direction, FlowLog, FlowLogDestination, Gateway, GatewayKind, Group,
    GroupRule, Peering, PeeringSide, PrefixList, Protocol, Route, RouteTable, RulePeer, Subnet,
    Vpc,
};
use ipnet::IpNet;

pub(super) fn vpc(it: &Vpc) -> Value {
    let v4 = || of_family(&it.cidrs, true);
    let associated = json!({"State": "associated"});
    json!({
        "VpcId": it.id,
        "CidrBlock": v4().next(),
        "CidrBlockAssociationSet": v4()
            .map(|block| json!({"CidrBlock": block, "CidrBlockState": associated}))
            .collect::<Vec<_>>(),
        "Ipv6CidrBlockAssociationSet": ipv6_set(&it.cidrs),
        "Tags": name_tag(&it.name),
    })
}

pub(super) fn subnet(it: &Subnet) -> Value {
    json!({
        "SubnetId": it.id,
        "VpcId": it.vpc,
        "AvailabilityZone": it.zone,
        "CidrBlock": of_family(&it.cidrs, true).next(),
        "Ipv6CidrBlockAssociationSet": ipv6_set(&it.cidrs),
        "Tags": name_tag(&it.name),
    })
}

fn ipv6_set(cidrs: &[IpNet]) -> Vec<Value> {
    let state = json!({"State": "associated"});
    of_family(cidrs, false)
        .map(|block| json!({"Ipv6CidrBlock": block, "Ipv6CidrBlockState": state}))
        .collect()
}

/// The tags of a thing that has only a name.
pub(super) fn name_tag(name: &str) -> Vec<Value> {
    let tag = || json!({"Key": "Name", "Value": name});
    (!name.is_empty()).then(tag).into_iter().collect()
}

pub(super) fn acl(it: &Acl) -> Value {
    let association = |subnet| json!({"NetworkAclId": it.id, "SubnetId": subnet});
    json!({
        "NetworkAclId": it.id,
        "VpcId": it.vpc,
        "IsDefault": it.default,
        "Entries": it.entries.iter().map(entry).collect::<Vec<_>>(),
        "Associations": it.subnets.iter().map(association).collect::<Vec<_>>(),
        "Tags": name_tag(&it.name),
    })
}

fn entry(it: &AclEntry) -> Value {
    let is_icmp = matches!(it.protocol, Protocol::ICMP | Protocol::ICMPV6);
    let icmp = it.ports.filter(|_| is_icmp);
    let ports = it.ports.filter(|_| !is_icmp);
    let v4 = matches!(it.cidr, IpNet::V4(_));
    json!({
        "RuleNumber": it.number,
        "Egress": it.direction == Direction::Egress,
        "RuleAction": match it.action {
            AclAction::Allow => "allow",
            AclAction::Deny => "deny",
        },
        "Protocol": match it.protocol {
            Protocol::All => "-1".to_owned(),
            Protocol::Number(number) => number.to_string(),
        },
        "CidrBlock": v4.then_some(it.cidr),
        "Ipv6CidrBlock": (!v4).then_some(it.cidr),
        "PortRange": ports.map(|it| json!({"From": it.from, "To": it.to})),
        "IcmpTypeCode": icmp.map(|it| json!({"Type": it.from, "Code": it.to})),
    })
}

pub(super) fn group(it: &Group) -> Value {
    let permissions =
        |direction| -> Vec<Value> { it.rules_in(direction).map(permission).collect() };
    json!({
        "GroupId": it.id,
        "VpcId": it.vpc,
        "GroupName": it.name,
        "Description": it.description,
        "IpPermissions": permissions(Direction::Ingress),
        "IpPermissionsEgress": permissions(Direction::Egress),
        "Tags": [],
    })
}

/// A rule in its group's own description, where it has no id.
fn permission(it: &GroupRule) -> Value {
    let (from, to) = written_ports(it.protocol, it.ports);
    let (mut v4, mut v6, mut groups, mut lists) = (vec![], vec![], vec![], vec![]);
    match &it.peer {
        RulePeer::Cidr(block @ IpNet::V4(_)) => v4.push(json!({"CidrIp": block})),
        RulePeer::Cidr(block @ IpNet::V6(_)) => v6.push(json!({"CidrIpv6": block})),
        RulePeer::Group(id) => groups.push(json!({"GroupId": id})),
        RulePeer::PrefixList(id) => lists.push(json!({"PrefixListId": id})),
    }
    json!({
        "IpProtocol": written_protocol(it.protocol),
        "FromPort": from,
        "ToPort": to,
        "IpRanges": v4,
        "Ipv6Ranges": v6,
        "UserIdGroupPairs": groups,
        "PrefixListIds": lists,
    })
}

/// A rule in an answer of `describe-security-group-rules`.
pub(super) fn rule(of: &Group, it: &GroupRule) -> Value {
    let (from, to) = written_ports(it.protocol, it.ports);
    let (mut v4, mut v6, mut group, mut list) = (None, None, None, None);
    match &it.peer {
        RulePeer::Cidr(block @ IpNet::V4(_)) => v4 = Some(block),
        RulePeer::Cidr(block @ IpNet::V6(_)) => v6 = Some(block),
        RulePeer::Group(id) => group = Some(json!({"GroupId": id})),
        RulePeer::PrefixList(id) => list = Some(id),
    }
    json!({
        "SecurityGroupRuleId": it.id,
        "GroupId": of.id,
        "IsEgress": it.direction == Direction::Egress,
        "IpProtocol": written_protocol(it.protocol),
        "FromPort": from.unwrap_or(-1),
        "ToPort": to.unwrap_or(-1),
        "CidrIpv4": v4,
        "CidrIpv6": v6,
        "ReferencedGroupInfo": group,
        "PrefixListId": list,
    })
}

pub(super) fn table(it: &RouteTable) -> Value {
    let main = it
        .main
        .then(|| json!({"Main": true, "RouteTableId": it.id}));
    let subnets = it
        .subnets
        .iter()
        .map(|subnet| json!({"Main": false, "RouteTableId": it.id, "SubnetId": subnet}));
    json!({
        "RouteTableId": it.id,
        "VpcId": it.vpc,
        "Associations": main.into_iter().chain(subnets).collect::<Vec<_>>(),
        "Routes": it.routes.iter().map(route).collect::<Vec<_>>(),
        "Tags": name_tag(&it.name),
    })
}

fn route(it: &Route) -> Value {
    let block: Option<IpNet> = it.destination.parse().ok();
    let destination = match block {
        Some(IpNet::V4(_)) => "DestinationCidrBlock",
        Some(IpNet::V6(_)) => "DestinationIpv6CidrBlock",
        None => "DestinationPrefixListId",
    };
    let mut value = json!({
        "State": if it.blackhole { "blackhole" } else { "active" },
        "Origin": if it.propagated { "EnableVgwRoutePropagation" } else { "CreateRoute" },
    });
    if let Some(object) = value.as_object_mut() {
        object.insert(destination.to_owned(), json!(it.destination));
        if it.target != UNKNOWN_TARGET {
            object.insert(target_field(&it.target).to_owned(), json!(it.target));
        }
    }
    value
}

/// The field in which AWS writes a target of this kind.
fn target_field(target: &str) -> &'static str {
    let prefixes = [
        ("nat-", "NatGatewayId"),
        ("eigw-", "EgressOnlyInternetGatewayId"),
        ("tgw-", "TransitGatewayId"),
        ("pcx-", "VpcPeeringConnectionId"),
        ("eni-", "NetworkInterfaceId"),
        ("i-", "InstanceId"),
        ("lgw-", "LocalGatewayId"),
        ("cagw-", "CarrierGatewayId"),
    ];
    let [gateway, ..] = TARGETS;
    let of_prefix = prefixes
        .iter()
        .find(|(prefix, _)| target.starts_with(prefix));
    of_prefix.map_or(gateway, |(_, field)| field)
}

pub(super) fn gateway(it: &Gateway) -> Value {
    let attachments = json!([{"State": "available", "VpcId": it.vpc}]);
    let tags = name_tag(&it.name);
    match it.kind {
        GatewayKind::Internet => {
            json!({"InternetGatewayId": it.id, "Attachments": attachments, "Tags": tags})
        }
        GatewayKind::EgressOnly => {
            json!({"EgressOnlyInternetGatewayId": it.id, "Attachments": attachments, "Tags": tags})
        }
        GatewayKind::Nat => json!({
            "NatGatewayId": it.id,
            "VpcId": it.vpc,
            "SubnetId": it.subnet,
            "State": "available",
            "NatGatewayAddresses": it.enis.iter()
                .map(|id| json!({"NetworkInterfaceId": id}))
                .collect::<Vec<_>>(),
            "Tags": tags,
        }),
        GatewayKind::GatewayEndpoint | GatewayKind::InterfaceEndpoint => {
            // The model has one name for both.
            let is_service = it.name.starts_with("com.amazonaws.");
            json!({
                "VpcEndpointId": it.id,
                "VpcEndpointType": if it.kind == GatewayKind::GatewayEndpoint { "Gateway" } else { "Interface" },
                "VpcId": it.vpc,
                "ServiceName": is_service.then_some(&it.name),
                "State": "available",
                "SubnetIds": it.subnet.iter().collect::<Vec<_>>(),
                "NetworkInterfaceIds": it.enis,
                "Tags": if is_service { Vec::new() } else { tags },
            })
        }
    }
}

pub(super) fn peering(it: &Peering) -> Value {
    let [requester, accepter] = &it.sides;
    json!({
        "VpcPeeringConnectionId": it.id,
        "RequesterVpcInfo": side(requester),
        "AccepterVpcInfo": side(accepter),
        // Which of the other states it was in the model does not know.
        "Status": it.active.then(|| json!({"Code": "active"})),
    })
}

fn side(it: &PeeringSide) -> Value {
    let v4 = || of_family(&it.cidrs, true);
    json!({
        "VpcId": it.vpc,
        "OwnerId": it.account,
        "Region": it.region,
        "CidrBlock": v4().next(),
        "CidrBlockSet": v4().map(|block| json!({"CidrBlock": block})).collect::<Vec<_>>(),
        "Ipv6CidrBlockSet": of_family(&it.cidrs, false)
            .map(|block| json!({"Ipv6CidrBlock": block}))
            .collect::<Vec<_>>(),
    })
}

pub(super) fn prefix_list(it: &PrefixList) -> Value {
    json!({"PrefixListId": it.id, "PrefixListName": it.name, "Cidrs": it.cidrs})
}

pub(super) fn flow_log(it: &FlowLog) -> Value {
    let (group, arn) = match &it.destination {
        FlowLogDestination::LogGroup(name) => (Some(name), None),
        FlowLogDestination::Elsewhere(arn) => (None, Some(arn)),
    };
    json!({
        "FlowLogId": it.id,
        "ResourceId": it.resource,
        "LogGroupName": group,
        "LogDestination": arn,
        "LogFormat": it.format,
        "MaxAggregationInterval": it.aggregation_seconds,
        "TrafficType": it.traffic,
        "DeliverLogsStatus": if it.delivery_error.is_some() { "FAILED" } else { "SUCCESS" },
        "DeliverLogsErrorMessage": it.delivery_error,
    })
}
