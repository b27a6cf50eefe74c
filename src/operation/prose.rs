//! One line of plain English per operation.

use std::collections::BTreeMap;

use super::occasion::written;
use super::{Attribute, GroupRef, Operation, State, TagValue};
use crate::model::{
    AclAction, AclEntry, GroupRule, Protocol, RulePeer, Shutdown, TrackingTimeouts,
};

impl Operation {
    /// One line of prose: what changes, on which id.
    pub fn prose(&self) -> String {
        match self {
            Self::CreateGroup { vpc, name, .. } => format!("create security group {name} in {vpc}"),
            Self::AuthorizeRules {
                group,
                direction,
                rules,
            } => format!("allow {} {} in {group}", direction.name(), listed(rules)),
            Self::RevokeRules {
                group,
                direction,
                rules,
            } => format!("revoke {} {} in {group}", direction.name(), listed(rules)),
            Self::RevokeAllRules { group, direction } => {
                format!("revoke every {} rule of {group}", direction.name())
            }
            Self::DeleteGroup { group } => format!("delete security group {group}"),
            Self::SetEniGroups { eni, groups } => {
                format!("set the groups of {eni} to {}", joined(groups))
            }
            Self::SetInstanceGroups { instance, groups } => {
                format!("set the groups of {instance} to {}", joined(groups))
            }
            Self::SetTrackingTimeouts { eni, timeouts } => {
                format!(
                    "set the idle timeouts of {eni} to {}",
                    timeouts_text(timeouts)
                )
            }
            Self::CreateInterface { subnet, .. } => {
                format!("create an interface in {subnet} that is attached to nothing")
            }
            Self::DeleteInterface { eni } => format!("delete interface {eni}"),
            Self::DetachInterface { eni } => format!("detach {eni} from its instance"),
            Self::DisassociateAddress { eni, private } => {
                format!("take the Elastic IP off {private} of {eni}")
            }
            Self::AssociateAddress {
                eni,
                private,
                address,
            } => format!("map Elastic IP {address} to {private} of {eni}"),
            Self::DropPublicAddress { eni } => {
                format!("give up the automatic public address of {eni}")
            }
            Self::CreateAcl { vpc, .. } => format!("create a network ACL without allows in {vpc}"),
            Self::SetSubnetAcl { subnet, acl } => format!("move {subnet} to {acl}"),
            Self::DeleteAcl { acl } => format!("delete network ACL {acl}"),
            Self::CreateAclEntry { acl, entry } => format!("add to {acl}: {}", entry_text(entry)),
            Self::ReplaceAclEntry { acl, entry } => {
                format!("replace in {acl}: {}", entry_text(entry))
            }
            Self::DeleteAclEntry {
                acl,
                direction,
                number,
            } => format!("delete {} entry {number} of {acl}", direction.name()),
            Self::CreateRouteTable { vpc, .. } => {
                format!("create a route table with local routes only in {vpc}")
            }
            Self::DeleteRouteTable { table } => format!("delete route table {table}"),
            Self::SetSubnetRouteTable {
                subnet,
                table: Some(table),
            } => format!("move {subnet} to {table}"),
            Self::SetSubnetRouteTable {
                subnet,
                table: None,
            } => format!("move {subnet} back to the main route table"),
            Self::SetMainRouteTable { vpc, table } => {
                format!("make {table} the main route table of {vpc}")
            }
            Self::CreateRoute {
                table,
                destination,
                target,
            } => format!("route {destination} to {target} in {table}"),
            Self::ReplaceRoute {
                table,
                destination,
                target,
            } => format!("route {destination} to {target} instead in {table}"),
            Self::DeleteRoute { table, destination } => {
                format!("delete the route to {destination} from {table}")
            }
            Self::DetachInternetGateway { gateway, vpc } => format!("detach {gateway} from {vpc}"),
            _ => self.instance_prose(),
        }
    }

