//! Which calls the run of an action and its undo may make, besides tagging: the names by which the
//! operations' own table gives their permissions. A test holds it to the plans.

use crate::plan::catalogue::Action;

const ENI: &str = "ec2:ModifyNetworkInterfaceAttribute";

/// Making groups, filling and emptying them, and taking them away again.
const GROUPS: [&str; 6] = [
    "ec2:CreateSecurityGroup",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:AuthorizeSecurityGroupEgress",
    "ec2:RevokeSecurityGroupIngress",
    "ec2:RevokeSecurityGroupEgress",
    "ec2:DeleteSecurityGroup",
];

const RULES: &[&str] = &[
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:AuthorizeSecurityGroupEgress",
    "ec2:RevokeSecurityGroupIngress",
    "ec2:RevokeSecurityGroupEgress",
];

const SWAP: &[&str] = &[
    GROUPS[0], GROUPS[1], GROUPS[2], GROUPS[3], GROUPS[4], GROUPS[5], ENI,
];

const ENTRIES: &[&str] = &[
    "ec2:CreateNetworkAclEntry",
    "ec2:ReplaceNetworkAclEntry",
    "ec2:DeleteNetworkAclEntry",
];

const PULSE: &[&str] = &[ENTRIES[0], ENTRIES[1], ENTRIES[2], ENI];

const NACL_SWAP: &[&str] = &[
    "ec2:CreateNetworkAcl",
    "ec2:ReplaceNetworkAclAssociation",
    "ec2:DeleteNetworkAcl",
];

const ROUTE_SWAP: &[&str] = &[
    "ec2:CreateRouteTable",
    "ec2:ReplaceRouteTableAssociation",
    "ec2:DisassociateRouteTable",
    "ec2:DeleteRouteTable",
];

const ROUTES: &[&str] = &["ec2:CreateRoute", "ec2:ReplaceRoute", "ec2:DeleteRoute"];

/// A subnet that the main table serves gets a copy of it.
const ROUTES_OFF: &[&str] = &[
    ROUTES[0],
    ROUTES[1],
    ROUTES[2],
    ROUTE_SWAP[0],
    ROUTE_SWAP[1],
    ROUTE_SWAP[2],
    ROUTE_SWAP[3],
];

const BLACKHOLE: &[&str] = &[
    "ec2:CreateNetworkInterface",
    ROUTES[0],
    ROUTES[1],
    ROUTES[2],
    "ec2:DeleteNetworkInterface",
];

const STOP: &[&str] = &[
    "ec2:StopInstances",
    "ec2:StartInstances",
    "ec2:ModifyInstanceAttribute",
];

const DENY: &[&str] = &["iam:PutRolePolicy", "iam:DeleteRolePolicy"];

/// The calls of an action. One that is not possible makes none.
pub(super) fn calls(action: Action) -> &'static [&'static str] {
    match action {
        Action::SgTwoStep | Action::SgSwap => SWAP,
        Action::SgTwoStepStaged => &[ENI],
        Action::SgRevokeRules => RULES,
        Action::PublicIpOff => &["ec2:DisassociateAddress", "ec2:AssociateAddress", ENI],
        Action::Stop | Action::Hibernate => STOP,
        Action::HostBlock => &["ssm:SendCommand"],
        Action::ImdsOff => &["ec2:ModifyInstanceMetadataOptions"],
        Action::NaclSwap => NACL_SWAP,
        Action::NaclPulse => PULSE,
        Action::NaclDenyAll | Action::NaclDenyPeer | Action::NaclFarSide => ENTRIES,
        Action::RouteSwap => ROUTE_SWAP,
        Action::IgwRoutesOff => ROUTES_OFF,
        Action::IgwRoutesOffVpc => ROUTES,
        Action::BlackholeRoute => BLACKHOLE,
        Action::ProfileDetach => &[
            "ec2:DisassociateIamInstanceProfile",
            "ec2:AssociateIamInstanceProfile",
        ],
        Action::SessionsRevoke | Action::InstanceDeny => DENY,
        Action::AsgStandby => &[
            "autoscaling:UpdateAutoScalingGroup",
            "autoscaling:EnterStandby",
            "autoscaling:ExitStandby",
        ],
        Action::AsgDetach => &[
            "autoscaling:UpdateAutoScalingGroup",
            "autoscaling:DetachInstances",
            "autoscaling:AttachInstances",
        ],
        Action::ElbDeregister => &[
            "elasticloadbalancing:DeregisterTargets",
            "elasticloadbalancing:RegisterTargets",
        ],
        Action::Protect => &["ec2:ModifyInstanceAttribute"],
        Action::SnapshotAll => &["ec2:CreateSnapshots"],
        Action::Image => &["ec2:CreateImage"],
        Action::ConsoleOutput => &["ec2:GetConsoleOutput"],
        Action::Tag
        | Action::DeleteAttachedGroup
        | Action::DetachIgw
        | Action::AddGroup
        | Action::MovePrimaryEni
        | Action::NaclOwnAddress
        | Action::DeleteLocalRoute
        | Action::HostRouteInVpc
        | Action::NaclOnVpc
        | Action::FirewallInsideSubnet => &[],
    }
}
