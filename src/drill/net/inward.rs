//! Ways in: from outside, and by a transit gateway.

use std::net::IpAddr;

use super::block::Addr;
use super::lost::Lost;
use super::packet::Packet;
use super::rules::Probe;
use super::tables::{Interface, LOCAL, SubnetTable, Target, index};
use super::track::Key;
use super::way::{Fared, Way, outside};
use super::{Arrival, EniIx, Place};
use crate::model::Direction;

impl Way<'_> {
    /// To a transit gateway, and from it into another VPC that is attached, or out of sight.
    pub(super) fn transit(
        &mut self,
        (eni, subnet): (&Interface, &SubnetTable),
        packet: Packet,
    ) -> Fared {
        let tables = self.tables;
        if let Some(at) = self.attachment(eni.vpc, subnet)
            && !std::ptr::eq(at, subnet)
            && let Some(lost) = tables.acl(at, Direction::Ingress, &Probe::of(packet))
        {
            return Err(lost);
        }
        let receivers = tables.everywhere.get(&Addr::of(packet.dst));
        let attached = |it: &&EniIx| {
            let vpc = tables.eni(**it).map(|it| it.vpc);
            vpc.is_some_and(|it| it != eni.vpc && tables.vpc(it).is_some_and(|it| it.beyond))
        };
        match receivers.and_then(|them| them.iter().find(attached)) {
            Some(receiver) => self.in_by_transit(*receiver, packet),
            None => Ok(outside(packet)),
        }
    }

    /// From a transit gateway to an interface. Which ACLs are evaluated depends on whether the attachment
    /// is in the same subnet: <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html>
    pub(super) fn in_by_transit(&mut self, to: EniIx, packet: Packet) -> Fared {
        let tables = self.tables;
        let nobody = || Lost::Nobody(packet.dst);
        let eni = tables.eni(to).ok_or_else(nobody)?;
        let subnet = tables.subnet(eni).ok_or_else(nobody)?;
        self.auto |= self.switches.transit_gateway_is_tracked;
        self.references = false;
        let mut crosses = true;
        if let Some(at) = self.attachment(eni.vpc, subnet) {
            if std::ptr::eq(at, subnet) {
                crosses = self.switches.transit_gateway_acl_both_ways;
            } else if let Some(lost) = tables.acl(at, Direction::Egress, &Probe::of(packet)) {
                return Err(lost);
            }
        }
        self.reach(to, packet, crosses)
    }

    /// The subnet of the VPC's transit gateway attachment, that of the same zone first.
    pub(super) fn attachment(&self, vpc: u32, of: &SubnetTable) -> Option<&SubnetTable> {
        let tables = self.tables;
        let all = &tables.vpc(vpc)?.attachments;
        let subnets = || {
            all.iter()
                .filter_map(|it| tables.eni(*it))
                .filter_map(|it| tables.subnet(it))
        };
        subnets()
            .find(|it| std::ptr::eq(*it, of))
            .or_else(|| subnets().find(|it| it.zone == of.zone))
            .or_else(|| subnets().next())
    }

    /// In from outside.
    pub(super) fn enter(&mut self, packet: Packet) -> Fared {
        let tables = self.tables;
        let dst = Addr::of(packet.dst);
        if self.switches.far_side_of_nat_is_tracked {
            self.auto |= tables.nat_public.contains(&Addr::of(packet.src));
        }
        if let Some((to, private)) = self.mapped(packet) {
            let packet = Packet {
                dst: private,
                ..packet
            };
            return self.in_by_internet(to, packet);
        }
        let all = tables.everywhere.get(&dst);
        let mut last = Lost::Nobody(packet.dst);
        for to in all.into_iter().flatten() {
            let Some(eni) = tables.eni(*to) else { continue };
            if tables.is_service(eni.vpc, packet.src) {
                return Ok(Arrival {
                    at: Place::Eni(*to),
                    packet,
                });
            }
            match self.back_door(eni, packet) {
                Ok(Target::Internet) => return self.in_by_internet(*to, packet),
                Ok(Target::Transit) => return self.in_by_transit(*to, packet),
                Ok(target) => {
                    self.auto |= tables.tracks(target, self.switches);
                    return self.reach(*to, packet, true);
                }
                Err(why) => last = why,
            }
        }
        Err(last)
    }

    /// The interface behind a public address, and its private one.
    pub(super) fn mapped(&self, packet: Packet) -> Option<(EniIx, IpAddr)> {
        let known = self.tables.public.get(&Addr::of(packet.dst)).copied();
        known.or_else(|| {
            let gone = self.lingering.iter().find(|it| it.public == packet.dst)?;
            let inside = Packet {
                dst: gone.private,
                ..packet
            };
            self.lingers(gone.eni, inside, Direction::Ingress)?;
            Some((gone.eni, gone.private))
        })
    }

    /// By which way a packet from outside comes to an address that is not public IPv4: the one that the
    /// interface answers by.
    pub(super) fn back_door(&mut self, eni: &Interface, packet: Packet) -> Result<Target, Lost> {
        let tables = self.tables;
        let nobody = || Lost::Nobody(packet.dst);
        let subnet = tables.subnet(eni).ok_or_else(nobody)?;
        let vpc = tables.vpc(eni.vpc).ok_or_else(nobody)?;
        let route = tables.route(subnet, Addr::of(packet.src)).ok();
        let target = route.filter(|it| !it.blackhole).map(|it| it.target);
        let target = target.map(|it| tables.target(it));
        match target {
            Some(Target::EgressOnly) if packet.dst.is_ipv6() => {
                let key = Key::of(packet, Direction::Ingress, self.switches);
                let known = self.translations.is_open(eni.vpc, key, self.at);
                let gateway = route.map_or(LOCAL, |it| it.target);
                let unsolicited = || Lost::Unsolicited(tables.target_id(gateway));
                known.then_some(Target::EgressOnly).ok_or_else(unsolicited)
            }
            Some(it @ (Target::Endpoint { .. } | Target::Transit | Target::Elsewhere)) => Ok(it),
            Some(it @ Target::Peering(number)) => {
                let peering = tables.peerings.get(index(number));
                let unseen = |it: &(Option<u32>, _, _)| it.0.is_none();
                let unseen = peering.is_some_and(|it| it.sides.iter().any(unseen));
                unseen.then_some(it).ok_or_else(nobody)
            }
            _ if packet.dst.is_ipv6() => Ok(Target::Internet),
            _ if vpc.beyond => Ok(Target::Elsewhere),
            _ => Err(nobody()),
        }
    }

    pub(super) fn in_by_internet(&mut self, to: EniIx, packet: Packet) -> Fared {
        let tables = self.tables;
        let nobody = || Lost::Nobody(packet.dst);
        let eni = tables.eni(to).ok_or_else(nobody)?;
        let vpc = tables.vpc(eni.vpc).ok_or_else(nobody)?;
        if !vpc.internet {
            return Err(Lost::NoInternetGateway(vpc.id.clone()));
        }
        if !self.switches.inbound_without_route_back {
            let subnet = tables.subnet(eni).ok_or_else(nobody)?;
            let hop = tables.route(subnet, Addr::of(packet.src))?;
            if hop.blackhole || tables.target(hop.target) != Target::Internet {
                return Err(Lost::TargetChanged(tables.target_id(hop.target)));
            }
        }
        self.reach(to, packet, true)
    }
}
