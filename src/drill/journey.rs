//! Packets on their way along a path: every interface they pass lets them through or does not, and
//! counts them. What a conversation does next about it is `conversation`'s.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chrono::{DateTime, Utc};

use super::conversation::{Script, Surroundings};
use super::packet::{Packet, judge_acl};
use super::path::Path;
use super::record::{Key, Tally};
use super::tracking::{Passage, Track};
use crate::model::{Direction, Eni, EniId, FlowAction};

const FIN: u8 = 1;
const SYN: u8 = 2;
const SYN_ACK: u8 = 18;

/// A direction's share of an exchange.
#[derive(Debug, Clone, Copy)]
struct Load {
    packets: u32,
    bytes: u32,
    flags: u8,
}

/// Packets of one connection on their way, at one moment.
pub(super) struct Journey<'a> {
    pub(super) around: Surroundings<'a>,
    pub(super) path: &'a Path,
    pub(super) at: DateTime<Utc>,
    pub(super) tracks: &'a mut BTreeMap<EniId, Track>,
    pub(super) window: &'a mut BTreeMap<Key, Tally>,
}

impl Journey<'_> {
    /// Request and reply; whether both arrived. Both ends of an established TCP connection send
    /// again when they hear nothing, so its reply does not wait for the request.
    pub(super) fn exchange(
        &mut self,
        script: &Script,
        port: u16,
        opening: bool,
        closing: bool,
    ) -> bool {
        let tcp = script.protocol == Packet::TCP;
        let first = Packet {
            protocol: script.protocol,
            src: script.client.address(),
            dst: script.server.address(),
            src_port: port,
            dst_port: script.port,
            reply: false,
        };
        if tcp && opening && !self.handshake(first) {
            return false;
        }
        let [request, reply] = script.packets;
        let [sent, answered] = script.bytes;
        let flags = if tcp && closing { FIN } else { 0 };
        let there = self.forward(first, Load::of(request, sent, flags));
        let answers = there || tcp;
        answers && self.backward(first, Load::of(reply, answered, flags)) && there
    }

    fn handshake(&mut self, first: Packet) -> bool {
        self.forward(first, Load::of(1, 60, SYN)) && self.backward(first, Load::of(1, 60, SYN_ACK))
    }

    fn forward(&mut self, first: Packet, load: Load) -> bool {
        let path = self.path;
        path.segments.iter().all(|it| {
            let packet = Packet {
                src: it.src,
                dst: it.dst,
                ..first
            };
            self.cross([it.from.as_ref(), it.to.as_ref()], it.crosses, packet, load)
        })
    }

    fn backward(&mut self, first: Packet, load: Load) -> bool {
        let path = self.path;
        path.segments.iter().rev().all(|it| {
            let packet = Packet {
                src: it.src,
                dst: it.dst,
                ..first
            };
            let ends = [it.to.as_ref(), it.from.as_ref()];
            self.cross(ends, it.crosses, packet.reversed(), load)
        })
    }

    /// One segment: out of the sender's interface, and into the receiver's.
    fn cross(
        &mut self,
        ends: [Option<&EniId>; 2],
        crosses: bool,
        packet: Packet,
        load: Load,
    ) -> bool {
        let [sender, receiver] = ends;
        let around = self.around;
        // 1: through another resource of the VPC; 8: through an internet gateway.
        let traffic_path = if receiver.is_some() { 1 } else { 8 };
        let mut check = |id: &EniId, direction, traffic_path| {
            let Some(eni) = self.around.estate.eni(id) else {
                return false;
            };
            let passed = self.pass(eni, direction, crosses, packet);
            self.count(eni, direction, passed, packet, load, traffic_path);
            passed
        };
        // What a guest drops on the way out never gets to its interface; what it drops on the way in has
        // passed it.
        let talks = |id: &EniId, peer| {
            let eni = around.estate.eni(id);
            eni.is_some_and(|it| around.talks(it, peer))
        };
        sender.is_none_or(|id| {
            talks(id, packet.dst) && check(id, Direction::Egress, Some(traffic_path))
        }) && receiver.is_none_or(|id| check(id, Direction::Ingress, None) && talks(id, packet.src))
    }

    /// Outbound the groups come first, inbound the NACL. So a packet that its own subnet's NACL drops
    /// has kept its tracking entry alive: an assumption, AWS does not say.
    fn pass(&mut self, eni: &Eni, direction: Direction, crosses: bool, packet: Packet) -> bool {
        let estate = self.around.estate;
        let admitted = || !crosses || judge_acl(estate, &eni.subnet, direction, packet);
        let passage = Passage {
            estate,
            eni,
            direction,
            packet,
            auto_tracked: self.path.auto_tracked,
            at: self.at,
        };
        let mut track = self.tracks.remove(&eni.id);
        let outbound = direction == Direction::Egress;
        let passed =
            (outbound || admitted()) && passage.pass(&mut track) && (!outbound || admitted());
        if let Some(track) = track {
            self.tracks.insert(eni.id.clone(), track);
        }
        passed
    }

    fn count(
        &mut self,
        eni: &Eni,
        direction: Direction,
        passed: bool,
        packet: Packet,
        load: Load,
        traffic_path: Option<u8>,
    ) {
        // What passes a NAT gateway bears the gateway's own address in the record.
        let own = |it: IpAddr| {
            let mut family = eni
                .addresses
                .iter()
                .filter(|own| own.is_ipv4() == it.is_ipv4());
            family.next().copied().unwrap_or(it)
        };
        let (src, dst) = match direction {
            Direction::Egress => (own(packet.src), packet.dst),
            Direction::Ingress => (packet.src, own(packet.dst)),
        };
        let key = Key {
            eni: eni.id.clone(),
            direction,
            action: if passed {
                FlowAction::Accept
            } else {
                FlowAction::Reject
            },
            protocol: packet.protocol,
            src,
            dst,
            src_port: packet.src_port,
            dst_port: packet.dst_port,
            packet_src: packet.src,
            packet_dst: packet.dst,
            traffic_path,
        };
        // Of what is dropped, the first packet is all that is sent.
        let sent = if passed { load } else { load.first_packet() };
        let more = Tally {
            packets: u64::from(sent.packets),
            bytes: u64::from(sent.bytes),
            flags: sent.flags,
            first: self.at,
            last: self.at,
        };
        self.window
            .entry(key)
            .and_modify(|tally| tally.add(&more))
            .or_insert(more);
    }
}

impl Load {
    fn of(packets: u32, bytes: u32, flags: u8) -> Self {
        Self {
            packets,
            bytes,
            flags,
        }
    }

    fn first_packet(self) -> Self {
        Self {
            packets: 1,
            bytes: self.bytes / self.packets.max(1),
            ..self
        }
    }
}
