//! A network ACL, ready to judge packets: entries by number, the first match decides.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html>

use std::net::IpAddr;

use ipnet::IpNet;

use super::network::Ix;
use crate::model::{Acl, AclAction, AclEntry, Direction, Protocol};

/// The entries of one NACL, per direction and family, in the order in which they are tried.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct AclRules {
    lanes: [Vec<Entry>; 4],
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Entry {
    number: u16,
    allows: bool,
    protocol: Protocol,
    /// The CIDR block as network and mask, in the low bits for IPv4.
    network: u128,
    mask: u128,
    /// Ports, or ICMP type and code, where the entry has a condition on them.
    from: i32,
    to: i32,
    conditional: bool,
}

/// What a NACL judges: one packet, or packets that differ in their destination port alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) protocol: u8,
    /// Destination ports, inclusive.
    pub(super) ports: (u16, u16),
    /// ICMP type and code.
    pub(super) icmp: (u8, u8),
    /// An entry that drops some of these ports, and not the one in use: the flow is seen to live.
    pub(super) spared: Option<(Ix, Direction, u16)>,
}

/// A NACL's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ruling {
    /// Let through by this entry.
    Allow(u16),
    /// Dropped by this entry; 32767 (32768 for IPv6) is the final deny.
    Deny(u16),
    /// Some of the ports are let through and some dropped; the entry is the first that drops any.
    Mixed(u16),
}

impl AclRules {
    pub(super) fn of(acl: &Acl) -> Self {
        let mut rules = Self::default();
        for entry in &acl.entries {
            let v6 = matches!(entry.cidr, IpNet::V6(_));
            rules.lanes[lane(entry.direction, v6)].push(Entry::of(entry));
        }
        for lane in &mut rules.lanes {
            lane.sort_by_key(|it| it.number);
        }
        rules
    }

    /// Judges a frame by the remote address: the source of ingress, the destination of egress.
    pub(super) fn judge(&self, direction: Direction, remote: IpAddr, frame: Frame) -> Ruling {
        let (remote, v6) = bits(remote);
        let mut open = frame.ports;
        let mut first_deny = None;
        let mut allowed = None;
        for entry in &self.lanes[lane(direction, v6)] {
            if remote & entry.mask != entry.network || !entry.covers_protocol(frame.protocol) {
                continue;
            }
            let Some((from, to)) = entry.overlap(frame, open) else {
                continue;
            };
            if entry.allows {
                allowed = allowed.or(Some(entry.number));
            } else {
                first_deny = first_deny.or(Some(entry.number));
            }
            // What one entry decides is not asked of later ones; a hole in the middle is kept whole.
            if from <= open.0 && to >= open.1 {
                return ruling(allowed, first_deny, entry.number);
            } else if from <= open.0 {
                open.0 = to.saturating_add(1);
            } else if to >= open.1 {
                open.1 = from.saturating_sub(1);
            }
        }
        let last = if v6 { 32768 } else { 32767 };
        ruling(allowed, first_deny.or(Some(last)), last)
    }
}

fn ruling(allowed: Option<u16>, denied: Option<u16>, decided: u16) -> Ruling {
    match (allowed, denied) {
        (Some(_), Some(number)) => Ruling::Mixed(number),
        (Some(number), None) => Ruling::Allow(number),
        (None, denied) => Ruling::Deny(denied.unwrap_or(decided)),
    }
}

impl Entry {
    fn of(entry: &AclEntry) -> Self {
        let (network, _) = bits(entry.cidr.network());
        let (mask, _) = bits(entry.cidr.netmask());
        // Only TCP, UDP and ICMP have conditions beyond addresses, whatever a dump says:
        // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html
        let has_ports = matches!(
            entry.protocol,
            Protocol::TCP | Protocol::UDP | Protocol::ICMP | Protocol::ICMPV6
        );
        let ports = entry.ports.filter(|_| has_ports);
        Self {
            number: entry.number,
            allows: entry.action == AclAction::Allow,
            protocol: entry.protocol,
            network,
            mask,
            from: ports.map_or(0, |it| it.from),
            to: ports.map_or(0, |it| it.to),
            conditional: ports.is_some(),
        }
    }

