//! Instances: their state, attributes and tags.

use super::super::Attribute;
use crate::model::{EniId, Estate, InstanceId, InstanceState};

/// An instance that stops gives back its automatic public addresses; Elastic IPs stay mapped.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Stop_Start.html>
pub(super) fn stop(estate: &mut Estate, instance: &InstanceId) {
    estate.update_instance(instance, |it| it.state = InstanceState::Stopped);
    let enis: Vec<EniId> = estate
        .enis_of_instance(instance)
        .map(|it| it.id.clone())
        .collect();
    for eni in enis {
        estate.update_eni(&eni, |it| it.public.retain(|mapped| mapped.elastic));
    }
}

pub(super) fn set_attribute(estate: &mut Estate, instance: &InstanceId, attribute: &Attribute) {
    if let Attribute::DeleteOnTermination { device, delete } = attribute {
        estate.update_volumes(|volumes| {
            let own =
                |it: &&mut crate::model::Volume| it.instance == *instance && it.device == *device;
            if let Some(volume) = volumes.iter_mut().find(own) {
                volume.delete_on_termination = *delete;
            }
        });
        return;
    }
    estate.update_instance(instance, |it| match attribute {
        Attribute::TerminationProtection(on) => it.attributes.termination_protection = Some(*on),
        Attribute::StopProtection(on) => it.attributes.stop_protection = Some(*on),
        Attribute::Shutdown(to) => it.attributes.shutdown = Some(*to),
        Attribute::DeleteOnTermination { .. } => {}
    });
}

/// Sets a tag, or takes it off. The model keeps `Name` apart.
pub(super) fn set_tag(estate: &mut Estate, instance: &InstanceId, key: &str, value: Option<&str>) {
    estate.update_instance(instance, |it| {
        if key == "Name" {
            it.name = value.unwrap_or_default().to_string();
            return;
        }
        let place = it.tags.iter().position(|(have, _)| have == key);
        match (place, value) {
            (Some(at), Some(value)) => value.clone_into(&mut it.tags[at].1),
            (Some(at), None) => drop(it.tags.remove(at)),
            (None, Some(value)) => it.tags.push((key.to_string(), value.to_string())),
            (None, None) => {}
        }
    });
}
