//! Security groups: create, fill, empty, delete, and read back.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::types::{Filter, IpPermission, ResourceType, SecurityGroup, SecurityGroupRule};

use super::super::convert::group::{permission, rule};
use super::super::error::{Call, has_code};
use super::super::estate::filter;
use super::{Ec2, made, tagged_as};
use crate::model::{Direction, GroupId, GroupRule, VpcId};
use crate::operation::{Answer, CallError, CallErrorKind, State};

/// The largest page of `DescribeSecurityGroups` and `DescribeSecurityGroupRules`.
const PAGE: i32 = 1000;

/// The group of this name in a VPC.
pub(super) async fn named(ec2: &Client, vpc: &VpcId, name: &str) -> Result<State, CallError> {
    let filters = vec![
        filter("vpc-id", [vpc.as_str()]),
        filter("group-name", [name]),
    ];
    let found = describe(ec2, vpc.as_str(), filters).await?;
    // A filter reads * and ? in a name as wildcards.
    let found = found.iter().find(|it| it.group_name() == Some(name));
    match found.and_then(SecurityGroup::group_id) {
        Some(id) => with_rules(ec2, &GroupId::new(id)).await,
        None => Ok(State::Absent),
    }
}

/// A group by id.
pub(super) async fn state(ec2: &Client, group: &GroupId) -> Result<State, CallError> {
    match by_id(ec2, group).await? {
        Some(_) => with_rules(ec2, group).await,
        None => Ok(State::Absent),
    }
}

async fn with_rules(ec2: &Client, group: &GroupId) -> Result<State, CallError> {
    let rules = rules(ec2, group).await?;
    Ok(State::Group {
        id: group.clone(),
        rules: rules.iter().filter_map(rule).collect(),
    })
}

async fn by_id(ec2: &Client, group: &GroupId) -> Result<Option<SecurityGroup>, CallError> {
    let filters = vec![filter("group-id", [group.as_str()])];
    let found = describe(ec2, group.as_str(), filters).await?;
    Ok(found.into_iter().next())
}

/// By filters alone: asking for an id that AWS does not show yet would be an error.
async fn describe(
    ec2: &Client,
    on: &str,
    filters: Vec<Filter>,
) -> Result<Vec<SecurityGroup>, CallError> {
    let call = Call::new("ec2:DescribeSecurityGroups", on);
    let request = ec2.describe_security_groups().set_filters(Some(filters));
    let pages = request.into_paginator().page_size(PAGE);
    let found = pages.items().send().try_collect().await;
    found.map_err(|error| call.lookup_error(&error))
}

async fn rules(ec2: &Client, group: &GroupId) -> Result<Vec<SecurityGroupRule>, CallError> {
    let call = Call::new("ec2:DescribeSecurityGroupRules", group.as_str());
    let request = ec2
        .describe_security_group_rules()
        .filters(filter("group-id", [group.as_str()]));
    let pages = request.into_paginator().page_size(PAGE);
    let found = pages.items().send().try_collect().await;
    found.map_err(|error| call.lookup_error(&error))
}

/// Creates a group.
pub(super) async fn create(
    ec2: &Client,
    vpc: &VpcId,
    name: &str,
    description: &str,
    tags: &[(String, String)],
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:CreateSecurityGroup", vpc.as_str());
    let answer = ec2
        .create_security_group()
        .vpc_id(vpc.as_str())
        .group_name(name)
        .description(description)
        .set_tag_specifications(tagged_as(ResourceType::SecurityGroup, tags))
        .send()
        .await
        .map_err(|error| call.call_error(&error))?;
    made(call, answer.group_id())
}

/// Adds rules. One that is there already fails the whole call, the new ones included; then each is
/// added alone.
pub(super) async fn authorize(
    ec2: &Client,
    group: &GroupId,
    direction: Direction,
    rules: &[GroupRule],
) -> Result<Answer, CallError> {
    let all: Vec<IpPermission> = rules.iter().map(permission).collect();
    if all.is_empty() || authorize_new(ec2, group, direction, all.clone()).await? {
        return Ok(Answer::default());
    }
    if all.len() > 1 {
        for one in all {
            authorize_new(ec2, group, direction, vec![one]).await?;
        }
    }
    Ok(Answer::default())
}

/// `false`: AWS added nothing, because a rule is there already.
async fn authorize_new(
    ec2: &Client,
    group: &GroupId,
    direction: Direction,
    permissions: Vec<IpPermission>,
) -> Result<bool, CallError> {
    let id = group.as_str();
    match direction {
        Direction::Ingress => {
            let request = ec2.authorize_security_group_ingress().group_id(id);
            let request = request.set_ip_permissions(Some(permissions));
            let call = Call::new("ec2:AuthorizeSecurityGroupIngress", id);
            unless_duplicate(call, request.send().await)
        }
        Direction::Egress => {
            let request = ec2.authorize_security_group_egress().group_id(id);
            let request = request.set_ip_permissions(Some(permissions));
            let call = Call::new("ec2:AuthorizeSecurityGroupEgress", id);
            unless_duplicate(call, request.send().await)
        }
    }
}