    fn instance_prose(&self) -> String {
        match self {
            Self::StopInstance {
                instance,
                hibernate,
            } => format!(
                "{} {instance}",
                if *hibernate { "hibernate" } else { "stop" }
            ),
            Self::StartInstance { instance } => format!("start {instance}"),
            Self::SetMetadataEndpoint { instance, enabled } => {
                format!("turn the metadata endpoint of {instance} {}", on(*enabled))
            }
            Self::SetAttribute {
                instance,
                attribute,
            } => attribute_text(instance.as_str(), attribute),
            Self::SetTags { resource, tags } => tags_text(resource.as_str(), tags),
            Self::SetAsgMinSize { asg, min } => format!("set the minimum size of {asg} to {min}"),
            Self::RunHostBlock { instance, peer, .. } => {
                format!("block {peer} inside {instance} and end its sessions there")
            }
            Self::DisassociateProfile { instance } => {
                format!("take the instance profile off {instance}")
            }
            Self::AssociateProfile { instance, profile } => {
                format!("give {instance} instance profile {profile}")
            }
            Self::RevokeSessions { profile, until } => {
                format!("deny every session of the role of {profile} that is issued until {until}")
            }
            Self::DenyInstance { profile, instance } => {
                format!("deny the credentials of the role of {profile} that {instance} got")
            }
            Self::RemoveRolePolicy { profile, policy } => {
                format!("take policy {policy} off the role of {profile}")
            }
            Self::EnterStandby {
                instance,
                asg,
                decrement,
            } => format!(
                "put {instance} to standby in {asg}, {}",
                replacement(*decrement)
            ),
            Self::ExitStandby { instance, asg } => {
                format!("put {instance} back into service in {asg}")
            }
            Self::DetachFromAsg {
                instance,
                asg,
                decrement,
            } => format!("detach {instance} from {asg}, {}", replacement(*decrement)),
            Self::AttachToAsg { instance, asg } => format!("attach {instance} to {asg}"),
            Self::DeregisterTarget {
                instance,
                target_group,
                ..
            } => format!("deregister {instance} from {target_group}"),
            Self::RegisterTarget {
                instance,
                target_group,
                ..
            } => format!("register {instance} in {target_group}"),
            Self::CreateSnapshots { instance, .. } => {
                format!("snapshot every volume of {instance} at one point in time")
            }
            Self::CreateImage { instance, name, .. } => {
                format!("make image {name} of {instance} without a reboot")
            }
            Self::GetConsoleOutput { instance } => format!("read the console output of {instance}"),
            _ => String::new(),
        }
    }
}

impl State {
    /// One line of prose: how the object is.
    pub fn prose(&self) -> String {
        match self {
            Self::Absent => "not there".to_string(),
            Self::Group { id, rules } if rules.is_empty() => format!("{id} without rules"),
            Self::Group { id, rules } => {
                let each = rules.iter();
                let each = each.map(|it| format!("{} {}", it.direction.name(), rule_text(it)));
                format!("{id} allows {}", each.collect::<Vec<_>>().join(", "))
            }
            Self::EniGroups(groups) => {
                let groups: Vec<&str> = groups.iter().map(crate::model::GroupId::as_str).collect();
                format!("groups {}", groups.join(", "))
            }
            Self::Timeouts(timeouts) if *timeouts == TrackingTimeouts::default() => {
                "idle timeouts never set".to_string()
            }
            Self::Timeouts(timeouts) => format!("idle timeouts {}", timeouts_text(timeouts)),
            Self::Interface(id) => id.to_string(),
            Self::AttachedTo(id) => format!("attached to {id}"),
            Self::PublicAddress(address) => format!("public address {address}"),
            Self::Acl(id) | Self::SubnetAcl(id) => format!("network ACL {id}"),
            Self::AclEntry(entry) => entry_text(entry),
            Self::RouteTable(id) | Self::SubnetRouteTable(Some(id)) | Self::MainRouteTable(id) => {
                format!("route table {id}")
            }
            Self::SubnetRouteTable(None) => "no route table of its own".to_string(),
            Self::Route(target) => format!("route to {target}"),
            Self::Instance(state) => state.name().to_string(),
            Self::MetadataEndpoint(enabled) => format!("metadata endpoint {}", on(*enabled)),
            Self::Attribute(attribute) => value_text(attribute),
            Self::Tags(tags) if tags.is_empty() => "no such tags".to_string(),
            Self::Tags(tags) => {
                let each = tags.iter().map(|(key, value)| format!("{key}={value}"));
                format!("tags {}", each.collect::<Vec<_>>().join(" "))
            }
            Self::Profile(name) => format!("instance profile {name}"),
            Self::RolePolicy(name) => format!("inline policy {name}"),
            Self::SessionsDenied(until) => format!("sessions until {} denied", written(*until)),
            Self::AsgMinSize(min) => format!("minimum size {min}"),
            Self::Command(command) => format!("command {} {}", command.id, command.status),
            Self::Asg(lifecycle) => lifecycle.clone(),
            Self::Target(health) => format!("registered, {health}"),
            Self::Made(id) => id.clone(),
        }
    }
}

