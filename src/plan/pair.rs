//! The pair of groups that a VPC is prepared with: one that allows everything, one that allows nothing.
//!
//! A two-step that finds them changes no rule: one call per interface opens, one more closes. Whoever is
//! parked in the second group stays closed when another suspect passes through the first.

use std::fmt;

use ipnet::IpNet;

use crate::model::{Direction, EniId, Estate, Group, GroupId, Protocol, RulePeer, VpcId};

/// The name of the group that allows everything; a suffix after a further hyphen is allowed.
pub const OPEN_GROUP: &str = "firedoor-step-1";
/// The name of the group that allows nothing; a suffix after a further hyphen is allowed.
pub const EMPTY_GROUP: &str = "firedoor-step-2";

/// How the pair of a VPC stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The VPC.
    pub vpc: VpcId,
    /// The group that must allow everything, both ways and of both families.
    pub open: Staged,
    /// The group that must have no rule.
    pub empty: Staged,
}

/// How a group of the pair stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Staged {
    /// No group of the VPC has the name.
    Missing {
        /// The name.
        name: &'static str,
    },
    /// A group has the name, and not the rules.
    Wrong {
        /// The group.
        group: GroupId,
        /// What it allows too much, or does not.
        why: String,
        /// Who is in it.
        members: Vec<EniId>,
    },
    /// It stands.
    Stands {
        /// The group.
        group: GroupId,
        /// Who is in it: in the first group nobody should be, in the second is who was contained.
        members: Vec<EniId>,
    },
}

impl Standing {
    /// Both groups, if both stand: the open one first.
    pub fn pair(&self) -> Option<(&GroupId, &GroupId)> {
        let (Staged::Stands { group: open, .. }, Staged::Stands { group: empty, .. }) =
            (&self.open, &self.empty)
        else {
            return None;
        };
        Some((open, empty))
    }
}

impl Staged {
    /// The group, if there is one.
    pub fn group(&self) -> Option<&GroupId> {
        match self {
            Self::Missing { .. } => None,
            Self::Wrong { group, .. } | Self::Stands { group, .. } => Some(group),
        }
    }

    /// Who is in it.
    pub fn members(&self) -> &[EniId] {
        match self {
            Self::Missing { .. } => &[],
            Self::Wrong { members, .. } | Self::Stands { members, .. } => members,
        }
    }
}

impl fmt::Display for Staged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { name } => write!(f, "no group is named {name}")?,
            Self::Wrong { group, why, .. } => write!(f, "{group} {why}")?,
            Self::Stands { group, .. } => write!(f, "{group} stands")?,
        }
        let members: Vec<&str> = self.members().iter().map(EniId::as_str).collect();
        if members.is_empty() {
            return Ok(());
        }
        write!(f, "; in it: {}", members.join(", "))
    }
}

/// How the pair of a VPC stands, as far as its groups and interfaces were read.
pub fn standing(estate: &Estate, vpc: &VpcId) -> Standing {
    Standing {
        vpc: vpc.clone(),
        open: staged(estate, vpc, OPEN_GROUP, why_not_open),
        empty: staged(estate, vpc, EMPTY_GROUP, why_not_empty),
    }
}

/// The first group of this name that is as it must be, else the first that is not.
fn staged(
    estate: &Estate,
    vpc: &VpcId,
    name: &'static str,
    why_not: fn(&Group) -> Option<String>,
) -> Staged {
    let named = |it: &&Group| it.vpc == *vpc && is_named(it, name);
    let groups: Vec<&Group> = estate.groups().filter(named).collect();
    let right = groups.iter().find(|it| why_not(it).is_none());
    let Some(group) = right.or(groups.first()) else {
        return Staged::Missing { name };
    };
    let members = estate.enis_of_group(&group.id);
    let members = members.map(|it| it.id.clone()).collect();
    let group_id = group.id.clone();
    match why_not(group) {
        None => Staged::Stands {
            group: group_id,
            members,
        },
        Some(why) => Staged::Wrong {
            group: group_id,
            why,
            members,
        },
    }
}

fn is_named(group: &Group, name: &str) -> bool {
    let rest = group.name.strip_prefix(name);
    rest.is_some_and(|it| it.is_empty() || it.starts_with('-'))
}

/// Opening only IPv4 would leave IPv6 flows tracked, so both families count even where the VPC has one: it
/// may get the other.
fn why_not_open(group: &Group) -> Option<String> {
    let any = |cidr: &IpNet, v6| cidr.prefix_len() == 0 && matches!(cidr, IpNet::V6(_)) == v6;
    let allows = |direction, v6| {
        let mut rules = group.rules_in(direction);
        rules.any(|it| {
            it.protocol == Protocol::All
                && matches!(&it.peer, RulePeer::Cidr(cidr) if any(cidr, v6))
        })
    };
    let families = [(false, "IPv4"), (true, "IPv6")];
    let mut missing = Vec::new();
    for direction in Direction::BOTH {
        for (v6, family) in families {
            if !allows(direction, v6) {
                missing.push(format!("{} of {family}", direction.name()));
            }
        }
    }
    (!missing.is_empty()).then(|| format!("does not allow all {}", missing.join(", ")))
}

fn why_not_empty(group: &Group) -> Option<String> {
    let first = group.rules.first()?;
    let others = group.rules.len() - 1;
    let peer = match &first.peer {
        RulePeer::Cidr(cidr) => cidr.to_string(),
        RulePeer::Group(group) => group.to_string(),
        RulePeer::PrefixList(list) => list.clone(),
    };
    let (way, protocol) = (first.direction.name(), first.protocol);
    let more = if others > 0 {
        format!(" and {others} more rules")
    } else {
        String::new()
    };
    Some(format!(
        "must have no rule, and has {way} {protocol} {peer}{more}"
    ))
}
