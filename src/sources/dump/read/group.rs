//! Security groups. Their rules are described apart, and by the groups themselves: with ids or without.

use std::collections::BTreeMap;

use super::super::envelope::Found;
use super::super::json::Object;
use super::super::list::List;
use super::super::notes::{Notes, Subject, Target};
use super::{items, network, things};
use crate::model::notation::{cidr, ports, protocol};
use crate::model::text::visible;
use crate::model::{Direction, Group, GroupId, GroupRule, PortRange, Protocol, RulePeer};

/// Groups with the rules that `SecurityGroupRules` has of them, else with their own permissions.
pub(super) fn groups(found: &Found, notes: &mut Notes) -> Vec<Group> {
    let mut rules = rules(found, notes);
    things(items(found, List::SecurityGroups), "GroupId", notes, |it| {
        let object = it.object;
        Some(Group {
            id: it.id.into(),
            vpc: it.needs_id("VpcId", Target::Vpc)?.into(),
            name: object.shown("GroupName"),
            description: object.shown("Description"),
            rules: match rules.get_mut(it.id) {
                Some(rules) => rules.clone(),
                None => permissions(it),
            },
        })
    })
}

fn rules(found: &Found, notes: &mut Notes) -> BTreeMap<GroupId, Vec<GroupRule>> {
    let mut of_group: BTreeMap<GroupId, Vec<GroupRule>> = BTreeMap::new();
    for item in items(found, List::SecurityGroupRules) {
        // The id is that of the group: a rule that is only planned has none.
        let Some(mut it) = item.subject("GroupId", notes) else {
            continue;
        };
        let rules = of_group.entry(it.id.into()).or_default();
        if let Some(rule) = rule(&mut it)
            && (rule.id.is_none() || !rules.contains(&rule))
        {
            rules.push(rule);
        }
    }
    of_group
}

fn rule(it: &mut Subject<'_, '_>) -> Option<GroupRule> {
    let object = it.object;
    let egress = object.flag("IsEgress");
    let peer = rule_peer(it);
    let (Some((protocol, ports)), Some(egress), Some(peer)) = (traffic(object), egress, peer)
    else {
        it.unreadable("SecurityGroupRules", &network::written(object));
        return None;
    };
    Some(GroupRule {
        id: object.text("SecurityGroupRuleId").map(Into::into),
        direction: if egress {
            Direction::Egress
        } else {
            Direction::Ingress
        },
        protocol,
        ports,
        peer,
    })
}

fn traffic(it: Object<'_>) -> Option<(Protocol, Option<PortRange>)> {
    let protocol = it.text("IpProtocol").and_then(protocol)?;
    let ports = ports(protocol, it.small("FromPort"), it.small("ToPort"));
    Some((protocol, ports))
}

fn rule_peer(it: &mut Subject<'_, '_>) -> Option<RulePeer> {
    let object = it.object;
    if let Some(text) = object.text("CidrIpv4").or(object.text("CidrIpv6")) {
        return cidr(text).map(RulePeer::Cidr);
    }
    if let Some(list) = object.text("PrefixListId") {
        it.names("PrefixListId", list, Target::PrefixList);
        return Some(RulePeer::PrefixList(visible(list).into_owned()));
    }
    let group = object.object("ReferencedGroupInfo")?.text("GroupId")?;
    it.names("ReferencedGroupInfo", group, Target::Group);
    Some(RulePeer::Group(group.into()))
}

/// The rules that a group's own description makes up: one per permission and peer.
fn permissions(it: &mut Subject<'_, '_>) -> Vec<GroupRule> {
    let mut rules = Vec::new();
    for (key, direction) in [
        ("IpPermissions", Direction::Ingress),
        ("IpPermissionsEgress", Direction::Egress),
    ] {
        for one in it.object.objects(key) {
            let Some((protocol, ports)) = traffic(one) else {
                it.unreadable(key, &network::written(one));
                continue;
            };
            rules.extend(peers(it, one).into_iter().map(|peer| GroupRule {
                id: None,
                direction,
                protocol,
                ports,
                peer,
            }));
        }
    }
    rules
}

fn peers(it: &mut Subject<'_, '_>, permission: Object<'_>) -> Vec<RulePeer> {
    let mut peers = Vec::new();
    for (list, field) in [("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")] {
        for one in permission.objects(list) {
            peers.extend(it.cidr(one, field).map(RulePeer::Cidr));
        }
    }
    for one in permission.objects("UserIdGroupPairs") {
        if let Some(group) = one.text("GroupId") {
            it.names("UserIdGroupPairs", group, Target::Group);
            peers.push(RulePeer::Group(group.into()));
        }
    }
    for one in permission.objects("PrefixListIds") {
        if let Some(list) = one.text("PrefixListId") {
            it.names("PrefixListIds", list, Target::PrefixList);
            peers.push(RulePeer::PrefixList(visible(list).into_owned()));
        }
    }
    peers
}
