//! What an interface remembers of flows: whether a packet needs its rules, and for how long.

use std::hint::black_box;
use std::net::IpAddr;
use std::num::NonZeroU32;

use foldhash::fast::FixedState;

use super::block::Addr;
use super::packet::Packet;
use super::rules::{Judged, Probe, Setting};
use super::switches::Switches;
use super::tables::{Interface, Map, Tables, index};
use super::{EniIx, Entry, Micros};
use crate::drill::guessed::Guessed;
use crate::model::{Direction, EniKind, TrackingTimeouts};

/// A flow as one interface sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    own: Addr,
    remote: Addr,
    own_port: u16,
    remote_port: u16,
    protocol: u8,
}

impl Key {
    pub(super) fn of(packet: Packet, direction: Direction, switches: &Switches) -> Self {
        let (src, dst) = (Addr::of(packet.src), Addr::of(packet.dst));
        let (sent, received) = match packet.protocol {
            Packet::TCP | Packet::UDP => (packet.src_port, packet.dst_port),
            Packet::ICMP | Packet::ICMPV6 if switches.icmp_by_identifier => {
                (packet.src_port, packet.src_port)
            }
            _ => (0, 0),
        };
        let ((own, own_port), (remote, remote_port)) = match direction {
            Direction::Egress => ((src, sent), (dst, received)),
            Direction::Ingress => ((dst, received), (src, sent)),
        };
        Self {
            own,
            remote,
            own_port,
            remote_port,
            protocol: packet.protocol,
        }
    }
}

/// The key of a flow of IPv4 addresses, a quarter as large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Short {
    ends: u64,
    rest: u64,
}

impl Short {
    fn of(key: &Key) -> Option<Self> {
        let (own, remote) = (key.own.v4()?, key.remote.v4()?);
        let ports = u64::from(key.own_port) << 16 | u64::from(key.remote_port);
        Some(Self {
            ends: u64::from(own) << 32 | u64::from(remote),
            rest: ports << 8 | u64::from(key.protocol),
        })
    }

    fn full(self) -> Key {
        let [
            _,
            _,
            _,
            own_high,
            own_low,
            remote_high,
            remote_low,
            protocol,
        ] = self.rest.to_be_bytes();
        let address = |bits: u64| {
            let bits = u32::try_from(bits & u64::from(u32::MAX)).unwrap_or_default();
            Addr::of(IpAddr::V4(bits.into()))
        };
        Key {
            own: address(self.ends >> 32),
            remote: address(self.ends),
            own_port: u16::from_be_bytes([own_high, own_low]),
            remote_port: u16::from_be_bytes([remote_high, remote_low]),
            protocol,
        }
    }

    fn protocol(self) -> u8 {
        let [.., protocol] = self.rest.to_be_bytes();
        protocol
    }
}

/// What decides of a flow besides its packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Path {
    /// It is tracked whatever the rules are.
    pub(super) auto: bool,
    /// Rules that name groups hold on it.
    pub(super) references: bool,
}

/// What is remembered of a flow. Of an untracked one that is only who began it: its packets pass by
/// rules, as if nothing was remembered. It is small, for there are hundreds of thousands: what the key
/// says of the first packet is not said again.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Record {
    last: Micros,
    /// The rules by which it is untracked, one bit for each; and those that permit its first packet now.
    marks: u64,
    forward_marks: u64,
    /// What the rules of this generation say: of the first packet, and of one that answers it.
    generation: u32,
    /// The generation in which it began.
    born: u32,
    /// What the routes of its outgoing packets lead to: the target's number, and one more.
    target: Option<NonZeroU32>,
    /// The place of the timeouts that it began with.
    timeouts: u32,
    /// Ports of the first packet, for judging it again under other rules.
    src_port: u16,
    dst_port: u16,
    initiated: Direction,
    tracked: bool,
    /// Nothing of it passes any more.
    dead: bool,
    path: Path,
    permitted: bool,
    untracked: bool,
    backward: bool,
    /// Requests that were answered, at most 2, and whether the last one waits for its answer.
    exchanges: u8,
    asked: bool,
}

/// What became of a packet at the groups of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) let_through: bool,
    /// Rules alone let it pass.
    pub(super) by_rules: bool,
    /// It did not pass because its entry had run out.
    pub(super) expired: bool,
}

/// A packet at the groups of an interface.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passage<'a> {
    pub(super) tables: &'a Tables,
    pub(super) switches: &'a Switches,
    pub(super) generation: u32,
    pub(super) at: Micros,
    pub(super) eni: &'a Interface,
    pub(super) direction: Direction,
    pub(super) packet: Packet,
    pub(super) path: Path,
    /// The packet counts: what is remembered is brought up to date.
    pub(super) counts: bool,
}

