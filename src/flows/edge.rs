//! An edge: all flows of one interface with one peer on one service port.
//!
//! Sums only ever grow, and none depends on the order of records.

use std::net::IpAddr;
use std::ops::Deref;

use chrono::{DateTime, Utc};

use super::conversation::Conversation;
use super::evidence::Evidence;
use super::minutes::{self, Minutes};
use crate::model::{Direction, EniId, FlowAction, FlowRecord, PortSpan};

/// What flows of one edge have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EdgeKey {
    /// The interface; [`UNKNOWN_ENI`](super::UNKNOWN_ENI) if the record names none.
    pub eni: EniId,
    /// The other side's address.
    pub peer: IpAddr,
    /// Our side's address, as its packets bear it. A log without `pkt-srcaddr` and `pkt-dstaddr` shows
    /// the interface's primary address even if another one was used.
    pub own: IpAddr,
    /// IANA protocol number.
    pub protocol: u8,
    /// The service port: that of the side that answers. 0 where the protocol has none.
    pub port: u16,
    /// Ingress: opened towards the interface. Egress: opened by it.
    pub direction: Direction,
    /// Let through or dropped.
    pub action: FlowAction,
}

/// What tells the edges of one interface apart: [`EdgeKey`] without it, in the same order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PeerKey {
    pub(super) peer: IpAddr,
    pub(super) own: IpAddr,
    pub(super) protocol: u8,
    pub(super) port: u16,
    pub(super) direction: Direction,
    pub(super) action: FlowAction,
}

impl PeerKey {
    pub(super) fn of(record: &FlowRecord, conversation: Conversation) -> Option<Self> {
        Some(Self {
            peer: conversation.peer,
            own: conversation.own,
            protocol: record.protocol?,
            port: conversation.port,
            direction: conversation.direction,
            action: record.action?,
        })
    }

    /// The first and the last key that edges between two addresses can have.
    pub(super) fn ends(peer: IpAddr, own: IpAddr, protocol: u8) -> (Self, Self) {
        let first = Self {
            peer,
            own,
            protocol,
            port: 0,
            direction: Direction::Ingress,
            action: FlowAction::Accept,
        };
        let last = Self {
            port: u16::MAX,
            direction: Direction::Egress,
            action: FlowAction::Reject,
            ..first
        };
        (first, last)
    }

    pub(super) fn at(self, eni: &EniId) -> EdgeKey {
        EdgeKey {
            eni: eni.clone(),
            peer: self.peer,
            own: self.own,
            protocol: self.protocol,
            port: self.port,
            direction: self.direction,
            action: self.action,
        }
    }
}

/// An edge of a table: its key, and the sums of its flows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge<'a> {
    /// What its flows have in common.
    pub key: EdgeKey,
    pub(super) sums: &'a Sums,
}

impl Deref for Edge<'_> {
    type Target = Sums;

    fn deref(&self) -> &Sums {
        self.sums
    }
}

/// Flows aggregated: both directions of the traffic, request and reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    /// Bytes towards the interface.
    pub bytes_in: u64,
    /// Bytes away from it.
    pub bytes_out: u64,
    /// Packets, both ways.
    pub packets: u64,
    /// Records.
    pub records: u64,
    /// Start of the earliest record.
    pub first: DateTime<Utc>,
    /// Start of the latest record: traffic after a change is proved by a record that starts later.
    pub last_start: DateTime<Utc>,
    /// End of the latest record.
    pub last: DateTime<Utc>,
    /// The ports of the side that opened it.
    pub client_ports: PortSpan,
    /// What else the records tell.
    pub evidence: Evidence,
    minutes: Minutes,
}

impl Sums {
    /// How many minutes [`Sums::sparkline`] can look back.
    pub const MINUTES: usize = 60;
    /// How many minutes in a row make an edge active.
    const ACTIVE: i64 = 10;

    pub(super) fn of(record: &FlowRecord, conversation: Conversation) -> Self {
        let mut sums = Self {
            bytes_in: 0,
            bytes_out: 0,
            packets: 0,
            records: 0,
            first: record.start,
            last_start: record.start,
            last: record.end,
            client_ports: PortSpan::one(conversation.client_port),
            evidence: Evidence::default(),
            minutes: Minutes::default(),
        };
        sums.add(record, conversation);
        sums
    }

    pub(super) fn add(&mut self, record: &FlowRecord, conversation: Conversation) {
        let bytes = if conversation.outbound {
            &mut self.bytes_out
        } else {
            &mut self.bytes_in
        };
        *bytes = bytes.saturating_add(record.bytes);
        self.packets = self.packets.saturating_add(record.packets);
        self.records += 1;
        self.first = self.first.min(record.start);
        self.last_start = self.last_start.max(record.start);
        self.last = self.last.max(record.end);
        self.client_ports = self.client_ports.widen(conversation.client_port);
        let more = Evidence::of(record, conversation);
        self.evidence = self.evidence.merge(more);
        self.minutes.add(record.start, record.end, record.bytes);
    }

    /// Bytes both ways.
    pub fn bytes(&self) -> u64 {
        self.bytes_in.saturating_add(self.bytes_out)
    }

    /// Bytes per minute, oldest first; the last one is the minute that `now` lies in. At the most
    /// [`Sums::MINUTES`].
    ///
    /// A record's bytes are spread evenly over its window, whose inside the log does not show.
    pub fn sparkline(&self, now: DateTime<Utc>, minutes: usize) -> Vec<u64> {
        let newest = minutes::minute_of(now);
        let count = i64::try_from(minutes.min(Self::MINUTES)).unwrap_or(minutes::KEPT);
        (newest - count + 1..=newest)
            .map(|minute| self.minutes.at(minute))
            .collect()
    }

    /// In which of the last ten complete minutes before `now` it had traffic: the lowest bit is the
    /// oldest.
    pub fn recent(&self, now: DateTime<Utc>) -> u16 {
        let oldest = minutes::minute_of(now) - Self::ACTIVE;
        let minutes = self.minutes.spoken(oldest..oldest + Self::ACTIVE);
        minutes.fold(0, |bits, minute| bits | 1 << (minute - oldest))
    }

    /// Whether it had traffic in each of the last ten complete minutes before `now`.
    ///
    /// Logs arrive minutes late, so `now` should be the moment up to which the log is complete,
    /// such as [`EniCoverage::newest_end`](super::EniCoverage), rather than the time of day.
    pub fn is_active(&self, now: DateTime<Utc>) -> bool {
        self.recent(now) == Self::EACH_MINUTE
    }

    /// [`Sums::recent`] with traffic in each of the ten minutes.
    pub const EACH_MINUTE: u16 = (1 << Self::ACTIVE) - 1;

    /// Whether every connection behind it is known to be closed: by a FIN of each side or by a RST,
    /// and not seen since. Of several client ports that is only known if each record shows its end.
    ///
    /// It takes `tcp-flags`:
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>
    pub fn is_closed(&self) -> bool {
        self.evidence
            .is_closed(self.records, self.client_ports, self.last_start)
    }
}

/// The mean time between two packets, in seconds, rounded up; `None` without packets.
pub fn mean_gap(first: DateTime<Utc>, last: DateTime<Utc>, packets: u64) -> Option<u32> {
    let seconds = u64::try_from((last - first).num_seconds()).unwrap_or(0);
    let gap = (packets > 0).then(|| seconds.div_ceil(packets))?;
    Some(u32::try_from(gap).unwrap_or(u32::MAX))
}
