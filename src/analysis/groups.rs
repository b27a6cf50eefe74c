//! Security groups: whether the rules of an interface let a packet pass, and whether its flow is tracked.
//!
//! Rules of all groups of an interface add up; there are allow rules only:
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>. References to groups match
//! private addresses of members, in the same or an actively peered VPC:
//! <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::acl::Frame;
use super::flow::PathElement;
use super::grade::Grade;
use super::network::{Interface, Ix, Network};
use super::walk::Seat;
use crate::model::{Direction, GroupRule, Protocol, RulePeer};

/// The other side of a packet, as an interface sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Remote {
    pub(super) address: IpAddr,
    /// Whose address it is; [`Seat::Outside`] if it comes translated or through a middlebox.
    pub(super) seat: Seat,
}

/// Whether rules let a packet pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    Yes,
    No,
    /// A group or prefix list of the interface was not read.
    Unknown,
}

/// Whether the flow of a packet is tracked on an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tracking {
    /// `None`: rules of the interface were not read.
    pub tracked: Option<bool>,
    /// How well founded that is.
    pub grade: Grade,
    /// Why.
    pub why: TrackingReason,
}

/// Why a flow is tracked, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrackingReason {
    /// Its path is one that is always tracked.
    Path(PathElement),
    /// ICMP always is.
    Icmp,
    /// Protocols other than TCP and UDP are, by address and protocol.
    Protocol,
    /// No rule that lets it in is open to all.
    NarrowRule,
    /// No rule lets all its answers pass.
    NarrowAnswer,
    /// Rules together are open to all, none of them is by itself.
    OnlyTogether,
    /// Open to all, both ways.
    Open,
    /// Open to all both ways, and a narrower rule or another group lets it pass too.
    OpenAmongOthers,
    /// Open both ways, while the path was once on AWS's list, or is that of a NAT gateway of ours seen from
    /// the far side.
    OpenOnOddPath,
    /// The rules were not read.
    NotRead,
}

impl TrackingReason {
    /// In words.
    pub fn words(self) -> String {
        match self {
            Self::Path(element) => format!("connections through a {} are tracked", element.name()),
            Self::Icmp => "ICMP is always tracked".into(),
            Self::Protocol => "protocols other than TCP and UDP are always tracked".into(),
            Self::NarrowRule => "the rule that lets it pass is not open to all".into(),
            Self::NarrowAnswer => "no rule is open to all its answers".into(),
            Self::OnlyTogether => "only several rules together are open to all".into(),
            Self::Open => "rules are open to all, both ways".into(),
            Self::OpenAmongOthers => {
                "rules are open to all, both ways, and narrower ones let it pass too".into()
            }
            Self::OpenOnOddPath => {
                "rules are open to all, both ways; AWS does not say whether this path is tracked"
                    .into()
            }
            Self::NotRead => "the rules of its groups were not read".into(),
        }
    }
}

impl Network {
    /// Whether the rules of an interface alone let a packet pass.
    pub(super) fn rules_admit(
        &self,
        ix: Ix,
        direction: Direction,
        remote: Remote,
        frame: Frame,
    ) -> Admission {
        let Some(eni) = self.interface(ix) else {
            return Admission::Unknown;
        };
        if eni.groups.is_empty() && !eni.unread_groups {
            return Admission::Yes; // NAT gateways and some load balancers have no groups
        }
        let mut unread = eni.unread_groups;
        for rule in self.rules(eni, direction) {
            match self.matches(eni, rule, remote, frame) {
                Admission::Yes => return Admission::Yes,
                Admission::Unknown => unread = true,
                Admission::No => {}
            }
        }
        if unread {
            Admission::Unknown
        } else {
            Admission::No
        }
    }

