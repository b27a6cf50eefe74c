//! Route tables, their routes and associations, and internet gateways.
//!
//! A subnet without an association of its own is served by the VPC's main table:
//! <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html>

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::create_route::builders::CreateRouteFluentBuilder;
use aws_sdk_ec2::operation::replace_route::builders::ReplaceRouteFluentBuilder;
use aws_sdk_ec2::types::{
    Filter, InternetGateway, ResourceType, RouteTable as SdkTable, RouteTableAssociation,
};

use super::super::convert::route::{is_live, table as converted};
use super::super::error::Call;
use super::super::estate::filter;
use super::{Ec2, by_tags, carries, made, tagged_as};
use crate::model::{GatewayId, RouteTable, RouteTableId, SubnetId, VpcId};
use crate::operation::{Answer, CallError, CallErrorKind, State};

/// `DescribeRouteTables` takes no larger pages:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRouteTables.html>
const PAGE: i32 = 100;

/// The table of a VPC that carries all these tags: the first, should there be several.
pub(super) async fn tagged(
    ec2: &Client,
    vpc: &VpcId,
    tags: &[(String, String)],
) -> Result<State, CallError> {
    // Every table carries no tags at all.
    if tags.is_empty() {
        return Ok(State::Absent);
    }
    let mut filters = vec![filter("vpc-id", [vpc.as_str()])];
    filters.extend(by_tags(tags));
    let found = describe(ec2, vpc.as_str(), filters).await?;
    let ours = found.iter().filter(|it| carries(it.tags(), tags));
    let first = ours.filter_map(SdkTable::route_table_id).min();
    Ok(first.map_or(State::Absent, |id| State::RouteTable(id.into())))
}

/// A table by id.
pub(super) async fn state(ec2: &Client, table: &RouteTableId) -> Result<State, CallError> {
    let found = by_id(ec2, table).await?;
    Ok(found.map_or(State::Absent, |it| State::RouteTable(it.id)))
}

/// The table that a subnet is associated with.
pub(super) async fn of_subnet(ec2: &Client, subnet: &SubnetId) -> Result<State, CallError> {
    let association = association(ec2, subnet).await?;
    Ok(State::SubnetRouteTable(association.map(|it| it.table)))
}

/// The main table of a VPC.
pub(super) async fn main(ec2: &Client, vpc: &VpcId) -> Result<State, CallError> {
    let association = main_association(ec2, vpc).await?;
    Ok(association.map_or(State::Absent, |it| State::MainRouteTable(it.table)))
}

/// The target of a route.
pub(super) async fn route(
    ec2: &Client,
    table: &RouteTableId,
    destination: &str,
) -> Result<State, CallError> {
    let found = by_id(ec2, table).await?;
    let route = found.as_ref().and_then(|it| it.route(destination));
    Ok(route.map_or(State::Absent, |it| State::Route(it.target.as_str().into())))
}

async fn by_id(ec2: &Client, table: &RouteTableId) -> Result<Option<RouteTable>, CallError> {
    let filters = vec![filter("route-table-id", [table.as_str()])];
    let found = describe(ec2, table.as_str(), filters).await?;
    Ok(found
        .iter()
        .filter_map(converted)
        .find(|it| it.id == *table))
}

async fn describe(
    ec2: &Client,
    on: &str,
    filters: Vec<Filter>,
) -> Result<Vec<SdkTable>, CallError> {
    let call = Call::new("ec2:DescribeRouteTables", on);
    let request = ec2.describe_route_tables().set_filters(Some(filters));
    let pages = request.into_paginator().page_size(PAGE);
    let found = pages.items().send().try_collect().await;
    found.map_err(|error| call.lookup_error(&error))
}

/// Which table serves a subnet, or a VPC, and under which id AWS keeps that.
#[derive(Debug, PartialEq, Eq)]
struct Association {
    id: String,
    table: RouteTableId,
}

async fn association(ec2: &Client, subnet: &SubnetId) -> Result<Option<Association>, CallError> {
    let filters = vec![filter("association.subnet-id", [subnet.as_str()])];
    let found = describe(ec2, subnet.as_str(), filters).await?;
    Ok(association_in(&found, |it| {
        it.subnet_id() == Some(subnet.as_str())
    }))
}

