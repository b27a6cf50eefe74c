//! One record of a VPC flow log.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::id::{EniId, InstanceId, SubnetId, VpcId};

/// One flow log record: one flow on one network interface in one aggregation window.
///
/// Fields: <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>. A field that the
/// log's format lacks, or that is `-`, is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowRecord {
    /// `interface-id`. `None` for records of a regional NAT gateway.
    pub eni: Option<EniId>,
    /// `vpc-id`
    pub vpc: Option<VpcId>,
    /// `subnet-id`
    pub subnet: Option<SubnetId>,
    /// `instance-id`
    pub instance: Option<InstanceId>,
    /// `srcaddr`: on the sender's own interface its primary private address.
    pub src: Option<IpAddr>,
    /// `dstaddr`
    pub dst: Option<IpAddr>,
    /// `srcport`; 0 for ICMP.
    pub src_port: Option<u16>,
    /// `dstport`; 0 for ICMP.
    pub dst_port: Option<u16>,
    /// `pkt-srcaddr`: the packet's own source behind a NAT gateway or pod.
    pub pkt_src: Option<IpAddr>,
    /// `pkt-dstaddr`
    pub pkt_dst: Option<IpAddr>,
    /// `protocol`: the IANA number.
    pub protocol: Option<u8>,
    /// `packets` in the window.
    pub packets: u64,
    /// `bytes` in the window.
    pub bytes: u64,
    /// `start` of the window.
    pub start: DateTime<Utc>,
    /// `end` of the window.
    pub end: DateTime<Utc>,
    /// `action`
    pub action: Option<FlowAction>,
    /// `log-status`; a format without it is taken as `OK`.
    pub status: LogStatus,
    /// `tcp-flags`, or-ed over the window.
    pub tcp_flags: Option<TcpFlags>,
    /// `flow-direction` relative to the interface.
    pub direction: Option<FlowDirection>,
    /// `traffic-path` of egress traffic, 1 to 8.
    pub traffic_path: Option<u8>,
    /// `next-hop-interface-type`: `nat_gateway`, `vpc_endpoint`, ...
    pub next_hop_type: Option<Box<str>>,
    /// `pkt-dst-aws-service`
    pub dst_service: Option<Box<str>>,
    /// `reject-reason`
    pub reject_reason: Option<Box<str>>,
}

impl FlowRecord {
    /// A record that says nothing but its window: what a parser starts from.
    pub fn empty(start: DateTime<Utc>, end: DateTime<Utc>) -> Self {
        Self {
            eni: None,
            vpc: None,
            subnet: None,
            instance: None,
            src: None,
            dst: None,
            src_port: None,
            dst_port: None,
            pkt_src: None,
            pkt_dst: None,
            protocol: None,
            packets: 0,
            bytes: 0,
            start,
            end,
            action: None,
            status: LogStatus::Ok,
            tcp_flags: None,
            direction: None,
            traffic_path: None,
            next_hop_type: None,
            dst_service: None,
            reject_reason: None,
        }
    }
}

/// Whether groups and NACLs together let the traffic through. The log does not say which decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FlowAction {
    /// Let through.
    Accept,
    /// Dropped; also written for packets that arrive after their connection was closed.
    Reject,
}

/// Direction relative to the network interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FlowDirection {
    /// Towards the interface.
    Ingress,
    /// Away from it.
    Egress,
}

/// What the record is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogStatus {
    /// An ordinary record.
    Ok,
    /// The interface had no traffic in the window.
    NoData,
    /// Records were skipped: what happened in the window is unknown, not silent.
    SkipData,
}

/// TCP flags seen in a window, or-ed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// SYN without ACK was seen: the sender opened the connection in this window.
    pub fn opens(self) -> bool {
        self.0 & 0b1_0010 == 0b10
    }

    /// SYN-ACK was seen: the sender answered in this window.
    pub fn answers(self) -> bool {
        self.0 & 0b1_0010 == 0b1_0010
    }

    /// FIN was seen: the sender has nothing more to send.
    pub fn finishes(self) -> bool {
        self.0 & 0b1 != 0
    }

    /// RST was seen: the sender gave the connection up.
    pub fn resets(self) -> bool {
        self.0 & 0b100 != 0
    }
}

/// An inclusive range of ports; 0 to 0 where the protocol has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PortSpan {
    /// The lowest.
    pub from: u16,
    /// The highest.
    pub to: u16,
}

impl PortSpan {
    /// The ports that clients may use where nothing is known of them, from those of NAT gateways and load
    /// balancers to those of Windows.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-ephemeral-ports.html>
    pub const EPHEMERAL: Self = Self {
        from: 1024,
        to: 65535,
    };

    /// A single port.
    pub fn one(port: u16) -> Self {
        Self {
            from: port,
            to: port,
        }
    }

    /// Whether `port` lies in the range.
    pub fn contains(self, port: u16) -> bool {
        (self.from..=self.to).contains(&port)
    }

    /// The only port of the range, if it is one.
    pub fn single(self) -> Option<u16> {
        (self.from == self.to).then_some(self.from)
    }

    /// The smallest range with this one and `port`.
    #[must_use]
    pub fn widen(self, port: u16) -> Self {
        self.join(Self::one(port))
    }

    /// The smallest range with this one and another.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self {
            from: self.from.min(other.from),
            to: self.to.max(other.to),
        }
    }
}

/// The way of egress traffic: what `traffic-path` says, by its number.
///
/// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrafficPath {
    /// 1: another resource in the same VPC, among them those that AWS puts there, such as NAT gateways.
    SameVpc,
    /// 2: an internet gateway or a gateway endpoint.
    InternetGatewayOrEndpoint,
    /// 3: a virtual private gateway.
    VirtualPrivateGateway,
    /// 4: a peering connection inside the Region.
    PeeringSameRegion,
    /// 5: a peering connection to another Region.
    PeeringOtherRegion,
    /// 6: a local gateway.
    LocalGateway,
    /// 7: a gateway endpoint (Nitro).
    GatewayEndpoint,
    /// 8: an internet gateway (Nitro).
    InternetGateway,
}

impl TrafficPath {
    /// All, from 1 on.
    pub const ALL: [Self; 8] = [
        Self::SameVpc,
        Self::InternetGatewayOrEndpoint,
        Self::VirtualPrivateGateway,
        Self::PeeringSameRegion,
        Self::PeeringOtherRegion,
        Self::LocalGateway,
        Self::GatewayEndpoint,
        Self::InternetGateway,
    ];

    /// The path with this number; `None` for numbers that have no meaning yet.
    pub fn numbered(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_widen_and_contain() {
        let span = PortSpan::one(40_000).widen(40_010);
        assert_eq!((span.from, span.to, span.single()), (40_000, 40_010, None));
        assert!(span.contains(40_000) && span.contains(40_010) && !span.contains(40_011));
        assert_eq!(span.join(PortSpan::one(7)).from, 7);
        assert_eq!(PortSpan::one(7).widen(7).single(), Some(7));
    }

    #[test]
    fn traffic_paths_are_numbered_from_one() {
        for (number, path) in [
            (0, None),
            (1, Some(TrafficPath::SameVpc)),
            (3, Some(TrafficPath::VirtualPrivateGateway)),
            (8, Some(TrafficPath::InternetGateway)),
            (9, None),
        ] {
            assert_eq!(TrafficPath::numbered(number), path);
        }
    }
}
