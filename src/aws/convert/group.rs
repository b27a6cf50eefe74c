//! Security groups and their rules, both ways.

use std::collections::HashMap;

use aws_sdk_ec2::types::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, SecurityGroup, SecurityGroupRule,
    UserIdGroupPair,
};
use ipnet::IpNet;

use super::{cidr, shown};
use crate::model::notation::{ports, protocol, written_ports, written_protocol};
use crate::model::{Direction, Group, GroupRule, RulePeer};

/// Groups with those of `rules` that are theirs.
pub(in crate::aws) fn groups(groups: &[SecurityGroup], rules: &[SecurityGroupRule]) -> Vec<Group> {
    let mut by_group: HashMap<&str, Vec<GroupRule>> = HashMap::new();
    for it in rules {
        if let (Some(group), Some(rule)) = (it.group_id(), rule(it)) {
            by_group.entry(group).or_default().push(rule);
        }
    }
    let with_rules = |it: &SecurityGroup| {
        let id = it.group_id()?;
        Some(Group {
            id: id.into(),
            vpc: it.vpc_id()?.into(),
            name: shown(it.group_name()),
            description: shown(it.description()),
            rules: by_group.remove(id).unwrap_or_default(),
        })
    };
    groups.iter().filter_map(with_rules).collect()
}

/// A rule.
pub(in crate::aws) fn rule(it: &SecurityGroupRule) -> Option<GroupRule> {
    let protocol = protocol(it.ip_protocol()?)?;
    Some(GroupRule {
        id: it.security_group_rule_id().map(Into::into),
        direction: if it.is_egress()? {
            Direction::Egress
        } else {
            Direction::Ingress
        },
        protocol,
        ports: ports(protocol, it.from_port(), it.to_port()),
        peer: peer(it)?,
    })
}

fn peer(it: &SecurityGroupRule) -> Option<RulePeer> {
    if let Some(text) = it.cidr_ipv4().or(it.cidr_ipv6()) {
        return cidr(Some(text)).map(RulePeer::Cidr);
    }
    if let Some(list) = it.prefix_list_id() {
        return Some(RulePeer::PrefixList(shown(Some(list))));
    }
    let group = it.referenced_group_info()?.group_id()?;
    Some(RulePeer::Group(group.into()))
}

