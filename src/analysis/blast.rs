//! Whom a plan hits besides the suspect.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Eni, EniId, EniKind, Estate, InstanceId, PartKind, SubnetId};
use crate::operation::Operation;

/// What else is cut.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Blast {
    /// The interfaces that are hit, other than the suspect's own: cut from everything outside their
    /// subnet. Traffic inside a subnet goes on, because a network ACL is evaluated only where
    /// traffic enters or leaves it: <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html>
    pub hits: BTreeSet<EniId>,
    /// Subnets that reach the internet through a NAT gateway that is hit.
    pub dependents: BTreeSet<SubnetId>,
    /// What the estate did not say.
    pub doubts: Vec<String>,
}

impl Blast {
    /// The instances that are hit.
    pub fn instances(&self, estate: &Estate) -> BTreeSet<InstanceId> {
        let hit = self.hits.iter().filter_map(|id| estate.eni(id));
        hit.filter_map(|eni| eni.instance.clone()).collect()
    }

    /// The interfaces hit that are no instance's, by kind.
    pub fn services<'a>(&'a self, estate: &'a Estate) -> BTreeMap<EniKind, Vec<&'a Eni>> {
        let mut kinds: BTreeMap<EniKind, Vec<&Eni>> = BTreeMap::new();
        for eni in self.hits.iter().filter_map(|id| estate.eni(id)) {
            if eni.instance.is_none() {
                kinds.entry(eni.kind).or_default().push(eni);
            }
        }
        kinds
    }
}

/// Finds whom `operations` hit besides `suspect`: first order (cut now), and second order (depends
/// on what is cut).
pub fn blast<'a>(
    estate: &Estate,
    suspect: &InstanceId,
    operations: impl IntoIterator<Item = &'a Operation>,
) -> Blast {
    let mut blast = Blast::default();
    for operation in operations {
        if let Operation::SetSubnetAcl { subnet, .. } = operation {
            subnet_edge(estate, suspect, subnet, &mut blast);
        }
    }
    blast
}

fn subnet_edge(estate: &Estate, suspect: &InstanceId, subnet: &SubnetId, blast: &mut Blast) {
    if estate.subnet(subnet).is_none() {
        blast.doubts.push(format!(
            "{subnet} was not read: who else is in it is unknown"
        ));
    }
    for eni in estate.enis_of_subnet(subnet) {
        if eni.instance.as_ref() == Some(suspect) {
            continue;
        }
        blast.hits.insert(eni.id.clone());
        if eni.kind == EniKind::NatGateway {
            blast.doubts.extend(unread(estate, eni));
            let users = users_of_nat(estate, eni);
            blast.dependents.extend(users.filter(|it| it != subnet));
        }
    }
}

/// What must have been read to know who depends on a NAT gateway.
fn unread(estate: &Estate, nat: &Eni) -> Option<String> {
    let parts = [PartKind::RouteTables, PartKind::Gateways, PartKind::Subnets];
    let missing = parts
        .into_iter()
        .find(|it| estate.freshness(*it).is_none())?;
    Some(format!(
        "the {} were not read: which subnets need the NAT gateway of {} is unknown",
        missing.name(),
        nat.id
    ))
}

/// The subnets whose route table points at the NAT gateway of an interface.
fn users_of_nat<'a>(estate: &'a Estate, nat: &'a Eni) -> impl Iterator<Item = SubnetId> + 'a {
    let gateways: BTreeSet<String> = estate
        .gateways()
        .filter(|it| it.enis.contains(&nat.id))
        .map(|it| it.id.to_string())
        .collect();
    estate.subnets().filter_map(move |subnet| {
        let table = estate.table_of_subnet(&subnet.id)?;
        let uses = table
            .routes
            .iter()
            .any(|route| gateways.contains(&route.target));
        uses.then(|| subnet.id.clone())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Id;
    use crate::model::{Part, fixture};
    use crate::operation::{Ref, StepId};

    fn swap_nacl(subnet: &str) -> Operation {
        Operation::SetSubnetAcl {
            subnet: subnet.into(),
            acl: Ref::Made(StepId(1)),
        }
    }

    #[test]
    fn a_nacl_swap_hits_the_whole_subnet_and_the_subnets_behind_its_nat_gateway() {
        let estate = fixture::estate();
        let blast = blast(&estate, &fixture::suspect(), [&swap_nacl("subnet-a")]);
        let hit: Vec<&str> = blast.hits.iter().map(Id::as_str).collect();
        assert_eq!(hit, ["eni-nat", "eni-ssm", "eni-web2"]);
        assert_eq!(blast.instances(&estate).len(), 1);
        let kinds: Vec<EniKind> = blast.services(&estate).into_keys().collect();
        assert_eq!(kinds, [EniKind::NatGateway, EniKind::Endpoint]);
        let dependents: Vec<&str> = blast.dependents.iter().map(Id::as_str).collect();
        assert_eq!(
            dependents,
            ["subnet-c"],
            "through the main route table, implicitly"
        );
    }

    #[test]
    fn a_group_swap_hits_nobody_else() {
        let swap = Operation::SetEniGroups {
            eni: "eni-web1".into(),
            groups: vec![],
        };
        let blast = blast(&fixture::estate(), &fixture::suspect(), [&swap]);
        assert_eq!(blast, Blast::default());
    }

    #[test]
    fn unread_route_tables_are_a_doubt_about_who_needs_the_nat_gateway() {
        let read = fixture::estate();
        let parts = [
            Part::Subnets(read.subnets().cloned().collect()),
            Part::Enis(read.enis().cloned().collect()),
        ];
        let estate = Estate::from_parts(parts, fixture::read_at());
        let blast = blast(&estate, &fixture::suspect(), [&swap_nacl("subnet-a")]);
        assert_eq!(blast.doubts.len(), 1, "{:?}", blast.doubts);
        assert!(
            blast.doubts[0].contains("route tables"),
            "{:?}",
            blast.doubts
        );
    }

    #[test]
    fn an_unread_subnet_is_a_doubt_not_silence() {
        let blast = blast(
            &fixture::estate(),
            &fixture::suspect(),
            [&swap_nacl("subnet-x")],
        );
        assert_eq!(blast.doubts.len(), 1);
    }
}
