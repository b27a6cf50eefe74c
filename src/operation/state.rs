//! What an operation's object looks like: captured before a call, read back after it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{At, Attribute, Operation, Ref};
use crate::model::{
    AclEntry, AclId, Direction, EniId, GatewayId, GroupId, GroupRule, InstanceState, RouteTableId,
    TrackingTimeouts,
};

/// The state of the object that an operation is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// There is no such object (or AWS does not show it yet), or it has no such thing.
    Absent,
    /// A security group and all its rules.
    Group {
        /// Its id.
        id: GroupId,
        /// Rules of both directions.
        rules: Vec<GroupRule>,
    },
    /// An interface's groups.
    EniGroups(Vec<GroupId>),
    /// An interface's idle timeouts.
    Timeouts(TrackingTimeouts),
    /// An interface.
    Interface(EniId),
    /// What an interface or gateway is attached to.
    AttachedTo(String),
    /// The public address that is mapped to a private one.
    PublicAddress(IpAddr),
    /// A network ACL.
    Acl(AclId),
    /// The network ACL that serves a subnet.
    SubnetAcl(AclId),
    /// An entry of a network ACL.
    AclEntry(AclEntry),
    /// A route table.
    RouteTable(RouteTableId),
    /// The route table that a subnet is associated with; `None`: with none, the main one serves it.
    SubnetRouteTable(Option<RouteTableId>),
    /// The main route table of a VPC.
    MainRouteTable(RouteTableId),
    /// The target of a route.
    Route(GatewayId),
    /// An instance's life-cycle state.
    Instance(InstanceState),
    /// Whether an instance's metadata endpoint answers.
    MetadataEndpoint(bool),
    /// An attribute, with its value.
    Attribute(Attribute),
    /// Those of the tags that are asked about that there are.
    Tags(BTreeMap<String, String>),
    /// The name of an instance's profile.
    Profile(String),
    /// An inline policy of a role, by name.
    RolePolicy(String),
    /// Sessions of a role that were issued until then are denied.
    SessionsDenied(DateTime<Utc>),
    /// The minimum size of an Auto Scaling group.
    AsgMinSize(u32),
    /// A command in a guest.
    Command(CommandState),
    /// An instance's life-cycle state in its Auto Scaling group: `InService`, `Standby`, ...
    Asg(String),
    /// An instance's health in a target group.
    Target(String),
    /// Something that is no part of the estate: snapshots, an image. Its id.
    Made(String),
}

/// How far a command of Systems Manager has got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandState {
    /// The command's id.
    pub id: String,
    /// As Systems Manager names it: `InProgress`, `Success`, `Failed`, ...
    /// <https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html>
    pub status: String,
    /// What it has printed so far, made printable.
    pub output: Vec<String>,
}

impl CommandState {
    /// Whether nothing more will come.
    pub fn has_ended(&self) -> bool {
        !matches!(
            self.status.as_str(),
            "Pending" | "InProgress" | "Delayed" | "Cancelling"
        )
    }
}

impl State {
    /// The id of the object that a creating operation made.
    pub fn made(&self) -> Option<&str> {
        match self {
            Self::Group { id, .. } => Some(id.as_str()),
            Self::Interface(id) => Some(id.as_str()),
            Self::Acl(id) => Some(id.as_str()),
            Self::RouteTable(id) => Some(id.as_str()),
            Self::Made(id) => Some(id),
            Self::Command(command) => Some(&command.id),
            _ => None,
        }
    }
}

