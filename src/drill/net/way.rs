//! A packet on its way: out of an interface, by its subnet's routes, through network ACLs and
//! gateways, and in at another one.

use std::net::IpAddr;

use super::block::Addr;
use super::compile::of_family;
use super::lost::Lost;
use super::nat::Translations;
use super::packet::Packet;
use super::rules::Probe;
use super::switches::Switches;
use super::tables::{Hop, Interface, LOCAL, SubnetTable, Tables, Target};
use super::track::{Key, Passage, Passed, Path, Tracks, Trail};
use super::{Arrival, EniIx, Micros, Outcome, Place, Sight};
use crate::model::{Direction, EniKind};

/// More interfaces than a packet passes unless it goes round and round.
const HOPS: u8 = 16;

/// Codes of the flow log's `traffic-path`.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>
mod traffic_path {
    pub(super) const SAME_VPC: u8 = 1;
    pub(super) const VIRTUAL_PRIVATE_GATEWAY: u8 = 3;
    pub(super) const PEERING: u8 = 4;
    pub(super) const GATEWAY_ENDPOINT: u8 = 7;
    pub(super) const INTERNET_GATEWAY: u8 = 8;
}

/// One packet on its way.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Way<'a> {
    pub(super) tables: &'a Tables,
    pub(super) switches: &'a Switches,
    pub(super) generation: u32,
    pub(super) tracks: &'a mut Tracks,
    pub(super) translations: &'a mut Translations,
    pub(super) lingering: &'a [super::Lingering],
    pub(super) at: Micros,
    pub(super) sights: &'a mut Vec<Sight>,
    pub(super) by_rules: bool,
    pub(super) expired: bool,
    /// Something that was passed already has all its connections tracked.
    pub(super) auto: bool,
    /// No middlebox was passed: rules that name groups hold.
    pub(super) references: bool,
    pub(super) hops: u8,
    /// Where the flow was found at the interfaces that were passed.
    pub(super) trail: &'a mut Trail,
    /// How many interfaces were passed.
    pub(super) passed: usize,
}

/// Where a subnet's routes lead a packet.
#[derive(Debug, Clone)]
struct Plan {
    /// The target's number; `None`: it stays in its subnet, where nothing is routed.
    target: Option<u32>,
    to: Target,
    /// The interface in the same VPC that the packet is for.
    receiver: Option<EniIx>,
    lost: Option<Lost>,
    auto: bool,
    references: bool,
}

/// Where a packet arrives, or what drops it.
pub(super) type Fared = Result<Arrival, Lost>;

