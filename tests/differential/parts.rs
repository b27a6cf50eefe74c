//! An estate in lists, so that it can be written out, and made smaller piece by piece.

use chrono::DateTime;
use firedoor::model::{
    Acl, Eni, Estate, Gateway, Group, Instance, Part, Peering, PrefixList, RouteTable, Subnet, Vpc,
};
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

    /// Every estate that is this one without a single piece of it.
    pub(crate) fn smaller(&self) -> Vec<Self> {
        let mut all = Vec::new();
        without(self, &mut all, |it| &mut it.enis);
        without(self, &mut all, |it| &mut it.peerings);
        without(self, &mut all, |it| &mut it.groups);
        for at in 0..self.groups.len() {
            without(self, &mut all, |it| &mut it.groups[at].rules);
        }
        for at in 0..self.acls.len() {
            without(self, &mut all, |it| &mut it.acls[at].entries);
        }
        for at in 0..self.tables.len() {
            without(self, &mut all, |it| &mut it.tables[at].routes);
        }
        for at in 0..self.enis.len() {
            without(self, &mut all, |it| &mut it.enis[at].groups);
            without(self, &mut all, |it| &mut it.enis[at].public);
            without(self, &mut all, |it| &mut it.enis[at].addresses);
        }
        all
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
