//! What was read of the account: one immutable, indexed snapshot.

mod change;
mod diff;
mod index;
mod part;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
pub use diff::Changes;
use index::Index;
pub use part::{Freshness, Part, PartKind};

use super::acl::Acl;
use super::compute::{AsgMembership, Instance, InstanceProfile, TargetMembership, Volume};
use super::id::{AclId, EniId, GatewayId, GroupId, InstanceId, RouteTableId, SubnetId, VpcId};
use super::network::{
    Eni, FlowLog, Gateway, Group, Peering, PrefixList, RouteTable, RulePeer, Subnet, Vpc,
};

/// Objects of one kind by id. Copies share what neither has changed.
type Shared<I, T> = Arc<BTreeMap<I, Arc<T>>>;

/// Everything that was read of the account, indexed both ways.
///
/// A new reading makes a new estate ([`Estate::with`]); one that is shared never changes. Copies are
/// cheap: they share every object that neither has changed. References inside may dangle: parts
/// are read apart, and AWS answers them minutes apart.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Estate {
    vpcs: Shared<VpcId, Vpc>,
    subnets: Shared<SubnetId, Subnet>,
    enis: Shared<EniId, Eni>,
    instances: Shared<InstanceId, Instance>,
    groups: Shared<GroupId, Group>,
    acls: Shared<AclId, Acl>,
    tables: Shared<RouteTableId, RouteTable>,
    gateways: Shared<GatewayId, Gateway>,
    peerings: Shared<GatewayId, Peering>,
    prefix_lists: Shared<String, PrefixList>,
    volumes: Arc<Vec<Volume>>,
    asg: Arc<Vec<AsgMembership>>,
    targets: Arc<Vec<TargetMembership>>,
    profiles: Arc<Vec<InstanceProfile>>,
    flow_logs: Arc<Vec<FlowLog>>,
    freshness: BTreeMap<PartKind, Freshness>,
    index: Index,
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
            Part::Peerings(all) => self.peerings = by_id(all, |it| it.id.clone()),
            Part::PrefixLists(all) => self.prefix_lists = by_id(all, |it| it.id.clone()),
            Part::Volumes(all) => self.volumes = Arc::new(all),
            Part::AsgMemberships(all) => self.asg = Arc::new(all),
            Part::TargetMemberships(all) => self.targets = Arc::new(all),
            Part::Profiles(all) => self.profiles = Arc::new(all),
            Part::FlowLogs(all) => self.flow_logs = Arc::new(all),
        }
    }

    /// A VPC by id.
    pub fn vpc(&self, id: &VpcId) -> Option<&Vpc> {
        self.vpcs.get(id).map(Arc::as_ref)
    }

    /// A subnet by id.
    pub fn subnet(&self, id: &SubnetId) -> Option<&Subnet> {
        self.subnets.get(id).map(Arc::as_ref)
    }

    /// An interface by id.
    pub fn eni(&self, id: &EniId) -> Option<&Eni> {
        self.enis.get(id).map(Arc::as_ref)
    }

    /// An instance by id.
    pub fn instance(&self, id: &InstanceId) -> Option<&Instance> {
        self.instances.get(id).map(Arc::as_ref)
    }

    /// A security group by id.
    pub fn group(&self, id: &GroupId) -> Option<&Group> {
        self.groups.get(id).map(Arc::as_ref)
    }

    /// A NACL by id.
    pub fn acl(&self, id: &AclId) -> Option<&Acl> {
        self.acls.get(id).map(Arc::as_ref)
    }

    /// A route table by id.
    pub fn route_table(&self, id: &RouteTableId) -> Option<&RouteTable> {
        self.tables.get(id).map(Arc::as_ref)
    }

    /// A gateway by id.
    pub fn gateway(&self, id: &GatewayId) -> Option<&Gateway> {
        self.gateways.get(id).map(Arc::as_ref)
    }

    /// Every VPC, by id.
    pub fn vpcs(&self) -> impl ExactSizeIterator<Item = &Vpc> {
        self.vpcs.values().map(Arc::as_ref)
    }

    /// Every subnet, by id.
    pub fn subnets(&self) -> impl ExactSizeIterator<Item = &Subnet> {
        self.subnets.values().map(Arc::as_ref)
    }

    /// Every interface, by id.
    pub fn enis(&self) -> impl ExactSizeIterator<Item = &Eni> {
        self.enis.values().map(Arc::as_ref)
    }

    /// Every instance, by id.
    pub fn instances(&self) -> impl ExactSizeIterator<Item = &Instance> {
        self.instances.values().map(Arc::as_ref)
    }

    /// Every security group, by id.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = &Group> {
        self.groups.values().map(Arc::as_ref)
    }

    /// Every NACL, by id.
    pub fn acls(&self) -> impl ExactSizeIterator<Item = &Acl> {
        self.acls.values().map(Arc::as_ref)
    }

    /// Every route table, by id.
    pub fn route_tables(&self) -> impl ExactSizeIterator<Item = &RouteTable> {
        self.tables.values().map(Arc::as_ref)
    }

    /// Every gateway and endpoint, by id.
    pub fn gateways(&self) -> impl ExactSizeIterator<Item = &Gateway> {
        self.gateways.values().map(Arc::as_ref)
    }

    /// A peering connection by id.
    pub fn peering(&self, id: &GatewayId) -> Option<&Peering> {
        self.peerings.get(id).map(Arc::as_ref)
    }

    /// Every peering connection, by id.
    pub fn peerings(&self) -> impl ExactSizeIterator<Item = &Peering> {
        self.peerings.values().map(Arc::as_ref)
    }

    /// A managed prefix list by id.
    pub fn prefix_list(&self, id: &str) -> Option<&PrefixList> {
        self.prefix_lists.get(id).map(Arc::as_ref)
    }

    /// Every managed prefix list, by id.
    pub fn prefix_lists(&self) -> impl ExactSizeIterator<Item = &PrefixList> {
        self.prefix_lists.values().map(Arc::as_ref)
    }

    /// Every instance profile.
    pub fn profiles(&self) -> &[InstanceProfile] {
        &self.profiles
    }

    /// An instance profile by name.
    pub fn profile(&self, name: &str) -> Option<&InstanceProfile> {
        self.profiles.iter().find(|it| it.name == name)
    }

    /// Every volume.
    pub fn volumes(&self) -> &[Volume] {
        &self.volumes
    }

    /// Every membership in an Auto Scaling group.
    pub fn asg_memberships(&self) -> &[AsgMembership] {
        &self.asg
    }

    /// Every membership in a target group.
    pub fn target_memberships(&self) -> &[TargetMembership] {
        &self.targets
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

    /// The interfaces that have an address, private or public, by id. Private addresses are unique
    /// only in a VPC.
    pub fn enis_of_address(&self, address: IpAddr) -> impl Iterator<Item = &Eni> {
        self.all_enis(self.index.enis_of_address.get(&address))
    }

    /// The interface that has an address, private or public; the first one if VPCs overlap.
    pub fn eni_of_address(&self, address: IpAddr) -> Option<&Eni> {
        self.enis_of_address(address).next()
    }

    /// The instances with an instance profile, by its name.
    pub fn instances_of_profile(&self, profile: &str) -> impl Iterator<Item = &Instance> {
        let ids = self.index.instances_of_profile.get(profile);
        ids.into_iter().flatten().filter_map(|id| self.instance(id))
    }

    /// The NACL of a subnet: its own, else its VPC's default one.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html>
    pub fn acl_of_subnet(&self, subnet: &SubnetId) -> Option<&Acl> {
        let index = &self.index.subnets;
        let default = || index.default_acls.get(&self.subnet(subnet)?.vpc);
        self.acl(index.acls.get(subnet).or_else(default)?)
    }

    /// The route table of a subnet: its own, else its VPC's main one.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html>
    pub fn table_of_subnet(&self, subnet: &SubnetId) -> Option<&RouteTable> {
        let index = &self.index.subnets;
        let main = || index.main_tables.get(&self.subnet(subnet)?.vpc);
        self.route_table(index.tables.get(subnet).or_else(main)?)
    }

    /// The subnets that a NACL serves, as its VPC's default too.
    pub fn subnets_of_acl<'a>(&'a self, acl: &'a AclId) -> impl Iterator<Item = &'a Subnet> {
        self.subnets()
            .filter(move |it| self.acl_of_subnet(&it.id).is_some_and(|of| of.id == *acl))
    }

    /// The subnets that a route table serves, as its VPC's main one too.
    pub fn subnets_of_table<'a>(
        &'a self,
        table: &'a RouteTableId,
    ) -> impl Iterator<Item = &'a Subnet> {
        self.subnets().filter(move |it| {
            self.table_of_subnet(&it.id)
                .is_some_and(|of| of.id == *table)
        })
    }

    /// Groups with a rule that names `group` as its peer.
    pub fn groups_naming<'a>(&'a self, group: &'a GroupId) -> impl Iterator<Item = &'a Group> {
        self.groups().filter(move |other| {
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
        ids.into_iter().flatten().filter_map(|id| self.eni(id))
    }
}

fn by_id<I: Ord, T>(all: Vec<T>, id: impl Fn(&T) -> I) -> Shared<I, T> {
    Arc::new(all.into_iter().map(|it| (id(&it), Arc::new(it))).collect())
}
