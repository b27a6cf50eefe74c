//! Who shares a subnet, a network ACL, a route table, a group or a role with the suspect.

use std::collections::{BTreeMap, BTreeSet};

use super::role::Role;
use crate::model::{
    AclId, Eni, EniId, EniKind, Estate, GroupId, InstanceId, RouteTableId, SubnetId,
};

/// The suspect's surroundings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Neighbourhood {
    /// Every interface that shares a scope with the suspect, its subnet's first.
    pub neighbours: Vec<Neighbour>,
    /// The suspect's subnets.
    pub subnets: Vec<SubnetId>,
}

/// An interface that shares something with the suspect.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbour {
    /// The interface.
    pub eni: EniId,
    /// What it serves.
    pub kind: EniKind,
    /// A name for people.
    pub label: String,
    /// The instance behind it.
    pub instance: Option<InstanceId>,
    /// What it shares.
    pub shared: BTreeSet<Link>,
}

/// Something that an interface can share with the suspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Link {
    /// The subnet.
    Subnet,
    /// The network ACL.
    Acl,
    /// The route table.
    RouteTable,
    /// A security group.
    Group,
    /// The instance profile, and so the role.
    Role,
}

impl Link {
    /// All, from the closest on.
    pub const ALL: [Self; 5] = [
        Self::Subnet,
        Self::Acl,
        Self::RouteTable,
        Self::Group,
        Self::Role,
    ];
}

impl Neighbourhood {
    /// How many neighbours share this with the suspect.
    pub fn count(&self, link: Link) -> usize {
        self.neighbours
            .iter()
            .filter(|it| it.shared.contains(&link))
            .count()
    }

    /// The neighbours in the suspect's own subnets, counted by kind.
    pub fn subnet_kinds(&self) -> BTreeMap<EniKind, usize> {
        let mut kinds = BTreeMap::new();
        for neighbour in self
            .neighbours
            .iter()
            .filter(|it| it.shared.contains(&Link::Subnet))
        {
            *kinds.entry(neighbour.kind).or_default() += 1;
        }
        kinds
    }
}

/// Finds everything that shares a scope with `suspect`.
pub fn neighbourhood(estate: &Estate, suspect: &InstanceId) -> Neighbourhood {
    let scopes = Scopes::of(estate, suspect);
    let others = estate
        .enis()
        .filter(|eni| eni.instance.as_ref() != Some(suspect));
    let mut neighbours: Vec<Neighbour> = others
        .map(|eni| neighbour(estate, eni, scopes.shared_with(estate, eni)))
        .filter(|neighbour| !neighbour.shared.is_empty())
        .collect();
    sort(&mut neighbours);
    Neighbourhood {
        neighbours,
        subnets: scopes.subnets.into_iter().cloned().collect(),
    }
}

/// Every interface that was read, while there is no suspect to share anything with.
pub fn everyone(estate: &Estate) -> Vec<Neighbour> {
    let mut all: Vec<Neighbour> = estate
        .enis()
        .map(|eni| neighbour(estate, eni, BTreeSet::new()))
        .collect();
    sort(&mut all);
    all
}

fn neighbour(estate: &Estate, eni: &Eni, shared: BTreeSet<Link>) -> Neighbour {
    Neighbour {
        eni: eni.id.clone(),
        kind: eni.kind,
        label: eni_label(estate, eni),
        instance: eni.instance.clone(),
        shared,
    }
}

/// Those who share most first, and among them what others depend on.
fn sort(neighbours: &mut [Neighbour]) {
    neighbours.sort_by(|a, b| {
        let closest = |it: &Neighbour| it.shared.first().copied();
        let key = |it: &Neighbour| (closest(it), Role::of(it.kind));
        key(a)
            .cmp(&key(b))
            .then_with(|| a.label.cmp(&b.label))
            .then_with(|| a.eni.cmp(&b.eni))
    });
}

/// What the suspect is part of.
struct Scopes<'e> {
    subnets: BTreeSet<&'e SubnetId>,
    acls: BTreeSet<&'e AclId>,
    tables: BTreeSet<&'e RouteTableId>,
    groups: BTreeSet<&'e GroupId>,
    profile: Option<&'e String>,
}

