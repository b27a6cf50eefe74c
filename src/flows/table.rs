//! The edge table: who talks to whom, how much, since when, and whether it gets through.
//!
//! The same records in any order, some of them twice, give the same edges, as long as neither
//! limit (edges, remembered events) is reached. Memory is bounded; what is dropped is counted.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use chrono::{DateTime, Utc};

use super::bad_line::BadLine;
use super::conversation::Conversation;
use super::coverage::TableCoverage;
use super::edge::{Edge, EdgeKey, PeerKey, Sums};
use super::seen::SeenEvents;
use crate::model::{EniId, FlowRecord, LogStatus};

/// Stands for the interface in edges of records that name none (regional NAT gateways, transit
/// gateways, formats without `interface-id`).
pub const UNKNOWN_ENI: &str = "-";

/// Edges by interface, with what they rest on.
#[derive(Debug, Clone)]
pub struct FlowTable {
    enis: BTreeMap<EniId, BTreeMap<PeerKey, Sums>>,
    len: usize,
    limit: usize,
    evicted: u64,
    seen: SeenEvents,
    bad: SeenEvents,
    coverage: TableCoverage,
}

impl Default for FlowTable {
    fn default() -> Self {
        Self::new(Self::EDGES)
    }
}

impl FlowTable {
    /// How many edges a table holds by default.
    pub const EDGES: usize = 200_000;
    /// How many event ids it remembers to know an event that is read again.
    pub const EVENTS: usize = 1_000_000;

    /// An empty table that holds `limit_edges` edges at the most, and at least one.
    pub fn new(limit_edges: usize) -> Self {
        Self {
            enis: BTreeMap::new(),
            len: 0,
            limit: limit_edges.max(1),
            evicted: 0,
            seen: SeenEvents::new(Self::EVENTS),
            bad: SeenEvents::new(Self::EVENTS),
            coverage: TableCoverage::default(),
        }
    }

    /// Counts a record, unless its event was counted before; says whether it was.
    ///
    /// `local` tells whether an address is one of an interface's own. It is asked when the log has
    /// no `flow-direction`. Records without addresses only count into the coverage.
    pub fn add(
        &mut self,
        event: u64,
        record: &FlowRecord,
        local: impl Fn(&EniId, IpAddr) -> bool,
    ) -> bool {
        if !self.seen.is_new(event, record.end) {
            self.coverage.duplicates += 1;
            return false;
        }
        self.coverage.add(record);
        match Conversation::of(record, local).and_then(|c| Some((PeerKey::of(record, c)?, c))) {
            Some((key, conversation)) => self.count(key, record, conversation),
            None if record.status == LogStatus::Ok => self.coverage.incomplete += 1,
            None => {}
        }
        true
    }

    /// Counts a line that could not be read, unless its event was counted before.
    pub fn count_bad(&mut self, event: u64, reason: BadLine) {
        if self.bad.is_new(event, DateTime::UNIX_EPOCH) {
            self.coverage.add_bad(reason);
        }
    }

    /// How many edges it holds.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds no edge.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many edges were dropped because the table was full: those silent for longest.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// What the edges rest on.
    pub fn coverage(&self) -> &TableCoverage {
        &self.coverage
    }

