//! An estate compiled for packets: numbers for ids, sorted lists for rules and routes.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use foldhash::fast::FixedState;

use super::EniIx;
use super::block::{Addr, Block};
use super::lost::Lost;
use super::rules::{AclTable, Judged, Peer, Probe, Rule, Setting, judge};
use super::switches::Switches;
use crate::model::{
    Direction, EniId, EniKind, GatewayId, GroupId, RouteTableId, SubnetId, TrackingTimeouts, VpcId,
};

/// A map whose order never shows, and whose hashes are the same in every run.
pub(super) type Map<K, V> = HashMap<K, V, FixedState>;
/// A set of the same kind.
pub(super) type Set<K> = HashSet<K, FixedState>;

/// Numbers for ids, the same for ever.
#[derive(Debug)]
pub(super) struct Numbers<I> {
    of: Map<I, u32>,
    pub(super) ids: Vec<I>,
}

impl<I> Default for Numbers<I> {
    fn default() -> Self {
        Self {
            of: Map::default(),
            ids: Vec::new(),
        }
    }
}

impl<I: Hash + Eq + Clone> Numbers<I> {
    pub(super) fn number(&mut self, id: &I) -> u32 {
        if let Some(known) = self.of.get(id) {
            return *known;
        }
        let next = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        self.of.insert(id.clone(), next);
        self.ids.push(id.clone());
        next
    }

    pub(super) fn known(&self, id: &I) -> Option<u32> {
        self.of.get(id).copied()
    }
}

/// An interface.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a trait of its own")]
pub(super) struct Interface {
    pub(super) id: EniId,
    /// It is in the estate.
    pub(super) present: bool,
    pub(super) vpc: u32,
    pub(super) subnet: u32,
    pub(super) kind: EniKind,
    pub(super) addresses: Vec<Addr>,
    /// The primary addresses of both families.
    pub(super) primary: [Option<std::net::IpAddr>; 2],
    /// Public addresses: private, public.
    pub(super) public: Vec<(Addr, std::net::IpAddr)>,
    /// By index.
    pub(super) groups: Vec<u32>,
    /// Somebody filters what passes: it has groups.
    pub(super) filtered: bool,
    pub(super) check: bool,
    pub(super) timeouts: TrackingTimeouts,
    pub(super) nitro_v6: bool,
    /// Connections with it are always tracked.
    pub(super) auto: bool,
    /// The gateway that it belongs to.
    pub(super) gateway: Option<GatewayId>,
}

/// A subnet.
#[derive(Debug)]
pub(super) struct SubnetTable {
    pub(super) id: SubnetId,
    pub(super) zone: String,
    pub(super) blocks: Vec<Block>,
    pub(super) acl: Option<u32>,
    pub(super) table: Option<u32>,
}

/// A VPC.
#[derive(Debug)]
pub(super) struct VpcTable {
    pub(super) id: VpcId,
    pub(super) blocks: Vec<Block>,
    /// The resolver at the base of its first IPv4 block plus two.
    pub(super) resolver: Option<Addr>,
    /// An internet gateway is attached.
    pub(super) internet: bool,
    /// Something other than the internet can send to its private addresses.
    pub(super) beyond: bool,
    /// Transit gateway attachments.
    pub(super) attachments: Vec<EniIx>,
    /// Itself and the VPCs whose groups its rules may name.
    pub(super) reach: Vec<u32>,
}

/// A route.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hop {
    pub(super) block: Block,
    pub(super) target: u32,
    pub(super) blackhole: bool,
    /// 0: static; 1: prefix list; 2: propagated.
    pub(super) rank: u8,
}

/// A route table, most specific first.
#[derive(Debug)]
pub(super) struct Routes {
    pub(super) id: RouteTableId,
    pub(super) hops: Vec<Hop>,
}

