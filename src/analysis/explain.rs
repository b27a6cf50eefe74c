//! What was checked on a packet's way, in words: before a course of changes, and after it.

use std::net::IpAddr;

use super::acl::Ruling;
use super::cause::number_text;
use super::flow::Flow;
use super::groups::Admission;
use super::network::{Ix, Network};
use super::placed::{Placed, Side};
use super::routes::Entry;
use super::tracker::{Tracker, direction};
use super::verdict::{Activity, Course, Judgement};
use crate::model::{Direction, EniId};

/// One check: `acl-1 egress: rule 100 ALLOW`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The object that was asked.
    pub object: String,
    /// What it answered.
    pub answer: String,
}

/// A verdict, with every check that it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The verdict.
    pub judgement: Judgement,
    /// The client's packet and the answer.
    pub packets: [PacketStory; 2],
}

/// One packet, before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PacketStory {
    /// `packet 10.0.1.5 -> 45.9.1.2:443`
    pub packet: String,
    /// What was asked before the course, and what it answered.
    pub before: Vec<Check>,
    /// The same after it.
    pub after: Vec<Check>,
}

impl PacketStory {
    /// The story in lines: what stays is said once, what differs with `after:`.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.packet.clone()];
        let said = |check: &Check| format!("  {}: {}", check.object, check.answer);
        for check in &self.before {
            let after = self.after.iter().find(|it| it.object == check.object);
            match after {
                Some(it) if it.answer != check.answer => {
                    lines.push(format!("{}; after: {}", said(check), it.answer));
                }
                Some(_) => lines.push(said(check)),
                None => lines.push(format!("{}; after: not asked", said(check))),
            }
        }
        let new = |it: &&Check| self.before.iter().all(|check| check.object != it.object);
        lines.extend(
            self.after
                .iter()
                .filter(new)
                .map(|it| format!("{} (after)", said(it))),
        );
        lines
    }
}

impl Course<'_> {
    /// Explains the fate of a flow: every check of both packets, before the course and after it.
    pub fn explain(&self, flow: &Flow, seen_by: Option<&EniId>, activity: Activity) -> Explanation {
        let judgement = self.judgement(flow, seen_by, activity);
        let ix = seen_by.and_then(|it| self.before.interface_ix(it));
        let placed = self.before.place(flow, ix);
        let (tracker, _) = Tracker::established(self.before, &placed, 0);
        let story = |reply| PacketStory {
            packet: placed.headline(reply),
            before: self.before.checks(&placed, &tracker, reply),
            after: self.end().checks(&placed, &tracker, reply),
        };
        Explanation {
            judgement,
            packets: [story(false), story(true)],
        }
    }
}

impl Placed {
    fn headline(&self, reply: bool) -> String {
        let packet = self.packet(reply);
        let (low, high) = packet.frame.ports;
        let port = match (low, high) {
            (0, 0) => String::new(),
            (low, high) if low == high => format!(":{low}"),
            (low, high) => format!(" ports {low}-{high}"),
        };
        let word = if reply { "answer" } else { "packet" };
        format!(
            "{word} {} -> {}{port}",
            packet.from.address, packet.to.address
        )
    }
}

impl Network {
    fn checks(&self, placed: &Placed, tracker: &Tracker, reply: bool) -> Vec<Check> {
        let (sender, receiver) = if reply {
            (Side::Server, Side::Client)
        } else {
            (Side::Client, Side::Server)
        };
        let mut checks: Vec<Check> = Vec::new();
        checks.extend(self.group_check(placed, tracker, sender, reply));
        let arrived = self.walk(&placed.packet(reply), Some(&mut checks));
        if arrived.is_ok() {
            checks.extend(self.group_check(placed, tracker, receiver, reply));
        }
        checks
    }

    fn group_check(
        &self,
        placed: &Placed,
        tracker: &Tracker,
        side: Side,
        reply: bool,
    ) -> Option<Check> {
        let ix = placed.interface(side)?;
        let remote = tracker.remote(placed, side, None);
        let direction = direction(side, reply);
        let rules = match self.rules_admit(ix, direction, remote, placed.frame(reply)) {
            Admission::Yes => "a rule lets it pass",
            Admission::No => "no rule lets it pass",
            Admission::Unknown => "not all of their rules were read",
        };
        let tracking = tracker.tracking(self, placed, side, ix, remote);
        let state = match tracking.tracked {
            Some(true) => "the flow is tracked",
            Some(false) => "the flow is untracked",
            None => "tracking unknown",
        };
        let why = tracking.why.words();
        Some(Check::group(
            self,
            ix,
            direction,
            &format!("{rules}; {state} ({why})"),
        ))
    }
}

impl Check {
    pub(super) fn acl(network: &Network, acl: Ix, direction: Direction, ruling: Ruling) -> Self {
        let (number, word) = match ruling {
            Ruling::Allow(number) => (number, "ALLOW"),
            Ruling::Deny(number) => (number, "DENY"),
            Ruling::Mixed(number) => (number, "DENY for some ports"),
        };
        Self {
            object: format!("{} {}", network.acl(acl).0, direction.name()),
            answer: format!("rule {} {word}", number_text(number)),
        }
    }

    pub(super) fn route(network: &Network, table: Ix, route: &Entry, to: IpAddr) -> Self {
        let gone = if route.blackhole { " (blackhole)" } else { "" };
        Self {
            object: network.table(table).0.to_string(),
            answer: format!("{to} by {} to {}{gone}", route.cidr, route.target),
        }
    }

    pub(super) fn no_route(network: &Network, table: Ix, to: IpAddr) -> Self {
        Self {
            object: network.table(table).0.to_string(),
            answer: format!("no route to {to}"),
        }
    }

    pub(super) fn group(network: &Network, eni: Ix, direction: Direction, answer: &str) -> Self {
        let id = network.interface(eni).map_or("?", |it| it.id.as_str());
        Self {
            object: format!("groups of {id} {}", direction.name()),
            answer: answer.to_owned(),
        }
    }
}