    fn covers_protocol(&self, protocol: u8) -> bool {
        self.protocol == Protocol::All || self.protocol == Protocol::Number(protocol)
    }

    /// The part of `open` that the entry decides.
    fn overlap(&self, frame: Frame, open: (u16, u16)) -> Option<(u16, u16)> {
        if !self.conditional {
            return Some(open);
        }
        if matches!(self.protocol, Protocol::ICMP | Protocol::ICMPV6) {
            let any = |want: i32, have: u8| want == -1 || want == i32::from(have);
            let matches = any(self.from, frame.icmp.0) && any(self.to, frame.icmp.1);
            return matches.then_some(open);
        }
        let from = self.from.max(i32::from(open.0));
        let to = self.to.min(i32::from(open.1));
        let inside = |port| u16::try_from(port).ok();
        (from <= to).then(|| inside(from).zip(inside(to))).flatten()
    }
}

fn lane(direction: Direction, v6: bool) -> usize {
    let direction = match direction {
        Direction::Ingress => 0,
        Direction::Egress => 2,
    };
    direction + usize::from(v6)
}

fn bits(address: IpAddr) -> (u128, bool) {
    match address {
        IpAddr::V4(it) => (u128::from(it.to_bits()), false),
        IpAddr::V6(it) => (it.to_bits(), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PortRange;

    fn entry(number: u16, action: AclAction, cidr: &str, ports: Option<(i32, i32)>) -> AclEntry {
        AclEntry {
            direction: Direction::Ingress,
            number,
            action,
            protocol: if ports.is_some() {
                Protocol::TCP
            } else {
                Protocol::All
            },
            cidr: cidr.parse().unwrap(),
            ports: ports.map(|(from, to)| PortRange { from, to }),
        }
    }

    fn judge(entries: &[AclEntry], remote: &str, ports: (u16, u16)) -> Ruling {
        let acl = Acl {
            id: "acl-1".into(),
            vpc: "vpc-1".into(),
            name: String::new(),
            default: false,
            entries: entries.to_vec(),
            subnets: Vec::new(),
        };
        let frame = Frame {
            protocol: 6,
            ports,
            icmp: (8, 0),
            spared: None,
        };
        AclRules::of(&acl).judge(Direction::Ingress, remote.parse().unwrap(), frame)
    }

    #[test]
    fn the_lowest_number_decides_whatever_the_order_and_families_are_apart() {
        use AclAction::{Allow, Deny};
        let entries = [
            entry(100, Allow, "0.0.0.0/0", None),
            entry(90, Deny, "203.0.113.0/24", None),
            entry(95, Deny, "::/0", None),
        ];
        assert_eq!(judge(&entries, "203.0.113.9", (80, 80)), Ruling::Deny(90));
        assert_eq!(judge(&entries, "203.0.114.9", (80, 80)), Ruling::Allow(100));
        assert_eq!(judge(&entries, "2001:db8::1", (80, 80)), Ruling::Deny(95));
        assert_eq!(
            judge(&entries[..2], "2001:db8::1", (80, 80)),
            Ruling::Deny(32768)
        );
        assert_eq!(judge(&[], "203.0.113.9", (80, 80)), Ruling::Deny(32767));
    }

    #[test]
    fn a_range_of_ports_is_mixed_only_if_entries_disagree_on_it() {
        use AclAction::{Allow, Deny};
        let window = [entry(100, Allow, "0.0.0.0/0", Some((32768, 61000)))];
        for (ports, want) in [
            ((40000, 41000), Ruling::Allow(100)),
            ((61001, 65535), Ruling::Deny(32767)),
            ((1024, 65535), Ruling::Mixed(32767)),
        ] {
            assert_eq!(judge(&window, "192.0.2.1", ports), want, "{ports:?}");
        }
        let two = [
            entry(90, Deny, "0.0.0.0/0", Some((3389, 3389))),
            entry(100, Allow, "0.0.0.0/0", Some((1024, 40000))),
            entry(110, Allow, "0.0.0.0/0", Some((40001, 65535))),
        ];
        assert_eq!(judge(&two, "192.0.2.1", (4000, 65535)), Ruling::Allow(100));
        assert_eq!(judge(&two, "192.0.2.1", (1024, 65535)), Ruling::Mixed(90));
    }
}
