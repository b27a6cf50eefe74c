//! The scenario file, as it is written. Names are the file's own and refer to one another;
//! everything that a name must mean is checked later, with the line that it stands on.
//!
//! `assets/scenarios/SCHEMA.md` explains every key to those who write one; a test holds that it does.

mod estate;
mod events;

use ipnet::IpNet;
use serde::Deserialize;
use toml::Spanned;

use super::span::Span;
use crate::drill::net::Switches;
use crate::model::Protocol;

pub(super) use estate::{
    AclSpec, FlowLogSpec, GatewayKindSpec, GatewaySpec, GroupSpec, InstanceSpec, InterfaceSpec,
    ListSpec, OutsideSpec, RouteSpec, RuleSpec, SubnetSpec, TableSpec, TimeoutsSpec,
};
pub(super) use events::{ConversationSpec, FindingSpec, InjectSpec, ObjectivesSpec, WhenSpec};

/// A name or id, with its place in the file.
pub(super) type Name = Spanned<String>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spec {
    pub(super) version: Spanned<u32>,
    pub(super) title: String,
    #[serde(default)]
    pub(super) summary: String,
    #[serde(default)]
    pub(super) briefing: String,
    /// 1, for beginners, to 5.
    pub(super) level: Option<Spanned<u8>>,
    /// How long an exercise takes.
    pub(super) minutes: Option<Spanned<u32>>,
    pub(super) account: Name,
    pub(super) region: Name,
    pub(super) suspect: Name,
    #[serde(default)]
    pub(super) world: WorldSpec,
    #[serde(default)]
    pub(super) switches: Switches,
    pub(super) vpc: VpcSpec,
    pub(super) subnets: Vec<SubnetSpec>,
    pub(super) groups: Vec<GroupSpec>,
    pub(super) acls: Vec<AclSpec>,
    pub(super) tables: Vec<TableSpec>,
    #[serde(default)]
    pub(super) gateways: Vec<GatewaySpec>,
    #[serde(default)]
    pub(super) lists: Vec<ListSpec>,
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
    #[serde(default)]
    pub(super) injects: Vec<InjectSpec>,
    #[serde(default)]
    pub(super) objectives: ObjectivesSpec,
}

/// How the world runs.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WorldSpec {
    pub(super) seed: Option<u64>,
    /// How much happened before the drill begins.
    pub(super) history: Option<Spanned<Span>>,
    /// How long an instance may fail its health checks until its Auto Scaling group replaces it.
    pub(super) asg_grace: Option<Spanned<Span>>,
    /// How long a change takes until packets feel it.
    pub(super) propagation: Option<Spanned<Span>>,
    /// How long a change takes until calls that describe show it.
    pub(super) visibility: Option<Spanned<Span>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VpcSpec {
    pub(super) name: String,
    pub(super) id: Name,
    pub(super) cidrs: Vec<Spanned<IpNet>>,
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
    /// The Encapsulating Security Payload of `IPsec`.
    Esp,
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
            Self::Esp => Some(50),
        }
    }

    /// Whether it has ports.
    pub(super) fn is_ported(self) -> bool {
        matches!(self, Self::Tcp | Self::Udp)
    }
}
