//! What rules say of one packet: groups and network ACLs. Nothing here remembers anything.

use super::block::{Addr, Block};
use super::packet::Packet;
use super::switches::Switches;
use crate::model::{AclId, Direction, PortRange, Protocol};

/// What rules ask of a packet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Probe {
    pub(super) protocol: u8,
    src: Addr,
    dst: Addr,
    src_port: u16,
    dst_port: u16,
}

impl Probe {
    pub(super) fn of(packet: Packet) -> Self {
        Self {
            protocol: packet.protocol,
            src: Addr::of(packet.src),
            dst: Addr::of(packet.dst),
            src_port: packet.src_port,
            dst_port: packet.dst_port,
        }
    }

    /// The far side, seen from where the packet goes in `direction`.
    fn remote(&self, direction: Direction) -> Addr {
        match direction {
            Direction::Ingress => self.src,
            Direction::Egress => self.dst,
        }
    }
}

/// Protocol and ports of a rule or an entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Matcher {
    protocol: Option<u8>,
    ports: Option<(i32, i32)>,
}

impl Matcher {
    pub(super) fn of(protocol: Protocol, ports: Option<PortRange>) -> Self {
        Self {
            protocol: match protocol {
                Protocol::All => None,
                Protocol::Number(number) => Some(number),
            },
            ports: ports.map(|it| (it.from, it.to)),
        }
    }

    /// Ports are those of the destination; of ICMP they are type and code, where -1 is any; other
    /// protocols have none, and "all protocols" has no ports.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html>
    fn covers(self, probe: &Probe) -> bool {
        let Some(protocol) = self.protocol else {
            return true;
        };
        if protocol != probe.protocol {
            return false;
        }
        match (self.ports, protocol) {
            (Some((kind, code)), Packet::ICMP | Packet::ICMPV6) => {
                let [own_kind, own_code] = probe.dst_port.to_be_bytes();
                let any = kind == -1 && code == -1;
                any || kind == i32::from(own_kind) && (code == -1 || code == i32::from(own_code))
            }
            (Some((from, to)), Packet::TCP | Packet::UDP) => {
                (from..=to).contains(&i32::from(probe.dst_port))
            }
            _ => true,
        }
    }

    /// Whether it permits the protocol for any port.
    fn every_port(self, protocol: u8) -> bool {
        match self.protocol {
            None => true,
            Some(own) => {
                own == protocol
                    && self
                        .ports
                        .is_none_or(|(from, to)| from <= 0 && to >= 65_535)
            }
        }
    }

    /// Whether it permits the protocol for this port.
    fn has_port(self, protocol: u8, port: u16) -> bool {
        let range = || self.ports.unwrap_or((0, 65_535));
        self.every_port(protocol)
            || self.protocol == Some(protocol) && {
                let (from, to) = range();
                (from..=to).contains(&i32::from(port))
            }
    }
}

/// An entry of a network ACL.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) number: u16,
    pub(super) allow: bool,
    pub(super) block: Block,
    pub(super) matcher: Matcher,
}

/// A network ACL; both lists are in the order of their numbers.
#[derive(Debug)]
pub(super) struct AclTable {
    pub(super) id: AclId,
    pub(super) ingress: Vec<Line>,
    pub(super) egress: Vec<Line>,
}

impl AclTable {
    /// The number of the entry that drops the packet; `None`: it passes. The lowest number that
    /// matches decides, and what no entry matches is dropped:
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>
    pub(super) fn drops(&self, direction: Direction, probe: &Probe) -> Option<u16> {
        let lines = match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        };
        let remote = probe.remote(direction);
        let decider = lines
            .iter()
            .find(|it| it.block.contains(remote) && it.matcher.covers(probe));
        match decider {
            Some(line) if line.allow => None,
            Some(line) => Some(line.number),
            None => Some(32_767),
        }
    }
}

/// The other side of a group's rule.
#[derive(Debug, Clone, Copy)]
pub(super) enum Peer {
    Block(Block),
    /// Members of a group, by its index.
    Group(u32),
    /// A prefix list, by its index; absent: it is not known.
    List(Option<u32>),
}