    /// The log of each interface, in the order of their ids.
    pub fn logs(&self) -> impl Iterator<Item = EniLog<'_>> {
        self.enis.iter().map(|(eni, edges)| EniLog { eni, edges })
    }

    /// The log of one interface, if it has edges.
    pub fn log_of(&self, eni: &EniId) -> Option<EniLog<'_>> {
        let (eni, edges) = self.enis.get_key_value(eni)?;
        Some(EniLog { eni, edges })
    }

    /// All edges, by interface, then in the order of their keys.
    pub fn edges(&self) -> impl Iterator<Item = Edge<'_>> {
        self.logs().flat_map(EniLog::edges)
    }

    /// The edges of one interface, in the order of their keys.
    pub fn edges_of(&self, eni: &EniId) -> impl Iterator<Item = Edge<'_>> {
        self.log_of(eni).into_iter().flat_map(EniLog::edges)
    }

    /// The edge of a key.
    pub fn edge(&self, key: &EdgeKey) -> Option<Edge<'_>> {
        let log = self.log_of(&key.eni)?;
        let mut same = log.between(key.peer, key.own, key.protocol);
        same.find(|it| it.key == *key)
    }

    /// The edges of some interfaces: the last one seen first, then by bytes, then by key.
    pub fn newest_first(&self, enis: &[EniId]) -> Vec<Edge<'_>> {
        let enis: BTreeSet<&EniId> = enis.iter().collect();
        let mut edges: Vec<Edge<'_>> = enis
            .into_iter()
            .flat_map(|eni| self.edges_of(eni))
            .collect();
        edges.sort_unstable_by(|a, b| {
            let rank = |edge: &Edge<'_>| (Reverse(edge.last), Reverse(edge.bytes()));
            rank(a).cmp(&rank(b)).then_with(|| a.key.cmp(&b.key))
        });
        edges
    }

    fn count(&mut self, key: PeerKey, record: &FlowRecord, conversation: Conversation) {
        let eni = record.eni.as_ref().map_or(UNKNOWN_ENI, EniId::as_str);
        let known = self.enis.get_mut(eni).and_then(|it| it.get_mut(&key));
        if let Some(sums) = known {
            sums.add(record, conversation);
            return;
        }
        self.make_room();
        // Edges of an interface share its id: every record brings a copy of its own.
        let eni = EniId::new(eni);
        let edges = self.enis.entry(eni).or_default();
        edges.insert(key, Sums::of(record, conversation));
        self.len += 1;
    }

    /// Drops the sixteenth of the edges that is silent for longest, if the table is full.
    fn make_room(&mut self) {
        if self.len < self.limit {
            return;
        }
        for (eni, key) in self.oldest(self.limit.div_ceil(16)) {
            let Some(edges) = self.enis.get_mut(&eni) else {
                continue;
            };
            if edges.remove(&key).is_some() {
                self.len -= 1;
                self.evicted += 1;
            }
            if edges.is_empty() {
                self.enis.remove(&eni);
            }
        }
    }

    fn oldest(&self, count: usize) -> Vec<(EniId, PeerKey)> {
        let of_eni = |(eni, edges)| {
            let edges: &BTreeMap<PeerKey, Sums> = edges;
            edges.iter().map(move |(key, sums)| (sums.last, eni, *key))
        };
        let mut edges: Vec<(DateTime<Utc>, &EniId, PeerKey)> =
            self.enis.iter().flat_map(of_eni).collect();
        if count < edges.len() {
            edges.select_nth_unstable(count);
        }
        let oldest = edges.into_iter().take(count);
        oldest.map(|(_, eni, key)| (eni.clone(), key)).collect()
    }
}

/// The edges of one interface.
#[derive(Debug, Clone, Copy)]
pub struct EniLog<'a> {
    /// The interface; [`UNKNOWN_ENI`] for records that name none.
    pub eni: &'a EniId,
    edges: &'a BTreeMap<PeerKey, Sums>,
}

