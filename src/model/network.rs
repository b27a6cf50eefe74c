//! The parts of a VPC.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::id::{EniId, GatewayId, GroupId, InstanceId, RouteTableId, RuleId, SubnetId, VpcId};
use super::text::visible;

/// A VPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vpc {
    /// `vpc-…`
    pub id: VpcId,
    /// The `Name` tag.
    pub name: String,
    /// All its CIDR blocks, both families.
    pub cidrs: Vec<IpNet>,
}

impl Vpc {
    /// Whether it has an IPv6 block.
    pub fn has_ipv6(&self) -> bool {
        self.cidrs.iter().any(|cidr| matches!(cidr, IpNet::V6(_)))
    }
}

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// `subnet-…`
    pub id: SubnetId,
    /// The VPC that it is part of.
    pub vpc: VpcId,
    /// The `Name` tag.
    pub name: String,
    /// Availability Zone name.
    pub zone: String,
    /// All its CIDR blocks, both families.
    pub cidrs: Vec<IpNet>,
}

/// An elastic network interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eni {
    /// `eni-…`
    pub id: EniId,
    /// Its VPC.
    pub vpc: VpcId,
    /// Its subnet.
    pub subnet: SubnetId,
    /// What it serves.
    pub kind: EniKind,
    /// The description, made printable: it names the service for requester-managed interfaces.
    pub description: String,
    /// Private addresses, both families, the primary one first.
    pub addresses: Vec<IpAddr>,
    /// The public IPv4 addresses that are mapped to its private ones.
    pub public: Vec<PublicAddress>,
    /// Security groups; load balancer nodes of some kinds and NAT gateways have none.
    pub groups: Vec<GroupId>,
    /// The instance that it is attached to.
    pub instance: Option<InstanceId>,
    /// Device index on that instance.
    pub device_index: Option<u16>,
    /// Managed by an AWS service: its groups can't be changed by the account.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html>
    pub requester_managed: bool,
    /// Packets that are neither from nor to one of its addresses are dropped.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html>
    pub source_dest_check: bool,
    /// Idle timeouts of connection tracking, where they were set on this interface.
    pub timeouts: TrackingTimeouts,
}

impl Eni {
    /// The primary private address.
    pub fn primary(&self) -> Option<IpAddr> {
        self.addresses.first().copied()
    }

    /// The public address that is mapped to a private one.
    pub fn public_of(&self, private: IpAddr) -> Option<IpAddr> {
        let mapped = self.public.iter().find(|it| it.private == private);
        mapped.map(|it| it.address)
    }
}

/// A public IPv4 address (an Elastic IP or an automatic one) mapped one to one to a private address.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAddress {
    /// The private address of the interface.
    pub private: IpAddr,
    /// What the internet sees.
    pub address: IpAddr,
    /// An Elastic IP: the account keeps it, so it can be mapped again. An automatic one is given back
    /// when the instance stops or loses it.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html>
    pub elastic: bool,
}

/// What an interface serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EniKind {
    /// An EC2 instance.
    Instance,
    /// A NAT gateway.
    NatGateway,
    /// A node of an Application or Classic Load Balancer.
    LoadBalancer,
    /// A node of a Network Load Balancer: connections through it are always tracked.
    NetworkLoadBalancer,
    /// A node of a Gateway Load Balancer.
    GatewayLoadBalancer,
    /// A Global Accelerator endpoint.
    GlobalAccelerator,
    /// An RDS database.
    Rds,
    /// Lambda functions in the VPC.
    Lambda,
    /// An interface VPC endpoint.
    Endpoint,
    /// An endpoint of a Gateway Load Balancer, or of Network Firewall.
    GatewayLoadBalancerEndpoint,
    /// A transit gateway attachment.
    TransitGateway,
    /// An EFS mount target.
    Efs,
    /// An EKS control plane.
    Eks,
    /// An ECS task with its own interface.
    EcsTask,
    /// `ElastiCache`.
    Cache,
    /// Anything else that an AWS service manages.
    Service,
    /// Attached to nothing.
    Unattached,
}

impl EniKind {
    /// The name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::NatGateway => "NAT gateway",
            Self::LoadBalancer => "load balancer",
            Self::NetworkLoadBalancer => "Network Load Balancer",
            Self::GatewayLoadBalancer => "Gateway Load Balancer",
            Self::GlobalAccelerator => "Global Accelerator",
            Self::Rds => "RDS",
            Self::Lambda => "Lambda",
            Self::Endpoint => "VPC endpoint",
            Self::GatewayLoadBalancerEndpoint => "Gateway Load Balancer endpoint",
            Self::TransitGateway => "transit gateway",
            Self::Efs => "EFS mount target",
            Self::Eks => "EKS control plane",
            Self::EcsTask => "ECS task",
            Self::Cache => "ElastiCache",
            Self::Service => "AWS service",
            Self::Unattached => "unattached",
        }
    }
}

