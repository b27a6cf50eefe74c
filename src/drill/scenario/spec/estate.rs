//! The VPC of a scenario, as it is written.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;
use toml::Spanned;

use super::super::span::Span;
use super::{Name, ProtocolSpec};
use crate::model::{AclAction, Direction, EniKind, GatewayKind};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::drill::scenario) struct SubnetSpec {
    pub(in crate::drill::scenario) name: Name,
    pub(in crate::drill::scenario) id: Name,
    pub(in crate::drill::scenario) zone: String,
    pub(in crate::drill::scenario) cidrs: Vec<Spanned<IpNet>>,
    pub(in crate::drill::scenario) acl: Name,
    /// Absent: the VPC's main table.
    pub(in crate::drill::scenario) table: Option<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::drill::scenario) struct GroupSpec {
    pub(in crate::drill::scenario) name: Name,
    pub(in crate::drill::scenario) id: Name,
    pub(in crate::drill::scenario) description: String,
    #[serde(default)]
    pub(in crate::drill::scenario) ingress: Vec<RuleSpec>,
    #[serde(default)]
    pub(in crate::drill::scenario) egress: Vec<RuleSpec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::drill::scenario) struct RuleSpec {
    #[serde(default)]
    pub(in crate::drill::scenario) protocol: ProtocolSpec,
    pub(in crate::drill::scenario) port: Option<Spanned<u16>>,
    /// The last port of a range that begins at `port`.
    pub(in crate::drill::scenario) to: Option<u16>,
    /// A CIDR block, or the name of a group or of a prefix list.
    pub(in crate::drill::scenario) peer: Name,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::drill::scenario) struct AclSpec {
    pub(in crate::drill::scenario) name: Name,
    pub(in crate::drill::scenario) id: Name,
    #[serde(default)]
    pub(in crate::drill::scenario) default: bool,
    pub(in crate::drill::scenario) entries: Vec<EntrySpec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::drill::scenario) struct EntrySpec {
    pub(in crate::drill::scenario) direction: Direction,
    pub(in crate::drill::scenario) number: Spanned<u16>,
    pub(in crate::drill::scenario) action: AclAction,
    #[serde(default)]
    pub(in crate::drill::scenario) protocol: ProtocolSpec,
    pub(in crate::drill::scenario) port: Option<Spanned<u16>>,
    pub(in crate::drill::scenario) to: Option<u16>,
    pub(in crate::drill::scenario) cidr: Spanned<IpNet>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::drill::scenario) struct TableSpec {
    pub(in crate::drill::scenario) name: Name,
    pub(in crate::drill::scenario) id: Name,
    #[serde(default)]
    pub(in crate::drill::scenario) main: bool,
    pub(in crate::drill::scenario) routes: Vec<RouteSpec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::drill::scenario) struct RouteSpec {
    /// A CIDR block, or a prefix list's name.
    pub(in crate::drill::scenario) destination: Name,
    /// `local`, or a gateway's name.
    pub(in crate::drill::scenario) target: Name,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::drill::scenario) struct GatewaySpec {
    pub(in crate::drill::scenario) name: Name,
    pub(in crate::drill::scenario) id: Name,
    pub(in crate::drill::scenario) kind: GatewayKindSpec,
    pub(in crate::drill::scenario) subnet: Option<Name>,
    /// Names of interfaces.
    #[serde(default)]
    pub(in crate::drill::scenario) interfaces: Vec<Name>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::drill::scenario) struct InstanceSpec {
    pub(in crate::drill::scenario) name: Name,
    pub(in crate::drill::scenario) id: Name,
    /// So many that are alike: names, ids and addresses count on.
    pub(in crate::drill::scenario) count: Option<Spanned<u16>>,
    #[serde(rename = "type")]
    pub(in crate::drill::scenario) instance_type: String,
    pub(in crate::drill::scenario) image: String,
    pub(in crate::drill::scenario) profile: Option<String>,
    pub(in crate::drill::scenario) asg: Option<String>,
    pub(in crate::drill::scenario) target: Option<TargetSpec>,
    #[serde(default)]
    pub(in crate::drill::scenario) volumes: Vec<Name>,
    /// It was launched with hibernation.
    #[serde(default)]
    pub(in crate::drill::scenario) hibernation: bool,
    /// It is protected against termination and stop.
    #[serde(default)]
    pub(in crate::drill::scenario) protected: bool,
    pub(in crate::drill::scenario) interfaces: Vec<InterfaceSpec>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::drill::scenario) struct TargetSpec {
    pub(in crate::drill::scenario) group: String,
    pub(in crate::drill::scenario) arn: String,
    pub(in crate::drill::scenario) port: u16,
}

