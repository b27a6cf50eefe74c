//! The packet-level network: every packet is judged on its own, by what AWS documents of groups,
//! network ACLs, routes, gateways and connection tracking.
//!
//! A [`Net`] is an estate compiled to numbers, and what its interfaces and gateways remember. It knows
//! nothing of hosts: whether somebody is up, answers or gives up is decided elsewhere. It shares no
//! line with the forecast, so that the two can be tested against each other.
//!
//! `compile` makes `tables` of an estate; `rules` says what groups and network ACLs say of one packet;
//! `track` is what an interface remembers; `nat` what gateways remember; `way` and `inward` take a packet along.

mod block;
mod compile;
mod inward;
mod lost;
mod nat;
mod packet;
mod rules;
mod switches;
mod tables;
#[cfg(test)]
mod tests;
mod track;
mod way;

use std::hint::black_box;
use std::net::IpAddr;

use compile::Lasting;
use nat::Translations;
use tables::Tables;
use track::{Key, Tracks};
use way::Way;

pub use lost::Lost;
pub use packet::Packet;
pub use switches::Switches;
pub use track::Trail;

use crate::model::{Direction, EniId, Estate};

/// A moment: microseconds since the world's epoch.
pub type Micros = u64;

/// The number of an interface: dense, and its own for ever, whatever becomes of the estate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EniIx(u32);

impl EniIx {
    fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// As an index into a list of all interfaces that there ever were.
    pub fn index(self) -> usize {
        tables::index(self.0)
    }
}

/// Where a packet comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// One of our interfaces.
    Eni(EniIx),
    /// Outside: the internet, a network behind a gateway, or a service that answers.
    Outside,
}

/// Where a packet arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// At one of our interfaces.
    Eni(EniIx),
    /// Outside.
    Outside,
    /// At a service that is neither filtered nor logged: the Amazon resolver, IMDS, Time Sync.
    Service,
}

/// A packet that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Where.
    pub at: Place,
    /// As the receiver sees it: after NAT.
    pub packet: Packet,
}

/// Whether a packet arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It did.
    Delivered(Arrival),
    /// This dropped it.
    Dropped(Lost),
}

/// What became of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// Whether it arrived.
    pub outcome: Outcome,
    /// Rules alone let it through everywhere it passed; no tracking entry was needed.
    pub by_rules: bool,
    /// It met an entry that had run out: an interface dropped it for that, or a NAT gateway sends it on from
    /// another port, as a stranger to its receiver.
    pub expired: bool,
}

impl Fate {
    /// The arrival, unless it was dropped.
    pub fn arrival(&self) -> Option<Arrival> {
        match self.outcome {
            Outcome::Delivered(arrival) => Some(arrival),
            Outcome::Dropped(_) => None,
        }
    }

    /// Whether it arrived.
    pub fn delivered(&self) -> bool {
        self.arrival().is_some()
    }
}

/// What the flow log of an interface sees of a packet: `REJECT` is what groups and network ACLs drop,
/// not what is lost further on.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    /// The interface.
    pub eni: EniIx,
    /// Which way the packet passes it.
    pub direction: Direction,
    /// `ACCEPT`, otherwise `REJECT`.
    pub accepted: bool,
    /// As the record names it: the interface's own side is its primary private address.
    pub packet: Packet,
    /// As it is: `pkt-srcaddr` and `pkt-dstaddr`.
    pub original: Packet,
    /// `traffic-path`, of egress where AWS has a code for it.
    pub traffic_path: Option<u8>,
}

/// What an interface remembers of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The direction of its first packet.
    pub initiated: Direction,
    /// Its packets pass whatever the rules are; otherwise they pass by rules.
    pub tracked: bool,
    /// When its last packet passed.
    pub last: Micros,
    /// When a tracked one runs out unless another packet comes.
    pub expires: Option<Micros>,
}

/// A public address that was disassociated.
#[derive(Debug, Clone, Copy)]
struct Lingering {
    eni: EniIx,
    private: IpAddr,
    public: IpAddr,
    /// The flows that began before it go on.
    generation: u32,
}

/// The network of an estate, and what it remembers.
#[derive(Debug)]
pub struct Net {
    switches: Switches,
    lasting: Lasting,
    tables: Tables,
    generation: u32,
    tracks: Tracks,
    translations: Translations,
    lingering: Vec<Lingering>,
}

impl Net {
    /// The network of an estate, in which nothing was said yet.
    pub fn new(estate: &Estate, switches: Switches) -> Self {
        let mut lasting = Lasting::default();
        let tables = compile::compile(estate, &switches, &mut lasting);
        let mut tracks = Tracks::default();
        tracks.make_room(tables.enis.len());
        Self {
            switches,
            lasting,
            tables,
            generation: 0,
            tracks,
            translations: Translations::default(),
            lingering: Vec::new(),
        }
    }

