//! Which permission is granted on what: one table, from which every policy is a selection.

/// Actions that are granted on the same resources, under the same condition.
#[derive(Debug)]
pub(super) struct Grant {
    /// What it is for.
    pub(super) sid: &'static str,
    pub(super) actions: &'static [&'static str],
    pub(super) resources: &'static [&'static str],
    pub(super) condition: Condition,
}

/// When a grant holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    /// Always.
    None,
    /// Only while one of the calls that are granted makes the resource.
    WhenMade,
    /// Only for tags of this program's own.
    OwnKeys,
    /// Only on what this program made for a suspect.
    OwnMake,
    /// Only for EC2 to take on.
    ToEc2,
}

/// The calls that tag what they make.
pub(super) const MAKERS: [&str; 6] = [
    "ec2:CreateImage",
    "ec2:CreateNetworkAcl",
    "ec2:CreateNetworkInterface",
    "ec2:CreateRouteTable",
    "ec2:CreateSecurityGroup",
    "ec2:CreateSnapshots",
];

const ACLS: &str = "arn:*:ec2:*:*:network-acl/*";
const ADDRESSES: &str = "arn:*:ec2:*:*:elastic-ip/*";
const ENIS: &str = "arn:*:ec2:*:*:network-interface/*";
const GROUPS: &str = "arn:*:ec2:*:*:security-group/*";
const IMAGES: &str = "arn:*:ec2:*:*:image/*";
const INSTANCES: &str = "arn:*:ec2:*:*:instance/*";
const SNAPSHOTS: &str = "arn:*:ec2:*:*:snapshot/*";
const SUBNETS: &str = "arn:*:ec2:*:*:subnet/*";
const TABLES: &str = "arn:*:ec2:*:*:route-table/*";
const VOLUMES: &str = "arn:*:ec2:*:*:volume/*";
const VPCS: &str = "arn:*:ec2:*:*:vpc/*";
const ROLES: &str = "arn:*:iam::*:role/*";

