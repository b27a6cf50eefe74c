//! The network parts: one function per part, one or a few describe calls each.

use aws_sdk_ec2::Client;

use super::super::convert::{eni, flow_log, gateway, group, network, route};
use super::super::error::Call;
use super::{FILTER_VALUES, PAGE, by_vpc, filter, first_vpc};
use crate::model::{
    Acl, Eni, FlowLog, Gateway, Group, Peering, PrefixList, RouteTable, Subnet, Vpc, VpcId,
};
use crate::sources::{Scope, SourceError};

/// `DescribeRouteTables` takes no larger pages:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRouteTables.html>
const ROUTE_TABLES_PAGE: i32 = 100;

/// `DescribeEgressOnlyInternetGateways` takes no larger pages:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeEgressOnlyInternetGateways.html>
const EGRESS_ONLY_PAGE: i32 = 255;

/// Managed prefix lists, and their entries, take no larger pages:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetManagedPrefixListEntries.html>
const MANAGED_LISTS_PAGE: i32 = 100;

pub(super) async fn vpcs(ec2: &Client, scope: &Scope) -> Result<Vec<Vpc>, SourceError> {
    let call = Call::new("ec2:DescribeVpcs", first_vpc(scope));
    let request = ec2.describe_vpcs().filters(by_vpc("vpc-id", scope));
    let pages = request.into_paginator().page_size(PAGE);
    let all = pages.items().send().try_collect().await;
    let all = all.map_err(|error| call.read_error(&error))?;
    Ok(all.iter().filter_map(network::vpc).collect())
}

pub(super) async fn subnets(ec2: &Client, scope: &Scope) -> Result<Vec<Subnet>, SourceError> {
    let call = Call::new("ec2:DescribeSubnets", first_vpc(scope));
    let request = ec2.describe_subnets().filters(by_vpc("vpc-id", scope));
    let pages = request.into_paginator().page_size(PAGE);
    let all = pages.items().send().try_collect().await;
    let all = all.map_err(|error| call.read_error(&error))?;
    Ok(all.iter().filter_map(network::subnet).collect())
}

pub(super) async fn enis(ec2: &Client, scope: &Scope) -> Result<Vec<Eni>, SourceError> {
    let call = Call::new("ec2:DescribeNetworkInterfaces", first_vpc(scope));
    let request = ec2
        .describe_network_interfaces()
        .filters(by_vpc("vpc-id", scope));
    let pages = request.into_paginator().page_size(PAGE);
    let all = pages.items().send().try_collect().await;
    let all = all.map_err(|error| call.read_error(&error))?;
    Ok(all.iter().filter_map(eni::eni).collect())
}

/// Rules can only be asked for by group, so they take a second round of calls.
pub(super) async fn groups(ec2: &Client, scope: &Scope) -> Result<Vec<Group>, SourceError> {
    let call = Call::new("ec2:DescribeSecurityGroups", first_vpc(scope));
    let request = ec2
        .describe_security_groups()
        .filters(by_vpc("vpc-id", scope));
    let pages = request.into_paginator().page_size(PAGE);
    let all = pages.items().send().try_collect().await;
    let all = all.map_err(|error| call.read_error(&error))?;
    let ids: Vec<&str> = all.iter().filter_map(|it| it.group_id()).collect();
    let mut rules = Vec::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        let call = Call::new("ec2:DescribeSecurityGroupRules", first_vpc(scope));
        let request = ec2
            .describe_security_group_rules()
            .filters(filter("group-id", chunk.iter().copied()));
        let pages = request.into_paginator().page_size(PAGE);
        let some = pages.items().send().try_collect().await;
        rules.extend(some.map_err(|error| call.read_error(&error))?);
    }
    Ok(group::groups(&all, &rules))
}

pub(super) async fn acls(ec2: &Client, scope: &Scope) -> Result<Vec<Acl>, SourceError> {
    let call = Call::new("ec2:DescribeNetworkAcls", first_vpc(scope));
    let request = ec2.describe_network_acls().filters(by_vpc("vpc-id", scope));
    let pages = request.into_paginator().page_size(PAGE);
    let all = pages.items().send().try_collect().await;
    let all = all.map_err(|error| call.read_error(&error))?;
    Ok(all.iter().filter_map(network::acl).collect())
}

pub(super) async fn route_tables(
    ec2: &Client,
    scope: &Scope,
) -> Result<Vec<RouteTable>, SourceError> {
    let call = Call::new("ec2:DescribeRouteTables", first_vpc(scope));
    let request = ec2.describe_route_tables().filters(by_vpc("vpc-id", scope));
    let pages = request.into_paginator().page_size(ROUTE_TABLES_PAGE);
    let all = pages.items().send().try_collect().await;
    let all = all.map_err(|error| call.read_error(&error))?;
    Ok(all.iter().filter_map(route::table).collect())
}

/// Gateways of every kind: four calls at once.
pub(super) async fn gateways(ec2: &Client, scope: &Scope) -> Result<Vec<Gateway>, SourceError> {
    let (internet, egress_only, nat, endpoints) = futures::try_join!(
        internet_gateways(ec2, scope),
        egress_only_gateways(ec2, scope),
        nat_gateways(ec2, scope),
        endpoints(ec2, scope),
    )?;
    let all = internet.into_iter().chain(egress_only);
    let all = all.chain(nat).chain(endpoints);
    Ok(all.filter(|it| scope.vpcs.contains(&it.vpc)).collect())
}

async fn internet_gateways(ec2: &Client, scope: &Scope) -> Result<Vec<Gateway>, SourceError> {
    let call = Call::new("ec2:DescribeInternetGateways", first_vpc(scope));
    let request = ec2
        .describe_internet_gateways()
        .filters(by_vpc("attachment.vpc-id", scope));
    let pages = request.into_paginator().page_size(PAGE);
    let all = pages.items().send().try_collect().await;
    let all = all.map_err(|error| call.read_error(&error))?;
    Ok(all.iter().filter_map(gateway::internet).collect())
}

