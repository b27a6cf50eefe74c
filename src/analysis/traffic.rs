//! The live flows of an estate, placed on its network once, and counted under many courses.

use std::collections::{BTreeMap, BTreeSet};

use super::cause::Cause;
use super::flow::Flow;
use super::network::{Ix, Network};
use super::placed::{Placed, Side};
use super::touched::Touched;
use super::tracker::Tracker;
use super::verdict::{Activity, Course, Fate, Verdict};
use super::walk::Seat;
use crate::model::{EniId, InstanceId};

/// A flow as the logs show it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The flow.
    pub flow: Flow,
    /// The interface whose log shows it.
    pub eni: &'a EniId,
    /// How it behaves.
    pub activity: Activity,
    /// Its volume, both ways.
    pub bytes_per_minute: u64,
}

/// Live flows, placed on the network that they were seen in.
#[derive(Debug, Clone)]
pub struct Traffic {
    network: Network,
    lanes: Vec<Lane>,
    /// Where each lane runs, apart from the rest of it: most changes touch few, and all are looked at.
    tracks: Vec<Track>,
}

/// Where a lane runs.
#[derive(Debug, Clone, Copy)]
struct Track {
    ends: [Option<Ix>; 2],
    /// The subnets of the client, the server and the NAT gateway between them.
    subnets: [Option<Ix>; 3],
    /// Its server is a service that nothing filters.
    unfiltered: bool,
}

impl Track {
    /// Whether a course changes an interface, or anything on the way between them.
    fn meets(&self, touched: &Touched) -> bool {
        self.ends.iter().any(|it| touched.interface(*it))
            || self.subnets.iter().any(|it| touched.subnet(*it))
    }
}

/// One placed flow.
#[derive(Debug, Clone, Copy)]
struct Lane {
    placed: Placed,
    activity: Activity,
    bytes_per_minute: u64,
    /// The state before any change, and what refuses the flow already.
    tracker: Tracker,
    refused: Option<Cause>,
    /// The subnets of the client, the server and the NAT gateway between them.
    subnets: [Option<Ix>; 3],
}

/// A flow of one interface, and what becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowFate {
    /// The flow.
    pub flow: Flow,
    /// What becomes of it.
    pub fate: Fate,
    /// Its volume, both ways.
    pub bytes_per_minute: u64,
}

/// How many flows have which verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// [`Verdict::Cut`]
    pub cut: u32,
    /// [`Verdict::Expires`]
    pub expiring: u32,
    /// [`Verdict::Survives`]
    pub surviving: u32,
    /// [`Verdict::Resumes`]
    pub resuming: u32,
    /// [`Verdict::OneWay`]
    pub one_way: u32,
    /// [`Verdict::Unaffected`]
    pub unaffected: u32,
    /// [`Verdict::NotFiltered`]
    pub not_filtered: u32,
    /// [`Verdict::Unknown`]
    pub unknown: u32,
    /// Bytes per minute of those that are cut, expire, go one way or are blocked for a while.
    pub bytes_per_minute_hit: u64,
}

impl Counts {
    /// Counts a flow.
    pub fn add(&mut self, verdict: Verdict, bytes_per_minute: u64) {
        let count = match verdict {
            Verdict::Cut => &mut self.cut,
            Verdict::Expires(_) => &mut self.expiring,
            Verdict::Survives => &mut self.surviving,
            Verdict::Resumes => &mut self.resuming,
            Verdict::OneWay(_) => &mut self.one_way,
            Verdict::Unaffected => &mut self.unaffected,
            Verdict::NotFiltered => &mut self.not_filtered,
            Verdict::Unknown => &mut self.unknown,
        };
        *count += 1;
        if verdict.hurts() {
            self.bytes_per_minute_hit = self.bytes_per_minute_hit.saturating_add(bytes_per_minute);
        }
    }

    /// All flows that were counted.
    pub fn total(&self) -> u32 {
        self.cut
            + self.expiring
            + self.surviving
            + self.resuming
            + self.one_way
            + self.unaffected
            + self.not_filtered
            + self.unknown
    }

    /// Flows that are hurt.
    pub fn hit(&self) -> u32 {
        self.cut + self.expiring + self.one_way + self.resuming
    }
}

/// What a course does to everyone's flows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Flows of the suspect's interfaces.
    pub suspect: Counts,
    /// Flows with the peers that were named, of the suspect's.
    pub peers: Counts,
    /// All others.
    pub neighbours: Counts,
    /// What each interface other than the suspect's loses; those that lose nothing are absent.
    pub hits: BTreeMap<EniId, Counts>,
}

impl Tally {
    /// The interfaces that are known to lose something.
    pub fn hit(&self) -> impl Iterator<Item = &EniId> {
        let hit = self.hits.iter().filter(|(_, counts)| counts.hit() > 0);
        hit.map(|(eni, _)| eni)
    }
}

