//! Packets are sent: judged by the network, counted by the flow logs, told to whoever keeps the truth, and
//! heard or not by the guest at the other end.

use std::hint::black_box;
use std::net::IpAddr;

use super::hosts::Hosts;
use super::session::{Session, Talk};
use super::truth::{Toward, Truth};
use super::windows::{Train, Windows};
use crate::drill::net::{Arrival, Micros, Net, Origin, Outcome, Packet, Place, Sight, Trail};
use crate::drill::number::mix;

/// How long a packet is under way inside of the VPC.
const INSIDE: Micros = 300;

/// How long it takes at the least to somebody outside, and by how much this differs.
const OUTSIDE: Micros = 8_000;
const SPREAD: Micros = 40_000;

/// What packets travel over.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) net: Net,
    pub(super) hosts: Hosts,
    pub(super) windows: Windows,
    pub(super) truth: Truth,
    /// Packets that were judged; a train is one.
    pub(super) judged: u64,
    sights: Vec<Sight>,
}

/// Where packets of one end were found the last time, by the interfaces that they pass: what is remembered of
/// their flow, and where they are counted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Traces {
    trail: Trail,
    tallies: [u32; 2],
}

/// A packet that was heard.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard {
    /// When.
    pub(super) at: Micros,
    /// What whoever heard it sends back.
    pub(super) back: Packet,
}

impl Wire {
    pub(super) fn new(net: Net, truth: Truth) -> Self {
        Self {
            net,
            hosts: Hosts::default(),
            windows: Windows::default(),
            truth,
            judged: 0,
            sights: Vec::with_capacity(8),
        }
    }

    /// One end sends; `None`: the other one does not hear it.
    #[inline]
    pub(super) fn send_to(
        &mut self,
        toward: Toward,
        (talk, session): (&Talk, &mut Session),
        train: Train,
        at: Micros,
    ) -> Option<Heard> {
        let (from, packet, traces) = match toward {
            Toward::Server => (talk.client, session.forward, &mut session.forth),
            Toward::Client => (talk.server, session.back, &mut session.home),
        };
        let arrival = self.send(from, (packet, train, at), traces)?;
        let there = match toward {
            Toward::Server => talk.is_server(arrival.at),
            Toward::Client => talk.is_client(arrival.at),
        };
        let heard = there.then(|| heard(arrival, at))?;
        if let Some(told) = talk.told {
            self.truth.delivered(told, toward, train, heard.at);
        }
        Some(heard)
    }

    /// Reads all that an exchange is going to read.
    pub(super) fn look(&self, talk: &Talk, session: &Session) {
        let (client, server) = (talk.client, talk.server);
        let ends = [(client, talk.client_address), (server, talk.server_address)];
        self.net.look(ends, session.forth.trail);
        for (way, traces) in [
            ([client, server], session.forth),
            ([server, client], session.home),
        ] {
            for (end, place) in way.into_iter().zip(traces.tallies) {
                if let Origin::Eni(eni) = end {
                    self.windows.look(eni, place);
                    black_box(self.hosts.is_up(eni));
                }
            }
        }
    }

    fn send(
        &mut self,
        from: Origin,
        (packet, train, at): (Packet, Train, Micros),
        traces: &mut Traces,
    ) -> Option<Arrival> {
        // What a guest drops on the way out never gets to its interface; what it drops on the way in has
        // passed it.
        if let Origin::Eni(eni) = from
            && !self.hosts.talks(eni, packet.dst)
        {
            return None;
        }
        self.sights.clear();
        let fate = self
            .net
            .send_again(from, packet, at, &mut self.sights, &mut traces.trail);
        self.judged += 1;
        let (train, arrival) = match fate.outcome {
            Outcome::Delivered(arrival) => (train, Some(arrival)),
            // The rest of a TCP burst waits for the first segment to be acknowledged.
            Outcome::Dropped(_) if packet.protocol == Packet::TCP => (train.first(), None),
            Outcome::Dropped(_) => (train, None),
        };
        for (sight, number) in self.sights.iter().zip(0..) {
            // Behind the interface of an instance that is stopped there is no machine that could log it.
            if self.hosts.is_up(sight.eni) {
                let mut nowhere = u32::MAX;
                let place = traces.tallies.get_mut(number).unwrap_or(&mut nowhere);
                self.windows.count(sight, train, at, place);
            }
        }
        arrival.filter(|it| match it.at {
            Place::Eni(eni) => self.hosts.talks(eni, it.packet.src),
            Place::Outside | Place::Service => true,
        })
    }
}

#[inline]
fn heard(arrival: Arrival, at: Micros) -> Heard {
    let way = match arrival.at {
        Place::Outside => outside(arrival.packet.dst),
        Place::Eni(_) | Place::Service => inside(arrival.packet.src),
    };
    Heard {
        at: at + way,
        back: arrival.packet.reversed(),
    }
}

/// Private addresses are near, and so is what a service has in the VPC.
fn inside(from: IpAddr) -> Micros {
    let near = match from {
        IpAddr::V4(it) => it.is_private(),
        IpAddr::V6(_) => false,
    };
    if near { INSIDE } else { outside(from) }
}

fn outside(peer: IpAddr) -> Micros {
    let number = match peer {
        IpAddr::V4(it) => u64::from(it.to_bits()),
        IpAddr::V6(it) => it.segments().iter().fold(0, |sum: u64, it| {
            sum.wrapping_mul(31).wrapping_add(u64::from(*it))
        }),
    };
    OUTSIDE + mix(number) % SPREAD
}
