//! Whom a course of changes reaches besides the suspect, whether or not a flow of theirs is known.

use std::collections::{BTreeMap, BTreeSet};

use super::network::{Ix, Network};
use super::touched::Touched;
use super::verdict::Course;
use crate::model::{
    Eni, EniId, EniKind, Estate, GatewayKind, InstanceId, PartKind, Route, SubnetId,
};

/// Everyone whom a course reaches.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Blast {
    /// Interfaces other than the suspect's whose groups, network ACL or routes change. What they lose, if
    /// anything, is for their flows to say ([`Tally`](super::Tally)).
    pub scope: BTreeSet<EniId>,
    /// The subnets whose network ACL or routes change.
    pub subnets: BTreeSet<SubnetId>,
    /// Other subnets that reach the internet through a NAT gateway, or a service through an endpoint,
    /// in one of those: second order.
    pub dependents: BTreeSet<SubnetId>,
    /// What the estate did not say.
    pub doubts: Vec<String>,
}

impl Blast {
    /// The instances in scope.
    pub fn instances(&self, estate: &Estate) -> BTreeSet<InstanceId> {
        let scope = self.scope.iter().filter_map(|id| estate.eni(id));
        scope.filter_map(|eni| eni.instance.clone()).collect()
    }

    /// The interfaces in scope that are no instance's, by kind.
    pub fn services<'a>(&'a self, estate: &'a Estate) -> BTreeMap<EniKind, Vec<&'a Eni>> {
        let mut kinds: BTreeMap<EniKind, Vec<&Eni>> = BTreeMap::new();
        for eni in self.scope.iter().filter_map(|id| estate.eni(id)) {
            if eni.instance.is_none() {
                kinds.entry(eni.kind).or_default().push(eni);
            }
        }
        kinds
    }
}

/// Finds whom a course reaches besides `suspect`.
pub fn blast(course: Course<'_>, suspect: Option<&InstanceId>) -> Blast {
    let network = course.before;
    let touched = Touched::by(network, course.stages);
    let mut blast = Blast::default();
    if !touched.anything() {
        return blast;
    }
    let estate = network.estate();
    for (ix, subnet) in numbered(&network.subnets) {
        if touched.subnet(Some(ix)) {
            blast.subnets.insert(subnet.id.clone());
        }
    }
    for (ix, eni) in numbered(&network.interfaces) {
        if (suspect.is_some() && eni.instance.as_ref() == suspect)
            || !(touched.interface(Some(ix)) || touched.subnet(eni.subnet))
        {
            continue;
        }
        blast.scope.insert(eni.id.clone());
        if touched.subnet(eni.subnet) {
            serves(network, &eni.id, eni.kind, &mut blast);
        }
    }
    for subnet in &blast.subnets {
        blast.dependents.remove(subnet);
    }
    if estate.freshness(PartKind::Enis).is_none() {
        blast
            .doubts
            .push("the network interfaces were not read: who else is hit is unknown".into());
    }
    blast
}

fn numbered<T>(all: &[T]) -> impl Iterator<Item = (Ix, &T)> {
    (0..).zip(all)
}

/// Notes who depends on an interface in a subnet whose edge changes.
fn serves(network: &Network, eni: &EniId, kind: EniKind, blast: &mut Blast) {
    let estate = network.estate();
    if kind == EniKind::NatGateway {
        blast.doubts.extend(unread(estate, eni));
    }
    blast.dependents.extend(dependents(estate, eni));
}

/// The subnets that reach the internet through an interface, or a service: those behind a NAT gateway, and
/// those that may use an interface endpoint. Empty for any other interface.
pub fn dependents(estate: &Estate, eni: &EniId) -> BTreeSet<SubnetId> {
    let Some(interface) = estate.eni(eni) else {
        return BTreeSet::new();
    };
    match interface.kind {
        EniKind::NatGateway => users_of_nat(estate, eni).collect(),
        // Every subnet of the VPC may use an interface endpoint, and a name leads to each of its
        // interfaces in turn: https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html
        EniKind::Endpoint => {
            let of_vpc = estate.subnets().filter(|it| it.vpc == interface.vpc);
            of_vpc.map(|it| it.id.clone()).collect()
        }
        _ => BTreeSet::new(),
    }
}

