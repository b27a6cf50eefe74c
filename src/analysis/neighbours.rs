//! Who shares a subnet, a network ACL, a route table, a group or a role with the suspect.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Eni, EniId, EniKind, Estate, InstanceId, SubnetId};

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
    pub shared: Shared,
}

/// What an interface shares with the suspect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shared {
    /// The subnet.
    pub subnet: bool,
    /// The network ACL.
    pub acl: bool,
    /// The route table.
    pub table: bool,
    /// A security group.
    pub group: bool,
    /// The instance profile, and so the role.
    pub role: bool,
}

impl Shared {
    fn any(self) -> bool {
        self.subnet || self.acl || self.table || self.group || self.role
    }
}

impl Neighbourhood {
    /// How many neighbours share something.
    pub fn count(&self, shares: impl Fn(&Shared) -> bool) -> usize {
        self.neighbours
            .iter()
            .filter(|it| shares(&it.shared))
            .count()
    }

    /// The neighbours in the suspect's own subnets, counted by kind.
    pub fn subnet_kinds(&self) -> BTreeMap<EniKind, usize> {
        let mut kinds = BTreeMap::new();
        for neighbour in self.neighbours.iter().filter(|it| it.shared.subnet) {
            *kinds.entry(neighbour.kind).or_default() += 1;
        }
        kinds
    }
}

/// Finds everything that shares a scope with `suspect`.
pub fn neighbourhood(estate: &Estate, suspect: &InstanceId) -> Neighbourhood {
    let own: Vec<&Eni> = estate.enis_of_instance(suspect).collect();
    let subnets: BTreeSet<&SubnetId> = own.iter().map(|eni| &eni.subnet).collect();
    let acls: BTreeSet<_> = subnets
        .iter()
        .filter_map(|it| estate.acl_of_subnet(it))
        .map(|it| &it.id)
        .collect();
    let tables: BTreeSet<_> = subnets
        .iter()
        .filter_map(|it| estate.table_of_subnet(it))
        .map(|it| &it.id)
        .collect();
    let groups: BTreeSet<_> = own.iter().flat_map(|eni| &eni.groups).collect();
    let profile = estate.instance(suspect).and_then(|it| it.profile.as_ref());

    let shared = |eni: &Eni| Shared {
        subnet: subnets.contains(&eni.subnet),
        acl: estate
            .acl_of_subnet(&eni.subnet)
            .is_some_and(|it| acls.contains(&it.id)),
        table: estate
            .table_of_subnet(&eni.subnet)
            .is_some_and(|it| tables.contains(&it.id)),
        group: eni.groups.iter().any(|it| groups.contains(it)),
        role: profile.is_some()
            && eni
                .instance
                .as_ref()
                .and_then(|it| estate.instance(it))
                .and_then(|it| it.profile.as_ref())
                == profile,
    };
    let mut neighbours: Vec<Neighbour> = estate
        .enis()
        .filter(|eni| eni.instance.as_ref() != Some(suspect))
        .map(|eni| Neighbour {
            eni: eni.id.clone(),
            kind: eni.kind,
            label: eni_label(estate, eni),
            instance: eni.instance.clone(),
            shared: shared(eni),
        })
        .filter(|neighbour| neighbour.shared.any())
        .collect();
    neighbours.sort_by(|a, b| {
        let key = |it: &Neighbour| (!it.shared.subnet, !it.shared.acl, rank(it.kind));
        key(a)
            .cmp(&key(b))
            .then_with(|| a.label.cmp(&b.label))
            .then_with(|| a.eni.cmp(&b.eni))
    });
    Neighbourhood {
        neighbours,
        subnets: subnets.into_iter().cloned().collect(),
    }
}

/// What others depend on comes first: a list that is cut off must not hide the NAT gateway.
fn rank(kind: EniKind) -> u8 {
    match kind {
        EniKind::NatGateway => 0,
        EniKind::LoadBalancer => 1,
        EniKind::Endpoint | EniKind::TransitGateway => 2,
        EniKind::Rds | EniKind::Cache | EniKind::Efs => 3,
        EniKind::Instance => 5,
        EniKind::Unattached => 6,
        EniKind::Lambda | EniKind::Eks | EniKind::EcsTask | EniKind::Service => 4,
    }
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
        None => eni.description.clone(),
    };
    if which.is_empty() {
        eni.kind.name().to_string()
    } else {
        format!("{} {which}", eni.kind.name())
    }
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
            around.count(|it| it.subnet),
            3,
            "web-2, the NAT gateway and the endpoint"
        );
        assert_eq!(
            around.count(|it| it.acl),
            4,
            "and web-3 in the other subnet of the NACL"
        );
        assert_eq!(around.count(|it| it.table), 3);
        assert_eq!(around.count(|it| it.group), 2, "web-2 and web-3");
        assert_eq!(around.count(|it| it.role), 1, "web-2");
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
}