impl Traffic {
    /// Places flows on the network of the estate that they were seen in.
    pub fn new<'a>(network: &Network, flows: impl IntoIterator<Item = Seen<'a>>) -> Self {
        let lane = |seen: Seen<'_>| lane(network, &seen);
        let lanes: Vec<Lane> = flows.into_iter().map(lane).collect();
        Self {
            tracks: lanes.iter().map(Lane::track).collect(),
            lanes,
            network: network.clone(),
        }
    }

    /// The network that the flows were placed on.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// How many flows there are.
    pub fn len(&self) -> usize {
        self.lanes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    /// Our interfaces at the ends of a flow, the client's first. Flows are counted from 0, in the order in
    /// which they were given.
    pub fn ends(&self, flow: usize) -> impl Iterator<Item = &EniId> {
        let placed = self.lanes.get(flow).map(|it| &it.placed);
        let ends = Side::BOTH.map(|side| placed.and_then(|it| it.interface(side)));
        let interfaces = ends.into_iter().flatten();
        interfaces.filter_map(|ix| Some(&self.network.interface(ix)?.id))
    }

    /// What becomes of each flow, in the order in which they were given.
    ///
    /// `course` must begin at [`Traffic::network`].
    pub fn fates(&self, course: Course<'_>) -> Vec<Fate> {
        let touched = Touched::by(course.before, course.stages);
        let fate = |lane: &Lane| lane.fate(course, &touched);
        self.lanes.iter().map(fate).collect()
    }

    /// What becomes of the flows of one interface, at either end, in the order in which they were given.
    ///
    /// `course` must begin at [`Traffic::network`].
    pub fn fates_of(&self, course: Course<'_>, eni: &EniId) -> Vec<FlowFate> {
        let Some(ix) = self.network.interface_ix(eni) else {
            return Vec::new();
        };
        let touched = Touched::by(course.before, course.stages);
        let at = |lane: &&Lane| {
            let mut ends = Side::BOTH.into_iter();
            ends.any(|side| lane.placed.interface(side) == Some(ix))
        };
        let fate = |lane: &Lane| FlowFate {
            flow: lane.placed.flow,
            fate: lane.fate(course, &touched),
            bytes_per_minute: lane.bytes_per_minute,
        };
        self.lanes.iter().filter(at).map(fate).collect()
    }

    /// Counts what becomes of all flows. `suspect` is the instance that the course is for, and
    /// `peers` the addresses whose flows with it are counted apart.
    pub fn tally(
        &self,
        course: Course<'_>,
        suspect: Option<&InstanceId>,
        peers: &BTreeSet<std::net::IpAddr>,
    ) -> Tally {
        let mut tally = Tally::default();
        let touched = Touched::by(course.before, course.stages);
        let own = self.interfaces_of(suspect);
        let mut hits: BTreeMap<Ix, Counts> = BTreeMap::new();
        for (track, lane) in self.tracks.iter().zip(&self.lanes) {
            let ends = track.ends;
            let is_own = ends
                .iter()
                .flatten()
                .any(|ix| own.get(*ix as usize) == Some(&true));
            if !is_own && (track.unfiltered || !track.meets(&touched)) {
                let neighbours = &mut tally.neighbours;
                if track.unfiltered {
                    neighbours.not_filtered += 1;
                } else {
                    neighbours.unaffected += 1;
                }
                continue;
            }
            let verdict = lane.fate(course, &touched).verdict;
            if is_own {
                tally.suspect.add(verdict, lane.bytes_per_minute);
                let flow = &lane.placed.flow;
                if peers.contains(&flow.client) || peers.contains(&flow.server) {
                    tally.peers.add(verdict, lane.bytes_per_minute);
                }
                continue;
            }
            tally.neighbours.add(verdict, lane.bytes_per_minute);
            if verdict.hurts() || verdict == Verdict::Unknown {
                for ix in ends.into_iter().flatten() {
                    let counts = hits.entry(ix).or_default();
                    counts.add(verdict, lane.bytes_per_minute);
                }
            }
        }
        let named =
            |(ix, counts): (Ix, Counts)| Some((self.network.interface(ix)?.id.clone(), counts));
        tally.hits = hits.into_iter().filter_map(named).collect();
        tally
    }

    /// Which interfaces are an instance's.
    fn interfaces_of(&self, instance: Option<&InstanceId>) -> Vec<bool> {
        let mut own = vec![false; self.network.interfaces.len()];
        let enis = instance.map(|id| self.network.estate().enis_of_instance(id));
        for eni in enis.into_iter().flatten() {
            let ix = self.network.interface_ix(&eni.id);
            if let Some(mark) = ix.and_then(|ix| own.get_mut(ix as usize)) {
                *mark = true;
            }
        }
        own
    }
}

fn lane(network: &Network, seen: &Seen<'_>) -> Lane {
    let placed = network.place(&seen.flow, network.interface_ix(seen.eni));
    let idle = -i64::from(seen.activity.idle) * 1000;
    let (tracker, refused) = Tracker::established(network, &placed, idle);
    let nat = tracker.nat().and_then(|ix| network.interface(ix)?.subnet);
    Lane {
        subnets: [
            network.subnet_of(placed.client),
            network.subnet_of(placed.server),
            nat,
        ],
        placed,
        activity: seen.activity,
        bytes_per_minute: seen.bytes_per_minute,
        tracker,
        refused,
    }
}

impl Lane {
    fn track(&self) -> Track {
        Track {
            ends: Side::BOTH.map(|side| self.placed.interface(side)),
            subnets: self.subnets,
            unfiltered: matches!(self.placed.server.seat, Seat::Service(_)),
        }
    }

    fn fate(&self, course: Course<'_>, touched: &Touched) -> Fate {
        if let Seat::Service(_) = self.placed.server.seat {
            return Fate::NOT_FILTERED;
        }
        let on_interfaces = Side::BOTH
            .into_iter()
            .any(|side| touched.interface(self.placed.interface(side)));
        // A NAT gateway remembers flows as interfaces do.
        let remembered = || {
            let touched = self.subnets.iter().any(|it| touched.subnet(*it));
            touched && self.tracker.nat().is_some()
        };
        if on_interfaces || remembered() {
            return course.fate_from(&self.placed, self.activity, self.tracker, self.refused);
        }
        if self.subnets.iter().any(|it| touched.subnet(*it)) {
            return course.fate_on_the_way(
                &self.placed,
                self.activity,
                &self.tracker,
                self.refused,
            );
        }
        Fate::UNAFFECTED
    }
}