    /// The estate has changed. What is remembered of flows stays.
    pub fn update(&mut self, estate: &Estate) {
        let next = compile::compile(estate, &self.switches, &mut self.lasting);
        let before = std::mem::replace(&mut self.tables, next);
        self.generation += 1;
        self.tracks.make_room(self.tables.enis.len());
        if self.switches.disassociated_address_lingers {
            self.keep_lost_addresses(&before);
        }
        if self.switches.dormant_flows_convert {
            let Self {
                tracks,
                tables,
                switches,
                ..
            } = self;
            for (number, eni) in (0..).zip(&tables.enis) {
                if let Some(flows) = tracks.of_mut(EniIx(number)) {
                    flows.convert(tables, switches, eni);
                }
            }
        }
    }

    /// The number of an interface, of one that is gone too.
    pub fn eni(&self, id: &EniId) -> Option<EniIx> {
        self.lasting.enis.known(id).map(EniIx)
    }

    /// The interface with a number.
    pub fn id(&self, eni: EniIx) -> Option<&EniId> {
        self.lasting.enis.ids.get(eni.index())
    }

    /// The interface behind an address, public or private; the first one if VPCs overlap.
    pub fn eni_at(&self, address: IpAddr) -> Option<EniIx> {
        let address = block::Addr::of(address);
        let public = self.tables.public.get(&address).map(|(eni, _)| *eni);
        let private = || self.tables.everywhere.get(&address)?.first().copied();
        public.or_else(private)
    }

    /// The switches that it was made with.
    pub fn switches(&self) -> &Switches {
        &self.switches
    }

    /// Sends a packet at a moment, and adds what flow logs see of it to `sights`.
    ///
    /// A packet from outside bears a public address of ours as its destination or, by a private way in
    /// (a gateway endpoint's service, a network behind a gateway), a private one.
    pub fn send(
        &mut self,
        from: Origin,
        packet: Packet,
        at: Micros,
        sights: &mut Vec<Sight>,
    ) -> Fate {
        self.send_again(from, packet, at, sights, &mut Trail::default())
    }

    /// Sends a packet like [`Net::send`], the next one of somebody who has sent such packets before and left
    /// this trail. What becomes of it does not depend on that, but is found sooner.
    #[inline]
    pub fn send_again(
        &mut self,
        from: Origin,
        packet: Packet,
        at: Micros,
        sights: &mut Vec<Sight>,
        trail: &mut Trail,
    ) -> Fate {
        let mut way = Way {
            tables: &self.tables,
            switches: &self.switches,
            generation: self.generation,
            tracks: &mut self.tracks,
            translations: &mut self.translations,
            lingering: &self.lingering,
            at,
            sights,
            by_rules: true,
            expired: false,
            auto: false,
            references: true,
            hops: 0,
            trail,
            passed: 0,
        };
        let outcome = match from {
            Origin::Eni(eni) => way.start(eni, packet),
            Origin::Outside => way.arrive(packet),
        };
        Fate {
            by_rules: way.by_rules,
            expired: way.expired,
            outcome,
        }
    }

    /// What an interface remembers of a flow; the packet is one that leaves it.
    pub fn entry(&self, eni: EniIx, packet: Packet) -> Option<Entry> {
        let key = Key::of(packet, Direction::Egress, &self.switches);
        let interface = self.tables.enis.get(eni.index())?;
        self.tracks.of(eni)?.entry(&key, interface, &self.switches)
    }

    /// Reads, of each end of a flow, all that the next packets with this trail are going to read there: of the
    /// interface, of what it remembers, and by whose address it is found.
    pub(super) fn look(&self, ends: [(Origin, IpAddr); 2], trail: Trail) {
        for ((end, address), place) in ends.into_iter().zip(trail.places()) {
            let Origin::Eni(eni) = end else { continue };
            if let Some(it) = self.tables.eni(eni) {
                black_box((
                    it.primary,
                    it.kind,
                    it.timeouts,
                    it.addresses.first().copied(),
                ));
                black_box(self.tables.at(it.vpc, block::Addr::of(address)));
            }
            if let Some(flows) = self.tracks.of(eni) {
                flows.look(place);
            }
        }
    }

    /// How many flows all interfaces and NAT gateways remember.
    pub fn remembered(&self) -> usize {
        self.tracks.len() + self.translations.len()
    }

    /// Forgets what has run out.
    pub fn sweep(&mut self, at: Micros) {
        for (number, eni) in (0..).zip(&self.tables.enis) {
            if let Some(flows) = self.tracks.of_mut(EniIx(number)) {
                flows.sweep(at, eni, &self.switches);
            }
        }
        self.translations.sweep(at);
    }

    fn keep_lost_addresses(&mut self, before: &Tables) {
        for (public, (eni, private)) in &before.public {
            if !self.tables.public.contains_key(public) {
                let interface = before.eni(*eni);
                let of = |it: &&(block::Addr, IpAddr)| block::Addr::of(it.1) == *public;
                let mapped = interface.and_then(|it| it.public.iter().find(of));
                self.lingering.extend(mapped.map(|(_, public)| Lingering {
                    eni: *eni,
                    private: *private,
                    public: *public,
                    generation: self.generation,
                }));
            }
        }
    }
}
