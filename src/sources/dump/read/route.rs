//! Route tables.

use super::super::envelope::Found;
use super::super::json::Object;
use super::super::list::List;
use super::super::notes::{Notes, Subject, Target};
use super::{items, things};
use crate::model::notation::is_gone;
use crate::model::text::visible;
use crate::model::{Route, RouteTable, SubnetId};

/// Where a route's target may stand, in the order in which the fields are believed: an instance's
/// route also names its interface, which says more.
pub(in super::super) const TARGETS: [&str; 12] = [
    "GatewayId",
    "NatGatewayId",
    "EgressOnlyInternetGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "NetworkInterfaceId",
    "InstanceId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
    "OdbNetworkArn",
    "IpAddress",
];

/// What stands for a target that a route does not name.
pub(in super::super) const UNKNOWN_TARGET: &str = "unknown target";

pub(super) fn tables(found: &Found, notes: &mut Notes) -> Vec<RouteTable> {
    things(
        items(found, List::RouteTables),
        "RouteTableId",
        notes,
        |it| {
            let vpc = it.needs_id("VpcId", Target::Vpc)?.into();
            let live = |one: &Object<'_>| {
                let state = one
                    .object("AssociationState")
                    .and_then(|it| it.text("State"));
                state.is_none_or(|state| !is_gone(state))
            };
            let mut main = false;
            let mut subnets: Vec<SubnetId> = Vec::new();
            for one in it.object.objects("Associations").filter(live) {
                main |= one.flag("Main") == Some(true);
                if let Some(subnet) = one.text("SubnetId") {
                    it.names("Associations", subnet, Target::Subnet);
                    subnets.push(subnet.into());
                }
            }
            let mut routes = Vec::new();
            for one in it.object.objects("Routes") {
                routes.extend(route(it, one));
            }
            Some(RouteTable {
                id: it.id.into(),
                vpc,
                name: it.object.tag("Name"),
                main,
                subnets,
                routes,
            })
        },
    )
}

fn route(it: &mut Subject<'_, '_>, one: Object<'_>) -> Option<Route> {
    let destination = destination(it, one)?;
    let target = TARGETS.iter().find_map(|field| one.text(field));
    let target = target.unwrap_or(UNKNOWN_TARGET);
    let blackhole = one.text("State") == Some("blackhole");
    for (prefix, kind) in [
        ("igw-", Target::Gateway),
        ("eigw-", Target::Gateway),
        ("nat-", Target::Gateway),
        ("vpce-", Target::Gateway),
        ("pcx-", Target::Peering),
        ("eni-", Target::Eni),
        ("i-", Target::Instance),
    ] {
        // What a blackhole led to may be gone.
        if target.starts_with(prefix) && !blackhole {
            it.names("Routes", target, kind);
        }
    }
    Some(Route {
        destination,
        target: visible(target).into_owned(),
        blackhole,
        propagated: one.text("Origin") == Some("EnableVgwRoutePropagation"),
    })
}

fn destination(it: &mut Subject<'_, '_>, one: Object<'_>) -> Option<String> {
    for field in ["DestinationCidrBlock", "DestinationIpv6CidrBlock"] {
        if one.text(field).is_some() {
            return it.cidr(one, field).map(|block| block.to_string());
        }
    }
    let Some(list) = one.text("DestinationPrefixListId") else {
        it.unreadable("Routes", "a route without a destination");
        return None;
    };
    it.names("Routes", list, Target::PrefixList);
    Some(visible(list).into_owned())
}
