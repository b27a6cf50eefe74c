//! What was read of the account: one immutable, indexed snapshot.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::compute::{AsgMembership, Instance, TargetMembership, Volume};
use super::id::{AclId, EniId, GatewayId, GroupId, InstanceId, RouteTableId, SubnetId, VpcId};
use super::network::{Acl, Eni, FlowLog, Gateway, Group, RouteTable, RulePeer, Subnet, Vpc};

/// A part of the estate: what one kind of describe call answers. Parts are read, and go stale, apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartKind {
    /// VPCs with their CIDR blocks.
    Vpcs,
    /// Subnets.
    Subnets,
    /// Network interfaces of every kind.
    Enis,
    /// Instances, with their profiles.
    Instances,
    /// Security groups with their rules.
    Groups,
    /// Network ACLs.
    Acls,
    /// Route tables.
    RouteTables,
    /// Internet, egress-only and NAT gateways, and VPC endpoints.
    Gateways,
    /// EBS volumes of the instances.
    Volumes,
    /// Auto Scaling membership of the instances.
    AsgMemberships,
    /// Target-group membership of the instances.
    TargetMemberships,
    /// Flow log subscriptions.
    FlowLogs,
}

impl PartKind {
    /// Every part, in the order in which a reader is likely to miss it.
    pub const ALL: [Self; 12] = [
        Self::Instances,
        Self::Enis,
        Self::Subnets,
        Self::Groups,
        Self::Acls,
        Self::RouteTables,
        Self::Vpcs,
        Self::Gateways,
        Self::FlowLogs,
        Self::Volumes,
        Self::AsgMemberships,
        Self::TargetMemberships,
    ];

    /// The name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vpcs => "VPCs",
            Self::Subnets => "subnets",
            Self::Enis => "network interfaces",
            Self::Instances => "instances",
            Self::Groups => "security groups",
            Self::Acls => "network ACLs",
            Self::RouteTables => "route tables",
            Self::Gateways => "gateways",
            Self::Volumes => "volumes",
            Self::AsgMemberships => "Auto Scaling",
            Self::TargetMemberships => "target groups",
            Self::FlowLogs => "flow logs",
        }
    }
}

/// The contents of one part, complete for the scope that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// [`PartKind::Vpcs`]
    Vpcs(Vec<Vpc>),
    /// [`PartKind::Subnets`]
    Subnets(Vec<Subnet>),
    /// [`PartKind::Enis`]
    Enis(Vec<Eni>),
    /// [`PartKind::Instances`]
    Instances(Vec<Instance>),
    /// [`PartKind::Groups`]
    Groups(Vec<Group>),
    /// [`PartKind::Acls`]
    Acls(Vec<Acl>),
    /// [`PartKind::RouteTables`]
    RouteTables(Vec<RouteTable>),
    /// [`PartKind::Gateways`]
    Gateways(Vec<Gateway>),
    /// [`PartKind::Volumes`]
    Volumes(Vec<Volume>),
    /// [`PartKind::AsgMemberships`]
    AsgMemberships(Vec<AsgMembership>),
    /// [`PartKind::TargetMemberships`]
    TargetMemberships(Vec<TargetMembership>),
    /// [`PartKind::FlowLogs`]
    FlowLogs(Vec<FlowLog>),
}

impl Part {
    /// Which part this is.
    pub fn kind(&self) -> PartKind {
        match self {
            Self::Vpcs(_) => PartKind::Vpcs,
            Self::Subnets(_) => PartKind::Subnets,
            Self::Enis(_) => PartKind::Enis,
            Self::Instances(_) => PartKind::Instances,
            Self::Groups(_) => PartKind::Groups,
            Self::Acls(_) => PartKind::Acls,
            Self::RouteTables(_) => PartKind::RouteTables,
            Self::Gateways(_) => PartKind::Gateways,
            Self::Volumes(_) => PartKind::Volumes,
            Self::AsgMemberships(_) => PartKind::AsgMemberships,
            Self::TargetMemberships(_) => PartKind::TargetMemberships,
            Self::FlowLogs(_) => PartKind::FlowLogs,
        }
    }
}

/// When a part was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freshness {
    /// The moment at which its last page arrived.
    pub read_at: DateTime<Utc>,
}

