//! Changes in place, for hypothetical estates: indexes are repaired, and what does not change stays shared.

use std::sync::Arc;

use super::index::{Index, SubnetIndex, enis_of_address, instances_of_profile};
use super::{Estate, Shared};
use crate::model::acl::{Acl, AclEntry};
use crate::model::compute::{AsgMembership, Instance, TargetMembership, Volume};
use crate::model::id::{AclId, EniId, GatewayId, GroupId, InstanceId, RouteTableId, SubnetId};
use crate::model::network::{Eni, Group, Route, RouteTable};

impl Estate {
    /// Changes one interface in place and repairs the indexes that name it.
    pub fn update_eni(&mut self, id: &EniId, change: impl FnOnce(&mut Eni)) {
        let Some(eni) = Arc::make_mut(&mut self.enis).get_mut(id) else {
            return;
        };
        let eni = Arc::make_mut(eni);
        let before = (
            eni.groups.clone(),
            eni.addresses.clone(),
            eni.public.clone(),
        );
        change(eni);
        if before.0 != eni.groups {
            let members = Arc::make_mut(&mut self.index.enis_of_group);
            for group in &before.0 {
                if let Some(members) = members.get_mut(group) {
                    members.retain(|member| member != id);
                }
            }
            for group in &eni.groups {
                let members = members.entry(group.clone()).or_default();
                if let Err(at) = members.binary_search(id) {
                    members.insert(at, id.clone());
                }
            }
            members.retain(|_, members| !members.is_empty());
        }
        if (before.1, before.2) != (eni.addresses.clone(), eni.public.clone()) {
            self.index.enis_of_address = Arc::new(enis_of_address(&self.enis));
        }
    }

    /// Adds an interface, or replaces the one with its id.
    pub fn put_eni(&mut self, eni: Eni) {
        put(&mut self.enis, eni.id.clone(), eni);
        self.index = Index::of(self);
    }

    /// Removes an interface; routes and gateways go on naming it.
    pub fn remove_eni(&mut self, id: &EniId) {
        Arc::make_mut(&mut self.enis).remove(id);
        self.index = Index::of(self);
    }

    /// Attaches an interface to an instance, or takes it off (`None`).
    pub fn attach_eni(&mut self, id: &EniId, to: Option<(InstanceId, u16)>) {
        let (instance, device_index) = to.unzip();
        update(&mut self.enis, id, |eni| {
            eni.instance = instance;
            eni.device_index = device_index;
        });
        self.index = Index::of(self);
    }

    /// Changes one instance in place, but for its instance profile.
    pub fn update_instance(&mut self, id: &InstanceId, change: impl FnOnce(&mut Instance)) {
        update(&mut self.instances, id, change);
    }

    /// Sets or takes off the instance profile of an instance.
    pub fn set_profile(&mut self, id: &InstanceId, profile: Option<String>) {
        update(&mut self.instances, id, |it| it.profile = profile);
        self.index.instances_of_profile = Arc::new(instances_of_profile(&self.instances));
    }

    /// Adds a group, or replaces the one with its id.
    pub fn put_group(&mut self, group: Group) {
        put(&mut self.groups, group.id.clone(), group);
    }

    /// Removes a group; its former members go on naming it.
    pub fn remove_group(&mut self, id: &GroupId) {
        Arc::make_mut(&mut self.groups).remove(id);
    }

    /// Changes one group in place.
    pub fn update_group(&mut self, id: &GroupId, change: impl FnOnce(&mut Group)) {
        update(&mut self.groups, id, change);
    }

    /// Adds a NACL, or replaces the one with its id.
    pub fn put_acl(&mut self, acl: Acl) {
        put(&mut self.acls, acl.id.clone(), acl);
        self.index_subnets();
    }

    /// Removes a NACL.
    pub fn remove_acl(&mut self, id: &AclId) {
        Arc::make_mut(&mut self.acls).remove(id);
        self.index_subnets();
    }

    /// Changes the entries of one NACL in place.
    pub fn update_acl(&mut self, id: &AclId, change: impl FnOnce(&mut Vec<AclEntry>)) {
        update(&mut self.acls, id, |acl| change(&mut acl.entries));
    }

