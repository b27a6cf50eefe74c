//! What interfaces see, counted per flow and aggregation window, as flow logs count it. The lines that
//! are written of it are `record`'s.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-basics.html#flow-logs-aggregration-interval>

use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};

use crate::drill::guessed::Guessed;
use crate::drill::net::{EniIx, Micros, Sight};
use crate::drill::number::mix;
use crate::model::Direction;

/// Packets that travel together: they are judged once, and counted one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Train {
    pub(super) packets: u32,
    pub(super) bytes: u32,
    /// TCP flags, or-ed.
    pub(super) flags: u8,
}

impl Train {
    /// Its first packet alone.
    pub(super) fn first(self) -> Self {
        Self {
            packets: self.packets.min(1),
            bytes: self.bytes / self.packets.max(1),
            ..self
        }
    }
}

/// What one record counts apart from others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::drill) struct Key {
    pub(in crate::drill) direction: Direction,
    pub(in crate::drill) accepted: bool,
    /// IANA number.
    pub(in crate::drill) protocol: u8,
    /// `traffic-path`; 0: it has none.
    pub(in crate::drill) traffic_path: u8,
    /// Ports; 0 where the protocol has none.
    pub(in crate::drill) src_port: u16,
    pub(in crate::drill) dst_port: u16,
    ends: Ends,
}

/// Source and destination as the interface names them (its own is its primary address), then as the
/// packet does. Nearly all are IPv4, and take a quarter of the room: there are millions of keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Ends {
    V4([Ipv4Addr; 4]),
    Other(Box<[IpAddr; 4]>),
}

/// What was counted of a flow in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::drill) struct Tally {
    pub(in crate::drill) packets: u32,
    pub(in crate::drill) bytes: u64,
    /// The first packet and the last one, in microseconds since the window began.
    pub(in crate::drill) first: u32,
    pub(in crate::drill) last: u32,
    /// TCP flags, or-ed.
    pub(in crate::drill) flags: u8,
}

/// The open windows of all interfaces.
#[derive(Debug, Default)]
pub(super) struct Windows(Vec<Window>);

#[derive(Debug, Default)]
struct Window {
    opened: Micros,
    flows: Guessed<Key, Tally, BuildHasherDefault<Folded>>,
}

impl Windows {
    /// Opens an interface's first window.
    pub(super) fn open(&mut self, eni: EniIx, at: Micros) {
        if self.0.len() <= eni.index() {
            self.0.resize_with(eni.index() + 1, Window::default);
        }
        if let Some(window) = self.0.get_mut(eni.index()) {
            window.opened = at;
            window.flows.clear();
        }
    }

    /// Counts what an interface saw. The place is where the tally of such packets was found the last time.
    #[inline]
    pub(super) fn count(&mut self, sight: &Sight, train: Train, at: Micros, place: &mut u32) {
        let Some(window) = self.0.get_mut(sight.eni.index()) else {
            return;
        };
        let offset = u32::try_from(at.saturating_sub(window.opened)).unwrap_or(u32::MAX);
        let key = Key::of(sight);
        let Some(tally) = window.flows.find(&key, place) else {
            let tally = Tally {
                packets: train.packets,
                bytes: u64::from(train.bytes),
                first: offset,
                last: offset,
                flags: train.flags,
            };
            return window.flows.insert(key, tally, place);
        };
        tally.packets = tally.packets.saturating_add(train.packets);
        tally.bytes = tally.bytes.saturating_add(u64::from(train.bytes));
        tally.flags |= train.flags;
        tally.first = tally.first.min(offset);
        tally.last = tally.last.max(offset);
    }

    /// Reads what the next packet of those that are counted at a place is going to read.
    #[inline]
    pub(super) fn look(&self, eni: EniIx, place: u32) {
        let window = self.0.get(eni.index());
        let found = window.and_then(|it| it.flows.at(place));
        black_box(found.map(|(key, tally)| (key.src_port, *tally)));
    }

    /// Ends an interface's window, and begins the next; when it was opened, and its flows in an order that
    /// is always the same.
    pub(super) fn close(&mut self, eni: EniIx, at: Micros) -> (Micros, Vec<(Key, Tally)>) {
        let Some(window) = self.0.get_mut(eni.index()) else {
            return (at, Vec::new());
        };
        let opened = std::mem::replace(&mut window.opened, at);
        let mut flows: Vec<(Key, Tally)> = window.flows.drain().collect();
        flows.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        (opened, flows)
    }
}

impl Key {
    #[inline]
    fn of(sight: &Sight) -> Self {
        let Sight {
            packet, original, ..
        } = sight;
        let (src_port, dst_port) = if packet.is_icmp() {
            (0, 0)
        } else {
            (packet.src_port, packet.dst_port)
        };
        Self {
            direction: sight.direction,
            accepted: sight.accepted,
            protocol: packet.protocol,
            traffic_path: sight.traffic_path.unwrap_or(0),
            src_port,
            dst_port,
            ends: Ends::of([packet.src, packet.dst, original.src, original.dst]),
        }
    }

    /// Source and destination as the interface names them.
    pub(in crate::drill) fn ends(&self) -> (IpAddr, IpAddr) {
        let [src, dst, ..] = self.ends.all();
        (src, dst)
    }

    /// Source and destination as the packet names them.
    pub(in crate::drill) fn packet_ends(&self) -> (IpAddr, IpAddr) {
        let [.., src, dst] = self.ends.all();
        (src, dst)
    }
}

impl Ends {
    #[inline]
    fn of(all: [IpAddr; 4]) -> Self {
        match all {
            [
                IpAddr::V4(src),
                IpAddr::V4(dst),
                IpAddr::V4(packet_src),
                IpAddr::V4(packet_dst),
            ] => Self::V4([src, dst, packet_src, packet_dst]),
            _ => Self::Other(Box::new(all)),
        }
    }

    fn all(&self) -> [IpAddr; 4] {
        match self {
            Self::V4(all) => all.map(IpAddr::V4),
            Self::Other(all) => **all,
        }
    }

    #[inline]
    fn folded(&self) -> u64 {
        match self {
            Self::V4([src, dst, ..]) => u64::from(src.to_bits()) << 32 | u64::from(dst.to_bits()),
            Self::Other(all) => folded(all[0]).rotate_left(17) ^ folded(all[1]),
        }
    }
}

/// The ends of the flow are enough to tell most keys apart.
impl Hash for Key {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let ports = u64::from(self.src_port) << 16 | u64::from(self.dst_port);
        let kind = u64::from(self.accepted) << 40 | u64::from(self.protocol) << 32;
        state.write_u64(mix(self.ends.folded() ^ mix(ports | kind)));
    }
}

#[inline]
fn folded(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(it) => u64::from(it.to_bits()),
        IpAddr::V6(it) => {
            let bits = it.to_bits();
            let low = u64::try_from(bits & u128::from(u64::MAX)).unwrap_or(0);
            let high = u64::try_from(bits >> 64).unwrap_or(0);
            low ^ high.rotate_left(32)
        }
    }
}

/// A hasher for keys that scatter themselves.
#[derive(Debug, Default)]
pub(super) struct Folded(u64);

impl Hasher for Folded {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.0 ^= number;
    }
}
