//! The catalogue of actions.

use serde::{Deserialize, Serialize};

/// An action of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Every interface of the suspect to an empty group.
    SgSwap,
    /// Every interface to an open group, which is then emptied.
    SgTwoStep,
    /// The suspect's subnets to a quarantine network ACL.
    NaclSwap,
    /// Rules of a live group.
    SgRevokeRules,
    /// A deny for one remote address in the live network ACL.
    NaclDenyPeer,
    /// A local-only route table for the suspect's subnets.
    RouteSwap,
    /// The instance profile off.
    ProfileDetach,
    /// Sessions of the role revoked.
    SessionsRevoke,
    /// Out of service in its Auto Scaling group.
    AsgStandby,
    /// Snapshots of every volume.
    SnapshotAll,
    /// The instance stopped.
    Stop,
}

/// What an action touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The suspect alone.
    Instance,
    /// Everything in its subnets.
    Subnet,
    /// Everything that uses its role.
    Identity,
    /// The platform around it.
    Platform,
    /// Nothing: it keeps evidence.
    Evidence,
}

impl Scope {
    /// The name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Subnet => "subnet",
            Self::Identity => "role",
            Self::Platform => "platform",
            Self::Evidence => "evidence",
        }
    }
}

impl Action {
    /// All, in the order of the catalogue: those that can be run first.
    pub const ALL: [Self; 11] = [
        Self::SgTwoStep,
        Self::SgSwap,
        Self::NaclSwap,
        Self::SgRevokeRules,
        Self::NaclDenyPeer,
        Self::RouteSwap,
        Self::ProfileDetach,
        Self::SessionsRevoke,
        Self::AsgStandby,
        Self::SnapshotAll,
        Self::Stop,
    ];

    /// The name that the command line and the journal use.
    pub fn name(self) -> &'static str {
        match self {
            Self::SgSwap => "sg-swap",
            Self::SgTwoStep => "sg-two-step",
            Self::NaclSwap => "nacl-swap",
            Self::SgRevokeRules => "sg-revoke-rules",
            Self::NaclDenyPeer => "nacl-deny-peer",
            Self::RouteSwap => "route-swap",
            Self::ProfileDetach => "profile-detach",
            Self::SessionsRevoke => "sessions-revoke",
            Self::AsgStandby => "asg-standby",
            Self::SnapshotAll => "snapshot-all",
            Self::Stop => "stop",
        }
    }

    /// What it touches.
    pub fn scope(self) -> Scope {
        match self {
            Self::SgSwap | Self::SgTwoStep | Self::SgRevokeRules | Self::Stop => Scope::Instance,
            Self::NaclSwap | Self::NaclDenyPeer | Self::RouteSwap => Scope::Subnet,
            Self::ProfileDetach | Self::SessionsRevoke => Scope::Identity,
            Self::AsgStandby => Scope::Platform,
            Self::SnapshotAll => Scope::Evidence,
        }
    }

    /// Whether this version can run it.
    pub fn available(self) -> bool {
        matches!(self, Self::SgSwap | Self::SgTwoStep | Self::NaclSwap)
    }

    /// What it does, in one line.
    pub fn summary(self) -> &'static str {
        match self {
            Self::SgSwap => "every interface to an empty security group",
            Self::SgTwoStep => "every interface to an all-open group, which is then emptied",
            Self::NaclSwap => "its subnets to a network ACL that denies everything",
            Self::SgRevokeRules => "revoke rules of a live security group",
            Self::NaclDenyPeer => "deny one remote address in the live network ACL",
            Self::RouteSwap => "its subnets to a route table with local routes only",
            Self::ProfileDetach => "take the instance profile off",
            Self::SessionsRevoke => "revoke the sessions of its role",
            Self::AsgStandby => "to standby in its Auto Scaling group",
            Self::SnapshotAll => "snapshot every volume at one point in time",
            Self::Stop => "stop the instance",
        }
    }

    /// What it does not do, or what it costs: the sentence to read before choosing it.
    ///
    /// Tracking: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html>;
    /// network ACLs: <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html>.
    pub fn caveat(self) -> &'static str {
        match self {
            Self::SgSwap => {
                "established tracked connections (such as a reverse shell) go on until they idle out"
            }
            Self::SgTwoStep => {
                "open to the world for the dwell; ICMP, silent flows and paths through NAT gateway, NLB \
                 or PrivateLink are expected to survive"
            }
            Self::NaclSwap => {
                "cuts every neighbour of the subnet, and not traffic inside the subnet"
            }
            Self::SgRevokeRules => "hits every member of the group",
            Self::NaclDenyPeer => "that address only",
            Self::RouteSwap => "hits whole subnets; inbound packets still arrive",
            Self::ProfileDetach => "credentials already issued stay valid",
            Self::SessionsRevoke => "hits every user of the role",
            Self::AsgStandby => "a replacement may launch from the same image",
            Self::SnapshotAll => "memory is not in it",
            Self::Stop => "memory and instance store are lost",
        }
    }
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
