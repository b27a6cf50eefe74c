//! What else hangs on a subnet's ways out: gateway endpoints, and subnets behind a NAT gateway.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html>

use std::collections::BTreeSet;

use super::subject::Subject;
use crate::model::{Estate, GatewayId, GatewayKind, Route, RouteTable, SubnetId};

/// Other subnets whose traffic passes NAT gateways of these subnets: without their way out these have none.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html>
pub(super) fn behind_nat(estate: &Estate, subnets: &BTreeSet<&SubnetId>) -> Option<String> {
    let here = estate.gateways().filter(|it| {
        let inside = it.subnet.as_ref().is_some_and(|it| subnets.contains(it));
        it.kind == GatewayKind::Nat && inside
    });
    let gateways: BTreeSet<&GatewayId> = here.map(|it| &it.id).collect();
    let uses = |table: &RouteTable| {
        let mut routes = table.routes.iter();
        routes.any(|it| gateways.iter().any(|nat| nat.as_str() == it.target))
    };
    let others = estate
        .subnets()
        .filter(|it| !subnets.contains(&it.id) && estate.table_of_subnet(&it.id).is_some_and(uses));
    let others: Vec<&str> = others.map(|it| it.id.as_str()).collect();
    if others.is_empty() {
        return None;
    }
    let gateways: Vec<&str> = gateways.iter().map(|it| it.as_str()).collect();
    Some(format!(
        "{} is in there: {} of others lose their way out with it ({}).",
        gateways.join(", "),
        super::actions::counted(others.len(), "subnet"),
        others.join(", ")
    ))
}

/// Gateway endpoints that a table without their routes loses.
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>
pub(super) fn endpoints_lost<'t>(
    estate: &Estate,
    tables: impl IntoIterator<Item = &'t RouteTable>,
) -> Option<String> {
    let routes = tables.into_iter().flat_map(|it| &it.routes);
    let endpoints: BTreeSet<&str> = routes
        .filter(|it| is_endpoint(it))
        .map(|it| it.target.as_str())
        .collect();
    if endpoints.is_empty() {
        return None;
    }
    let named = endpoints.into_iter().map(|id| {
        let name = estate.gateway(&id.into()).map_or("", |it| it.name.as_str());
        let service = name.rsplit('.').next().unwrap_or_default();
        if service.is_empty() {
            id.to_string()
        } else {
            format!("{id} ({service})")
        }
    });
    Some(format!(
        "The gateway endpoints of its table are lost too: {}.",
        named.collect::<Vec<_>>().join(", ")
    ))
}

/// A route that a gateway endpoint made.
pub(super) fn is_endpoint(route: &Route) -> bool {
    route.cidr().is_none() && route.target.starts_with("vpce-")
}

/// Routes to an internet gateway, or out of IPv6 only. Propagated ones come from virtual private gateways
/// and are none of these.
pub(super) fn is_internet(route: &Route) -> bool {
    let target = route.target.as_str();
    !route.propagated && (target.starts_with("igw-") || target.starts_with("eigw-"))
}

/// Default routes of the suspect's tables that lead elsewhere than to an internet gateway.
pub(super) fn other_defaults(tables: &[&RouteTable]) -> Vec<String> {
    let default = |it: &&Route| {
        let whole = it.cidr().is_some_and(|cidr| cidr.prefix_len() == 0);
        whole && !is_internet(it) && !it.blackhole
    };
    let found = tables.iter().flat_map(|table| {
        let routes = table.routes.iter().filter(default);
        routes.map(move |it| format!("{} of {} leads to {}", it.destination, table.id, it.target))
    });
    found.collect()
}

/// The subnets of the suspect that the main table serves only because they have no other.
pub(super) fn implicit<'e>(subject: &Subject<'e>, table: &RouteTable) -> Vec<&'e SubnetId> {
    let subnets = subject.subnets().into_iter();
    let served = subnets.filter(|it| {
        let own = subject.estate.table_of_subnet(it);
        own.is_some_and(|it| it.id == table.id)
    });
    served.collect()
}
