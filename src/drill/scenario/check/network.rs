//! Groups, network ACLs, route tables and gateways as AWS would have let somebody make them.

use std::collections::BTreeSet;

use ipnet::IpNet;
use toml::Spanned;

use crate::drill::scenario::names::File;
use crate::drill::scenario::spec::{
    AclSpec, GatewayKindSpec, GatewaySpec, GroupSpec, ListSpec, ProtocolSpec, RuleSpec, Spec,
    TableSpec,
};
use crate::model::Direction;
use crate::operation::ACL_ENTRIES_RAISED;

/// Rules of a group and direction:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>
const RULES: usize = 60;

pub(super) fn check(file: File<'_>, spec: &Spec) {
    for it in &spec.groups {
        group(file, it);
    }
    for it in &spec.acls {
        acl(file, it);
    }
    let defaults = spec.acls.iter().filter(|it| it.default).count();
    let problem = "a VPC has exactly one network ACL with `default = true`";
    let first = spec.acls.first().map_or(&spec.vpc.id, |it| &it.name);
    file.refuse(defaults != 1, "default", first, problem);
    for it in &spec.tables {
        table(file, spec, it);
    }
    let mains = spec.tables.iter().filter(|it| it.main).count();
    let problem = "a VPC has exactly one route table with `main = true`";
    let first = spec.tables.first().map_or(&spec.vpc.id, |it| &it.name);
    file.refuse(mains != 1, "main", first, problem);
    for it in &spec.gateways {
        gateway(file, it);
    }
    for it in &spec.lists {
        list(file, spec, it);
    }
    let internet = |it: &&GatewaySpec| it.kind == GatewayKindSpec::Internet;
    let problem = "a VPC has one internet gateway at the most";
    let many = spec.gateways.iter().filter(internet).count() > 1;
    file.refuse(many, "gateways", &spec.vpc.id, problem);
}

fn group(file: File<'_>, it: &GroupSpec) {
    let reserved = it.name.get_ref().starts_with("sg-");
    let problem = "AWS takes no group whose name begins with sg-";
    file.refuse(reserved, "name", &it.name, problem);
    for rules in [&it.ingress, &it.egress] {
        let many = rules.len() > RULES;
        let problem = "a group has 60 rules of a direction at the most";
        file.refuse(many, "groups", &it.name, problem);
        for rule in rules {
            self::rule(file, rule);
        }
    }
}

fn rule(file: File<'_>, it: &RuleSpec) {
    ports(file, it.protocol, it.port.as_ref(), it.to);
    if let Ok(cidr) = it.peer.get_ref().parse::<IpNet>() {
        let problem = format!("the block is written {}", cidr.trunc());
        file.refuse(cidr != cidr.trunc(), "peer", &it.peer, &problem);
    }
}

fn ports(file: File<'_>, protocol: ProtocolSpec, port: Option<&Spanned<u16>>, to: Option<u16>) {
    let Some(port) = port else {
        return;
    };
    let problem = "tcp and udp have ports, and nothing else does";
    file.refuse(!protocol.is_ported(), "port", port, problem);
    let backwards = to.is_some_and(|to| to < *port.get_ref());
    let problem = "a range of ports ends where it begins, or later";
    file.refuse(backwards, "to", port, problem);
}

