//! `nacl-deny-all`: everything denied in the live network ACL of the suspect's subnets, before every allow.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::super::catalogue::{Action, Entry, Scope};
use super::super::denies::Denies;
use super::super::subject::{Steps, Subject};
use super::{Remarks, UNFILTERED, counted};
use crate::model::PartKind;

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::NaclDenyAll,
    name: "nacl-deny-all",
    scope: Scope::Subnet,
    summary: "deny everything in the live network ACL of its subnets",
    caveat: "cuts every subnet of that network ACL, and not traffic inside a subnet",
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
    let mut denies = Denies::new(subject.intent.acl_quota);
    for acl in subject.acls() {
        for cidr in [IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())] {
            denies.deny(acl, cidr)?;
        }
    }
    if denies.is_empty() {
        return Err(subject.already_so());
    }
    let mut remarks = denies.send_for_good(steps);
    remarks.extend(shared(subject));
    remarks.push(UNFILTERED.to_string());
    Ok(remarks)
}

/// Whom a change of the suspect's live network ACLs reaches, and what reaches fewer.
pub(super) fn shared(subject: &Subject<'_>) -> Vec<String> {
    let acls = subject.acls();
    let estate = subject.estate;
    let subnets: Vec<_> = acls
        .iter()
        .flat_map(|acl| estate.subnets_of_acl(&acl.id))
        .map(|it| &it.id)
        .collect();
    let others = subject.others_in(subnets.iter().copied()).len();
    let mut remarks = vec![format!(
        "{} on the same network ACL, with {} of others. Traffic inside a subnet meets none.",
        counted(subnets.len(), "subnet"),
        counted(others, "interface")
    )];
    let own = subject.subnets();
    if subnets.iter().any(|it| !own.contains(it)) {
        let own: Vec<&str> = own.iter().map(|it| it.as_str()).collect();
        remarks.push(format!(
            "To spare the other subnets: nacl-swap gives {} alone a network ACL of its own.",
            own.join(", ")
        ));
    }
    for acl in acls.iter().filter(|it| it.default) {
        remarks.push(format!(
            "{} is the default network ACL of {}: it serves every subnet that has no other, those to \
             come too.",
            acl.id, acl.vpc
        ));
    }
    remarks
}
