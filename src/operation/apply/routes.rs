//! Route tables, routes and internet gateways.

use crate::model::{EniId, Estate, GatewayId, GatewayKind, Route, RouteTable, RouteTableId, VpcId};

/// A new table holds the local route of each of the VPC's CIDR blocks:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/RouteTables.html>
pub(super) fn create(
    estate: &mut Estate,
    id: RouteTableId,
    vpc: &VpcId,
    tags: &[(String, String)],
) {
    let cidrs = estate.vpc(vpc).map(|it| it.cidrs.clone());
    let local = |cidr: ipnet::IpNet| Route {
        destination: cidr.to_string(),
        target: "local".into(),
        blackhole: false,
        propagated: false,
    };
    let name = tags.iter().find(|(key, _)| key == "Name");
    estate.put_route_table(RouteTable {
        id,
        vpc: vpc.clone(),
        name: name.map(|(_, value)| value.clone()).unwrap_or_default(),
        main: false,
        subnets: Vec::new(),
        routes: cidrs.unwrap_or_default().into_iter().map(local).collect(),
    });
}

/// Adds a route, in the place of one to the same destination.
pub(super) fn put(
    estate: &mut Estate,
    table: &RouteTableId,
    destination: &str,
    target: &GatewayId,
) {
    let cidr = destination.parse::<ipnet::IpNet>();
    let route = Route {
        destination: cidr.map_or_else(|_| destination.to_string(), |it| it.trunc().to_string()),
        target: target.to_string(),
        blackhole: is_black_hole(estate, target),
        propagated: false,
    };
    estate.update_routes(table, |routes| {
        match routes.iter_mut().find(|it| it.is_to(destination)) {
            Some(old) => *old = route,
            None => routes.push(route),
        }
    });
}

/// A route to an interface that is attached to nothing drops its packets. AWS's example is a target
/// that is not available: <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html>
fn is_black_hole(estate: &Estate, target: &GatewayId) -> bool {
    let eni = estate.eni(&EniId::new(target.as_str()));
    eni.is_some_and(|it| it.instance.is_none() && !it.requester_managed)
}

/// Routes to it become black holes.
pub(super) fn detach_gateway(estate: &mut Estate, gateway: &GatewayId) {
    if estate
        .gateway(gateway)
        .is_none_or(|it| it.kind != GatewayKind::Internet)
    {
        return;
    }
    estate.remove_gateway(gateway);
    let named = |table: &&RouteTable| table.routes.iter().any(|it| it.target == gateway.as_str());
    let tables: Vec<RouteTableId> = estate
        .route_tables()
        .filter(named)
        .map(|it| it.id.clone())
        .collect();
    for table in tables {
        estate.update_routes(&table, |routes| {
            let own = routes.iter_mut().filter(|it| it.target == gateway.as_str());
            own.for_each(|it| it.blackhole = true);
        });
    }
}