/// What a route leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Local,
    Internet,
    EgressOnly,
    Nat(EniIx),
    /// A gateway endpoint; tracked or not, as AWS's list has it, or as a switch says.
    Endpoint {
        tracked: bool,
    },
    Peering(u32),
    Transit,
    /// An interface that passes on what is not its own.
    Appliance(EniIx),
    /// A virtual private gateway or another way out of AWS.
    Elsewhere,
    /// Nothing that is there.
    Gone,
}

/// A peering connection.
#[derive(Debug)]
pub(super) struct PeeringTable {
    pub(super) id: GatewayId,
    /// VPC, if it is in the estate, and its blocks: both sides.
    pub(super) sides: [(Option<u32>, VpcId, Vec<Block>); 2],
}

/// The estate.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) enis: Vec<Interface>,
    pub(super) subnets: Vec<SubnetTable>,
    pub(super) vpcs: Vec<VpcTable>,
    pub(super) acls: Vec<AclTable>,
    pub(super) groups: Vec<Vec<Rule>>,
    pub(super) lists: Vec<Vec<Block>>,
    pub(super) routes: Vec<Routes>,
    /// By the number that the target's id has for ever.
    pub(super) targets: Vec<(GatewayId, Target)>,
    pub(super) peerings: Vec<PeeringTable>,
    pub(super) private: Map<(u32, Addr), EniIx>,
    pub(super) everywhere: Map<Addr, Vec<EniIx>>,
    pub(super) public: Map<Addr, (EniIx, std::net::IpAddr)>,
    /// Public addresses of NAT gateways.
    pub(super) nat_public: Set<Addr>,
    /// Group, VPC, private address of a member.
    pub(super) members: Set<(u32, u32, Addr)>,
}

/// The number of the target `local`.
pub(super) const LOCAL: u32 = 0;

/// Addresses that neither groups nor network ACLs filter: the resolver, IMDS, Time Sync, Windows
/// activation, container metadata.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>
const SERVICES: [(u8, u8, u8, u8); 6] = [
    (169, 254, 169, 253),
    (169, 254, 169, 254),
    (169, 254, 169, 123),
    (169, 254, 169, 250),
    (169, 254, 169, 251),
    (169, 254, 170, 2),
];

/// Last group of the same services' IPv6 addresses, `fd00:ec2::`.
const SERVICES_V6: [u16; 3] = [0x253, 0x254, 0x123];

impl Tables {
    pub(super) fn eni(&self, ix: EniIx) -> Option<&Interface> {
        self.enis.get(ix.index()).filter(|it| it.present)
    }

    pub(super) fn subnet(&self, of: &Interface) -> Option<&SubnetTable> {
        self.subnets.get(index(of.subnet))
    }

    pub(super) fn vpc(&self, number: u32) -> Option<&VpcTable> {
        self.vpcs.get(index(number))
    }

    /// Whether an address is that of a service which is neither filtered nor logged, seen from a VPC.
    pub(super) fn is_service(&self, vpc: u32, address: std::net::IpAddr) -> bool {
        let listed = match address {
            std::net::IpAddr::V4(it) => {
                let [a, b, c, d] = it.octets();
                a == 169 && SERVICES.contains(&(a, b, c, d))
            }
            std::net::IpAddr::V6(it) => {
                let parts = it.segments();
                parts.starts_with(&[0xfd00, 0xec2, 0, 0, 0, 0, 0])
                    && SERVICES_V6.contains(&parts[7])
            }
        };
        let resolver = || self.vpc(vpc)?.resolver;
        listed || resolver() == Some(Addr::of(address))
    }

    /// The interface that has a private address in a VPC.
    pub(super) fn at(&self, vpc: u32, address: Addr) -> Option<EniIx> {
        self.private.get(&(vpc, address)).copied()
    }

