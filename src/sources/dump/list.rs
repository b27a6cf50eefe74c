//! The lists that answers hold, by the keys of the aws CLI, and what a dump should have of them.

use super::json::is_key;
use crate::model::PartKind;

/// A list of an answer, by its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum List {
    Addresses,
    AutoScalingGroups,
    AutoScalingInstances,
    EgressOnlyInternetGateways,
    FlowLogs,
    /// Answers of `describe-instance-attribute`, which have no list of their own.
    InstanceAttributes,
    InstanceProfiles,
    Instances,
    InternetGateways,
    LoadBalancerTargetHealth,
    ManagedPrefixLists,
    NatGateways,
    NetworkAcls,
    NetworkInterfaces,
    PrefixLists,
    Reservations,
    RouteTables,
    SecurityGroupRules,
    SecurityGroups,
    Subnets,
    TargetGroups,
    Volumes,
    VpcEndpoints,
    VpcPeeringConnections,
    Vpcs,
}

impl List {
    const ALL: [Self; 25] = [
        Self::Addresses,
        Self::AutoScalingGroups,
        Self::AutoScalingInstances,
        Self::EgressOnlyInternetGateways,
        Self::FlowLogs,
        Self::InstanceAttributes,
        Self::InstanceProfiles,
        Self::Instances,
        Self::InternetGateways,
        Self::LoadBalancerTargetHealth,
        Self::ManagedPrefixLists,
        Self::NatGateways,
        Self::NetworkAcls,
        Self::NetworkInterfaces,
        Self::PrefixLists,
        Self::Reservations,
        Self::RouteTables,
        Self::SecurityGroupRules,
        Self::SecurityGroups,
        Self::Subnets,
        Self::TargetGroups,
        Self::Volumes,
        Self::VpcEndpoints,
        Self::VpcPeeringConnections,
        Self::Vpcs,
    ];

    /// The key, as the aws CLI prints it.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Addresses => "Addresses",
            Self::AutoScalingGroups => "AutoScalingGroups",
            Self::AutoScalingInstances => "AutoScalingInstances",
            Self::EgressOnlyInternetGateways => "EgressOnlyInternetGateways",
            Self::FlowLogs => "FlowLogs",
            Self::InstanceAttributes => "InstanceAttributes",
            Self::InstanceProfiles => "InstanceProfiles",
            Self::Instances => "Instances",
            Self::InternetGateways => "InternetGateways",
            Self::LoadBalancerTargetHealth => "LoadBalancerTargetHealth",
            Self::ManagedPrefixLists => "ManagedPrefixLists",
            Self::NatGateways => "NatGateways",
            Self::NetworkAcls => "NetworkAcls",
            Self::NetworkInterfaces => "NetworkInterfaces",
            Self::PrefixLists => "PrefixLists",
            Self::Reservations => "Reservations",
            Self::RouteTables => "RouteTables",
            Self::SecurityGroupRules => "SecurityGroupRules",
            Self::SecurityGroups => "SecurityGroups",
            Self::Subnets => "Subnets",
            Self::TargetGroups => "TargetGroups",
            Self::Volumes => "Volumes",
            Self::VpcEndpoints => "VpcEndpoints",
            Self::VpcPeeringConnections => "VpcPeeringConnections",
            Self::Vpcs => "Vpcs",
        }
    }

    /// The list that stands under this key.
    pub(super) fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| is_key(key, it.key()))
    }

    /// The list that a file is named after: `ec2-describe-network-interfaces-2.json`,
    /// `RouteTables.json`, `instances.json`.
    pub(super) fn of_file(file: &str) -> Option<Self> {
        let name = file.rsplit('/').next()?;
        let stem = name.strip_suffix(".gz").unwrap_or(name);
        let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
        let letters = stem.chars().filter(char::is_ascii_alphabetic);
        let letters: String = letters.map(|it| it.to_ascii_lowercase()).collect();
        let name = ["page", "part"]
            .iter()
            .find_map(|end| letters.strip_suffix(end))
            .unwrap_or(&letters);
        // The longest, for managed prefix lists are prefix lists.
        let named = Self::ALL
            .into_iter()
            .filter(|it| name.ends_with(&it.key().to_ascii_lowercase()));
        named.max_by_key(|it| it.key().len())
    }
}

