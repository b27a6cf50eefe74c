//! `protect`: nothing may end the instance or delete its volumes by accident.
//!
//! None of this stops an Auto Scaling group, or the end of a Spot instance.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_ChangingDisableAPITermination.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::subject::{Steps, Subject};
use super::Remarks;
use crate::model::{PartKind, Shutdown};
use crate::operation::{Attribute, Operation, observe};

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::Protect,
    name: "protect",
    scope: Scope::Platform,
    summary: "protect it against termination and stop, and keep its volumes",
    caveat: "does not stop an Auto Scaling group, nor the end of a Spot instance",
    cuts: false,
    fails_health_checks: false,
    needs: &[PartKind::Instances, PartKind::Volumes],
    build: steps,
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    let instance = subject.instance;
    let mut wanted = vec![Attribute::Shutdown(Shutdown::Stop)];
    if !instance.spot {
        wanted.insert(0, Attribute::TerminationProtection(true));
        wanted.insert(1, Attribute::StopProtection(true));
    }
    for volume in subject.estate.volumes_of(&instance.id) {
        wanted.push(Attribute::DeleteOnTermination {
            device: volume.device.clone(),
            delete: false,
        });
    }
    let set = |attribute| Operation::SetAttribute {
        instance: instance.id.clone(),
        attribute,
    };
    let missing = |it: &Operation| {
        let state = observe(subject.estate, it);
        state.is_none_or(|state| !it.satisfied_by(&state))
    };
    let operations: Vec<Operation> = wanted.into_iter().map(set).filter(missing).collect();
    if operations.is_empty() {
        return Err(subject.already_so());
    }
    steps.at_once(operations);
    let mut remarks = vec![
        "An Auto Scaling group ends it nevertheless once it fails its checks: asg-standby too."
            .to_string(),
    ];
    if instance.spot {
        let words = "It is a Spot instance: it can't be protected, and AWS may end it at any time.";
        remarks.insert(0, words.to_string());
    } else {
        remarks.push("The actions stop and hibernate take stop protection off first.".to_string());
    }
    Ok(remarks)
}
