//! `nacl-deny-peer`: the findings' peers denied in the live network ACL of the suspect's subnets, both ways.
//!
//! A network ACL keeps no state, so what is open with them stops too; the rest of the subnet goes on.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html>

use super::super::builder::PlanError;
use super::super::catalogue::{Action, Entry, Scope};
use super::super::denies::{Denies, host};
use super::super::subject::{Steps, Subject};
use super::Remarks;
use super::nacl_deny_all::shared;
use crate::model::PartKind;

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::NaclDenyPeer,
    name: "nacl-deny-peer",
    scope: Scope::Subnet,
    summary: "deny the findings' peers in the live network ACL of its subnets",
    caveat: "those addresses only, for every subnet of that network ACL",
    fails_health_checks: false,
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
    let denials = denials(subject)?;
    if denials.is_empty() {
        return Err(subject.already_so());
    }
    let mut remarks = denials.send_for_good(steps);
    remarks
        .push("Only these addresses are denied: whoever answers from another one goes on.".into());
    remarks.extend(shared(subject));
    Ok(remarks)
}

/// Denies of the findings' peers that are not in force yet. A peer in the suspect's own subnet can't be
/// denied: traffic inside a subnet meets no network ACL.
pub(super) fn denials(subject: &Subject<'_>) -> Result<Denies, PlanError> {
    let mut denies = Denies::new(subject.intent.acl_quota);
    let mut inside = true;
    for peer in subject.peers()? {
        for subnet in subject.subnets() {
            let own = subject.estate.subnet(subnet);
            if own.is_some_and(|it| it.cidrs.iter().any(|cidr| cidr.contains(peer))) {
                continue;
            }
            inside = false;
            if let Some(acl) = subject.estate.acl_of_subnet(subnet) {
                denies.deny(acl, host(*peer))?;
            }
        }
    }
    if inside {
        let why =
            "the peers are in its own subnet, and traffic inside a subnet meets no network ACL";
        return Err(subject.nothing(why));
    }
    Ok(denies)
}
