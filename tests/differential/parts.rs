//! An estate in lists, so that it can be written out, and made smaller piece by piece.

use std::net::IpAddr;

use chrono::DateTime;
use firedoor::model::{
    Acl, Eni, EniId, EniKind, Estate, Gateway, Group, GroupId, Instance, InstanceId, Part, Peering,
    PrefixList, Protocol, RouteTable, RulePeer, Subnet, SubnetId, TrackingTimeouts, Vpc, VpcId,
};
use ipnet::IpNet;
use serde::Serialize;

/// What an estate is made of.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Parts {
    pub(crate) vpcs: Vec<Vpc>,
    pub(crate) subnets: Vec<Subnet>,
    pub(crate) enis: Vec<Eni>,
    pub(crate) instances: Vec<Instance>,
    pub(crate) groups: Vec<Group>,
    pub(crate) acls: Vec<Acl>,
    pub(crate) tables: Vec<RouteTable>,
    pub(crate) gateways: Vec<Gateway>,
    pub(crate) peerings: Vec<Peering>,
    pub(crate) lists: Vec<PrefixList>,
}

impl Parts {
    pub(crate) fn estate(&self) -> Estate {
        let parts = [
            Part::Vpcs(self.vpcs.clone()),
            Part::Subnets(self.subnets.clone()),
            Part::Enis(self.enis.clone()),
            Part::Instances(self.instances.clone()),
            Part::Groups(self.groups.clone()),
            Part::Acls(self.acls.clone()),
            Part::RouteTables(self.tables.clone()),
            Part::Gateways(self.gateways.clone()),
            Part::Peerings(self.peerings.clone()),
            Part::PrefixLists(self.lists.clone()),
            Part::Volumes(Vec::new()),
            Part::AsgMemberships(Vec::new()),
            Part::TargetMemberships(Vec::new()),
            Part::Profiles(Vec::new()),
            Part::FlowLogs(Vec::new()),
        ];
        Estate::from_parts(parts, DateTime::UNIX_EPOCH)
    }

    /// The same of an estate.
    pub(crate) fn of(estate: &Estate) -> Self {
        Self {
            vpcs: estate.vpcs().cloned().collect(),
            subnets: estate.subnets().cloned().collect(),
            enis: estate.enis().cloned().collect(),
            instances: estate.instances().cloned().collect(),
            groups: estate.groups().cloned().collect(),
            acls: estate.acls().cloned().collect(),
            tables: estate.route_tables().cloned().collect(),
            gateways: estate.gateways().cloned().collect(),
            peerings: estate.peerings().cloned().collect(),
            lists: estate.prefix_lists().cloned().collect(),
        }
    }

    /// Every estate that is this one without a piece, and what names it; whole VPCs first. What every VPC has
    /// stays: local routes, the default network ACL, the main route table.
    pub(crate) fn smaller(&self) -> Vec<Self> {
        let mut all = Vec::new();
        if self.vpcs.len() > 1 {
            each(self, &mut all, &self.vpcs, |it, gone| it.drop_vpc(&gone.id));
        }
        each(self, &mut all, &self.peerings, |it, gone| {
            it.peerings.retain(|one| one.id != gone.id);
            it.drop_routes(gone.id.as_str());
        });
        if self.instances.len() > 1 {
            each(self, &mut all, &self.instances, |it, gone| {
                it.drop_instance(&gone.id);
            });
        }
        each(self, &mut all, &self.enis, |it, gone| it.drop_eni(&gone.id));
        each(self, &mut all, &self.gateways, |it, gone| {
            it.gateways.retain(|one| one.id != gone.id);
            it.drop_routes(gone.id.as_str());
            gone.enis.iter().for_each(|eni| it.drop_eni(eni));
        });
        each(self, &mut all, &self.lists, |it, gone| {
            it.drop_list(&gone.id);
        });
        each(self, &mut all, &self.groups, |it, gone| {
            if !self.enis.iter().any(|eni| is_last(eni, &gone.id)) {
                it.drop_group(&gone.id);
            }
        });
        each(self, &mut all, &self.acls, Self::drop_acl);
        each(self, &mut all, &self.tables, Self::drop_table);
        each(self, &mut all, &self.subnets, |it, gone| {
            it.drop_subnet(&gone.id);
        });
        self.fewer_lines(&mut all);
        self.plainer(&mut all);
        all
    }

