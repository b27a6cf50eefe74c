//! `sg-two-step-staged`: the two steps with a pair of groups that was prepared in the VPC:
//! `firedoor-step-1` allows everything, `firedoor-step-2` nothing.
//!
//! No rule is changed, so nothing is shared with other cases but the groups themselves: whoever is parked
//! in the second one stays closed. Each interface is one call away from open, and one more from closed: what
//! its groups were is known from the preview and not asked again.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html>

use super::super::builder::PlanError;
use super::super::catalogue::{Action, Entry, SafePoint, Scope};
use super::super::pair::{Staged, standing};
use super::super::step::{Class, What};
use super::super::subject::{Steps, Subject};
use super::sg_two_step::SURVIVORS;
use super::{Remarks, UNFILTERED};
use crate::model::{Eni, GroupId, PartKind, TrackingTimeouts, VpcId};
use crate::operation::{Operation, Ref, State, StepId};

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::SgTwoStepStaged,
    name: "sg-two-step-staged",
    scope: Scope::Instance,
    summary: "every interface to a prepared open group, then to a prepared empty one",
    caveat: "as sg-two-step; needs groups firedoor-step-1 and firedoor-step-2 in the VPC",
    stays: "idle timers that were never set before",
    needs: &[
        PartKind::Instances,
        PartKind::Enis,
        PartKind::Vpcs,
        PartKind::Groups,
    ],
    safe_point: SafePoint::Emptied,
    build: steps,
    ..Entry::USUAL
};

/// An interface on its way.
struct Passage<'e> {
    eni: &'e Eni,
    open: GroupId,
    empty: GroupId,
    /// The step that opens it; `None`: it stands open already.
    opened: Option<StepId>,
}

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    subject.groups_changeable()?;
    let mut passages = Vec::new();
    for (vpc, enis) in subject.enis_by_vpc() {
        let (open, empty) = pair(subject, vpc)?;
        let passage = |eni| Passage {
            eni,
            open: open.clone(),
            empty: empty.clone(),
            opened: None,
        };
        passages.extend(enis.into_iter().map(passage));
    }
    for it in &mut passages {
        if it.eni.groups != [it.open.clone()] {
            it.opened = Some(swap(
                steps,
                it.eni,
                &it.open,
                &it.eni.groups,
                Class::Must,
                [],
            ));
        }
    }
    for it in &passages {
        lower_timers(steps, it.eni);
    }
    let seconds = subject.intent.dwell.seconds();
    let opened: Vec<StepId> = passages.iter().filter_map(|it| it.opened).collect();
    let wait = What::Wait {
        seconds,
        why: "for every live flow to pass a packet (dwell)".into(),
    };
    let dwell = (!opened.is_empty()).then(|| steps.push(wait, Class::Must, opened));
    let mut closed = Vec::new();
    let mut holds = Vec::new();
    let mut stood_open = Vec::new();
    for it in &passages {
        let open = std::slice::from_ref(&it.open);
        // What stands open already has had its dwell.
        let (class, after) = match it.opened {
            Some(opened) => (Class::AlwaysOnceSent(opened), dwell),
            None => (Class::Must, None),
        };
        if it.opened.is_none() {
            stood_open.push(it.eni.id.as_str());
        }
        closed.push(swap(steps, it.eni, &it.empty, open, class, after));
        holds.push(to(it.eni, &it.empty));
    }
    steps.push(What::Verify(holds), Class::Must, closed);
    let mut remarks = vec![
        format!(
            "For {seconds} s and the calls around it the instance is open to the world on every port, \
             both ways. Whatever fails after that, it goes to the empty group."
        ),
        SURVIVORS.to_string(),
        UNFILTERED.to_string(),
    ];
    if !stood_open.is_empty() {
        let words = format!(
            "{} stands open to the world already: it goes to the empty group at once.",
            stood_open.join(", ")
        );
        remarks.insert(0, words);
    }
    Ok(remarks)
}

fn to(eni: &Eni, group: &GroupId) -> Operation {
    Operation::SetEniGroups {
        eni: eni.id.clone(),
        groups: vec![Ref::Id(group.clone())],
    }
}

/// One call, with nothing asked before it.
fn swap(
    steps: &mut Steps,
    eni: &Eni,
    group: &GroupId,
    before: &[GroupId],
    class: Class,
    after: impl IntoIterator<Item = StepId>,
) -> StepId {
    let step = steps.change(to(eni, group), class, after);
    steps.known(State::EniGroups(before.to_vec()));
    step
}

/// Never waited for: non-Nitro instances refuse it.
fn lower_timers(steps: &mut Steps, eni: &Eni) {
    let timers = Operation::SetTrackingTimeouts {
        eni: eni.id.clone(),
        timeouts: TrackingTimeouts::MINIMUM,
    };
    steps.change(timers, Class::Should, []);
}

fn pair(subject: &Subject<'_>, vpc: &VpcId) -> Result<(GroupId, GroupId), PlanError> {
    let found = standing(subject.estate, vpc);
    if let Some((open, empty)) = found.pair() {
        return Ok((open.clone(), empty.clone()));
    }
    let open_stands = matches!(found.open, Staged::Stands { .. });
    let wrong = if open_stands {
        &found.empty
    } else {
        &found.open
    };
    Err(subject.nothing(format!(
        "{wrong} in {vpc}: `firedoor prepare --vpc {vpc}` makes or repairs the pair"
    )))
}
