//! VPCs, subnets, network ACLs, prefix lists and flow logs.

use ipnet::IpNet;

use super::super::doubt::DoubtKind;
use super::super::envelope::Found;
use super::super::json::Object;
use super::super::list::List;
use super::super::notes::{Notes, Subject, Target};
use super::{each_once, items, merged, things};
use crate::model::notation::{is_gone, ports, protocol};
use crate::model::text::visible;
use crate::model::{
    Acl, AclAction, AclEntry, Direction, FlowLog, FlowLogDestination, PrefixList, Protocol, Subnet,
    Vpc,
};

/// What AWS uses where a flow log names no interval:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html>
const DEFAULT_INTERVAL: u32 = 600;

pub(super) fn vpcs(found: &Found, notes: &mut Notes) -> Vec<Vpc> {
    things(items(found, List::Vpcs), "VpcId", notes, |it| {
        let mut cidrs = blocks(it, "CidrBlock", "CidrBlockAssociationSet", "CidrBlockState");
        cidrs.extend(ipv6_blocks(it));
        Some(Vpc {
            id: it.id.into(),
            name: it.object.tag("Name"),
            cidrs: each_once(cidrs.into_iter()),
        })
    })
}

pub(super) fn subnets(found: &Found, notes: &mut Notes) -> Vec<Subnet> {
    things(items(found, List::Subnets), "SubnetId", notes, |it| {
        let vpc = it.needs_id("VpcId", Target::Vpc)?.into();
        let mut cidrs: Vec<IpNet> = it.cidr(it.object, "CidrBlock").into_iter().collect();
        cidrs.extend(ipv6_blocks(it));
        let zone = it.object.shown("AvailabilityZone");
        Some(Subnet {
            id: it.id.into(),
            vpc,
            name: it.object.tag("Name"),
            zone: if zone.is_empty() {
                it.object.shown("AvailabilityZoneId")
            } else {
                zone
            },
            cidrs: each_once(cidrs.into_iter()),
        })
    })
}

fn ipv6_blocks(it: &mut Subject<'_, '_>) -> Vec<IpNet> {
    let set = "Ipv6CidrBlockAssociationSet";
    blocks(it, "Ipv6CidrBlock", set, "Ipv6CidrBlockState")
}

/// The block of the thing itself, and those of its associations that are there.
fn blocks(it: &mut Subject<'_, '_>, field: &'static str, set: &str, state: &str) -> Vec<IpNet> {
    let own: Option<IpNet> = it.cidr(it.object, field);
    let live = |one: &Object<'_>| {
        let state = one.object(state).and_then(|it| it.text("State"));
        state.is_none_or(|state| !is_gone(state))
    };
    let more: Vec<Object<'_>> = it.object.objects(set).filter(live).collect();
    let more = more.into_iter().filter_map(|one| it.cidr(one, field));
    own.into_iter().chain(more).collect()
}

/// Network ACLs, their entries in the order in which they are evaluated.
pub(super) fn acls(found: &Found, notes: &mut Notes) -> Vec<Acl> {
    things(
        items(found, List::NetworkAcls),
        "NetworkAclId",
        notes,
        |it| {
            let vpc = it.needs_id("VpcId", Target::Vpc)?.into();
            let mut entries = Vec::new();
            for one in it.object.objects("Entries") {
                entries.extend(entry(it, one));
            }
            entries.sort_by_key(|entry: &AclEntry| (entry.direction, entry.number));
            let mut subnets = it.ids("Associations", "SubnetId", Target::Subnet);
            subnets.sort();
            Some(Acl {
                id: it.id.into(),
                vpc,
                name: it.object.tag("Name"),
                default: it.object.flag("IsDefault").unwrap_or(false),
                entries,
                subnets,
            })
        },
    )
}

