//! `sg-two-step` by rules: a group of this case, created open, attached, then emptied.
//!
//! While an interface's only group allows everything both ways, the next packet of a TCP or UDP flow
//! passes by rule and not by state, so the flow is no longer tracked; when the rules go, nothing
//! lets it through. AWS documents both halves, not the conversion of an existing flow, so the
//! result is graded expected.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html>
//!
//! Once the open rules were sent the group is emptied in any case: the only safe fallback is EMPTY,
//! never the original groups.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::super::catalogue::{Action, Entry, SafePoint, Scope};
use super::super::step::{Class, What};
use super::super::subject::{Steps, Subject, suffixed};
use super::{Remarks, UNFILTERED};
use crate::model::{Direction, Eni, GroupRule, PartKind, TrackingTimeouts, VpcId};
use crate::operation::{GroupRef, Operation, Ref, StepId};

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::SgTwoStep,
    name: "sg-two-step",
    scope: Scope::Instance,
    summary: "every interface to an all-open group, which is then emptied",
    caveat: "open to the world for the dwell; ICMP, silent flows and paths through NAT gateway, NLB \
             or PrivateLink are expected to survive",
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

/// The steps of one VPC that later ones wait for.
struct Opened {
    group: GroupRef,
    ingress: StepId,
    swaps: Vec<StepId>,
}

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    subject.groups_changeable()?;
    let mut holds = Vec::new();
    let mut opened = Vec::new();
    for (index, (vpc, enis)) in subject.enis_by_vpc().into_iter().enumerate() {
        opened.push(open(subject, steps, index, vpc, &enis, &mut holds));
    }
    let seconds = subject.intent.dwell.seconds();
    let dwell = steps.push(
        What::Wait {
            seconds,
            why: "for every live flow to pass a packet (dwell)".into(),
        },
        Class::Must,
        opened.iter().flat_map(|it| it.swaps.iter().copied()),
    );
    let mut emptied = Vec::new();
    for it in opened {
        for direction in Direction::BOTH {
            let revoke = Operation::RevokeAllRules {
                group: it.group.clone(),
                direction,
            };
            holds.push(revoke.clone());
            emptied.push(steps.change(revoke, Class::AlwaysOnceSent(it.ingress), [dwell]));
        }
    }
    steps.push(What::Verify(holds), Class::Must, emptied);
    let mut remarks = remarks(seconds);
    if subject.is_in_empty_groups() {
        let words = "It is alone in empty groups already: this opens it to the world again.";
        remarks.insert(0, words.to_string());
    }
    Ok(remarks)
}

fn open(
    subject: &Subject<'_>,
    steps: &mut Steps,
    index: usize,
    vpc: &VpcId,
    enis: &[&Eni],
    holds: &mut Vec<Operation>,
) -> Opened {
    let name = subject.made_name(&suffixed("two-step", index));
    let create = steps.change(
        Operation::CreateGroup {
            vpc: vpc.clone(),
            tags: subject.tags(&name),
            name,
            description: format!(
                "Firedoor: opened, then emptied, for {}",
                subject.instance.id
            ),
        },
        Class::Must,
        [],
    );
    let group: GroupRef = Ref::Made(create);
    let authorize = |direction| Operation::AuthorizeRules {
        group: group.clone(),
        direction,
        rules: everything(direction),
    };
    // Egress first: it is there already but for one family, and hurts nobody while unattached.
    let egress = steps.change(authorize(Direction::Egress), Class::Must, [create]);
    // Everybody can see since when it stands open: the tag goes first, beside the making of the group.
    let opening = [create, StepId(1)];
    let ingress = steps.change(authorize(Direction::Ingress), Class::Must, opening);
    let mut swaps = Vec::new();
    for eni in enis {
        let swap = Operation::SetEniGroups {
            eni: eni.id.clone(),
            groups: vec![group.clone()],
        };
        holds.push(swap.clone());
        swaps.push(steps.change(swap, Class::Must, [egress, ingress]));
        // Sent together with the swap and never waited for: non-Nitro instances refuse it.
        let timers = Operation::SetTrackingTimeouts {
            eni: eni.id.clone(),
            timeouts: TrackingTimeouts::MINIMUM,
        };
        steps.change(timers, Class::Should, [egress, ingress]);
    }
    Opened {
        group,
        ingress,
        swaps,
    }
}

/// Everything, of both families: opening only IPv4 would leave IPv6 flows tracked.
pub(in crate::plan) fn everything(direction: Direction) -> Vec<GroupRule> {
    let any = [IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())];
    any.map(|cidr| GroupRule::all(direction, cidr)).to_vec()
}

fn remarks(seconds: u32) -> Vec<String> {
    vec![
        format!(
            "For {seconds} s and the calls around it the instance is open to the world on every port, \
             both ways. Whatever fails after that, the group is emptied, never set back."
        ),
        SURVIVORS.to_string(),
        UNFILTERED.to_string(),
    ]
}

/// What a conversion by two steps does not reach.
pub(super) const SURVIVORS: &str = "Expected to survive: ICMP and protocols other than TCP and UDP, flows that are silent during \
     the dwell, and flows through a NAT gateway, Network Load Balancer or interface endpoint \
     (always tracked). Their idle timers are lowered to 60 s where the instance type allows it.";