    /// Without a line of something.
    fn fewer_lines(&self, all: &mut Vec<Self>) {
        for at in 0..self.groups.len() {
            without(self, all, |it| &mut it.groups[at].rules);
        }
        for at in 0..self.acls.len() {
            without(self, all, |it| &mut it.acls[at].entries);
        }
        for (at, table) in self.tables.iter().enumerate() {
            for number in 0..table.routes.len() {
                if table.routes[number].target != "local" {
                    let mut next = self.clone();
                    next.tables[at].routes.remove(number);
                    all.push(next);
                }
            }
        }
        for (at, eni) in self.enis.iter().enumerate() {
            for group in eni.groups.iter().filter(|it| !is_last(eni, it)) {
                let mut next = self.clone();
                next.enis[at].groups.retain(|it| it != group);
                all.push(next);
            }
            without(self, all, |it| &mut it.enis[at].public);
            for address in eni.addresses.iter().filter(|_| eni.addresses.len() > 1) {
                let mut next = self.clone();
                next.enis[at].addresses.retain(|it| it != address);
                next.enis[at].public.retain(|it| it.private != *address);
                all.push(next);
            }
        }
    }

    /// With something that is as it mostly is.
    fn plainer(&self, all: &mut Vec<Self>) {
        let plain = TrackingTimeouts::default();
        for at in (0..self.enis.len()).filter(|at| self.enis[*at].timeouts != plain) {
            let mut next = self.clone();
            next.enis[at].timeouts = plain;
            all.push(next);
        }
        let typed = |protocol| matches!(protocol, Protocol::ICMP | Protocol::ICMPV6);
        for (at, group) in self.groups.iter().enumerate() {
            for (number, rule) in group.rules.iter().enumerate() {
                if rule.ports.is_some() && typed(rule.protocol) {
                    let mut next = self.clone();
                    next.groups[at].rules[number].ports = None;
                    all.push(next);
                }
            }
        }
        for (at, acl) in self.acls.iter().enumerate() {
            for (number, entry) in acl.entries.iter().enumerate() {
                if entry.ports.is_some() && typed(entry.protocol) {
                    let mut next = self.clone();
                    next.acls[at].entries[number].ports = None;
                    all.push(next);
                }
            }
        }
        let six = |it: &IpNet| matches!(it, IpNet::V6(_));
        if self.vpcs.iter().any(|it| it.cidrs.iter().any(six)) {
            all.push(self.without_ipv6());
        }
    }

    fn without_ipv6(&self) -> Self {
        let mut next = self.clone();
        let four = |it: &IpNet| matches!(it, IpNet::V4(_));
        next.vpcs.iter_mut().for_each(|it| it.cidrs.retain(four));
        next.subnets.iter_mut().for_each(|it| it.cidrs.retain(four));
        for table in &mut next.tables {
            table.routes.retain(|it| !it.destination.contains(':'));
        }
        for eni in &mut next.enis {
            eni.addresses.retain(IpAddr::is_ipv4);
        }
        next
    }

    fn drop_vpc(&mut self, id: &VpcId) {
        let of = |it: &Eni| it.vpc == *id;
        let enis: Vec<EniId> = self
            .enis
            .iter()
            .filter(|it| of(it))
            .map(|it| it.id.clone())
            .collect();
        for eni in &enis {
            self.drop_eni(eni);
        }
        let groups = self.groups.iter().filter(|it| it.vpc == *id);
        let groups: Vec<GroupId> = groups.map(|it| it.id.clone()).collect();
        for group in &groups {
            self.drop_group(group);
        }
        let touches = |it: &Peering| it.sides.iter().any(|side| side.vpc == *id);
        let peerings: Vec<Peering> = self
            .peerings
            .iter()
            .filter(|it| touches(it))
            .cloned()
            .collect();
        for peering in &peerings {
            self.peerings.retain(|it| it.id != peering.id);
            self.drop_routes(peering.id.as_str());
        }
        self.vpcs.retain(|it| it.id != *id);
        self.subnets.retain(|it| it.vpc != *id);
        self.acls.retain(|it| it.vpc != *id);
        self.tables.retain(|it| it.vpc != *id);
        self.gateways.retain(|it| it.vpc != *id);
    }

    fn drop_instance(&mut self, id: &InstanceId) {
        self.instances.retain(|it| it.id != *id);
        let own = self
            .enis
            .iter()
            .filter(|it| it.instance.as_ref() == Some(id));
        let own: Vec<EniId> = own.map(|it| it.id.clone()).collect();
        for eni in &own {
            self.drop_eni(eni);
        }
    }

