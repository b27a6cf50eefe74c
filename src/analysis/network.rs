//! An estate made ready for judging many packets: everything by number instead of by name.
//!
//! Built once per reading. A hypothetical estate's network is made from the one that it came from
//! ([`Network::after`]) and shares all that did not change.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::acl::AclRules;
use super::routes::Routes;
use super::timers::TcpDefault;
use crate::model::{
    AclId, Changes, Eni, EniId, EniKind, Estate, Gateway, Group, GroupId, InstanceId,
    InstanceState, PublicAddress, RouteTableId, SubnetId, TrackingTimeouts, VpcId,
};

/// The number of an interface, group, ... in a [`Network`]. A network made from another one keeps them.
pub(super) type Ix = u32;

/// An estate, compiled.
#[derive(Debug, Clone)]
pub struct Network {
    estate: Estate,
    pub(super) interfaces: Arc<Vec<Arc<Interface>>>,
    pub(super) subnets: Arc<Vec<SubnetNode>>,
    pub(super) vpcs: Arc<Vec<VpcNode>>,
    pub(super) groups: Vec<Arc<Group>>,
    pub(super) acls: Vec<Arc<(AclId, AclRules)>>,
    pub(super) tables: Vec<Arc<(RouteTableId, Routes)>>,
    numbers: Arc<Numbers>,
    places: Arc<Places>,
}

/// The numbers of everything.
#[derive(Debug, Clone, Default)]
struct Numbers {
    interfaces: HashMap<EniId, Ix>,
    subnets: HashMap<SubnetId, Ix>,
    vpcs: HashMap<VpcId, Ix>,
    groups: HashMap<GroupId, Ix>,
    acls: HashMap<AclId, Ix>,
    tables: HashMap<RouteTableId, Ix>,
}

/// Who has an address. Private ones are unique only in a VPC.
#[derive(Debug, Clone, Default)]
struct Places {
    private: HashMap<(Ix, IpAddr), Ix>,
    anywhere: HashMap<IpAddr, Ix>,
    public: HashMap<IpAddr, (Ix, IpAddr)>,
}

#[derive(Debug, Clone)]
pub(super) struct Interface {
    pub(super) id: EniId,
    pub(super) kind: EniKind,
    pub(super) subnet: Option<Ix>,
    pub(super) vpc: Option<Ix>,
    /// Groups that were not read have no number: their rules are unknown.
    pub(super) groups: Box<[Ix]>,
    pub(super) unread_groups: bool,
    pub(super) public: Vec<PublicAddress>,
    pub(super) checks_source: bool,
    pub(super) timeouts: TrackingTimeouts,
    pub(super) tcp_default: TcpDefault,
    /// Its instance is stopped or gone.
    pub(super) down: bool,
    pub(super) instance: Option<InstanceId>,
    /// Remote addresses that the guest's own firewall blocks.
    pub(super) blocked: Vec<IpAddr>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct SubnetNode {
    pub(super) id: SubnetId,
    pub(super) vpc: Option<Ix>,
    pub(super) zone: String,
    pub(super) cidrs: Vec<IpNet>,
    pub(super) acl: Option<Ix>,
    pub(super) table: Option<Ix>,
}

#[derive(Debug, Clone)]
pub(super) struct VpcNode {
    pub(super) id: VpcId,
    pub(super) cidrs: Vec<IpNet>,
    pub(super) subnets: Vec<Ix>,
    /// Whom an active peering connection joins it with.
    pub(super) peers: Vec<Ix>,
    /// The subnets of its transit gateway attachments.
    pub(super) attachments: Vec<Ix>,
}

impl Network {
    /// Compiles an estate.
    pub fn new(estate: &Estate) -> Self {
        let mut numbers = Numbers::default();
        let acls: Vec<_> = estate
            .acls()
            .map(|acl| Arc::new((acl.id.clone(), AclRules::of(acl))))
            .collect();
        let tables: Vec<_> = estate
            .route_tables()
            .map(|table| Arc::new((table.id.clone(), Routes::of(estate, table))))
            .collect();
        numbers.acls = numbered(acls.iter().map(|it| &it.0));
        numbers.tables = numbered(tables.iter().map(|it| &it.0));
        numbers.groups = numbered(estate.groups().map(|it| &it.id));
        numbers.vpcs = numbered(estate.vpcs().map(|it| &it.id));
        numbers.subnets = numbered(estate.subnets().map(|it| &it.id));
        numbers.interfaces = numbered(estate.enis().map(|it| &it.id));
        let subnets: Vec<_> = estate
            .subnets()
            .map(|it| subnet_node(estate, &numbers, &it.id))
            .collect();
        let vpcs = vpc_nodes(estate, &numbers, &subnets);
        let interfaces: Vec<_> = estate
            .enis()
            .map(|it| Arc::new(interface(estate, &numbers, it)))
            .collect();
        Self {
            places: Arc::new(Places::of(estate, &interfaces)),
            interfaces: Arc::new(interfaces),
            subnets: Arc::new(subnets),
            vpcs: Arc::new(vpcs),
            groups: estate.groups().cloned().map(Arc::new).collect(),
            acls,
            tables,
            numbers: Arc::new(numbers),
            estate: estate.clone(),
        }
    }

