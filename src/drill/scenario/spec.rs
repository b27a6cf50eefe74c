//! The scenario file, as it is written. Names are the file's own and refer to one another;
//! everything that a name must mean is checked later, with the line that it stands on.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;
use toml::Spanned;

use super::span::Span;
use crate::model::{AclAction, Direction, EniKind, FindingAction, GatewayKind, Protocol, Remote};

/// A name or id, with its place in the file.
pub(super) type Name = Spanned<String>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spec {
    pub(super) version: Spanned<u32>,
    pub(super) title: String,
    pub(super) account: Name,
    pub(super) region: String,
    pub(super) suspect: Name,
    pub(super) vpc: VpcSpec,
    pub(super) subnets: Vec<SubnetSpec>,
    pub(super) groups: Vec<GroupSpec>,
    pub(super) acls: Vec<AclSpec>,
    pub(super) tables: Vec<TableSpec>,
    #[serde(default)]
    pub(super) gateways: Vec<GatewaySpec>,
    pub(super) instances: Vec<InstanceSpec>,
    #[serde(default)]
    pub(super) interfaces: Vec<InterfaceSpec>,
    #[serde(default)]
    pub(super) outside: Vec<OutsideSpec>,
    pub(super) flow_log: FlowLogSpec,
    #[serde(default)]
    pub(super) findings: Vec<FindingSpec>,
    #[serde(default)]
    pub(super) conversations: Vec<ConversationSpec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VpcSpec {
    pub(super) name: String,
    pub(super) id: Name,
    pub(super) cidrs: Vec<IpNet>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SubnetSpec {
    pub(super) name: Name,
    pub(super) id: Name,
    pub(super) zone: String,
    pub(super) cidrs: Vec<IpNet>,
    pub(super) acl: Name,
    /// Absent: the VPC's main table.
    pub(super) table: Option<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupSpec {
    pub(super) name: Name,
    pub(super) id: Name,
    pub(super) description: String,
    #[serde(default)]
    pub(super) ingress: Vec<RuleSpec>,
    #[serde(default)]
    pub(super) egress: Vec<RuleSpec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleSpec {
    #[serde(default)]
    pub(super) protocol: ProtocolSpec,
    pub(super) port: Option<u16>,
    /// The last port of a range that begins at `port`.
    pub(super) to: Option<u16>,
    /// A CIDR block, or a group's name.
    pub(super) peer: Name,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AclSpec {
    pub(super) name: Name,
    pub(super) id: Name,
    #[serde(default)]
    pub(super) default: bool,
    pub(super) entries: Vec<EntrySpec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntrySpec {
    pub(super) direction: Direction,
    pub(super) number: u16,
    pub(super) action: AclAction,
    #[serde(default)]
    pub(super) protocol: ProtocolSpec,
    pub(super) port: Option<u16>,
    pub(super) to: Option<u16>,
    pub(super) cidr: IpNet,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableSpec {
    pub(super) name: Name,
    pub(super) id: Name,
    #[serde(default)]
    pub(super) main: bool,
    pub(super) routes: Vec<RouteSpec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteSpec {
    pub(super) destination: IpNet,
    /// `local`, or a gateway's name.
    pub(super) target: Name,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GatewaySpec {
    pub(super) name: Name,
    pub(super) id: Name,
    pub(super) kind: GatewayKind,
    pub(super) subnet: Option<Name>,
    /// Names of interfaces.
    #[serde(default)]
    pub(super) interfaces: Vec<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InstanceSpec {
    pub(super) name: Name,
    pub(super) id: Name,
    #[serde(rename = "type")]
    pub(super) instance_type: String,
    pub(super) image: String,
    pub(super) profile: Option<String>,
    pub(super) asg: Option<String>,
    pub(super) target: Option<TargetSpec>,
    #[serde(default)]
    pub(super) volumes: Vec<Name>,
    /// It was launched with hibernation.
    #[serde(default)]
    pub(super) hibernation: bool,
    /// It is protected against termination and stop.
    #[serde(default)]
    pub(super) protected: bool,
    pub(super) interfaces: Vec<InterfaceSpec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TargetSpec {
    pub(super) group: String,
    pub(super) arn: String,
    pub(super) port: u16,
}

/// An interface. One of an instance bears its instance's name; any other has a name and a kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InterfaceSpec {
    pub(super) name: Option<Name>,
    pub(super) id: Name,
    pub(super) kind: Option<EniKind>,
    #[serde(default)]
    pub(super) description: String,
    pub(super) subnet: Name,
    #[serde(default)]
    pub(super) groups: Vec<Name>,
    pub(super) addresses: Vec<IpAddr>,
    /// An Elastic IP, unless `automatic` says otherwise.
    pub(super) public: Option<IpAddr>,
    /// The public address is one that AWS gave by itself.
    #[serde(default)]
    pub(super) automatic: bool,
}

/// Somebody outside the VPC.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OutsideSpec {
    pub(super) name: Name,
    pub(super) addresses: Vec<IpAddr>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FlowLogSpec {
    pub(super) id: Name,
    pub(super) log_group: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FindingSpec {
    pub(super) id: Name,
    pub(super) kind: String,
    pub(super) severity: Spanned<f64>,
    pub(super) title: String,
    pub(super) description: String,
    /// When it appears, counted from the start of the drill.
    pub(super) at: Span,
    /// How long before that the activity was first seen.
    pub(super) lag: Option<Span>,
    #[serde(default)]
    pub(super) sample: bool,
    pub(super) resource: String,
    /// An instance's name.
    pub(super) instance: Option<Name>,
    #[serde(default = "one")]
    pub(super) count: u64,
    pub(super) action: FindingAction,
    #[serde(default)]
    pub(super) remotes: Vec<Remote>,
}

/// Who talks to whom. Every `from` talks to every `to`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConversationSpec {
    pub(super) name: Name,
    /// Instances, interfaces or outside parties that open the connection.
    pub(super) from: Vec<Name>,
    pub(super) to: Vec<Name>,
    pub(super) protocol: ProtocolSpec,
    pub(super) port: Option<u16>,
    #[serde(default)]
    pub(super) ipv6: bool,
    /// The time from one exchange, a request and its reply, to the next.
    pub(super) every: Span,
    /// Packets of an exchange: request, reply.
    #[serde(default = "packets")]
    pub(super) packets: [u32; 2],
    /// Bytes of an exchange: request, reply.
    #[serde(default = "bytes")]
    pub(super) bytes: [u32; 2],
    /// When it begins, counted from the start of the drill; absent: with the history.
    pub(super) starts: Option<Span>,
    /// How long a connection lasts; absent: for ever.
    pub(super) lasts: Option<Span>,
    /// The time from the end of a connection, or from a refusal, to the next attempt.
    pub(super) pause: Option<Span>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ProtocolSpec {
    #[default]
    All,
    Tcp,
    Udp,
    Icmp,
    Icmpv6,
}

impl ProtocolSpec {
    pub(super) fn protocol(self) -> Protocol {
        self.number().map_or(Protocol::All, Protocol::Number)
    }

    pub(super) fn number(self) -> Option<u8> {
        match self {
            Self::All => None,
            Self::Tcp => Some(6),
            Self::Udp => Some(17),
            Self::Icmp => Some(1),
            Self::Icmpv6 => Some(58),
        }
    }
}

fn one() -> u64 {
    1
}

fn packets() -> [u32; 2] {
    [4, 4]
}

fn bytes() -> [u32; 2] {
    [900, 2400]
}