    /// An instance goes with its last interface, and so do a gateway and the routes to it.
    fn drop_eni(&mut self, id: &EniId) {
        self.enis.retain(|it| it.id != *id);
        self.drop_routes(id.as_str());
        let enis = &self.enis;
        self.instances.retain(|instance| {
            let mut own = enis.iter();
            own.any(|it| it.instance.as_ref() == Some(&instance.id))
        });
        let mut gone = Vec::new();
        for gateway in &mut self.gateways {
            let had = gateway.enis.len();
            gateway.enis.retain(|it| it != id);
            if had > 0 && gateway.enis.is_empty() {
                gone.push(gateway.id.clone());
            }
        }
        self.gateways.retain(|it| !gone.contains(&it.id));
        for gateway in &gone {
            self.drop_routes(gateway.as_str());
        }
    }

    fn drop_routes(&mut self, target: &str) {
        for table in &mut self.tables {
            table.routes.retain(|it| it.target != target);
        }
    }

    fn drop_list(&mut self, id: &str) {
        self.lists.retain(|it| it.id != id);
        for table in &mut self.tables {
            table.routes.retain(|it| it.destination != id);
        }
        for group in &mut self.groups {
            let names = |it: &RulePeer| matches!(it, RulePeer::PrefixList(list) if list == id);
            group.rules.retain(|it| !names(&it.peer));
        }
    }

    fn drop_group(&mut self, id: &GroupId) {
        self.groups.retain(|it| it.id != *id);
        for group in &mut self.groups {
            group
                .rules
                .retain(|it| it.peer != RulePeer::Group(id.clone()));
        }
        for eni in &mut self.enis {
            eni.groups.retain(|it| it != id);
        }
    }

    /// Its subnets go to the default one.
    fn drop_acl(&mut self, gone: &Acl) {
        let default = |it: &&mut Acl| it.default && it.vpc == gone.vpc && it.id != gone.id;
        if let Some(default) = self.acls.iter_mut().find(default) {
            default.subnets.extend(gone.subnets.iter().cloned());
            self.acls.retain(|it| it.id != gone.id);
            return;
        }
        // The default one goes where another can be in its place.
        let other = self
            .acls
            .iter_mut()
            .find(|it| it.vpc == gone.vpc && it.id != gone.id);
        if let Some(other) = other {
            other.default = true;
            other.subnets.extend(gone.subnets.iter().cloned());
            self.acls.retain(|it| it.id != gone.id);
        }
    }

    /// Its subnets go to the main one; if it is the main one, another is it from now on.
    fn drop_table(&mut self, gone: &RouteTable) {
        let other = |it: &&mut RouteTable| it.vpc == gone.vpc && it.id != gone.id;
        if gone.main {
            let Some(other) = self.tables.iter_mut().find(other) else {
                return;
            };
            other.main = true;
        }
        self.tables.retain(|it| it.id != gone.id);
    }

    /// Only one that is empty.
    fn drop_subnet(&mut self, id: &SubnetId) {
        if self.enis.iter().any(|it| it.subnet == *id) {
            return;
        }
        self.subnets.retain(|it| it.id != *id);
        self.acls
            .iter_mut()
            .for_each(|it| it.subnets.retain(|one| one != id));
        self.tables
            .iter_mut()
            .for_each(|it| it.subnets.retain(|one| one != id));
        for gateway in &mut self.gateways {
            gateway.subnet = gateway.subnet.take().filter(|it| it != id);
        }
    }

    /// How much there is of it.
    pub(crate) fn size(&self) -> usize {
        serde_json::to_string(self).unwrap().len()
    }
}

/// Whether an interface of an instance would have no group without this one: AWS lets nobody take the last.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html>
fn is_last(eni: &Eni, group: &GroupId) -> bool {
    eni.kind == EniKind::Instance && eni.groups == [group.clone()]
}

/// The estates that a change makes of each of some things, where it makes any difference.
fn each<T: Clone>(of: &Parts, all: &mut Vec<Parts>, list: &[T], change: impl Fn(&mut Parts, &T)) {
    for gone in list {
        let mut next = of.clone();
        change(&mut next, gone);
        if next.size() < of.size() {
            all.push(next);
        }
    }
}

fn without<T>(of: &Parts, all: &mut Vec<Parts>, list: impl Fn(&mut Parts) -> &mut Vec<T>) {
    let mut first = of.clone();
    for at in 0..list(&mut first).len() {
        let mut next = of.clone();
        list(&mut next).remove(at);
        all.push(next);
    }
}