impl Way<'_> {
    /// From one of our interfaces.
    pub(super) fn start(&mut self, from: EniIx, packet: Packet) -> Outcome {
        outcome(self.leave(from, packet))
    }

    /// From outside.
    pub(super) fn arrive(&mut self, packet: Packet) -> Outcome {
        outcome(self.enter(packet))
    }

    fn leave(&mut self, from: EniIx, packet: Packet) -> Fared {
        let tables = self.tables;
        let nobody = || Lost::Nobody(packet.src);
        let eni = tables.eni(from).ok_or_else(nobody)?;
        let subnet = tables.subnet(eni).ok_or_else(nobody)?;
        self.hops += 1;
        if self.hops > HOPS {
            return Err(Lost::Loop(eni.id.clone()));
        }
        if tables.is_service(eni.vpc, packet.dst) {
            return Ok(Arrival {
                at: Place::Service,
                packet,
            });
        }
        if eni.check && !eni.addresses.contains(&Addr::of(packet.src)) {
            return Err(Lost::SourceDestCheck(eni.id.clone()));
        }
        let mut plan = self.plan(eni, subnet, packet);
        self.auto |= plan.auto || eni.auto;
        self.references &= plan.references;
        let acl = self.outbound_acl(&plan, subnet, packet);
        let stopped = plan.lost.is_some() || acl.is_some();
        let passage = self.passage(eni, Direction::Egress, packet);
        let passage = Passage {
            counts: !stopped || self.switches.dropped_packets_refresh,
            ..passage
        };
        let passed = self.pass(from, &passage);
        let accepted = passed.let_through && acl.is_none();
        self.see(from, &passage, accepted, traffic_path_of(plan.to));
        if !passed.let_through {
            return Err(Lost::Groups {
                eni: eni.id.clone(),
                direction: Direction::Egress,
            });
        }
        if plan.lost.is_none()
            && let Some(target) = plan.target
        {
            let before = self.remembered_target(from, &passage, target);
            if before.is_some_and(|it| it != target) {
                plan.lost = Some(Lost::TargetChanged(tables.target_id(target)));
            }
        }
        match plan.lost.take().or(acl) {
            Some(lost) => Err(lost),
            None => self.follow((from, eni, subnet), &plan, packet),
        }
    }

    /// The network ACL at the edge of the sender's subnet, unless the packet stays inside or never
    /// gets there.
    fn outbound_acl(&self, plan: &Plan, subnet: &SubnetTable, packet: Packet) -> Option<Lost> {
        if plan.target.is_none() || plan.lost.is_some() {
            return None;
        }
        if let Target::Appliance(it) | Target::Nat(it) = plan.to
            && self.is_in(subnet, it)
        {
            return None;
        }
        self.tables
            .acl(subnet, Direction::Egress, &Probe::of(packet))
    }

    /// Where the routes of a subnet lead the packet; inside a subnet nothing is routed.
    fn plan(&self, eni: &Interface, subnet: &SubnetTable, packet: Packet) -> Plan {
        let tables = self.tables;
        let dst = Addr::of(packet.dst);
        let receiver = tables.at(eni.vpc, dst);
        let there = receiver.and_then(|it| tables.eni(it));
        let far = self.switches.far_side_of_nat_is_tracked && tables.nat_public.contains(&dst);
        let auto = far || there.is_some_and(|it| it.auto);
        let inside = subnet.blocks.iter().any(|it| it.contains(dst));
        let route = tables.route(subnet, dst);
        if inside && !self.is_intercepted(subnet, &route) {
            return Plan {
                target: None,
                to: Target::Local,
                receiver,
                lost: None,
                auto,
                references: true,
            };
        }
        let mut plan = Plan {
            target: Some(LOCAL),
            to: Target::Gone,
            receiver,
            lost: None,
            auto,
            references: true,
        };
        match route {
            Err(lost) => plan.lost = Some(lost),
            Ok(hop) => {
                plan.target = Some(hop.target);
                plan.to = tables.target(hop.target);
                if hop.blackhole || plan.to == Target::Gone {
                    plan.lost = Some(Lost::Blackhole(tables.target_id(hop.target)));
                }
            }
        }
        plan.auto |= tables.tracks(plan.to, self.switches)
            || self.is_firewall(plan.to)
            || self.is_auto_beyond(plan.to, dst);
        plan.references = !matches!(plan.to, Target::Appliance(_) | Target::Transit);
        plan
    }

    /// A route to an appliance for exactly the own subnet's block.
    fn is_intercepted(&self, subnet: &SubnetTable, route: &Result<Hop, Lost>) -> bool {
        let Ok(hop) = route else { return false };
        self.switches.appliance_inside_subnet
            && matches!(self.tables.target(hop.target), Target::Appliance(_))
            && subnet.blocks.contains(&hop.block)
    }

    /// Gateway Load Balancer endpoints, which are Network Firewall's too.
    fn is_firewall(&self, target: Target) -> bool {
        let Target::Appliance(it) = target else {
            return false;
        };
        let kind = self.tables.eni(it).map(|it| it.kind);
        kind == Some(EniKind::GatewayLoadBalancerEndpoint)
            && self.switches.gateway_load_balancer_is_tracked
    }

    /// An interface of another VPC, connections to which are always tracked.
    fn is_auto_beyond(&self, to: Target, dst: Addr) -> bool {
        // Asked first: few packets leave their VPC, and each would be looked up.
        if !matches!(to, Target::Peering(_) | Target::Transit) {
            return false;
        }
        let all = self.tables.everywhere.get(&dst).into_iter().flatten();
        let mut enis = all.filter_map(|it| self.tables.eni(*it));
        enis.any(|it| it.auto)
    }

    fn is_in(&self, subnet: &SubnetTable, eni: EniIx) -> bool {
        let of = self.tables.eni(eni).and_then(|it| self.tables.subnet(it));
        of.is_some_and(|it| std::ptr::eq(it, subnet))
    }

    fn remembered_target(
        &mut self,
        from: EniIx,
        passage: &Passage<'_>,
        target: u32,
    ) -> Option<u32> {
        let flows = self.tracks.of_mut(from)?;
        let passed = self.passed.saturating_sub(1);
        self.trail
            .with(passed, |place| flows.target(passage, target, place))
    }

    /// On from the edge of the sender's subnet.
    fn follow(
        &mut self,
        (from, eni, subnet): (EniIx, &Interface, &SubnetTable),
        plan: &Plan,
        packet: Packet,
    ) -> Fared {
        match plan.to {
            Target::Local => {
                let routed = plan.target.is_some();
                let receiver = plan.receiver.ok_or(Lost::Nobody(packet.dst))?;
                let crosses = routed && !self.is_in(subnet, receiver);
                self.reach(receiver, packet, crosses)
            }
            Target::Appliance(it) | Target::Nat(it) => {
                self.reach(it, packet, !self.is_in(subnet, it))
            }
            Target::Internet => self.out((from, eni), packet),
            Target::EgressOnly => {
                let key = Key::of(packet, Direction::Egress, self.switches);
                self.translations.open(eni.vpc, key, self.at);
                Ok(outside(packet))
            }
            Target::Peering(number) => self.across(eni, number, packet),
            Target::Transit => self.transit((eni, subnet), packet),
            Target::Endpoint { .. } | Target::Elsewhere => Ok(outside(packet)),
            Target::Gone => Err(Lost::Nobody(packet.dst)),
        }
    }

    /// Out by the internet gateway: IPv4 needs a public address. A public address of ours is reached from
    /// outside again, never by way of `local`.
    fn out(&mut self, (from, eni): (EniIx, &Interface), packet: Packet) -> Fared {
        let own = Addr::of(packet.src);
        let mut packet = packet;
        if packet.src.is_ipv4() {
            let mapped = eni.public.iter().find(|(private, _)| *private == own);
            let public = mapped
                .map(|(_, public)| *public)
                .or_else(|| self.lingers(from, packet, Direction::Egress));
            packet.src = public.ok_or_else(|| Lost::NoPublicAddress(eni.id.clone()))?;
        }
        if is_private(packet.dst) {
            return Err(Lost::NotPublic(packet.dst));
        }
        let dst = Addr::of(packet.dst);
        let ours = if packet.dst.is_ipv4() {
            self.tables.public.contains_key(&dst)
        } else {
            self.tables.everywhere.contains_key(&dst)
        };
        if ours {
            (self.auto, self.references) = (false, false);
            return self.enter(packet);
        }
        Ok(outside(packet))
    }

    /// The public address that was disassociated from under an open flow.
    pub(super) fn lingers(
        &self,
        eni: EniIx,
        packet: Packet,
        direction: Direction,
    ) -> Option<IpAddr> {
        if !self.switches.disassociated_address_lingers {
            return None;
        }
        let own = match direction {
            Direction::Egress => packet.src,
            Direction::Ingress => packet.dst,
        };
        let gone = self
            .lingering
            .iter()
            .find(|it| it.eni == eni && it.private == own)?;
        let key = Key::of(packet, direction, self.switches);
        let born = self.tracks.of(eni)?.born(&key)?;
        (born < gone.generation).then_some(gone.public)
    }

    /// To the other VPC of a peering connection: into its own blocks, and no further.
    fn across(&mut self, eni: &Interface, number: u32, packet: Packet) -> Fared {
        let tables = self.tables;
        let dst = Addr::of(packet.dst);
        let peering = tables.peerings.get(super::tables::index(number));
        let peering = peering.ok_or(Lost::Nobody(packet.dst))?;
        let own = tables.vpc(eni.vpc).map(|it| &it.id);
        let other = peering.sides.iter().find(|(_, id, _)| Some(id) != own);
        let (vpc, _, blocks) = other.ok_or(Lost::Nobody(packet.dst))?;
        if !blocks.is_empty() && !blocks.iter().any(|it| it.contains(dst)) {
            return Err(Lost::NotInPeer(tables.peering_id(number)));
        }
        match vpc {
            None => Ok(outside(packet)),
            Some(vpc) => {
                let receiver = tables.at(*vpc, dst).ok_or(Lost::Nobody(packet.dst))?;
                self.reach(receiver, packet, true)
            }
        }
    }

    /// In at an interface.
    pub(super) fn reach(&mut self, to: EniIx, packet: Packet, crosses: bool) -> Fared {
        let tables = self.tables;
        let nobody = || Lost::Nobody(packet.dst);
        let eni = tables.eni(to).ok_or_else(nobody)?;
        let subnet = tables.subnet(eni).ok_or_else(nobody)?;
        self.auto |= eni.auto;
        let passage = self.passage(eni, Direction::Ingress, packet);
        if crosses && let Some(lost) = tables.acl(subnet, Direction::Ingress, &Probe::of(packet)) {
            self.see(to, &passage, false, None);
            return Err(lost);
        }
        let own = eni.addresses.contains(&Addr::of(packet.dst));
        if !own && eni.check {
            return Err(Lost::SourceDestCheck(eni.id.clone()));
        }
        let passed = self.pass(to, &passage);
        self.see(to, &passage, passed.let_through, None);
        if !passed.let_through {
            return Err(Lost::Groups {
                eni: eni.id.clone(),
                direction: Direction::Ingress,
            });
        }
        match eni.kind {
            EniKind::NatGateway => self.translate((to, eni), packet, own),
            _ if own => Ok(Arrival {
                at: Place::Eni(to),
                packet,
            }),
            _ => {
                self.references = false;
                self.leave(to, packet)
            }
        }
    }

    /// Through a NAT gateway: what comes to its own address answers a client behind it, everything else
    /// wants out.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html>
    fn translate(&mut self, (nat, eni): (EniIx, &Interface), packet: Packet, own: bool) -> Fared {
        let gateway = || {
            eni.gateway
                .clone()
                .unwrap_or_else(|| eni.id.as_str().into())
        };
        let carried = packet.has_ports() || packet.is_icmp();
        if !carried || !own && has_no_ipv4(packet.dst) {
            return Err(Lost::NatProtocol(gateway()));
        }
        if own {
            let back = self.translations.back(nat, packet, self.at);
            let back = back.map_err(|expired| {
                self.expired |= expired;
                Lost::Unsolicited(gateway())
            })?;
            return self.leave(nat, back);
        }
        let inside = self.tables.vpc(eni.vpc);
        let src = Addr::of(packet.src);
        if !inside.is_some_and(|it| it.blocks.iter().any(|block| block.contains(src))) {
            return Err(Lost::Unsolicited(gateway()));
        }
        let (port, expired) = self.translations.out((nat, packet), self.at, self.switches);
        self.expired |= expired;
        if let Some(lost) = self.target_of_nat((nat, eni), packet) {
            return Err(lost);
        }
        let beyond = Packet {
            src: of_family(eni.primary, packet.src),
            src_port: port,
            ..packet
        };
        self.leave(nat, beyond)
    }

    fn target_of_nat(&mut self, (nat, eni): (EniIx, &Interface), packet: Packet) -> Option<Lost> {
        let tables = self.tables;
        let subnet = tables.subnet(eni)?;
        let hop = tables.route(subnet, Addr::of(packet.dst)).ok()?;
        if hop.blackhole {
            return None;
        }
        let id = || tables.target_id(hop.target);
        if matches!(
            tables.target(hop.target),
            Target::Endpoint { .. } | Target::Peering(_)
        ) {
            return Some(Lost::NatBeyond(id()));
        }
        let before = self
            .translations
            .target((nat, packet), hop.target, self.switches)?;
        (before != hop.target).then(|| Lost::TargetChanged(id()))
    }

    fn passage<'b>(&self, eni: &'b Interface, direction: Direction, packet: Packet) -> Passage<'b>
    where
        Self: 'b,
    {
        Passage {
            tables: self.tables,
            switches: self.switches,
            generation: self.generation,
            at: self.at,
            eni,
            direction,
            packet,
            path: Path {
                auto: self.auto,
                references: self.references,
            },
            counts: true,
        }
    }

    /// Through the groups of an interface. NAT gateways have none, some load balancers neither.
    fn pass(&mut self, at: EniIx, passage: &Passage<'_>) -> Passed {
        let passed = match self.tracks.of_mut(at) {
            Some(flows) if passage.eni.filtered => self
                .trail
                .with(self.passed, |place| flows.pass(passage, place)),
            _ => Passed::FREE,
        };
        self.passed += 1;
        self.by_rules &= passed.by_rules;
        self.expired |= passed.expired;
        passed
    }

    /// What the interface's flow log sees: its own side is its primary address.
    fn see(&mut self, eni: EniIx, passage: &Passage<'_>, accepted: bool, path: Option<u8>) {
        let original = passage.packet;
        let mut packet = original;
        match passage.direction {
            Direction::Egress => packet.src = of_family(passage.eni.primary, original.src),
            Direction::Ingress => packet.dst = of_family(passage.eni.primary, original.dst),
        }
        self.sights.push(Sight {
            eni,
            direction: passage.direction,
            accepted,
            packet,
            original,
            traffic_path: path,
        });
    }
}

