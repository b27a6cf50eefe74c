//! Security groups and their rules.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::super::state::holds;
use crate::model::{Direction, Estate, Group, GroupId, GroupRule, Vpc, VpcId};

pub(super) fn create(estate: &mut Estate, id: GroupId, vpc: &VpcId, name: &str, description: &str) {
    let rules = estate.vpc(vpc).map(default_egress).unwrap_or_default();
    estate.put_group(Group {
        id,
        vpc: vpc.clone(),
        name: name.to_string(),
        description: description.to_string(),
        rules,
    });
}

pub(super) fn authorize(estate: &mut Estate, group: &GroupId, rules: &[GroupRule]) {
    estate.update_group(group, |group| {
        for rule in rules {
            if !holds(&group.rules, rule) {
                group.rules.push(rule.clone());
            }
        }
    });
}

pub(super) fn revoke(estate: &mut Estate, group: &GroupId, rules: &[GroupRule]) {
    estate.update_group(group, |group| group.rules.retain(|it| !holds(rules, it)));
}

pub(super) fn revoke_all(estate: &mut Estate, group: &GroupId, direction: Direction) {
    estate.update_group(group, |group| {
        group.rules.retain(|rule| rule.direction != direction);
    });
}

/// The egress rules that AWS gives a new group:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>
fn default_egress(vpc: &Vpc) -> Vec<GroupRule> {
    let v4 = IpNet::V4(Ipv4Net::default());
    let mut rules = vec![GroupRule::all(Direction::Egress, v4)];
    if vpc.has_ipv6() {
        let v6 = IpNet::V6(Ipv6Net::default());
        rules.push(GroupRule::all(Direction::Egress, v6));
    }
    rules
}
