//! `sg-swap`: every interface of the suspect to an empty isolation group.
//!
//! A new group has an allow-all egress rule (and one for IPv6), so the group is emptied and read back
//! before any interface gets it. The groups are replaced, never added to: rules of several groups
//! add up, so an added group can't restrict.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::step::{Class, What};
use super::super::subject::{Steps, Subject, suffixed};
use super::{Remarks, UNFILTERED};
use crate::model::{Direction, PartKind};
use crate::operation::{Operation, Ref};

/// What is constant of it. Tracking:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html>
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::SgSwap,
    name: "sg-swap",
    scope: Scope::Instance,
    summary: "every interface to an empty security group",
    caveat: "established tracked connections (such as a reverse shell) go on until they idle out",
    needs: &[
        PartKind::Instances,
        PartKind::Enis,
        PartKind::Vpcs,
        PartKind::Groups,
    ],
    build: steps,
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
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
