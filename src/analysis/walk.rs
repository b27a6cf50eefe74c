//! The way of one packet: routes and network ACLs, from the sender's interface to the receiver's.
//!
//! Security groups are judged apart ([`groups`](super::groups)): whether they let a packet pass depends
//! on what came before it, while routes and network ACLs remember nothing.
//!
//! Routes: <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html>; network ACLs are
//! evaluated where a packet enters or leaves a subnet, and not inside it:
//! <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html>; internet gateways translate only
//! addresses with a public one: <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>;
//! NAT gateways: <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html>.

use std::net::IpAddr;

use super::acl::{Frame, Ruling};
use super::beyond::{is_private, is_translated};
use super::cause::Cause;
use super::explain::Check;
use super::flow::PathElement;
use super::network::{Ix, Network};
use super::routes::{Entry, TargetKind};
use crate::model::{Direction, EniKind, GatewayKind};

/// Where an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seat {
    /// An interface has it.
    Interface(Ix),
    /// It belongs to a subnet, and to no interface that was read.
    Subnet(Ix),
    /// Elsewhere.
    Outside,
    /// A service that nothing filters.
    Service(&'static str),
}

/// One end of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// The address that the other end uses; private behind an internet gateway's translation.
    pub(super) address: IpAddr,
    pub(super) seat: Seat,
    /// The other end reaches it by its public address: by an internet gateway, not by `local`.
    pub(super) public: Option<IpAddr>,
}

/// A packet on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packet {
    pub(super) from: End,
    pub(super) to: End,
    pub(super) frame: Frame,
    /// It answers an earlier packet; then it comes in by the way that the earlier one went out.
    pub(super) door: Option<Door>,
    /// The target that earlier packets of its flow were routed to.
    pub(super) target: Option<u64>,
    /// The target that the NAT gateway sent them on to.
    pub(super) onward: Option<u64>,
}

/// How the outside is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Door {
    pub(super) kind: TargetKind,
    /// Tells targets apart: a hash of the target's id.
    pub(super) target: u64,
    /// The route, by table and place.
    pub(super) route: (Ix, u16),
    /// The interface of the NAT gateway.
    pub(super) nat: Option<Ix>,
    /// What the NAT gateway's own route leads to; as `target`.
    pub(super) onward: Option<u64>,
}

/// A packet that arrives, or leaves our network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Walk {
    /// The way that it took; `None`: inside a subnet, or in from outside.
    pub(super) door: Option<Door>,
    /// What it passed that decides about tracking.
    pub(super) via: Option<PathElement>,
    /// The receiver sees another source than the sender's private address.
    pub(super) translated: Option<IpAddr>,
    /// Something on the way was not read, or can't be judged.
    pub(super) doubt: Option<Doubt>,
}

/// Why a packet's way is not wholly known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The network ACL of a subnet was not read.
    Acl(Ix),
    /// The route table of a subnet was not read.
    Table(Ix),
    /// The NAT gateway of a route was not read.
    Nat,
    /// Whatever an appliance, transit gateway or VPN does with it.
    Beyond(TargetKind),
    /// The network ACL between a transit gateway attachment and an instance in the same subnet.
    Attachment,
    /// A route to an appliance for the very subnet that both ends are in.
    OwnSubnet,
}

/// The ports of which a NAT gateway chooses one, which is not known:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-ephemeral-ports.html>
pub(super) const CHOSEN: (u16, u16) = (1024, 65535);

/// Records what is checked on the way, for the explanation.
pub(super) type Trace<'t> = Option<&'t mut Vec<Check>>;

impl Door {
    fn by(table: Ix, number: u16, route: &Entry) -> Self {
        Self {
            kind: route.kind,
            target: route.identity,
            route: (table, number),
            nat: None,
            onward: None,
        }
    }
}

impl Walk {
    pub(super) const DIRECT: Self = Self {
        door: None,
        via: None,
        translated: None,
        doubt: None,
    };
}

