//! `nacl-pulse`: the findings' peers denied until lowered idle timers have run out, then let through again.
//!
//! A short deny alone kills nothing: the tracking entry outlives it. AWS does not say whether lowered timers
//! act on entries that exist, nor whether packets that the deny drops keep them alive.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html>

use super::super::builder::PlanError;
use super::super::catalogue::{Action, Entry, SafePoint, Scope};
use super::super::nitro::why_no_timers;
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
    safe_point: SafePoint::Lifted,
    build: steps,
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    takes_timers(subject)?;
    let denials = denials(subject)?;
    if denials.is_empty() {
        return Err(subject.already_so());
    }
    let mut waited = Vec::new();
    for eni in &subject.enis {
        let timers = Operation::SetTrackingTimeouts {
            eni: eni.id.clone(),
            timeouts: TrackingTimeouts::MINIMUM,
        };
        waited.push(steps.change(timers, Class::Must, []));
    }
    let sent = denials.send(steps);
    let last = sent.chains.iter().filter_map(|it| it.last());
    waited.extend(last.map(|(step, _)| *step));
    let wait = What::Wait {
        seconds: PULSE,
        why: "for the lowered idle timers to run out".into(),
    };
    let wait = steps.push(wait, Class::Must, waited);
    for chain in sent.chains {
        let mut after = wait;
        for (step, lift) in chain.into_iter().rev() {
            after = steps.change(lift, Class::AlwaysOnceSent(step), [after]);
        }
    }
    let mut remarks = vec![
        "Expected at best: AWS does not say whether a lowered timer acts on an open connection, or whether \
         the guest's own packets keep it alive while they are dropped."
            .to_string(),
        format!(
            "It denies for {PULSE} s and the calls around them; whatever fails, what it denied is lifted. \
             ICMP and other protocols have timers that can't be lowered."
        ),
        "What its groups allow comes back by a new connection: swap the groups first.".to_string(),
    ];
    remarks.extend(sent.displaced);
    remarks.extend(shared(subject));
    Ok(remarks)
}

/// A pulse without lowered timers kills nothing, and one that is too long is no pulse.
fn takes_timers(subject: &Subject<'_>) -> Result<(), PlanError> {
    let mut enis = subject.enis.iter();
    if let Some(why) = enis.find_map(|eni| why_no_timers(subject.instance, eni)) {
        return Err(subject.nothing(why));
    }
    let most = subject.intent.max_hold;
    if PULSE > most {
        return Err(subject.nothing(format!(
            "the lowered timers take {PULSE} s to run out, and --max-hold allows {most} s"
        )));
    }
    Ok(())
}