/// There is no filter by VPC; there are only a few of them.
async fn egress_only_gateways(ec2: &Client, scope: &Scope) -> Result<Vec<Gateway>, SourceError> {
    let call = Call::new("ec2:DescribeEgressOnlyInternetGateways", first_vpc(scope));
    let request = ec2.describe_egress_only_internet_gateways();
    let pages = request.into_paginator().page_size(EGRESS_ONLY_PAGE);
    let all = pages.items().send().try_collect().await;
    let all = all.map_err(|error| call.read_error(&error))?;
    Ok(all.iter().filter_map(gateway::egress_only).collect())
}

async fn nat_gateways(ec2: &Client, scope: &Scope) -> Result<Vec<Gateway>, SourceError> {
    let call = Call::new("ec2:DescribeNatGateways", first_vpc(scope));
    let request = ec2.describe_nat_gateways().filter(by_vpc("vpc-id", scope));
    let pages = request.into_paginator().page_size(PAGE);
    let all = pages.items().send().try_collect().await;
    let all = all.map_err(|error| call.read_error(&error))?;
    Ok(all.iter().filter_map(gateway::nat).collect())
}

async fn endpoints(ec2: &Client, scope: &Scope) -> Result<Vec<Gateway>, SourceError> {
    let call = Call::new("ec2:DescribeVpcEndpoints", first_vpc(scope));
    let request = ec2
        .describe_vpc_endpoints()
        .filters(by_vpc("vpc-id", scope));
    let pages = request.into_paginator().page_size(PAGE);
    let all = pages.items().send().try_collect().await;
    let all = all.map_err(|error| call.read_error(&error))?;
    Ok(all.iter().filter_map(gateway::endpoint).collect())
}

/// There is no filter for "on either side"; there are only a few of them.
pub(super) async fn peerings(ec2: &Client, scope: &Scope) -> Result<Vec<Peering>, SourceError> {
    let call = Call::new("ec2:DescribeVpcPeeringConnections", first_vpc(scope));
    let request = ec2.describe_vpc_peering_connections();
    let pages = request.into_paginator().page_size(PAGE);
    let all = pages.items().send().try_collect().await;
    let all = all.map_err(|error| call.read_error(&error))?;
    let all = all.iter().filter_map(network::peering);
    let ours = |it: &Peering| it.sides.iter().any(|side| scope.vpcs.contains(&side.vpc));
    Ok(all.filter(ours).collect())
}

/// AWS's own lists come with their entries; those of customers take a call each.
pub(super) async fn prefix_lists(ec2: &Client) -> Result<Vec<PrefixList>, SourceError> {
    let call = Call::new("ec2:DescribePrefixLists", "");
    let pages = ec2.describe_prefix_lists().into_paginator().page_size(PAGE);
    let all = pages.items().send().try_collect().await;
    let all = all.map_err(|error| call.read_error(&error))?;
    let mut lists: Vec<PrefixList> = all.iter().filter_map(network::prefix_list).collect();
    let call = Call::new("ec2:DescribeManagedPrefixLists", "");
    let request = ec2.describe_managed_prefix_lists();
    let pages = request.into_paginator().page_size(MANAGED_LISTS_PAGE);
    let managed = pages.items().send().try_collect().await;
    let managed = managed.map_err(|error| call.read_error(&error))?;
    for list in &managed {
        let Some(id) = list.prefix_list_id() else {
            continue;
        };
        if lists.iter().any(|it| it.id == id) {
            continue;
        }
        let call = Call::new("ec2:GetManagedPrefixListEntries", id);
        let request = ec2.get_managed_prefix_list_entries().prefix_list_id(id);
        let pages = request.into_paginator().page_size(MANAGED_LISTS_PAGE);
        let entries = pages.items().send().try_collect().await;
        let entries = entries.map_err(|error| call.read_error(&error))?;
        lists.extend(network::managed_prefix_list(list, &entries));
    }
    Ok(lists)
}

/// Those of the scope's VPCs, and of all subnets and interfaces: which of these lie in the scope is
/// not known here, and a filter by resource would need to know it.
pub(super) async fn flow_logs(ec2: &Client, scope: &Scope) -> Result<Vec<FlowLog>, SourceError> {
    let call = Call::new("ec2:DescribeFlowLogs", first_vpc(scope));
    let pages = ec2.describe_flow_logs().into_paginator().page_size(PAGE);
    let all = pages.items().send().try_collect().await;
    let all = all.map_err(|error| call.read_error(&error))?;
    let all = all.iter().filter_map(flow_log::flow_log);
    Ok(all.filter(|it| may_watch(it, scope)).collect())
}

fn may_watch(it: &FlowLog, scope: &Scope) -> bool {
    let resource = it.resource.as_str();
    scope.vpcs.contains(&VpcId::new(resource))
        || resource.starts_with("subnet-")
        || resource.starts_with("eni-")
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types as sdk;

    use super::*;

    #[test]
    fn flow_logs_of_other_vpcs_are_left_out() {
        let scope = Scope {
            vpcs: ["vpc-1".into()].into(),
            instances: Vec::new(),
        };
        for (resource, ours) in [
            ("vpc-1", true),
            ("vpc-2", false),
            ("subnet-9", true),
            ("eni-9", true),
            ("tgw-1", false),
        ] {
            let log = sdk::FlowLog::builder().flow_log_id("fl-1");
            let log = flow_log::flow_log(&log.resource_id(resource).build()).unwrap();
            assert_eq!(may_watch(&log, &scope), ours, "{resource}");
        }
    }
}
