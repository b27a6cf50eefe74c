//! What the estate is read in: one part per kind of describe call.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::model::acl::Acl;
use crate::model::compute::{AsgMembership, Instance, InstanceProfile, TargetMembership, Volume};
use crate::model::network::{
    Eni, FlowLog, Gateway, Group, Peering, PrefixList, RouteTable, Subnet, Vpc,
};

/// A part of the estate: what one kind of describe call answers. Parts are read, and go stale, apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartKind {
    /// VPCs with their CIDR blocks.
    Vpcs,
    /// Subnets.
    Subnets,
    /// Network interfaces of every kind.
    Enis,
    /// Instances, with their profiles.
    Instances,
    /// Security groups with their rules.
    Groups,
    /// Network ACLs.
    Acls,
    /// Route tables.
    RouteTables,
    /// Internet, egress-only and NAT gateways, and VPC endpoints.
    Gateways,
    /// VPC peering connections.
    Peerings,
    /// Managed prefix lists.
    PrefixLists,
    /// EBS volumes of the instances.
    Volumes,
    /// Auto Scaling membership of the instances.
    AsgMemberships,
    /// Target-group membership of the instances.
    TargetMemberships,
    /// Instance profiles, with their roles and users.
    Profiles,
    /// Flow log subscriptions.
    FlowLogs,
}

impl PartKind {
    /// Every part, in the order in which a reader is likely to miss it.
    pub const ALL: [Self; 15] = [
        Self::Instances,
        Self::Enis,
        Self::Subnets,
        Self::Groups,
        Self::Acls,
        Self::RouteTables,
        Self::Vpcs,
        Self::Gateways,
        Self::FlowLogs,
        Self::Peerings,
        Self::PrefixLists,
        Self::Volumes,
        Self::AsgMemberships,
        Self::TargetMemberships,
        Self::Profiles,
    ];

    /// The name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vpcs => "VPCs",
            Self::Subnets => "subnets",
            Self::Enis => "network interfaces",
            Self::Instances => "instances",
            Self::Groups => "security groups",
            Self::Acls => "network ACLs",
            Self::RouteTables => "route tables",
            Self::Gateways => "gateways",
            Self::Peerings => "peering connections",
            Self::PrefixLists => "prefix lists",
            Self::Volumes => "volumes",
            Self::AsgMemberships => "Auto Scaling",
            Self::TargetMemberships => "target groups",
            Self::Profiles => "instance profiles",
            Self::FlowLogs => "flow logs",
        }
    }
}

/// The contents of one part, complete for the scope that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// [`PartKind::Vpcs`]
    Vpcs(Vec<Vpc>),
    /// [`PartKind::Subnets`]
    Subnets(Vec<Subnet>),
    /// [`PartKind::Enis`]
    Enis(Vec<Eni>),
    /// [`PartKind::Instances`]
    Instances(Vec<Instance>),
    /// [`PartKind::Groups`]
    Groups(Vec<Group>),
    /// [`PartKind::Acls`]
    Acls(Vec<Acl>),
    /// [`PartKind::RouteTables`]
    RouteTables(Vec<RouteTable>),
    /// [`PartKind::Gateways`]
    Gateways(Vec<Gateway>),
    /// [`PartKind::Peerings`]
    Peerings(Vec<Peering>),
    /// [`PartKind::PrefixLists`]
    PrefixLists(Vec<PrefixList>),
    /// [`PartKind::Volumes`]
    Volumes(Vec<Volume>),
    /// [`PartKind::AsgMemberships`]
    AsgMemberships(Vec<AsgMembership>),
    /// [`PartKind::TargetMemberships`]
    TargetMemberships(Vec<TargetMembership>),
    /// [`PartKind::Profiles`]
    Profiles(Vec<InstanceProfile>),
    /// [`PartKind::FlowLogs`]
    FlowLogs(Vec<FlowLog>),
}

impl Part {
    /// A part of which there is nothing.
    pub fn empty(kind: PartKind) -> Self {
        match kind {
            PartKind::Vpcs => Self::Vpcs(Vec::new()),
            PartKind::Subnets => Self::Subnets(Vec::new()),
            PartKind::Enis => Self::Enis(Vec::new()),
            PartKind::Instances => Self::Instances(Vec::new()),
            PartKind::Groups => Self::Groups(Vec::new()),
            PartKind::Acls => Self::Acls(Vec::new()),
            PartKind::RouteTables => Self::RouteTables(Vec::new()),
            PartKind::Gateways => Self::Gateways(Vec::new()),
            PartKind::Peerings => Self::Peerings(Vec::new()),
            PartKind::PrefixLists => Self::PrefixLists(Vec::new()),
            PartKind::Volumes => Self::Volumes(Vec::new()),
            PartKind::AsgMemberships => Self::AsgMemberships(Vec::new()),
            PartKind::TargetMemberships => Self::TargetMemberships(Vec::new()),
            PartKind::Profiles => Self::Profiles(Vec::new()),
            PartKind::FlowLogs => Self::FlowLogs(Vec::new()),
        }
    }

    /// Which part this is.
    pub fn kind(&self) -> PartKind {
        match self {
            Self::Vpcs(_) => PartKind::Vpcs,
            Self::Subnets(_) => PartKind::Subnets,
            Self::Enis(_) => PartKind::Enis,
            Self::Instances(_) => PartKind::Instances,
            Self::Groups(_) => PartKind::Groups,
            Self::Acls(_) => PartKind::Acls,
            Self::RouteTables(_) => PartKind::RouteTables,
            Self::Gateways(_) => PartKind::Gateways,
            Self::Peerings(_) => PartKind::Peerings,
            Self::PrefixLists(_) => PartKind::PrefixLists,
            Self::Volumes(_) => PartKind::Volumes,
            Self::AsgMemberships(_) => PartKind::AsgMemberships,
            Self::TargetMemberships(_) => PartKind::TargetMemberships,
            Self::Profiles(_) => PartKind::Profiles,
            Self::FlowLogs(_) => PartKind::FlowLogs,
        }
    }
}

/// When a part was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freshness {
    /// The moment at which its last page arrived.
    pub read_at: DateTime<Utc>,
}
