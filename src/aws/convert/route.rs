//! Route tables.

use aws_sdk_ec2::types as sdk;
use aws_sdk_ec2::types::{RouteOrigin, RouteState};

use super::{cidr, name, shown};
use crate::model::notation::is_gone;
use crate::model::{Route, RouteTable};

/// A route table.
pub(in crate::aws) fn table(it: &sdk::RouteTable) -> Option<RouteTable> {
    let associations = || it.associations().iter().filter(|one| is_live(one));
    Some(RouteTable {
        id: it.route_table_id()?.into(),
        vpc: it.vpc_id()?.into(),
        name: name(it.tags()),
        main: associations().any(|one| one.main() == Some(true)),
        subnets: associations()
            .filter_map(|one| one.subnet_id().map(Into::into))
            .collect(),
        routes: it.routes().iter().filter_map(route).collect(),
    })
}

/// Whether an association still holds.
pub(in crate::aws) fn is_live(it: &sdk::RouteTableAssociation) -> bool {
    let state = it.association_state().and_then(|state| state.state());
    state.is_none_or(|state| !is_gone(state.as_str()))
}

fn route(it: &sdk::Route) -> Option<Route> {
    Some(Route {
        destination: destination(it)?,
        target: shown(Some(target(it).unwrap_or("unknown target"))),
        blackhole: it.state() == Some(&RouteState::Blackhole),
        propagated: it.origin() == Some(&RouteOrigin::EnableVgwRoutePropagation),
    })
}

fn destination(it: &sdk::Route) -> Option<String> {
    let block = it
        .destination_cidr_block()
        .or(it.destination_ipv6_cidr_block());
    match block {
        Some(block) => cidr(Some(block)).map(|block| block.to_string()),
        None => it.destination_prefix_list_id().map(|it| shown(Some(it))),
    }
}

/// Whichever target is set. An instance's route also names the interface, which says more.
fn target(it: &sdk::Route) -> Option<&str> {
    it.gateway_id()
        .or(it.nat_gateway_id())
        .or(it.egress_only_internet_gateway_id())
        .or(it.transit_gateway_id())
        .or(it.vpc_peering_connection_id())
        .or(it.network_interface_id())
        .or(it.instance_id())
        .or(it.local_gateway_id())
        .or(it.carrier_gateway_id())
        .or(it.core_network_arn())
        .or(it.odb_network_arn())
        .or(it.ip_address())
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{Route as SdkRoute, RouteTableAssociation};

    use super::*;

    #[test]
    fn a_route_has_one_destination_and_one_target() {
        let to = |cidr: &str| SdkRoute::builder().destination_cidr_block(cidr);
        for (built, destination, target) in [
            (
                to("10.0.0.0/16").gateway_id("local"),
                "10.0.0.0/16",
                "local",
            ),
            (to("0.0.0.0/0").gateway_id("igw-1"), "0.0.0.0/0", "igw-1"),
            (
                to("0.0.0.0/0").nat_gateway_id("nat-1"),
                "0.0.0.0/0",
                "nat-1",
            ),
            (
                to("10.9.0.0/16")
                    .instance_id("i-1")
                    .network_interface_id("eni-1"),
                "10.9.0.0/16",
                "eni-1",
            ),
            (
                SdkRoute::builder()
                    .destination_ipv6_cidr_block("::/0")
                    .egress_only_internet_gateway_id("eigw-1"),
                "::/0",
                "eigw-1",
            ),
            (
                SdkRoute::builder()
                    .destination_prefix_list_id("pl-1")
                    .gateway_id("vpce-1"),
                "pl-1",
                "vpce-1",
            ),
            (to("10.8.0.0/16"), "10.8.0.0/16", "unknown target"),
        ] {
            let made = route(&built.build()).unwrap();
            assert_eq!((&*made.destination, &*made.target), (destination, target));
            assert!(!made.blackhole && !made.propagated);
        }
        assert_eq!(route(&to("nonsense").gateway_id("local").build()), None);
    }

    #[test]
    fn a_table_is_main_or_has_subnets() {
        let made = table(
            &aws_sdk_ec2::types::RouteTable::builder()
                .route_table_id("rtb-1")
                .vpc_id("vpc-1")
                .associations(RouteTableAssociation::builder().main(true).build())
                .associations(
                    RouteTableAssociation::builder()
                        .subnet_id("subnet-1")
                        .build(),
                )
                .routes(
                    SdkRoute::builder()
                        .destination_cidr_block("10.9.0.0/16")
                        .gateway_id("vgw-1")
                        .state(RouteState::Blackhole)
                        .origin(RouteOrigin::EnableVgwRoutePropagation)
                        .build(),
                )
                .build(),
        )
        .unwrap();
        assert!(made.main && made.routes[0].blackhole && made.routes[0].propagated);
        assert_eq!(made.subnets, ["subnet-1".into()]);
    }
}
