//! Makes [`Tables`] of an estate.

use std::hash::BuildHasher;
use std::net::IpAddr;

use foldhash::fast::FixedState;
use ipnet::IpNet;

use super::block::{Addr, Block};
use super::rules::{AclTable, Line, Matcher, Peer, Rule};
use super::tables::{
    GroupNumbers, Hop, Interface, Map, Numbers, PeeringTable, Routes, SubnetTable, Tables, Target,
    VpcTable,
};
use super::{EniIx, Switches};
use crate::model::{
    AclAction, Direction, Eni, EniId, EniKind, Estate, Gateway, GatewayId, GatewayKind, GroupRule,
    InstanceState, Peering, Route, RulePeer, SubnetId, VpcId,
};

/// Families on the sixth Nitro generation: their TCP entries last 350 s, others' five days.
const NITRO_V6: &str = include_str!("../../../assets/nitro-v6.txt");

/// What is numbered for ever: state that outlives a change names it.
#[derive(Debug, Default)]
pub(super) struct Lasting {
    pub(super) enis: Numbers<EniId>,
    pub(super) targets: Numbers<GatewayId>,
}

/// The estate in numbers.
pub(super) fn compile(estate: &Estate, switches: &Switches, lasting: &mut Lasting) -> Tables {
    let mut compiler = Compiler {
        estate,
        switches,
        lasting,
        vpcs: Numbers::default(),
        subnets: Numbers::default(),
        groups: GroupNumbers::default(),
        tables: Tables::default(),
    };
    compiler.lasting.targets.number(&"local".into());
    compiler.vpcs();
    compiler.groups();
    compiler.subnets();
    compiler.enis();
    compiler.acls();
    compiler.routes();
    compiler.peerings();
    compiler.targets();
    compiler.tables
}

struct Compiler<'a> {
    estate: &'a Estate,
    switches: &'a Switches,
    lasting: &'a mut Lasting,
    vpcs: Numbers<VpcId>,
    subnets: Numbers<SubnetId>,
    groups: GroupNumbers,
    tables: Tables,
}

