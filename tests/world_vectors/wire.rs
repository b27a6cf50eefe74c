//! The two ends of a flow: who sends what, and what each end has seen of the other.

use std::net::IpAddr;

use firedoor::drill::net::{Arrival, Fate, Micros, Net, Origin, Packet, Place, Sight};
use firedoor::model::{EniId, EniKind, Estate};
use ipnet::IpNet;
use serde_json::Value;

use fields::{address, port, protocol};

#[path = "../vectors/fields.rs"]
mod fields;

/// An end.
#[derive(Debug, Clone)]
enum End {
    /// One of our interfaces.
    Ours(EniId),
    Outside,
}

/// A flow and its ends.
#[derive(Debug)]
pub(crate) struct Wire {
    client: End,
    server: End,
    /// As the client sends it.
    request: Packet,
    /// As the server sends it where no request came to it yet.
    reply: Packet,
    /// How requests first came to the server.
    heard: Option<Arrival>,
}

/// Keys that say nothing beyond what the topology says.
const SILENT: [&str; 3] = ["via", "note", "arrives_as"];

impl Wire {
    /// Reads a flow; where the file says that it goes by something that always tracks, the server's
    /// interface becomes such a thing.
    pub(crate) fn read(value: &Value, estate: &mut Estate) -> Result<Self, String> {
        const KNOWN: [&str; 8] = [
            "src",
            "dst",
            "proto",
            "sport",
            "dport",
            "icmp_type",
            "icmp_code",
            "automatically_tracked_by",
        ];
        let object = value.as_object().ok_or("a flow must be an object")?;
        let known = |it: &str| KNOWN.contains(&it) || SILENT.contains(&it);
        if let Some(unknown) = object.keys().find(|it| !known(it)) {
            return Err(format!("flow.{unknown} is not known"));
        }
        let (src, dst) = (address(value, "src")?, address(value, "dst")?);
        if let Some(element) = value["automatically_tracked_by"].as_str() {
            make_tracked(estate, dst, element)?;
        }
        let protocol = protocol(&value["proto"])?;
        let packet = match protocol {
            Packet::ICMP | Packet::ICMPV6 => {
                let ping = Packet {
                    protocol,
                    ..Packet::ping(src, dst, 1)
                };
                match value["icmp_type"].as_u64() {
                    None => ping,
                    Some(kind) => Packet {
                        dst_port: u16::try_from(
                            kind << 8 | value["icmp_code"].as_u64().unwrap_or(0),
                        )
                        .map_err(|_| format!("flow.icmp_type is no type: {value}"))?,
                        ..ping
                    },
                }
            }
            _ => Packet {
                protocol,
                src,
                dst,
                src_port: port(value, "sport")?,
                dst_port: port(value, "dport")?,
            },
        };
        Ok(Self::new(packet, estate))
    }

    /// A flow of packets like this one, in which our addresses are private.
    pub(crate) fn new(packet: Packet, estate: &Estate) -> Self {
        let end = |address: IpAddr| {
            let ours = estate.eni_of_address(address);
            ours.map_or(End::Outside, |it| End::Ours(it.id.clone()))
        };
        let (client, server) = (end(packet.src), end(packet.dst));
        // Who is outside knows our public addresses only.
        let public = |end: &End, private: IpAddr| match end {
            End::Ours(id) => estate.eni(id).and_then(|it| it.public_of(private)),
            End::Outside => None,
        };
        let known_as = |own: &End, other: &End, ends: (IpAddr, IpAddr)| match (own, other) {
            (End::Ours(id), End::Outside) if !is_joined(estate, id, ends.1) => {
                public(own, ends.0).unwrap_or(ends.0)
            }
            _ => ends.0,
        };
        Self {
            request: Packet {
                dst: known_as(&server, &client, (packet.dst, packet.src)),
                ..packet
            },
            reply: Packet {
                src: known_as(&client, &server, (packet.src, packet.dst)),
                ..packet
            }
            .reversed(),
            client,
            server,
            heard: None,
        }
    }

