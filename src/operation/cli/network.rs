//! Groups, interfaces, network ACLs and routes.

use ipnet::IpNet;
use serde_json::{Value, json};

use super::super::{GroupRef, Operation, RouteTableRef};
use super::line::{Line, literal};
use super::tagged;
use crate::model::{
    AclAction, AclEntry, Direction, EniId, GroupRule, Protocol, RulePeer, SubnetId,
    TrackingTimeouts, VpcId,
};

fn ec2(command: &str) -> Line {
    Line::aws("ec2", command)
}

pub(super) fn line(operation: &Operation) -> Option<Line> {
    let line = match operation {
        Operation::CreateGroup {
            vpc,
            name,
            description,
            tags,
        } => tagged(
            ec2("create-security-group")
                .option("vpc-id", vpc.as_str())
                .option("group-name", name)
                .option("description", description),
            &["security-group"],
            tags,
        ),
        Operation::AuthorizeRules {
            group,
            direction,
            rules,
        } => rules_line("authorize", group, *direction).json("ip-permissions", &permissions(rules)),
        Operation::RevokeRules {
            group,
            direction,
            rules,
        } => rules_line("revoke", group, *direction).json("ip-permissions", &permissions(rules)),
        Operation::RevokeAllRules { group, direction } => rules_line("revoke", group, *direction)
            .lookup_all("security-group-rule-ids", &rule_ids(group, *direction)),
        Operation::DeleteGroup { group } => {
            ec2("delete-security-group").option("group-id", group.to_string())
        }
        Operation::SetEniGroups { eni, groups } => {
            modify_eni(eni).options("groups", groups.iter().map(ToString::to_string))
        }
        Operation::SetInstanceGroups { instance, groups } => ec2("modify-instance-attribute")
            .option("instance-id", instance.as_str())
            .options("groups", groups.iter().map(ToString::to_string)),
        Operation::SetTrackingTimeouts { eni, timeouts } => modify_eni(eni).json(
            "connection-tracking-specification",
            &specification(timeouts),
        ),
        Operation::CreateInterface {
            subnet,
            groups,
            tags,
        } => {
            let line = ec2("create-network-interface").option("subnet-id", subnet.as_str());
            let line = if groups.is_empty() {
                line
            } else {
                line.options("groups", groups.iter().map(ToString::to_string))
            };
            tagged(line, &["network-interface"], tags)
        }
        Operation::DeleteInterface { eni } => {
            ec2("delete-network-interface").option("network-interface-id", eni.to_string())
        }
        Operation::DetachInterface { eni } => ec2("detach-network-interface").lookup(
            "attachment-id",
            &ec2("describe-network-interfaces")
                .option("network-interface-ids", eni.as_str())
                .query("NetworkInterfaces[0].Attachment.AttachmentId"),
        ),
        Operation::DisassociateAddress { eni, private } => ec2("disassociate-address").lookup(
            "association-id",
            &ec2("describe-addresses")
                .options(
                    "filters",
                    [
                        format!("Name=network-interface-id,Values={eni}"),
                        format!("Name=private-ip-address,Values={private}"),
                    ],
                )
                .query("Addresses[0].AssociationId"),
        ),
        Operation::AssociateAddress {
            eni,
            private,
            address,
        } => ec2("associate-address")
            .lookup(
                "allocation-id",
                &ec2("describe-addresses")
                    .option("public-ips", address.to_string())
                    .query("Addresses[0].AllocationId"),
            )
            .option("network-interface-id", eni.as_str())
            .option("private-ip-address", private.to_string())
            .flag("no-allow-reassociation"),
        Operation::DropPublicAddress { eni } => {
            modify_eni(eni).flag("no-associate-public-ip-address")
        }
        _ => return acl_line(operation).or_else(|| route_line(operation)),
    };
    Some(line)
}

fn modify_eni(eni: &EniId) -> Line {
    ec2("modify-network-interface-attribute").option("network-interface-id", eni.as_str())
}

fn rules_line(verb: &str, group: &GroupRef, direction: Direction) -> Line {
    let command = format!("{verb}-security-group-{}", direction.name());
    ec2(&command).option("group-id", group.to_string())
}

