//! Security groups, and which an interface may have.

use super::super::GroupRef;
use super::instances::known_instance;
use super::interfaces::{known_eni, not_managed};
use super::{Refusal, known, known_id};
use crate::model::{Eni, EniId, Estate, Group, Instance, InstanceId, InstanceState, VpcId};

/// The most groups that an interface may have without a raised quota:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>
const GROUPS_PER_ENI: usize = 5;

pub(super) fn known_group<'e>(estate: &'e Estate, group: &GroupRef) -> Result<&'e Group, Refusal> {
    known(estate.group(&group.id()), "InvalidGroup.NotFound", group)
}

/// Names are compared without regard to case:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-groups.html>
pub(super) fn create(estate: &Estate, vpc: &VpcId, name: &str) -> Result<(), Refusal> {
    known_id(estate.vpc(vpc), "InvalidVpcID.NotFound", vpc)?;
    let valid = (1..=255).contains(&name.chars().count()) && !name.starts_with("sg-");
    Refusal::unless(valid, "InvalidParameterValue", || {
        format!("{name:?} is no valid group name")
    })?;
    let taken = estate
        .groups()
        .any(|group| group.vpc == *vpc && group.name.eq_ignore_ascii_case(name));
    Refusal::unless(!taken, "InvalidGroup.Duplicate", || {
        format!("{vpc} has a group named {name:?}")
    })
}

/// A group that rules of the same VPC name can't be deleted; rules across a peering become stale instead.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html>
pub(super) fn delete(estate: &Estate, group: &GroupRef) -> Result<(), Refusal> {
    let it = known_group(estate, group)?;
    Refusal::unless(it.name != "default", "CannotDelete", || {
        format!("{} is the default group of {}", it.id, it.vpc)
    })?;
    let members = estate.enis_of_group(&it.id).count();
    Refusal::unless(members == 0, "DependencyViolation", || {
        let first = estate.enis_of_group(&it.id).next().map(|eni| &eni.id);
        let first = first.map(ToString::to_string).unwrap_or_default();
        format!(
            "interfaces that {} is attached to: {members}, {first} among them",
            it.id
        )
    })?;
    let mut naming = estate.groups_naming(&it.id);
    let named = naming.find(|other| other.id != it.id && other.vpc == it.vpc);
    named.map_or(Ok(()), |other| {
        let message = format!("rules of {} name {}", other.id, it.id);
        Err(Refusal::new("DependencyViolation", message))
    })
}

/// `ModifyInstanceAttribute` can't tell which of several interfaces is meant:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
pub(super) fn set_on_instance(
    estate: &Estate,
    instance: &InstanceId,
    groups: &[GroupRef],
) -> Result<(), Refusal> {
    known_instance(estate, instance)?;
    let enis: Vec<&Eni> = estate.enis_of_instance(instance).collect();
    let [only] = enis.as_slice() else {
        let message = format!("{instance} has {} interfaces: name one of them", enis.len());
        return Err(Refusal::new("InvalidInstanceID", message));
    };
    set_on_eni(estate, &only.id, groups)
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html>
pub(super) fn set_on_eni(estate: &Estate, eni: &EniId, groups: &[GroupRef]) -> Result<(), Refusal> {
    let it = known_eni(estate, eni)?;
    not_managed(it)?;
    Refusal::unless(!groups.is_empty(), "InvalidParameterValue", || {
        format!("{eni} must keep at least one group")
    })?;
    fit(estate, groups, &it.vpc, eni.as_str())?;
    let instance = it.instance.as_ref().and_then(|id| estate.instance(id));
    // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/changing-security-group.html
    let changeable = |instance: &Instance| {
        matches!(
            instance.state,
            InstanceState::Running | InstanceState::Stopped
        )
    };
    Refusal::unless(
        instance.is_none_or(changeable),
        "IncorrectInstanceState",
        || {
            let state = instance.map_or("", |it| it.state.name());
            format!("the instance of {eni} is {state}; it must be running or stopped")
        },
    )
}

/// Whether these groups are few enough, exist, and belong to `vpc`, for an interface called `eni`.
pub(super) fn fit(
    estate: &Estate,
    groups: &[GroupRef],
    vpc: &VpcId,
    eni: &str,
) -> Result<(), Refusal> {
    let count = groups.len();
    Refusal::unless(
        count <= GROUPS_PER_ENI,
        "SecurityGroupsPerInterfaceLimitExceeded",
        || format!("{eni} would get {count} groups, the quota is {GROUPS_PER_ENI}"),
    )?;
    for group in groups {
        let group = known_group(estate, group)?;
        Refusal::unless(group.vpc == *vpc, "InvalidGroup.NotFound", || {
            format!("{} belongs to {}, {eni} to {vpc}", group.id, group.vpc)
        })?;
    }
    Ok(())
}