async fn main_association(ec2: &Client, vpc: &VpcId) -> Result<Option<Association>, CallError> {
    let filters = vec![
        filter("vpc-id", [vpc.as_str()]),
        filter("association.main", ["true"]),
    ];
    let found = describe(ec2, vpc.as_str(), filters).await?;
    Ok(association_in(&found, |it| it.main() == Some(true)))
}

/// The filters answer whole tables, with all their associations.
fn association_in(
    tables: &[SdkTable],
    ours: impl Fn(&RouteTableAssociation) -> bool,
) -> Option<Association> {
    let all = tables.iter().flat_map(SdkTable::associations);
    let found = all
        .filter(|it| is_live(it) && ours(it))
        .find_map(|it| Some((it.route_table_association_id()?, it.route_table_id()?)));
    let (id, table) = found?;
    Some(Association {
        id: id.to_owned(),
        table: table.into(),
    })
}

/// Creates a table: AWS gives it nothing but the local routes.
pub(super) async fn create(
    ec2: &Client,
    vpc: &VpcId,
    tags: &[(String, String)],
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:CreateRouteTable", vpc.as_str());
    let answer = ec2
        .create_route_table()
        .vpc_id(vpc.as_str())
        .set_tag_specifications(tagged_as(ResourceType::RouteTable, tags))
        .send()
        .await
        .map_err(|error| call.call_error(&error))?;
    made(
        call,
        answer.route_table().and_then(SdkTable::route_table_id),
    )
}

/// Deletes a table.
pub(super) async fn delete(ec2: &Client, table: &RouteTableId) -> Result<Answer, CallError> {
    let call = Call::new("ec2:DeleteRouteTable", table.as_str());
    let request = ec2.delete_route_table().route_table_id(table.as_str());
    call.answered(request.send().await)
}

/// Moves a subnet to a table, or back to the main one.
pub(super) async fn associate(
    ec2: Ec2<'_>,
    subnet: &SubnetId,
    table: Option<&RouteTableId>,
) -> Result<Answer, CallError> {
    let now = association(ec2.read, subnet).await?;
    match (now, table) {
        (Some(now), Some(table)) if now.table == *table => Ok(Answer::default()),
        (Some(now), Some(table)) => replace(ec2.write, subnet.as_str(), now.id, table).await,
        (None, Some(table)) => {
            let call = Call::new("ec2:AssociateRouteTable", subnet.as_str());
            let request = ec2
                .write
                .associate_route_table()
                .subnet_id(subnet.as_str())
                .route_table_id(table.as_str());
            call.answered(request.send().await)
        }
        (Some(now), None) => {
            let call = Call::new("ec2:DisassociateRouteTable", subnet.as_str());
            let request = ec2.write.disassociate_route_table().association_id(now.id);
            call.answered(request.send().await)
        }
        (None, None) => Ok(Answer::default()),
    }
}

/// Makes a table the main one.
pub(super) async fn set_main(
    ec2: Ec2<'_>,
    vpc: &VpcId,
    table: &RouteTableId,
) -> Result<Answer, CallError> {
    match main_association(ec2.read, vpc).await? {
        Some(now) if now.table == *table => Ok(Answer::default()),
        Some(now) => replace(ec2.write, vpc.as_str(), now.id, table).await,
        None => {
            let call = Call::new("ec2:ReplaceRouteTableAssociation", vpc.as_str());
            let message = "AWS shows no main route table of it; check the VPC";
            Err(call.refuse(CallErrorKind::NotFound, "NoAssociation", message))
        }
    }
}

async fn replace(
    ec2: &Client,
    on: &str,
    association: String,
    table: &RouteTableId,
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:ReplaceRouteTableAssociation", on);
    let request = ec2
        .replace_route_table_association()
        .association_id(association)
        .route_table_id(table.as_str());
    call.answered(request.send().await)
}