/// Everything that was read of the account, indexed both ways.
///
/// A new reading makes a new estate ([`Estate::with`]); one that is shared never changes. References
/// inside may dangle: parts are read apart, and AWS answers them minutes apart.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Estate {
    vpcs: BTreeMap<VpcId, Vpc>,
    subnets: BTreeMap<SubnetId, Subnet>,
    enis: BTreeMap<EniId, Eni>,
    instances: BTreeMap<InstanceId, Instance>,
    groups: BTreeMap<GroupId, Group>,
    acls: BTreeMap<AclId, Acl>,
    tables: BTreeMap<RouteTableId, RouteTable>,
    gateways: BTreeMap<GatewayId, Gateway>,
    volumes: Vec<Volume>,
    asg: Vec<AsgMembership>,
    targets: Vec<TargetMembership>,
    flow_logs: Vec<FlowLog>,
    freshness: BTreeMap<PartKind, Freshness>,
    index: Index,
}

/// The reverse references.
#[derive(Debug, Clone, Default, PartialEq)]
struct Index {
    enis_of_subnet: BTreeMap<SubnetId, Vec<EniId>>,
    enis_of_instance: BTreeMap<InstanceId, Vec<EniId>>,
    enis_of_group: BTreeMap<GroupId, Vec<EniId>>,
    enis_of_address: BTreeMap<IpAddr, EniId>,
    instances_of_profile: BTreeMap<String, Vec<InstanceId>>,
    acl_of_subnet: BTreeMap<SubnetId, AclId>,
    table_of_subnet: BTreeMap<SubnetId, RouteTableId>,
    main_table_of_vpc: BTreeMap<VpcId, RouteTableId>,
}

impl Estate {
    /// The same estate with one part replaced.
    #[must_use]
    pub fn with(&self, part: Part, read_at: DateTime<Utc>) -> Self {
        let mut next = self.clone();
        next.freshness.insert(part.kind(), Freshness { read_at });
        next.replace(part);
        next
    }

    /// Builds an estate from parts that were all read at the same moment.
    pub fn from_parts(parts: impl IntoIterator<Item = Part>, read_at: DateTime<Utc>) -> Self {
        let mut estate = Self::default();
        for part in parts {
            estate.freshness.insert(part.kind(), Freshness { read_at });
            estate.store(part);
        }
        estate.index = Index::of(&estate);
        estate
    }

    /// Replaces one part in place, keeping the age that it had. For hypothetical changes.
    pub fn replace(&mut self, part: Part) {
        self.store(part);
        self.index = Index::of(self);
    }

    fn store(&mut self, part: Part) {
        match part {
            Part::Vpcs(all) => self.vpcs = by_id(all, |it| it.id.clone()),
            Part::Subnets(all) => self.subnets = by_id(all, |it| it.id.clone()),
            Part::Enis(all) => self.enis = by_id(all, |it| it.id.clone()),
            Part::Instances(all) => self.instances = by_id(all, |it| it.id.clone()),
            Part::Groups(all) => self.groups = by_id(all, |it| it.id.clone()),
            Part::Acls(all) => self.acls = by_id(all, |it| it.id.clone()),
            Part::RouteTables(all) => self.tables = by_id(all, |it| it.id.clone()),
            Part::Gateways(all) => self.gateways = by_id(all, |it| it.id.clone()),
            Part::Volumes(all) => self.volumes = all,
            Part::AsgMemberships(all) => self.asg = all,
            Part::TargetMemberships(all) => self.targets = all,
            Part::FlowLogs(all) => self.flow_logs = all,
        }
    }

    /// Changes one interface in place and repairs the indexes that name it.
    pub fn update_eni(&mut self, id: &EniId, change: impl FnOnce(&mut Eni)) {
        let Some(eni) = self.enis.get_mut(id) else {
            return;
        };
        for group in &eni.groups {
            if let Some(members) = self.index.enis_of_group.get_mut(group) {
                members.retain(|member| member != id);
            }
        }
        change(eni);
        for group in &eni.groups {
            let members = self.index.enis_of_group.entry(group.clone()).or_default();
            if let Err(at) = members.binary_search(id) {
                members.insert(at, id.clone());
            }
        }
        self.index
            .enis_of_group
            .retain(|_, members| !members.is_empty());
    }

    /// Adds a group, or replaces the one with its id.
    pub fn put_group(&mut self, group: Group) {
        self.groups.insert(group.id.clone(), group);
    }

    /// Removes a group; its former members go on naming it.
    pub fn remove_group(&mut self, id: &GroupId) {
        self.groups.remove(id);
    }

