//! An estate that is there as a whole, answered for piece by piece as an account is.

use std::collections::BTreeSet;

use super::port::Scope;
use crate::model::{Estate, FlowLog, InstanceId, Part, PartKind, SubnetId, VpcId};

/// The VPCs of these instances, each once. An instance that is not there is in none.
pub fn vpcs_of(estate: &Estate, instances: &[InstanceId]) -> Vec<VpcId> {
    let found = instances.iter().filter_map(|id| estate.instance(id));
    let vpcs: BTreeSet<VpcId> = found.filter_map(|it| it.vpc.clone()).collect();
    vpcs.into_iter().collect()
}

/// One part of the estate, limited to a scope.
pub fn part_of(estate: &Estate, kind: PartKind, scope: &Scope) -> Part {
    let within = |vpc: &VpcId| scope.vpcs.contains(vpc);
    let of = scope.instances.iter();
    match kind {
        PartKind::Vpcs => Part::Vpcs(only(estate.vpcs(), |it| within(&it.id))),
        PartKind::Subnets => Part::Subnets(only(estate.subnets(), |it| within(&it.vpc))),
        PartKind::Enis => Part::Enis(only(estate.enis(), |it| within(&it.vpc))),
        PartKind::Instances => Part::Instances(only(estate.instances(), |it| {
            it.vpc.as_ref().is_some_and(within)
        })),
        PartKind::Groups => Part::Groups(only(estate.groups(), |it| within(&it.vpc))),
        PartKind::Acls => Part::Acls(only(estate.acls(), |it| within(&it.vpc))),
        PartKind::RouteTables => {
            Part::RouteTables(only(estate.route_tables(), |it| within(&it.vpc)))
        }
        PartKind::Gateways => Part::Gateways(only(estate.gateways(), |it| within(&it.vpc))),
        PartKind::Peerings => Part::Peerings(only(estate.peerings(), |it| {
            it.sides.iter().any(|side| within(&side.vpc))
        })),
        PartKind::PrefixLists => Part::PrefixLists(only(estate.prefix_lists(), |_| true)),
        PartKind::Volumes => {
            Part::Volumes(of.flat_map(|id| estate.volumes_of(id)).cloned().collect())
        }
        PartKind::AsgMemberships => {
            Part::AsgMemberships(of.filter_map(|id| estate.asg_of(id)).cloned().collect())
        }
        PartKind::TargetMemberships => {
            Part::TargetMemberships(of.flat_map(|id| estate.targets_of(id)).cloned().collect())
        }
        PartKind::Profiles => Part::Profiles(only(estate.profiles().iter(), |profile| {
            let mut users = profile.users.iter();
            users.any(|it| scope.instances.contains(it))
        })),
        PartKind::FlowLogs => Part::FlowLogs(only(estate.flow_logs().iter(), |it| {
            vpc_of(estate, it).is_some_and(|vpc| within(&vpc))
        })),
    }
}

/// The VPC in which a flow log's resource lies.
fn vpc_of(estate: &Estate, log: &FlowLog) -> Option<VpcId> {
    let resource = log.resource.as_str();
    let subnet = estate.subnet(&SubnetId::new(resource));
    let eni = estate.eni(&resource.into());
    let vpc = subnet.map(|it| it.vpc.clone());
    let vpc = vpc.or_else(|| eni.map(|it| it.vpc.clone()));
    vpc.or_else(|| resource.starts_with("vpc-").then(|| resource.into()))
}

fn only<'a, T: Clone + 'a>(
    all: impl Iterator<Item = &'a T>,
    wanted: impl Fn(&T) -> bool,
) -> Vec<T> {
    all.filter(|it| wanted(it)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FlowLogDestination;
    use crate::model::fixture::estate;

    #[test]
    fn flow_logs_are_those_of_the_scopes_resources() {
        let log = |resource: &str| FlowLog {
            id: format!("fl-{resource}"),
            resource: resource.into(),
            destination: FlowLogDestination::LogGroup("/flow".into()),
            format: String::new(),
            aggregation_seconds: 60,
            traffic: "ALL".into(),
            delivery_error: None,
        };
        let mut estate = estate();
        let resources = [
            "vpc-1", "vpc-2", "subnet-a", "subnet-x", "eni-web1", "tgw-1",
        ];
        estate.replace(Part::FlowLogs(resources.map(log).to_vec()));
        let scope = Scope {
            vpcs: ["vpc-1".into()].into(),
            instances: Vec::new(),
        };
        let Part::FlowLogs(logs) = part_of(&estate, PartKind::FlowLogs, &scope) else {
            panic!("flow logs");
        };
        let logs: Vec<&str> = logs.iter().map(|it| it.resource.as_str()).collect();
        assert_eq!(logs, ["vpc-1", "subnet-a", "eni-web1"]);
    }
}
