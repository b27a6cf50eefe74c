//! From SDK types to the model, one free function per type.
//!
//! Conversion never fails loudly: what lacks an id, or can't be read, is left out, because one odd
//! entry must not hide the rest of an account. Every text is made printable on the way.

pub(super) mod compute;
pub(super) mod eni;
pub(super) mod finding;
pub(super) mod flow_log;
pub(super) mod gateway;
pub(super) mod group;
pub(super) mod network;
pub(super) mod route;
mod sequence;

use std::net::IpAddr;

use aws_sdk_ec2::primitives::DateTime as SdkTime;
use aws_sdk_ec2::types::Tag;
use chrono::{DateTime, Utc};
use ipnet::IpNet;

use crate::model::text::visible;
use crate::model::{PortRange, Protocol};

/// A text for display.
pub(super) fn shown(text: Option<&str>) -> String {
    visible(text.unwrap_or_default()).into_owned()
}

/// A moment.
fn time(at: Option<&SdkTime>) -> Option<DateTime<Utc>> {
    let at = at?;
    DateTime::from_timestamp(at.secs(), at.subsec_nanos())
}

/// A CIDR block, without host bits: not every server writes it canonically.
fn cidr(text: Option<&str>) -> Option<IpNet> {
    Some(text?.parse::<IpNet>().ok()?.trunc())
}

/// An address.
fn address(text: Option<&str>) -> Option<IpAddr> {
    text?.parse().ok()
}

/// The `Name` tag.
fn name(tags: &[Tag]) -> String {
    let tag = tags.iter().find(|tag| tag.key() == Some("Name"));
    shown(tag.and_then(Tag::value))
}

/// A protocol as rules and entries name it: `-1`, a number, or one of four words.
fn protocol(text: Option<&str>) -> Option<Protocol> {
    match text? {
        "-1" | "all" => Some(Protocol::All),
        "icmp" => Some(Protocol::ICMP),
        "tcp" => Some(Protocol::TCP),
        "udp" => Some(Protocol::UDP),
        "icmpv6" => Some(Protocol::ICMPV6),
        number => number.parse().ok().map(Protocol::Number),
    }
}

/// Ports, or ICMP type and code. AWS writes "all" in three ways; here it is always absence.
fn ports(protocol: Protocol, from: Option<i32>, to: Option<i32>) -> Option<PortRange> {
    let range = PortRange {
        from: from?,
        to: to?,
    };
    let every = match protocol {
        Protocol::All => true,
        Protocol::TCP | Protocol::UDP => (range.from, range.to) == (0, 65535),
        Protocol::Number(_) => false,
    };
    let unset = (range.from, range.to) == (-1, -1);
    (!every && !unset).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_all_ports_is_the_same() {
        let range = |from, to| Some(PortRange { from, to });
        for (protocol, from, to, expected) in [
            (Protocol::All, Some(-1), Some(-1), None),
            (Protocol::All, Some(0), Some(65535), None),
            (Protocol::All, None, None, None),
            (Protocol::TCP, Some(0), Some(65535), None),
            (Protocol::TCP, Some(0), Some(65534), range(0, 65534)),
            (Protocol::UDP, Some(53), Some(53), range(53, 53)),
            (Protocol::ICMP, Some(-1), Some(-1), None),
            (Protocol::ICMP, Some(8), Some(-1), range(8, -1)),
            (Protocol::ICMPV6, Some(0), Some(0), range(0, 0)),
        ] {
            assert_eq!(ports(protocol, from, to), expected, "{protocol} {from:?}");
        }
    }

    #[test]
    fn protocols_are_words_or_numbers() {
        for (text, expected) in [
            ("-1", Some(Protocol::All)),
            ("tcp", Some(Protocol::TCP)),
            ("6", Some(Protocol::TCP)),
            ("58", Some(Protocol::ICMPV6)),
            ("icmpv6", Some(Protocol::ICMPV6)),
            ("47", Some(Protocol::Number(47))),
            ("300", None),
            ("sctp?", None),
        ] {
            assert_eq!(protocol(Some(text)), expected, "{text}");
        }
    }

    #[test]
    fn cidr_blocks_are_made_canonical() {
        for (text, expected) in [
            ("10.20.0.0/16", Some("10.20.0.0/16")),
            ("10.20.3.4/16", Some("10.20.0.0/16")),
            ("2400:6500:05af:bb00::/56", Some("2400:6500:5af:bb00::/56")),
            ("10.20.0.0/33", None),
            ("nonsense", None),
        ] {
            let parsed = cidr(Some(text)).map(|it| it.to_string());
            assert_eq!(parsed.as_deref(), expected, "{text}");
        }
    }
}