impl Network {
    /// Follows a packet.
    pub(super) fn walk(&self, packet: &Packet, mut trace: Trace<'_>) -> Result<Walk, Cause> {
        for (end, other) in [(packet.from, packet.to), (packet.to, packet.from)] {
            let Seat::Interface(ix) = end.seat else {
                continue;
            };
            match self.interface(ix) {
                Some(it) if it.down => return Err(Cause::Stopped(ix)),
                Some(it) if it.blocked.contains(&other.address) => {
                    return Err(Cause::Host(ix));
                }
                _ => {}
            }
        }
        match self.subnet_of(packet.from) {
            Some(subnet) => self.outbound(packet, subnet, &mut trace),
            None => self.inbound(packet, packet.from.address, &mut trace),
        }
    }

    pub(super) fn subnet_of(&self, end: End) -> Option<Ix> {
        match end.seat {
            Seat::Interface(ix) => self.interface(ix)?.subnet,
            Seat::Subnet(ix) => Some(ix),
            Seat::Outside | Seat::Service(_) => None,
        }
    }

    pub(super) fn outbound(
        &self,
        packet: &Packet,
        subnet: Ix,
        trace: &mut Trace<'_>,
    ) -> Result<Walk, Cause> {
        let destination = packet.to.public.unwrap_or(packet.to.address);
        if packet.to.public.is_none() && self.subnet_of(packet.to) == Some(subnet) {
            return Ok(Walk {
                doubt: self.intercepted(subnet, destination),
                ..Walk::DIRECT
            });
        }
        let Some(table) = self.subnet(subnet).and_then(|it| it.table) else {
            return self.unrouted(packet, subnet, trace);
        };
        let routes = &self.table(table).1;
        let Some((number, route)) = routes.lookup(destination) else {
            note(trace, || Check::no_route(self, table, destination));
            if routes.unread_lists.is_empty() {
                return Err(Cause::NoRoute(table));
            }
            return self.unrouted(packet, subnet, trace);
        };
        note(trace, || Check::route(self, table, route, destination));
        if route.blackhole {
            return Err(Cause::Blackhole(table, number));
        }
        // A flow that is routed to another target can't go on: its address changes, or the state of
        // what it passes is missing. https://docs.aws.amazon.com/vpc/latest/userguide/WorkWithRouteTables.html
        if packet.target.is_some_and(|it| it != route.identity) {
            return Err(Cause::TargetChanged(table, number));
        }
        let door = Door::by(table, number, route);
        match route.kind {
            TargetKind::Local => self.local(packet, subnet, door, trace),
            TargetKind::InternetGateway => self.to_internet(packet, subnet, door, trace),
            TargetKind::EgressOnlyGateway => {
                self.edge(subnet, Direction::Egress, destination, packet.frame, trace)?;
                Ok(Walk {
                    door: Some(door),
                    via: Some(PathElement::EgressOnlyGateway),
                    ..Walk::DIRECT
                })
            }
            TargetKind::NatGateway => self.to_nat(packet, subnet, route, door, trace),
            TargetKind::Peering => self.to_peering(packet, subnet, route, door, trace),
            kind => self
                .elsewhere(packet, subnet, route, door, trace)
                .map(|walk| Walk {
                    doubt: walk
                        .doubt
                        .or((kind != TargetKind::Endpoint).then_some(Doubt::Beyond(kind))),
                    ..walk
                }),
        }
    }

    /// The table was not read: only the network ACLs can be judged.
    fn unrouted(&self, packet: &Packet, subnet: Ix, trace: &mut Trace<'_>) -> Result<Walk, Cause> {
        let remote = packet.to.public.unwrap_or(packet.to.address);
        self.edge(subnet, Direction::Egress, remote, packet.frame, trace)?;
        if packet.to.public.is_none() {
            self.enter(packet, packet.from.address, trace)?;
        }
        Ok(Walk {
            doubt: Some(Doubt::Table(subnet)),
            ..Walk::DIRECT
        })
    }

    fn local(
        &self,
        packet: &Packet,
        subnet: Ix,
        door: Door,
        trace: &mut Trace<'_>,
    ) -> Result<Walk, Cause> {
        let to = packet.to.address;
        let doubt = self.edge(subnet, Direction::Egress, to, packet.frame, trace)?;
        let entered = self.enter(packet, packet.from.address, trace)?;
        Ok(Walk {
            door: Some(door),
            via: Some(PathElement::Local),
            translated: None,
            doubt: doubt.or(entered),
        })
    }

