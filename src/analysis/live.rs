//! From flow-log edges to flows that a containment could cut.
//!
//! A request and its reply are one flow, and so are the records of both interfaces when both ends are
//! ours. What is closed, rejected or half open stands apart; what a NAT gateway or an appliance only
//! hands on is no flow of its own. What the log leaves open is a doubt, never silence.

mod blind_spot;
mod doubt;
mod fold;
mod opener;
mod path;
mod station;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};

pub use blind_spot::{BLIND_SPOTS, BlindSpot};
pub use opener::Opener;

use super::{Activity, Flow, Paths, Seen};
use crate::flows::{Edge, EniLog, FlowTable, Sums, UNKNOWN_ENI};
use crate::model::{Direction, EniId, Estate, TrafficPath};
use fold::{Conversation, Entry, Side, Tally};
use station::{Ends, Station, Stations, Task};

/// A flow that the logs show, with what they say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveFlow {
    /// Who asks whom.
    pub flow: Flow,
    /// The interface whose record it is: our side. If both ends are ours and logged: the server's.
    pub eni: EniId,
    /// The interface at the other end, if it is ours and logged the flow too.
    pub other_eni: Option<EniId>,
    /// Relative to `eni`. Ingress: opened towards it.
    pub direction: Direction,
    /// How we know who opened it.
    pub opener: Opener,
    /// Bytes per minute, both ways, on the mean over the time in which it was seen.
    pub bytes_per_minute: u64,
    /// Packets, both ways.
    pub packets: u64,
    /// Bytes, both ways.
    pub bytes: u64,
    /// Start of its first record.
    pub first: DateTime<Utc>,
    /// End of its last record.
    pub last: DateTime<Utc>,
    /// Start of its last record.
    pub last_start: DateTime<Utc>,
    /// Mean seconds between two packets, rounded up; `None` if the log does not count packets.
    pub gap_seconds: Option<u32>,
    /// Whether it has records in each of the last ten complete minutes of the log; never, if the log
    /// does not count bytes.
    pub active: bool,
    /// The way of its egress traffic, if the log names one and only one.
    pub traffic_path: Option<TrafficPath>,
    /// What it may pass. If only one thing is possible, `flow.via` is the same.
    pub paths: Paths,
}

impl LiveFlow {
    /// What the engine is told of it. One that is not active counts as dormant: it may well pass no packet
    /// while a plan runs.
    pub fn seen(&self, now: DateTime<Utc>) -> Seen<'_> {
        let idle = u32::try_from((now - self.last).num_seconds().max(0));
        Seen {
            flow: self.flow,
            eni: &self.eni,
            activity: Activity {
                dormant: !self.active,
                gap: self.gap_seconds,
                one_way: false,
                idle: idle.unwrap_or(u32::MAX),
            },
            bytes_per_minute: self.bytes_per_minute,
        }
    }
}

/// A record of a NAT gateway's interface: one leg of somebody else's flow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NatLeg {
    /// The gateway's interface.
    pub nat_eni: EniId,
    /// Who is behind the gateway; its outer leg does not show it.
    pub inside: Option<IpAddr>,
    /// Who is in front of it; its inner leg shows it only with `pkt-srcaddr` and `pkt-dstaddr`.
    pub remote: Option<IpAddr>,
}

/// A flow that an interface hands on for others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Transit {
    /// The interface.
    pub appliance: EniId,
    /// Who opened it.
    pub client: IpAddr,
    /// Who answers.
    pub server: IpAddr,
    /// IANA protocol number.
    pub protocol: u8,
    /// The server's port; 0 where the protocol has none.
    pub server_port: u16,
}

/// A flow that was let through and is now rejected: the only positive evidence that it is cut, for
/// silence may be idleness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmedCut {
    /// The flow, as it was while it was let through.
    pub was: LiveFlow,
    /// The end that is not `was.eni`.
    pub remote: IpAddr,
    /// Start of the first rejected record after it was let through.
    pub first_reject_window: DateTime<Utc>,
}

/// What the flow logs show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Live {
    /// What is let through and not known to be closed, in order of interface and peer. Nothing is left
    /// out for its age: a tracked TCP connection lives for days without a packet.
    pub flows: Vec<LiveFlow>,
    /// What is dropped. A flow of which only a part is dropped is here and in `flows`.
    pub rejected: Vec<LiveFlow>,
    /// What was let through and is closed: FIN of both sides, or RST. Nothing is left to cut, but the
    /// next connection may be on its way: of a service with short ones this is all its traffic.
    pub closed: Vec<LiveFlow>,
    /// What is let through one way, and dropped the other way.
    pub half_open: Vec<LiveFlow>,
    /// Legs of flows through NAT gateways.
    pub nat_legs: Vec<NatLeg>,
    /// What appliances and attachments hand on.
    pub transit: Vec<Transit>,
    /// What was let through first and is dropped now.
    pub confirmed_cuts: Vec<ConfirmedCut>,
    /// Part of what happened is missing from the log itself: skipped records, or legs of a NAT gateway
    /// that don't name the remote.
    pub coverage_gap: bool,
    /// What no log shows, whatever happens.
    pub blind_spots: &'static [BlindSpot],
    /// What the log leaves open, in sentences.
    pub doubts: Vec<String>,
}

