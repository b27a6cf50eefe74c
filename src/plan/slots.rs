//! Where an entry can be put into a network ACL so that it decides: below every allow that it meets.
//!
//! Entries are evaluated from the lowest number up, and the first match decides; ingress and egress are
//! numbered apart, and no IPv4 entry applies to IPv6.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>

use std::cmp::Reverse;
use std::fmt;

use ipnet::IpNet;

use crate::model::{Acl, AclAction, AclEntry, AclId, Direction, PortRange, Protocol};

/// The number to use where the network ACL allows nothing of the traffic anyway.
const USUAL: u16 = 100;

/// The highest number that an account may use.
const HIGHEST: u16 = 32766;

/// Traffic of one direction that an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Traffic {
    direction: Direction,
    cidr: IpNet,
    protocol: Protocol,
    ports: Option<PortRange>,
}

/// Why there is no place for an entry, and which one could make way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct NoSlot {
    /// The network ACL.
    pub acl: AclId,
    /// The direction.
    pub direction: Direction,
    /// What is in the way.
    pub why: Crowded,
    /// The number of the entry whose loss would harm least while the new one stands.
    pub displaceable: Option<u16>,
}

/// What is in the way of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crowded {
    /// The direction holds as many entries as the quota allows.
    Full {
        /// Its entries, the final deny counted.
        entries: usize,
        /// The quota.
        quota: usize,
    },
    /// Every number below the first allow that it must precede is taken.
    NoNumberBelow(u16),
}

impl fmt::Display for NoSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (acl, direction) = (&self.acl, self.direction.name());
        match self.why {
            Crowded::Full { entries, quota } => write!(
                f,
                "{acl} has {entries} {direction} entries, and the quota is {quota}"
            )?,
            Crowded::NoNumberBelow(allow) => write!(
                f,
                "{acl} has no free {direction} number below its allow {allow}"
            )?,
        }
        match self.displaceable {
            Some(number) => write!(
                f,
                ": make room first (entry {number} would be missed least), or use nacl-swap"
            ),
            None => f.write_str(": use nacl-swap"),
        }
    }
}

/// The highest free number of a direction at which a deny for this traffic comes before every allow of
/// any of it. `ports` are as in [`AclEntry`]; `quota` is that of the direction and family, the
/// final deny counted ([`ACL_ENTRIES`](crate::operation::ACL_ENTRIES) unless it was raised).
///
/// # Errors
/// The direction is full, or every number below the first such allow is taken.
pub fn slot(
    acl: &Acl,
    direction: Direction,
    cidr: IpNet,
    protocol: Protocol,
    ports: Option<PortRange>,
    quota: usize,
) -> Result<u16, NoSlot> {
    let traffic = Traffic {
        direction,
        cidr,
        protocol,
        ports,
    };
    let none = |why, displaceable| NoSlot {
        acl: acl.id.clone(),
        direction,
        why,
        displaceable,
    };
    let entries = acl.counted(direction, cidr);
    if entries >= quota {
        let why = Crowded::Full { entries, quota };
        // What makes way must count towards the same quota.
        let own = |number| {
            acl.entry(direction, number)
                .is_some_and(|it| it.is_of_family(cidr))
        };
        return Err(none(why, displaceable(acl, traffic, own)));
    }
    let allow = first(acl, traffic, AclAction::Allow);
    free_below(acl, direction, allow).ok_or_else(|| {
        let why = Crowded::NoNumberBelow(allow.unwrap_or(HIGHEST));
        let last = allow.unwrap_or(0);
        none(why, displaceable(acl, traffic, |number| number <= last))
    })
}

/// The number for an entry, allow or deny, at which it comes before every entry of the other action that
/// meets some of its traffic; `None`: every such number is taken. The quota is not looked at.
pub(super) fn free_number(acl: &Acl, entry: &AclEntry) -> Option<u16> {
    let against = match entry.action {
        AclAction::Allow => AclAction::Deny,
        AclAction::Deny => AclAction::Allow,
    };
    free_below(
        acl,
        entry.direction,
        first(acl, Traffic::of(entry), against),
    )
}

