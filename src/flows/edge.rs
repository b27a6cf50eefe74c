//! An edge: all flows of one interface with one peer on one service port.
//!
//! Sums only ever grow, and none depends on the order of records.

use std::net::IpAddr;

use chrono::{DateTime, Utc};

use super::conversation::Conversation;
use super::minutes::{self, Minutes};
use crate::model::{Direction, EniId, FlowAction, FlowRecord};

/// What flows of one edge have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EdgeKey {
    /// The interface; [`UNKNOWN_ENI`](super::UNKNOWN_ENI) if the record names none.
    pub eni: EniId,
    /// The other side's address.
    pub peer: IpAddr,
    /// The service port: that of the side that answers. 0 where the protocol has none.
    pub port: u16,
    /// IANA protocol number.
    pub protocol: u8,
    /// Ingress: opened towards the interface. Egress: opened by it.
    pub direction: Direction,
    /// Let through or dropped.
    pub action: FlowAction,
}

/// Flows aggregated: both directions of the traffic, request and reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// What they have in common.
    pub key: EdgeKey,
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
    minutes: Minutes,
}

impl Edge {
    /// How many minutes [`Edge::sparkline`] can look back.
    pub const MINUTES: usize = 60;

    pub(super) fn new(key: EdgeKey, record: &FlowRecord) -> Self {
        Self {
            key,
            bytes_in: 0,
            bytes_out: 0,
            packets: 0,
            records: 0,
            first: record.start,
            last_start: record.start,
            last: record.end,
            minutes: Minutes::default(),
        }
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
        self.minutes.add(record.start, record.end, record.bytes);
    }

    /// Bytes both ways.
    pub fn bytes(&self) -> u64 {
        self.bytes_in.saturating_add(self.bytes_out)
    }

    /// Bytes per minute, oldest first; the last one is the minute that `now` lies in. At the most
    /// [`Edge::MINUTES`].
    ///
    /// A record's bytes are spread evenly over its window, whose inside the log does not show.
    pub fn sparkline(&self, now: DateTime<Utc>, minutes: usize) -> Vec<u64> {
        let newest = minutes::minute_of(now);
        let count = i64::try_from(minutes.min(Self::MINUTES)).unwrap_or(minutes::KEPT);
        (newest - count + 1..=newest)
            .map(|minute| self.minutes.at(minute))
            .collect()
    }

    /// Whether it had traffic in each of the last ten complete minutes before `now`.
    ///
    /// Logs arrive minutes late, so `now` should be the moment up to which the log is complete,
    /// such as [`EniCoverage::newest_end`](super::EniCoverage), rather than the time of day.
    pub fn is_active(&self, now: DateTime<Utc>) -> bool {
        const WINDOWS: i64 = 10;
        let current = minutes::minute_of(now);
        (current - WINDOWS..current).all(|minute| self.minutes.at(minute) > 0)
    }
}
