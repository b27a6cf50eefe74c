//! What AWS refuses, said before it is asked.

use super::{Operation, Ref};
use crate::model::id::Id;
use crate::model::{Estate, Instance, InstanceState, TrackingTimeouts};

/// Why AWS would refuse an operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// The error code that AWS answers:
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
    pub code: &'static str,
    /// What is wrong, with the id.
    pub message: String,
}

impl Refusal {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    fn unless(
        holds: bool,
        code: &'static str,
        message: impl FnOnce() -> String,
    ) -> Result<(), Self> {
        if holds {
            Ok(())
        } else {
            Err(Self::new(code, message()))
        }
    }
}

/// The most groups that an interface may have without a raised quota:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>
const GROUPS_PER_ENI: usize = 5;

/// Checks what AWS would check before it makes the change.
///
/// # Errors
/// The first reason for which AWS would refuse, with its error code.
pub fn precondition(estate: &Estate, operation: &Operation) -> Result<(), Refusal> {
    match operation {
        Operation::CreateGroup { vpc, name, .. } => {
            Refusal::unless(estate.vpc(vpc).is_some(), "InvalidVpcID.NotFound", || {
                format!("{vpc} does not exist")
            })?;
            let valid = (1..=255).contains(&name.chars().count()) && !name.starts_with("sg-");
            Refusal::unless(valid, "InvalidParameterValue", || {
                format!("{name:?} is no valid group name")
            })?;
            // Names are compared without regard to case:
            // https://docs.aws.amazon.com/vpc/latest/userguide/security-groups.html
            let taken = estate
                .groups()
                .any(|group| group.vpc == *vpc && group.name.eq_ignore_ascii_case(name));
            Refusal::unless(!taken, "InvalidGroup.Duplicate", || {
                format!("{vpc} has a group named {name:?}")
            })
        }
        Operation::AuthorizeRules { group, .. } | Operation::RevokeAllRules { group, .. } => {
            known(estate.group(&group.id()), "InvalidGroup.NotFound", group).map(|_| ())
        }
        Operation::SetEniGroups { eni, groups } => eni_groups(estate, eni, groups),
        Operation::SetTrackingTimeouts { eni, timeouts } => {
            let it = known_id(estate.eni(eni), "InvalidNetworkInterfaceID.NotFound", eni)?;
            not_managed(it)?;
            timeouts_in_range(*timeouts)
        }
        Operation::CreateAcl { vpc, .. } => {
            known_id(estate.vpc(vpc), "InvalidVpcID.NotFound", vpc).map(|_| ())
        }
        Operation::SetSubnetAcl { subnet, acl } => {
            let it = known_id(estate.subnet(subnet), "InvalidSubnetID.NotFound", subnet)?;
            let target = known(estate.acl(&acl.id()), "InvalidNetworkAclID.NotFound", acl)?;
            Refusal::unless(it.vpc == target.vpc, "InvalidParameterValue", || {
                format!(
                    "{} belongs to {}, {subnet} to {}",
                    target.id, target.vpc, it.vpc
                )
            })
        }
        Operation::DeleteGroup { group } => {
            let it = known(estate.group(&group.id()), "InvalidGroup.NotFound", group)?;
            // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html
            let used = estate.enis_of_group(&it.id).next().is_some();
            let named = estate.groups_naming(&it.id).any(|other| other.id != it.id);
            Refusal::unless(!used && !named, "DependencyViolation", || {
                format!("{} is still in use", it.id)
            })
        }
        Operation::DeleteAcl { acl } => {
            let it = known(estate.acl(&acl.id()), "InvalidNetworkAclID.NotFound", acl)?;
            Refusal::unless(
                it.subnets.is_empty() && !it.default,
                "DependencyViolation",
                || format!("{} still serves a subnet, or is the default", it.id),
            )
        }
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html>
fn eni_groups(
    estate: &Estate,
    eni: &crate::model::EniId,
    groups: &[super::GroupRef],
) -> Result<(), Refusal> {
    let it = known_id(estate.eni(eni), "InvalidNetworkInterfaceID.NotFound", eni)?;
    not_managed(it)?;
    Refusal::unless(!groups.is_empty(), "InvalidParameterValue", || {
        format!("{eni} must keep at least one group")
    })?;
    Refusal::unless(
        groups.len() <= GROUPS_PER_ENI,
        "SecurityGroupsPerInterfaceLimitExceeded",
        || {
            format!(
                "{eni} would get {} groups, the quota is {GROUPS_PER_ENI}",
                groups.len()
            )
        },
    )?;
    for group in groups {
        let group = known(estate.group(&group.id()), "InvalidGroup.NotFound", group)?;
        Refusal::unless(group.vpc == it.vpc, "InvalidGroup.NotFound", || {
            format!("{} belongs to {}, {eni} to {}", group.id, group.vpc, it.vpc)
        })?;
    }
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

/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html>
fn not_managed(eni: &crate::model::Eni) -> Result<(), Refusal> {
    Refusal::unless(!eni.requester_managed, "OperationNotPermitted", || {
        format!(
            "{} is managed by an AWS service ({})",
            eni.id,
            eni.kind.name()
        )
    })
}

fn timeouts_in_range(timeouts: TrackingTimeouts) -> Result<(), Refusal> {
    let ranges = [
        (
            "TcpEstablishedTimeout",
            timeouts.tcp_established,
            60..=432_000,
        ),
        ("UdpTimeout", timeouts.udp, 30..=60),
        ("UdpStreamTimeout", timeouts.udp_stream, 60..=180),
    ];
    for (name, value, range) in ranges {
        Refusal::unless(
            value.is_none_or(|it| range.contains(&it)),
            "InvalidParameterValue",
            || format!("{name} must lie in {range:?} seconds"),
        )?;
    }
    Ok(())
}

fn known<'a, K, T>(
    found: Option<&'a T>,
    code: &'static str,
    reference: &Ref<K>,
) -> Result<&'a T, Refusal> {
    known_id(found, code, &reference.id())
}

fn known_id<'a, K, T>(
    found: Option<&'a T>,
    code: &'static str,
    id: &Id<K>,
) -> Result<&'a T, Refusal> {
    found.ok_or_else(|| Refusal::new(code, format!("{id} does not exist")))
}