    /// The route of a subnet to an address.
    pub(super) fn route(&self, subnet: &SubnetTable, to: Addr) -> Result<Hop, Lost> {
        let table = subnet.table.and_then(|it| self.routes.get(index(it)));
        let Some(table) = table else {
            return Err(Lost::NoTable(subnet.id.clone()));
        };
        let found = table.hops.iter().find(|it| it.block.contains(to));
        found
            .copied()
            .ok_or_else(|| Lost::NoRoute(table.id.clone()))
    }

    pub(super) fn target(&self, number: u32) -> Target {
        let target = self.targets.get(index(number));
        target.map_or(Target::Gone, |(_, it)| *it)
    }

    pub(super) fn peering_id(&self, number: u32) -> GatewayId {
        let peering = self.peerings.get(index(number));
        peering.map_or_else(|| GatewayId::new("pcx"), |it| it.id.clone())
    }

    pub(super) fn target_id(&self, number: u32) -> GatewayId {
        let target = self.targets.get(index(number));
        target.map_or_else(|| GatewayId::new("local"), |(id, _)| id.clone())
    }

    /// What the network ACL of a subnet drops.
    pub(super) fn acl(
        &self,
        subnet: &SubnetTable,
        direction: Direction,
        probe: &Probe,
    ) -> Option<Lost> {
        let Some(acl) = subnet.acl.and_then(|it| self.acls.get(index(it))) else {
            return Some(Lost::NoAcl(subnet.id.clone()));
        };
        acl.drops(direction, probe).map(|number| Lost::Acl {
            acl: acl.id.clone(),
            direction,
            number,
        })
    }

    /// What the groups of an interface say of a packet. `references`: rules that name groups hold.
    pub(super) fn groups_say(
        &self,
        eni: &Interface,
        (direction, probe): (Direction, &Probe),
        setting: Setting<'_>,
        (references, wanted): (bool, u64),
    ) -> Judged {
        let rules = eni
            .groups
            .iter()
            .filter_map(|it| self.groups.get(index(*it)))
            .map(Vec::as_slice);
        let reach: &[u32] = self.vpc(eni.vpc).map_or(&[], |it| &it.reach);
        let knows = |peer: Peer, remote: Addr| match peer {
            Peer::Block(block) => block.contains(remote),
            Peer::Group(group) => {
                references
                    && reach
                        .iter()
                        .any(|vpc| self.members.contains(&(group, *vpc, remote)))
            }
            Peer::List(list) => self.list(list).iter().any(|it| it.contains(remote)),
        };
        let lists = setting.switches.prefix_list_can_be_everyone;
        let is_everyone = |it: &Block, v6: bool| it.is_everyone() && it.is_v6() == v6;
        let everyone = |peer: Peer, v6: bool| match peer {
            Peer::Block(block) => is_everyone(&block, v6),
            Peer::Group(_) => false,
            Peer::List(list) => lists && self.list(list).iter().any(|it| is_everyone(it, v6)),
        };
        judge(rules, knows, everyone, (direction, probe, setting, wanted))
    }

    fn list(&self, list: Option<u32>) -> &[Block] {
        list.and_then(|it| self.lists.get(index(it)))
            .map_or(&[], Vec::as_slice)
    }

    /// Whether a path by this target is tracked whatever rules say, as far as the target decides.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html#automatic-tracking>
    pub(super) fn tracks(&self, target: Target, switches: &Switches) -> bool {
        match target {
            Target::EgressOnly | Target::Nat(_) => true,
            Target::Endpoint { tracked } => tracked || switches.s3_endpoint_is_tracked,
            Target::Transit => switches.transit_gateway_is_tracked,
            Target::Appliance(ix) => self.eni(ix).is_some_and(|it| it.auto),
            Target::Local
            | Target::Internet
            | Target::Peering(_)
            | Target::Elsewhere
            | Target::Gone => false,
        }
    }
}

/// A number as an index.
pub(super) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Numbers of groups by id, made while the estate is compiled.
pub(super) type GroupNumbers = Numbers<GroupId>;
