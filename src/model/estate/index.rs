//! The reverse references: which interfaces a subnet, instance, group or address has, and what
//! serves a subnet.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::Estate;
use crate::model::acl::Acl;
use crate::model::compute::Instance;
use crate::model::id::{AclId, EniId, GroupId, InstanceId, RouteTableId, SubnetId, VpcId};
use crate::model::network::{Eni, RouteTable};

/// The reverse references.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Index {
    pub(super) enis_of_subnet: Arc<BTreeMap<SubnetId, Vec<EniId>>>,
    pub(super) enis_of_instance: Arc<BTreeMap<InstanceId, Vec<EniId>>>,
    pub(super) enis_of_group: Arc<BTreeMap<GroupId, Vec<EniId>>>,
    pub(super) enis_of_address: Arc<BTreeMap<IpAddr, Vec<EniId>>>,
    pub(super) instances_of_profile: Arc<BTreeMap<String, Vec<InstanceId>>>,
    pub(super) subnets: SubnetIndex,
}

/// What serves which subnet.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct SubnetIndex {
    pub(super) acls: BTreeMap<SubnetId, AclId>,
    pub(super) default_acls: BTreeMap<VpcId, AclId>,
    pub(super) tables: BTreeMap<SubnetId, RouteTableId>,
    pub(super) main_tables: BTreeMap<VpcId, RouteTableId>,
}

impl Index {
    pub(super) fn of(estate: &Estate) -> Self {
        let mut of_subnet: BTreeMap<SubnetId, Vec<EniId>> = BTreeMap::new();
        let mut of_instance: BTreeMap<InstanceId, Vec<EniId>> = BTreeMap::new();
        let mut of_group: BTreeMap<GroupId, Vec<EniId>> = BTreeMap::new();
        for eni in estate.enis() {
            let add = |ids: &mut Vec<EniId>| ids.push(eni.id.clone());
            add(of_subnet.entry(eni.subnet.clone()).or_default());
            if let Some(instance) = &eni.instance {
                add(of_instance.entry(instance.clone()).or_default());
            }
            for group in &eni.groups {
                add(of_group.entry(group.clone()).or_default());
            }
        }
        for enis in of_instance.values_mut() {
            enis.sort_by_key(|id| (estate.eni(id).and_then(|it| it.device_index), id.clone()));
        }
        Self {
            enis_of_subnet: Arc::new(of_subnet),
            enis_of_instance: Arc::new(of_instance),
            enis_of_group: Arc::new(of_group),
            enis_of_address: Arc::new(enis_of_address(&estate.enis)),
            instances_of_profile: Arc::new(instances_of_profile(&estate.instances)),
            subnets: SubnetIndex::of(&estate.acls, &estate.tables),
        }
    }
}

impl SubnetIndex {
    pub(super) fn of(
        acls: &BTreeMap<AclId, Arc<Acl>>,
        tables: &BTreeMap<RouteTableId, Arc<RouteTable>>,
    ) -> Self {
        let mut index = Self::default();
        for acl in acls.values() {
            for subnet in &acl.subnets {
                index.acls.insert(subnet.clone(), acl.id.clone());
            }
            if acl.default {
                index.default_acls.insert(acl.vpc.clone(), acl.id.clone());
            }
        }
        for table in tables.values() {
            for subnet in &table.subnets {
                index.tables.insert(subnet.clone(), table.id.clone());
            }
            if table.main {
                index
                    .main_tables
                    .insert(table.vpc.clone(), table.id.clone());
            }
        }
        index
    }
}

pub(super) fn enis_of_address(enis: &BTreeMap<EniId, Arc<Eni>>) -> BTreeMap<IpAddr, Vec<EniId>> {
    let mut index: BTreeMap<IpAddr, Vec<EniId>> = BTreeMap::new();
    for eni in enis.values() {
        let public = eni.public.iter().map(|it| &it.address);
        for address in eni.addresses.iter().chain(public) {
            index.entry(*address).or_default().push(eni.id.clone());
        }
    }
    index
}

pub(super) fn instances_of_profile(
    instances: &BTreeMap<InstanceId, Arc<Instance>>,
) -> BTreeMap<String, Vec<InstanceId>> {
    let mut index: BTreeMap<String, Vec<InstanceId>> = BTreeMap::new();
    for instance in instances.values() {
        if let Some(profile) = &instance.profile {
            let users = index.entry(profile.clone()).or_default();
            users.push(instance.id.clone());
        }
    }
    index
}
