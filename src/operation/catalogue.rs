//! What is constant per operation: one table, from which previews and policies are made.

use super::Operation;
use crate::model::{Direction, GroupRule, RulePeer};

/// The constants of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The API call that makes the change, as IAM names it.
    pub api: &'static str,
    /// Every IAM action that executing and reading back needs.
    pub iam: &'static [&'static str],
    /// Whether AWS offers `DryRun` for it.
    pub dry_run: bool,
    /// Whether the captured state can be restored.
    pub reversible: bool,
    /// AWS's page about the call.
    pub reference: &'static str,
}

const CREATE_GROUP: Facts = Facts {
    api: "ec2:CreateSecurityGroup",
    iam: &[
        "ec2:CreateSecurityGroup",
        "ec2:CreateTags",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
    ],
    dry_run: true,
    reversible: true,
    reference: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html",
};

const AUTHORIZE_INGRESS: Facts = Facts {
    api: "ec2:AuthorizeSecurityGroupIngress",
    iam: &[
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
    ],
    dry_run: true,
    reversible: false,
    reference: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html",
};

const AUTHORIZE_EGRESS: Facts = Facts {
    api: "ec2:AuthorizeSecurityGroupEgress",
    iam: &[
        "ec2:AuthorizeSecurityGroupEgress",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
    ],
    reference: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupEgress.html",
    ..AUTHORIZE_INGRESS
};

const REVOKE_INGRESS: Facts = Facts {
    api: "ec2:RevokeSecurityGroupIngress",
    iam: &[
        "ec2:RevokeSecurityGroupIngress",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
    ],
    reference: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupIngress.html",
    reversible: true,
    ..AUTHORIZE_INGRESS
};

const REVOKE_EGRESS: Facts = Facts {
    api: "ec2:RevokeSecurityGroupEgress",
    iam: &[
        "ec2:RevokeSecurityGroupEgress",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
    ],
    reference: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupEgress.html",
    reversible: true,
    ..AUTHORIZE_INGRESS
};

const SET_ENI_GROUPS: Facts = Facts {
    api: "ec2:ModifyNetworkInterfaceAttribute",
    iam: &[
        "ec2:ModifyNetworkInterfaceAttribute",
        "ec2:DescribeNetworkInterfaces",
    ],
    dry_run: true,
    reversible: true,
    reference: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html",
};

/// A timer that was never set can't be set back to "never set".
const SET_TRACKING_TIMEOUTS: Facts = Facts {
    reversible: false,
    ..SET_ENI_GROUPS
};

const CREATE_ACL: Facts = Facts {
    api: "ec2:CreateNetworkAcl",
    iam: &[
        "ec2:CreateNetworkAcl",
        "ec2:CreateTags",
        "ec2:DescribeNetworkAcls",
    ],
    dry_run: true,
    reversible: true,
    reference: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAcl.html",
};

const SET_SUBNET_ACL: Facts = Facts {
    api: "ec2:ReplaceNetworkAclAssociation",
    iam: &[
        "ec2:ReplaceNetworkAclAssociation",
        "ec2:DescribeNetworkAcls",
    ],
    dry_run: true,
    reversible: true,
    reference: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceNetworkAclAssociation.html",
};

const DELETE_GROUP: Facts = Facts {
    api: "ec2:DeleteSecurityGroup",
    iam: &[
        "ec2:DeleteSecurityGroup",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
    ],
    dry_run: true,
    reversible: false,
    reference: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html",
};

const DELETE_ACL: Facts = Facts {
    api: "ec2:DeleteNetworkAcl",
    iam: &["ec2:DeleteNetworkAcl", "ec2:DescribeNetworkAcls"],
    dry_run: true,
    reversible: false,
    reference: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNetworkAcl.html",
};

impl Operation {
    /// The constants of this operation.
    pub fn facts(&self) -> &'static Facts {
        match self {
            Self::CreateGroup { .. } => &CREATE_GROUP,
            Self::AuthorizeRules {
                direction: Direction::Ingress,
                ..
            } => &AUTHORIZE_INGRESS,
            Self::AuthorizeRules {
                direction: Direction::Egress,
                ..
            } => &AUTHORIZE_EGRESS,
            Self::RevokeAllRules {
                direction: Direction::Ingress,
                ..
            } => &REVOKE_INGRESS,
            Self::RevokeAllRules {
                direction: Direction::Egress,
                ..
            } => &REVOKE_EGRESS,
            Self::SetEniGroups { .. } => &SET_ENI_GROUPS,
            Self::SetTrackingTimeouts { .. } => &SET_TRACKING_TIMEOUTS,
            Self::CreateAcl { .. } => &CREATE_ACL,
            Self::SetSubnetAcl { .. } => &SET_SUBNET_ACL,
            Self::DeleteGroup { .. } => &DELETE_GROUP,
            Self::DeleteAcl { .. } => &DELETE_ACL,
        }
    }

    /// One line of prose: what changes, on which id.
    pub fn prose(&self) -> String {
        match self {
            Self::CreateGroup { vpc, name, .. } => format!("create security group {name} in {vpc}"),
            Self::AuthorizeRules {
                group,
                direction,
                rules,
            } => {
                let peers: Vec<String> = rules.iter().map(rule_text).collect();
                format!("allow {} {} in {group}", direction.name(), peers.join(", "))
            }
            Self::RevokeAllRules { group, direction } => {
                format!("revoke every {} rule of {group}", direction.name())
            }
            Self::SetEniGroups { eni, groups } => {
                let groups: Vec<String> = groups.iter().map(ToString::to_string).collect();
                format!("set the groups of {eni} to {}", groups.join(", "))
            }
            Self::SetTrackingTimeouts { eni, .. } => {
                format!(
                    "lower the idle timeouts of {eni} to {}",
                    self.timeouts_text()
                )
            }
            Self::CreateAcl { vpc, .. } => format!("create a network ACL without allows in {vpc}"),
            Self::SetSubnetAcl { subnet, acl } => format!("move {subnet} to {acl}"),
            Self::DeleteGroup { group } => format!("delete security group {group}"),
            Self::DeleteAcl { acl } => format!("delete network ACL {acl}"),
        }
    }

    fn timeouts_text(&self) -> String {
        let Self::SetTrackingTimeouts { timeouts, .. } = self else {
            return String::new();
        };
        let timers = [
            ("TcpEstablishedTimeout", timeouts.tcp_established),
            ("UdpTimeout", timeouts.udp),
            ("UdpStreamTimeout", timeouts.udp_stream),
        ];
        let set = timers
            .iter()
            .filter_map(|(name, value)| value.map(|it| format!("{name}={it}")));
        set.collect::<Vec<_>>().join(",")
    }
}

fn rule_text(rule: &GroupRule) -> String {
    let ports = rule
        .ports
        .map(|it| format!(":{}-{}", it.from, it.to))
        .unwrap_or_default();
    let peer = match &rule.peer {
        RulePeer::Cidr(cidr) => cidr.to_string(),
        RulePeer::Group(group) => group.to_string(),
        RulePeer::PrefixList(list) => list.clone(),
    };
    format!("{}{ports} {peer}", rule.protocol)
}
