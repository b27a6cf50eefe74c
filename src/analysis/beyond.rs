//! What gateways do with packets: where a NAT gateway, an internet gateway or a transit gateway sends them on,
//! and what AWS leaves open of it.

use std::net::IpAddr;

use super::acl::Frame;
use super::cause::Cause;
use super::explain::Check;
use super::flow::PathElement;
use super::network::{Ix, Network};
use super::routes::{Entry, TargetKind};
use super::walk::{CHOSEN, Doubt, End, Packet, Seat, Trace, Walk, note};
use crate::model::Direction;

impl Network {
    /// From a transit gateway into the receiver's subnet. Where its attachment is in that very subnet no
    /// network ACL is evaluated: <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html>
    pub(super) fn in_by_transit(
        &self,
        packet: &Packet,
        source: IpAddr,
        trace: &mut Trace<'_>,
    ) -> Result<Option<Doubt>, Cause> {
        let Some(subnet) = self.subnet_of(packet.to) else {
            return Ok(None);
        };
        match self.attachment(subnet) {
            Some(at) if at == subnet => Ok(Some(Doubt::Attachment)),
            Some(at) => {
                let to = packet.to.address;
                let left = self.edge(at, Direction::Egress, to, packet.frame, trace)?;
                Ok(left.or(self.enter(packet, source, trace)?))
            }
            None => self.enter(packet, source, trace),
        }
    }

    /// The subnet of the transit gateway attachment that serves a subnet: itself, or one of its zone.
    pub(super) fn attachment(&self, subnet: Ix) -> Option<Ix> {
        let node = self.subnet(subnet)?;
        let all = &self.vpc(node.vpc?)?.attachments;
        let of_zone = |it: &&Ix| self.subnet(**it).is_some_and(|it| it.zone == node.zone);
        let own = all.iter().find(|it| **it == subnet);
        own.or_else(|| all.iter().find(of_zone))
            .or_else(|| all.first())
            .copied()
    }

    /// AWS documents routes to an appliance for whole subnets, and not whether they take what stays inside one.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html>
    pub(super) fn intercepted(&self, subnet: Ix, to: IpAddr) -> Option<Doubt> {
        let node = self.subnet(subnet)?;
        let (_, route) = self.table(node.table?).1.lookup(to)?;
        let middlebox = matches!(route.kind, TargetKind::Appliance | TargetKind::Endpoint);
        (middlebox && node.cidrs.contains(&route.cidr)).then_some(Doubt::OwnSubnet)
    }

    /// Whether an end has an address of the internet.
    pub(super) fn is_public(&self, end: End) -> bool {
        let interface = matches!(end.seat, Seat::Interface(_));
        end.address.is_ipv6() || interface && self.public_source(end).is_ok()
    }

    /// The route by which a NAT gateway sends a packet on. One that it sends to another target than before
    /// bears another source there, or comes to what knows nothing of its flow.
    pub(super) fn onward(
        &self,
        packet: &Packet,
        table: Ix,
        public: bool,
        trace: &mut Trace<'_>,
    ) -> Result<&Entry, Cause> {
        let to = packet.to.public.unwrap_or(packet.to.address);
        let Some((number, route)) = self.table(table).1.lookup(to) else {
            note(trace, || Check::no_route(self, table, to));
            return Err(Cause::NoRoute(table));
        };
        note(trace, || Check::route(self, table, route, to));
        if route.blackhole || (public && !carries_nat(route.kind)) {
            return Err(Cause::NoWayOfNat(table, number));
        }
        if packet.onward.is_some_and(|it| it != route.identity) {
            return Err(Cause::TargetChanged(table, number));
        }
        Ok(route)
    }

    /// A NAT gateway sends answers on by the routes of its own subnet.
    pub(super) fn routed_back(&self, home: Ix, to: IpAddr) -> Result<(), Cause> {
        let Some(table) = self.subnet(home).and_then(|it| it.table) else {
            return Ok(());
        };
        match self.table(table).1.lookup(to) {
            None => Err(Cause::NoRoute(table)),
            Some((number, it)) if it.blackhole => Err(Cause::Blackhole(table, number)),
            Some((number, it)) if it.kind == TargetKind::NatGateway => {
                Err(Cause::NoWayOfNat(table, number))
            }
            Some(_) => Ok(()),
        }
    }

    /// The end that a NAT gateway is for whom it reaches otherwise than over the internet: they see its private
    /// address. <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html>
    pub(super) fn private_end(&self, nat: Ix) -> Option<End> {
        let eni = self.estate().eni(&self.interface(nat)?.id)?;
        Some(End {
            address: *eni.addresses.first()?,
            seat: Seat::Interface(nat),
            public: None,
        })
    }

    /// The answer of one of our interfaces to what a NAT gateway sent it from its private address: to the
    /// gateway first, and from there to the client.
    pub(super) fn back_by_nat(&self, packet: &Packet, nat: Ix) -> Result<Walk, Cause> {
        let trace = &mut None;
        let home = self.interface(nat).and_then(|it| it.subnet);
        let (Some(gateway), Some(home)) = (self.private_end(nat), home) else {
            return self.walk(packet, None);
        };
        let frame = Frame {
            ports: CHOSEN,
            ..packet.frame
        };
        let to_gateway = Packet {
            to: gateway,
            frame,
            ..*packet
        };
        let walk = self.walk(&to_gateway, None)?;
        let client = packet.to.address;
        self.routed_back(home, client)?;
        let mut entered = None;
        if self.subnet_of(packet.to) != Some(home) {
            self.edge(home, Direction::Egress, client, packet.frame, trace)?;
            entered = self.enter(packet, packet.from.address, trace)?;
        }
        Ok(Walk {
            via: Some(PathElement::NatGateway),
            doubt: walk.doubt.or(entered),
            ..walk
        })
    }

    /// Over IPv6 the internet's packets come in by what the subnet's own route leads to; by an egress-only
    /// gateway only answers do.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html>
    pub(super) fn still_open(&self, to: End, subnet: Ix, source: IpAddr) -> Result<(), Cause> {
        let table = self.subnet(subnet).and_then(|it| it.table);
        let route = table.and_then(|it| self.table(it).1.lookup(source));
        let closed = route.is_some_and(|(_, it)| it.kind == TargetKind::EgressOnlyGateway);
        if to.address.is_ipv6() && closed {
            return Err(Cause::Unsolicited(subnet));
        }
        Ok(())
    }
}

/// An IPv4 address that the internet does not carry: of RFC 1918 or RFC 6598.
/// <https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html>
pub(super) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(it) => {
            let [a, b, ..] = it.octets();
            it.is_private() || a == 100 && b & 0xc0 == 64
        }
        IpAddr::V6(_) => false,
    }
}

/// Whether NAT gateways carry packets to an address: IPv4, and what stands for it in IPv6.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-nat64-dns64.html>
pub(super) fn is_translated(to: IpAddr) -> bool {
    match to {
        IpAddr::V4(_) => true,
        IpAddr::V6(it) => it.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0],
    }
}

/// Whether a public NAT gateway sends packets on by such a target: the internet, its own VPC, or another
/// network behind a transit or virtual private gateway.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html>
fn carries_nat(kind: TargetKind) -> bool {
    matches!(
        kind,
        TargetKind::InternetGateway
            | TargetKind::Local
            | TargetKind::TransitGateway
            | TargetKind::VpnGateway
    )
}

#[cfg(test)]
mod tests;
