//! What gateways remember: the translations of NAT gateways and the sessions of egress-only ones.

use super::block::Addr;
use super::packet::Packet;
use super::switches::Switches;
use super::tables::Map;
use super::track::Key;
use super::{EniIx, Micros};
use crate::model::Direction;

/// A NAT gateway forgets a connection that was idle for so long.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html>
const IDLE: Micros = 350 * 1_000_000;
/// AWS says nothing of egress-only gateways: as long as the longest tracking entry.
const SESSION: Micros = 432_000 * 1_000_000;
/// The ports that a NAT gateway sends from.
const FIRST_PORT: u16 = 1024;

/// A flow on the inside of a NAT gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Inside {
    nat: EniIx,
    key: Key,
}

/// The same flow on its outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Outside {
    nat: EniIx,
    protocol: u8,
    port: u16,
    remote: Addr,
    remote_port: u16,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    port: u16,
    last: Micros,
    target: Option<u32>,
}

/// The client behind a translation.
#[derive(Debug, Clone, Copy)]
struct Client {
    inside: Inside,
    address: std::net::IpAddr,
    port: u16,
}

/// What all gateways remember.
#[derive(Debug, Default)]
pub(super) struct Translations {
    slots: Map<Inside, Slot>,
    back: Map<Outside, Client>,
    next: Map<EniIx, u16>,
    sessions: Map<(u32, Key), Micros>,
}

impl Translations {
    /// The port (of ICMP the identifier) that a packet has outside, and whether it had another one before
    /// its translation ran out.
    pub(super) fn out(
        &mut self,
        (nat, packet): (EniIx, Packet),
        at: Micros,
        switches: &Switches,
    ) -> (u16, bool) {
        let inside = inside(nat, packet, switches);
        let mut expired = false;
        if let Some(slot) = self.slots.get_mut(&inside) {
            if at.saturating_sub(slot.last) < IDLE {
                slot.last = slot.last.max(at);
                return (slot.port, false);
            }
            expired = true;
            self.back.remove(&outside(nat, packet, slot.port));
        }
        let port = self.free_port(nat, packet);
        let client = Client {
            inside,
            address: packet.src,
            port: packet.src_port,
        };
        self.back.insert(outside(nat, packet, port), client);
        let slot = Slot {
            port,
            last: at,
            target: None,
        };
        self.slots.insert(inside, slot);
        (port, expired)
    }

    /// The packet that a client behind the gateway gets of one that came to it.
    ///
    /// # Errors
    /// Nobody asked for it, or (`true`) the translation ran out.
    pub(super) fn back(&mut self, nat: EniIx, packet: Packet, at: Micros) -> Result<Packet, bool> {
        let port = if packet.is_icmp() {
            packet.src_port
        } else {
            packet.dst_port
        };
        let mirrored = Packet {
            src: packet.dst,
            dst: packet.src,
            dst_port: packet.src_port,
            ..packet
        };
        let client = *self.back.get(&outside(nat, mirrored, port)).ok_or(false)?;
        let slot = self.slots.get_mut(&client.inside).ok_or(false)?;
        if at.saturating_sub(slot.last) >= IDLE {
            return Err(true);
        }
        slot.last = slot.last.max(at);
        let (src_port, dst_port) = if packet.is_icmp() {
            (client.port, packet.dst_port)
        } else {
            (packet.src_port, client.port)
        };
        Ok(Packet {
            dst: client.address,
            src_port,
            dst_port,
            ..packet
        })
    }

    /// The target that the flow left the gateway by, which this one is made where there was none.
    pub(super) fn target(
        &mut self,
        (nat, packet): (EniIx, Packet),
        target: u32,
        switches: &Switches,
    ) -> Option<u32> {
        let slot = self.slots.get_mut(&inside(nat, packet, switches))?;
        Some(*slot.target.get_or_insert(target))
    }

    /// An egress-only gateway sees a packet leave.
    pub(super) fn open(&mut self, gateway: u32, key: Key, at: Micros) {
        self.sessions.insert((gateway, key), at);
    }

    /// Whether an egress-only gateway lets a packet in.
    pub(super) fn is_open(&mut self, gateway: u32, key: Key, at: Micros) -> bool {
        let Some(last) = self.sessions.get_mut(&(gateway, key)) else {
            return false;
        };
        let open = at.saturating_sub(*last) < SESSION;
        if open {
            *last = at;
        }
        open
    }

    pub(super) fn sweep(&mut self, at: Micros) {
        self.slots.retain(|_, it| at.saturating_sub(it.last) < IDLE);
        let slots = &self.slots;
        self.back.retain(|_, it| slots.contains_key(&it.inside));
        self.sessions
            .retain(|_, last| at.saturating_sub(*last) < SESSION);
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The next port that this remote end does not know the gateway by. A gateway that has none left
    /// takes the oldest next: nobody has 64,512 connections to one port here.
    fn free_port(&mut self, nat: EniIx, packet: Packet) -> u16 {
        let next = self.next.entry(nat).or_insert(FIRST_PORT);
        for _ in FIRST_PORT..u16::MAX {
            let port = *next;
            *next = port.checked_add(1).unwrap_or(FIRST_PORT);
            if !self.back.contains_key(&outside(nat, packet, port)) {
                return port;
            }
        }
        *next
    }
}

fn inside(nat: EniIx, packet: Packet, switches: &Switches) -> Inside {
    // A gateway tells pings apart by identifier, whatever interfaces do.
    let switches = Switches {
        icmp_by_identifier: true,
        ..*switches
    };
    Inside {
        nat,
        key: Key::of(packet, Direction::Egress, &switches),
    }
}

fn outside(nat: EniIx, packet: Packet, port: u16) -> Outside {
    Outside {
        nat,
        protocol: packet.protocol,
        port,
        remote: Addr::of(packet.dst),
        remote_port: if packet.is_icmp() { 0 } else { packet.dst_port },
    }
}