/// An interface. One of an instance bears its instance's name; any other has a name and a kind.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::drill::scenario) struct InterfaceSpec {
    pub(in crate::drill::scenario) name: Option<Name>,
    pub(in crate::drill::scenario) id: Name,
    pub(in crate::drill::scenario) kind: Option<EniKind>,
    #[serde(default)]
    pub(in crate::drill::scenario) description: String,
    pub(in crate::drill::scenario) subnet: Name,
    #[serde(default)]
    pub(in crate::drill::scenario) groups: Vec<Name>,
    pub(in crate::drill::scenario) addresses: Vec<Spanned<IpAddr>>,
    /// An Elastic IP, unless `automatic` says otherwise.
    pub(in crate::drill::scenario) public: Option<Spanned<IpAddr>>,
    /// The public address is one that AWS gave by itself.
    #[serde(default)]
    pub(in crate::drill::scenario) automatic: bool,
    /// Absent: on, but for NAT gateways.
    pub(in crate::drill::scenario) source_dest_check: Option<bool>,
    #[serde(default)]
    pub(in crate::drill::scenario) timeouts: TimeoutsSpec,
}

/// Idle timeouts of connection tracking; absent: AWS's defaults.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::drill::scenario) struct TimeoutsSpec {
    pub(in crate::drill::scenario) tcp_established: Option<Spanned<Span>>,
    pub(in crate::drill::scenario) udp: Option<Spanned<Span>>,
    pub(in crate::drill::scenario) udp_stream: Option<Spanned<Span>>,
}

/// A customer-managed prefix list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::drill::scenario) struct ListSpec {
    pub(in crate::drill::scenario) name: Name,
    pub(in crate::drill::scenario) id: Name,
    pub(in crate::drill::scenario) cidrs: Vec<Spanned<IpNet>>,
}

/// What a route leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::drill::scenario) enum GatewayKindSpec {
    Internet,
    EgressOnly,
    Nat,
    GatewayEndpoint,
    InterfaceEndpoint,
    /// A transit gateway; what is behind it is outside.
    Transit,
    /// A virtual private gateway, likewise.
    Vpn,
}

impl GatewayKindSpec {
    /// What it is in the VPC; `None`: nothing but the target of routes.
    pub(in crate::drill::scenario) fn kind(self) -> Option<GatewayKind> {
        match self {
            Self::Internet => Some(GatewayKind::Internet),
            Self::EgressOnly => Some(GatewayKind::EgressOnly),
            Self::Nat => Some(GatewayKind::Nat),
            Self::GatewayEndpoint => Some(GatewayKind::GatewayEndpoint),
            Self::InterfaceEndpoint => Some(GatewayKind::InterfaceEndpoint),
            Self::Transit | Self::Vpn => None,
        }
    }

    /// How its ids begin: a route's target says by that what it is.
    pub(in crate::drill::scenario) fn prefix(self) -> &'static str {
        match self {
            Self::Internet => "igw-",
            Self::EgressOnly => "eigw-",
            Self::Nat => "nat-",
            Self::GatewayEndpoint | Self::InterfaceEndpoint => "vpce-",
            Self::Transit => "tgw-",
            Self::Vpn => "vgw-",
        }
    }
}

/// Somebody outside the VPC.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::drill::scenario) struct OutsideSpec {
    pub(in crate::drill::scenario) name: Name,
    pub(in crate::drill::scenario) addresses: Vec<Spanned<IpAddr>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::drill::scenario) struct FlowLogSpec {
    pub(in crate::drill::scenario) id: Name,
    pub(in crate::drill::scenario) log_group: String,
    /// `v2` to `v11`: every field up to that version; or fields as AWS writes them.
    pub(in crate::drill::scenario) format: Option<Name>,
    /// From the end of a window until its records can be read.
    pub(in crate::drill::scenario) delay: Option<Spanned<Span>>,
    /// How long a window is.
    pub(in crate::drill::scenario) aggregation: Option<Spanned<Span>>,
}