impl Operation {
    /// Whether `state` is what this operation is for. Call it on a bound operation.
    ///
    /// A new group counts only once its default egress rule shows: until then it looks empty and is
    /// not. <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>
    pub fn satisfied_by(&self, state: &State) -> bool {
        if *state == State::Absent {
            return self.removes();
        }
        match (self, state) {
            (Self::CreateGroup { .. }, State::Group { rules, .. }) => {
                rules.iter().any(|it| it.direction == Direction::Egress)
            }
            (Self::AuthorizeRules { rules: wanted, .. }, State::Group { rules, .. }) => {
                wanted.iter().all(|want| holds(rules, want))
            }
            (Self::RevokeRules { rules: gone, .. }, State::Group { rules, .. }) => {
                !gone.iter().any(|it| holds(rules, it))
            }
            (Self::RevokeAllRules { direction, .. }, State::Group { rules, .. }) => {
                rules.iter().all(|rule| rule.direction != *direction)
            }
            (
                Self::SetEniGroups { groups, .. } | Self::SetInstanceGroups { groups, .. },
                State::EniGroups(have),
            ) => {
                let want: BTreeSet<_> = groups.iter().map(Ref::id).collect();
                want == have.iter().cloned().collect()
            }
            (Self::SetTrackingTimeouts { timeouts: want, .. }, State::Timeouts(have)) => {
                let met = |want: Option<u32>, have| want.is_none() || want == have;
                met(want.tcp_established, have.tcp_established)
                    && met(want.udp, have.udp)
                    && met(want.udp_stream, have.udp_stream)
            }
            (Self::CreateAcl { .. }, State::Acl(_))
            | (Self::CreateInterface { .. }, State::Interface(_))
            | (Self::CreateRouteTable { .. }, State::RouteTable(_))
            | (Self::RegisterTarget { .. }, State::Target(_))
            | (
                Self::CreateSnapshots { .. }
                | Self::CreateImage { .. }
                | Self::GetConsoleOutput { .. },
                State::Made(_),
            ) => true,
            (Self::DeregisterTarget { .. }, State::Target(health)) => health == "draining",
            (Self::AssociateAddress { address, .. }, State::PublicAddress(have)) => address == have,
            (Self::SetSubnetAcl { acl, .. }, State::SubnetAcl(have)) => acl.id() == *have,
            (
                Self::CreateAclEntry { entry, .. } | Self::ReplaceAclEntry { entry, .. },
                State::AclEntry(have),
            ) => entry.canonical() == *have,
            (Self::SetSubnetRouteTable { table, .. }, State::SubnetRouteTable(have)) => {
                table.as_ref().map(Ref::id) == *have
            }
            (Self::SetMainRouteTable { table, .. }, State::MainRouteTable(have)) => {
                table.id() == *have
            }
            (
                Self::CreateRoute { target, .. } | Self::ReplaceRoute { target, .. },
                State::Route(have),
            ) => target.id() == *have,
            (Self::StopInstance { .. }, State::Instance(have)) => *have == InstanceState::Stopped,
            (Self::StartInstance { .. }, State::Instance(have)) => *have == InstanceState::Running,
            (Self::SetMetadataEndpoint { enabled, .. }, State::MetadataEndpoint(have)) => {
                enabled == have
            }
            (Self::SetAttribute { attribute, .. }, State::Attribute(have)) => attribute == have,
            (Self::SetTags { tags, .. }, State::Tags(have)) => {
                tags.iter().all(|(key, want)| match (want, have.get(key)) {
                    (Some(want), Some(have)) => want.is_met_by(have),
                    (None, None) => true,
                    _ => false,
                })
            }
            (Self::AssociateProfile { profile: want, .. }, State::Profile(have)) => want == have,
            (Self::RevokeSessions { until, .. }, State::SessionsDenied(have)) => match until {
                At::After(_) => true,
                At::Moment(want) => have == want,
            },
            (Self::DenyInstance { .. }, State::RolePolicy(have)) => {
                self.role_policy().as_ref() == Some(have)
            }
            (Self::RunHostBlock { .. }, State::Command(command)) => command.status == "Success",
            (Self::SetAsgMinSize { min, .. }, State::AsgMinSize(have)) => min == have,
            (Self::EnterStandby { .. }, State::Asg(have)) => have == "Standby",
            (Self::ExitStandby { .. } | Self::AttachToAsg { .. }, State::Asg(have)) => {
                have == "InService"
            }
            _ => false,
        }
    }

    /// Whether the object, or what it has, is gone afterwards.
    fn removes(&self) -> bool {
        if let Self::SetTags { tags, .. } = self {
            return tags.values().all(Option::is_none);
        }
        matches!(
            self,
            Self::DeleteGroup { .. }
                | Self::DeleteInterface { .. }
                | Self::DetachInterface { .. }
                | Self::DisassociateAddress { .. }
                | Self::DropPublicAddress { .. }
                | Self::DeleteAcl { .. }
                | Self::DeleteAclEntry { .. }
                | Self::DeleteRouteTable { .. }
                | Self::DeleteRoute { .. }
                | Self::DetachInternetGateway { .. }
                | Self::DisassociateProfile { .. }
                | Self::RemoveRolePolicy { .. }
                | Self::DetachFromAsg { .. }
                | Self::DeregisterTarget { .. }
        )
    }

    /// The name of the inline policy that denies sessions, where this operation is about one. What
    /// IAM's console makes to revoke sessions has the first name.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html>
    pub fn role_policy(&self) -> Option<String> {
        match self {
            Self::RevokeSessions { .. } => Some("AWSRevokeOlderSessions".to_string()),
            Self::DenyInstance { instance, .. } => Some(format!("FiredoorDeny-{instance}")),
            Self::RemoveRolePolicy { policy, .. } => Some(policy.clone()),
            _ => None,
        }
    }
}

/// Whether a rule is among `rules`, whatever its id.
pub(super) fn holds(rules: &[GroupRule], wanted: &GroupRule) -> bool {
    rules.iter().any(|have| have.same_as(wanted))
}