impl Compiler<'_> {
    fn vpcs(&mut self) {
        for vpc in self.estate.vpcs() {
            self.vpcs.number(&vpc.id);
            let blocks: Vec<Block> = vpc.cidrs.iter().map(|it| Block::of(*it)).collect();
            let first = blocks.iter().find(|it| !it.is_v6());
            let mut gateways = self.estate.gateways();
            let reach = self.reach(&vpc.id);
            self.tables.vpcs.push(VpcTable {
                id: vpc.id.clone(),
                resolver: first.map(|it| it.at(2)),
                blocks,
                internet: gateways.any(|it| it.kind == GatewayKind::Internet && it.vpc == vpc.id),
                beyond: false,
                attachments: Vec::new(),
                reach,
            });
        }
    }

    /// A VPC and those that it is peered with in its Region: rules may name groups of both.
    /// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html>
    fn reach(&mut self, vpc: &VpcId) -> Vec<u32> {
        let mut reach = vec![self.vpcs.number(vpc)];
        for peering in self.estate.peerings().filter(|it| it.active) {
            let [a, b] = &peering.sides;
            let near = a.region.is_empty() || b.region.is_empty() || a.region == b.region;
            if let Some(side) = peering.across(vpc).filter(|_| near) {
                reach.push(self.vpcs.number(&side.vpc));
            }
        }
        reach
    }

    fn groups(&mut self) {
        let mut lists = Map::default();
        for list in self.estate.prefix_lists() {
            lists.insert(list.id.as_str(), self.tables.lists.len());
            let blocks = list.cidrs.iter().map(|it| Block::of(*it)).collect();
            self.tables.lists.push(blocks);
        }
        for group in self.estate.groups() {
            self.groups.number(&group.id);
        }
        for group in self.estate.groups() {
            let rules = group.rules.iter().map(|rule| Rule {
                direction: rule.direction,
                matcher: Matcher::of(rule.protocol, rule.ports),
                peer: match &rule.peer {
                    RulePeer::Cidr(cidr) => Peer::Block(Block::of(*cidr)),
                    RulePeer::Group(id) => Peer::Group(self.groups.number(id)),
                    RulePeer::PrefixList(id) => {
                        let list = lists.get(id.as_str());
                        Peer::List(list.and_then(|it| u32::try_from(*it).ok()))
                    }
                },
                mark: mark(group.id.as_str(), rule),
            });
            let rules = rules.collect();
            self.tables.groups.push(rules);
        }
    }

    fn subnets(&mut self) {
        for subnet in self.estate.subnets() {
            self.subnets.number(&subnet.id);
            self.tables.subnets.push(SubnetTable {
                id: subnet.id.clone(),
                zone: subnet.zone.clone(),
                blocks: subnet.cidrs.iter().map(|it| Block::of(*it)).collect(),
                acl: None,
                table: None,
            });
        }
    }

    fn enis(&mut self) {
        for eni in self.estate.enis() {
            let number = self.lasting.enis.number(&eni.id);
            let ix = EniIx::from_number(number);
            let compiled = self.eni(eni);
            for address in &compiled.addresses {
                let at = (compiled.vpc, *address);
                self.tables.private.entry(at).or_insert(ix);
                let everywhere = self.tables.everywhere.entry(*address).or_default();
                everywhere.push(ix);
            }
            self.members(&compiled);
            for mapped in &eni.public {
                let public = Addr::of(mapped.address);
                self.tables.public.insert(public, (ix, mapped.private));
                if eni.kind == EniKind::NatGateway {
                    self.tables.nat_public.insert(public);
                }
            }
            if eni.kind == EniKind::TransitGateway
                && let Some(vpc) = self.tables.vpcs.get_mut(super::tables::index(compiled.vpc))
            {
                vpc.attachments.push(ix);
                vpc.beyond = true;
            }
            let place = ix.index();
            while self.tables.enis.len() <= place {
                let absent = Self::absent();
                self.tables.enis.push(absent);
            }
            if let Some(slot) = self.tables.enis.get_mut(place) {
                *slot = compiled;
            }
        }
        for number in self.tables.enis.len()..self.lasting.enis.ids.len() {
            let mut absent = Self::absent();
            absent.id = self.lasting.enis.ids[number].clone();
            self.tables.enis.push(absent);
        }
    }

    /// Whom a rule that names a group of the interface means.
    fn members(&mut self, eni: &Interface) {
        let primary = eni.primary.iter().flatten().map(|it| Addr::of(*it));
        let counted: Vec<Addr> = if self.switches.secondary_addresses_are_members {
            eni.addresses.clone()
        } else {
            primary.collect()
        };
        for group in &eni.groups {
            let members = counted.iter().map(|it| (*group, eni.vpc, *it));
            self.tables.members.extend(members);
        }
    }

    fn absent() -> Interface {
        Interface {
            id: EniId::new(""),
            present: false,
            vpc: u32::MAX,
            subnet: u32::MAX,
            kind: EniKind::Unattached,
            addresses: Vec::new(),
            primary: [None, None],
            public: Vec::new(),
            groups: Vec::new(),
            filtered: true,
            check: true,
            timeouts: crate::model::TrackingTimeouts::default(),
            nitro_v6: false,
            auto: false,
            gateway: None,
        }
    }

    fn eni(&mut self, eni: &Eni) -> Interface {
        let instance = eni
            .instance
            .as_ref()
            .and_then(|id| self.estate.instance(id));
        let family = instance.and_then(|it| it.instance_type.split_once('.'));
        let first = |v6: bool| eni.addresses.iter().find(|it| it.is_ipv6() == v6).copied();
        let mut gateways = self.estate.gateways();
        Interface {
            id: eni.id.clone(),
            present: true,
            vpc: self.vpcs.number(&eni.vpc),
            subnet: self.subnets.number(&eni.subnet),
            kind: eni.kind,
            addresses: eni.addresses.iter().map(|it| Addr::of(*it)).collect(),
            primary: [first(false), first(true)],
            public: eni
                .public
                .iter()
                .map(|it| (Addr::of(it.private), it.address))
                .collect(),
            groups: eni.groups.iter().map(|it| self.groups.number(it)).collect(),
            filtered: !eni.groups.is_empty(),
            check: eni.source_dest_check && !passes_on(eni.kind),
            timeouts: eni.timeouts,
            nitro_v6: family.is_some_and(|(family, _)| NITRO_V6.lines().any(|line| line == family)),
            auto: is_always_tracked(eni.kind),
            gateway: gateways
                .find(|it| it.enis.contains(&eni.id))
                .map(|it| it.id.clone()),
        }
    }

    fn acls(&mut self) {
        for acl in self.estate.acls() {
            let lines = |direction: Direction| {
                let own = acl.entries.iter().filter(|it| it.direction == direction);
                let mut lines: Vec<Line> = own
                    .map(|it| Line {
                        number: it.number,
                        allow: it.action == AclAction::Allow,
                        block: Block::of(it.cidr),
                        matcher: Matcher::of(it.protocol, it.ports),
                    })
                    .collect();
                lines.sort_by_key(|it| it.number);
                lines
            };
            self.tables.acls.push(AclTable {
                id: acl.id.clone(),
                ingress: lines(Direction::Ingress),
                egress: lines(Direction::Egress),
            });
        }
        let numbers = numbered(self.estate.acls().map(|it| it.id.clone()));
        for table in &mut self.tables.subnets {
            let acl = self.estate.acl_of_subnet(&table.id);
            table.acl = acl.and_then(|it| numbers.known(&it.id));
        }
    }

    fn routes(&mut self) {
        for table in self.estate.route_tables() {
            let mut hops = Vec::new();
            for route in &table.routes {
                self.hops_of(route, &mut hops);
            }
            hops.sort_by_key(|it| (std::cmp::Reverse(it.block.length), it.rank));
            self.tables.routes.push(Routes {
                id: table.id.clone(),
                hops,
            });
        }
        let numbers = numbered(self.estate.route_tables().map(|it| it.id.clone()));
        for table in &mut self.tables.subnets {
            let routes = self.estate.table_of_subnet(&table.id);
            table.table = routes.and_then(|it| numbers.known(&it.id));
        }
    }

    /// Of equally long routes a static one wins over a prefix list's, and that over a propagated one.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html>
    fn hops_of(&mut self, route: &Route, hops: &mut Vec<Hop>) {
        let target = self.lasting.targets.number(&route.target.as_str().into());
        let list = || self.estate.prefix_list(&route.destination);
        let (cidrs, rank): (Vec<IpNet>, u8) = match route.cidr() {
            Some(cidr) => (vec![cidr], if route.propagated { 2 } else { 0 }),
            None => (list().map(|it| it.cidrs.clone()).unwrap_or_default(), 1),
        };
        hops.extend(cidrs.into_iter().map(|cidr| Hop {
            block: Block::of(cidr),
            target,
            blackhole: route.blackhole,
            rank,
        }));
    }

    fn peerings(&mut self) {
        for peering in self.estate.peerings() {
            let sides = peering.sides.each_ref().map(|side| {
                let vpc = self.estate.vpc(&side.vpc);
                let cidrs = vpc.map_or(&side.cidrs, |it| &it.cidrs);
                let blocks = cidrs.iter().map(|it| Block::of(*it)).collect();
                let number = vpc.map(|it| self.vpcs.number(&it.id));
                (number, side.vpc.clone(), blocks)
            });
            self.tables.peerings.push(PeeringTable {
                id: peering.id.clone(),
                sides,
            });
        }
    }

    fn targets(&mut self) {
        let peerings: Vec<&Peering> = self.estate.peerings().collect();
        let ids = self.lasting.targets.ids.clone();
        for id in ids {
            let target = self.target(&id, &peerings);
            self.tables.targets.push((id, target));
        }
        for table in self.estate.route_tables() {
            let vpc = self.vpcs.number(&table.vpc);
            let live = table.routes.iter().filter(|it| !it.blackhole);
            let targets: Vec<Target> = live
                .filter_map(|it| self.lasting.targets.known(&it.target.as_str().into()))
                .map(|it| self.tables.target(it))
                .collect();
            let internet = targets.contains(&Target::Internet);
            let beyond = targets
                .iter()
                .any(|it| matches!(it, Target::Transit | Target::Elsewhere));
            if let Some(vpc) = self.tables.vpcs.get_mut(super::tables::index(vpc)) {
                vpc.internet |= internet;
                vpc.beyond |= beyond;
            }
        }
    }

    fn target(&self, id: &GatewayId, peerings: &[&Peering]) -> Target {
        let text = id.as_str();
        if text == "local" {
            return Target::Local;
        }
        if let Some(gateway) = self.estate.gateway(id) {
            return self.gateway(gateway);
        }
        let prefix = text.split_once('-').map_or(text, |(prefix, _)| prefix);
        match prefix {
            "eni" => self.appliance(Some(&text.into())),
            "i" => {
                let primary = self.estate.enis_of_instance(&text.into()).next();
                self.appliance(primary.map(|it| &it.id))
            }
            "pcx" => {
                let at = peerings.iter().position(|it| it.id == *id && it.active);
                at.and_then(|it| u32::try_from(it).ok())
                    .map_or(Target::Gone, Target::Peering)
            }
            "igw" => Target::Internet,
            "eigw" => Target::EgressOnly,
            "tgw" => Target::Transit,
            "nat" | "vpce" => Target::Gone,
            _ => Target::Elsewhere,
        }
    }

    fn gateway(&self, gateway: &Gateway) -> Target {
        let enis = || gateway.enis.iter().filter_map(|it| self.estate.eni(it));
        match gateway.kind {
            GatewayKind::Internet => Target::Internet,
            GatewayKind::EgressOnly => Target::EgressOnly,
            GatewayKind::Nat => {
                let eni = enis().next().and_then(|it| self.lasting.enis.known(&it.id));
                eni.map_or(Target::Gone, |it| Target::Nat(EniIx::from_number(it)))
            }
            GatewayKind::GatewayEndpoint => Target::Endpoint {
                tracked: gateway.name.contains("dynamodb"),
            },
            GatewayKind::InterfaceEndpoint => self.appliance(enis().next().map(|it| &it.id)),
        }
    }

    /// An interface that a route names: it is there if something runs behind it.
    fn appliance(&self, eni: Option<&EniId>) -> Target {
        let eni = eni.and_then(|it| self.estate.eni(it));
        let up = |it: &&Eni| match &it.instance {
            Some(id) => self.estate.instance(id).is_none_or(|it| {
                !matches!(
                    it.state,
                    InstanceState::Stopped
                        | InstanceState::Terminated
                        | InstanceState::ShuttingDown
                )
            }),
            None => it.kind != EniKind::Unattached,
        };
        let number = eni
            .filter(up)
            .and_then(|it| self.lasting.enis.known(&it.id));
        number.map_or(Target::Gone, |it| Target::Appliance(EniIx::from_number(it)))
    }
}

