//! The estate, part by part, never more of the account than the scope asks for.
//!
//! Every call is paged and filtered by VPC or by id. Unfiltered describe calls fail in large accounts,
//! and share a smaller request budget:
//! <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>

mod compute;
mod network;
mod profiles;

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{Filter, Reservation};

use super::connect::Clients;
use super::error::Call;
use crate::model::{InstanceId, Part, PartKind, VpcId};
use crate::sources::{Scope, SourceError};

/// The most values that a filter takes:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html>
const FILTER_VALUES: usize = 200;

/// The largest page of most describe calls.
const PAGE: i32 = 1000;

/// Reads one part.
pub(super) async fn part(
    clients: &Clients,
    kind: PartKind,
    scope: &Scope,
) -> Result<Part, SourceError> {
    if scope.vpcs.is_empty() {
        return Ok(Part::empty(kind));
    }
    let ec2 = &clients.ec2;
    Ok(match kind {
        PartKind::Vpcs => Part::Vpcs(network::vpcs(ec2, scope).await?),
        PartKind::Subnets => Part::Subnets(network::subnets(ec2, scope).await?),
        PartKind::Enis => Part::Enis(network::enis(ec2, scope).await?),
        PartKind::Groups => Part::Groups(network::groups(ec2, scope).await?),
        PartKind::Acls => Part::Acls(network::acls(ec2, scope).await?),
        PartKind::RouteTables => Part::RouteTables(network::route_tables(ec2, scope).await?),
        PartKind::Gateways => Part::Gateways(network::gateways(ec2, scope).await?),
        PartKind::FlowLogs => Part::FlowLogs(network::flow_logs(ec2, scope).await?),
        PartKind::Peerings => Part::Peerings(network::peerings(ec2, scope).await?),
        PartKind::PrefixLists => Part::PrefixLists(network::prefix_lists(ec2).await?),
        PartKind::Instances => Part::Instances(compute::instances(ec2, scope).await?),
        PartKind::Volumes => Part::Volumes(compute::volumes(ec2, scope).await?),
        PartKind::AsgMemberships => {
            Part::AsgMemberships(compute::asg_memberships(&clients.autoscaling, scope).await?)
        }
        PartKind::TargetMemberships => {
            Part::TargetMemberships(compute::target_memberships(&clients.balancers, scope).await?)
        }
        PartKind::Profiles => Part::Profiles(profiles::profiles(clients, scope).await?),
    })
}

/// The VPCs of these instances, each once. An instance that is gone is in none.
pub(super) async fn locate(
    clients: &Clients,
    ids: &[InstanceId],
) -> Result<Vec<VpcId>, SourceError> {
    let mut vpcs = BTreeSet::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        let on = chunk.first().map_or("", |id| id.as_str());
        let call = Call::new("ec2:DescribeInstances", on);
        // By filter, not by id: an unknown id would fail the whole call.
        let reservations = clients
            .ec2
            .describe_instances()
            .filters(filter("instance-id", chunk.iter().map(InstanceId::as_str)))
            .into_paginator()
            .page_size(PAGE)
            .items()
            .send()
            .try_collect()
            .await
            .map_err(|error| call.read_error(&error))?;
        let instances = reservations.iter().flat_map(Reservation::instances);
        for instance in instances {
            vpcs.extend(instance.vpc_id().map(VpcId::from));
            // An instance may have interfaces in several VPCs:
            // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html
            let enis = instance.network_interfaces().iter();
            vpcs.extend(enis.filter_map(|eni| eni.vpc_id().map(VpcId::from)));
        }
    }
    Ok(vpcs.into_iter().collect())
}

/// A filter. A server treats `*` and `?` in values as wildcards; none of our ids has any.
pub(super) fn filter<'a>(name: &str, values: impl IntoIterator<Item = &'a str>) -> Filter {
    let values = values.into_iter().map(str::to_owned).collect();
    Filter::builder()
        .name(name)
        .set_values(Some(values))
        .build()
}

/// The filter by the scope's VPCs, under the name that the call gives it.
fn by_vpc(name: &str, scope: &Scope) -> Filter {
    filter(name, scope.vpcs.iter().map(VpcId::as_str))
}

/// What an error names: the scope's only VPC, or the first of them.
fn first_vpc(scope: &Scope) -> &str {
    scope.vpcs.first().map_or("", VpcId::as_str)
}
