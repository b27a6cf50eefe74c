//! `detach-igw`, which is not possible while public addresses are mapped: the internet gateway off the VPC.
//!
//! Stopping instances does not help: Elastic IPs stay mapped.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/delete-igw.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::subject::{Steps, Subject};
use super::Remarks;
use crate::model::{Gateway, GatewayKind, PartKind};
use crate::operation::Operation;

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::DetachIgw,
    name: "detach-igw",
    scope: Scope::Subnet,
    summary: "detach the internet gateway from the VPC",
    caveat: "AWS refuses while public addresses are mapped in the VPC; igw-routes-off-vpc does what it is \
             tried for",
    reason: "an internet gateway can't be detached while public addresses are mapped in the VPC: \
             https://docs.aws.amazon.com/vpc/latest/userguide/delete-igw.html",
    needs: &[PartKind::Instances, PartKind::Enis, PartKind::Gateways],
    build: steps,
    ..Entry::IMPOSSIBLE
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    let vpcs = subject.enis_by_vpc();
    let own = |it: &&Gateway| it.kind == GatewayKind::Internet && vpcs.contains_key(&it.vpc);
    let detach = |gateway: &Gateway| Operation::DetachInternetGateway {
        gateway: gateway.id.clone(),
        vpc: gateway.vpc.clone(),
    };
    let gateways = subject.estate.gateways().filter(own);
    let operations: Vec<Operation> = gateways.map(detach).collect();
    if operations.is_empty() {
        return Err(subject.nothing("its VPC has no internet gateway"));
    }
    steps.at_once(operations);
    Ok(vec![
        "No public address is mapped in the VPC, so AWS would take it: the whole VPC loses the internet."
            .to_string(),
    ])
}
