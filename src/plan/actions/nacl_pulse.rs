//! `nacl-pulse`: the findings' peers denied until lowered idle timers have run out, then let through again.
//!
//! A short deny alone kills nothing: the tracking entry outlives it. AWS does not say whether lowered timers
//! act on entries that exist, nor whether packets that the deny drops keep them alive.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::step::{Class, What};
use super::super::subject::{Steps, Subject};
use super::Remarks;
use super::nacl_deny_all::shared;
use super::nacl_deny_peer::denials;
use crate::model::{PartKind, TrackingTimeouts};
use crate::operation::Operation;

/// The longest of the lowered timers, and some time for changes to take effect: in seconds.
const PULSE: u32 = 60 + 15;

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::NaclPulse,
    name: "nacl-pulse",
    scope: Scope::Subnet,
    summary: "deny the findings' peers until idle timers have run out, then lift it",
    caveat: "what its groups still allow comes back by a new connection; lowered timers are not sure to \
             act on open ones",
    stays: "idle timers that were never set before",
    fails_health_checks: false,
    needs: &[
        PartKind::Instances,
        PartKind::Enis,
        PartKind::Acls,
        PartKind::Subnets,
    ],
    build: steps,
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    let denials = denials(subject)?;
    if denials.is_empty() {
        return Err(subject.already_so());
    }
    let mut lowered = Vec::new();
    for eni in subject.enis.iter().filter(|it| !it.requester_managed) {
        let timers = Operation::SetTrackingTimeouts {
            eni: eni.id.clone(),
            timeouts: TrackingTimeouts::MINIMUM,
        };
        lowered.push(steps.change(timers, Class::Should, []));
    }
    let mut denied = Vec::new();
    for deny in &denials {
        denied.push(steps.change(deny.clone(), Class::Must, []));
    }
    let wait = What::Wait {
        seconds: PULSE,
        why: "for the lowered idle timers to run out".into(),
    };
    let wait = steps.push(
        wait,
        Class::Must,
        lowered.into_iter().chain(denied.iter().copied()),
    );
    for (step, deny) in denied.into_iter().zip(denials) {
        if let Operation::CreateAclEntry { acl, entry } = deny {
            let lift = Operation::DeleteAclEntry {
                acl,
                direction: entry.direction,
                number: entry.number,
            };
            steps.change(lift, Class::AlwaysOnceSent(step), [wait]);
        }
    }
    Ok(vec![
        "Expected at best: AWS does not say whether a lowered timer acts on an open connection, or whether \
         the guest's own packets keep it alive while they are dropped."
            .to_string(),
        "What its groups allow comes back by a new connection: swap the groups first.".to_string(),
        shared(subject),
    ])
}
