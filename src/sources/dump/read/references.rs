//! What a whole dump must satisfy: nothing dangles, and a subnet has one network ACL and one route
//! table.

use std::collections::{BTreeMap, BTreeSet};

use super::super::doubt::{Doubt, DoubtKind};
use super::super::envelope::Found;
use super::super::list::List;
use super::super::notes::{Notes, Reference, Target};
use crate::model::{Estate, PartKind, SubnetId, VpcId};

/// Doubts what does not hold.
pub(super) fn check(found: &Found, estate: &Estate, notes: &mut Notes) {
    let mut told = BTreeSet::new();
    for it in std::mem::take(&mut notes.references) {
        if exists(estate, &it) {
            continue;
        }
        // Where there is no list of them at all, which is another doubt, each is told only once.
        let from = is_listed(found, estate, &it).then(|| (it.from.clone(), it.field));
        if told.insert((from, it.to.clone())) {
            notes.doubts.push(Doubt {
                file: it.file,
                line: None,
                kind: DoubtKind::Dangling {
                    from: it.from,
                    field: it.field,
                    to: it.to,
                },
            });
        }
    }
    two_acls(estate, notes);
    two_tables(estate, notes);
    defaults(estate, notes);
    unserved(estate, notes);
}

fn exists(estate: &Estate, it: &Reference) -> bool {
    let to = it.to.as_str();
    match it.target {
        Target::Vpc => estate.vpc(&to.into()).is_some(),
        Target::Subnet => estate.subnet(&to.into()).is_some(),
        Target::Eni => estate.eni(&to.into()).is_some(),
        Target::Instance => estate.instance(&to.into()).is_some(),
        Target::Group => estate.group(&to.into()).is_some(),
        Target::Gateway => estate.gateway(&to.into()).is_some(),
        Target::Peering => estate.peering(&to.into()).is_some(),
        Target::PrefixList => estate.prefix_list(to).is_some(),
    }
}

/// Whether the dump has things of this kind at all.
fn is_listed(found: &Found, estate: &Estate, it: &Reference) -> bool {
    let read = |part| estate.freshness(part).is_some();
    match it.target {
        Target::Vpc => read(PartKind::Vpcs),
        Target::Subnet => read(PartKind::Subnets),
        Target::Eni => found.lists.contains_key(&List::NetworkInterfaces),
        Target::Instance => read(PartKind::Instances),
        Target::Group => read(PartKind::Groups),
        Target::Peering => read(PartKind::Peerings),
        Target::PrefixList => read(PartKind::PrefixLists),
        Target::Gateway => found.lists.contains_key(&match it.to.split('-').next() {
            Some("igw") => List::InternetGateways,
            Some("eigw") => List::EgressOnlyInternetGateways,
            Some("nat") => List::NatGateways,
            _ => List::VpcEndpoints,
        }),
    }
}

fn two_acls(estate: &Estate, notes: &mut Notes) {
    let pairs = estate
        .acls()
        .flat_map(|acl| acl.subnets.iter().map(|subnet| (subnet, acl.id.clone())));
    for (subnet, acls) in claims(pairs) {
        notes.doubt(DoubtKind::SubnetInTwoAcls { subnet, acls });
    }
}

fn two_tables(estate: &Estate, notes: &mut Notes) {
    let pairs = estate.route_tables().flat_map(|table| {
        table
            .subnets
            .iter()
            .map(|subnet| (subnet, table.id.clone()))
    });
    for (subnet, tables) in claims(pairs) {
        notes.doubt(DoubtKind::SubnetInTwoTables { subnet, tables });
    }
}

/// The subnets that are claimed by more than one.
fn claims<'a, I: Ord>(
    pairs: impl Iterator<Item = (&'a SubnetId, I)>,
) -> impl Iterator<Item = (SubnetId, Vec<I>)> {
    let mut of_subnet: BTreeMap<SubnetId, BTreeSet<I>> = BTreeMap::new();
    for (subnet, id) in pairs {
        of_subnet.entry(subnet.clone()).or_default().insert(id);
    }
    let twice = of_subnet.into_iter().filter(|(_, ids)| ids.len() > 1);
    twice.map(|(subnet, ids)| (subnet, ids.into_iter().collect()))
}

fn defaults(estate: &Estate, notes: &mut Notes) {
    let acls = estate.acls().filter(|it| it.default);
    let tables = estate.route_tables().filter(|it| it.main);
    let mut of_vpc: BTreeMap<(&VpcId, PartKind), Vec<String>> = BTreeMap::new();
    for acl in acls {
        let ids = of_vpc.entry((&acl.vpc, PartKind::Acls)).or_default();
        ids.push(acl.id.to_string());
    }
    for table in tables {
        let ids = of_vpc
            .entry((&table.vpc, PartKind::RouteTables))
            .or_default();
        ids.push(table.id.to_string());
    }
    for ((vpc, _), ids) in of_vpc.into_iter().filter(|(_, ids)| ids.len() > 1) {
        let vpc = vpc.clone();
        notes.doubt(DoubtKind::TwoDefaults { vpc, ids });
    }
}

fn unserved(estate: &Estate, notes: &mut Notes) {
    let read = |part| estate.freshness(part).is_some();
    for subnet in estate.subnets() {
        for (part, served) in [
            (PartKind::Acls, estate.acl_of_subnet(&subnet.id).is_some()),
            (
                PartKind::RouteTables,
                estate.table_of_subnet(&subnet.id).is_some(),
            ),
        ] {
            if read(part) && !served {
                let subnet = subnet.id.clone();
                notes.doubt(DoubtKind::Unserved { subnet, part });
            }
        }
    }
}