/// Reads the flows out of a table. `now` bounds how far the log is taken to be complete.
///
/// Records: <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-records-examples.html>
pub fn live(estate: &Estate, table: &FlowTable, now: DateTime<Utc>) -> Live {
    let stations = Stations::new(estate, table);
    let newest = table.coverage().newest_end.unwrap_or(now);
    let mut reader = Reader {
        stations: &stations,
        complete_to: newest.min(now),
        live: Live::default(),
        nat_legs: BTreeSet::new(),
        transit: BTreeSet::new(),
        ambiguous: BTreeSet::new(),
        entries: Vec::new(),
    };
    for log in table.logs() {
        reader.read(log);
    }
    reader.finish(estate, table)
}

struct Reader<'a> {
    stations: &'a Stations<'a>,
    complete_to: DateTime<Utc>,
    live: Live,
    nat_legs: BTreeSet<NatLeg>,
    transit: BTreeSet<Transit>,
    /// Interfaces whose logs don't say which of their addresses is meant.
    ambiguous: BTreeSet<&'a EniId>,
    /// Room for the edges of one pair of addresses.
    entries: Vec<Entry>,
}

impl<'a> Reader<'a> {
    fn read(&mut self, log: EniLog<'a>) {
        let station = self.stations.of(log.eni);
        let mut group: Vec<Edge<'a>> = Vec::new();
        for edge in log.edges() {
            if group.first().is_some_and(|it| pair(it) != pair(&edge)) {
                self.assign(station, &group);
                group.clear();
            }
            group.push(edge);
        }
        self.assign(station, &group);
    }

    /// The edges between an interface and a peer, in one protocol.
    fn assign(&mut self, station: Station<'a>, group: &[Edge<'_>]) {
        let Some(first) = group.first() else {
            return;
        };
        if station.is_ambiguous(first) {
            self.ambiguous.insert(station.id);
        }
        match station.task(first.key.own) {
            Task::Translate(nat) => self.nat_legs.extend(group.iter().map(|it| nat.leg(it))),
            Task::Forward => self.transit.extend(group.iter().map(transit)),
            Task::Talk => self.talk(station, group, pair(first)),
        }
    }

    fn talk(&mut self, station: Station<'a>, group: &[Edge<'_>], pair: Pair) {
        let (peer, own, protocol) = pair;
        let mut ends = self.stations.ends(station, own, peer);
        let mut log = Side::Own;
        if station.is_nameless() {
            if ends.is_logged(protocol) {
                return;
            }
            if ends.own.is_none() && ends.peer.is_some() {
                ends = ends.turned();
                log = Side::Peer;
            }
        }
        let mut entries = std::mem::take(&mut self.entries);
        entries.clear();
        entries.extend(group.iter().map(|it| Entry::of(it, log, self.complete_to)));
        let logged = entries.len();
        let mirror = self.stations.mirror(&ends);
        let mirrored = mirror.map(|it| (it.eni, it.between(own, peer, protocol)));
        let mut is_counted_there = false;
        if let Some((id, edges)) = mirrored {
            entries.extend(edges.map(|it| Entry::of(&it, Side::Peer, self.complete_to)));
            is_counted_there = entries.len() > logged && id < station.id;
        }
        if !is_counted_there {
            for conversation in fold::conversations(&mut entries) {
                self.file(&ends, protocol, &conversation);
            }
        }
        self.entries = entries;
    }

    /// Puts a conversation where it belongs.
    fn file(&mut self, ends: &Ends<'_>, protocol: u8, it: &Conversation) {
        let flow = |tally: &Tally| live_flow(ends, protocol, it, tally);
        match (it.accepted(), it.rejected()) {
            (None, None) => {}
            (None, Some(rejected)) => self.live.rejected.push(flow(&rejected)),
            (Some(accepted), None) => {
                let closed = accepted.is_closed();
                self.keep(flow(&accepted), closed);
            }
            (Some(_), Some(rejected)) if it.is_refused() => {
                self.live.rejected.push(flow(&rejected));
            }
            (Some(accepted), Some(rejected)) => {
                let was = flow(&accepted);
                if is_half_open(&accepted, &rejected) {
                    self.live.half_open.push(was);
                } else if accepted.is_closed() {
                    // Packets after the end are logged as rejected.
                    self.keep(was, true);
                } else if let Some(first_reject_window) = cut_since(it) {
                    self.live.confirmed_cuts.push(ConfirmedCut {
                        remote: remote(&was),
                        was,
                        first_reject_window,
                    });
                } else {
                    self.keep(was, false);
                    self.live.rejected.push(flow(&rejected));
                }
            }
        }
    }

    fn keep(&mut self, flow: LiveFlow, closed: bool) {
        let flows = if closed {
            &mut self.live.closed
        } else {
            &mut self.live.flows
        };
        flows.push(flow);
    }

    fn finish(mut self, estate: &Estate, table: &FlowTable) -> Live {
        self.live.nat_legs = self.nat_legs.into_iter().collect();
        self.live.transit = self.transit.into_iter().collect();
        let blind_nats = doubt::blind_nats(&self.live.nat_legs);
        self.live.coverage_gap = table.coverage().skip_data > 0 || !blind_nats.is_empty();
        self.live.blind_spots = &BLIND_SPOTS;
        self.live.doubts = doubt::doubts(estate, table, &blind_nats, &self.ambiguous);
        self.live
    }
}