/// A rule as a request writes it.
pub(in crate::aws) fn permission(rule: &GroupRule) -> IpPermission {
    let (from, to) = written_ports(rule.protocol, rule.ports);
    let permission = IpPermission::builder()
        .ip_protocol(written_protocol(rule.protocol))
        .set_from_port(from)
        .set_to_port(to);
    let permission = match &rule.peer {
        RulePeer::Cidr(IpNet::V4(net)) => {
            permission.ip_ranges(IpRange::builder().cidr_ip(net.to_string()).build())
        }
        RulePeer::Cidr(IpNet::V6(net)) => {
            permission.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(net.to_string()).build())
        }
        RulePeer::Group(group) => permission
            .user_id_group_pairs(UserIdGroupPair::builder().group_id(group.as_str()).build()),
        RulePeer::PrefixList(list) => {
            permission.prefix_list_ids(PrefixListId::builder().prefix_list_id(list).build())
        }
    };
    permission.build()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::ReferencedSecurityGroup;

    use super::*;
    use crate::model::{PortRange, Protocol};

    fn sdk(
        protocol: &str,
        from: i32,
        to: i32,
    ) -> aws_sdk_ec2::types::builders::SecurityGroupRuleBuilder {
        SecurityGroupRule::builder()
            .security_group_rule_id("sgr-1")
            .group_id("sg-1")
            .is_egress(false)
            .ip_protocol(protocol)
            .from_port(from)
            .to_port(to)
    }

    #[test]
    fn peers_are_blocks_groups_and_lists() {
        let referenced = ReferencedSecurityGroup::builder().group_id("sg-2").build();
        for (built, expected) in [
            (
                sdk("tcp", 443, 443).cidr_ipv4("10.0.0.0/8"),
                Some(RulePeer::Cidr("10.0.0.0/8".parse().unwrap())),
            ),
            (
                sdk("tcp", 443, 443).cidr_ipv6("2400:6500:05af::/48"),
                Some(RulePeer::Cidr("2400:6500:5af::/48".parse().unwrap())),
            ),
            (
                sdk("tcp", 443, 443).prefix_list_id("pl-1"),
                Some(RulePeer::PrefixList("pl-1".to_owned())),
            ),
            (
                sdk("tcp", 443, 443).referenced_group_info(referenced),
                Some(RulePeer::Group("sg-2".into())),
            ),
            (sdk("tcp", 443, 443).cidr_ipv4("10.0.0.0/99"), None),
            (sdk("tcp", 443, 443), None),
            (sdk("999", 0, 0).cidr_ipv4("10.0.0.0/8"), None),
        ] {
            let built = built.build();
            assert_eq!(rule(&built).map(|it| it.peer), expected, "{built:?}");
        }
    }

    #[test]
    fn rules_go_to_their_own_group() {
        let group = |id: &str| {
            SecurityGroup::builder()
                .group_id(id)
                .vpc_id("vpc-1")
                .group_name("web\u{202e}")
                .build()
        };
        let rules = [
            sdk("-1", -1, -1)
                .cidr_ipv4("0.0.0.0/0")
                .is_egress(true)
                .build(),
            sdk("tcp", 22, 22).cidr_ipv4("bad").build(),
            sdk("tcp", 22, 22)
                .cidr_ipv4("10.0.0.0/8")
                .group_id("sg-2")
                .build(),
        ];
        let made = groups(&[group("sg-1"), group("sg-2"), group("sg-3")], &rules);
        let counts: Vec<usize> = made.iter().map(|it| it.rules.len()).collect();
        assert_eq!(counts, [1, 1, 0]);
        assert_eq!(made[0].name, "web\\u{202e}");
        assert_eq!(made[0].rules[0].protocol, Protocol::All);
        assert_eq!(made[0].rules[0].ports, None);
        assert_eq!(made[0].rules[0].direction, Direction::Egress);
        assert_eq!(made[0].rules[0].id, Some("sgr-1".into()));
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        let any = |text: &str| RulePeer::Cidr(text.parse().unwrap());
        let range = |from, to| Some(PortRange { from, to });
        for (protocol, ports, peer) in [
            (Protocol::All, None, any("0.0.0.0/0")),
            (Protocol::TCP, None, any("::/0")),
            (Protocol::TCP, range(22, 22), any("10.0.0.0/8")),
            (Protocol::ICMP, None, any("10.0.0.0/8")),
            (Protocol::ICMP, range(8, -1), any("10.0.0.0/8")),
            (Protocol::Number(50), None, any("10.0.0.0/8")),
            (Protocol::UDP, range(53, 53), RulePeer::Group("sg-2".into())),
            (Protocol::UDP, None, RulePeer::PrefixList("pl-1".to_owned())),
        ] {
            let planned = GroupRule {
                id: None,
                direction: Direction::Ingress,
                protocol,
                ports,
                peer,
            };
            let sent = permission(&planned);
            let read = SecurityGroupRule::builder()
                .is_egress(false)
                .set_ip_protocol(sent.ip_protocol().map(Into::into))
                .set_from_port(sent.from_port())
                .set_to_port(sent.to_port())
                .set_cidr_ipv4(sent.ip_ranges().first().and_then(|it| it.cidr_ip.clone()))
                .set_cidr_ipv6(
                    sent.ipv6_ranges()
                        .first()
                        .and_then(|it| it.cidr_ipv6.clone()),
                )
                .set_prefix_list_id(
                    sent.prefix_list_ids()
                        .first()
                        .and_then(|it| it.prefix_list_id.clone()),
                )
                .set_referenced_group_info(sent.user_id_group_pairs().first().map(|it| {
                    ReferencedSecurityGroup::builder()
                        .set_group_id(it.group_id.clone())
                        .build()
                }))
                .build();
            assert!(rule(&read).unwrap().same_as(&planned), "{planned:?}");
        }
    }
}
