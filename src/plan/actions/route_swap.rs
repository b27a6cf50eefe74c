//! `route-swap`: the suspect's subnets to a new route table with local routes only.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::step::{Class, What};
use super::super::subject::{Steps, Subject, suffixed};
use super::super::ways::{behind_nat, endpoints_lost};
use super::{Remarks, counted};
use crate::model::{PartKind, RouteTable};
use crate::operation::{Operation, Ref};

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::RouteSwap,
    name: "route-swap",
    scope: Scope::Subnet,
    summary: "its subnets to a route table with local routes only",
    caveat: "hits whole subnets and not the rest of the VPC; inbound packets still arrive",
    fails_health_checks: false,
    needs: &[
        PartKind::Instances,
        PartKind::Enis,
        PartKind::Vpcs,
        PartKind::Subnets,
        PartKind::RouteTables,
    ],
    build: steps,
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    let tables = subject.tables();
    let local = |table: &&RouteTable| table.routes.iter().all(|it| it.target == "local");
    if !tables.is_empty() && tables.iter().all(local) {
        return Err(subject.already_so());
    }
    let (mut swaps, mut holds) = (Vec::new(), Vec::new());
    for (index, (vpc, subnets)) in subject.subnets_by_vpc().into_iter().enumerate() {
        let name = subject.made_name(&suffixed("local-only", index));
        let create = steps.change(
            Operation::CreateRouteTable {
                vpc: vpc.clone(),
                tags: subject.tags(&name),
            },
            Class::Must,
            [],
        );
        for subnet in subnets {
            let swap = Operation::SetSubnetRouteTable {
                subnet: subnet.clone(),
                table: Some(Ref::Made(create)),
            };
            swaps.push(steps.change(swap.clone(), Class::Must, [create]));
            holds.push(swap);
        }
    }
    steps.push(What::Verify(holds), Class::Must, swaps);
    let subnets = subject.subnets();
    let others = subject.others_in(subnets.iter().copied()).len();
    let mut remarks = vec![
        format!(
            "No way out of the VPC (internet, NAT gateway, peering, gateway endpoints) for {} of others in \
             its subnets.",
            counted(others, "interface")
        ),
        ONE_WAY.to_string(),
    ];
    remarks.extend(endpoints_lost(subject.estate, tables));
    remarks.extend(behind_nat(subject.estate, &subnets));
    Ok(remarks)
}

/// Routes decide about packets that leave, and about nothing else.
pub(super) const ONE_WAY: &str = "The rest of the VPC stays open to it. Packets from the internet still arrive, only replies have \
     no way: what needs none goes on.";