    fn to_internet(
        &self,
        packet: &Packet,
        subnet: Ix,
        door: Door,
        trace: &mut Trace<'_>,
    ) -> Result<Walk, Cause> {
        let to = packet.to.public.unwrap_or(packet.to.address);
        let doubt = self.edge(subnet, Direction::Egress, to, packet.frame, trace)?;
        let public = self.public_source(packet.from)?;
        if is_private(to) {
            return Err(Cause::NotPublic(subnet));
        }
        if packet.to.public.is_some() {
            self.inbound(packet, public, trace)?;
        }
        Ok(Walk {
            door: Some(door),
            via: Some(PathElement::InternetGateway),
            translated: Some(public),
            doubt,
        })
    }

    /// What an internet gateway makes of a source address.
    pub(super) fn public_source(&self, from: End) -> Result<IpAddr, Cause> {
        if from.address.is_ipv6() {
            return Ok(from.address);
        }
        let Seat::Interface(ix) = from.seat else {
            return Ok(from.address);
        };
        let mapped = self.interface(ix).and_then(|it| {
            let found = it.public.iter().find(|it| it.private == from.address);
            found.map(|it| it.address)
        });
        mapped.ok_or(Cause::NoPublicAddress(ix))
    }

    fn to_nat(
        &self,
        packet: &Packet,
        subnet: Ix,
        route: &Entry,
        door: Door,
        trace: &mut Trace<'_>,
    ) -> Result<Walk, Cause> {
        if !matches!(packet.frame.protocol, 1 | 6 | 17) {
            return Err(Cause::NatProtocol(packet.frame.protocol));
        }
        let to = packet.to.public.unwrap_or(packet.to.address);
        if !is_translated(to) {
            return Err(Cause::NatFamily);
        }
        let nat = self.nat_interface(&route.target);
        let walk = |nat, onward| Walk {
            door: Some(Door {
                nat,
                onward,
                ..door
            }),
            via: Some(PathElement::NatGateway),
            ..Walk::DIRECT
        };
        let Some((nat, home)) = nat.and_then(|ix| Some((ix, self.interface(ix)?.subnet?))) else {
            let doubt = self.edge(subnet, Direction::Egress, to, packet.frame, trace)?;
            return Ok(Walk {
                doubt: doubt.or(Some(Doubt::Nat)),
                ..walk(None, None)
            });
        };
        let mut doubt = None;
        if home != subnet {
            doubt = self.edge(subnet, Direction::Egress, to, packet.frame, trace)?;
            let from = packet.from.address;
            self.edge(home, Direction::Ingress, from, packet.frame, trace)?;
        }
        let table = self.subnet(home).and_then(|it| it.table);
        let public = self.interface(nat).and_then(|it| it.public.first());
        let onward = table.map(|it| self.onward(packet, it, public.is_some(), trace));
        let onward = onward.transpose()?;
        let door = walk(Some(nat), onward.map(|it| it.identity));
        if onward.is_some_and(|it| it.kind != TargetKind::InternetGateway)
            && let Some(gateway) = self.private_end(nat)
        {
            let beyond = Packet {
                from: gateway,
                target: None,
                onward: None,
                ..*packet
            };
            let beyond = self.outbound(&beyond, home, trace)?;
            return Ok(Walk {
                translated: Some(gateway.address),
                doubt: doubt.or(beyond.doubt),
                ..door
            });
        }
        self.edge(home, Direction::Egress, to, packet.frame, trace)?;
        let internet = onward.is_some_and(|it| it.kind == TargetKind::InternetGateway);
        if internet && is_private(to) {
            return Err(Cause::NotPublic(home));
        }
        if let (Some(public), Some(_)) = (public, packet.to.public) {
            self.inbound(packet, public.address, trace)?;
        }
        Ok(Walk {
            translated: public.map(|it| it.address),
            doubt,
            ..door
        })
    }

    fn nat_interface(&self, target: &str) -> Option<Ix> {
        let gateway = self.gateway(target)?;
        if gateway.kind != GatewayKind::Nat {
            return None;
        }
        gateway.enis.first().and_then(|id| self.interface_ix(id))
    }