/// Idle timeouts of connection tracking in seconds; `None` is AWS's default.
///
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html#connection-tracking-timeouts>
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackingTimeouts {
    /// Established TCP: 60 to 432,000.
    pub tcp_established: Option<u32>,
    /// UDP with one request and response: 30 to 60.
    pub udp: Option<u32>,
    /// UDP with more than one: 60 to 180.
    pub udp_stream: Option<u32>,
}

impl TrackingTimeouts {
    /// The shortest that AWS allows.
    pub const MINIMUM: Self = Self {
        tcp_established: Some(60),
        udp: Some(30),
        udp_stream: Some(60),
    };
}

/// A security group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// `sg-…`
    pub id: GroupId,
    /// Its VPC.
    pub vpc: VpcId,
    /// Its name, unique in the VPC.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its rules: allow rules only, there are no others.
    pub rules: Vec<GroupRule>,
}

impl Group {
    /// The rules of one direction.
    pub fn rules_in(&self, direction: Direction) -> impl Iterator<Item = &GroupRule> {
        self.rules
            .iter()
            .filter(move |rule| rule.direction == direction)
    }
}

/// A security group rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GroupRule {
    /// `sgr-…`; absent in a rule that is only planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RuleId>,
    /// Ingress or egress.
    pub direction: Direction,
    /// The protocol.
    pub protocol: Protocol,
    /// Ports (TCP, UDP) or type and code (ICMP); absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<PortRange>,
    /// The other side.
    pub peer: RulePeer,
}

impl GroupRule {
    /// A rule that allows everything of one family in one direction.
    pub fn all(direction: Direction, cidr: IpNet) -> Self {
        Self {
            id: None,
            direction,
            protocol: Protocol::All,
            ports: None,
            peer: RulePeer::Cidr(cidr),
        }
    }

    /// Equal but for the id.
    pub fn same_as(&self, other: &Self) -> bool {
        (self.direction, self.protocol, self.ports, &self.peer)
            == (other.direction, other.protocol, other.ports, &other.peer)
    }
}

/// The other side of a security group rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RulePeer {
    /// Addresses.
    Cidr(IpNet),
    /// The members of a group.
    Group(GroupId),
    /// A managed prefix list, by id.
    PrefixList(String),
}

/// Ingress or egress: towards the interface or subnet, or away from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Inbound.
    Ingress,
    /// Outbound.
    Egress,
}

impl Direction {
    /// Both, ingress first.
    pub const BOTH: [Self; 2] = [Self::Ingress, Self::Egress];

    /// As AWS writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }
}

/// An IP protocol in a rule or a NACL entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// `-1`: every protocol.
    All,
    /// One, by its IANA number.
    Number(u8),
}

impl Protocol {
    /// ICMP.
    pub const ICMP: Self = Self::Number(1);
    /// TCP.
    pub const TCP: Self = Self::Number(6);
    /// UDP.
    pub const UDP: Self = Self::Number(17);
    /// `ICMPv6`.
    pub const ICMPV6: Self = Self::Number(58);
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::All => f.pad("all"),
            Self::TCP => f.pad("tcp"),
            Self::UDP => f.pad("udp"),
            Self::ICMP => f.pad("icmp"),
            Self::ICMPV6 => f.pad("icmpv6"),
            Self::Number(number) => f.pad(&format!("ip/{number}")),
        }
    }
}

/// An inclusive range: ports, or ICMP type to code, where -1 is any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PortRange {
    /// First port, or ICMP type.
    pub from: i32,
    /// Last port, or ICMP code.
    pub to: i32,
}

impl PortRange {
    /// Whether `port` lies in the range.
    pub fn contains(self, port: u16) -> bool {
        (self.from..=self.to).contains(&i32::from(port))
    }
}

/// A route table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTable {
    /// `rtb-…`
    pub id: RouteTableId,
    /// Its VPC.
    pub vpc: VpcId,
    /// The `Name` tag.
    pub name: String,
    /// The VPC's main table: it serves every subnet without an explicit association.
    pub main: bool,
    /// Subnets associated explicitly.
    pub subnets: Vec<SubnetId>,
    /// Its routes.
    pub routes: Vec<Route>,
}

