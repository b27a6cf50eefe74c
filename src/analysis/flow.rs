//! One conversation, as the engine judges it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

pub use crate::model::PortSpan;

/// One conversation. Addresses are those that our interfaces see: private ones where there are any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flow {
    /// Who opened it.
    pub client: IpAddr,
    /// Who answers.
    pub server: IpAddr,
    /// IANA protocol number.
    pub protocol: u8,
    /// The client's ports: one, or the range that several connections used.
    pub client_ports: PortSpan,
    /// The server's port; 0 where the protocol has none.
    pub server_port: u16,
    /// ICMP type and code of the client's packets; an echo request where nothing else is known.
    pub icmp: Option<IcmpKind>,
    /// What it is known to pass, beyond what the network itself tells.
    pub via: Option<PathElement>,
}

impl Flow {
    /// Whether it is TCP, which dies when either direction does.
    pub fn is_tcp(&self) -> bool {
        self.protocol == 6
    }

    /// Whether it is ICMP of either family.
    pub fn is_icmp(&self) -> bool {
        matches!(self.protocol, 1 | 58)
    }

    /// ICMP type and code of a packet of the client's or, answering it, of the server's.
    pub(super) fn icmp_of(&self, reply: bool) -> (u8, u8) {
        let echo = if self.protocol == 58 { 128 } else { 8 };
        let sent = self.icmp.unwrap_or(IcmpKind {
            kind: echo,
            code: 0,
        });
        let answer = match (self.protocol, sent.kind) {
            (1, 8) => 0,
            (58, 128) => 129,
            (1, 13) => 14,
            (1, 15) => 16,
            (1, 17) => 18,
            (_, other) => other,
        };
        if reply {
            (answer, 0)
        } else {
            (sent.kind, sent.code)
        }
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = SocketAddr::new(self.server, self.server_port);
        match self.protocol {
            6 => write!(f, "tcp {} -> {server}", self.client),
            17 => write!(f, "udp {} -> {server}", self.client),
            1 | 58 => write!(f, "icmp {} -> {}", self.client, self.server),
            other => write!(f, "ip/{other} {} -> {}", self.client, self.server),
        }
    }
}

/// An ICMP type and code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IcmpKind {
    /// The type.
    pub kind: u8,
    /// The code.
    pub code: u8,
}

/// Something that a flow passes and that decides how it is tracked or judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PathElement {
    /// Inside the VPC.
    Local,
    /// An internet gateway.
    InternetGateway,
    /// An egress-only internet gateway.
    EgressOnlyGateway,
    /// A NAT gateway.
    NatGateway,
    /// A Network Load Balancer.
    NetworkLoadBalancer,
    /// A Gateway Load Balancer, or an endpoint of one.
    GatewayLoadBalancer,
    /// An interface VPC endpoint.
    PrivateLink,
    /// Global Accelerator.
    GlobalAccelerator,
    /// An endpoint of Network Firewall.
    NetworkFirewall,
    /// The interface of Lambda functions.
    Lambda,
    /// A transit gateway.
    TransitGateway,
    /// The `DynamoDB` gateway endpoint.
    DynamoDbEndpoint,
    /// The S3 gateway endpoint.
    S3Endpoint,
    /// A peering connection.
    Peering,
    /// A virtual private gateway.
    Vpn,
    /// A local gateway of an Outpost.
    LocalGateway,
    /// A middlebox appliance: group references do not hold behind it.
    Appliance,
}

impl PathElement {
    /// The name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "the VPC",
            Self::InternetGateway => "internet gateway",
            Self::EgressOnlyGateway => "egress-only internet gateway",
            Self::NatGateway => "NAT gateway",
            Self::NetworkLoadBalancer => "Network Load Balancer",
            Self::GatewayLoadBalancer => "Gateway Load Balancer",
            Self::PrivateLink => "interface endpoint (PrivateLink)",
            Self::GlobalAccelerator => "Global Accelerator",
            Self::NetworkFirewall => "Network Firewall",
            Self::Lambda => "Lambda",
            Self::TransitGateway => "transit gateway",
            Self::DynamoDbEndpoint => "DynamoDB gateway endpoint",
            Self::S3Endpoint => "S3 gateway endpoint",
            Self::Peering => "peering connection",
            Self::Vpn => "virtual private gateway",
            Self::LocalGateway => "local gateway",
            Self::Appliance => "middlebox appliance",
        }
    }

    /// Whether connections through it are tracked whatever the rules say; `None`: they once were
    /// listed as such, and are no longer.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html#automatic-tracking>
    pub fn always_tracked(self) -> Option<bool> {
        match self {
            Self::EgressOnlyGateway
            | Self::NatGateway
            | Self::NetworkLoadBalancer
            | Self::PrivateLink
            | Self::GlobalAccelerator
            | Self::NetworkFirewall
            | Self::Lambda
            | Self::DynamoDbEndpoint => Some(true),
            Self::GatewayLoadBalancer | Self::TransitGateway => None,
            Self::Local
            | Self::InternetGateway
            | Self::S3Endpoint
            | Self::Peering
            | Self::Vpn
            | Self::LocalGateway
            | Self::Appliance => Some(false),
        }
    }
}
