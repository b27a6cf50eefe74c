//! `stop`: the instance stopped.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Stop_Start.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::subject::{Steps, Subject};
use super::Remarks;
use crate::model::{InstanceState, PartKind};
use crate::operation::Operation;

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
    steps.at_once(vec![Operation::StopInstance {
        instance: instance.id.clone(),
        hibernate,
    }]);
    let mut remarks = vec![
        "The guest is asked to shut down: what runs in it can react to that.".to_string(),
        "Credentials that were issued to its role stay valid until they expire.".to_string(),
    ];
    if instance.spot {
        remarks.push(
            "It is a Spot instance: only one of a persistent request can be stopped.".to_string(),
        );
    }
    Ok(remarks)
}
