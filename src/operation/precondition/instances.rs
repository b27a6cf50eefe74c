//! Instances: state, attributes, tags, profile.

use std::collections::BTreeMap;

use super::super::observe::tag_value;
use super::super::{Attribute, TagValue};
use super::{Refusal, known_id};
use crate::model::{Estate, Instance, InstanceId, InstanceState, PartKind, ResourceId};

pub(super) fn known_instance<'e>(
    estate: &'e Estate,
    instance: &InstanceId,
) -> Result<&'e Instance, Refusal> {
    let found = estate.instance(instance);
    known_id(found, "InvalidInstanceID.NotFound", instance)
}

/// Hibernation must have been configured at launch, and stop protection refuses both:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StopInstances.html>,
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-stop-protection.html>
pub(super) fn stop(estate: &Estate, instance: &InstanceId, hibernate: bool) -> Result<(), Refusal> {
    let it = known_instance(estate, instance)?;
    in_state(
        it,
        &[
            InstanceState::Running,
            InstanceState::Stopping,
            InstanceState::Stopped,
        ],
    )?;
    let protected = it.attributes.stop_protection == Some(true);
    Refusal::unless(!protected, "OperationNotPermitted", || {
        format!("{instance} has stop protection (disableApiStop)")
    })?;
    let hibernates = !hibernate || it.attributes.hibernation != Some(false);
    Refusal::unless(hibernates, "UnsupportedHibernationConfiguration", || {
        format!("{instance} was not launched with hibernation")
    })
}

pub(super) fn start(estate: &Estate, instance: &InstanceId) -> Result<(), Refusal> {
    let it = known_instance(estate, instance)?;
    in_state(it, &[InstanceState::Stopped, InstanceState::Running])
}

fn in_state(instance: &Instance, states: &[InstanceState]) -> Result<(), Refusal> {
    Refusal::unless(
        states.contains(&instance.state),
        "IncorrectInstanceState",
        || format!("{} is {}", instance.id, instance.state.name()),
    )
}

/// Spot instances have neither protection:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_ChangingDisableAPITermination.html>
pub(super) fn set_attribute(
    estate: &Estate,
    instance: &InstanceId,
    attribute: &Attribute,
) -> Result<(), Refusal> {
    let it = known_instance(estate, instance)?;
    match attribute {
        Attribute::TerminationProtection(true) | Attribute::StopProtection(true) => {
            Refusal::unless(!it.spot, "UnsupportedOperation", || {
                format!("{instance} is a Spot instance: it can't be protected")
            })
        }
        Attribute::DeleteOnTermination { device, .. } => {
            let read = estate.freshness(PartKind::Volumes).is_some();
            let has = estate.volumes_of(instance).any(|it| it.device == *device);
            Refusal::unless(!read || has, "InvalidInstanceAttributeValue", || {
                format!("{instance} has no volume at {device}")
            })
        }
        Attribute::TerminationProtection(false)
        | Attribute::StopProtection(false)
        | Attribute::Shutdown(_) => Ok(()),
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions>
pub(super) fn set_tags(
    estate: &Estate,
    resource: &ResourceId,
    tags: &BTreeMap<String, Option<TagValue>>,
) -> Result<(), Refusal> {
    const MOST: usize = 50;
    for (key, value) in tags {
        let value = value.as_ref().map(ToString::to_string).unwrap_or_default();
        let valid = (1..=128).contains(&key.chars().count()) && !key.starts_with("aws:");
        Refusal::unless(
            valid && value.chars().count() <= 256,
            "InvalidParameterValue",
            || format!("{key:?}={value:?} is no valid tag"),
        )?;
    }
    // Tags of other resources are no part of the estate.
    if !resource.as_str().starts_with("i-") {
        return Ok(());
    }
    let it = known_instance(estate, &resource.as_str().into())?;
    let own = it.tags.iter().filter(|(key, _)| !key.starts_with("aws:"));
    let have = own.count() + usize::from(!it.name.is_empty());
    let new = tags
        .iter()
        .filter(|(key, value)| value.is_some() && tag_value(it, key).is_none());
    let new = new.count();
    Refusal::unless(new == 0 || have + new <= MOST, "TagLimitExceeded", || {
        format!("{resource} has {have} tags already, and {MOST} are the most")
    })
}

/// Systems Manager reaches running instances only:
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html>
pub(super) fn run(estate: &Estate, instance: &InstanceId) -> Result<(), Refusal> {
    let it = known_instance(estate, instance)?;
    let running = it.state == InstanceState::Running;
    Refusal::unless(running, "InvalidInstanceId", || {
        format!("{instance} is {}", it.state.name())
    })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html>
pub(super) fn image(estate: &Estate, instance: &InstanceId, name: &str) -> Result<(), Refusal> {
    let it = known_instance(estate, instance)?;
    in_state(it, &[InstanceState::Running, InstanceState::Stopped])?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || " ()[]./-'@_".contains(c);
    let valid = (3..=128).contains(&name.chars().count()) && name.chars().all(allowed);
    Refusal::unless(valid, "InvalidAMIName.Malformed", || {
        format!("{name:?} is no valid image name")
    })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisassociateIamInstanceProfile.html>
pub(super) fn disassociate_profile(estate: &Estate, instance: &InstanceId) -> Result<(), Refusal> {
    let it = known_instance(estate, instance)?;
    Refusal::unless(it.profile.is_some(), "NoSuchAssociation", || {
        format!("{instance} has no instance profile")
    })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateIamInstanceProfile.html>
pub(super) fn associate_profile(estate: &Estate, instance: &InstanceId) -> Result<(), Refusal> {
    let it = known_instance(estate, instance)?;
    Refusal::unless(it.profile.is_none(), "IncorrectState", || {
        format!("{instance} has an instance profile already")
    })
}
