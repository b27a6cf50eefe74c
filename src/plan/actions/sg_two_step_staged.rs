//! `sg-two-step-staged`: the two steps with a pair of groups that was prepared in the VPC:
//! `firedoor-step-1` allows everything, `firedoor-step-2` nothing.
//!
//! No rule is changed, so nothing is shared with other cases but the groups themselves: whoever is parked
//! in the second one stays closed.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html>

use ipnet::IpNet;

use super::super::builder::PlanError;
use super::super::catalogue::{Action, Entry, Scope};
use super::super::step::{Class, What};
use super::super::subject::{Steps, Subject};
use super::sg_two_step::SURVIVORS;
use super::{Remarks, UNFILTERED};
use crate::model::{
    Direction, Eni, Group, GroupId, PartKind, Protocol, RulePeer, TrackingTimeouts, VpcId,
};
use crate::operation::{Operation, Ref};

/// The names of the pair; a suffix after a further hyphen is allowed.
const OPEN: &str = "firedoor-step-1";
const EMPTY: &str = "firedoor-step-2";

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
    build: steps,
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    subject.groups_changeable()?;
    let mut opened = Vec::new();
    for (vpc, enis) in subject.enis_by_vpc() {
        let (open, empty) = pair(subject, vpc)?;
        for eni in enis {
            let to = |group: &GroupId| Operation::SetEniGroups {
                eni: eni.id.clone(),
                groups: vec![Ref::Id(group.clone())],
            };
            opened.push((steps.change(to(open), Class::Must, []), to(empty)));
            lower_timers(steps, eni);
        }
    }
    let seconds = subject.intent.dwell.seconds();
    let dwell = steps.push(
        What::Wait {
            seconds,
            why: "for every live flow to pass a packet (dwell)".into(),
        },
        Class::Must,
        opened.iter().map(|(step, _)| *step),
    );
    let mut closed = Vec::new();
    let mut holds = Vec::new();
    for (step, close) in opened {
        holds.push(close.clone());
        closed.push(steps.change(close, Class::AlwaysOnceSent(step), [dwell]));
    }
    steps.push(What::Verify(holds), Class::Must, closed);
    Ok(vec![
        format!(
            "For {seconds} s and the calls around it the instance is open to the world on every port, \
             both ways. Whatever fails after that, it goes to the empty group."
        ),
        SURVIVORS.to_string(),
        UNFILTERED.to_string(),
    ])
}

/// Never waited for: non-Nitro instances refuse it.
fn lower_timers(steps: &mut Steps, eni: &Eni) {
    let timers = Operation::SetTrackingTimeouts {
        eni: eni.id.clone(),
        timeouts: TrackingTimeouts::MINIMUM,
    };
    steps.change(timers, Class::Should, []);
}

fn pair<'e>(subject: &Subject<'e>, vpc: &VpcId) -> Result<(&'e GroupId, &'e GroupId), PlanError> {
    let named = |name: &str| {
        let mut groups = subject.estate.groups().filter(|it| it.vpc == *vpc);
        groups
            .find(|it| is_named(it, name))
            .ok_or_else(|| subject.nothing(format!("{vpc} has no group named {name}")))
    };
    let (open, empty) = (named(OPEN)?, named(EMPTY)?);
    let v6 = subject
        .estate
        .vpc(vpc)
        .is_some_and(crate::model::Vpc::has_ipv6);
    if !is_open(open, v6) {
        let id = &open.id;
        let why = format!("{id} does not allow everything, both ways and of both families");
        return Err(subject.nothing(why));
    }
    if !empty.rules.is_empty() {
        return Err(subject.nothing(format!("{} has rules: it must have none", empty.id)));
    }
    Ok((&open.id, &empty.id))
}

fn is_named(group: &Group, name: &str) -> bool {
    let rest = group.name.strip_prefix(name);
    rest.is_some_and(|it| it.is_empty() || it.starts_with('-'))
}

/// Opening only IPv4 would leave IPv6 flows tracked.
fn is_open(group: &Group, v6: bool) -> bool {
    let any = |cidr: &IpNet, of_v6| cidr.prefix_len() == 0 && matches!(cidr, IpNet::V6(_)) == of_v6;
    let allows = |direction, of_v6| {
        let mut rules = group.rules_in(direction);
        rules.any(|it| {
            it.protocol == Protocol::All
                && matches!(&it.peer, RulePeer::Cidr(cidr) if any(cidr, of_v6))
        })
    };
    let mut directions = Direction::BOTH.into_iter();
    directions.all(|direction| allows(direction, false) && (!v6 || allows(direction, true)))
}
