//! `host-route-in-vpc`, which is not possible: a route for the suspect's address alone.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::denies::host;
use super::super::subject::{Steps, Subject};
use super::Remarks;
use crate::model::PartKind;
use crate::operation::{Operation, Ref};

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::HostRouteInVpc,
    name: "host-route-in-vpc",
    scope: Scope::Subnet,
    summary: "route the suspect's address to nowhere inside the VPC",
    caveat: "inside the VPC a route must be for a whole subnet; nacl-far-side names one host",
    reason: "a route more specific than local must be for the whole CIDR of a subnet: \
             https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html",
    needs: &[
        PartKind::Instances,
        PartKind::Enis,
        PartKind::Vpcs,
        PartKind::Subnets,
        PartKind::RouteTables,
    ],
    build: steps,
    ..Entry::IMPOSSIBLE
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    let mut operations = Vec::new();
    for eni in &subject.enis {
        let mut tables = subject.estate.route_tables();
        let table = tables.find(|it| it.vpc == eni.vpc);
        if let Some((table, address)) = table.zip(eni.primary()) {
            operations.push(Operation::CreateRoute {
                table: Ref::Id(table.id.clone()),
                destination: host(address).to_string(),
                target: Ref::Id(eni.id.as_str().into()),
            });
        }
    }
    if operations.is_empty() {
        return Err(subject.not_possible(ENTRY.reason));
    }
    steps.at_once(operations);
    Ok(Vec::new())
}
