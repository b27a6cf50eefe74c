//! What dropped a packet.

use std::fmt;
use std::net::IpAddr;

use crate::model::{AclId, Direction, EniId, GatewayId, RouteTableId, SubnetId, VpcId};

/// What dropped a packet, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lost {
    /// The groups of an interface.
    Groups {
        /// The interface.
        eni: EniId,
        /// The way the packet went.
        direction: Direction,
    },
    /// A network ACL.
    Acl {
        /// The network ACL.
        acl: AclId,
        /// The way the packet went at its subnet.
        direction: Direction,
        /// The entry; 32767 for the final deny.
        number: u16,
    },
    /// A subnet without a network ACL: the part was not read.
    NoAcl(SubnetId),
    /// No route of the table leads there.
    NoRoute(RouteTableId),
    /// A subnet without a route table: the part was not read.
    NoTable(SubnetId),
    /// The route's target is gone or not available.
    Blackhole(GatewayId),
    /// The flow went by another target before, and its connection with it.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/WorkWithRouteTables.html>
    TargetChanged(GatewayId),
    /// No public address is mapped to the private one that wants out.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>
    NoPublicAddress(EniId),
    /// The internet carries nothing to a private address.
    /// <https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html>
    NotPublic(IpAddr),
    /// The VPC has no internet gateway attached.
    NoInternetGateway(VpcId),
    /// A NAT gateway or an egress-only internet gateway knows no flow that it belongs to.
    Unsolicited(GatewayId),
    /// A NAT gateway passes TCP, UDP and ICMP only.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html>
    NatProtocol(GatewayId),
    /// A NAT gateway sends nothing to endpoints or peering connections: the route of its subnet leads to
    /// one. <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html>
    NatBeyond(GatewayId),
    /// Neither from nor to an address of the interface, and its source/destination check is on.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html>
    SourceDestCheck(EniId),
    /// The other side of a peering connection has no such address: peering is not transitive.
    /// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html>
    NotInPeer(GatewayId),
    /// Nobody has the address.
    Nobody(IpAddr),
    /// Appliances hand it around for ever.
    Loop(EniId),
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Groups { eni, direction } => {
                write!(f, "no group of {eni} permits it ({})", direction.name())
            }
            Self::Acl {
                acl,
                direction,
                number: 32_767..,
            } => write!(f, "the final deny of {acl} ({})", direction.name()),
            Self::Acl {
                acl,
                direction,
                number,
            } => write!(f, "entry {number} of {acl} ({})", direction.name()),
            Self::NoAcl(subnet) => write!(f, "no network ACL of {subnet} is known"),
            Self::NoRoute(table) => write!(f, "no route in {table}"),
            Self::NoTable(subnet) => write!(f, "no route table of {subnet} is known"),
            Self::Blackhole(target) => write!(f, "a blackhole route to {target}"),
            Self::TargetChanged(target) => {
                write!(f, "its route leads to {target} now, its connection did not")
            }
            Self::NoPublicAddress(eni) => write!(f, "no public address is mapped on {eni}"),
            Self::NotPublic(address) => write!(f, "{address} is not an address of the internet"),
            Self::NoInternetGateway(vpc) => write!(f, "no internet gateway is attached to {vpc}"),
            Self::Unsolicited(gateway) => write!(f, "{gateway} knows no such connection"),
            Self::NatProtocol(gateway) => write!(f, "{gateway} passes no such protocol"),
            Self::NatBeyond(target) => write!(f, "a NAT gateway sends nothing to {target}"),
            Self::SourceDestCheck(eni) => write!(f, "the source/destination check of {eni}"),
            Self::NotInPeer(peering) => write!(f, "the peer VPC of {peering} has no such address"),
            Self::Nobody(address) => write!(f, "nobody has the address {address}"),
            Self::Loop(eni) => write!(f, "it comes by {eni} again and again"),
        }
    }
}