    /// The network of an estate that was made from this one's. Every number keeps its meaning.
    #[must_use]
    pub fn after(&self, estate: &Estate) -> Self {
        let changes = estate.changes_since(&self.estate);
        let mut next = self.clone();
        next.estate = estate.clone();
        next.take(&changes);
        next
    }

    /// The same network with a remote address blocked in the guest of an instance, which no part of an
    /// estate shows.
    #[must_use]
    pub fn with_host_block(&self, instance: &InstanceId, peer: IpAddr) -> Self {
        let mut next = self.clone();
        for eni in Arc::make_mut(&mut next.interfaces) {
            if eni.instance.as_ref() == Some(instance) {
                Arc::make_mut(eni).blocked.push(peer);
            }
        }
        next
    }

    /// The estate that it was made from.
    pub fn estate(&self) -> &Estate {
        &self.estate
    }

    fn take(&mut self, changes: &Changes) {
        let estate = self.estate.clone();
        for id in &changes.groups {
            let known = self.group_ix(id);
            let group = estate.group(id).cloned();
            let group = Arc::new(group.unwrap_or_else(|| without_rules(id)));
            set(
                &mut self.groups,
                &mut self.numbers,
                |it| &mut it.groups,
                known,
                id,
                group,
            );
        }
        for id in &changes.acls {
            let known = self.numbers.acls.get(id).copied();
            let rules = estate.acl(id).map(AclRules::of).unwrap_or_default();
            // Which subnets it serves is not a matter of its rules.
            if known.is_some_and(|ix| self.acl(ix).1 == rules) {
                continue;
            }
            let acl = Arc::new((id.clone(), rules));
            set(
                &mut self.acls,
                &mut self.numbers,
                |it| &mut it.acls,
                known,
                id,
                acl,
            );
        }
        for id in &changes.tables {
            let known = self.numbers.tables.get(id).copied();
            let table = estate.route_table(id);
            let routes = table.map(|it| Routes::of(&estate, it)).unwrap_or_default();
            if known.is_some_and(|ix| self.table(ix).1 == routes) {
                continue;
            }
            let table = Arc::new((id.clone(), routes));
            set(
                &mut self.tables,
                &mut self.numbers,
                |it| &mut it.tables,
                known,
                id,
                table,
            );
        }
        for id in &changes.subnets {
            if let Some(ix) = self.subnet_ix(id) {
                let node = subnet_node(&estate, &self.numbers, id);
                if let Some(slot) = Arc::make_mut(&mut self.subnets).get_mut(ix as usize) {
                    *slot = node;
                }
            }
        }
        let of_instances = changes
            .instances
            .iter()
            .flat_map(|id| estate.enis_of_instance(id))
            .map(|eni| &eni.id);
        let enis: Vec<&EniId> = changes.enis.iter().chain(of_instances).collect();
        for &id in &enis {
            let Some(eni) = estate.eni(id) else { continue };
            let known = self.interface_ix(id);
            let node = Arc::new(interface(&estate, &self.numbers, eni));
            let all = Arc::make_mut(&mut self.interfaces);
            set(
                all,
                &mut self.numbers,
                |it| &mut it.interfaces,
                known,
                id,
                node,
            );
        }
        if enis.iter().any(|id| self.readdressed(id)) {
            self.places = Arc::new(Places::of(&estate, &self.interfaces));
        }
    }

    /// Whether an interface has addresses that the index of places does not know yet.
    fn readdressed(&self, id: &EniId) -> bool {
        let Some((eni, ix)) = self.estate.eni(id).zip(self.interface_ix(id)) else {
            return true;
        };
        let known = self
            .places
            .public
            .values()
            .filter(|(of, _)| *of == ix)
            .count();
        known != eni.public.len()
            || eni
                .addresses
                .iter()
                .any(|it| !self.places.anywhere.contains_key(it))
    }