    fn rules<'n>(
        &'n self,
        eni: &'n Interface,
        direction: Direction,
    ) -> impl Iterator<Item = &'n GroupRule> {
        eni.groups
            .iter()
            .filter_map(|it| self.groups.get(*it as usize))
            .flat_map(move |group| group.rules_in(direction))
    }

    fn matches(
        &self,
        eni: &Interface,
        rule: &GroupRule,
        remote: Remote,
        frame: Frame,
    ) -> Admission {
        if !covers(rule, frame) {
            return Admission::No;
        }
        let yes = |holds| if holds { Admission::Yes } else { Admission::No };
        match &rule.peer {
            RulePeer::Cidr(cidr) => yes(cidr.contains(&remote.address)),
            RulePeer::PrefixList(id) => match self.estate().prefix_list(id) {
                Some(list) => yes(list.cidrs.iter().any(|it| it.contains(&remote.address))),
                None => Admission::Unknown,
            },
            RulePeer::Group(group) => {
                let Seat::Interface(member) = remote.seat else {
                    return Admission::No;
                };
                let Some((group, member)) = self.group_ix(group).zip(self.interface(member)) else {
                    return Admission::No;
                };
                yes(member.groups.contains(&group) && self.are_joined(eni.vpc, member.vpc))
            }
        }
    }

    /// References hold inside a VPC, and across an active peering connection.
    fn are_joined(&self, a: Option<Ix>, b: Option<Ix>) -> bool {
        let (Some(a), Some(b)) = (a, b) else {
            return a == b;
        };
        a == b || self.vpc(a).is_some_and(|it| it.peers.contains(&b))
    }

    /// Whether a flow is tracked on an interface, by the rules as they are.
    ///
    /// `frame` is the packet in the direction that opens the flow, `answer` the one back; `path` what
    /// the flow is known to pass.
    pub(super) fn tracking(
        &self,
        ix: Ix,
        opened: Direction,
        remote: Remote,
        (frame, answer): (Frame, Frame),
        path: Option<PathElement>,
    ) -> Tracking {
        let is = |tracked, grade, why| Tracking {
            tracked: Some(tracked),
            grade,
            why,
        };
        let Some(eni) = self.interface(ix) else {
            return NOT_READ;
        };
        match frame.protocol {
            6 | 17 => {}
            1 | 58 => return is(true, Grade::Documented, TrackingReason::Icmp),
            _ => return is(true, Grade::Documented, TrackingReason::Protocol),
        }
        let always = path.map(|it| (it, it.always_tracked()));
        if let Some((element, Some(true))) = always {
            return is(true, Grade::Documented, TrackingReason::Path(element));
        }
        if eni.unread_groups {
            return NOT_READ;
        }
        let open = self.openness(eni, opened, remote, (frame, answer));
        if open != Openness::Open && open != Openness::AmongOthers {
            let (grade, why) = match open {
                Openness::OnlyTogether => (Grade::Ambiguous, TrackingReason::OnlyTogether),
                Openness::NarrowAnswer => (Grade::Documented, TrackingReason::NarrowAnswer),
                _ => (Grade::Documented, TrackingReason::NarrowRule),
            };
            return is(true, grade, why);
        }
        // Gateway Load Balancers and transit gateways were on AWS's list until 2023.
        if let Some((element, None)) = always {
            return is(true, Grade::Ambiguous, TrackingReason::Path(element));
        }
        let odd = path == Some(PathElement::S3Endpoint) || self.is_nat_address(remote.address);
        if odd {
            return is(false, Grade::Ambiguous, TrackingReason::OpenOnOddPath);
        }
        match open {
            Openness::AmongOthers => is(false, Grade::Ambiguous, TrackingReason::OpenAmongOthers),
            _ => is(false, Grade::Documented, TrackingReason::Open),
        }
    }

    /// The rules of an interface that let such packets in from everyone, with their groups.
    pub(super) fn open_rules(
        &self,
        ix: Ix,
        direction: Direction,
        frame: Frame,
    ) -> Vec<(Ix, &GroupRule)> {
        let groups = self.interface(ix).map(|it| &*it.groups).unwrap_or_default();
        let rules = groups.iter().flat_map(|group| {
            let known = self.groups.get(*group as usize);
            let rules = known.into_iter().flat_map(|it| it.rules_in(direction));
            rules.map(|rule| (*group, rule))
        });
        let everyone = |rule: &GroupRule| is_everyone(rule, false) || is_everyone(rule, true);
        rules
            .filter(|(_, rule)| everyone(rule) && covers(rule, frame))
            .collect()
    }

    fn is_nat_address(&self, address: IpAddr) -> bool {
        let owner = self
            .public_at(address)
            .and_then(|(ix, _)| self.interface(ix));
        owner.is_some_and(|it| it.kind == crate::model::EniKind::NatGateway)
    }

    fn openness(
        &self,
        eni: &Interface,
        opened: Direction,
        remote: Remote,
        (frame, answer): (Frame, Frame),
    ) -> Openness {
        let v6 = remote.address.is_ipv6();
        let back = match opened {
            Direction::Ingress => Direction::Egress,
            Direction::Egress => Direction::Ingress,
        };
        let open_answer =
            |rule: &&GroupRule| is_everyone(rule, v6) && covers_all_ports(rule, frame.protocol);
        let (mut wide, mut narrow, mut torn) = (false, false, false);
        for group in eni
            .groups
            .iter()
            .filter_map(|it| self.groups.get(*it as usize))
        {
            let admits = |rule: &&GroupRule| {
                covers(rule, frame) && self.matches(eni, rule, remote, frame) == Admission::Yes
            };
            let (mut here_wide, mut here) = (false, false);
            for rule in group.rules_in(opened).filter(admits) {
                here = true;
                here_wide |= is_everyone(rule, v6);
                narrow |= !is_everyone(rule, v6);
            }
            wide |= here_wide;
            torn |= here && !group.rules_in(back).any(|rule| open_answer(&rule));
        }
        let answered = self.rules(eni, back).any(|rule| open_answer(&rule));
        if wide && answered {
            return if narrow || torn {
                Openness::AmongOthers
            } else {
                Openness::Open
            };
        }
        let together = wide || self.add_up(eni, opened, v6, |rule| covers(rule, frame));
        let answers = answered
            || self.add_up(eni, back, v6, |rule| covers_all_ports(rule, frame.protocol))
            || self
                .rules(eni, back)
                .any(|rule| is_everyone(rule, v6) && covers(rule, answer));
        if together && answers {
            Openness::OnlyTogether
        } else if wide {
            Openness::NarrowAnswer
        } else {
            Openness::Narrow
        }
    }

    /// Whether CIDR blocks and prefix lists of several rules together are everyone.
    fn add_up(
        &self,
        eni: &Interface,
        direction: Direction,
        v6: bool,
        counts: impl Fn(&GroupRule) -> bool,
    ) -> bool {
        let mut blocks: Vec<IpNet> = Vec::new();
        for rule in self.rules(eni, direction).filter(|rule| counts(rule)) {
            match &rule.peer {
                RulePeer::Cidr(cidr) => blocks.push(*cidr),
                RulePeer::PrefixList(id) => {
                    let list = self.estate().prefix_list(id);
                    blocks.extend(list.into_iter().flat_map(|it| it.cidrs.iter().copied()));
                }
                RulePeer::Group(_) => {}
            }
        }
        IpNet::aggregate(&blocks).contains(&everyone(v6))
    }
}