/// A conversation with what is said of its accepted or rejected part.
fn live_flow(ends: &Ends<'_>, protocol: u8, it: &Conversation, tally: &Tally) -> LiveFlow {
    let evidence = tally.evidence;
    let opener = Opener::judge(
        evidence.opening_seen(),
        evidence.flags_logged(),
        protocol,
        tally.client_ports,
        it.role.port,
    );
    let server = server(it, tally);
    let (server_address, client_address) = match server {
        Side::Own => (ends.own_address, ends.peer_address),
        Side::Peer => (ends.peer_address, ends.own_address),
    };
    let (eni, other_eni, direction) = ends.placed(server, it);
    let in_both_logs = it.own.is_logged() && it.peer.is_logged();
    let (paths, traffic_path) = path::of(ends, server, in_both_logs, evidence);
    LiveFlow {
        flow: Flow {
            client: client_address,
            server: server_address,
            protocol,
            client_ports: tally.client_ports,
            server_port: it.role.port,
            icmp: None,
            via: paths.only(),
        },
        eni,
        other_eni,
        direction,
        opener,
        bytes_per_minute: bytes_per_minute(tally),
        packets: tally.packets,
        bytes: tally.bytes,
        first: tally.first,
        last: tally.last,
        last_start: tally.last_start,
        gap_seconds: crate::flows::mean_gap(tally.first, tally.last, tally.packets),
        active: tally.recent == Sums::EACH_MINUTE,
        traffic_path,
        paths,
    }
}

/// What edges between the same two ends have in common: peer, own address, protocol.
type Pair = (IpAddr, IpAddr, u8);

fn pair(edge: &Edge<'_>) -> Pair {
    (edge.key.peer, edge.key.own, edge.key.protocol)
}

fn transit(edge: &Edge<'_>) -> Transit {
    let key = &edge.key;
    let (client, server) = match key.direction {
        Direction::Ingress => (key.peer, key.own),
        Direction::Egress => (key.own, key.peer),
    };
    Transit {
        appliance: key.eni.clone(),
        client,
        server,
        protocol: key.protocol,
        server_port: key.port,
    }
}

/// Who answers. Without ports nothing but the only packets' sender tells.
fn server(it: &Conversation, tally: &Tally) -> Side {
    let tells = it.role.port != 0 && tally.client_ports.single() != Some(it.role.port);
    let only = tally.only_sender().filter(|_| !tells);
    only.map_or(it.role.server, Side::other)
}

/// Let through one way, and dropped only the other way.
fn is_half_open(accepted: &Tally, rejected: &Tally) -> bool {
    match (accepted.only_sender(), rejected.only_sender()) {
        (Some(sent), Some(dropped)) => sent != dropped,
        _ => false,
    }
}

/// Since when an interface drops what it let through before: the start of the first window known.
fn cut_since(it: &Conversation) -> Option<DateTime<Utc>> {
    let cuts = it
        .parts()
        .map(|part| cut_at(&part.accepted?, &part.rejected?));
    cuts.into_iter().flatten().min()
}

/// The same client port must have been let through and dropped: that others are dropped says nothing
/// about a connection that is silent.
fn cut_at(accepted: &Tally, rejected: &Tally) -> Option<DateTime<Utc>> {
    let port = accepted.client_ports.single()?;
    let dropped = rejected.client_ports;
    if rejected.first > accepted.last_start {
        let seen = port == dropped.from || port == dropped.to;
        return seen.then_some(rejected.first);
    }
    let again = rejected.last_start >= accepted.last && dropped.single() == Some(port);
    again.then_some(rejected.last_start)
}

fn remote(flow: &LiveFlow) -> IpAddr {
    match flow.direction {
        Direction::Ingress => flow.flow.client,
        Direction::Egress => flow.flow.server,
    }
}

fn bytes_per_minute(tally: &Tally) -> u64 {
    let seen = tally.last - tally.first;
    let seconds = seen.max(TimeDelta::minutes(1)).num_seconds().unsigned_abs();
    let per_minute = u128::from(tally.bytes) * 60 / u128::from(seconds);
    u64::try_from(per_minute).unwrap_or(u64::MAX)
}