fn unless_duplicate<T, E>(call: Call<'_>, answer: Result<T, SdkError<E>>) -> Result<bool, CallError>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match answer {
        Ok(_) => Ok(true),
        Err(error) if has_code(&error, "InvalidPermission.Duplicate") => Ok(false),
        Err(error) => Err(call.call_error(&error)),
    }
}

/// Revokes given rules, by id. What the group has not is no error.
pub(super) async fn revoke(
    ec2: Ec2<'_>,
    group: &GroupId,
    direction: Direction,
    gone: &[GroupRule],
) -> Result<Answer, CallError> {
    let found = rules(ec2.read, group).await?;
    let found = found.iter().filter_map(rule);
    let ours =
        found.filter(|it| it.direction == direction && gone.iter().any(|one| it.same_as(one)));
    let ids: Vec<String> = ours
        .filter_map(|it| it.id.map(|id| id.to_string()))
        .collect();
    if ids.is_empty() {
        return Ok(Answer::default());
    }
    revoke_ids(ec2.write, group, direction, ids).await
}

/// Revokes every rule of one direction.
pub(super) async fn revoke_all(
    ec2: Ec2<'_>,
    group: &GroupId,
    direction: Direction,
) -> Result<Answer, CallError> {
    let egress = direction == Direction::Egress;
    let found = rules(ec2.read, group).await?;
    let found = found.iter().filter(|it| it.is_egress() == Some(egress));
    let ids: Vec<String> = found
        .filter_map(|it| it.security_group_rule_id.clone())
        .collect();
    if ids.is_empty() {
        return nothing_to_revoke(ec2.read, group, direction).await;
    }
    revoke_ids(ec2.write, group, direction, ids).await
}

/// By id: a guessed permission that matches nothing is no error in a default VPC.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupEgress.html>
async fn revoke_ids(
    ec2: &Client,
    group: &GroupId,
    direction: Direction,
    ids: Vec<String>,
) -> Result<Answer, CallError> {
    let id = group.as_str();
    match direction {
        Direction::Ingress => {
            let call = Call::new("ec2:RevokeSecurityGroupIngress", id);
            let request = ec2.revoke_security_group_ingress().group_id(id);
            let answer = request.set_security_group_rule_ids(Some(ids)).send().await;
            let answer = answer.map_err(|error| call.call_error(&error))?;
            revoked(call, answer.r#return(), answer.unknown_ip_permissions())
        }
        Direction::Egress => {
            let call = Call::new("ec2:RevokeSecurityGroupEgress", id);
            let request = ec2.revoke_security_group_egress().group_id(id);
            let answer = request.set_security_group_rule_ids(Some(ids)).send().await;
            let answer = answer.map_err(|error| call.call_error(&error))?;
            revoked(call, answer.r#return(), answer.unknown_ip_permissions())
        }
    }
}

/// An empty list of rules may only be late: a new group has egress rules before AWS lists them. The
/// group's own view has to agree.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/query-api-troubleshooting.html#eventual-consistency>
async fn nothing_to_revoke(
    ec2: &Client,
    group: &GroupId,
    direction: Direction,
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:DescribeSecurityGroups", group.as_str());
    let missing = |message| call.refuse(CallErrorKind::NotFound, "NotVisibleYet", message);
    let Some(it) = by_id(ec2, group).await? else {
        return Err(missing("AWS does not show this group; try again"));
    };
    let permissions = match direction {
        Direction::Ingress => it.ip_permissions(),
        Direction::Egress => it.ip_permissions_egress(),
    };
    if permissions.is_empty() {
        return Ok(Answer::default());
    }
    Err(missing("AWS does not list its rules yet; try again"))
}

/// Success is read from the answer, not from its status.
fn revoked(
    call: Call<'_>,
    returned: Option<bool>,
    unknown: &[IpPermission],
) -> Result<Answer, CallError> {
    if returned == Some(false) || !unknown.is_empty() {
        let message = format!("AWS left {} rules; read it back", unknown.len().max(1));
        return Err(call.refuse(CallErrorKind::Refused, "NotRevoked", &message));
    }
    Ok(Answer::default())
}

/// Deletes a group.
pub(super) async fn delete(ec2: &Client, group: &GroupId) -> Result<Answer, CallError> {
    let call = Call::new("ec2:DeleteSecurityGroup", group.as_str());
    let request = ec2.delete_security_group().group_id(group.as_str());
    call.answered(request.send().await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revocation_that_left_rules_is_no_success() {
        let call = Call::new("ec2:RevokeSecurityGroupEgress", "sg-1");
        let left = [IpPermission::builder().build()];
        for (returned, unknown, good) in [
            (Some(true), &[][..], true),
            (None, &[][..], true),
            (Some(false), &[][..], false),
            (Some(true), &left[..], false),
        ] {
            assert_eq!(revoked(call, returned, unknown).is_ok(), good);
        }
    }
}