fn entry(it: &mut Subject<'_, '_>, one: Object<'_>) -> Option<AclEntry> {
    let number = one.small("RuleNumber");
    let protocol = one.text("Protocol").and_then(protocol);
    let action = match one.text("RuleAction") {
        Some("allow") => Some(AclAction::Allow),
        Some("deny") => Some(AclAction::Deny),
        _ => None,
    };
    let egress = one.flag("Egress");
    let (Some(number), Some(protocol), Some(action), Some(egress)) =
        (number, protocol, action, egress)
    else {
        it.unreadable("Entries", &written(one));
        return None;
    };
    let cidr = it
        .cidr(one, "CidrBlock")
        .or_else(|| it.cidr(one, "Ipv6CidrBlock"));
    let Some(cidr) = cidr else {
        it.unreadable("Entries", &written(one));
        return None;
    };
    let icmp = one.object("IcmpTypeCode");
    let icmp = icmp.filter(|_| matches!(protocol, Protocol::ICMP | Protocol::ICMPV6));
    let (from, to) = match (icmp, one.object("PortRange")) {
        (Some(icmp), _) => (icmp.small("Type"), icmp.small("Code")),
        (None, Some(range)) => (range.small("From"), range.small("To")),
        (None, None) => (None, None),
    };
    Some(AclEntry {
        direction: if egress {
            Direction::Egress
        } else {
            Direction::Ingress
        },
        number,
        action,
        protocol,
        cidr,
        ports: ports(protocol, from, to),
    })
}

/// What a doubt about an entry shows of it.
pub(super) fn written(one: Object<'_>) -> String {
    let mut parts: Vec<String> = Vec::new();
    for key in [
        "RuleNumber",
        "Egress",
        "RuleAction",
        "IpProtocol",
        "Protocol",
        "CidrBlock",
        "CidrIp",
    ] {
        parts.extend(one.get(key).map(|value| format!("{key} {value}")));
    }
    parts.join(", ")
}

/// AWS's own lists come with their blocks, those of customers with entries, or apart from them.
pub(super) fn prefix_lists(found: &Found, notes: &mut Notes) -> Vec<PrefixList> {
    let all = items(found, List::PrefixLists).chain(items(found, List::ManagedPrefixLists));
    let lists = merged(all, "PrefixListId", notes, prefix_list, |known, new| {
        if known.list.name.is_empty() {
            known.list.name = new.list.name;
        }
        // Pages, or the same list twice.
        let cidrs = std::mem::take(&mut known.list.cidrs).into_iter();
        known.list.cidrs = each_once(cidrs.chain(new.list.cidrs));
        known.has_entries |= new.has_entries;
        true
    });
    notes.file = None;
    for it in lists.iter().filter(|it| !it.has_entries) {
        let list = it.list.id.clone();
        notes.doubt(DoubtKind::NoEntries { list });
    }
    lists.into_iter().map(|it| it.list).collect()
}

#[derive(PartialEq)]
struct Listed {
    list: PrefixList,
    has_entries: bool,
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the signature that `merged` takes"
)]
fn prefix_list(it: &mut Subject<'_, '_>) -> Option<Listed> {
    let object = it.object;
    let mut cidrs: Vec<IpNet> = Vec::new();
    for text in object.texts("Cidrs") {
        match crate::model::notation::cidr(text) {
            Some(block) => cidrs.push(block),
            None => it.unreadable("Cidrs", text),
        }
    }
    for one in object.objects("Entries") {
        cidrs.extend(it.cidr(one, "Cidr"));
    }
    Some(Listed {
        list: PrefixList {
            id: visible(it.id).into_owned(),
            name: object.shown("PrefixListName"),
            cidrs,
        },
        has_entries: object.get("Cidrs").or(object.get("Entries")).is_some(),
    })
}

pub(super) fn flow_logs(found: &Found, notes: &mut Notes) -> Vec<FlowLog> {
    things(items(found, List::FlowLogs), "FlowLogId", notes, |it| {
        let object = it.object;
        let resource = it.needs("ResourceId")?;
        for (prefix, target) in [
            ("vpc-", Target::Vpc),
            ("subnet-", Target::Subnet),
            ("eni-", Target::Eni),
        ] {
            if resource.starts_with(prefix) {
                it.names("ResourceId", resource, target);
            }
        }
        let failed = object.text("DeliverLogsStatus") == Some("FAILED");
        let reason = object.text("DeliverLogsErrorMessage");
        Some(FlowLog {
            id: visible(it.id).into_owned(),
            resource: visible(resource).into_owned(),
            destination: FlowLogDestination::of(
                object.text("LogGroupName"),
                object.text("LogDestination").unwrap_or_default(),
            ),
            format: object.shown("LogFormat"),
            aggregation_seconds: object
                .small("MaxAggregationInterval")
                .unwrap_or(DEFAULT_INTERVAL),
            traffic: object.shown("TrafficType"),
            delivery_error: failed
                .then(|| visible(reason.unwrap_or("delivery fails")).into_owned()),
        })
    })
}