/// What a route leads to, as requests write it.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Local,
    Gateway,
    EgressOnly,
    Nat,
    Peering,
    Transit,
    Endpoint,
    LocalGateway,
    Carrier,
    Instance,
    CoreNetwork,
    OdbNetwork,
    Interface,
}

impl Target {
    fn of(id: &str) -> Self {
        let kinds = [
            ("eigw-", Self::EgressOnly),
            ("igw-", Self::Gateway),
            ("vgw-", Self::Gateway),
            ("nat-", Self::Nat),
            ("pcx-", Self::Peering),
            ("tgw-", Self::Transit),
            ("vpce-", Self::Endpoint),
            ("lgw-", Self::LocalGateway),
            ("cagw-", Self::Carrier),
            ("i-", Self::Instance),
        ];
        if id == "local" {
            return Self::Local;
        }
        if id.starts_with("arn:") {
            return if id.contains(":odb:") {
                Self::OdbNetwork
            } else {
                Self::CoreNetwork
            };
        }
        let found = kinds.iter().find(|(prefix, _)| id.starts_with(prefix));
        found.map_or(Self::Interface, |(_, kind)| *kind)
    }
}

/// Where a route leads from, as requests write it: one of the three.
#[derive(Debug, PartialEq, Eq)]
struct Destination {
    v4: Option<String>,
    v6: Option<String>,
    list: Option<String>,
}

impl Destination {
    fn of(text: &str) -> Self {
        let is_list = text.starts_with("pl-");
        let is_v6 = text.contains(':');
        let only = |it: bool| it.then(|| text.to_owned());
        Self {
            v4: only(!is_list && !is_v6),
            v6: only(is_v6),
            list: only(is_list),
        }
    }
}

/// The three requests about routes name destinations and targets alike, but share no type.
macro_rules! on_route {
    ($request:expr, $table:expr, $destination:expr) => {{
        let destination = Destination::of($destination);
        $request
            .route_table_id($table.as_str())
            .set_destination_cidr_block(destination.v4)
            .set_destination_ipv6_cidr_block(destination.v6)
            .set_destination_prefix_list_id(destination.list)
    }};
}
macro_rules! to_target {
    ($request:expr, $target:expr, $local:expr) => {{
        let request = $request;
        match Target::of($target) {
            Target::Local => $local(request),
            Target::Gateway => request.gateway_id($target),
            Target::EgressOnly => request.egress_only_internet_gateway_id($target),
            Target::Nat => request.nat_gateway_id($target),
            Target::Peering => request.vpc_peering_connection_id($target),
            Target::Transit => request.transit_gateway_id($target),
            Target::Endpoint => request.vpc_endpoint_id($target),
            Target::LocalGateway => request.local_gateway_id($target),
            Target::Carrier => request.carrier_gateway_id($target),
            Target::Instance => request.instance_id($target),
            Target::CoreNetwork => request.core_network_arn($target),
            Target::OdbNetwork => request.odb_network_arn($target),
            Target::Interface => request.network_interface_id($target),
        }
    }};
}

/// Adds a route.
pub(super) async fn create_route(
    ec2: &Client,
    table: &RouteTableId,
    destination: &str,
    target: &str,
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:CreateRoute", table.as_str());
    let request = on_route!(ec2.create_route(), table, destination);
    // Nobody creates a local route; AWS says so.
    let local = |request: CreateRouteFluentBuilder| request.gateway_id(target);
    call.answered(to_target!(request, target, local).send().await)
}

/// Gives a route another target.
pub(super) async fn replace_route(
    ec2: &Client,
    table: &RouteTableId,
    destination: &str,
    target: &str,
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:ReplaceRoute", table.as_str());
    let request = on_route!(ec2.replace_route(), table, destination);
    let local = |request: ReplaceRouteFluentBuilder| request.local_target(true);
    call.answered(to_target!(request, target, local).send().await)
}

/// Removes a route.
pub(super) async fn delete_route(
    ec2: &Client,
    table: &RouteTableId,
    destination: &str,
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:DeleteRoute", table.as_str());
    match on_route!(ec2.delete_route(), table, destination)
        .send()
        .await
    {
        Ok(_) => Ok(Answer::default()),
        Err(error) => Err(call.call_error(&error)),
    }
}