const NOT_READ: Tracking = Tracking {
    tracked: None,
    grade: Grade::Ambiguous,
    why: TrackingReason::NotRead,
};

/// How open rules are to a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Openness {
    Open,
    AmongOthers,
    OnlyTogether,
    NarrowAnswer,
    Narrow,
}

fn everyone(v6: bool) -> IpNet {
    if v6 {
        IpNet::V6(Ipv6Net::default())
    } else {
        IpNet::V4(Ipv4Net::default())
    }
}

fn is_everyone(rule: &GroupRule, v6: bool) -> bool {
    rule.peer == RulePeer::Cidr(everyone(v6))
}

fn covers_all_ports(rule: &GroupRule, protocol: u8) -> bool {
    let of_protocol = matches!(rule.protocol, Protocol::All)
        || (rule.protocol == Protocol::Number(protocol) && rule.ports.is_none());
    of_protocol && matches!(protocol, 6 | 17)
}

/// Whether a rule is for such packets, whoever sends them.
fn covers(rule: &GroupRule, frame: Frame) -> bool {
    if rule.protocol == Protocol::All {
        return true;
    }
    if rule.protocol != Protocol::Number(frame.protocol) {
        return false;
    }
    // Only TCP, UDP and ICMP have ports or types:
    // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
    match (frame.protocol, rule.ports) {
        (6 | 17, Some(ports)) => ports.contains(frame.ports.0) && ports.contains(frame.ports.1),
        (1 | 58, Some(kinds)) => {
            let any = |want: i32, have: u8| want == -1 || want == i32::from(have);
            // A type of -1 with a code is no valid rule.
            let valid = kinds.from != -1 || kinds.to == -1;
            valid && any(kinds.from, frame.icmp.0) && any(kinds.to, frame.icmp.1)
        }
        _ => true,
    }
}
