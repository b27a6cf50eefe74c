//! `sg-swap`: every interface of the suspect to an empty isolation group.
//!
//! A new group has an allow-all egress rule (and one for IPv6), so the group is emptied and read back
//! before any interface gets it. The groups are replaced, never added to: rules of several groups
//! add up, so an added group can't restrict.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>

use super::builder::{PlanError, Steps, Subject};
use super::step::{Class, What};
use crate::model::Direction;
use crate::operation::{Operation, Ref};

pub(super) fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Result<Vec<String>, PlanError> {
    subject.groups_changeable()?;
    if subject.is_in_empty_groups() {
        return Err(subject.already_so());
    }
    let mut swaps = Vec::new();
    let mut holds = Vec::new();
    for (index, (vpc, enis)) in subject.enis_by_vpc().into_iter().enumerate() {
        let name = subject.made_name(&suffixed("isolation", index));
        let create = steps.change(
            Operation::CreateGroup {
                vpc: vpc.clone(),
                tags: subject.tags(&name),
                name,
                description: format!("Firedoor: isolates {}", subject.instance.id),
            },
            Class::Must,
            [],
        );
        let group = Ref::Made(create);
        let empty = Direction::BOTH.map(|direction| Operation::RevokeAllRules {
            group: group.clone(),
            direction,
        });
        let emptied = empty
            .clone()
            .map(|revoke| steps.change(revoke, Class::Must, [create]));
        holds.extend(empty);
        for eni in enis {
            let swap = Operation::SetEniGroups {
                eni: eni.id.clone(),
                groups: vec![group.clone()],
            };
            swaps.push(steps.change(swap.clone(), Class::Must, emptied));
            holds.push(swap);
        }
    }
    steps.push(What::Verify(holds), Class::Must, swaps);
    Ok(vec![
        "Tracked connections that are open now are expected to go on until they are idle for \
         longer than their timer (350 s on Nitro v6, else up to 5 days). sg-two-step or nacl-swap \
         cut them."
            .to_string(),
        UNFILTERED.to_string(),
    ])
}

/// What no group and no network ACL filters:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>
pub(super) const UNFILTERED: &str = "Not filtered by any group or network ACL: the Amazon DNS resolver, instance metadata, and \
     credentials that were already issued to the role.";

/// `part` for the first VPC, `part-2`, `part-3` … for the others.
pub(super) fn suffixed(part: &str, index: usize) -> String {
    if index == 0 {
        part.to_string()
    } else {
        format!("{part}-{}", index + 1)
    }
}
