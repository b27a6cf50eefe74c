//! `igw-routes-off`: routes to an internet gateway out of the route tables of the suspect's subnets.
//!
//! IPv4 and IPv6 are routed apart, so both go.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::subject::{Steps, Subject};
use super::route_swap::ONE_WAY;
use super::{Remarks, counted};
use crate::model::{PartKind, Route, RouteTable};
use crate::operation::{Operation, Ref};

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::IgwRoutesOff,
    name: "igw-routes-off",
    scope: Scope::Subnet,
    summary: "delete the internet routes of its subnets' route tables",
    caveat: "hits every subnet of the table, and all behind a NAT gateway there; endpoints and peering stay",
    fails_health_checks: false,
    needs: NEEDS,
    build: steps,
    ..Entry::USUAL
};

/// What both variants rest on.
pub(super) const NEEDS: &[PartKind] = &[
    PartKind::Instances,
    PartKind::Enis,
    PartKind::Subnets,
    PartKind::RouteTables,
];

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    without_internet(subject, steps, &subject.tables())
}

/// Deletes every route to the internet from these tables.
pub(super) fn without_internet(
    subject: &Subject<'_>,
    steps: &mut Steps,
    tables: &[&RouteTable],
) -> Remarks {
    let mut operations = Vec::new();
    let mut subnets = 0;
    for table in tables {
        let routes = table.routes.iter().filter(|it| is_internet(it));
        let before = operations.len();
        operations.extend(routes.map(|route| Operation::DeleteRoute {
            table: Ref::Id(table.id.clone()),
            destination: route.destination.clone(),
        }));
        if operations.len() > before {
            subnets += subject.estate.subnets_of_table(&table.id).count();
        }
    }
    if operations.is_empty() {
        return Err(subject.nothing("no route leads to an internet gateway"));
    }
    steps.at_once(operations);
    Ok(vec![
        format!(
            "No way to the internet for {}, and for whoever uses a NAT gateway there.",
            counted(subnets, "subnet")
        ),
        "Gateway endpoints (S3, DynamoDB), peering and transit gateways are not touched."
            .to_string(),
        ONE_WAY.to_string(),
    ])
}

/// Propagated routes come from virtual private gateways and are none of these.
fn is_internet(route: &Route) -> bool {
    let target = route.target.as_str();
    !route.propagated && (target.starts_with("igw-") || target.starts_with("eigw-"))
}
