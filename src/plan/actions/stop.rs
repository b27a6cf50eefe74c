//! `stop`: the instance stopped.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Stop_Start.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::step::Class;
use super::super::subject::{Steps, Subject};
use super::Remarks;
use crate::model::{Instance, InstanceState, PartKind};
use crate::operation::{Attribute, Operation, StepId};

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::Stop,
    name: "stop",
    scope: Scope::Instance,
    summary: "stop the instance",
    caveat: "memory and instance store are lost; credentials already issued stay valid",
    stays: "an automatic public address is another one after the start",
    evidence_lost: "memory, instance store volumes, sessions and processes",
    needs: &[PartKind::Instances],
    build: |subject, steps| stopped(subject, steps, false),
    ..Entry::USUAL
};

/// The steps of stopping, with or without memory written to disk.
pub(super) fn stopped(subject: &Subject<'_>, steps: &mut Steps, hibernate: bool) -> Remarks {
    let instance = subject.instance;
    if instance.state == InstanceState::Stopped {
        return Err(subject.already_so());
    }
    let unprotected = unprotect(instance, steps);
    let stop = Operation::StopInstance {
        instance: instance.id.clone(),
        hibernate,
    };
    steps.change(stop, Class::Must, unprotected);
    let mut remarks = vec![
        "The guest is asked to shut down: what runs in it can react to that.".to_string(),
        "Credentials that were issued to its role stay valid until they expire.".to_string(),
        "What is on instance store volumes is lost; EBS volumes and Elastic IPs stay.".to_string(),
    ];
    if instance.spot {
        let words = "It is a Spot instance: AWS stops only one of a persistent request, and one that \
                     hibernates only by that request. Which it is was not read; a refusal changes nothing.";
        remarks.insert(0, words.to_string());
    }
    Ok(remarks)
}

/// Stop protection refuses a stop, so it goes first. Spot instances have none.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-stop-protection.html>
fn unprotect(instance: &Instance, steps: &mut Steps) -> Option<StepId> {
    let class = match instance.attributes.stop_protection {
        _ if instance.spot => return None,
        Some(false) => return None,
        Some(true) => Class::Must,
        // Not read: if it is off, nothing is sent.
        None => Class::Should,
    };
    let off = Operation::SetAttribute {
        instance: instance.id.clone(),
        attribute: Attribute::StopProtection(false),
    };
    Some(steps.change(off, class, []))
}
