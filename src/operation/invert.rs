//! The way back.

use super::{Operation, Ref, State};
use crate::model::{Direction, TrackingTimeouts};

/// The operation that restores `before`, the state captured just before `done` was sent. `made` is
/// what it made. `None`: there is nothing to restore, or it can't be.
pub fn invert(done: &Operation, before: &State, made: Option<&str>) -> Option<Operation> {
    let restored = match (done, before) {
        (Operation::CreateGroup { .. }, State::Absent) => Operation::DeleteGroup {
            group: Ref::Id(made?.into()),
        },
        (Operation::CreateAcl { .. }, State::Absent) => Operation::DeleteAcl {
            acl: Ref::Id(made?.into()),
        },
        (Operation::SetEniGroups { eni, .. }, State::EniGroups(groups)) => {
            Operation::SetEniGroups {
                eni: eni.clone(),
                groups: groups.iter().cloned().map(Ref::Id).collect(),
            }
        }
        (Operation::SetSubnetAcl { subnet, .. }, State::SubnetAcl(acl)) => {
            Operation::SetSubnetAcl {
                subnet: subnet.clone(),
                acl: Ref::Id(acl.clone()),
            }
        }
        (Operation::SetTrackingTimeouts { eni, .. }, State::Timeouts(timeouts))
            if *timeouts != TrackingTimeouts::default() =>
        {
            Operation::SetTrackingTimeouts {
                eni: eni.clone(),
                timeouts: *timeouts,
            }
        }
        (Operation::RevokeAllRules { group, direction }, State::Group { rules, .. }) => {
            let direction: Direction = *direction;
            let rules = rules
                .iter()
                .filter(|rule| rule.direction == direction)
                .cloned()
                .collect();
            Operation::AuthorizeRules {
                group: group.clone(),
                direction,
                rules,
            }
        }
        _ => return None,
    };
    Some(restored)
}