/// The highest free number below `limit`; without a limit one where people look first.
fn free_below(acl: &Acl, direction: Direction, limit: Option<u16>) -> Option<u16> {
    let free = |number: &u16| acl.entry(direction, *number).is_none();
    match limit {
        Some(limit) => (1..limit).rev().find(free),
        None => (1..=USUAL).rev().chain(USUAL + 1..=HIGHEST).find(free),
    }
}

/// Whether a deny for all of this traffic comes before every allow of any of it, or there is no allow:
/// a further deny would change nothing.
pub fn is_denied(
    acl: &Acl,
    direction: Direction,
    cidr: IpNet,
    protocol: Protocol,
    ports: Option<PortRange>,
) -> bool {
    let traffic = Traffic {
        direction,
        cidr,
        protocol,
        ports,
    };
    let Some(allow) = first(acl, traffic, AclAction::Allow) else {
        return true;
    };
    let mut entries = acl.numbered_in(direction);
    entries.any(|it| {
        it.action == AclAction::Deny && it.number < allow && Traffic::of(it).covers(traffic)
    })
}

/// The lowest number of an entry of this action that meets the traffic.
fn first(acl: &Acl, traffic: Traffic, action: AclAction) -> Option<u16> {
    let entries = acl.numbered_in(traffic.direction);
    let of_action = entries.filter(|it| it.action == action);
    let met = of_action.filter(|it| Traffic::of(it).meets(traffic));
    met.map(|it| it.number).min()
}

/// The lowest number of an allow that meets some of an entry's traffic.
pub(super) fn first_allow(acl: &Acl, entry: &AclEntry) -> Option<u16> {
    first(acl, Traffic::of(entry), AclAction::Allow)
}

/// Whether two entries of one direction match some of the same packets.
pub(super) fn meet(one: &AclEntry, other: &AclEntry) -> bool {
    Traffic::of(one).meets(Traffic::of(other))
}

/// The entry of those that `may` go whose loss harms least while a deny for `traffic` stands.
fn displaceable(acl: &Acl, traffic: Traffic, may: impl Fn(u16) -> bool) -> Option<u16> {
    let mildest = by_harm(acl, traffic).into_iter();
    let mut within = mildest.filter(|(_, number)| may(*number));
    within.next().map(|(_, number)| number)
}

/// The entries of a direction that could make way for a deny, the least harmful first.
pub(super) fn candidates(acl: &Acl, deny: &AclEntry) -> Vec<(Harm, u16)> {
    by_harm(acl, Traffic::of(deny))
}

fn by_harm(acl: &Acl, traffic: Traffic) -> Vec<(Harm, u16)> {
    let entries = acl.numbered_in(traffic.direction);
    let mut entries: Vec<(Harm, u16)> = entries
        .map(|it| (harm(acl, it, traffic), it.number))
        .collect();
    entries.sort_unstable();
    entries
}

/// How much the loss of an entry harms while a deny for `traffic` stands: least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Harm {
    /// None: a lower entry decides all of its traffic, or nothing after it would allow any of it.
    Nothing,
    /// None while the deny stands, which covers it.
    Covered,
    /// Somebody loses traffic: the narrower, the fewer.
    Loses(Reverse<u8>),
    /// Somebody gets through.
    Opens,
}

fn harm(acl: &Acl, entry: &AclEntry, traffic: Traffic) -> Harm {
    let own = Traffic::of(entry);
    let others = || acl.numbered_in(entry.direction);
    let shadowed = others().any(|it| it.number < entry.number && Traffic::of(it).covers(own));
    let allowed_after = others().any(|it| {
        it.number > entry.number && it.action == AclAction::Allow && Traffic::of(it).meets(own)
    });
    let denies = entry.action == AclAction::Deny;
    if shadowed || (denies && !allowed_after) {
        Harm::Nothing
    } else if traffic.covers(own) {
        Harm::Covered
    } else if denies {
        Harm::Opens
    } else {
        Harm::Loses(Reverse(entry.cidr.prefix_len()))
    }
}

impl Traffic {
    fn of(entry: &AclEntry) -> Self {
        Self {
            direction: entry.direction,
            cidr: entry.cidr,
            protocol: entry.protocol,
            ports: entry.ports,
        }
    }

