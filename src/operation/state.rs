//! What an operation's object looks like: captured before a call, read back after it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Operation;
use crate::model::{AclId, Direction, GroupId, GroupRule, TrackingTimeouts};

/// The state of the object that an operation is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// There is no such object (or AWS does not show it yet).
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
    /// A network ACL.
    Acl(AclId),
    /// The network ACL that serves a subnet.
    SubnetAcl(AclId),
}

impl State {
    /// The id of the object that a creating operation made.
    pub fn made(&self) -> Option<&str> {
        match self {
            Self::Group { id, .. } => Some(id.as_str()),
            Self::Acl(id) => Some(id.as_str()),
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
        match (self, state) {
            (Self::CreateGroup { .. }, State::Group { rules, .. }) => {
                rules.iter().any(|it| it.direction == Direction::Egress)
            }
            (Self::CreateAcl { .. }, State::Acl(_))
            | (Self::DeleteGroup { .. } | Self::DeleteAcl { .. }, State::Absent) => true,
            (Self::AuthorizeRules { rules: wanted, .. }, State::Group { rules, .. }) => wanted
                .iter()
                .all(|want| rules.iter().any(|have| have.same_as(want))),
            (Self::RevokeAllRules { direction, .. }, State::Group { rules, .. }) => {
                rules.iter().all(|rule| rule.direction != *direction)
            }
            (Self::SetEniGroups { groups, .. }, State::EniGroups(have)) => {
                let want: BTreeSet<_> = groups.iter().map(super::Ref::id).collect();
                want == have.iter().cloned().collect()
            }
            (Self::SetTrackingTimeouts { timeouts: want, .. }, State::Timeouts(have)) => {
                let met = |want: Option<u32>, have| want.is_none() || want == have;
                met(want.tcp_established, have.tcp_established)
                    && met(want.udp, have.udp)
                    && met(want.udp_stream, have.udp_stream)
            }
            (Self::SetSubnetAcl { acl, .. }, State::SubnetAcl(have)) => acl.id() == *have,
            _ => false,
        }
    }
}