impl<'e> Scopes<'e> {
    fn of(estate: &'e Estate, suspect: &InstanceId) -> Self {
        let own: Vec<&Eni> = estate.enis_of_instance(suspect).collect();
        let subnets: BTreeSet<&SubnetId> = own.iter().map(|eni| &eni.subnet).collect();
        let acls = subnets.iter().filter_map(|it| estate.acl_of_subnet(it));
        let tables = subnets.iter().filter_map(|it| estate.table_of_subnet(it));
        Self {
            acls: acls.map(|it| &it.id).collect(),
            tables: tables.map(|it| &it.id).collect(),
            groups: own.iter().flat_map(|eni| &eni.groups).collect(),
            profile: profile(estate, Some(suspect)),
            subnets,
        }
    }

    fn shared_with(&self, estate: &Estate, eni: &Eni) -> BTreeSet<Link> {
        let acl = estate.acl_of_subnet(&eni.subnet);
        let table = estate.table_of_subnet(&eni.subnet);
        let shares = |link: &Link| match link {
            Link::Subnet => self.subnets.contains(&eni.subnet),
            Link::Acl => acl.is_some_and(|it| self.acls.contains(&it.id)),
            Link::RouteTable => table.is_some_and(|it| self.tables.contains(&it.id)),
            Link::Group => eni.groups.iter().any(|it| self.groups.contains(it)),
            Link::Role => {
                self.profile.is_some() && profile(estate, eni.instance.as_ref()) == self.profile
            }
        };
        Link::ALL.into_iter().filter(shares).collect()
    }
}

fn profile<'e>(estate: &'e Estate, instance: Option<&InstanceId>) -> Option<&'e String> {
    estate.instance(instance?)?.profile.as_ref()
}

/// A name for an interface that an analyst recognises: the instance's name, or the kind of service
/// and whatever names it.
pub fn eni_label(estate: &Estate, eni: &Eni) -> String {
    if let Some(instance) = eni.instance.as_ref() {
        let name = estate
            .instance(instance)
            .map_or(instance.as_str(), |it| it.label());
        return match eni.device_index {
            Some(index) if index > 0 => format!("{name} eth{index}"),
            _ => name.to_string(),
        };
    }
    let gateway = estate.gateways().find(|it| it.enis.contains(&eni.id));
    let which = match gateway {
        Some(it) if !it.name.is_empty() => it.name.clone(),
        Some(it) => it.id.to_string(),
        None => described(&eni.description),
    };
    if which.is_empty() {
        eni.kind.name().to_string()
    } else {
        format!("{} {which}", eni.kind.name())
    }
}

/// A description without the words in which services say what they are: the kind says that already.
fn described(description: &str) -> String {
    const KINDS: [&str; 6] = [
        "ELB ",
        "AWS Lambda VPC ENI-",
        "RDSNetworkInterface",
        "VPC Endpoint Interface ",
        "Interface for NAT Gateway ",
        "EFS mount target for ",
    ];
    let strip = |kind: &&str| description.strip_prefix(*kind);
    let rest = KINDS.iter().find_map(strip).unwrap_or(description);
    rest.trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture;

    #[test]
    fn every_scope_is_counted_and_the_suspect_is_no_neighbour_of_itself() {
        let estate = fixture::estate();
        let around = neighbourhood(&estate, &fixture::suspect());
        assert!(
            around
                .neighbours
                .iter()
                .all(|it| it.instance != Some(fixture::suspect()))
        );
        assert_eq!(
            around.count(Link::Subnet),
            3,
            "web-2, the NAT gateway and the endpoint"
        );
        assert_eq!(
            around.count(Link::Acl),
            4,
            "and web-3 in the other subnet of the NACL"
        );
        assert_eq!(around.count(Link::RouteTable), 3);
        assert_eq!(around.count(Link::Group), 2, "web-2 and web-3");
        assert_eq!(around.count(Link::Role), 1, "web-2");
    }

    #[test]
    fn services_are_named_as_such_and_come_first() {
        let estate = fixture::estate();
        let around = neighbourhood(&estate, &fixture::suspect());
        let labels: Vec<&str> = around
            .neighbours
            .iter()
            .map(|it| it.label.as_str())
            .collect();
        assert_eq!(
            labels,
            ["NAT gateway nat-a", "VPC endpoint ssm", "web-2", "web-3"]
        );
    }

    #[test]
    fn an_estate_that_has_not_arrived_has_no_neighbours() {
        let around = neighbourhood(&Estate::default(), &fixture::suspect());
        assert_eq!(around, Neighbourhood::default());
    }

    #[test]
    fn without_a_suspect_everyone_is_listed() {
        let all = everyone(&fixture::estate());
        assert_eq!(all.len(), 6);
        assert!(all.iter().all(|it| it.shared.is_empty()));
    }
}