fn value_text(attribute: &Attribute) -> String {
    match attribute {
        Attribute::TerminationProtection(to) => format!("termination protection {}", on(*to)),
        Attribute::StopProtection(to) => format!("stop protection {}", on(*to)),
        Attribute::Shutdown(Shutdown::Stop) => "a shutdown from within stops it".to_string(),
        Attribute::Shutdown(Shutdown::Terminate) => {
            "a shutdown from within terminates it".to_string()
        }
        Attribute::DeleteOnTermination { device, delete } => {
            let becomes = if *delete { "goes" } else { "stays" };
            format!("{device} {becomes} when the instance goes")
        }
    }
}

fn on(enabled: bool) -> &'static str {
    if enabled { "on" } else { "off" }
}

fn replacement(decrement: bool) -> &'static str {
    if decrement {
        "without a replacement"
    } else {
        "letting the group replace it"
    }
}

fn attribute_text(instance: &str, attribute: &Attribute) -> String {
    match attribute {
        Attribute::TerminationProtection(to) => {
            format!("turn termination protection of {instance} {}", on(*to))
        }
        Attribute::StopProtection(to) => {
            format!("turn stop protection of {instance} {}", on(*to))
        }
        Attribute::Shutdown(Shutdown::Stop) => {
            format!("let a shutdown from within {instance} stop it")
        }
        Attribute::Shutdown(Shutdown::Terminate) => {
            format!("let a shutdown from within {instance} terminate it")
        }
        Attribute::DeleteOnTermination { device, delete } => {
            let verb = if *delete { "delete" } else { "keep" };
            format!("{verb} volume {device} when {instance} is terminated")
        }
    }
}

fn joined(groups: &[GroupRef]) -> String {
    let groups: Vec<String> = groups.iter().map(ToString::to_string).collect();
    groups.join(", ")
}

fn timeouts_text(timeouts: &TrackingTimeouts) -> String {
    let timers = [
        ("TcpEstablishedTimeout", timeouts.tcp_established),
        ("UdpTimeout", timeouts.udp),
        ("UdpStreamTimeout", timeouts.udp_stream),
    ];
    let set = timers
        .iter()
        .filter_map(|(name, value)| value.map(|it| format!("{name}={it}")));
    set.collect::<Vec<_>>().join(",")
}

fn listed(rules: &[GroupRule]) -> String {
    let texts: Vec<String> = rules.iter().map(rule_text).collect();
    texts.join(", ")
}

fn rule_text(rule: &GroupRule) -> String {
    let ports = rule
        .ports
        .map(|it| format!(":{}-{}", it.from, it.to))
        .unwrap_or_default();
    let peer = match &rule.peer {
        RulePeer::Cidr(cidr) => cidr.to_string(),
        RulePeer::Group(group) => group.to_string(),
        RulePeer::PrefixList(list) => list.clone(),
    };
    format!("{}{ports} {peer}", rule.protocol)
}

fn entry_text(entry: &AclEntry) -> String {
    let action = match entry.action {
        AclAction::Allow => "allow",
        AclAction::Deny => "deny",
    };
    let side = match entry.direction {
        crate::model::Direction::Ingress => "from",
        crate::model::Direction::Egress => "to",
    };
    let traffic = match entry.protocol {
        Protocol::All => "everything".to_string(),
        Protocol::Number(_) => entry.protocol.to_string(),
    };
    let ports = entry
        .ports
        .map(|it| format!(" {}-{}", it.from, it.to))
        .unwrap_or_default();
    format!(
        "{} {}, {action} {traffic}{ports} {side} {}",
        entry.direction.name(),
        entry.number,
        entry.cidr
    )
}

fn tags_text(resource: &str, tags: &BTreeMap<String, Option<TagValue>>) -> String {
    let set = tags
        .iter()
        .filter_map(|(key, value)| Some((key, value.as_ref()?)));
    let set: Vec<String> = set.map(|(key, value)| format!("{key}={value}")).collect();
    let off = tags.iter().filter(|(_, value)| value.is_none());
    let off: Vec<&str> = off.map(|(key, _)| key.as_str()).collect();
    let mut parts = Vec::new();
    if !set.is_empty() {
        parts.push(format!("tag {resource} {}", set.join(" ")));
    }
    if !off.is_empty() {
        parts.push(format!("take {} off {resource}", off.join(" ")));
    }
    parts.join(", ")
}