fn outcome(way: Fared) -> Outcome {
    match way {
        Ok(arrival) => Outcome::Delivered(arrival),
        Err(lost) => Outcome::Dropped(lost),
    }
}

pub(super) fn outside(packet: Packet) -> Arrival {
    Arrival {
        at: Place::Outside,
        packet,
    }
}

/// An IPv4 address that the internet does not carry: of RFC 1918 or RFC 6598.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(it) => {
            let [a, b, ..] = it.octets();
            it.is_private() || a == 100 && b & 0xc0 == 64
        }
        IpAddr::V6(_) => false,
    }
}

/// IPv6 to elsewhere than NAT64's prefix, which NAT gateways do not carry.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-nat64-dns64.html>
fn has_no_ipv4(to: IpAddr) -> bool {
    let IpAddr::V6(it) = to else { return false };
    it.to_bits() >> 32 != 0x0064_ff9b_u128 << 64
}

/// `None`: AWS has no code for it.
fn traffic_path_of(to: Target) -> Option<u8> {
    match to {
        Target::Local | Target::Nat(_) | Target::Appliance(_) => Some(traffic_path::SAME_VPC),
        Target::Internet | Target::EgressOnly => Some(traffic_path::INTERNET_GATEWAY),
        Target::Endpoint { .. } => Some(traffic_path::GATEWAY_ENDPOINT),
        Target::Peering(_) => Some(traffic_path::PEERING),
        Target::Elsewhere => Some(traffic_path::VIRTUAL_PRIVATE_GATEWAY),
        Target::Transit | Target::Gone => None,
    }
}