/// The VPC that an internet gateway is attached to, where it is this one.
pub(super) async fn attachment(
    ec2: &Client,
    gateway: &GatewayId,
    vpc: &VpcId,
) -> Result<State, CallError> {
    let call = Call::new("ec2:DescribeInternetGateways", gateway.as_str());
    let request = ec2
        .describe_internet_gateways()
        .filters(filter("internet-gateway-id", [gateway.as_str()]));
    let found = request.into_paginator().items().send().try_collect().await;
    let found = found.map_err(|error| call.lookup_error(&error))?;
    let mut attached = found.iter().flat_map(InternetGateway::attachments);
    let ours = attached.any(|it| it.vpc_id() == Some(vpc.as_str()));
    Ok(if ours {
        State::AttachedTo(vpc.to_string())
    } else {
        State::Absent
    })
}

/// Detaches an internet gateway.
pub(super) async fn detach(
    ec2: &Client,
    gateway: &GatewayId,
    vpc: &VpcId,
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:DetachInternetGateway", gateway.as_str());
    let request = ec2
        .detach_internet_gateway()
        .internet_gateway_id(gateway.as_str())
        .vpc_id(vpc.as_str());
    call.answered(request.send().await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_association_is_the_one_asked_for_and_still_there() {
        use aws_sdk_ec2::types::{
            RouteTableAssociationState, RouteTableAssociationStateCode as Code,
        };
        let of = |subnet: &str, id: &str, state| {
            RouteTableAssociation::builder()
                .subnet_id(subnet)
                .main(subnet.is_empty())
                .route_table_association_id(id)
                .route_table_id("rtb-1")
                .association_state(RouteTableAssociationState::builder().state(state).build())
                .build()
        };
        let table = SdkTable::builder()
            .associations(of("subnet-1", "rtbassoc-1", Code::Disassociated))
            .associations(of("subnet-1", "rtbassoc-2", Code::Associated))
            .associations(of("", "rtbassoc-3", Code::Associated))
            .build();
        let tables = [table];
        let subnet = association_in(&tables, |it| it.subnet_id() == Some("subnet-1"));
        assert_eq!(subnet.unwrap().id, "rtbassoc-2");
        let main = association_in(&tables, |it| it.main() == Some(true));
        assert_eq!(main.unwrap().id, "rtbassoc-3");
        assert_eq!(
            association_in(&tables, |it| it.subnet_id() == Some("s")),
            None
        );
    }

    #[test]
    fn destinations_are_blocks_of_either_family_or_lists() {
        for (text, which) in [("0.0.0.0/0", 0), ("::/0", 1), ("pl-63a5400a", 2)] {
            let Destination { v4, v6, list } = Destination::of(text);
            let filled: Vec<usize> = [v4, v6, list]
                .iter()
                .enumerate()
                .filter_map(|(at, it)| it.as_ref().map(|_| at))
                .collect();
            assert_eq!(filled, [which], "{text}");
        }
    }

    #[test]
    fn targets_go_by_what_their_id_begins_with() {
        for (id, kind) in [
            ("local", Target::Local),
            ("igw-1", Target::Gateway),
            ("vgw-1", Target::Gateway),
            ("eigw-1", Target::EgressOnly),
            ("nat-1", Target::Nat),
            ("pcx-1", Target::Peering),
            ("tgw-1", Target::Transit),
            ("vpce-1", Target::Endpoint),
            ("lgw-1", Target::LocalGateway),
            ("cagw-1", Target::Carrier),
            ("i-1", Target::Instance),
            ("eni-1", Target::Interface),
            (
                "arn:aws:networkmanager::111122223333:core-network/core-network-1",
                Target::CoreNetwork,
            ),
            (
                "arn:aws:odb:eu-west-1:111122223333:odb-network/odbnet_1",
                Target::OdbNetwork,
            ),
        ] {
            assert_eq!(Target::of(id), kind, "{id}");
        }
    }
}