fn numbered<I: std::hash::Hash + Eq + Clone>(ids: impl Iterator<Item = I>) -> Numbers<I> {
    let mut numbers = Numbers::default();
    for id in ids {
        numbers.number(&id);
    }
    numbers
}

/// Interfaces through which every connection is tracked.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html#automatic-tracking>
fn is_always_tracked(kind: EniKind) -> bool {
    matches!(
        kind,
        EniKind::NatGateway
            | EniKind::NetworkLoadBalancer
            | EniKind::GlobalAccelerator
            | EniKind::Endpoint
            | EniKind::Lambda
    )
}

/// Interfaces that take what is not addressed to them.
fn passes_on(kind: EniKind) -> bool {
    matches!(
        kind,
        EniKind::NatGateway | EniKind::GatewayLoadBalancerEndpoint | EniKind::TransitGateway
    )
}

fn mark(group: &str, rule: &GroupRule) -> u64 {
    let rule = (rule.direction, rule.protocol, rule.ports, &rule.peer);
    1 << (FixedState::default().hash_one((group, rule)) % 64)
}

/// An address of the family of another, out of an interface's primary ones.
pub(super) fn of_family(primary: [Option<IpAddr>; 2], like: IpAddr) -> IpAddr {
    let [v4, v6] = primary;
    let own = if like.is_ipv6() { v6 } else { v4 };
    own.unwrap_or(like)
}