    /// Changes one group in place.
    pub fn update_group(&mut self, id: &GroupId, change: impl FnOnce(&mut Group)) {
        if let Some(group) = self.groups.get_mut(id) {
            change(group);
        }
    }

    /// Adds a NACL, or replaces the one with its id.
    pub fn put_acl(&mut self, acl: Acl) {
        self.acls.insert(acl.id.clone(), acl);
        self.index.acl_of_subnet = acl_of_subnet(&self.acls);
    }

    /// Removes a NACL.
    pub fn remove_acl(&mut self, id: &AclId) {
        self.acls.remove(id);
        self.index.acl_of_subnet = acl_of_subnet(&self.acls);
    }

    /// Moves a subnet to another NACL: a subnet has exactly one.
    pub fn associate_acl(&mut self, subnet: &SubnetId, acl: &AclId) {
        for other in self.acls.values_mut() {
            other.subnets.retain(|it| it != subnet);
        }
        if let Some(acl) = self.acls.get_mut(acl) {
            acl.subnets.push(subnet.clone());
            acl.subnets.sort();
        }
        self.index.acl_of_subnet = acl_of_subnet(&self.acls);
    }

    /// A VPC by id.
    pub fn vpc(&self, id: &VpcId) -> Option<&Vpc> {
        self.vpcs.get(id)
    }

    /// A subnet by id.
    pub fn subnet(&self, id: &SubnetId) -> Option<&Subnet> {
        self.subnets.get(id)
    }

    /// An interface by id.
    pub fn eni(&self, id: &EniId) -> Option<&Eni> {
        self.enis.get(id)
    }

    /// An instance by id.
    pub fn instance(&self, id: &InstanceId) -> Option<&Instance> {
        self.instances.get(id)
    }

    /// A security group by id.
    pub fn group(&self, id: &GroupId) -> Option<&Group> {
        self.groups.get(id)
    }

    /// A NACL by id.
    pub fn acl(&self, id: &AclId) -> Option<&Acl> {
        self.acls.get(id)
    }

    /// A gateway by id.
    pub fn gateway(&self, id: &GatewayId) -> Option<&Gateway> {
        self.gateways.get(id)
    }

    /// Every VPC, by id.
    pub fn vpcs(&self) -> impl ExactSizeIterator<Item = &Vpc> {
        self.vpcs.values()
    }

    /// Every subnet, by id.
    pub fn subnets(&self) -> impl ExactSizeIterator<Item = &Subnet> {
        self.subnets.values()
    }

    /// Every interface, by id.
    pub fn enis(&self) -> impl ExactSizeIterator<Item = &Eni> {
        self.enis.values()
    }

    /// Every instance, by id.
    pub fn instances(&self) -> impl ExactSizeIterator<Item = &Instance> {
        self.instances.values()
    }

