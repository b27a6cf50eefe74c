//! The network, packet by packet.

mod gateways;
mod tracking;

use std::net::IpAddr;

use super::{Fate, Lost, Micros, Net, Origin, Outcome, Packet, Place, Sight, Switches};
use crate::model::fixture::{APP, C2, NAT_PUBLIC, WEB, WEB_PUBLIC};
use crate::model::{
    AclAction, AclEntry, Direction, Estate, Group, GroupRule, PortRange, Protocol, RulePeer,
    fixture,
};

const SECOND: Micros = 1_000_000;
fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The small estate, with public addresses for `web-1` and the NAT gateway, and groups to swap to.
fn estate() -> Estate {
    let mut estate = fixture::public();
    let all = |direction| GroupRule::all(direction, "0.0.0.0/0".parse().unwrap());
    for (id, rules) in [
        ("sg-iso", Vec::new()),
        ("sg-open", Direction::BOTH.map(all).to_vec()),
    ] {
        estate.put_group(Group {
            id: id.into(),
            vpc: "vpc-1".into(),
            name: id.into(),
            description: String::new(),
            rules,
        });
    }
    estate
}

fn rule(direction: Direction, protocol: Protocol, port: i32, peer: &str) -> GroupRule {
    GroupRule {
        id: None,
        direction,
        protocol,
        ports: Some(PortRange {
            from: port,
            to: if protocol == Protocol::ICMP { -1 } else { port },
        }),
        peer: RulePeer::Cidr(peer.parse().unwrap()),
    }
}

fn deny(direction: Direction, peer: &str) -> AclEntry {
    AclEntry {
        direction,
        number: 90,
        action: AclAction::Deny,
        protocol: Protocol::All,
        cidr: peer.parse().unwrap(),
        ports: None,
    }
}

fn packet(protocol: u8, src: &str, dst: &str, ports: (u16, u16)) -> Packet {
    Packet {
        protocol,
        src: address(src),
        dst: address(dst),
        src_port: ports.0,
        dst_port: ports.1,
    }
}

/// `web-1` to the outside.
fn beacon() -> Packet {
    packet(Packet::TCP, WEB, C2, (50_000, 443))
}

/// A network under test.
struct World {
    estate: Estate,
    net: Net,
    sights: Vec<Sight>,
}

impl World {
    fn new(estate: Estate) -> Self {
        Self::with(estate, Switches::default())
    }

    fn with(estate: Estate, switches: Switches) -> Self {
        Self {
            net: Net::new(&estate, switches),
            estate,
            sights: Vec::new(),
        }
    }

    fn change(&mut self, change: impl FnOnce(&mut Estate)) {
        change(&mut self.estate);
        self.net.update(&self.estate);
    }

    fn groups(&mut self, eni: &str, groups: &[&str]) {
        let groups = groups.iter().map(|it| (*it).into()).collect();
        self.change(|it| it.update_eni(&eni.into(), |it| it.groups = groups));
    }

    /// Sends a packet of whoever has its source, at a second.
    fn send(&mut self, packet: Packet, at: f64) -> Fate {
        let private = self.estate.eni_of_address(packet.src);
        let private = private.filter(|it| it.addresses.contains(&packet.src));
        let from = private.and_then(|it| self.net.eni(&it.id));
        let from = from.map_or(Origin::Outside, Origin::Eni);
        let at = std::time::Duration::from_secs_f64(at).as_micros();
        let at = Micros::try_from(at).unwrap();
        self.sights.clear();
        self.net.send(from, packet, at, &mut self.sights)
    }

    fn passes(&mut self, packet: Packet, at: f64) -> bool {
        self.send(packet, at).delivered()
    }

    /// What drops a packet.
    fn loses(&mut self, packet: Packet, at: f64) -> Lost {
        match self.send(packet, at).outcome {
            Outcome::Dropped(lost) => lost,
            Outcome::Delivered(it) => panic!("{packet} was delivered: {it:?}"),
        }
    }

    /// Two requests and their answers.
    fn open(&mut self, first: Packet) {
        for at in [0.0, 0.1] {
            let there = self.send(first, at).arrival().unwrap();
            assert!(self.passes(there.packet.reversed(), at + 0.05), "{first}");
        }
    }
}

/// The answer of the outside to a packet of `web-1`.
fn answer(packet: Packet) -> Packet {
    Packet {
        dst: address(WEB_PUBLIC),
        ..packet.reversed()
    }
}