    /// Sends a packet of one side. It counts as delivered if it comes to the other end, and as what it
    /// was before: what bears another address or port is a stranger there.
    pub(crate) fn send(&mut self, net: &mut Net, reply: bool, at: Micros) -> (Fate, bool) {
        self.send_seen(net, reply, at, &mut Vec::new())
    }

    /// What flow logs see of a packet of one side.
    pub(crate) fn sights(&mut self, net: &mut Net, reply: bool) -> (Vec<Sight>, Fate) {
        let mut sights = Vec::new();
        let (fate, _) = self.send_seen(net, reply, 0, &mut sights);
        (sights, fate)
    }

    fn send_seen(
        &mut self,
        net: &mut Net,
        reply: bool,
        at: Micros,
        sights: &mut Vec<Sight>,
    ) -> (Fate, bool) {
        let (from, to, packet) = if reply {
            let heard = self.heard.map(|it| it.packet.reversed());
            (&self.server, &self.client, heard.unwrap_or(self.reply))
        } else {
            (&self.client, &self.server, self.request)
        };
        let origin = match from {
            End::Ours(id) => net.eni(id).map_or(Origin::Outside, Origin::Eni),
            End::Outside => Origin::Outside,
        };
        let fate = net.send(origin, packet, at, sights);
        let arrived = fate.arrival().filter(|it| is_at(net, to, it.at));
        let same = match (reply, arrived) {
            (_, None) => false,
            (true, Some(it)) => it.packet == self.request.reversed() || self.heard.is_none(),
            (false, Some(it)) => *self.heard.get_or_insert(it) == it,
        };
        (fate, same)
    }

    /// The server is a service that nothing filters.
    pub(crate) fn ends_at_service(&self) -> bool {
        self.heard.is_some_and(|it| it.at == Place::Service)
    }
}

/// Whether somebody outside is joined to an interface's network, and knows its private address: its route
/// there leads to a transit gateway, a VPN or a peering connection.
fn is_joined(estate: &Estate, id: &EniId, other: IpAddr) -> bool {
    let subnet = estate.eni(id).map(|it| &it.subnet);
    let table = subnet.and_then(|it| estate.table_of_subnet(it));
    let routes = table.into_iter().flat_map(|it| &it.routes);
    let blocks = routes.filter_map(|it| Some((it.destination.parse::<IpNet>().ok()?, it)));
    let over = blocks.filter(|(block, _)| block.contains(&other));
    let route = over.max_by_key(|(block, _)| block.prefix_len());
    route.is_some_and(|(_, it)| {
        let kinds = ["tgw-", "vgw-", "pcx-"];
        kinds.iter().any(|kind| it.target.starts_with(kind))
    })
}

fn is_at(net: &Net, end: &End, place: Place) -> bool {
    match (end, place) {
        (End::Ours(id), Place::Eni(ix)) => net.id(ix) == Some(id),
        (End::Outside, Place::Outside | Place::Service) => true,
        _ => false,
    }
}

fn make_tracked(estate: &mut Estate, server: IpAddr, element: &str) -> Result<(), String> {
    const WORDS: [(&str, EniKind); 5] = [
        ("network-load-balancer", EniKind::NetworkLoadBalancer),
        ("nlb", EniKind::NetworkLoadBalancer),
        ("accelerator", EniKind::GlobalAccelerator),
        ("lambda", EniKind::Lambda),
        ("interface", EniKind::Endpoint),
    ];
    if element.contains("nat") || element.contains("egress-only") {
        return Ok(()); // its routes say so
    }
    let kind = WORDS.iter().find(|(word, _)| element.contains(word));
    let eni = estate.eni_of_address(server).map(|it| it.id.clone());
    let (Some((_, kind)), Some(eni)) = (kind, eni) else {
        return Err(format!("flow.automatically_tracked_by can't be: {element}"));
    };
    estate.update_eni(&eni, |it| it.kind = *kind);
    Ok(())
}