    pub(super) fn interface_ix(&self, id: &EniId) -> Option<Ix> {
        self.numbers.interfaces.get(id).copied()
    }

    pub(super) fn group_ix(&self, id: &GroupId) -> Option<Ix> {
        self.numbers.groups.get(id).copied()
    }

    pub(super) fn subnet_ix(&self, id: &SubnetId) -> Option<Ix> {
        self.numbers.subnets.get(id).copied()
    }

    pub(super) fn vpc_ix(&self, id: &VpcId) -> Option<Ix> {
        self.numbers.vpcs.get(id).copied()
    }

    pub(super) fn interface(&self, ix: Ix) -> Option<&Interface> {
        self.interfaces.get(ix as usize).map(Arc::as_ref)
    }

    pub(super) fn subnet(&self, ix: Ix) -> Option<&SubnetNode> {
        self.subnets.get(ix as usize)
    }

    /// A table by the number that a subnet node gives.
    pub(super) fn table(&self, ix: Ix) -> &(RouteTableId, Routes) {
        &self.tables[ix as usize]
    }

    /// An ACL by the number that a subnet node gives.
    pub(super) fn acl(&self, ix: Ix) -> &(AclId, AclRules) {
        &self.acls[ix as usize]
    }

    pub(super) fn vpc(&self, ix: Ix) -> Option<&VpcNode> {
        self.vpcs.get(ix as usize)
    }

    /// The interface with a private address in a VPC, or in one that is peered with it; without a VPC
    /// whichever has it.
    pub(super) fn interface_at(&self, vpc: Option<Ix>, address: IpAddr) -> Option<Ix> {
        let Some(vpc) = vpc else {
            return self.places.anywhere.get(&address).copied();
        };
        let own = self.places.private.get(&(vpc, address));
        let peers = || {
            let peers = self.vpc(vpc)?.peers.iter();
            let mut found = peers.filter_map(|it| self.places.private.get(&(*it, address)));
            found.next()
        };
        own.or_else(peers)
            .or_else(|| {
                let elsewhere = self.places.anywhere.get(&address)?;
                // Outside of both, only a route can tell: not an address of the VPC's own range.
                let inside = self.vpc(vpc)?.cidrs.iter().any(|it| it.contains(&address));
                (!inside).then_some(elsewhere)
            })
            .copied()
    }

    /// The interface that a public address is mapped to, and the private address behind it.
    pub(super) fn public_at(&self, address: IpAddr) -> Option<(Ix, IpAddr)> {
        self.places.public.get(&address).copied()
    }

    /// The subnet whose CIDR block has an address.
    pub(super) fn subnet_at(&self, vpc: Option<Ix>, address: IpAddr) -> Option<Ix> {
        let holds = |ix: &Ix| {
            let subnet = self.subnet(*ix);
            subnet.is_some_and(|it| it.cidrs.iter().any(|cidr| cidr.contains(&address)))
        };
        match vpc.and_then(|it| self.vpc(it)) {
            Some(vpc) => {
                let peers = vpc.peers.iter().filter_map(|it| self.vpc(*it));
                let mut near = vpc.subnets.iter().chain(peers.flat_map(|it| &it.subnets));
                near.find(|ix| holds(ix)).copied()
            }
            None => (0..)
                .zip(self.subnets.iter())
                .map(|(ix, _)| ix)
                .find(|ix| holds(ix)),
        }
    }