/// A rule of a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub(super) direction: Direction,
    pub(super) matcher: Matcher,
    pub(super) peer: Peer,
    /// Tells the rule from others, those of other groups too: one bit of 64, by its hash.
    pub(super) mark: u64,
}

/// What rules are judged with besides the packet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) switches: &'a Switches,
    /// The path is tracked whatever the rules are.
    pub(super) auto: bool,
}

/// What the groups of an interface say of a packet that is the first of its flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Judged {
    pub(super) permitted: bool,
    /// Rules alone let it and what answers it pass: nothing is remembered.
    pub(super) untracked: bool,
    /// The marks of the rules that an untracked flow passes by, one bit for each.
    pub(super) marks: u64,
    /// One of the rules that were asked for is among those that permit it.
    pub(super) still: bool,
}

/// What one group, or all of them, say.
#[derive(Debug, Default, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an answer of its own"
)]
struct Said {
    permitted: bool,
    narrow: bool,
    wide: bool,
    halves: u8,
    answers: bool,
    answer_halves: u8,
}

impl Said {
    fn and(self, other: Self) -> Self {
        Self {
            permitted: self.permitted | other.permitted,
            narrow: self.narrow | other.narrow,
            wide: self.wide | other.wide,
            halves: self.halves | other.halves,
            answers: self.answers | other.answers,
            answer_halves: self.answer_halves | other.answer_halves,
        }
    }

    fn is_open(self, switches: &Switches) -> bool {
        let halves = switches.halves_are_everyone;
        (self.wide || halves && self.halves == 3)
            && (self.answers || halves && self.answer_halves == 3)
            && !(switches.narrow_rule_tracks && self.narrow)
    }
}

/// Judges a packet that goes in `direction` by rules, group by group.
///
/// Untracked is TCP or UDP that a rule for all addresses of the family permits, where the other
/// direction permits its protocol for all addresses and ports, on a path that is not always tracked.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html#untracked-connections>
pub(super) fn judge<'a>(
    groups: impl Iterator<Item = &'a [Rule]>,
    knows: impl Fn(Peer, Addr) -> bool,
    everyone: impl Fn(Peer, bool) -> bool,
    (direction, probe, setting, wanted): (Direction, &Probe, Setting<'_>, u64),
) -> Judged {
    let remote = probe.remote(direction);
    let switches = setting.switches;
    let (mut all, mut alone) = (Said::default(), false);
    let mut marks = 0;
    for rules in groups {
        let mut said = Said::default();
        for rule in rules {
            let wide = everyone(rule.peer, remote.is_v6());
            let half = match rule.peer {
                Peer::Block(block) if block.is_v6() == remote.is_v6() => block.half(),
                _ => 0,
            };
            if rule.direction == direction {
                if rule.matcher.covers(probe) && knows(rule.peer, remote) {
                    said.permitted = true;
                    said.wide |= wide;
                    said.narrow |= !wide;
                    said.halves |= half;
                    if wide || half != 0 {
                        marks |= rule.mark;
                    }
                } else if half != 0 && rule.matcher.covers(probe) {
                    said.halves |= half;
                }
            } else {
                let ports = rule.matcher.every_port(probe.protocol)
                    || switches.partial_reverse_rule_untracks
                        && rule.matcher.has_port(probe.protocol, probe.src_port);
                said.answers |= wide && ports;
                said.answer_halves |= if ports { half } else { 0 };
            }
        }
        alone |= said.is_open(switches);
        all = all.and(said);
    }
    let open = if switches.groups_are_apart {
        alone
    } else {
        all.is_open(switches)
    };
    let trackless = matches!(probe.protocol, Packet::TCP | Packet::UDP) && !setting.auto;
    Judged {
        permitted: all.permitted,
        untracked: all.permitted && trackless && open,
        marks,
        still: marks & wanted != 0,
    }
}