    /// A peering connection carries only what the other VPC owns: it is not transitive.
    /// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html>
    fn to_peering(
        &self,
        packet: &Packet,
        subnet: Ix,
        route: &Entry,
        door: Door,
        trace: &mut Trace<'_>,
    ) -> Result<Walk, Cause> {
        let to = packet.to.address;
        let doubt = self.edge(subnet, Direction::Egress, to, packet.frame, trace)?;
        let vpc = self.subnet(subnet).and_then(|it| it.vpc);
        let vpc = vpc.and_then(|it| self.vpc(it)).map(|it| &it.id);
        let peering = self.estate().peering(&(&*route.target).into());
        let other = peering.zip(vpc).and_then(|(it, vpc)| it.across(vpc));
        if let (Some(peering), Some(other)) = (peering, other) {
            let known = self.vpc_ix(&other.vpc).and_then(|it| self.vpc(it));
            let cidrs = known.map_or(&other.cidrs, |it| &it.cidrs);
            let inside = cidrs.is_empty() || cidrs.iter().any(|it| it.contains(&to));
            if !peering.active || !inside {
                return Err(Cause::NotPeered(subnet));
            }
        }
        let entered = self.enter(packet, packet.from.address, trace)?;
        Ok(Walk {
            door: Some(door),
            via: Some(PathElement::Peering),
            translated: None,
            doubt: doubt.or(entered),
        })
    }

    /// Through something that this engine does not look into.
    fn elsewhere(
        &self,
        packet: &Packet,
        subnet: Ix,
        route: &Entry,
        door: Door,
        trace: &mut Trace<'_>,
    ) -> Result<Walk, Cause> {
        let to = packet.to.address;
        let mut doubt = self.edge(subnet, Direction::Egress, to, packet.frame, trace)?;
        let entered = if route.kind == TargetKind::TransitGateway {
            let from = packet.from.address;
            if let Some(at) = self.attachment(subnet).filter(|it| *it != subnet) {
                let entered = self.edge(at, Direction::Ingress, from, packet.frame, trace)?;
                doubt = doubt.or(entered);
            }
            self.in_by_transit(packet, from, trace)?
        } else {
            self.enter(packet, packet.from.address, trace)?
        };
        Ok(Walk {
            door: Some(door),
            via: self.element(route),
            translated: None,
            doubt: doubt.or(entered),
        })
    }

    /// What a route's target means for tracking.
    fn element(&self, route: &Entry) -> Option<PathElement> {
        match route.kind {
            TargetKind::TransitGateway => Some(PathElement::TransitGateway),
            TargetKind::VpnGateway => Some(PathElement::Vpn),
            TargetKind::Appliance => Some(PathElement::Appliance),
            TargetKind::Endpoint => {
                let gateway = self.gateway(&route.target);
                let name = gateway.map_or("", |it| &it.name);
                let names = [name, route.list.as_deref().unwrap_or_default()];
                let serves = |service: &str| names.iter().any(|it| it.ends_with(service));
                if serves(".dynamodb") {
                    Some(PathElement::DynamoDbEndpoint)
                } else if serves(".s3") {
                    Some(PathElement::S3Endpoint)
                } else {
                    // Only endpoints of Gateway Load Balancers are targets of plain routes.
                    route
                        .list
                        .is_none()
                        .then_some(PathElement::GatewayLoadBalancer)
                }
            }
            _ => None,
        }
    }

