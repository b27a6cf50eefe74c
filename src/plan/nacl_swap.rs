//! `nacl-swap`: the suspect's subnets to a new network ACL that holds nothing but its final denies.
//!
//! A network ACL is stateless, so established flows are cut too; but it serves the whole subnet, and
//! is evaluated only where traffic enters or leaves it.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html>

use super::builder::{PlanError, Steps, Subject};
use super::sg_swap::{UNFILTERED, suffixed};
use super::step::{Class, What};
use crate::operation::{Operation, Ref};

pub(super) fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Result<Vec<String>, PlanError> {
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