/// Where a flow was found at the first two interfaces that a packet of it passed: the next one is looked for
/// there first.
#[derive(Debug, Clone, Copy, Default)]
pub struct Trail([u32; 2]);

impl Trail {
    /// The place at one of the interfaces that are passed, from 0; at later ones nothing is remembered.
    #[inline]
    pub(super) fn with<T>(&mut self, passed: usize, look: impl FnOnce(&mut u32) -> T) -> T {
        let mut nowhere = u32::MAX;
        look(self.0.get_mut(passed).unwrap_or(&mut nowhere))
    }

    /// The places at the first two interfaces.
    pub(super) fn places(self) -> [u32; 2] {
        self.0
    }
}

/// What is remembered, by flow: those of IPv4 apart from others.
#[derive(Debug, Default)]
struct Known {
    short: Guessed<Short, Record, FixedState>,
    long: Map<Key, Record>,
}

impl Known {
    fn get(&self, key: &Key) -> Option<&Record> {
        match Short::of(key) {
            Some(short) => self.short.get(&short),
            None => self.long.get(key),
        }
    }

    fn find(&mut self, key: &Key, place: &mut u32) -> Option<&mut Record> {
        match Short::of(key) {
            Some(short) => self.short.find(&short, place),
            None => self.long.get_mut(key),
        }
    }

    fn insert(&mut self, key: Key, record: Record, place: &mut u32) {
        if let Some(short) = Short::of(&key) {
            self.short.insert(short, record, place);
        } else {
            self.long.insert(key, record);
        }
    }

    fn all(&mut self) -> impl Iterator<Item = (Key, &mut Record)> {
        let short = self.short.iter_mut().map(|(key, it)| (key.full(), it));
        short.chain(self.long.iter_mut().map(|(key, it)| (*key, it)))
    }
}

/// The flows of one interface.
#[derive(Debug, Default)]
pub(super) struct Flows {
    known: Known,
    /// The timeouts that flows began with, each once.
    timeouts: Vec<TrackingTimeouts>,
}

/// A second.
const SECOND: Micros = 1_000_000;
/// For how long it is remembered who began an untracked flow: as long as the longest entry.
const LONGEST: Micros = 432_000 * SECOND;

impl Flows {
    /// Whether the groups let the packet pass.
    pub(super) fn pass(&mut self, passage: &Passage<'_>, place: &mut u32) -> Passed {
        let key = passage.key();
        let Some(known) = self.known.find(&key, place) else {
            let judged = passage.judge(passage.direction, passage.packet, 0);
            if judged.permitted && passage.counts {
                let record = passage.record(judged, &mut self.timeouts);
                self.known.insert(key, record, place);
            }
            return Passed::by_rules(judged.permitted);
        };
        if passage.is_over(known, &self.timeouts) {
            return passage.after_expiry(known, &mut self.timeouts);
        }
        passage.refresh(known);
        let passed = passage.known(known);
        if passed.let_through && passage.counts {
            known.note(passage.direction, passage.at);
        }
        passed
    }

    /// The number of the target that the flow's packets left by, which this packet's is made where there
    /// was none; `None`: nothing is remembered.
    pub(super) fn target(
        &mut self,
        passage: &Passage<'_>,
        target: u32,
        place: &mut u32,
    ) -> Option<u32> {
        let known = self.known.find(&passage.key(), place)?;
        let above = NonZeroU32::MIN.saturating_add(target);
        Some(known.target.get_or_insert(above).get() - 1)
    }

    /// Reads all that the next packet of the flow at a place is going to read.
    #[inline]
    pub(super) fn look(&self, place: u32) {
        let found = self.known.short.at(place);
        black_box(found.map(|(key, record)| (*key, *record)));
        black_box(self.timeouts.first().copied());
    }

    /// The generation in which a flow began.
    pub(super) fn born(&self, key: &Key) -> Option<u32> {
        self.known.get(key).map(|it| it.born)
    }

    pub(super) fn entry(&self, key: &Key, eni: &Interface, switches: &Switches) -> Option<Entry> {
        let known = self.known.get(key)?;
        let timeout = known.timeout((key.protocol, eni), switches, &self.timeouts);
        Some(Entry {
            initiated: known.initiated,
            tracked: known.tracked,
            last: known.last,
            expires: known.tracked.then(|| known.last.saturating_add(timeout)),
        })
    }

