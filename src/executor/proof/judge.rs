//! What one reading of the flow logs says. Pure: every reading is judged anew, and alone.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chrono::{DateTime, Utc};

use super::{COMPLETE, LATE, Leak, NAMED, Proof};
use crate::flows::{FlowTable, Window};
use crate::model::{EniId, FlowAction, FlowDirection, FlowRecord, LogStatus};
use crate::plan::{Claim, Term, Watched};

/// Edges that are kept of one reading.
const EDGES: usize = 10_000;

/// A reading of the flow logs under way.
pub(super) struct Judge<'a> {
    claim: &'a Claim,
    since: DateTime<Utc>,
    /// Traffic that disproves the claim.
    leaks: FlowTable,
    /// Traffic that it forbids too, but that the logs can't tell from what is dropped later; and why.
    doubtful: FlowTable,
    doubt: Option<&'a str>,
    newest: BTreeMap<&'a EniId, DateTime<Utc>>,
    skipped: Vec<(&'a EniId, Window)>,
    /// Records that name no peer or no action.
    mute: u64,
    unread: u64,
}

/// What a reading says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    /// This is the verdict.
    Settled(Proof),
    /// Later readings may tell more. If none comes, this is why nothing is known.
    Open(String),
}

impl<'a> Judge<'a> {
    pub(super) fn new(claim: &'a Claim, since: DateTime<Utc>) -> Self {
        Self {
            claim,
            since,
            leaks: FlowTable::new(EDGES),
            doubtful: FlowTable::new(EDGES),
            doubt: None,
            newest: BTreeMap::new(),
            skipped: Vec::new(),
            mute: 0,
            unread: 0,
        }
    }

    /// Takes in a line that could not be read: what it says may be anything.
    pub(super) fn unread(&mut self) {
        self.unread += 1;
    }

    /// Takes in a record of any interface.
    pub(super) fn add(&mut self, event: u64, record: &FlowRecord) {
        let own = record.eni.as_ref();
        let Some(eni) = self.claim.enis().iter().find(|it| Some(&it.id) == own) else {
            return;
        };
        let newest = self.newest.entry(&eni.id).or_insert(record.end);
        *newest = record.end.max(*newest);
        match record.status {
            LogStatus::SkipData => self.skipped.push((
                &eni.id,
                Window {
                    start: record.start,
                    end: record.end,
                },
            )),
            LogStatus::Ok if record.start > self.since => self.judge(event, record, eni),
            LogStatus::Ok | LogStatus::NoData => {}
        }
    }

    fn judge(&mut self, event: u64, record: &FlowRecord, eni: &'a Watched) {
        let (Some(src), Some(dst), Some(action)) = (record.src, record.dst, record.action) else {
            self.mute += 1;
            return;
        };
        if action == FlowAction::Reject {
            return;
        }
        let outbound = match record.direction {
            Some(direction) => direction == FlowDirection::Egress,
            None => eni.addresses.contains(&src) || !eni.addresses.contains(&dst),
        };
        let peer = if outbound {
            record.pkt_dst.unwrap_or(dst)
        } else {
            record.pkt_src.unwrap_or(src)
        };
        let local = |_: &EniId, address: IpAddr| eni.addresses.contains(&address);
        let terms = || {
            let terms = self.claim.terms().iter();
            terms.filter(|it| it.covers(peer, outbound))
        };
        if terms().any(|it: &Term| it.doubt.is_none()) {
            self.leaks.add(event, record, local);
        } else if let Some(term) = terms().next() {
            self.doubt = self.doubt.or(term.doubt.as_deref());
            self.doubtful.add(event, record, local);
        }
    }

    /// What the reading says. `gap`: why it is not all that the logs hold.
    pub(super) fn verdict(&self, gap: Option<String>) -> Reading {
        if !self.leaks.is_empty() {
            return Reading::Settled(self.leaking());
        }
        if let Some(why) = self.late() {
            return Reading::Open(gap.unwrap_or(why));
        }
        let why = self.doubts().or(gap);
        match why {
            Some(why) => Reading::Open(why),
            None => Reading::Settled(Proof::Proven {
                until: self.complete_to().unwrap_or(self.since),
            }),
        }
    }

    /// The moment up to which the records of every interface go.
    fn complete_to(&self) -> Option<DateTime<Utc>> {
        self.newest.values().min().copied()
    }

    /// The interface of which records are missing.
    fn late(&self) -> Option<String> {
        let wanted = self.since + COMPLETE;
        let short = |eni: &&Watched| self.newest.get(&eni.id).is_none_or(|it| *it < wanted);
        let eni = &self.claim.enis().iter().find(short)?.id;
        let wanted = wanted.format("%H:%M:%S");
        Some(match self.newest.get(eni) {
            Some(newest) => format!(
                "the records of {eni} go to {} UTC only, not to {wanted}",
                newest.format("%H:%M:%S")
            ),
            None => format!("no records of {eni} have come: they are needed up to {wanted} UTC"),
        })
    }

    /// What in a complete log keeps it from telling.
    fn doubts(&self) -> Option<String> {
        let until = self.complete_to().unwrap_or(self.since);
        let hides =
            |(_, window): &&(&EniId, Window)| window.end > self.since && window.start < until;
        if let Some((eni, window)) = self.skipped.iter().find(hides) {
            return Some(format!(
                "AWS skipped records of {eni} at {} UTC (SKIPDATA)",
                window.start.format("%H:%M:%S")
            ));
        }
        if self.unread > 0 {
            return Some(format!(
                "{} lines of the flow log could not be read",
                self.unread
            ));
        }
        if self.mute > 0 {
            return Some(format!("{} records name no peer or no action", self.mute));
        }
        let doubt = self.doubt.filter(|_| !self.doubtful.is_empty())?;
        Some(format!(
            "the logs show {} edges accepted, which proves nothing: {doubt}",
            self.doubtful.len()
        ))
    }

    fn leaking(&self) -> Proof {
        let mut edges: Vec<Leak> = self
            .leaks
            .edges()
            .map(|edge| Leak {
                eni: edge.key.eni.clone(),
                peer: edge.key.peer,
                port: edge.key.port,
                protocol: edge.key.protocol,
                direction: edge.key.direction,
                bytes: edge.bytes(),
                last: edge.last_start,
                early: edge.last_start <= self.since + LATE,
            })
            .collect();
        edges.sort_by_key(|it| (it.early, std::cmp::Reverse(it.bytes)));
        let more = edges.len().saturating_sub(NAMED);
        edges.truncate(NAMED);
        Proof::Leaking { edges, more }
    }
}
