//! Plain values: what was read of an AWS account, and nothing else.
//!
//! No I/O, no clock, and no rule, NACL or route matching beyond CIDR containment. Every other
//! layer may import this one; it imports none of them.

pub mod acl;
pub mod compute;
pub mod estate;
pub mod finding;
#[cfg(test)]
pub(crate) mod fixture;
pub mod flow;
pub mod id;
pub mod network;
pub mod notation;
mod place;
pub mod text;

pub use acl::{Acl, AclAction, AclEntry};
pub use compute::{
    AsgMembership, AsgSize, Instance, InstanceAttributes, InstanceProfile, InstanceState, Platform,
    Shutdown, TargetMembership, Volume,
};
pub use estate::{Changes, Estate, Freshness, Part, PartKind};
pub use finding::{Finding, FindingAction, Remote, Severity};
pub use flow::{FlowAction, FlowDirection, FlowRecord, LogStatus, PortSpan, TcpFlags, TrafficPath};
pub use id::{
    AclId, AsgName, EniId, FindingId, GatewayId, GroupId, InstanceId, ResourceId, RouteTableId,
    RuleId, SubnetId, VolumeId, VpcId, account_of,
};
pub use network::{
    Direction, Eni, EniKind, FlowLog, FlowLogDestination, Gateway, GatewayKind, Group, GroupRule,
    Peering, PeeringSide, PortRange, PrefixList, Protocol, PublicAddress, Route, RouteTable,
    RulePeer, Subnet, TrackingTimeouts, Vpc,
};
pub use place::Place;