    /// Makes untracked what rules no longer track, without a packet.
    pub(super) fn convert(&mut self, tables: &Tables, switches: &Switches, eni: &Interface) {
        for (key, record) in self.known.all().filter(|(_, it)| it.tracked) {
            let setting = Setting {
                switches,
                auto: record.path.auto,
            };
            let ends = match record.initiated {
                Direction::Egress => (key.own.ip(), key.remote.ip()),
                Direction::Ingress => (key.remote.ip(), key.own.ip()),
            };
            let probe = Probe::of(record.first(key.protocol, ends));
            let asked = (record.initiated, &probe);
            let judged = tables.groups_say(eni, asked, setting, (record.path.references, 0));
            record.tracked = !(judged.permitted && judged.untracked);
        }
    }

    pub(super) fn sweep(&mut self, at: Micros, eni: &Interface, switches: &Switches) {
        let remembered = !switches.expired_flows_are_picked_up;
        let timeouts = &self.timeouts;
        let stays = |protocol, it: &Record| {
            let timeout = if it.tracked && !remembered {
                it.timeout((protocol, eni), switches, timeouts)
            } else {
                LONGEST
            };
            at.saturating_sub(it.last) < timeout
        };
        let Known { short, long } = &mut self.known;
        short.retain(|key, it| stays(key.protocol(), it));
        long.retain(|key, it| stays(key.protocol, it));
    }

    pub(super) fn len(&self) -> usize {
        self.known.short.len() + self.known.long.len()
    }
}

impl Passed {
    fn by_rules(passed: bool) -> Self {
        Self {
            let_through: passed,
            by_rules: passed,
            expired: false,
        }
    }

    /// What passes where nobody filters.
    pub(super) const FREE: Self = Self {
        let_through: true,
        by_rules: true,
        expired: false,
    };
}

impl Passage<'_> {
    pub(super) fn key(&self) -> Key {
        Key::of(self.packet, self.direction, self.switches)
    }

    fn judge(&self, direction: Direction, packet: Packet, wanted: u64) -> Judged {
        let setting = Setting {
            switches: self.switches,
            auto: self.path.auto,
        };
        let probe = Probe::of(packet);
        let asked = (direction, &probe);
        let how = (self.path.references, wanted);
        self.tables.groups_say(self.eni, asked, setting, how)
    }

    fn is_tcp(&self) -> bool {
        self.packet.protocol == Packet::TCP
    }

    /// What is remembered of a flow that begins with this packet.
    fn record(&self, judged: Judged, timeouts: &mut Vec<TrackingTimeouts>) -> Record {
        let back = opposite(self.direction);
        Record {
            last: self.at,
            marks: judged.marks,
            forward_marks: judged.marks,
            generation: self.generation,
            born: self.generation,
            target: None,
            timeouts: place(timeouts, self.eni.timeouts),
            src_port: self.packet.src_port,
            dst_port: self.packet.dst_port,
            initiated: self.direction,
            tracked: !judged.untracked,
            dead: false,
            path: self.path,
            permitted: judged.permitted,
            untracked: judged.untracked,
            backward: self.judge(back, self.packet.reversed(), 0).permitted,
            exchanges: 0,
            asked: true,
        }
    }

    /// An untracked flow has no timer.
    fn is_over(&self, known: &Record, timeouts: &[TrackingTimeouts]) -> bool {
        let of = (self.packet.protocol, self.eni);
        known.tracked
            && self.at.saturating_sub(known.last) >= known.timeout(of, self.switches, timeouts)
    }

    /// The entry has run out: the packet is judged as one of its own.
    fn after_expiry(&self, known: &mut Record, timeouts: &mut Vec<TrackingTimeouts>) -> Passed {
        let judged = self.judge(self.direction, self.packet, 0);
        // A load balancer resets such a connection whatever its rules say.
        // https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html
        let balancer = self.eni.kind == EniKind::NetworkLoadBalancer;
        let picked_up = !self.is_tcp() || self.switches.expired_flows_are_picked_up && !balancer;
        if judged.permitted && picked_up {
            if self.counts {
                *known = Record {
                    target: known.target,
                    ..self.record(judged, timeouts)
                };
            }
            return Passed::by_rules(true);
        }
        Passed {
            let_through: false,
            by_rules: false,
            expired: true,
        }
    }

    /// Judges a known flow again if its rules or its path are others.
    fn refresh(&self, known: &mut Record) {
        // Answers may come by another way: what the first packet passed decides.
        let auto = if known.initiated == self.direction {
            self.path.auto
        } else {
            known.path.auto
        };
        let path = Path { auto, ..self.path };
        if known.generation == self.generation && known.path == path {
            return;
        }
        let Packet { src, dst, .. } = self.packet;
        let ends = if known.initiated == self.direction {
            (src, dst)
        } else {
            (dst, src)
        };
        let first = known.first(self.packet.protocol, ends);
        known.path = path;
        known.generation = self.generation;
        let of_path = Self { path, ..*self };
        let forward = of_path.judge(known.initiated, first, known.marks);
        known.permitted = forward.permitted;
        known.untracked = forward.untracked;
        known.forward_marks = forward.marks;
        let back = opposite(known.initiated);
        known.backward = of_path.judge(back, first.reversed(), 0).permitted;
        let modified = !known.tracked && !forward.still;
        known.dead |= modified && self.switches.modified_rule_cuts_untracked;
    }

    fn known(&self, known: &mut Record) -> Passed {
        let forward = known.initiated == self.direction;
        let own = if forward {
            known.permitted
        } else {
            known.backward
        };
        let open = known.permitted && known.untracked;
        if known.dead {
            return Passed::by_rules(false);
        }
        if known.tracked {
            if open && self.switches.active_flows_convert && self.counts {
                known.tracked = false;
                known.marks = known.forward_marks;
            }
            return Passed {
                let_through: true,
                by_rules: own,
                expired: false,
            };
        }
        if forward && own && !open {
            if self.is_tcp() && !self.switches.untracked_flows_are_picked_up {
                return Passed::by_rules(false);
            }
            known.tracked = self.counts;
        }
        Passed::by_rules(own)
    }
}