/// Everything, in the order of the statements.
pub(super) const GRANTS: [Grant; 24] = [
    Grant {
        // None of these can be narrowed to resources.
        sid: "ReadTheNetworkAndItsInstances",
        actions: &[
            "autoscaling:DescribeAutoScalingGroups",
            "autoscaling:DescribeAutoScalingInstances",
            "ec2:DescribeAddresses",
            "ec2:DescribeEgressOnlyInternetGateways",
            "ec2:DescribeFlowLogs",
            "ec2:DescribeIamInstanceProfileAssociations",
            "ec2:DescribeImages",
            "ec2:DescribeInstanceAttribute",
            "ec2:DescribeInstances",
            "ec2:DescribeInternetGateways",
            "ec2:DescribeManagedPrefixLists",
            "ec2:DescribeNatGateways",
            "ec2:DescribeNetworkAcls",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribePrefixLists",
            "ec2:DescribeRouteTables",
            "ec2:DescribeSecurityGroupRules",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSnapshots",
            "ec2:DescribeSubnets",
            "ec2:DescribeTags",
            "ec2:DescribeVolumes",
            "ec2:DescribeVpcEndpoints",
            "ec2:DescribeVpcPeeringConnections",
            "ec2:DescribeVpcs",
            "ec2:GetManagedPrefixListEntries",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
            "guardduty:ListDetectors",
            "ssm:DescribeInstanceInformation",
            "ssm:GetCommandInvocation",
            "ssm:ListCommandInvocations",
            "ssm:ListCommands",
        ],
        resources: &["*"],
        condition: Condition::None,
    },
    Grant {
        sid: "ReadFindings",
        actions: &["guardduty:GetFindings", "guardduty:ListFindings"],
        resources: &["arn:*:guardduty:*:*:detector/*"],
        condition: Condition::None,
    },
    Grant {
        sid: "ReadFlowLogs",
        actions: &["logs:DescribeLogStreams", "logs:FilterLogEvents"],
        resources: &["arn:*:logs:*:*:log-group:*"],
        condition: Condition::None,
    },
    Grant {
        sid: "ReadTheRolesOfInstances",
        actions: &["iam:GetInstanceProfile"],
        resources: &["arn:*:iam::*:instance-profile/*"],
        condition: Condition::None,
    },
    Grant {
        sid: "ReadConsoleOutput",
        actions: &["ec2:GetConsoleOutput"],
        resources: &[INSTANCES],
        condition: Condition::None,
    },
    Grant {
        sid: "TagWhatIsMade",
        actions: &["ec2:CreateTags"],
        resources: &[ACLS, ENIS, GROUPS, IMAGES, SNAPSHOTS, TABLES],
        condition: Condition::WhenMade,
    },
    Grant {
        sid: "TagWhatIsChanged",
        actions: &["ec2:CreateTags", "ec2:DeleteTags"],
        resources: &[ACLS, ENIS, GROUPS, INSTANCES, SUBNETS, TABLES],
        condition: Condition::OwnKeys,
    },
    Grant {
        sid: "MakeGroups",
        actions: &["ec2:CreateSecurityGroup"],
        resources: &[GROUPS, VPCS],
        condition: Condition::None,
    },
    Grant {
        sid: "ChangeRules",
        actions: &[
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
        ],
        resources: &[GROUPS],
        condition: Condition::None,
    },
    Grant {
        sid: "ChangeInterfaces",
        actions: &[
            "ec2:DetachNetworkInterface",
            "ec2:ModifyNetworkInterfaceAttribute",
        ],
        resources: &[ENIS, GROUPS, INSTANCES],
        condition: Condition::None,
    },
    Grant {
        sid: "MakeInterfaces",
        actions: &["ec2:CreateNetworkInterface"],
        resources: &[ENIS, GROUPS, SUBNETS],
        condition: Condition::None,
    },
    Grant {
        sid: "MovePublicAddresses",
        actions: &["ec2:AssociateAddress", "ec2:DisassociateAddress"],
        resources: &[ADDRESSES, ENIS, INSTANCES],
        condition: Condition::None,
    },
    Grant {
        sid: "MakeNetworkAcls",
        actions: &["ec2:CreateNetworkAcl"],
        resources: &[ACLS, VPCS],
        condition: Condition::None,
    },
    Grant {
        sid: "ChangeNetworkAcls",
        actions: &[
            "ec2:CreateNetworkAclEntry",
            "ec2:DeleteNetworkAclEntry",
            "ec2:ReplaceNetworkAclAssociation",
            "ec2:ReplaceNetworkAclEntry",
        ],
        resources: &[ACLS, SUBNETS],
        condition: Condition::None,
    },
    Grant {
        sid: "MakeRouteTables",
        actions: &["ec2:CreateRouteTable"],
        resources: &[TABLES, VPCS],
        condition: Condition::None,
    },
    Grant {
        sid: "ChangeRoutes",
        actions: &[
            "ec2:AssociateRouteTable",
            "ec2:CreateRoute",
            "ec2:DeleteRoute",
            "ec2:DisassociateRouteTable",
            "ec2:ReplaceRoute",
            "ec2:ReplaceRouteTableAssociation",
        ],
        resources: &[SUBNETS, TABLES],
        condition: Condition::None,
    },
    Grant {
        sid: "DeleteWhatWasMade",
        actions: &[
            "ec2:DeleteNetworkAcl",
            "ec2:DeleteNetworkInterface",
            "ec2:DeleteRouteTable",
            "ec2:DeleteSecurityGroup",
        ],
        resources: &[ACLS, ENIS, GROUPS, TABLES],
        condition: Condition::OwnMake,
    },
    Grant {
        sid: "ChangeInstances",
        actions: &[
            "ec2:AssociateIamInstanceProfile",
            "ec2:DisassociateIamInstanceProfile",
            "ec2:ModifyInstanceAttribute",
            "ec2:ModifyInstanceMetadataOptions",
            "ec2:StartInstances",
            "ec2:StopInstances",
        ],
        resources: &[INSTANCES, VOLUMES],
        condition: Condition::None,
    },
    Grant {
        sid: "CopyVolumes",
        actions: &["ec2:CreateImage", "ec2:CreateSnapshots"],
        resources: &[IMAGES, INSTANCES, SNAPSHOTS, VOLUMES],
        condition: Condition::None,
    },
    Grant {
        sid: "DenyRoles",
        actions: &[
            "iam:DeleteRolePolicy",
            "iam:GetRolePolicy",
            "iam:PutRolePolicy",
        ],
        resources: &[ROLES],
        condition: Condition::None,
    },
    Grant {
        sid: "GiveRolesBack",
        actions: &["iam:PassRole"],
        resources: &[ROLES],
        condition: Condition::ToEc2,
    },
    Grant {
        sid: "LeaveAutoScalingGroups",
        actions: &[
            "autoscaling:AttachInstances",
            "autoscaling:DetachInstances",
            "autoscaling:EnterStandby",
            "autoscaling:ExitStandby",
            "autoscaling:UpdateAutoScalingGroup",
        ],
        resources: &["arn:*:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/*"],
        condition: Condition::None,
    },
    Grant {
        sid: "LeaveTargetGroups",
        actions: &[
            "elasticloadbalancing:DeregisterTargets",
            "elasticloadbalancing:RegisterTargets",
        ],
        resources: &["arn:*:elasticloadbalancing:*:*:targetgroup/*/*"],
        condition: Condition::None,
    },
    Grant {
        sid: "RunCommandsInGuests",
        actions: &["ssm:SendCommand"],
        resources: &[
            INSTANCES,
            "arn:*:ssm:*:*:document/AWS-RunPowerShellScript",
            "arn:*:ssm:*:*:document/AWS-RunShellScript",
        ],
        condition: Condition::None,
    },
];
