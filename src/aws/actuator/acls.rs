//! Network ACLs: create, move a subnet, delete, and read back.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Filter, NetworkAcl, ResourceType, Tag};

use super::super::error::{Call, is_not_found};
use super::super::estate::filter;
use super::{Ec2, made, tagged_as};
use crate::model::{AclId, SubnetId, VpcId};
use crate::operation::{Answer, CallError, CallErrorKind, State};

/// The largest page of `DescribeNetworkAcls`.
const PAGE: i32 = 1000;

/// The ACL of a VPC that carries all these tags: the first, should there be several.
pub(super) async fn tagged(
    ec2: &Client,
    vpc: &VpcId,
    tags: &[(String, String)],
) -> Result<State, CallError> {
    // Every ACL carries no tags at all.
    if tags.is_empty() {
        return Ok(State::Absent);
    }
    let mut filters = vec![filter("vpc-id", [vpc.as_str()])];
    for (key, value) in tags {
        filters.push(filter(&format!("tag:{key}"), [value.as_str()]));
    }
    let found = describe(ec2, vpc.as_str(), filters).await?;
    let ours = found.iter().filter(|it| carries(it.tags(), tags));
    let first = ours.filter_map(NetworkAcl::network_acl_id).min();
    Ok(first.map_or(State::Absent, |id| State::Acl(id.into())))
}

/// A filter reads * and ? in a value as wildcards.
fn carries(have: &[Tag], want: &[(String, String)]) -> bool {
    want.iter().all(|(key, value)| {
        have.iter()
            .any(|tag| tag.key() == Some(key) && tag.value() == Some(value))
    })
}

/// The ACL that serves a subnet.
pub(super) async fn of_subnet(ec2: &Client, subnet: &SubnetId) -> Result<State, CallError> {
    let association = association(ec2, subnet).await?;
    Ok(association.map_or(State::Absent, |it| State::SubnetAcl(it.acl)))
}

/// An ACL by id.
pub(super) async fn state(ec2: &Client, acl: &AclId) -> Result<State, CallError> {
    let call = Call::new("ec2:DescribeNetworkAcls", acl.as_str());
    let request = ec2.describe_network_acls().network_acl_ids(acl.as_str());
    match request.send().await {
        Ok(answer) if answer.network_acls().is_empty() => Ok(State::Absent),
        Ok(_) => Ok(State::Acl(acl.clone())),
        Err(error) if is_not_found(&error) => Ok(State::Absent),
        Err(error) => Err(call.lookup_error(&error)),
    }
}

/// Which ACL serves a subnet, and under which id AWS keeps that.
#[derive(Debug, PartialEq, Eq)]
struct Association {
    id: String,
    acl: AclId,
}

async fn association(ec2: &Client, subnet: &SubnetId) -> Result<Option<Association>, CallError> {
    let filters = vec![filter("association.subnet-id", [subnet.as_str()])];
    let found = describe(ec2, subnet.as_str(), filters).await?;
    Ok(association_in(&found, subnet))
}

/// The filter answers whole ACLs, with the associations of all their subnets.
fn association_in(acls: &[NetworkAcl], subnet: &SubnetId) -> Option<Association> {
    let all = acls.iter().flat_map(NetworkAcl::associations);
    let ours = all
        .filter(|it| it.subnet_id() == Some(subnet.as_str()))
        .find_map(|it| Some((it.network_acl_association_id()?, it.network_acl_id()?)));
    let (id, acl) = ours?;
    Some(Association {
        id: id.to_owned(),
        acl: acl.into(),
    })
}

async fn describe(
    ec2: &Client,
    on: &str,
    filters: Vec<Filter>,
) -> Result<Vec<NetworkAcl>, CallError> {
    let call = Call::new("ec2:DescribeNetworkAcls", on);
    let request = ec2.describe_network_acls().set_filters(Some(filters));
    let pages = request.into_paginator().page_size(PAGE);
    let found = pages.items().send().try_collect().await;
    found.map_err(|error| call.lookup_error(&error))
}

/// Creates an ACL: AWS gives it nothing but the final denies.
pub(super) async fn create(
    ec2: &Client,
    vpc: &VpcId,
    tags: &[(String, String)],
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:CreateNetworkAcl", vpc.as_str());
    let answer = ec2
        .create_network_acl()
        .vpc_id(vpc.as_str())
        .set_tag_specifications(tagged_as(ResourceType::NetworkAcl, tags))
        .send()
        .await
        .map_err(|error| call.call_error(&error))?;
    made(
        call,
        answer.network_acl().and_then(NetworkAcl::network_acl_id),
    )
}

/// Moves a subnet to another ACL.
pub(super) async fn associate(
    ec2: Ec2<'_>,
    subnet: &SubnetId,
    acl: &AclId,
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:ReplaceNetworkAclAssociation", subnet.as_str());
    let Some(now) = association(ec2.read, subnet).await? else {
        let message = "AWS shows no network ACL that serves it; check the subnet";
        return Err(call.refuse(CallErrorKind::NotFound, "NoAssociation", message));
    };
    if now.acl == *acl {
        return Ok(Answer::default());
    }
    let request = ec2
        .write
        .replace_network_acl_association()
        .association_id(now.id)
        .network_acl_id(acl.as_str());
    match request.send().await {
        Ok(_) => Ok(Answer::default()),
        Err(error) => Err(call.call_error(&error)),
    }
}

/// Deletes an ACL.
pub(super) async fn delete(ec2: &Client, acl: &AclId) -> Result<Answer, CallError> {
    let call = Call::new("ec2:DeleteNetworkAcl", acl.as_str());
    let request = ec2.delete_network_acl().network_acl_id(acl.as_str());
    match request.send().await {
        Ok(_) => Ok(Answer::default()),
        Err(error) => Err(call.call_error(&error)),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::NetworkAclAssociation;

    use super::*;

    #[test]
    fn the_association_is_that_of_the_subnet_and_of_no_other() {
        let of = |subnet: &str, id: &str| {
            NetworkAclAssociation::builder()
                .subnet_id(subnet)
                .network_acl_association_id(id)
                .network_acl_id("acl-1")
                .build()
        };
        let acl = NetworkAcl::builder()
            .network_acl_id("acl-1")
            .associations(of("subnet-1", "aclassoc-1"))
            .associations(of("subnet-2", "aclassoc-2"))
            .build();
        let found = association_in(std::slice::from_ref(&acl), &"subnet-2".into());
        assert_eq!(found.unwrap().id, "aclassoc-2");
        assert_eq!(association_in(&[acl], &"subnet-3".into()), None);
    }

    #[test]
    fn tags_are_compared_exactly() {
        let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
        let have = [tag("Name", "quarantine-1"), tag("case", "7")];
        for (want, expected) in [
            (&[("Name", "quarantine-1")][..], true),
            (&[("Name", "quarantine-1"), ("case", "7")][..], true),
            (&[("Name", "quarantine-?")][..], false),
            (&[("Name", "quarantine-1"), ("case", "8")][..], false),
        ] {
            let want: Vec<_> = want
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect();
            assert_eq!(carries(&have, &want), expected, "{want:?}");
        }
    }
}