    /// Every security group, by id.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = &Group> {
        self.groups.values()
    }

    /// Every NACL, by id.
    pub fn acls(&self) -> impl ExactSizeIterator<Item = &Acl> {
        self.acls.values()
    }

    /// Every route table, by id.
    pub fn route_tables(&self) -> impl ExactSizeIterator<Item = &RouteTable> {
        self.tables.values()
    }

    /// Every gateway and endpoint, by id.
    pub fn gateways(&self) -> impl ExactSizeIterator<Item = &Gateway> {
        self.gateways.values()
    }

    /// Every flow log.
    pub fn flow_logs(&self) -> &[FlowLog] {
        &self.flow_logs
    }

    /// When a part was read; `None`: not yet.
    pub fn freshness(&self, part: PartKind) -> Option<Freshness> {
        self.freshness.get(&part).copied()
    }

    /// The interfaces of a subnet, by id.
    pub fn enis_of_subnet(&self, subnet: &SubnetId) -> impl Iterator<Item = &Eni> {
        self.all_enis(self.index.enis_of_subnet.get(subnet))
    }

    /// The interfaces of an instance, by device index.
    pub fn enis_of_instance(&self, instance: &InstanceId) -> impl Iterator<Item = &Eni> {
        self.all_enis(self.index.enis_of_instance.get(instance))
    }

    /// The members of a group, by id.
    pub fn enis_of_group(&self, group: &GroupId) -> impl Iterator<Item = &Eni> {
        self.all_enis(self.index.enis_of_group.get(group))
    }

    /// The interface that has an address, private or public.
    pub fn eni_of_address(&self, address: IpAddr) -> Option<&Eni> {
        self.index
            .enis_of_address
            .get(&address)
            .and_then(|id| self.enis.get(id))
    }

    /// The instances with an instance profile, by its name.
    pub fn instances_of_profile(&self, profile: &str) -> impl Iterator<Item = &Instance> {
        let ids = self.index.instances_of_profile.get(profile);
        ids.into_iter()
            .flatten()
            .filter_map(|id| self.instances.get(id))
    }

    /// The NACL of a subnet.
    pub fn acl_of_subnet(&self, subnet: &SubnetId) -> Option<&Acl> {
        self.index
            .acl_of_subnet
            .get(subnet)
            .and_then(|id| self.acls.get(id))
    }

    /// The route table of a subnet: its own, else its VPC's main one.
    pub fn table_of_subnet(&self, subnet: &SubnetId) -> Option<&RouteTable> {
        let explicit = self.index.table_of_subnet.get(subnet);
        let main = || {
            let vpc = &self.subnets.get(subnet)?.vpc;
            self.index.main_table_of_vpc.get(vpc)
        };
        self.tables.get(explicit.or_else(main)?)
    }

    /// Groups with a rule that names `group` as its peer.
    pub fn groups_naming<'a>(&'a self, group: &'a GroupId) -> impl Iterator<Item = &'a Group> {
        self.groups.values().filter(move |other| {
            other
                .rules
                .iter()
                .any(|rule| matches!(&rule.peer, RulePeer::Group(it) if it == group))
        })
    }

    /// The volumes of an instance.
    pub fn volumes_of(&self, instance: &InstanceId) -> impl Iterator<Item = &Volume> {
        self.volumes
            .iter()
            .filter(move |it| it.instance == *instance)
    }

    /// The Auto Scaling group of an instance.
    pub fn asg_of(&self, instance: &InstanceId) -> Option<&AsgMembership> {
        self.asg.iter().find(|it| it.instance == *instance)
    }

    /// The target groups of an instance.
    pub fn targets_of(&self, instance: &InstanceId) -> impl Iterator<Item = &TargetMembership> {
        self.targets
            .iter()
            .filter(move |it| it.instance == *instance)
    }

    fn all_enis<'a>(&'a self, ids: Option<&'a Vec<EniId>>) -> impl Iterator<Item = &'a Eni> {
        ids.into_iter().flatten().filter_map(|id| self.enis.get(id))
    }
}

impl Index {
    fn of(estate: &Estate) -> Self {
        let mut index = Self::default();
        for eni in estate.enis.values() {
            let id = &eni.id;
            index
                .enis_of_subnet
                .entry(eni.subnet.clone())
                .or_default()
                .push(id.clone());
            if let Some(instance) = &eni.instance {
                index
                    .enis_of_instance
                    .entry(instance.clone())
                    .or_default()
                    .push(id.clone());
            }
            for group in &eni.groups {
                index
                    .enis_of_group
                    .entry(group.clone())
                    .or_default()
                    .push(id.clone());
            }
            for address in eni.addresses.iter().chain(&eni.public) {
                index.enis_of_address.insert(*address, id.clone());
            }
        }
        for enis in index.enis_of_instance.values_mut() {
            enis.sort_by_key(|id| {
                (
                    estate.enis.get(id).and_then(|it| it.device_index),
                    id.clone(),
                )
            });
        }
        for instance in estate.instances.values() {
            if let Some(profile) = &instance.profile {
                let users = index
                    .instances_of_profile
                    .entry(profile.clone())
                    .or_default();
                users.push(instance.id.clone());
            }
        }
        for table in estate.tables.values() {
            for subnet in &table.subnets {
                index
                    .table_of_subnet
                    .insert(subnet.clone(), table.id.clone());
            }
            if table.main {
                index
                    .main_table_of_vpc
                    .insert(table.vpc.clone(), table.id.clone());
            }
        }
        index.acl_of_subnet = acl_of_subnet(&estate.acls);
        index
    }
}

fn acl_of_subnet(acls: &BTreeMap<AclId, Acl>) -> BTreeMap<SubnetId, AclId> {
    let pairs = acls.values().flat_map(|acl| {
        acl.subnets
            .iter()
            .map(|subnet| (subnet.clone(), acl.id.clone()))
    });
    pairs.collect()
}

fn by_id<I: Ord, T>(all: Vec<T>, id: impl Fn(&T) -> I) -> BTreeMap<I, T> {
    all.into_iter().map(|it| (id(&it), it)).collect()
}