fn acl(file: File<'_>, it: &AclSpec) {
    let mut numbers = BTreeSet::new();
    for entry in &it.entries {
        let number = &entry.number;
        let sane = (1..=32_766).contains(number.get_ref());
        let problem = "numbers of entries lie between 1 and 32766";
        file.refuse(!sane, "number", number, problem);
        let again = !numbers.insert((entry.direction, *number.get_ref()));
        let problem = "two entries of one direction have this number";
        file.refuse(again, "number", number, problem);
        ports(file, entry.protocol, entry.port.as_ref(), entry.to);
        let cidr = entry.cidr.get_ref();
        let problem = format!("the block is written {}", cidr.trunc());
        file.refuse(*cidr != cidr.trunc(), "cidr", &entry.cidr, &problem);
        let family = matches!(
            (entry.protocol, cidr),
            (ProtocolSpec::Icmp, IpNet::V6(_)) | (ProtocolSpec::Icmpv6, IpNet::V4(_))
        );
        let problem = "icmp is IPv4's, and icmpv6 is IPv6's";
        file.refuse(family, "cidr", &entry.cidr, problem);
    }
    for direction in Direction::BOTH {
        for v6 in [false, true] {
            let own = it.entries.iter().filter(|it| it.direction == direction);
            let own = own.filter(|it| matches!(it.cidr.get_ref(), IpNet::V6(_)) == v6);
            // The final deny counts too.
            let many = own.count() + 1 > ACL_ENTRIES_RAISED;
            let problem = format!(
                "a network ACL has {ACL_ENTRIES_RAISED} entries of a direction and family at the most"
            );
            file.refuse(many, "entries", &it.name, &problem);
        }
    }
}

fn table(file: File<'_>, spec: &Spec, it: &TableSpec) {
    let mut seen = BTreeSet::new();
    for route in &it.routes {
        let to = &route.destination;
        let cidr = to.get_ref().parse::<IpNet>().ok();
        let name = cidr.map_or(to.get_ref().clone(), |it| it.to_string());
        let problem = "two routes of the table have this destination";
        file.refuse(!seen.insert(name), "destination", to, problem);
        if let Some(cidr) = cidr {
            let problem = format!("the block is written {}", cidr.trunc());
            file.refuse(cidr != cidr.trunc(), "destination", to, &problem);
        }
        let local = route.target.get_ref() == "local";
        let ours = spec.vpc.cidrs.iter().any(|it| Some(*it.get_ref()) == cidr);
        let problem = "local is the target of the VPC's own blocks, and of nothing else";
        file.refuse(local && !ours, "target", &route.target, problem);
    }
    let missing = spec
        .vpc
        .cidrs
        .iter()
        .find(|it| !seen.contains(&it.get_ref().to_string()));
    if let Some(cidr) = missing {
        let problem = format!("it lacks the local route of {}", cidr.get_ref());
        file.note(file.invalid("routes", &it.name, problem));
    }
}

fn gateway(file: File<'_>, it: &GatewaySpec) {
    use GatewayKindSpec::{InterfaceEndpoint, Nat, Transit, Vpn};
    let placed = matches!(it.kind, Nat | InterfaceEndpoint);
    let has = it.subnet.is_some() && !it.interfaces.is_empty();
    let problem = "a NAT gateway and an interface endpoint have a subnet and interfaces";
    file.refuse(placed && !has, "subnet", &it.name, problem);
    let beyond = matches!(it.kind, Transit | Vpn);
    let placed = it.subnet.is_some() || !it.interfaces.is_empty();
    let problem =
        "transit and vpn are targets of routes and no more: they have no subnet and no interfaces";
    file.refuse(beyond && placed, "subnet", &it.name, problem);
}

/// A prefix list's entries are of one family:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/managed-prefix-lists.html>
fn list(file: File<'_>, spec: &Spec, it: &ListSpec) {
    let mut groups = spec.groups.iter();
    let again = groups.any(|group| group.name.get_ref() == it.name.get_ref());
    let problem = "a group has this name too, and a rule could mean either";
    file.refuse(again, "name", &it.name, problem);
    let mut seen = BTreeSet::new();
    for cidr in &it.cidrs {
        let block = cidr.get_ref();
        let problem = format!("the block is written {}", block.trunc());
        file.refuse(*block != block.trunc(), "cidrs", cidr, &problem);
        let problem = "two entries of the list have this block";
        file.refuse(!seen.insert(*block), "cidrs", cidr, problem);
    }
    let v6 = |it: &&IpNet| matches!(it, IpNet::V6(_));
    let mixed = seen.iter().any(|it| v6(&it)) && !seen.iter().all(|it| v6(&it));
    let problem = "the entries of a prefix list are of one family";
    file.refuse(mixed || seen.is_empty(), "cidrs", &it.name, problem);
}
