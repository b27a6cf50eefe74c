//! `nacl-swap`: the suspect's subnets to a new network ACL that holds nothing but its final denies.
//!
//! A network ACL is stateless, so established flows are cut too; but it serves the whole subnet, and
//! is evaluated only where traffic enters or leaves it.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::step::{Class, What};
use super::super::subject::{Steps, Subject, suffixed};
use super::{Remarks, UNFILTERED};
use crate::model::PartKind;
use crate::operation::{Operation, Ref};

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::NaclSwap,
    name: "nacl-swap",
    scope: Scope::Subnet,
    summary: "its subnets to a network ACL that denies everything",
    caveat: "cuts every neighbour of the subnet, and not traffic inside the subnet",
    needs: &[
        PartKind::Instances,
        PartKind::Enis,
        PartKind::Vpcs,
        PartKind::Subnets,
        PartKind::Acls,
    ],
    build: steps,
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    if subject.is_behind_denies() {
        return Err(subject.already_so());
    }
    let mut holds = Vec::new();
    let mut swaps = Vec::new();
    for (index, (vpc, subnets)) in subject.subnets_by_vpc().into_iter().enumerate() {
        let name = subject.made_name(&suffixed("quarantine", index));
        let create = steps.change(
            Operation::CreateAcl {
                vpc: vpc.clone(),
                tags: subject.tags(&name),
            },
            Class::Must,
            [],
        );
        for subnet in subnets {
            let swap = Operation::SetSubnetAcl {
                subnet: subnet.clone(),
                acl: Ref::Made(create),
            };
            swaps.push(steps.change(swap.clone(), Class::Must, [create]));
            holds.push(swap);
        }
    }
    steps.push(What::Verify(holds), Class::Must, swaps);
    Ok(vec![
        "Everyone in the subnet is cut from everything outside it; traffic inside the subnet goes \
         on, the suspect's to its neighbours too."
            .to_string(),
        UNFILTERED.to_string(),
    ])
}
