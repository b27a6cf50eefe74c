//! How a rule of a security group is named on a command line: by its id, or by what it says.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::model::notation;
use crate::model::{Direction, Group, GroupRule, PortRange, Protocol, RuleId, RulePeer};

/// Names a rule of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleName {
    /// `sgr-…`
    Id(RuleId),
    /// `in:tcp:22:0.0.0.0/0`: direction, protocol, ports and peer. It has no id.
    Says(GroupRule),
}

impl RuleName {
    /// The rule of a group that has this name.
    pub fn of<'g>(&self, group: &'g Group) -> Option<&'g GroupRule> {
        let is = |rule: &&GroupRule| match self {
            Self::Id(id) => rule.id.as_ref() == Some(id),
            Self::Says(it) => it.same_as(rule),
        };
        group.rules.iter().find(is)
    }

    /// Every name that a rule could have been called by: its id first.
    pub(super) fn all_of(rule: &GroupRule) -> impl Iterator<Item = String> {
        let id = rule.id.as_ref().map(ToString::to_string);
        id.into_iter().chain([Self::Says(rule.clone()).to_string()])
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = match self {
            Self::Id(id) => return write!(f, "{id}"),
            Self::Says(rule) => rule,
        };
        let direction = direction_word(rule.direction);
        let protocol = match rule.protocol {
            Protocol::All => "all".to_owned(),
            Protocol::Number(_) => notation::written_protocol(rule.protocol),
        };
        write!(f, "{direction}:{protocol}:{}:", Ports(rule))?;
        match &rule.peer {
            RulePeer::Cidr(cidr) => write!(f, "{cidr}"),
            RulePeer::Group(id) => write!(f, "{id}"),
            RulePeer::PrefixList(id) => write!(f, "{id}"),
        }
    }
}

/// `in` or `out`.
pub(super) fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "in",
        Direction::Egress => "out",
    }
}

/// `all`, `22`, `8000-8100`; ICMP: `8`, or `3/4` with a code.
struct Ports<'r>(&'r GroupRule);

impl fmt::Display for Ports<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.ports {
            None => f.write_str("all"),
            Some(PortRange { from, to: -1 }) if is_icmp(self.0.protocol) => write!(f, "{from}"),
            Some(PortRange { from, to }) if is_icmp(self.0.protocol) => write!(f, "{from}/{to}"),
            Some(PortRange { from, to }) if from == to => write!(f, "{from}"),
            Some(PortRange { from, to }) => write!(f, "{from}-{to}"),
        }
    }
}

fn is_icmp(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::ICMP | Protocol::ICMPV6)
}

impl FromStr for RuleName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("sgr-") {
            return Ok(Self::Id(text.into()));
        }
        // The peer may hold colons: it comes last.
        let words: Vec<&str> = text.splitn(4, ':').collect();
        let [way, protocol, range, other] = words[..] else {
            return Err("sgr-… or direction, protocol, ports and peer: in:tcp:22:0.0.0.0/0".into());
        };
        let direction = match way {
            "in" => Direction::Ingress,
            "out" => Direction::Egress,
            other => return Err(format!("{other:?} is neither in nor out")),
        };
        let protocol = notation::protocol(protocol)
            .ok_or_else(|| format!("{protocol:?} is no protocol: tcp, udp, icmp, a number, all"))?;
        let ports = if range == "all" {
            None
        } else {
            let read = read_ports(protocol, range);
            let read =
                read.ok_or_else(|| format!("{range:?} are no ports: 22, 8000-8100 or all"))?;
            notation::ports(protocol, Some(read.from), Some(read.to))
        };
        let peer = read_peer(other)
            .ok_or_else(|| format!("{other:?} is no peer: 10.0.0.0/8, sg-… or pl-…"))?;
        Ok(Self::Says(GroupRule {
            id: None,
            direction,
            protocol,
            ports,
            peer,
        }))
    }
}

fn read_ports(protocol: Protocol, text: &str) -> Option<PortRange> {
    let (from, to) = if is_icmp(protocol) {
        let (kind, code) = text.split_once('/').unwrap_or((text, "-1"));
        let code: i32 = code.parse().ok().filter(|it| (-1..=255).contains(it))?;
        (i32::from(kind.parse::<u8>().ok()?), code)
    } else {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let (from, to): (u16, u16) = (from.parse().ok()?, to.parse().ok()?);
        (from <= to).then_some((from.into(), to.into()))?
    };
    Some(PortRange { from, to })
}

fn read_peer(text: &str) -> Option<RulePeer> {
    if text.starts_with("sg-") {
        return Some(RulePeer::Group(text.into()));
    }
    if text.starts_with("pl-") {
        return Some(RulePeer::PrefixList(text.to_owned()));
    }
    let alone = || text.parse::<IpAddr>().ok().map(Into::into);
    notation::cidr(text).or_else(alone).map(RulePeer::Cidr)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_rule_says_is_read_and_written_alike() {
        for text in [
            "in:tcp:22:0.0.0.0/0",
            "out:all:all:0.0.0.0/0",
            "in:tcp:8000-8100:sg-0a1b",
            "in:udp:53:::/0",
            "out:tcp:443:pl-0a",
            "in:icmp:8:10.0.0.0/8",
            "in:icmp:3/4:0.0.0.0/0",
            "in:icmpv6:all:::/0",
            "in:47:all:192.0.2.7/32",
            "sgr-0123456789",
        ] {
            let name: RuleName = text.parse().unwrap();
            assert_eq!(name.to_string(), text);
        }
    }

    #[test]
    fn what_is_equal_to_aws_is_equal_here() {
        for (one, other) in [
            ("in:tcp:0-65535:10.0.0.0/8", "in:tcp:all:10.9.0.0/8"),
            ("in:6:22:10.0.0.1", "in:tcp:22:10.0.0.1/32"),
            ("in:-1:all:::/0", "in:all:all:::/0"),
        ] {
            assert_eq!(one.parse::<RuleName>(), other.parse::<RuleName>());
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, wanted) in [
            ("tcp:22:0.0.0.0/0", "in:tcp:22:0.0.0.0/0"),
            ("inn:tcp:22:0.0.0.0/0", "\"inn\""),
            ("in:tcpp:22:0.0.0.0/0", "\"tcpp\""),
            ("in:tcp:70000:0.0.0.0/0", "\"70000\""),
            ("in:tcp:30-20:0.0.0.0/0", "\"30-20\""),
            ("in:icmp:300:0.0.0.0/0", "\"300\""),
            ("in:tcp:22:everyone", "\"everyone\""),
            ("", "in:tcp:22:0.0.0.0/0"),
        ] {
            let said = text.parse::<RuleName>().unwrap_err();
            assert!(said.contains(wanted), "{text}: {said}");
        }
    }
}