/// The place of timeouts in a list of different ones.
fn place(all: &mut Vec<TrackingTimeouts>, own: TrackingTimeouts) -> u32 {
    let known = all.iter().position(|it| *it == own);
    let place = known.unwrap_or_else(|| {
        all.push(own);
        all.len() - 1
    });
    u32::try_from(place).unwrap_or(u32::MAX)
}

impl Record {
    /// Its first packet, which went from the one address to the other.
    fn first(&self, protocol: u8, (src, dst): (IpAddr, IpAddr)) -> Packet {
        Packet {
            protocol,
            src,
            dst,
            src_port: self.src_port,
            dst_port: self.dst_port,
        }
    }

    /// A packet passed.
    fn note(&mut self, direction: Direction, at: Micros) {
        self.last = self.last.max(at);
        if direction == self.initiated {
            self.asked = true;
        } else if self.asked {
            self.asked = false;
            self.exchanges = self.exchanges.saturating_add(1).min(2);
        }
    }

    /// How long the entry outlives its last packet. A UDP stream has had more than one request that was
    /// answered.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ConnectionTrackingSpecificationRequest.html>
    fn timeout(
        &self,
        (protocol, eni): (u8, &Interface),
        switches: &Switches,
        timeouts: &[TrackingTimeouts],
    ) -> Micros {
        let began = || timeouts.get(index(self.timeouts)).copied();
        let own = if switches.timeouts_hold_for_existing {
            eni.timeouts
        } else {
            began().unwrap_or(eni.timeouts)
        };
        // https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html
        let balancer = eni.kind == EniKind::NetworkLoadBalancer;
        let short = eni.nitro_v6 || balancer;
        let default_tcp = if short { 350 } else { 432_000 };
        let seconds = match protocol {
            Packet::TCP => own.tcp_established.unwrap_or(default_tcp),
            Packet::UDP if balancer => 120,
            Packet::UDP if self.exchanges > 1 => own.udp_stream.unwrap_or(180),
            Packet::UDP => own.udp.unwrap_or(30),
            Packet::ICMP | Packet::ICMPV6 => switches.icmp_timeout,
            _ => 600,
        };
        Micros::from(seconds) * SECOND
    }
}

pub(super) fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::Ingress => Direction::Egress,
        Direction::Egress => Direction::Ingress,
    }
}

/// The flows of all interfaces, by index.
#[derive(Debug, Default)]
pub(super) struct Tracks(Vec<Flows>);

impl Tracks {
    pub(super) fn make_room(&mut self, interfaces: usize) {
        if self.0.len() < interfaces {
            self.0.resize_with(interfaces, Flows::default);
        }
    }

    pub(super) fn of(&self, eni: EniIx) -> Option<&Flows> {
        self.0.get(eni.index())
    }

    pub(super) fn of_mut(&mut self, eni: EniIx) -> Option<&mut Flows> {
        self.0.get_mut(eni.index())
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(Flows::len).sum()
    }
}
