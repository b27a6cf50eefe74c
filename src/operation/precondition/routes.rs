//! Route tables, routes and internet gateways.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html>

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::super::{RouteTableRef, TargetRef};
use super::{Refusal, known, known_id};
use crate::model::{
    Eni, EniId, EniKind, Estate, Gateway, GatewayId, GatewayKind, PartKind, Route, RouteTable,
    SubnetId, Vpc, VpcId,
};

const INVALID: &str = "InvalidParameterValue";

fn known_table<'e>(estate: &'e Estate, table: &RouteTableRef) -> Result<&'e RouteTable, Refusal> {
    let found = estate.route_table(&table.id());
    known(found, "InvalidRouteTableID.NotFound", table)
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteRouteTable.html>
pub(super) fn delete_table(estate: &Estate, table: &RouteTableRef) -> Result<(), Refusal> {
    let it = known_table(estate, table)?;
    Refusal::unless(
        !it.main && it.subnets.is_empty(),
        "DependencyViolation",
        || format!("{} still serves a subnet, or is the main one", it.id),
    )
}

pub(super) fn associate(
    estate: &Estate,
    subnet: &SubnetId,
    table: Option<&RouteTableRef>,
) -> Result<(), Refusal> {
    let it = known_id(estate.subnet(subnet), "InvalidSubnetID.NotFound", subnet)?;
    let Some(table) = table else {
        return Ok(());
    };
    let table = known_table(estate, table)?;
    Refusal::unless(table.vpc == it.vpc, INVALID, || {
        format!(
            "{} belongs to {}, {subnet} to {}",
            table.id, table.vpc, it.vpc
        )
    })
}

pub(super) fn set_main(estate: &Estate, vpc: &VpcId, table: &RouteTableRef) -> Result<(), Refusal> {
    let it = known_table(estate, table)?;
    Refusal::unless(it.vpc == *vpc, INVALID, || {
        format!("{} belongs to {}, not to {vpc}", it.id, it.vpc)
    })
}

pub(super) fn create(
    estate: &Estate,
    table: &RouteTableRef,
    destination: &str,
    target: &TargetRef,
) -> Result<(), Refusal> {
    let it = known_table(estate, table)?;
    known_destination(estate, destination)?;
    Refusal::unless(
        it.route(destination).is_none(),
        "RouteAlreadyExists",
        || format!("{} has a route to {destination} already", it.id),
    )?;
    let target = target.id();
    Refusal::unless(target.as_str() != "local", INVALID, || {
        "a local route can't be made".to_string()
    })?;
    let vpc = estate.vpc(&it.vpc);
    if let (Some(cidr), Some(vpc)) = (destination.parse().ok(), vpc) {
        not_reserved(cidr)?;
        within_vpc(estate, vpc, cidr, &target)?;
    }
    reachable(estate, &it.vpc, destination, &target)
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceRoute.html>
pub(super) fn replace(
    estate: &Estate,
    table: &RouteTableRef,
    destination: &str,
    target: &TargetRef,
) -> Result<(), Refusal> {
    let it = known_table(estate, table)?;
    let route = it.route(destination).ok_or_else(|| {
        let message = format!("{} has no route to exactly {destination}", it.id);
        Refusal::new(INVALID, message)
    })?;
    made_by_hand(it, route)?;
    let target = target.id();
    let is_local = is_vpc_block(estate, it, route);
    if target.as_str() == "local" {
        return Refusal::unless(is_local, INVALID, || {
            format!("{destination} is no block of {}", it.vpc)
        });
    }
    let inner = !is_local || inside_target(estate, &target);
    Refusal::unless(inner, INVALID, || inner_words(&target))?;
    reachable(estate, &it.vpc, destination, &target)
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteRoute.html>
pub(super) fn delete(
    estate: &Estate,
    table: &RouteTableRef,
    destination: &str,
) -> Result<(), Refusal> {
    let it = known_table(estate, table)?;
    let route = it.route(destination).ok_or_else(|| {
        let message = format!("{} has no route to exactly {destination}", it.id);
        Refusal::new("InvalidRoute.NotFound", message)
    })?;
    let local = route.target == "local" || is_vpc_block(estate, it, route);
    Refusal::unless(!local, INVALID, || {
        format!(
            "the local route {} of {} can't be deleted",
            route.destination, it.id
        )
    })?;
    made_by_hand(it, route)
}

/// Propagated routes come and go with the gateway, those of gateway endpoints with the endpoint.
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>
fn made_by_hand(table: &RouteTable, route: &Route) -> Result<(), Refusal> {
    Refusal::unless(!route.propagated, INVALID, || {
        format!(
            "{} of {} is propagated by {}: end the propagation instead",
            route.destination, table.id, route.target
        )
    })?;
    let endpoint = route.cidr().is_none() && route.target.starts_with("vpce-");
    Refusal::unless(!endpoint, INVALID, || {
        format!(
            "{} of {} belongs to endpoint {}: take the table off the endpoint instead",
            route.destination, table.id, route.target
        )
    })
}

fn is_vpc_block(estate: &Estate, table: &RouteTable, route: &Route) -> bool {
    let vpc = estate.vpc(&table.vpc);
    vpc.is_some_and(|vpc| {
        route
            .cidr()
            .is_some_and(|cidr| vpc.cidrs.contains(&cidr.trunc()))
    })
}

fn known_destination(estate: &Estate, destination: &str) -> Result<(), Refusal> {
    if destination.parse::<IpNet>().is_ok() {
        return Ok(());
    }
    let list = destination.starts_with("pl-");
    Refusal::unless(list, INVALID, || {
        format!("{destination:?} is neither a CIDR nor a prefix list")
    })?;
    let read = estate.freshness(PartKind::PrefixLists).is_some();
    let known = !read || estate.prefix_list(destination).is_some();
    Refusal::unless(known, "InvalidPrefixListID.NotFound", || {
        format!("{destination} does not exist")
    })
}

/// Where IMDS, DNS, time and the like are.
const RESERVED: [IpNet; 2] = [
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 168, 0), 22)),
    IpNet::V6(Ipv6Net::new_assert(
        Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0),
        32,
    )),
];