    /// Whether some packet is of both.
    fn meets(self, other: Self) -> bool {
        let cidrs = self.cidr.contains(&other.cidr) || other.cidr.contains(&self.cidr);
        let protocols = self.protocol == other.protocol
            || self.protocol == Protocol::All
            || other.protocol == Protocol::All;
        self.direction == other.direction && cidrs && protocols && self.ports_meet(other)
    }

    fn ports_meet(self, other: Self) -> bool {
        if self.protocol != other.protocol {
            return true;
        }
        let (Some(a), Some(b)) = (self.ports, other.ports) else {
            return true;
        };
        if self.is_icmp() {
            let any = |a: i32, b: i32| a == b || a == -1 || b == -1;
            return any(a.from, b.from) && any(a.to, b.to);
        }
        a.from <= b.to && b.from <= a.to
    }

    /// Whether every packet of `other` is one of `self`.
    fn covers(self, other: Self) -> bool {
        let protocols = self.protocol == Protocol::All
            || (self.protocol == other.protocol && self.ports_cover(other));
        self.direction == other.direction && self.cidr.contains(&other.cidr) && protocols
    }

    fn ports_cover(self, other: Self) -> bool {
        let Some(own) = self.ports else {
            return true;
        };
        let Some(of) = other.ports else {
            return false;
        };
        if self.is_icmp() {
            let any = |a: i32, b: i32| a == b || a == -1;
            return any(own.from, of.from) && any(own.to, of.to);
        }
        own.from <= of.from && of.to <= own.to
    }