    /// The NAT gateway or endpoint that a route names.
    pub(super) fn gateway(&self, target: &str) -> Option<&Gateway> {
        self.estate.gateway(&target.into())
    }
}

impl Places {
    fn of(estate: &Estate, interfaces: &[Arc<Interface>]) -> Self {
        let mut places = Self::default();
        let numbers: HashMap<&EniId, Ix> = numbered_refs(interfaces.iter().map(|it| &it.id));
        for eni in estate.enis() {
            let Some(&ix) = numbers.get(&eni.id) else {
                continue;
            };
            let vpc = interfaces.get(ix as usize).and_then(|it| it.vpc);
            for address in &eni.addresses {
                if let Some(vpc) = vpc {
                    places.private.insert((vpc, *address), ix);
                }
                places.anywhere.entry(*address).or_insert(ix);
            }
            for it in &eni.public {
                places.public.insert(it.address, (ix, it.private));
            }
        }
        places
    }
}

fn interface(estate: &Estate, numbers: &Numbers, eni: &Eni) -> Interface {
    let groups: Box<[Ix]> = eni
        .groups
        .iter()
        .filter_map(|id| numbers.groups.get(id).copied())
        .collect();
    let instance = eni.instance.as_ref().and_then(|id| estate.instance(id));
    let down = instance.is_some_and(|it| {
        matches!(
            it.state,
            InstanceState::Stopped
                | InstanceState::Stopping
                | InstanceState::ShuttingDown
                | InstanceState::Terminated
        )
    });
    Interface {
        id: eni.id.clone(),
        kind: eni.kind,
        subnet: numbers.subnets.get(&eni.subnet).copied(),
        vpc: numbers.vpcs.get(&eni.vpc).copied(),
        unread_groups: groups.len() != eni.groups.len(),
        groups,
        public: eni.public.clone(),
        checks_source: eni.source_dest_check,
        timeouts: eni.timeouts,
        tcp_default: TcpDefault::of(instance.map(|it| it.instance_type.as_str())),
        down,
        instance: eni.instance.clone(),
        blocked: Vec::new(),
    }
}

fn subnet_node(estate: &Estate, numbers: &Numbers, id: &SubnetId) -> SubnetNode {
    let subnet = estate.subnet(id);
    let acl = estate.acl_of_subnet(id);
    let table = estate.table_of_subnet(id);
    SubnetNode {
        id: id.clone(),
        vpc: subnet.and_then(|it| numbers.vpcs.get(&it.vpc).copied()),
        zone: subnet.map(|it| it.zone.clone()).unwrap_or_default(),
        cidrs: subnet.map(|it| it.cidrs.clone()).unwrap_or_default(),
        acl: acl.and_then(|it| numbers.acls.get(&it.id).copied()),
        table: table.and_then(|it| numbers.tables.get(&it.id).copied()),
    }
}

fn vpc_nodes(estate: &Estate, numbers: &Numbers, subnets: &[SubnetNode]) -> Vec<VpcNode> {
    let mut of_vpc: BTreeMap<Ix, Vec<Ix>> = BTreeMap::new();
    for (ix, subnet) in (0..).zip(subnets) {
        if let Some(vpc) = subnet.vpc {
            of_vpc.entry(vpc).or_default().push(ix);
        }
    }
    let node = |(ix, vpc): (Ix, &crate::model::Vpc)| {
        let peers = estate.peerings().filter(|it| it.active);
        let peers = peers.filter_map(|it| numbers.vpcs.get(&it.across(&vpc.id)?.vpc).copied());
        let attached = |it: &&Eni| it.kind == EniKind::TransitGateway && it.vpc == vpc.id;
        let attachments = estate.enis().filter(attached);
        let attachments = attachments.filter_map(|it| numbers.subnets.get(&it.subnet).copied());
        VpcNode {
            id: vpc.id.clone(),
            cidrs: vpc.cidrs.clone(),
            subnets: of_vpc.remove(&ix).unwrap_or_default(),
            peers: peers.collect(),
            attachments: attachments.collect(),
        }
    };
    (0..).zip(estate.vpcs()).map(node).collect()
}

fn without_rules(id: &GroupId) -> Group {
    Group {
        id: id.clone(),
        vpc: VpcId::new(""),
        name: String::new(),
        description: String::new(),
        rules: Vec::new(),
    }
}

/// Replaces an object, or adds it under the next number.
fn set<I: Clone + Eq + std::hash::Hash, T>(
    all: &mut Vec<T>,
    numbers: &mut Arc<Numbers>,
    pick: fn(&mut Numbers) -> &mut HashMap<I, Ix>,
    known: Option<Ix>,
    id: &I,
    it: T,
) {
    if let Some(slot) = known.and_then(|ix| all.get_mut(ix as usize)) {
        *slot = it;
        return;
    }
    let next = Ix::try_from(all.len()).unwrap_or(Ix::MAX);
    pick(Arc::make_mut(numbers)).insert(id.clone(), next);
    all.push(it);
}

fn numbered<'a, I: Clone + Eq + std::hash::Hash + 'a>(
    ids: impl Iterator<Item = &'a I>,
) -> HashMap<I, Ix> {
    ids.cloned().zip(0..).collect()
}

fn numbered_refs<'a, I: Eq + std::hash::Hash>(
    ids: impl Iterator<Item = &'a I>,
) -> HashMap<&'a I, Ix> {
    ids.zip(0..).collect()
}
