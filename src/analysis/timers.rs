//! Idle timers of connection tracking.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html#connection-tracking-timeouts>

use super::network::Interface;
use crate::model::{EniKind, TrackingTimeouts};

/// Instance families whose TCP default is 350 s.
const NITRO_V6: &str = include_str!("../../assets/nitro-v6.txt");

const FIVE_DAYS: u32 = 432_000;
const NITRO_V6_TCP: u32 = 350;
/// The page's fixed timer of protocols other than TCP, UDP and ICMP.
const OTHER: u32 = 600;
/// AWS gives no number for ICMP; people have seen entries that were gone after a minute.
const ICMP: u32 = 60;
/// A ping that paused for seconds was still let through.
const ICMP_AT_LEAST: u32 = 5;
/// A NAT gateway's own timer:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html>
const NAT: u32 = 350;
/// A Network Load Balancer's:
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html>
const BALANCER_UDP: u32 = 120;

/// How long an established TCP connection stays tracked where nobody has set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TcpDefault {
    /// The instance type is listed as one of Nitro v6.
    NitroV6,
    /// Not listed: five days, unless the list is behind.
    Unlisted,
}

impl TcpDefault {
    pub(super) fn of(instance_type: Option<&str>) -> Self {
        let family = instance_type.and_then(|it| it.split('.').next());
        let listed = family.is_some_and(|it| NITRO_V6.lines().any(|line| line == it));
        if listed {
            Self::NitroV6
        } else {
            Self::Unlisted
        }
    }
}

/// What kind of entry a timer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryKind {
    Tcp,
    /// One request and its response.
    Udp,
    /// More than one.
    UdpStream,
    Icmp,
    Other,
}

impl EntryKind {
    pub(super) fn of(protocol: u8, exchanges: u8) -> Self {
        match protocol {
            6 => Self::Tcp,
            17 if exchanges > 1 => Self::UdpStream,
            17 => Self::Udp,
            1 | 58 => Self::Icmp,
            _ => Self::Other,
        }
    }
}

/// An idle timer in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timer {
    /// It is at least this.
    pub at_least: u32,
    /// And at the most this: the two differ where AWS's default for the instance type is not known.
    pub at_most: u32,
}

impl Timer {
    /// What a NAT gateway remembers of a connection.
    pub(super) const NAT: Self = Self {
        at_least: NAT,
        at_most: NAT,
    };

    fn exactly(seconds: u32) -> Self {
        Self {
            at_least: seconds,
            at_most: seconds,
        }
    }

    /// In words.
    pub fn text(self) -> String {
        if self.at_least == self.at_most {
            format!("{} s", self.at_most)
        } else {
            format!("{} s or {} s, unknown", self.at_least, self.at_most)
        }
    }
}

impl Interface {
    /// The timer of an entry on this interface.
    pub(super) fn timer(&self, kind: EntryKind) -> Timer {
        let TrackingTimeouts {
            tcp_established,
            udp,
            udp_stream,
        } = self.timeouts;
        match kind {
            EntryKind::Tcp => tcp_established.map_or_else(|| self.default_tcp(), Timer::exactly),
            EntryKind::Udp | EntryKind::UdpStream if self.kind == EniKind::NetworkLoadBalancer => {
                Timer::exactly(BALANCER_UDP)
            }
            EntryKind::Udp => Timer::exactly(udp.unwrap_or(30)),
            EntryKind::UdpStream => Timer::exactly(udp_stream.unwrap_or(180)),
            EntryKind::Icmp => Timer {
                at_least: ICMP_AT_LEAST,
                at_most: ICMP,
            },
            EntryKind::Other => Timer::exactly(OTHER),
        }
    }

    fn default_tcp(&self) -> Timer {
        match (self.kind, self.tcp_default) {
            // https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html
            (EniKind::NetworkLoadBalancer, _) | (_, TcpDefault::NitroV6) => {
                Timer::exactly(NITRO_V6_TCP)
            }
            (_, TcpDefault::Unlisted) => Timer {
                at_least: NITRO_V6_TCP,
                at_most: FIVE_DAYS,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_matched_whole() {
        for (instance_type, want) in [
            (Some("m8i.large"), TcpDefault::NitroV6),
            (Some("m8i-flex.large"), TcpDefault::NitroV6),
            (Some("m5.large"), TcpDefault::Unlisted),
            (Some("m8.large"), TcpDefault::Unlisted),
            (Some("p6e-gb200.36xlarge"), TcpDefault::Unlisted),
            (Some("#"), TcpDefault::Unlisted),
            (None, TcpDefault::Unlisted),
        ] {
            assert_eq!(TcpDefault::of(instance_type), want, "{instance_type:?}");
        }
    }
}
