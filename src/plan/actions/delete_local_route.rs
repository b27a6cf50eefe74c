//! `delete-local-route`, which is not possible: the route to the rest of the VPC.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/RouteTables.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::subject::{Steps, Subject};
use super::Remarks;
use crate::model::{PartKind, Route};
use crate::operation::{Operation, Ref};

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::DeleteLocalRoute,
    name: "delete-local-route",
    scope: Scope::Subnet,
    summary: "delete the local routes of its subnets' route tables",
    caveat: "every route table has them; only their target can be replaced",
    reason: "every route table has a local route per block of the VPC, which can't be deleted: \
             https://docs.aws.amazon.com/vpc/latest/userguide/RouteTables.html",
    needs: &[
        PartKind::Instances,
        PartKind::Enis,
        PartKind::Subnets,
        PartKind::RouteTables,
    ],
    build: steps,
    ..Entry::IMPOSSIBLE
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    let mut operations = Vec::new();
    for table in subject.tables() {
        let local = |route: &&Route| route.target == "local";
        let routes = table.routes.iter().filter(local);
        operations.extend(routes.map(|route| Operation::DeleteRoute {
            table: Ref::Id(table.id.clone()),
            destination: route.destination.clone(),
        }));
    }
    if operations.is_empty() {
        return Err(subject.not_possible(ENTRY.reason));
    }
    steps.at_once(operations);
    Ok(Vec::new())
}