fn rule_ids(group: &GroupRef, direction: Direction) -> Line {
    let side = match direction {
        Direction::Ingress => "!IsEgress",
        Direction::Egress => "IsEgress",
    };
    ec2("describe-security-group-rules")
        .option("filters", format!("Name=group-id,Values={group}"))
        .query(&format!("SecurityGroupRules[?{side}].SecurityGroupRuleId"))
}

fn permissions(rules: &[GroupRule]) -> Value {
    rules.iter().map(permission).collect()
}

fn permission(rule: &GroupRule) -> Value {
    let mut permission = json!({"IpProtocol": protocol(rule.protocol)});
    if let Some(ports) = rule.ports {
        permission["FromPort"] = json!(ports.from);
        permission["ToPort"] = json!(ports.to);
    }
    let (key, peer) = match &rule.peer {
        RulePeer::Cidr(cidr @ IpNet::V4(_)) => ("IpRanges", json!({"CidrIp": cidr.to_string()})),
        RulePeer::Cidr(cidr @ IpNet::V6(_)) => {
            ("Ipv6Ranges", json!({"CidrIpv6": cidr.to_string()}))
        }
        RulePeer::Group(group) => ("UserIdGroupPairs", json!({"GroupId": group})),
        RulePeer::PrefixList(list) => ("PrefixListIds", json!({"PrefixListId": list})),
    };
    permission[key] = json!([peer]);
    permission
}

fn protocol(protocol: Protocol) -> String {
    match protocol {
        Protocol::All => "-1".to_string(),
        Protocol::Number(number) => number.to_string(),
    }
}

fn specification(timeouts: &TrackingTimeouts) -> Value {
    let mut value = json!({});
    let timers = [
        ("TcpEstablishedTimeout", timeouts.tcp_established),
        ("UdpTimeout", timeouts.udp),
        ("UdpStreamTimeout", timeouts.udp_stream),
    ];
    for (name, seconds) in timers {
        if let Some(seconds) = seconds {
            value[name] = json!(seconds);
        }
    }
    value
}

fn acl_line(operation: &Operation) -> Option<Line> {
    let line = match operation {
        Operation::CreateAcl { vpc, tags } => tagged(
            ec2("create-network-acl").option("vpc-id", vpc.as_str()),
            &["network-acl"],
            tags,
        ),
        Operation::SetSubnetAcl { subnet, acl } => ec2("replace-network-acl-association")
            .lookup(
                "association-id",
                &ec2("describe-network-acls")
                    .option("filters", of_subnet(subnet))
                    .query(&format!(
                        "NetworkAcls[0].Associations[?SubnetId=={}] | [0].NetworkAclAssociationId",
                        literal(subnet.as_str())
                    )),
            )
            .option("network-acl-id", acl.to_string()),
        Operation::DeleteAcl { acl } => {
            ec2("delete-network-acl").option("network-acl-id", acl.to_string())
        }
        Operation::CreateAclEntry { acl, entry } => {
            let line = ec2("create-network-acl-entry");
            entry_options(line.option("network-acl-id", acl.to_string()), entry)
        }
        Operation::ReplaceAclEntry { acl, entry } => {
            let line = ec2("replace-network-acl-entry");
            entry_options(line.option("network-acl-id", acl.to_string()), entry)
        }
        Operation::DeleteAclEntry {
            acl,
            direction,
            number,
        } => ec2("delete-network-acl-entry")
            .option("network-acl-id", acl.to_string())
            .flag(direction.name())
            .option("rule-number", number.to_string()),
        _ => return None,
    };
    Some(line)
}

fn entry_options(line: Line, entry: &AclEntry) -> Line {
    let action = match entry.action {
        AclAction::Allow => "allow",
        AclAction::Deny => "deny",
    };
    let block = match entry.cidr {
        IpNet::V4(_) => "cidr-block",
        IpNet::V6(_) => "ipv6-cidr-block",
    };
    let line = line
        .flag(entry.direction.name())
        .option("rule-number", entry.number.to_string())
        .option("protocol", protocol(entry.protocol))
        .option("rule-action", action)
        .option(block, entry.cidr.to_string());
    match (entry.protocol, entry.ports) {
        (Protocol::ICMP | Protocol::ICMPV6, ports) => {
            let (of, code) = ports.map_or((-1, -1), |it| (it.from, it.to));
            line.option("icmp-type-code", format!("Type={of},Code={code}"))
        }
        (Protocol::TCP | Protocol::UDP, ports) => {
            let (from, to) = ports.map_or((0, 65_535), |it| (it.from, it.to));
            line.option("port-range", format!("From={from},To={to}"))
        }
        _ => line,
    }
}