    /// In from outside, to one of our interfaces. `source` is the address that the packet bears.
    fn inbound(
        &self,
        packet: &Packet,
        source: IpAddr,
        trace: &mut Trace<'_>,
    ) -> Result<Walk, Cause> {
        let Some(subnet) = self.subnet_of(packet.to) else {
            return Ok(Walk::DIRECT);
        };
        let door = match packet.door {
            Some(door) => Some(door),
            None => self.unsolicited(packet.to, subnet, source)?,
        };
        if door.is_some_and(|it| it.kind == TargetKind::InternetGateway) {
            self.public_source(packet.to)?;
            self.still_open(packet.to, subnet, source)?;
        }
        let nat = door.and_then(|it| it.nat);
        let home = nat.and_then(|ix| self.interface(ix)?.subnet);
        if let Some(home) = home {
            let to_nat = Frame {
                ports: CHOSEN,
                ..packet.frame
            };
            self.edge(home, Direction::Ingress, source, to_nat, trace)?;
            if home == subnet {
                return Ok(Walk {
                    via: Some(PathElement::NatGateway),
                    ..Walk::DIRECT
                });
            }
            self.routed_back(home, packet.to.address)?;
            self.edge(
                home,
                Direction::Egress,
                packet.to.address,
                packet.frame,
                trace,
            )?;
        }
        let via = door.map(|it| match it.kind {
            TargetKind::InternetGateway => PathElement::InternetGateway,
            TargetKind::NatGateway => PathElement::NatGateway,
            TargetKind::EgressOnlyGateway => PathElement::EgressOnlyGateway,
            TargetKind::TransitGateway => PathElement::TransitGateway,
            TargetKind::VpnGateway => PathElement::Vpn,
            TargetKind::Peering => PathElement::Peering,
            TargetKind::Appliance => PathElement::Appliance,
            TargetKind::Local | TargetKind::Endpoint | TargetKind::Other => PathElement::Local,
        });
        let doubt = if via == Some(PathElement::TransitGateway) {
            self.in_by_transit(packet, source, trace)?
        } else {
            self.enter(packet, source, trace)?
        };
        Ok(Walk {
            via: via.filter(|it| *it != PathElement::Local),
            doubt,
            ..Walk::DIRECT
        })
    }

    /// How a packet that nobody asked for comes in: by the way that its answer would take out.
    fn unsolicited(&self, to: End, subnet: Ix, source: IpAddr) -> Result<Option<Door>, Cause> {
        if let Seat::Interface(ix) = to.seat
            && self
                .interface(ix)
                .is_some_and(|it| it.kind == EniKind::NatGateway)
        {
            return Err(Cause::Unsolicited(subnet));
        }
        let table = self.subnet(subnet).and_then(|it| it.table);
        let route = table.and_then(|it| self.table(it).1.lookup(source));
        let route = route.filter(|(_, it)| !it.blackhole);
        let kind = route.map(|(_, it)| it.kind);
        match kind {
            // Without a way back a packet may still arrive where the gateway knows the address.
            None | Some(TargetKind::InternetGateway) => self.public_source(to).map(|_| None),
            // A public address of its own is reached, though the answer leaves by the NAT gateway.
            Some(TargetKind::NatGateway) if self.is_public(to) => Ok(None),
            Some(TargetKind::NatGateway | TargetKind::EgressOnlyGateway) => {
                Err(Cause::Unsolicited(subnet))
            }
            Some(_) => Ok(table
                .zip(route)
                .map(|(table, (number, it))| Door::by(table, number, it))),
        }
    }

    /// Into the receiver's subnet, if it is one of ours.
    pub(super) fn enter(
        &self,
        packet: &Packet,
        source: IpAddr,
        trace: &mut Trace<'_>,
    ) -> Result<Option<Doubt>, Cause> {
        match self.subnet_of(packet.to) {
            Some(subnet) => self.edge(subnet, Direction::Ingress, source, packet.frame, trace),
            None => Ok(None),
        }
    }

    /// Across the edge of a subnet.
    pub(super) fn edge(
        &self,
        subnet: Ix,
        direction: Direction,
        remote: IpAddr,
        frame: Frame,
        trace: &mut Trace<'_>,
    ) -> Result<Option<Doubt>, Cause> {
        let Some(acl) = self.subnet(subnet).and_then(|it| it.acl) else {
            return Ok(Some(Doubt::Acl(subnet)));
        };
        let ruling = self.acl(acl).1.judge(direction, remote, frame);
        note(trace, || Check::acl(self, acl, direction, ruling));
        match ruling {
            Ruling::Allow(_) => Ok(None),
            Ruling::Deny(number) => Err(Cause::Acl(acl, direction, number)),
            Ruling::Mixed(number) if frame.spared == Some((acl, direction, number)) => Ok(None),
            Ruling::Mixed(number) => Err(Cause::SomePorts(acl, direction, number)),
        }
    }
}

pub(super) fn note(trace: &mut Trace<'_>, check: impl FnOnce() -> Check) {
    if let Some(checks) = trace {
        checks.push(check());
    }
}
