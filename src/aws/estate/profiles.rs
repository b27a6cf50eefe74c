//! Instance profiles: which role they give, and to whom else.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{InstanceStateName, Reservation};
use aws_sdk_iam::types::InstanceProfile as SdkProfile;

use super::super::connect::Clients;
use super::super::error::{Call, has_code};
use super::{FILTER_VALUES, PAGE, filter, first_vpc};
use crate::model::notation::profile_name;
use crate::model::{InstanceId, InstanceProfile};
use crate::sources::{Scope, SourceError};

/// What still can use a role: all but those that are on their way out.
const ALIVE: [InstanceStateName; 4] = [
    InstanceStateName::Pending,
    InstanceStateName::Running,
    InstanceStateName::Stopping,
    InstanceStateName::Stopped,
];

/// The profiles of the scope's instances. A role that may not be read fails all of them: a profile that
/// seems to have no role would be worse than none.
pub(super) async fn profiles(
    clients: &Clients,
    scope: &Scope,
) -> Result<Vec<InstanceProfile>, SourceError> {
    let mut found = Vec::new();
    for arn in arns(clients, scope).await? {
        let Some(name) = profile_name(&arn) else {
            continue;
        };
        found.push(InstanceProfile {
            roles: roles(clients, &name).await?,
            users: users(clients, &arn).await?,
            name,
        });
    }
    Ok(found)
}

/// The ARNs of the profiles, each once.
async fn arns(clients: &Clients, scope: &Scope) -> Result<BTreeSet<String>, SourceError> {
    let call = Call::new(
        "ec2:DescribeIamInstanceProfileAssociations",
        first_vpc(scope),
    );
    let mut arns = BTreeSet::new();
    for chunk in scope.instances.chunks(FILTER_VALUES) {
        let ids = chunk.iter().map(InstanceId::as_str);
        let request = clients
            .ec2
            .describe_iam_instance_profile_associations()
            .filters(filter("instance-id", ids))
            .filters(filter("state", ["associating", "associated"]));
        let pages = request.into_paginator().page_size(PAGE);
        let all = pages.items().send().try_collect().await;
        let all = all.map_err(|error| call.read_error(&error))?;
        let profiles = all.iter().filter_map(|it| it.iam_instance_profile());
        arns.extend(profiles.filter_map(|it| it.arn().map(str::to_owned)));
    }
    Ok(arns)
}

/// The names of a profile's roles. One that was deleted under its instances has none.
async fn roles(clients: &Clients, profile: &str) -> Result<Vec<String>, SourceError> {
    let call = Call::new("iam:GetInstanceProfile", profile);
    let request = clients.iam.get_instance_profile();
    match request.instance_profile_name(profile).send().await {
        Ok(answer) => {
            let profile = answer.instance_profile();
            let roles = profile.map(SdkProfile::roles).unwrap_or_default();
            Ok(roles.iter().map(|it| it.role_name().to_owned()).collect())
        }
        Err(error) if has_code(&error, "NoSuchEntity") => Ok(Vec::new()),
        Err(error) => Err(call.read_error(&error)),
    }
}

/// Every instance of the account and Region that has the profile.
async fn users(clients: &Clients, arn: &str) -> Result<Vec<InstanceId>, SourceError> {
    let call = Call::new("ec2:DescribeInstances", arn);
    let alive = ALIVE.iter().map(InstanceStateName::as_str);
    let request = clients
        .ec2
        .describe_instances()
        .filters(filter("iam-instance-profile.arn", [arn]))
        .filters(filter("instance-state-name", alive));
    let pages = request.into_paginator().page_size(PAGE);
    let reservations = pages.items().send().try_collect().await;
    let reservations = reservations.map_err(|error| call.read_error(&error))?;
    let all = reservations.iter().flat_map(Reservation::instances);
    Ok(all
        .filter_map(|it| it.instance_id().map(InstanceId::from))
        .collect())
}