/// What has to be there for a part of the estate to be complete: any of the keys, the part, and the
/// aws CLI's call.
pub(super) const WANTED: [(&[List], PartKind, &str); 18] = [
    (&[List::Vpcs], PartKind::Vpcs, "ec2 describe-vpcs"),
    (&[List::Subnets], PartKind::Subnets, "ec2 describe-subnets"),
    (
        &[List::NetworkInterfaces],
        PartKind::Enis,
        "ec2 describe-network-interfaces",
    ),
    (
        &[List::Reservations, List::Instances],
        PartKind::Instances,
        "ec2 describe-instances",
    ),
    (
        &[List::SecurityGroups],
        PartKind::Groups,
        "ec2 describe-security-groups",
    ),
    (
        &[List::NetworkAcls],
        PartKind::Acls,
        "ec2 describe-network-acls",
    ),
    (
        &[List::RouteTables],
        PartKind::RouteTables,
        "ec2 describe-route-tables",
    ),
    (
        &[List::InternetGateways],
        PartKind::Gateways,
        "ec2 describe-internet-gateways",
    ),
    (
        &[List::EgressOnlyInternetGateways],
        PartKind::Gateways,
        "ec2 describe-egress-only-internet-gateways",
    ),
    (
        &[List::NatGateways],
        PartKind::Gateways,
        "ec2 describe-nat-gateways",
    ),
    (
        &[List::VpcEndpoints],
        PartKind::Gateways,
        "ec2 describe-vpc-endpoints",
    ),
    (
        &[List::VpcPeeringConnections],
        PartKind::Peerings,
        "ec2 describe-vpc-peering-connections",
    ),
    (
        &[List::PrefixLists, List::ManagedPrefixLists],
        PartKind::PrefixLists,
        "ec2 describe-prefix-lists",
    ),
    (&[List::Volumes], PartKind::Volumes, "ec2 describe-volumes"),
    (
        &[List::AutoScalingInstances, List::AutoScalingGroups],
        PartKind::AsgMemberships,
        "autoscaling describe-auto-scaling-instances",
    ),
    (
        &[List::LoadBalancerTargetHealth],
        PartKind::TargetMemberships,
        "elbv2 describe-target-health",
    ),
    (
        &[List::InstanceProfiles],
        PartKind::Profiles,
        "iam list-instance-profiles",
    ),
    (
        &[List::FlowLogs],
        PartKind::FlowLogs,
        "ec2 describe-flow-logs",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_lists_are_named_by_their_file() {
        for (file, list) in [
            ("NetworkInterfaces.json", Some(List::NetworkInterfaces)),
            (
                "a/managed-prefix-lists.json",
                Some(List::ManagedPrefixLists),
            ),
            (
                "a/ec2_describe_prefix_lists.json.gz",
                Some(List::PrefixLists),
            ),
            ("a/describe-instances.json", Some(List::Instances)),
            ("a/ec2.DescribeVpcs_1.json", Some(List::Vpcs)),
            (
                "a/describe-auto-scaling-instances.json",
                Some(List::AutoScalingInstances),
            ),
            ("a/notes.json", None),
        ] {
            assert_eq!(List::of_file(file), list, "{file}");
        }
    }

    #[test]
    fn keys_are_in_either_case() {
        for (key, list) in [
            ("Vpcs", Some(List::Vpcs)),
            ("vpcs", Some(List::Vpcs)),
            ("networkAcls", Some(List::NetworkAcls)),
            ("networkacls", None),
            ("", None),
        ] {
            assert_eq!(List::of_key(key), list, "{key}");
        }
        for list in List::ALL {
            assert_eq!(List::of_key(list.key()), Some(list));
        }
    }
}
