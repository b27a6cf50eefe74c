//! The ledger of a change: whom it reaches, which flows it hurts, and what that rests on.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeSet;

use super::proposal::Change;
use crate::analysis::{Blast, Counts, Course, Flow, Grade, Network, Seen, Traffic, Verdict, blast};
use crate::model::{EniId, InstanceId};

/// What a change does to everyone.
#[derive(Debug, Clone)]
pub struct Ledger {
    /// Whom it reaches, the suspect included, whether or not a flow of theirs is known.
    pub reach: Blast,
    /// Flows that end at once, that go on one way only, or that are blocked for a while. In all three lists
    /// those with the most bytes per minute come first.
    pub cut: Vec<Line>,
    /// Flows that go on although a new one would be refused, and those that end when they idle out.
    pub survives: Vec<Line>,
    /// Flows of which it is not known.
    pub unknown: Vec<Line>,
    /// How many flows the suspect has, by verdict.
    pub suspect: Totals,
    /// How many flows everybody else has.
    pub neighbours: Totals,
}

/// How many flows somebody has, by verdict, and what is cut of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Flows by verdict.
    pub flows: Counts,
    /// Bytes per minute of those in the ledger's list of what is cut.
    pub bytes_per_minute_cut: u64,
}

impl Totals {
    /// Flows in the list of what is cut.
    pub fn cut(&self) -> u32 {
        self.flows.cut + self.flows.one_way + self.flows.resuming
    }

    /// Flows in the list of what survives.
    pub fn survives(&self) -> u32 {
        self.flows.surviving + self.flows.expiring
    }

    /// Flows in none of the lists.
    pub fn unaffected(&self) -> u32 {
        self.flows.unaffected + self.flows.not_filtered
    }
}

/// A flow that the change does something to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The flow.
    pub flow: Flow,
    /// Our interfaces at its ends, the client's first.
    pub enis: Vec<EniId>,
    /// Whose it is.
    pub party: Party,
    /// What becomes of it.
    pub verdict: Verdict,
    /// How well founded that is.
    pub grade: Grade,
    /// The deciding object, by its code; `None`: none does.
    pub decided_by: Option<String>,
    /// Why, in one sentence.
    pub why: String,
    /// AWS's page that it rests on.
    pub source: &'static str,
    /// Its volume, both ways.
    pub bytes_per_minute: u64,
}

/// Whose a flow is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// The suspect's: the instance that the change is made for.
    Suspect,
    /// Anybody else's.
    Neighbour,
}

impl Party {
    /// The word in the ledger.
    pub fn name(self) -> &'static str {
        match self {
            Self::Suspect => "suspect",
            Self::Neighbour => "neighbour",
        }
    }
}

/// Says what a change does to everyone's flows. Without a `suspect` every flow is a neighbour's.
pub fn review(
    network: &Network,
    flows: &[Seen<'_>],
    change: &Change,
    suspect: Option<&InstanceId>,
) -> Ledger {
    let course = Course {
        before: network,
        stages: &change.stages,
    };
    let mut ledger = Ledger {
        reach: blast(course, None),
        cut: Vec::new(),
        survives: Vec::new(),
        unknown: Vec::new(),
        suspect: Totals::default(),
        neighbours: Totals::default(),
    };
    let own: BTreeSet<&EniId> = suspect
        .into_iter()
        .flat_map(|it| network.estate().enis_of_instance(it))
        .map(|eni| &eni.id)
        .collect();
    let traffic = Traffic::new(network, flows.iter().copied());
    for (index, (seen, fate)) in flows.iter().zip(traffic.fates(course)).enumerate() {
        let is_own = !own.is_empty() && traffic.ends(index).any(|it| own.contains(it));
        let party = if is_own {
            Party::Suspect
        } else {
            Party::Neighbour
        };
        let list = ledger.count(party, fate.verdict, seen.bytes_per_minute);
        if let Some(list) = list {
            let enis = traffic.ends(index).cloned().collect();
            list.push(line(seen, enis, party, course));
        }
    }
    for list in [&mut ledger.cut, &mut ledger.survives, &mut ledger.unknown] {
        list.sort_by(order);
    }
    ledger
}

impl Ledger {
    /// Counts a flow; the list that it belongs to, if the change does something to it.
    fn count(&mut self, party: Party, verdict: Verdict, bytes: u64) -> Option<&mut Vec<Line>> {
        let totals = match party {
            Party::Suspect => &mut self.suspect,
            Party::Neighbour => &mut self.neighbours,
        };
        totals.flows.add(verdict, bytes);
        match verdict {
            Verdict::Cut | Verdict::OneWay(_) | Verdict::Resumes => {
                totals.bytes_per_minute_cut = totals.bytes_per_minute_cut.saturating_add(bytes);
                Some(&mut self.cut)
            }
            Verdict::Expires(_) | Verdict::Survives => Some(&mut self.survives),
            Verdict::Unknown => Some(&mut self.unknown),
            Verdict::Unaffected | Verdict::NotFiltered => None,
        }
    }
}

fn line(seen: &Seen<'_>, mut enis: Vec<EniId>, party: Party, course: Course<'_>) -> Line {
    if enis.is_empty() {
        enis.push(seen.eni.clone());
    }
    let judgement = course.judgement(&seen.flow, Some(seen.eni), seen.activity);
    Line {
        flow: seen.flow,
        enis,
        party,
        verdict: judgement.fate.verdict,
        grade: judgement.fate.grade,
        decided_by: judgement.decision.map(|it| it.code),
        why: judgement.why,
        source: judgement.source,
        bytes_per_minute: seen.bytes_per_minute,
    }
}

/// The most bytes first; then in an order that depends on nothing but the flows.
fn order(one: &Line, other: &Line) -> Ordering {
    let key = |it: &Line| {
        let flow = &it.flow;
        let ports = (
            flow.server_port,
            flow.client_ports.from,
            flow.client_ports.to,
        );
        (
            Reverse(it.bytes_per_minute),
            flow.client,
            flow.server,
            flow.protocol,
            ports,
        )
    };
    key(one)
        .cmp(&key(other))
        .then_with(|| one.enis.cmp(&other.enis))
}