/// What must have been read to know who depends on a NAT gateway.
fn unread(estate: &Estate, nat: &EniId) -> Option<String> {
    let parts = [PartKind::RouteTables, PartKind::Gateways, PartKind::Subnets];
    let missing = parts
        .into_iter()
        .find(|it| estate.freshness(*it).is_none())?;
    Some(format!(
        "the {} were not read: which subnets need the NAT gateway of {nat} is unknown",
        missing.name(),
    ))
}

/// The subnets whose route table points at the NAT gateway of an interface.
fn users_of_nat<'a>(estate: &'a Estate, nat: &'a EniId) -> impl Iterator<Item = SubnetId> + 'a {
    let gateways: BTreeSet<&str> = estate
        .gateways()
        .filter(|it| it.kind == GatewayKind::Nat && it.enis.contains(nat))
        .map(|it| it.id.as_str())
        .collect();
    estate.subnets().filter_map(move |subnet| {
        let table = estate.table_of_subnet(&subnet.id)?;
        let uses = |route: &Route| gateways.contains(route.target.as_str());
        table.routes.iter().any(uses).then(|| subnet.id.clone())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Stage;
    use crate::model::id::Id;
    use crate::model::{Part, fixture};

    fn reach(before: &Estate, after: &Estate, suspect: Option<&InstanceId>) -> Blast {
        let network = Network::new(before);
        let stages = [Stage {
            at: 0,
            network: network.after(after),
        }];
        let course = Course {
            before: &network,
            stages: &stages,
        };
        blast(course, suspect)
    }

    fn ids<K>(ids: &BTreeSet<Id<K>>) -> Vec<&str> {
        ids.iter().map(Id::as_str).collect()
    }

    #[test]
    fn a_nacl_swap_reaches_the_subnet_and_those_behind_its_nat_gateway_and_endpoint() {
        let estate = fixture::estate();
        let mut after = estate.clone();
        after.associate_acl(&"subnet-a".into(), &"acl-default".into());
        let blast = reach(&estate, &after, Some(&fixture::suspect()));
        assert_eq!(ids(&blast.scope), ["eni-nat", "eni-ssm", "eni-web2"]);
        assert_eq!(ids(&blast.subnets), ["subnet-a"]);
        assert_eq!(blast.instances(&estate).len(), 1);
        let kinds: Vec<EniKind> = blast.services(&estate).into_keys().collect();
        assert_eq!(kinds, [EniKind::NatGateway, EniKind::Endpoint]);
        assert_eq!(
            ids(&blast.dependents),
            ["subnet-b", "subnet-c"],
            "the endpoint serves all of the VPC; subnet-c uses the NAT gateway by the main table"
        );
    }

    #[test]
    fn a_group_swap_reaches_nobody_else_and_an_edited_group_its_members() {
        let estate = fixture::estate();
        let mut after = estate.clone();
        after.update_eni(&"eni-web1".into(), |it| it.groups = vec!["sg-app".into()]);
        let blast = reach(&estate, &after, Some(&fixture::suspect()));
        assert_eq!(blast, Blast::default());
        let mut after = estate.clone();
        after.update_group(&"sg-web".into(), |it| it.rules.clear());
        let blast = reach(&estate, &after, Some(&fixture::suspect()));
        assert_eq!(ids(&blast.scope), ["eni-web2", "eni-web3"]);
        assert!(blast.subnets.is_empty() && blast.dependents.is_empty());
        let nobody = reach(&estate, &after, None);
        assert!(nobody.scope.contains("eni-web1"), "a review has no suspect");
    }

    #[test]
    fn unread_route_tables_are_a_doubt_about_who_needs_the_nat_gateway() {
        let read = fixture::estate();
        let parts = [
            Part::Subnets(read.subnets().cloned().collect()),
            Part::Enis(read.enis().cloned().collect()),
            Part::Acls(read.acls().cloned().collect()),
        ];
        let estate = Estate::from_parts(parts, fixture::read_at());
        let mut after = estate.clone();
        after.associate_acl(&"subnet-a".into(), &"acl-default".into());
        let blast = reach(&estate, &after, Some(&fixture::suspect()));
        assert_eq!(blast.doubts.len(), 1, "{:?}", blast.doubts);
        assert!(
            blast.doubts[0].contains("route tables"),
            "{:?}",
            blast.doubts
        );
    }
}
