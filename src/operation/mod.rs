//! Everything that Firedoor can change in AWS, as data.
//!
//! One value of [`Operation`] is applied to an estate hypothetically ([`apply`]), checked against
//! AWS's preconditions ([`precondition`]), executed by an [`Actuator`], inverted from the state
//! captured before it ([`invert`]), journalled, and printed. Nothing here does I/O but the
//! implementations of [`Actuator`], which live elsewhere.

mod apply;
mod catalogue;
mod invert;
mod port;
mod precondition;
mod reference;
mod state;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::model::{Direction, EniId, GroupRule, SubnetId, TrackingTimeouts, VpcId};

pub use apply::{Hypothesis, apply};
pub use catalogue::Facts;
pub use invert::invert;
pub use port::{Actuator, Answer, CallError, CallErrorKind};
pub use precondition::{Refusal, precondition};
pub use reference::{AclRef, Bindings, GroupRef, Ref, StepId, Unbound};
pub use state::State;

/// One change in AWS.
///
/// It names stable objects, or what an earlier step of the same plan makes ([`Ref::Made`]); never an
/// association or rule id: those change under our hands, so the actuator looks them up just
/// before the call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Makes a security group. AWS gives it an allow-all egress rule, and one for IPv6 in a VPC that
    /// has an IPv6 block.
    CreateGroup {
        /// The VPC that it is made in.
        vpc: VpcId,
        /// Its name: unique in the VPC, at most 255 characters, not beginning with `sg-`.
        name: String,
        /// Its description.
        description: String,
        /// Its tags.
        tags: Vec<(String, String)>,
    },
    /// Adds rules of one direction to a group.
    AuthorizeRules {
        /// The group.
        group: GroupRef,
        /// The direction of all the rules.
        direction: Direction,
        /// The rules; those that it has already are no error.
        rules: Vec<GroupRule>,
    },
    /// Removes every rule of one direction from a group, by rule id.
    RevokeAllRules {
        /// The group.
        group: GroupRef,
        /// The direction.
        direction: Direction,
    },
    /// Replaces the groups of one interface.
    SetEniGroups {
        /// The interface.
        eni: EniId,
        /// All its groups afterwards: 1 to 5 (an account may have raised that to 16).
        groups: Vec<GroupRef>,
    },
    /// Sets the idle timeouts of connection tracking on one interface. Nitro instances only.
    SetTrackingTimeouts {
        /// The interface.
        eni: EniId,
        /// The timeouts; an absent one is left as it is.
        timeouts: TrackingTimeouts,
    },
    /// Makes a network ACL. It holds nothing but the final deny of each family and direction.
    CreateAcl {
        /// The VPC that it is made in.
        vpc: VpcId,
        /// Its tags, `Name` among them.
        tags: Vec<(String, String)>,
    },
    /// Moves a subnet to another network ACL.
    SetSubnetAcl {
        /// The subnet.
        subnet: SubnetId,
        /// The network ACL that serves it afterwards.
        acl: AclRef,
    },
    /// Deletes a security group that nothing uses.
    DeleteGroup {
        /// The group.
        group: GroupRef,
    },
    /// Deletes a network ACL that serves no subnet.
    DeleteAcl {
        /// The network ACL.
        acl: AclRef,
    },
}

impl Operation {
    /// The same operation with everything that earlier steps made put in place of its reference.
    ///
    /// # Errors
    /// Names the step that has not made anything yet.
    pub fn bind(&self, bindings: &Bindings) -> Result<Self, Unbound> {
        let mut bound = self.clone();
        match &mut bound {
            Self::AuthorizeRules { group, .. }
            | Self::RevokeAllRules { group, .. }
            | Self::DeleteGroup { group } => group.bind(bindings)?,
            Self::SetEniGroups { groups, .. } => {
                groups
                    .iter_mut()
                    .try_for_each(|group| group.bind(bindings))?;
            }
            Self::SetSubnetAcl { acl, .. } | Self::DeleteAcl { acl } => acl.bind(bindings)?,
            Self::CreateGroup { .. }
            | Self::CreateAcl { .. }
            | Self::SetTrackingTimeouts { .. } => {}
        }
        Ok(bound)
    }
}