    /// Moves a subnet to another NACL: a subnet has exactly one.
    pub fn associate_acl(&mut self, subnet: &SubnetId, to: &AclId) {
        let acls = Arc::make_mut(&mut self.acls);
        for (id, acl) in acls.iter_mut() {
            move_subnet(id == to, subnet, acl, |acl| &mut acl.subnets);
        }
        self.index_subnets();
    }

    /// Adds a route table, or replaces the one with its id.
    pub fn put_route_table(&mut self, table: RouteTable) {
        put(&mut self.tables, table.id.clone(), table);
        self.index_subnets();
    }

    /// Removes a route table.
    pub fn remove_route_table(&mut self, id: &RouteTableId) {
        Arc::make_mut(&mut self.tables).remove(id);
        self.index_subnets();
    }

    /// Changes the routes of one table in place.
    pub fn update_routes(&mut self, id: &RouteTableId, change: impl FnOnce(&mut Vec<Route>)) {
        update(&mut self.tables, id, |table| change(&mut table.routes));
    }

    /// Moves a subnet to another route table; `None`: to its VPC's main one, by having none of its own.
    pub fn associate_route_table(&mut self, subnet: &SubnetId, to: Option<&RouteTableId>) {
        let tables = Arc::make_mut(&mut self.tables);
        for (id, table) in tables.iter_mut() {
            move_subnet(to == Some(id), subnet, table, |table| &mut table.subnets);
        }
        self.index_subnets();
    }

    /// Makes a table the main one of its VPC.
    pub fn set_main_route_table(&mut self, main: &RouteTableId) {
        let Some(vpc) = self.tables.get(main).map(|it| it.vpc.clone()) else {
            return;
        };
        for (id, table) in Arc::make_mut(&mut self.tables) {
            if table.vpc == vpc && table.main != (id == main) {
                Arc::make_mut(table).main = id == main;
            }
        }
        self.index_subnets();
    }

    /// Removes a gateway or endpoint; routes go on naming it.
    pub fn remove_gateway(&mut self, id: &GatewayId) {
        Arc::make_mut(&mut self.gateways).remove(id);
    }

    /// Changes the memberships in Auto Scaling groups in place.
    pub fn update_asg_memberships(&mut self, change: impl FnOnce(&mut Vec<AsgMembership>)) {
        change(Arc::make_mut(&mut self.asg));
    }

    /// Changes the memberships in target groups in place.
    pub fn update_target_memberships(&mut self, change: impl FnOnce(&mut Vec<TargetMembership>)) {
        change(Arc::make_mut(&mut self.targets));
    }

    /// Changes the volumes in place.
    pub fn update_volumes(&mut self, change: impl FnOnce(&mut Vec<Volume>)) {
        change(Arc::make_mut(&mut self.volumes));
    }

    fn index_subnets(&mut self) {
        self.index.subnets = SubnetIndex::of(&self.acls, &self.tables);
    }
}

fn put<I: Ord + Clone, T>(all: &mut Shared<I, T>, id: I, it: T) {
    Arc::make_mut(all).insert(id, Arc::new(it));
}

fn update<I: Ord + Clone, T: Clone>(all: &mut Shared<I, T>, id: &I, change: impl FnOnce(&mut T)) {
    if all.contains_key(id)
        && let Some(it) = Arc::make_mut(all).get_mut(id)
    {
        change(Arc::make_mut(it));
    }
}

/// Puts a subnet into or out of an object's list, and leaves the object shared if nothing changes.
fn move_subnet<T: Clone>(
    belongs: bool,
    subnet: &SubnetId,
    object: &mut Arc<T>,
    list: impl Fn(&mut T) -> &mut Vec<SubnetId>,
) {
    let mut changed = T::clone(object);
    let subnets = list(&mut changed);
    if subnets.contains(subnet) == belongs {
        return;
    }
    if belongs {
        subnets.push(subnet.clone());
        subnets.sort();
    } else {
        subnets.retain(|it| it != subnet);
    }
    *object = Arc::new(changed);
}
