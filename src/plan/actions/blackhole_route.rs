//! `blackhole-route`: routes for the findings' peers to an interface that is attached to nothing.
//!
//! AWS says that a route is a black hole where its target is not available; that an interface which never was
//! attached makes one is inferred.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html>

use std::net::IpAddr;

use super::super::builder::PlanError;
use super::super::catalogue::{Action, Entry, Scope};
use super::super::denies::host;
use super::super::step::{Class, What};
use super::super::subject::{Steps, Subject, suffixed};
use super::Remarks;
use crate::model::{PartKind, RouteTable, SubnetId, VpcId};
use crate::operation::{Operation, Ref, StepId};

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::BlackholeRoute,
    name: "blackhole-route",
    scope: Scope::Subnet,
    summary: "route the findings' peers to an interface that is attached to nothing",
    caveat: "those addresses only, for every subnet of the table; inbound packets still arrive",
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
    let peers: Vec<IpAddr> = outside(subject)?;
    let mut routes = Vec::new();
    let mut holds = Vec::new();
    for (index, (vpc, subnets)) in subject.subnets_by_vpc().into_iter().enumerate() {
        let wanted = wanted(subject, vpc, &peers);
        let (Some(subnet), false) = (subnets.first(), wanted.is_empty()) else {
            continue;
        };
        let name = subject.made_name(&suffixed("black-hole", index));
        let sink = steps.change(sink(subject, subnet, &name), Class::Must, []);
        for (table, peer) in wanted {
            let route = route(table, peer, sink);
            routes.push(steps.change(route.clone(), Class::Must, [sink]));
            holds.push(route);
        }
    }
    if routes.is_empty() {
        return Err(subject.already_so());
    }
    steps.push(What::Verify(holds), Class::Must, routes);
    Ok(vec![
        "Expected, not documented: AWS takes an interface that is attached to nothing for a black hole."
            .to_string(),
        "Only these addresses, for every subnet of the table. Their packets still arrive; replies have no \
         way."
            .to_string(),
    ])
}

/// Peers outside the VPCs: inside, a route must be for a whole subnet.
fn outside(subject: &Subject<'_>) -> Result<Vec<IpAddr>, PlanError> {
    let vpcs = subject.enis_by_vpc();
    let own = vpcs.keys().filter_map(|id| subject.estate.vpc(id));
    let blocks: Vec<_> = own.flat_map(|it| &it.cidrs).collect();
    let inside = |peer: &&IpAddr| blocks.iter().any(|it| it.contains(*peer));
    let peers = subject.peers()?.iter();
    let outside: Vec<IpAddr> = peers.filter(|it| !inside(it)).copied().collect();
    if outside.is_empty() {
        let why = "the peers are inside its VPC, where a route must be for a whole subnet";
        return Err(subject.nothing(why));
    }
    Ok(outside)
}

/// The routes that are missing in the tables of one VPC.
fn wanted<'e>(
    subject: &Subject<'e>,
    vpc: &VpcId,
    peers: &[IpAddr],
) -> Vec<(&'e RouteTable, IpAddr)> {
    let tables = subject.tables().into_iter().filter(|it| it.vpc == *vpc);
    let all = tables.flat_map(|table| peers.iter().map(move |peer| (table, *peer)));
    let hole = |table: &RouteTable, peer: IpAddr| {
        let route = table.route(&host(peer).to_string());
        route.is_some_and(|it| it.blackhole)
    };
    all.filter(|(table, peer)| !hole(table, *peer)).collect()
}

fn sink(subject: &Subject<'_>, subnet: &SubnetId, name: &str) -> Operation {
    Operation::CreateInterface {
        subnet: subnet.clone(),
        groups: Vec::new(),
        tags: subject.tags(name),
    }
}

fn route(table: &RouteTable, peer: IpAddr, sink: StepId) -> Operation {
    let (destination, target) = (host(peer).to_string(), Ref::Made(sink));
    let table_ref = Ref::Id(table.id.clone());
    if table.route(&destination).is_some() {
        return Operation::ReplaceRoute {
            table: table_ref,
            destination,
            target,
        };
    }
    Operation::CreateRoute {
        table: table_ref,
        destination,
        target,
    }
}