    /// ICMP has types and codes in the place of ports.
    fn is_icmp(self) -> bool {
        matches!(self.protocol, Protocol::ICMP | Protocol::ICMPV6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u16, action: AclAction, cidr: &str) -> AclEntry {
        AclEntry {
            direction: Direction::Egress,
            number,
            action,
            protocol: Protocol::All,
            cidr: cidr.parse().unwrap(),
            ports: None,
        }
    }

    fn allow(number: u16, cidr: &str) -> AclEntry {
        entry(number, AclAction::Allow, cidr)
    }

    fn deny(number: u16, cidr: &str) -> AclEntry {
        entry(number, AclAction::Deny, cidr)
    }

    fn https(number: u16, cidr: &str) -> AclEntry {
        AclEntry {
            protocol: Protocol::TCP,
            ports: Some(PortRange { from: 443, to: 443 }),
            ..allow(number, cidr)
        }
    }

    fn acl(entries: Vec<AclEntry>) -> Acl {
        Acl {
            id: "acl-1".into(),
            vpc: "vpc-1".into(),
            name: String::new(),
            default: false,
            entries,
            subnets: vec![],
        }
    }

    fn for_peer(entries: Vec<AclEntry>) -> Result<u16, NoSlot> {
        let peer = "203.0.113.66/32".parse().unwrap();
        slot(
            &acl(entries),
            Direction::Egress,
            peer,
            Protocol::All,
            None,
            20,
        )
    }

    #[test]
    fn the_number_is_below_every_allow_of_the_traffic_and_free() {
        let any = "0.0.0.0/0";
        let ingress = AclEntry {
            direction: Direction::Ingress,
            ..allow(5, any)
        };
        for (entries, number) in [
            (vec![allow(100, any)], 99),
            (vec![allow(100, any), deny(99, any), deny(98, any)], 97),
            (vec![allow(100, any), allow(50, "10.0.0.0/8")], 99),
            (vec![allow(100, any), https(30, "203.0.113.0/24")], 29),
            (vec![allow(100, any), allow(20, "::/0"), ingress], 99),
            (vec![deny(32767, any)], 100),
            (vec![deny(100, any), allow(3, "::/0")], 99),
            (vec![allow(2, any)], 1),
        ] {
            assert_eq!(for_peer(entries.clone()), Ok(number), "{entries:?}");
        }
    }

    #[test]
    fn ports_count_where_both_have_some() {
        let acl = acl(vec![https(10, "0.0.0.0/0"), allow(100, "0.0.0.0/0")]);
        let any = "0.0.0.0/0".parse().unwrap();
        for (protocol, from, to, number) in [
            (Protocol::TCP, 443, 443, 9),
            (Protocol::TCP, 80, 500, 9),
            (Protocol::TCP, 444, 500, 99),
            (Protocol::UDP, 443, 443, 99),
            (Protocol::ICMP, -1, -1, 99),
        ] {
            let ports = Some(PortRange { from, to });
            let found = slot(&acl, Direction::Egress, any, protocol, ports, 20);
            assert_eq!(found, Ok(number), "{protocol} {from}-{to}");
        }
    }

    #[test]
    fn no_number_below_the_first_allow_is_an_error_that_names_what_could_go() {
        let error = for_peer(vec![allow(1, "0.0.0.0/0")]).unwrap_err();
        assert_eq!(error.why, Crowded::NoNumberBelow(1));
        assert_eq!(error.displaceable, Some(1));
        let words = error.to_string();
        assert!(
            words.contains("acl-1")
                && words.contains("egress")
                && words.contains("below its allow 1"),
            "{words}"
        );
        // The deny before it decides nothing: whom it denies, nobody allows afterwards.
        let taken = vec![deny(1, "198.51.100.0/24"), allow(2, "203.0.113.0/24")];
        assert_eq!(for_peer(taken).unwrap_err().displaceable, Some(1));
    }

    #[test]
    fn a_full_direction_is_an_error_that_names_the_least_harmful_entry() {
        let narrow = |number: u16| allow(number, &format!("10.{number}.0.0/16"));
        let mut entries: Vec<AclEntry> = (1..19).map(narrow).collect();
        entries.push(allow(100, "10.99.7.0/24"));
        let full = |entries: &[AclEntry]| for_peer(entries.to_vec()).unwrap_err();
        let why = Crowded::Full {
            entries: 20,
            quota: 20,
        };
        let (error, harmed) = (full(&entries), Some(100));
        assert_eq!((error.why, error.displaceable), (why, harmed));
        // One final deny counts, listed or not; the other direction does not.
        entries.pop();
        entries.push(deny(32767, "0.0.0.0/0"));
        assert_eq!(for_peer(entries.clone()), Ok(100));
        // A shadowed entry decides nothing; one that the deny covers decides nothing while it stands.
        entries.push(allow(150, "203.0.113.66/32"));
        assert_eq!(full(&entries).displaceable, Some(150));
        entries.pop();
        entries.push(allow(200, "10.7.7.0/24"));
        assert_eq!(full(&entries).displaceable, Some(200));
        // A deny that keeps somebody out is the last to go.
        entries.pop();
        entries[4] = deny(5, "10.6.6.0/24");
        entries.push(allow(210, "192.0.2.0/24"));
        assert_eq!(full(&entries).displaceable, Some(210));
    }

    #[test]
    fn entries_of_the_other_family_neither_fill_a_direction_nor_make_way() {
        let of_v6 = |number: u16| allow(number, &format!("2001:db8:{number}::/48"));
        let of_v4 = |number: u16| allow(number, &format!("10.{number}.0.0/16"));
        let mut entries: Vec<AclEntry> = (1..=20).map(of_v6).collect();
        assert_eq!(for_peer(entries.clone()), Ok(100));
        entries.extend((101..=120).map(of_v4));
        let error = for_peer(entries).unwrap_err();
        assert!(matches!(error.why, Crowded::Full { entries: 21, .. }));
        assert!(error.displaceable.is_some_and(|it| it > 100), "{error}");
    }

    #[test]
    fn what_is_denied_already_is_seen() {
        let peer = "203.0.113.66/32".parse().unwrap();
        let denied = |entries| {
            let acl = acl(entries);
            is_denied(&acl, Direction::Egress, peer, Protocol::All, None)
        };
        let any = "0.0.0.0/0";
        for (entries, expected) in [
            (vec![], true),
            (vec![allow(100, "10.0.0.0/8")], true),
            (vec![allow(100, any)], false),
            (vec![allow(100, any), deny(90, "203.0.113.0/24")], true),
            (vec![allow(100, any), deny(110, any)], false),
            (vec![allow(100, any), deny(90, "203.0.113.66/32")], true),
            (vec![allow(100, any), deny(90, "203.0.113.67/32")], false),
            (vec![https(80, any), deny(90, any)], false),
        ] {
            assert_eq!(denied(entries.clone()), expected, "{entries:?}");
        }
    }
}
