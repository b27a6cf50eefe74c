//! `sg-revoke-rules`: the rules of the suspect's groups that let the findings' peers through.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::super::catalogue::{Action, Entry, Scope};
use super::super::subject::{Steps, Subject};
use super::{Remarks, UNFILTERED, counted};
use crate::model::{Direction, Estate, Group, GroupRule, PartKind, RulePeer};
use crate::operation::{Operation, Ref};

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::SgRevokeRules,
    name: "sg-revoke-rules",
    scope: Scope::Instance,
    summary: "revoke the rules of its groups that let the findings' peers through",
    caveat: "hits every member of the groups; tracked connections go on",
    needs: &[PartKind::Instances, PartKind::Enis, PartKind::Groups],
    build: steps,
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    let peers = subject.peers()?;
    let estate = subject.estate;
    let ids: BTreeSet<_> = subject.enis.iter().flat_map(|it| &it.groups).collect();
    let mut operations = Vec::new();
    let mut remarks = vec![
        "Tracked connections that these rules let through go on until they idle out.".to_string(),
    ];
    for group in ids.into_iter().filter_map(|id| estate.group(id)) {
        let before = operations.len();
        operations.extend(revocations(estate, group, peers));
        if operations.len() > before {
            remarks.push(members(subject, group));
        }
    }
    if operations.is_empty() {
        let id = &subject.instance.id;
        let why = format!("no rule of the groups of {id} names the peers of its findings");
        return Err(subject.nothing(why));
    }
    steps.at_once(operations);
    remarks.push(UNFILTERED.to_string());
    Ok(remarks)
}

fn revocations<'a>(
    estate: &'a Estate,
    group: &'a Group,
    peers: &'a [IpAddr],
) -> impl Iterator<Item = Operation> + 'a {
    let of = move |direction| {
        let rules = group.rules_in(direction);
        let named = rules.filter(|it| peers.iter().any(|peer| names(estate, it, *peer)));
        let rules: Vec<GroupRule> = named.cloned().collect();
        (!rules.is_empty()).then(|| Operation::RevokeRules {
            group: Ref::Id(group.id.clone()),
            direction,
            rules,
        })
    };
    Direction::BOTH.into_iter().filter_map(of)
}

fn names(estate: &Estate, rule: &GroupRule, peer: IpAddr) -> bool {
    match &rule.peer {
        RulePeer::Cidr(cidr) => cidr.contains(&peer),
        RulePeer::PrefixList(list) => {
            let list = estate.prefix_list(list);
            list.is_some_and(|it| it.cidrs.iter().any(|cidr| cidr.contains(&peer)))
        }
        RulePeer::Group(group) => {
            let enis = estate.enis_of_address(peer);
            enis.into_iter().any(|it| it.groups.contains(group))
        }
    }
}

fn members(subject: &Subject<'_>, group: &Group) -> String {
    let members = subject.estate.enis_of_group(&group.id);
    let others = members
        .filter(|it| it.instance.as_ref() != Some(&subject.instance.id))
        .count();
    format!(
        "{} {} has {} of others: the rules go for them too.",
        group.id,
        group.name,
        counted(others, "interface")
    )
}
