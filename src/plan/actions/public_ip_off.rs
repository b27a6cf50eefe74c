//! `public-ip-off`: the public addresses of every interface off.
//!
//! An Elastic IP stays the account's and can be mapped again; an automatic address is gone for good. What
//! becomes of connections that are open AWS does not say.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::subject::{Steps, Subject};
use super::Remarks;
use crate::model::PartKind;
use crate::operation::Operation;

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::PublicIpOff,
    name: "public-ip-off",
    scope: Scope::Instance,
    summary: "take every public address off",
    caveat: "nothing inside the VPC, and nothing that leaves through a NAT gateway",
    stays: "an automatic public address is lost for good",
    fails_health_checks: false,
    needs: &[PartKind::Instances, PartKind::Enis],
    build: steps,
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    let mut operations = Vec::new();
    let mut automatic = 0;
    for eni in &subject.enis {
        for mapped in &eni.public {
            if mapped.elastic {
                operations.push(Operation::DisassociateAddress {
                    eni: eni.id.clone(),
                    private: mapped.private,
                });
            } else {
                automatic += 1;
                operations.push(Operation::DropPublicAddress {
                    eni: eni.id.clone(),
                });
            }
        }
    }
    if operations.is_empty() {
        let id = &subject.instance.id;
        return Err(subject.nothing(format!("{id} has no public IPv4 address")));
    }
    steps.at_once(operations);
    let mut remarks = vec![
        "Whether connections that are open now are cut at once AWS does not say: watch the flow logs."
            .to_string(),
        "IPv6, the rest of the VPC, and what leaves through a NAT gateway are not touched.".to_string(),
    ];
    if automatic > 0 {
        remarks.insert(
            0,
            "An automatic public address can't be had again: this is not taken back.".to_string(),
        );
    }
    Ok(remarks)
}
