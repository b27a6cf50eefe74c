//! Instances, their volumes, and what would react to a change of them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::Reservation;
use aws_sdk_elasticloadbalancingv2::types::{TargetGroup, TargetTypeEnum};
use futures::{StreamExt, TryStreamExt, stream};

use super::super::convert::compute;
use super::super::error::{Call, has_code};
use super::{FILTER_VALUES, PAGE, by_vpc, filter, first_vpc};
use crate::model::{
    AsgMembership, AsgName, AsgSize, Instance, InstanceId, TargetMembership, Volume, VpcId,
};
use crate::sources::{Scope, SourceError, SourceErrorKind};

/// The most ids that one call takes, and its largest page:
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingInstances.html>
const ASG_IDS: usize = 50;

/// The most names that one call takes:
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html>
const ASG_NAMES: usize = 50;

/// Health is asked per target group; more at once would eat the account's request budget.
const AT_ONCE: usize = 4;

pub(super) async fn instances(ec2: &Client, scope: &Scope) -> Result<Vec<Instance>, SourceError> {
    let call = Call::new("ec2:DescribeInstances", first_vpc(scope));
    let request = ec2.describe_instances().filters(by_vpc("vpc-id", scope));
    let pages = request.into_paginator().page_size(PAGE);
    let reservations = pages.items().send().try_collect().await;
    let reservations = reservations.map_err(|error| call.read_error(&error))?;
    let all = reservations.iter().flat_map(Reservation::instances);
    Ok(all.filter_map(compute::instance).collect())
}

pub(super) async fn volumes(ec2: &Client, scope: &Scope) -> Result<Vec<Volume>, SourceError> {
    let mut found = Vec::new();
    for chunk in scope.instances.chunks(FILTER_VALUES) {
        let call = Call::new("ec2:DescribeVolumes", first_vpc(scope));
        let ids = chunk.iter().map(InstanceId::as_str);
        let request = ec2
            .describe_volumes()
            .filters(filter("attachment.instance-id", ids));
        let pages = request.into_paginator().page_size(PAGE);
        let all = pages.items().send().try_collect().await;
        let all = all.map_err(|error| call.read_error(&error))?;
        let attached = all.iter().flat_map(compute::volumes);
        // A volume may be attached to instances of other chunks, too.
        found.extend(attached.filter(|it| chunk.contains(&it.instance)));
    }
    Ok(found)
}

pub(super) async fn asg_memberships(
    autoscaling: &aws_sdk_autoscaling::Client,
    scope: &Scope,
) -> Result<Vec<AsgMembership>, SourceError> {
    let mut found = Vec::new();
    for chunk in scope.instances.chunks(ASG_IDS) {
        let call = Call::new("autoscaling:DescribeAutoScalingInstances", first_vpc(scope));
        let ids = chunk.iter().map(ToString::to_string).collect();
        let request = autoscaling
            .describe_auto_scaling_instances()
            .set_instance_ids(Some(ids));
        let all = request.into_paginator().items().send().try_collect().await;
        let all = all.map_err(|error| call.read_error(&error))?;
        found.extend(all.iter().filter_map(compute::asg_membership));
    }
    let names: BTreeSet<AsgName> = found.iter().map(|it| it.group.clone()).collect();
    let sizes = asg_sizes(autoscaling, names).await?;
    for member in &mut found {
        member.size = sizes.get(&member.group).copied();
    }
    Ok(found)
}

/// Who may not read them sees memberships without sizes.
async fn asg_sizes(
    autoscaling: &aws_sdk_autoscaling::Client,
    names: BTreeSet<AsgName>,
) -> Result<BTreeMap<AsgName, AsgSize>, SourceError> {
    let names: Vec<AsgName> = names.into_iter().collect();
    let mut sizes = BTreeMap::new();
    for chunk in names.chunks(ASG_NAMES) {
        let on = chunk.first().map_or("", |name| name.as_str());
        let call = Call::new("autoscaling:DescribeAutoScalingGroups", on);
        let names = chunk.iter().map(ToString::to_string).collect();
        let request = autoscaling
            .describe_auto_scaling_groups()
            .set_auto_scaling_group_names(Some(names));
        let all = request.into_paginator().items().send().try_collect().await;
        match all.map_err(|error| call.read_error(&error)) {
            Ok(all) => sizes.extend(all.iter().filter_map(compute::asg_size)),
            Err(error) if matches!(error.kind, SourceErrorKind::Denied(_)) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(sizes)
}

/// Target groups can't be asked for by instance: all of the scope's VPCs are looked through.
pub(super) async fn target_memberships(
    balancers: &aws_sdk_elasticloadbalancingv2::Client,
    scope: &Scope,
) -> Result<Vec<TargetMembership>, SourceError> {
    let call = Call::new(
        "elasticloadbalancing:DescribeTargetGroups",
        first_vpc(scope),
    );
    let pages = balancers.describe_target_groups().into_paginator();
    let all = pages.items().send().try_collect().await;
    let all = all.map_err(|error| call.read_error(&error))?;
    let ours = all.iter().filter(|it| may_hold_instances(it, &scope.vpcs));
    let reads: Vec<_> = ours.map(|group| targets(balancers, group)).collect();
    let members: Vec<Vec<TargetMembership>> =
        stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
    Ok(members.into_iter().flatten().collect())
}

/// Targets by address may be anything; only those by instance id are memberships of instances.
fn may_hold_instances(it: &TargetGroup, vpcs: &BTreeSet<VpcId>) -> bool {
    it.target_type() == Some(&TargetTypeEnum::Instance)
        && it.vpc_id().is_some_and(|id| vpcs.contains(id))
}

async fn targets(
    balancers: &aws_sdk_elasticloadbalancingv2::Client,
    group: &TargetGroup,
) -> Result<Vec<TargetMembership>, SourceError> {
    let Some(arn) = group.target_group_arn() else {
        return Ok(Vec::new());
    };
    let call = Call::new("elasticloadbalancing:DescribeTargetHealth", arn);
    let request = balancers.describe_target_health().target_group_arn(arn);
    match request.send().await {
        Ok(health) => {
            let all = health.target_health_descriptions().iter();
            Ok(all
                .filter_map(|it| compute::target_membership(group, it))
                .collect())
        }
        // Deleted since it was listed.
        Err(error) if has_code(&error, "TargetGroupNotFound") => Ok(Vec::new()),
        Err(error) => Err(call.read_error(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_instance_targets_of_the_scope_are_asked_for() {
        let vpcs: BTreeSet<VpcId> = ["vpc-1".into()].into();
        for (vpc, kind, ours) in [
            (Some("vpc-1"), TargetTypeEnum::Instance, true),
            (Some("vpc-1"), TargetTypeEnum::Ip, false),
            (Some("vpc-2"), TargetTypeEnum::Instance, false),
            (None, TargetTypeEnum::Lambda, false),
        ] {
            let group = TargetGroup::builder()
                .set_vpc_id(vpc.map(str::to_owned))
                .target_type(kind);
            assert_eq!(may_hold_instances(&group.build(), &vpcs), ours, "{vpc:?}");
        }
    }
}