impl<'a> EniLog<'a> {
    /// All, in the order of their keys.
    pub fn edges(self) -> impl Iterator<Item = Edge<'a>> {
        let edge = move |(key, sums)| Self::edge(self.eni, key, sums);
        self.edges.iter().map(edge)
    }

    /// Those between two addresses in one protocol, in the order of their keys.
    pub fn between(
        self,
        peer: IpAddr,
        own: IpAddr,
        protocol: u8,
    ) -> impl Iterator<Item = Edge<'a>> {
        let (first, last) = PeerKey::ends(peer, own, protocol);
        let edge = move |(key, sums)| Self::edge(self.eni, key, sums);
        self.edges.range(first..=last).map(edge)
    }

    fn edge(eni: &EniId, key: &PeerKey, sums: &'a Sums) -> Edge<'a> {
        Edge {
            key: key.at(eni),
            sums,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flows::Format;
    use crate::model::{Direction, FlowAction};

    /// A table of lines in version 2, by line number; 10.0.0.5 is ours everywhere.
    fn table(limit: usize, lines: &[String]) -> FlowTable {
        let mut table = FlowTable::new(limit);
        for (event, line) in (0..).zip(lines) {
            match Format::default_v2().record(line.as_bytes()) {
                Ok(record) => {
                    let own: IpAddr = [10, 0, 0, 5].into();
                    table.add(event, &record, |_, address| address == own);
                }
                Err(reason) => table.count_bad(event, reason),
            }
        }
        table
    }

    fn line(eni: &str, src: &str, dst: &str, ports: &str, bytes: u64, minute: i64) -> String {
        let (start, end) = (minute * 60, minute * 60 + 60);
        format!("2 123456789012 {eni} {src} {dst} {ports} 6 2 {bytes} {start} {end} ACCEPT OK")
    }

    #[test]
    fn request_and_reply_fold_into_one_edge() {
        let lines = [
            line("eni-a", "10.0.0.5", "10.0.0.9", "40000 443", 100, 10),
            line("eni-a", "10.0.0.9", "10.0.0.5", "443 40000", 900, 11),
            line("eni-a", "10.0.0.5", "10.0.0.9", "40001 443", 50, 12),
            line("eni-a", "10.0.0.9", "10.0.0.5", "443 40001", 7, 12).replace("ACCEPT", "REJECT"),
            "2 123456789012 eni-a - - - - - - - 900 960 - NODATA".to_owned(),
            "2 123456789012 eni-a - - - - - - - 900 960 - OK".to_owned(),
            "2 123456789012 eni-a".to_owned(),
        ];
        let table = table(10, &lines);
        let eni = EniId::new("eni-a");
        let edges: Vec<Edge<'_>> = table.edges_of(&eni).collect();
        assert_eq!((edges.len(), table.len()), (2, 2));
        let edge = &edges[0];
        assert_eq!(
            (edge.bytes_in, edge.bytes_out, edge.packets, edge.records),
            (900, 150, 6, 3)
        );
        assert_eq!(
            (edge.key.port, edge.key.direction),
            (443, Direction::Egress)
        );
        assert_eq!(edges[1].key.action, FlowAction::Reject);
        assert_eq!(edges[1].bytes_in, 7);
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        assert_eq!(
            (edge.first, edge.last_start, edge.last),
            (at(600), at(720), at(780))
        );
        assert_eq!(edge.sparkline(at(725), 4), [0, 100, 900, 50]);
        let coverage = table.coverage();
        assert_eq!(
            (coverage.records, coverage.no_data, coverage.incomplete),
            (6, 1, 1)
        );
        assert_eq!((coverage.bad_lines, coverage.duplicates), (1, 0));
    }

    #[test]
    fn an_edge_is_active_with_traffic_in_each_of_the_last_ten_minutes() {
        let at = |minute: i64| DateTime::from_timestamp(minute * 60 + 30, 0).unwrap();
        let lines = |minutes: std::ops::Range<i64>| -> Vec<String> {
            minutes
                .map(|m| line("eni-a", "10.0.0.5", "10.0.0.9", "40000 443", 1, m))
                .collect()
        };
        for (minutes, now, active) in [
            (20..30, 30, true),
            (20..30, 29, false),
            (21..31, 30, false),
            (20..40, 35, true),
            (20..30, 31, false),
        ] {
            let table = table(10, &lines(minutes.clone()));
            let edge = table.edges().next().unwrap();
            assert_eq!(edge.is_active(at(now)), active, "{minutes:?} at {now}");
        }
    }

    #[test]
    fn the_edges_silent_for_longest_are_evicted_and_counted() {
        let lines: Vec<String> = (0..40_u8)
            .map(|n| {
                let minute = i64::from(n % 20) * 2 + i64::from(n / 20);
                line(
                    "eni-a",
                    "10.0.0.5",
                    &format!("10.0.1.{n}"),
                    "40000 443",
                    9,
                    minute,
                )
            })
            .collect();
        let table = table(32, &lines);
        assert_eq!(table.evicted(), 8, "two at a time");
        assert_eq!(table.len(), 32);
        assert_eq!(table.edges().count(), 32);
        let peers: Vec<String> = table
            .edges()
            .map(|edge| edge.key.peer.to_string())
            .collect();
        assert!(!peers.contains(&"10.0.1.0".to_owned()), "the oldest");
        assert!(peers.contains(&"10.0.1.19".to_owned()), "among the newest");
    }

    #[test]
    fn edges_come_newest_first_then_largest_first() {
        let lines = [
            line("eni-a", "10.0.0.5", "10.0.1.1", "40000 443", 10, 1),
            line("eni-a", "10.0.0.5", "10.0.1.2", "40000 443", 10, 2),
            line("eni-b", "10.0.0.5", "10.0.1.3", "40000 443", 99, 2),
            line("eni-c", "10.0.0.5", "10.0.1.4", "40000 443", 99, 3),
            line("-", "10.0.0.5", "192.0.2.5", "40000 443", 99, 3),
        ];
        let table = table(10, &lines);
        let peers = |enis: &[&str]| -> Vec<String> {
            let enis: Vec<EniId> = enis.iter().copied().map(EniId::new).collect();
            let edges = table.newest_first(&enis);
            edges.iter().map(|edge| edge.key.peer.to_string()).collect()
        };
        assert_eq!(
            peers(&["eni-a", "eni-b", "eni-a"]),
            ["10.0.1.3", "10.0.1.2", "10.0.1.1"]
        );
        assert_eq!(peers(&[UNKNOWN_ENI]), ["192.0.2.5"]);
        assert_eq!(table.coverage().without_eni, 1);
    }
}
