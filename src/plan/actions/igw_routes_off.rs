//! `igw-routes-off`: routes to an internet gateway out of the route tables of the suspect's subnets.
//!
//! IPv4 and IPv6 are routed apart, so both go.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html>

use std::collections::BTreeSet;

use super::super::catalogue::{Action, Entry, Scope};
use super::super::step::{Class, What};
use super::super::subject::{Steps, Subject, suffixed};
use super::super::ways::{
    behind_nat, endpoints_lost, implicit, is_endpoint, is_internet, other_defaults,
};
use super::route_swap::ONE_WAY;
use super::{Remarks, counted};
use crate::model::{PartKind, Route, RouteTable, SubnetId};
use crate::operation::{Operation, Ref, StepId};

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
    let tables = subject.tables();
    let (main, own): (Vec<_>, Vec<_>) = tables.iter().copied().partition(|it| it.main);
    let mut done = Done::default();
    for table in &own {
        done.delete(subject, steps, table);
    }
    for table in main.iter().filter(|it| it.routes.iter().any(is_internet)) {
        done.leave(subject, steps, table);
    }
    done.finish(subject, steps, &tables)
}

/// Deletes every route to the internet from these tables.
pub(super) fn without_internet(
    subject: &Subject<'_>,
    steps: &mut Steps,
    tables: &[&RouteTable],
) -> Remarks {
    let mut done = Done::default();
    for table in tables {
        done.delete(subject, steps, table);
    }
    done.finish(subject, steps, tables)
}

/// What was planned so far.
#[derive(Default)]
struct Done<'e> {
    changes: Vec<StepId>,
    holds: Vec<Operation>,
    subnets: BTreeSet<&'e SubnetId>,
    remarks: Vec<String>,
}

impl<'e> Done<'e> {
    fn change(
        &mut self,
        steps: &mut Steps,
        operation: Operation,
        after: impl IntoIterator<Item = StepId>,
    ) -> StepId {
        let step = steps.change(operation.clone(), Class::Must, after);
        self.holds.push(operation);
        self.changes.push(step);
        step
    }

    fn delete(&mut self, subject: &Subject<'e>, steps: &mut Steps, table: &'e RouteTable) {
        let before = self.changes.len();
        for route in table.routes.iter().filter(|it| is_internet(it)) {
            let delete = Operation::DeleteRoute {
                table: Ref::Id(table.id.clone()),
                destination: route.destination.clone(),
            };
            self.change(steps, delete, []);
        }
        if self.changes.len() > before {
            let subnets = subject.estate.subnets_of_table(&table.id);
            self.subnets.extend(subnets.map(|it| &it.id));
        }
    }

    /// The main table serves every subnet without another: the suspect's get one of their own, a copy
    /// without the internet. <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html>
    fn leave(&mut self, subject: &Subject<'e>, steps: &mut Steps, main: &'e RouteTable) {
        let name = subject.made_name(&suffixed("no-internet", self.holds.len()));
        let create = Operation::CreateRouteTable {
            vpc: main.vpc.clone(),
            tags: subject.tags(&name),
        };
        let create = steps.change(create, Class::Must, []);
        let mut copied = vec![create];
        for route in main.routes.iter().filter(|it| can_be_copied(it)) {
            let copy = Operation::CreateRoute {
                table: Ref::Made(create),
                destination: route.destination.clone(),
                target: Ref::Id(route.target.as_str().into()),
            };
            copied.push(self.change(steps, copy, [create]));
        }
        let subnets = implicit(subject, main);
        for subnet in &subnets {
            let swap = Operation::SetSubnetRouteTable {
                subnet: (*subnet).clone(),
                table: Some(Ref::Made(create)),
            };
            self.change(steps, swap, copied.iter().copied());
        }
        let named: Vec<&str> = subnets.iter().map(|it| it.as_str()).collect();
        self.remarks.push(format!(
            "{} is the main table, which serves others too: {} gets a copy of it without the internet.",
            main.id,
            named.join(", ")
        ));
        let propagated = main.routes.iter().filter(|it| it.propagated).count();
        if propagated > 0 {
            self.remarks.push(format!(
                "{} can't be copied: its subnets lose them.",
                counted(propagated, "propagated route")
            ));
        }
        self.remarks.extend(endpoints_lost(subject.estate, [main]));
        self.subnets.extend(subnets);
    }

    fn finish(self, subject: &Subject<'_>, steps: &mut Steps, tables: &[&RouteTable]) -> Remarks {
        let elsewhere = other_defaults(tables);
        if self.changes.is_empty() {
            let mut why = "no route leads to an internet gateway".to_string();
            if !elsewhere.is_empty() {
                why = format!("{why}; {}: route-swap takes that way", elsewhere.join(", "));
            }
            return Err(subject.nothing(why));
        }
        if self.holds.len() > 1 {
            steps.push(What::Verify(self.holds), Class::Must, self.changes);
        }
        let mut remarks = vec![format!(
            "No way to the internet for {}, and for whoever uses a NAT gateway there.",
            counted(self.subnets.len(), "subnet")
        )];
        remarks.extend(behind_nat(subject.estate, &self.subnets));
        if !elsewhere.is_empty() {
            remarks.push(format!("Another way stays: {}.", elsewhere.join(", ")));
        }
        remarks.extend(self.remarks);
        remarks.push(
            "Gateway endpoints (S3, DynamoDB) of a table that stays, peering and transit gateways are not \
             touched."
                .to_string(),
        );
        remarks.push(ONE_WAY.to_string());
        Ok(remarks)
    }
}

/// Neither local routes, which every table has, nor those that something else makes, nor to the internet.
fn can_be_copied(route: &Route) -> bool {
    let made = route.propagated || is_endpoint(route) || route.blackhole;
    route.target != "local" && !made && !is_internet(route)
}