fn of_subnet(subnet: &SubnetId) -> String {
    format!("Name=association.subnet-id,Values={subnet}")
}

fn route_line(operation: &Operation) -> Option<Line> {
    let line = match operation {
        Operation::CreateRouteTable { vpc, tags } => tagged(
            ec2("create-route-table").option("vpc-id", vpc.as_str()),
            &["route-table"],
            tags,
        ),
        Operation::DeleteRouteTable { table } => {
            ec2("delete-route-table").option("route-table-id", table.to_string())
        }
        // A subnet without an association gets one; of one that has one the first call fails.
        Operation::SetSubnetRouteTable {
            subnet,
            table: Some(table),
        } => ec2("associate-route-table")
            .option("subnet-id", subnet.as_str())
            .option("route-table-id", table.to_string())
            .or_else(
                &ec2("replace-route-table-association")
                    .lookup("association-id", &subnet_association(subnet))
                    .option("route-table-id", table.to_string()),
            ),
        Operation::SetSubnetRouteTable {
            subnet,
            table: None,
        } => ec2("disassociate-route-table").lookup("association-id", &subnet_association(subnet)),
        Operation::SetMainRouteTable { vpc, table } => ec2("replace-route-table-association")
            .lookup("association-id", &main_association(vpc))
            .option("route-table-id", table.to_string()),
        Operation::CreateRoute {
            table,
            destination,
            target,
        } => {
            let line = on_route("create-route", table, destination);
            to_target(line, target.id().as_str())
        }
        Operation::ReplaceRoute {
            table,
            destination,
            target,
        } => {
            let line = on_route("replace-route", table, destination);
            to_target(line, target.id().as_str())
        }
        Operation::DeleteRoute { table, destination } => {
            on_route("delete-route", table, destination)
        }
        Operation::DetachInternetGateway { gateway, vpc } => ec2("detach-internet-gateway")
            .option("internet-gateway-id", gateway.as_str())
            .option("vpc-id", vpc.as_str()),
        _ => return None,
    };
    Some(line)
}

fn subnet_association(subnet: &SubnetId) -> Line {
    ec2("describe-route-tables")
        .option("filters", of_subnet(subnet))
        .query(&format!(
            "RouteTables[0].Associations[?SubnetId=={}] | [0].RouteTableAssociationId",
            literal(subnet.as_str())
        ))
}

fn main_association(vpc: &VpcId) -> Line {
    ec2("describe-route-tables")
        .options(
            "filters",
            [
                format!("Name=vpc-id,Values={vpc}"),
                "Name=association.main,Values=true".to_string(),
            ],
        )
        .query("RouteTables[0].Associations[?Main] | [0].RouteTableAssociationId")
}

fn on_route(command: &str, table: &RouteTableRef, destination: &str) -> Line {
    let name = match destination.parse() {
        Ok(IpNet::V4(_)) => "destination-cidr-block",
        Ok(IpNet::V6(_)) => "destination-ipv6-cidr-block",
        Err(_) => "destination-prefix-list-id",
    };
    ec2(command)
        .option("route-table-id", table.to_string())
        .option(name, destination)
}

fn to_target(line: Line, target: &str) -> Line {
    if target == "local" {
        return line.flag("local-target");
    }
    let names = [
        ("eigw-", "egress-only-internet-gateway-id"),
        ("igw-", "gateway-id"),
        ("vgw-", "gateway-id"),
        ("nat-", "nat-gateway-id"),
        ("pcx-", "vpc-peering-connection-id"),
        ("tgw-", "transit-gateway-id"),
        ("vpce-", "vpc-endpoint-id"),
        ("lgw-", "local-gateway-id"),
        ("cagw-", "carrier-gateway-id"),
        ("i-", "instance-id"),
        ("arn:", "core-network-arn"),
    ];
    let found = names.iter().find(|(prefix, _)| target.starts_with(prefix));
    // What is left is an interface, or what an earlier step makes, which is one too.
    let name = found.map_or("network-interface-id", |(_, name)| name);
    line.option(name, target)
}
