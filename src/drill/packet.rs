//! One packet, judged by groups and NACLs. Nothing here remembers anything: state is
//! `tracking`'s, and who meets whom is `path`'s.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::{AclAction, Direction, Eni, Estate, PortRange, Protocol, RulePeer, SubnetId};

/// A packet as one segment of its path sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packet {
    /// IANA number.
    pub(super) protocol: u8,
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    /// 0 where the protocol has no ports.
    pub(super) src_port: u16,
    pub(super) dst_port: u16,
    /// ICMP: an echo reply, otherwise an echo request.
    pub(super) reply: bool,
}

/// What groups say of a packet that no tracking entry vouches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Let through, and remembered.
    Tracked,
    /// Let through by rule alone.
    Untracked,
}

impl Packet {
    pub(super) const TCP: u8 = 6;
    pub(super) const UDP: u8 = 17;

    /// The packet that answers this one.
    pub(super) fn reversed(self) -> Self {
        Self {
            src: self.dst,
            dst: self.src,
            src_port: self.dst_port,
            dst_port: self.src_port,
            reply: !self.reply,
            ..self
        }
    }

    pub(super) fn is_icmp(self) -> bool {
        matches!(self.protocol, 1 | 58)
    }

    /// Type of an echo: 8 and 0, in IPv6 128 and 129.
    fn icmp_type(self) -> i32 {
        match (self.protocol, self.reply) {
            (58, false) => 128,
            (58, true) => 129,
            (_, false) => 8,
            (_, true) => 0,
        }
    }

    /// The far side, seen from the interface that the packet passes in `direction`.
    fn remote(self, direction: Direction) -> IpAddr {
        match direction {
            Direction::Ingress => self.src,
            Direction::Egress => self.dst,
        }
    }

    /// Ports are those of the destination; ICMP has type and code in their place:
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html>
    fn covered_by(self, protocol: Protocol, ports: Option<PortRange>) -> bool {
        match (protocol, ports) {
            (Protocol::Number(number), _) if number != self.protocol => false,
            (Protocol::All, _) | (_, None) => true,
            (_, Some(range)) if self.is_icmp() => {
                matches!(range.from, -1) || range.from == self.icmp_type() && range.to < 1
            }
            (_, Some(range)) if matches!(self.protocol, Self::TCP | Self::UDP) => {
                range.contains(self.dst_port)
            }
            _ => true,
        }
    }
}

/// What the groups of `eni` say of a packet that passes in `direction` as the first of its flow;
/// `None`: nothing permits it.
///
/// Untracked is TCP or UDP that a rule for every address permits, where the other direction permits
/// every address and port too; a path that AWS tracks by itself overrides both. Each family is
/// judged by its own rules.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html>
pub(super) fn judge_groups(
    estate: &Estate,
    eni: &Eni,
    direction: Direction,
    packet: Packet,
    auto_tracked: bool,
) -> Option<Class> {
    let remote = packet.remote(direction);
    let (mut permitted, mut wide, mut answers) = (false, false, false);
    for group in eni.groups.iter().filter_map(|id| estate.group(id)) {
        for rule in &group.rules {
            let everyone = is_everyone(&rule.peer, remote);
            if rule.direction == direction {
                if packet.covered_by(rule.protocol, rule.ports)
                    && is_peer(estate, &rule.peer, remote)
                {
                    permitted = true;
                    wide |= everyone;
                }
            } else {
                answers |= everyone && every_port(rule.protocol, rule.ports, packet.protocol);
            }
        }
    }
    let trackless = matches!(packet.protocol, Packet::TCP | Packet::UDP) && !auto_tracked;
    let class = if trackless && wide && answers {
        Class::Untracked
    } else {
        Class::Tracked
    };
    permitted.then_some(class)
}

/// Whether the NACL of `subnet` lets the packet cross its edge in `direction`. The lowest number
/// that matches decides, and nothing that matches is a deny:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>
pub(super) fn judge_acl(
    estate: &Estate,
    subnet: &SubnetId,
    direction: Direction,
    packet: Packet,
) -> bool {
    let remote = packet.remote(direction);
    let entries = estate
        .acl_of_subnet(subnet)
        .into_iter()
        .flat_map(|acl| &acl.entries);
    let decider = entries
        .filter(|entry| entry.direction == direction)
        .filter(|entry| entry.cidr.contains(&remote))
        .filter(|entry| packet.covered_by(entry.protocol, entry.ports))
        .min_by_key(|entry| entry.number);
    decider.is_some_and(|entry| entry.action == AclAction::Allow)
}

/// A group stands for the private addresses of its members, never for public ones:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>
fn is_peer(estate: &Estate, peer: &RulePeer, remote: IpAddr) -> bool {
    match peer {
        RulePeer::Cidr(cidr) => cidr.contains(&remote),
        RulePeer::Group(group) => estate
            .eni_of_address(remote)
            .is_some_and(|eni| eni.addresses.contains(&remote) && eni.groups.contains(group)),
        RulePeer::PrefixList(_) => false,
    }
}

/// Every address of the family of `remote`.
fn is_everyone(peer: &RulePeer, remote: IpAddr) -> bool {
    match peer {
        RulePeer::Cidr(IpNet::V4(cidr)) => cidr.prefix_len() == 0 && remote.is_ipv4(),
        RulePeer::Cidr(IpNet::V6(cidr)) => cidr.prefix_len() == 0 && remote.is_ipv6(),
        RulePeer::Group(_) | RulePeer::PrefixList(_) => false,
    }
}

fn every_port(protocol: Protocol, ports: Option<PortRange>, wanted: u8) -> bool {
    match protocol {
        Protocol::All => true,
        Protocol::Number(number) => {
            number == wanted && ports.is_none_or(|it| it.from <= 0 && it.to >= 65_535)
        }
    }
}
