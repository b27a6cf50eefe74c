//! `igw-routes-off-vpc`: routes to an internet gateway out of every route table of the suspect's VPCs.
//!
//! What detaching the gateway is tried for, and AWS refuses.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::subject::{Steps, Subject};
use super::Remarks;
use super::igw_routes_off::{NEEDS, without_internet};

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::IgwRoutesOffVpc,
    name: "igw-routes-off-vpc",
    scope: Scope::Subnet,
    summary: "delete the internet routes of every route table of its VPC",
    caveat: "takes the whole VPC off the internet; endpoints, peering and the VPC itself stay open",
    fails_health_checks: false,
    needs: NEEDS,
    build: steps,
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    let vpcs = subject.enis_by_vpc();
    let all = subject.estate.route_tables();
    let own: Vec<_> = all.filter(|it| vpcs.contains_key(&it.vpc)).collect();
    without_internet(subject, steps, &own)
}