/// What AWS keeps for its own services can't be routed away.
fn not_reserved(cidr: IpNet) -> Result<(), Refusal> {
    let reserved = RESERVED.iter().any(|it| it.contains(&cidr));
    Refusal::unless(!reserved, INVALID, || {
        format!("{cidr} lies in a range that AWS keeps for its own services")
    })
}

/// A route more specific than local must be for a whole subnet, and its target inside the VPC.
fn within_vpc(estate: &Estate, vpc: &Vpc, cidr: IpNet, target: &GatewayId) -> Result<(), Refusal> {
    if !vpc.cidrs.iter().any(|block| block.contains(&cidr)) {
        return Ok(());
    }
    let mut subnets = estate.subnets().filter(|it| it.vpc == vpc.id);
    let whole = subnets.any(|it| it.cidrs.contains(&cidr.trunc()));
    Refusal::unless(whole, INVALID, || {
        format!(
            "{cidr} lies in {} and is not the CIDR of one of its subnets",
            vpc.id
        )
    })?;
    Refusal::unless(inside_target(estate, target), INVALID, || {
        inner_words(target)
    })
}

/// An interface, a NAT gateway or a Gateway Load Balancer endpoint.
fn inside_target(estate: &Estate, target: &GatewayId) -> bool {
    if estate.eni(&EniId::new(target.as_str())).is_some() {
        return true;
    }
    match estate.gateway(target) {
        Some(gateway) => gateway.kind == GatewayKind::Nat || is_appliance(estate, gateway),
        None => ["eni-", "nat-", "vpce-"]
            .iter()
            .any(|it| target.as_str().starts_with(it)),
    }
}

fn is_appliance(estate: &Estate, endpoint: &Gateway) -> bool {
    let enis = endpoint.enis.iter().filter_map(|id| estate.eni(id));
    let appliance = |it: &Eni| it.kind == EniKind::GatewayLoadBalancerEndpoint;
    enis.into_iter().any(appliance)
}

fn inner_words(target: &GatewayId) -> String {
    format!(
        "{target} can't be the target inside the VPC: only an interface, a NAT gateway or a Gateway Load \
         Balancer endpoint can"
    )
}

/// Whether the target exists, in the VPC, and takes the destination's family.
fn reachable(
    estate: &Estate,
    vpc: &VpcId,
    destination: &str,
    target: &GatewayId,
) -> Result<(), Refusal> {
    let elsewhere = |of: &VpcId| {
        Refusal::unless(of == vpc, INVALID, || {
            format!("{target} belongs to {of}, the route table to {vpc}")
        })
    };
    if let Some(eni) = estate.eni(&EniId::new(target.as_str())) {
        return elsewhere(&eni.vpc);
    }
    if let Some(gateway) = estate.gateway(target) {
        let v6 = destination.contains(':');
        let family = gateway.kind != GatewayKind::EgressOnly || v6;
        Refusal::unless(family, INVALID, || {
            format!("{target} takes IPv6 only, {destination} is not")
        })?;
        let by_hand = gateway.kind != GatewayKind::GatewayEndpoint;
        Refusal::unless(by_hand, INVALID, || {
            format!("routes to {target} are made by the endpoint itself")
        })?;
        return elsewhere(&gateway.vpc);
    }
    if let Some(peering) = estate.peering(target) {
        return Refusal::unless(peering.across(vpc).is_some(), INVALID, || {
            format!("{target} does not connect {vpc}")
        });
    }
    exists_elsewhere(estate, target)
}

/// A target that is in no part of the estate: refused where the part was read that would have it.
fn exists_elsewhere(estate: &Estate, target: &GatewayId) -> Result<(), Refusal> {
    let parts = [
        ("eni-", PartKind::Enis, "InvalidNetworkInterfaceID.NotFound"),
        (
            "igw-",
            PartKind::Gateways,
            "InvalidInternetGatewayID.NotFound",
        ),
        ("eigw-", PartKind::Gateways, "InvalidGatewayID.NotFound"),
        ("nat-", PartKind::Gateways, "InvalidNatGatewayID.NotFound"),
        (
            "pcx-",
            PartKind::Peerings,
            "InvalidVpcPeeringConnectionID.NotFound",
        ),
    ];
    let part = parts
        .into_iter()
        .find(|(prefix, ..)| target.as_str().starts_with(prefix));
    match part {
        Some((_, part, code)) if estate.freshness(part).is_some() => {
            Err(Refusal::new(code, format!("{target} does not exist")))
        }
        _ => Ok(()),
    }
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/delete-igw.html>
pub(super) fn detach_gateway(
    estate: &Estate,
    gateway: &GatewayId,
    vpc: &VpcId,
) -> Result<(), Refusal> {
    let it = known_id(
        estate.gateway(gateway),
        "InvalidInternetGatewayID.NotFound",
        gateway,
    )?;
    Refusal::unless(it.vpc == *vpc, "Gateway.NotAttached", || {
        format!("{gateway} is not attached to {vpc}")
    })?;
    let own = estate.enis().filter(|it| it.vpc == *vpc);
    let mapped: usize = own.map(|it| it.public.len()).sum();
    Refusal::unless(mapped == 0, "DependencyViolation", || {
        format!("public addresses mapped in {vpc}: {mapped}")
    })
}
