//! What a conversation does and where it stands. What happens next is `tcp`'s and `plain`'s.

use std::net::IpAddr;

use super::wire::Traces;
use crate::drill::net::{Micros, Net, Origin, Packet, Place};
use crate::drill::number::mix;
use crate::drill::party::Party;
use crate::drill::scenario::{Role, Script};

/// A moment that never comes.
pub(super) const NEVER: Micros = Micros::MAX;

/// Linux takes ephemeral ports from here: `net.ipv4.ip_local_port_range`.
/// <https://www.kernel.org/doc/html/latest/networking/ip-sysctl.html>
const FIRST_PORT: u16 = 32_768;
const PORTS: u64 = 60_999 - 32_768 + 1;

/// What a client and a server do, ready to be played.
#[derive(Debug, Clone)]
pub(super) struct Talk {
    pub(super) client: Origin,
    pub(super) server: Origin,
    pub(super) client_address: IpAddr,
    /// The server's own address.
    pub(super) server_address: IpAddr,
    /// Where the client sends to: from outside, the public address of the server's own. Absent: it has none.
    pub(super) reached_at: Option<IpAddr>,
    pub(super) protocol: u8,
    pub(super) port: u16,
    pub(super) every: Micros,
    /// Of an exchange: request, reply.
    pub(super) packets: [u32; 2],
    pub(super) bytes: [u32; 2],
    /// Of a connection.
    pub(super) lasts: Micros,
    pub(super) pause: Micros,
    /// Silence after which a probe is sent; [`NEVER`]: none is.
    pub(super) keepalive: Micros,
    pub(super) way: Way,
    pub(super) seed: u64,
    /// Its place in the account of what is true; absent: nobody asks.
    pub(super) told: Option<usize>,
}

/// Who sets a conversation's exchanges in motion, and who ends them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The client, at its pace.
    Paced,
    /// The client, with a new connection each time, and little patience.
    Checks,
    /// The client's requests are passed on to a target of a load balancer.
    Balanced,
    /// A load balancer, for requests that it passes on.
    Passed,
    /// Nobody listens at the server's port.
    Closed,
    /// The client, with stolen credentials, at AWS's API: no packet of the VPC.
    Calls,
}

/// Where the client's end of a connection stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// There is none.
    #[default]
    Idle,
    /// Its first packet was sent.
    Opening,
    /// It was answered.
    Open,
}

/// A conversation in motion.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what each end knows and waits for is independent of what the other does"
)]
pub(super) struct Session {
    pub(super) phase: Phase,
    /// It has not begun, or was ended.
    pub(super) held: bool,
    /// The client waits for an answer.
    pub(super) waiting: bool,
    /// The exchange is the connection's last one.
    pub(super) closing: bool,
    /// The answer that is under way is a good one.
    pub(super) fine: bool,
    /// The server's end of the connection exists.
    pub(super) known: bool,
    /// The server's answer has not arrived.
    pub(super) replying: bool,
    /// How often the client, and the server, sent again what has not arrived.
    pub(super) tries: u8,
    pub(super) server_tries: u8,
    /// Keep-alive probes without an answer.
    pub(super) probes: u8,
    /// Counts the connections.
    pub(super) connection: u32,
    pub(super) client_boots: u32,
    pub(super) server_boots: u32,
    /// What the client sends, and what the server answers.
    pub(super) forward: Packet,
    pub(super) back: Packet,
    /// Where both were found the last time.
    pub(super) forth: Traces,
    pub(super) home: Traces,
    pub(super) since: Micros,
    pub(super) heard: Micros,
    pub(super) asked: Micros,
    /// When the next exchange is due.
    pub(super) due: Micros,
    /// When each end does something by itself.
    pub(super) client_timer: Micros,
    pub(super) server_timer: Micros,
}

impl Talk {
    /// A script, among the interfaces of a network; `None`: one of its ends is not there.
    pub(super) fn of(script: &Script, net: &Net, seed: u64) -> Option<Self> {
        let origin = |party: &Party| match party {
            Party::Ours { eni, .. } => net.eni(eni).map(Origin::Eni),
            Party::Outside(_) => Some(Origin::Outside),
        };
        let way = if script.credentials.is_some() {
            Way::Calls
        } else if script.role == Role::Health {
            Way::Checks
        } else if script.balanced.is_some() {
            Way::Balanced
        } else if script.listens {
            Way::Paced
        } else {
            Way::Closed
        };
        Some(Self {
            client: origin(&script.client)?,
            server: origin(&script.server)?,
            client_address: script.client.address(),
            server_address: script.server.address(),
            reached_at: Some(script.server.address()),
            protocol: script.protocol,
            port: script.port,
            every: micros(script.every),
            packets: script.packets,
            bytes: script.bytes,
            lasts: script.lasts.map_or(NEVER, micros),
            pause: micros(script.pause),
            keepalive: script.keepalive.map_or(NEVER, micros),
            way,
            seed,
            told: None,
        })
    }

    /// The first packet of a connection: each has a port of its own, or an identifier.
    pub(super) fn first_packet(&self, connection: u32) -> Option<Packet> {
        let above = mix(self.seed.wrapping_add(u64::from(connection))) % PORTS;
        let own = FIRST_PORT.saturating_add(u16::try_from(above).unwrap_or(0));
        let (src, dst) = (self.client_address, self.reached_at?);
        let packet = Packet::ping(src, dst, own);
        Some(if packet.protocol == self.protocol {
            packet
        } else {
            let ported = matches!(self.protocol, Packet::TCP | Packet::UDP);
            Packet {
                protocol: self.protocol,
                src,
                dst,
                src_port: if ported { own } else { 0 },
                dst_port: self.port,
            }
        })
    }

    /// Whether a packet that got somewhere got to the server.
    pub(super) fn is_server(&self, place: Place) -> bool {
        is_at(self.server, place)
    }

    /// Whether a packet that got somewhere got to the client.
    pub(super) fn is_client(&self, place: Place) -> bool {
        is_at(self.client, place)
    }
}

fn is_at(end: Origin, place: Place) -> bool {
    match (end, place) {
        (Origin::Eni(end), Place::Eni(at)) => end == at,
        (Origin::Outside, Place::Outside | Place::Service) => true,
        _ => false,
    }
}

impl Session {
    /// A session that begins at a moment.
    pub(super) fn new(talk: &Talk, held: bool) -> Self {
        let nothing = Packet {
            protocol: talk.protocol,
            src: talk.client_address,
            dst: talk.server_address,
            src_port: 0,
            dst_port: 0,
        };
        Self {
            phase: Phase::Idle,
            held,
            waiting: false,
            closing: false,
            fine: true,
            known: false,
            replying: false,
            tries: 0,
            server_tries: 0,
            probes: 0,
            connection: 0,
            client_boots: 0,
            server_boots: 0,
            forward: nothing,
            back: nothing,
            forth: Traces::default(),
            home: Traces::default(),
            since: 0,
            heard: 0,
            asked: 0,
            due: 0,
            client_timer: NEVER,
            server_timer: NEVER,
        }
    }
}

/// Microseconds of a span; none of one that is negative.
pub(super) fn micros(span: chrono::TimeDelta) -> Micros {
    let count = span.num_microseconds().unwrap_or(i64::MAX);
    Micros::try_from(count).unwrap_or(0)
}
