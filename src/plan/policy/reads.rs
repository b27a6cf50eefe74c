//! Every call by which the sources read, by what it is for. A test holds it to the adapter.

/// What one part of the picture takes.
#[derive(Debug)]
pub struct Reads {
    /// What is read.
    pub what: &'static str,
    /// The calls, as IAM names them. `sts:GetCallerIdentity` is not among them: it takes no permission.
    /// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>
    pub calls: &'static [&'static str],
}

/// All of it.
pub const READS: [Reads; 17] = [
    Reads {
        what: "findings",
        calls: &[
            "guardduty:GetFindings",
            "guardduty:ListDetectors",
            "guardduty:ListFindings",
        ],
    },
    Reads {
        what: "flow logs",
        calls: &[
            "ec2:DescribeFlowLogs",
            "logs:DescribeLogStreams",
            "logs:FilterLogEvents",
        ],
    },
    Reads {
        what: "instances",
        calls: &["ec2:DescribeInstances"],
    },
    Reads {
        what: "network interfaces",
        calls: &["ec2:DescribeNetworkInterfaces"],
    },
    Reads {
        what: "subnets",
        calls: &["ec2:DescribeSubnets"],
    },
    Reads {
        what: "security groups",
        calls: &[
            "ec2:DescribeSecurityGroupRules",
            "ec2:DescribeSecurityGroups",
        ],
    },
    Reads {
        what: "network ACLs",
        calls: &["ec2:DescribeNetworkAcls"],
    },
    Reads {
        what: "route tables",
        calls: &["ec2:DescribeRouteTables"],
    },
    Reads {
        what: "VPCs",
        calls: &["ec2:DescribeVpcs"],
    },
    Reads {
        what: "gateways",
        calls: &[
            "ec2:DescribeEgressOnlyInternetGateways",
            "ec2:DescribeInternetGateways",
            "ec2:DescribeNatGateways",
            "ec2:DescribeVpcEndpoints",
        ],
    },
    Reads {
        what: "peering connections",
        calls: &["ec2:DescribeVpcPeeringConnections"],
    },
    Reads {
        what: "prefix lists",
        calls: &[
            "ec2:DescribeManagedPrefixLists",
            "ec2:DescribePrefixLists",
            "ec2:GetManagedPrefixListEntries",
        ],
    },
    Reads {
        what: "volumes",
        calls: &["ec2:DescribeVolumes"],
    },
    Reads {
        what: "Auto Scaling",
        calls: &[
            "autoscaling:DescribeAutoScalingGroups",
            "autoscaling:DescribeAutoScalingInstances",
        ],
    },
    Reads {
        what: "target groups",
        calls: &[
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
        ],
    },
    Reads {
        what: "instance profiles",
        calls: &[
            "ec2:DescribeIamInstanceProfileAssociations",
            "iam:GetInstanceProfile",
        ],
    },
    Reads {
        what: "tags that protect or lock",
        calls: &["ec2:DescribeTags"],
    },
];