impl RouteTable {
    /// The route to exactly this destination.
    pub fn route(&self, destination: &str) -> Option<&Route> {
        self.routes.iter().find(|it| it.is_to(destination))
    }
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// A CIDR, or a prefix list's id.
    pub destination: String,
    /// `local`, or the target's id.
    pub target: String,
    /// The target is gone or detached.
    pub blackhole: bool,
    /// Propagated by a virtual private gateway: it can't be deleted by hand.
    pub propagated: bool,
}

impl Route {
    /// The destination, where it is no prefix list.
    pub fn cidr(&self) -> Option<IpNet> {
        self.destination.parse().ok()
    }

    /// Whether this is the route to exactly `destination`: AWS compares CIDRs without their host bits.
    pub fn is_to(&self, destination: &str) -> bool {
        let canonical = |text: &str| text.parse::<IpNet>().map(|it| it.trunc());
        match (canonical(&self.destination), canonical(destination)) {
            (Ok(own), Ok(other)) => own == other,
            _ => self.destination == destination,
        }
    }
}

/// A gateway or endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gateway {
    /// `igw-…`, `nat-…`, `eigw-…`, `vpce-…`
    pub id: GatewayId,
    /// What it is.
    pub kind: GatewayKind,
    /// The VPC that it serves.
    pub vpc: VpcId,
    /// The subnet that it lives in: NAT gateways, and interface endpoints (the first one).
    pub subnet: Option<SubnetId>,
    /// Its interfaces, where it has any.
    pub enis: Vec<EniId>,
    /// The `Name` tag, or the endpoint's service name.
    pub name: String,
}

/// A kind of gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayKind {
    /// An internet gateway.
    Internet,
    /// An egress-only internet gateway.
    EgressOnly,
    /// A NAT gateway.
    Nat,
    /// A gateway VPC endpoint (S3, `DynamoDB`).
    GatewayEndpoint,
    /// An interface VPC endpoint.
    InterfaceEndpoint,
}

/// A VPC peering connection.
///
/// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peering {
    /// `pcx-…`
    pub id: GatewayId,
    /// Both VPCs, the requester's first.
    pub sides: [PeeringSide; 2],
    /// Its status is `active`.
    pub active: bool,
}

impl Peering {
    /// The VPC on the other side than `vpc`, if `vpc` is on one.
    pub fn across(&self, vpc: &VpcId) -> Option<&PeeringSide> {
        let [a, b] = &self.sides;
        if a.vpc == *vpc {
            Some(b)
        } else {
            (b.vpc == *vpc).then_some(a)
        }
    }
}

/// One side of a peering connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeeringSide {
    /// The VPC.
    pub vpc: VpcId,
    /// Its account; empty if unknown.
    pub account: String,
    /// Its Region; empty if unknown.
    pub region: String,
    /// Its CIDR blocks, as far as the connection says.
    pub cidrs: Vec<IpNet>,
}

/// A managed prefix list, of AWS or of a customer.
///
/// <https://docs.aws.amazon.com/vpc/latest/userguide/managed-prefix-lists.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrefixList {
    /// `pl-…`
    pub id: String,
    /// Its name, such as `com.amazonaws.eu-west-1.s3`.
    pub name: String,
    /// Its entries.
    pub cidrs: Vec<IpNet>,
}

/// A VPC flow log subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowLog {
    /// `fl-…`
    pub id: String,
    /// What it watches: a VPC, subnet or network interface id.
    pub resource: String,
    /// Where it writes.
    pub destination: FlowLogDestination,
    /// The format string: `${version} ${account-id} …`.
    pub format: String,
    /// The longest window, in seconds: 60 or 600.
    pub aggregation_seconds: u32,
    /// `ACCEPT`, `REJECT` or `ALL`.
    pub traffic: String,
    /// Why delivery fails, where it does.
    pub delivery_error: Option<String>,
}

/// Where a flow log writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlowLogDestination {
    /// A `CloudWatch` Logs group, by name.
    LogGroup(String),
    /// An S3 bucket or Firehose stream, by ARN: this program does not read it.
    Elsewhere(String),
}

impl FlowLogDestination {
    /// The destination of a flow log: AWS names a log group by its name, by its ARN, or by both.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_FlowLog.html>
    pub fn of(group: Option<&str>, arn: &str) -> Self {
        let in_arn = || {
            let (_, name) = arn.split_once(":log-group:")?;
            Some(name.strip_suffix(":*").unwrap_or(name))
        };
        match group.filter(|name| !name.is_empty()).or_else(in_arn) {
            Some(name) => Self::LogGroup(visible(name).into_owned()),
            None => Self::Elsewhere(visible(arn).into_owned()),
        }
    }
}
