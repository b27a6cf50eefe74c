//! `nacl-far-side`: the suspect's addresses denied in the network ACLs of the other subnets of its VPC.
//!
//! The one place where a network ACL can name the suspect: in its own subnet's it is never the remote side.
//! It cuts the suspect off from those subnets and nobody else.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html>

use std::collections::BTreeMap;

use super::super::catalogue::{Action, Entry, Scope};
use super::super::denies::{Denies, host};
use super::super::subject::{Steps, Subject};
use super::{Remarks, counted};
use crate::model::PartKind;

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::NaclFarSide,
    name: "nacl-far-side",
    scope: Scope::Subnet,
    summary: "deny the suspect's addresses in the network ACLs of the other subnets",
    caveat: "its own subnet, and everything outside the VPC, stay open to it",
    needs: &[
        PartKind::Instances,
        PartKind::Enis,
        PartKind::Acls,
        PartKind::Subnets,
    ],
    build: steps,
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    let estate = subject.estate;
    let own = subject.subnets();
    let mut acls = BTreeMap::new();
    let mut subnets = 0;
    for vpc in subject.enis_by_vpc().into_keys() {
        let others = estate.subnets().filter(|it| it.vpc == *vpc);
        for subnet in others.filter(|it| !own.contains(&it.id)) {
            subnets += 1;
            if let Some(acl) = estate.acl_of_subnet(&subnet.id) {
                acls.insert(&acl.id, (acl, vpc));
            }
        }
    }
    if acls.is_empty() {
        return Err(subject.nothing("its VPC has no other subnet"));
    }
    let mut denies = Denies::new(subject.intent.acl_quota);
    for (acl, vpc) in acls.into_values() {
        let enis = subject.enis.iter().filter(|eni| eni.vpc == *vpc);
        for address in enis.flat_map(|eni| &eni.addresses) {
            denies.deny(acl, host(*address))?;
        }
    }
    if denies.is_empty() {
        return Err(subject.already_so());
    }
    let mut remarks = denies.send_for_good(steps);
    remarks.extend([
        format!(
            "It loses {} and nobody else does: its own subnet and everything outside the VPC stay open \
             to it.",
            counted(subnets, "other subnet")
        ),
        "An address that it gets later is not denied.".to_string(),
    ]);
    Ok(remarks)
}
