//! A packet, as one stretch of its way sees it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// A packet. NAT makes another one of it on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Packet {
    /// IANA protocol number.
    pub protocol: u8,
    /// Source address.
    pub src: IpAddr,
    /// Destination address.
    pub dst: IpAddr,
    /// Source port; of ICMP the identifier; 0 where the protocol has none.
    pub src_port: u16,
    /// Destination port; of ICMP the type in the upper byte and the code in the lower one; 0 where
    /// the protocol has none.
    pub dst_port: u16,
}

impl Packet {
    /// ICMP.
    pub const ICMP: u8 = 1;
    /// TCP.
    pub const TCP: u8 = 6;
    /// UDP.
    pub const UDP: u8 = 17;
    /// `ICMPv6`.
    pub const ICMPV6: u8 = 58;

    /// An echo request of the addresses' family.
    pub fn ping(src: IpAddr, dst: IpAddr, identifier: u16) -> Self {
        let (protocol, kind) = if src.is_ipv6() {
            (Self::ICMPV6, 128)
        } else {
            (Self::ICMP, 8)
        };
        Self {
            protocol,
            src,
            dst,
            src_port: identifier,
            dst_port: kind << 8,
        }
    }

    /// The packet that answers this one: ends swapped; of ICMP the type that answers its type.
    /// <https://www.iana.org/assignments/icmp-parameters/icmp-parameters.xhtml>
    #[must_use]
    pub fn reversed(self) -> Self {
        let (src_port, dst_port) = if self.is_icmp() {
            (self.src_port, self.answering_kind())
        } else {
            (self.dst_port, self.src_port)
        };
        Self {
            src: self.dst,
            dst: self.src,
            src_port,
            dst_port,
            ..self
        }
    }

    /// Whether it is ICMP of either family.
    pub fn is_icmp(self) -> bool {
        matches!(self.protocol, Self::ICMP | Self::ICMPV6)
    }

    /// Whether it has ports.
    pub fn has_ports(self) -> bool {
        matches!(self.protocol, Self::TCP | Self::UDP)
    }

    /// Type and code of ICMP.
    pub(super) fn icmp_kind(self) -> (u8, u8) {
        let [kind, code] = self.dst_port.to_be_bytes();
        (kind, code)
    }

    fn answering_kind(self) -> u16 {
        let (kind, _) = self.icmp_kind();
        let answer = match (self.protocol, kind) {
            (Self::ICMP, 8) => 0,
            (Self::ICMP, 0) => 8,
            (Self::ICMP, 13 | 15 | 17) | (Self::ICMPV6, 128) => kind + 1,
            (Self::ICMP, 14 | 16 | 18) | (Self::ICMPV6, 129) => kind - 1,
            _ => kind,
        };
        u16::from(answer) << 8
    }
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ends = |port: u16, at: IpAddr| SocketAddr::new(at, port);
        match self.protocol {
            Self::TCP | Self::UDP => {
                let name = if self.protocol == Self::TCP {
                    "tcp"
                } else {
                    "udp"
                };
                let (src, dst) = (ends(self.src_port, self.src), ends(self.dst_port, self.dst));
                write!(f, "{name} {src} -> {dst}")
            }
            Self::ICMP | Self::ICMPV6 => {
                let (kind, code) = self.icmp_kind();
                write!(f, "icmp {kind}/{code} {} -> {}", self.src, self.dst)
            }
            other => write!(f, "ip/{other} {} -> {}", self.src, self.dst),
        }
    }
}
