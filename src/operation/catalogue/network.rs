//! Security groups, interfaces, network ACLs and routes.

use super::Facts;

pub(super) const CREATE_GROUP: Facts = Facts::new(
    "ec2:CreateSecurityGroup",
    &[
        "ec2:CreateSecurityGroup",
        "ec2:CreateTags",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html",
);

pub(super) const AUTHORIZE_INGRESS: Facts = Facts::new(
    "ec2:AuthorizeSecurityGroupIngress",
    &[
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html",
);

pub(super) const AUTHORIZE_EGRESS: Facts = Facts::new(
    "ec2:AuthorizeSecurityGroupEgress",
    &[
        "ec2:AuthorizeSecurityGroupEgress",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupEgress.html",
);

pub(super) const REVOKE_INGRESS: Facts = Facts::new(
    "ec2:RevokeSecurityGroupIngress",
    &[
        "ec2:RevokeSecurityGroupIngress",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupIngress.html",
);

pub(super) const REVOKE_EGRESS: Facts = Facts::new(
    "ec2:RevokeSecurityGroupEgress",
    &[
        "ec2:RevokeSecurityGroupEgress",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupEgress.html",
);

pub(super) const REVOKE_SOME_INGRESS: Facts = Facts::new(
    "ec2:RevokeSecurityGroupIngress",
    &[
        "ec2:RevokeSecurityGroupIngress",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupIngress.html",
);

pub(super) const REVOKE_SOME_EGRESS: Facts = Facts::new(
    "ec2:RevokeSecurityGroupEgress",
    &[
        "ec2:RevokeSecurityGroupEgress",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupEgress.html",
);

/// What is deleted gets another id when it is made again.
pub(super) const DELETE_GROUP: Facts = Facts::new(
    "ec2:DeleteSecurityGroup",
    &[
        "ec2:DeleteSecurityGroup",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html",
)
.one_way();

pub(super) const SET_ENI_GROUPS: Facts = Facts::new(
    "ec2:ModifyNetworkInterfaceAttribute",
    &[
        "ec2:ModifyNetworkInterfaceAttribute",
        "ec2:DescribeNetworkInterfaces",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html",
);

pub(super) const SET_INSTANCE_GROUPS: Facts = Facts::new(
    "ec2:ModifyInstanceAttribute",
    &[
        "ec2:ModifyInstanceAttribute",
        "ec2:DescribeNetworkInterfaces",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html",
);

/// A timer that was never set can't be set back to "never set".
pub(super) const SET_TRACKING_TIMEOUTS: Facts = Facts::new("ec2:ModifyNetworkInterfaceAttribute", &["ec2:ModifyNetworkInterfaceAttribute", "ec2:DescribeNetworkInterfaces"], "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html").one_way();

pub(super) const CREATE_INTERFACE: Facts = Facts::new(
    "ec2:CreateNetworkInterface",
    &[
        "ec2:CreateNetworkInterface",
        "ec2:CreateTags",
        "ec2:DescribeNetworkInterfaces",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkInterface.html",
);

pub(super) const DELETE_INTERFACE: Facts = Facts::new(
    "ec2:DeleteNetworkInterface",
    &[
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNetworkInterface.html",
)
.one_way();

/// Nothing here attaches an interface.
pub(super) const DETACH_INTERFACE: Facts = Facts::new(
    "ec2:DetachNetworkInterface",
    &[
        "ec2:DetachNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachNetworkInterface.html",
)
.one_way();

pub(super) const DISASSOCIATE_ADDRESS: Facts = Facts::new(
    "ec2:DisassociateAddress",
    &[
        "ec2:DisassociateAddress",
        "ec2:DescribeAddresses",
        "ec2:DescribeNetworkInterfaces",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisassociateAddress.html",
);

pub(super) const ASSOCIATE_ADDRESS: Facts = Facts::new(
    "ec2:AssociateAddress",
    &[
        "ec2:AssociateAddress",
        "ec2:DescribeAddresses",
        "ec2:DescribeNetworkInterfaces",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html",
);

/// AWS gives another address next time.
pub(super) const DROP_PUBLIC_ADDRESS: Facts = Facts::new("ec2:ModifyNetworkInterfaceAttribute", &["ec2:ModifyNetworkInterfaceAttribute", "ec2:DescribeNetworkInterfaces"], "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html").one_way();

pub(super) const CREATE_ACL: Facts = Facts::new(
    "ec2:CreateNetworkAcl",
    &[
        "ec2:CreateNetworkAcl",
        "ec2:CreateTags",
        "ec2:DescribeNetworkAcls",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAcl.html",
);

pub(super) const SET_SUBNET_ACL: Facts = Facts::new(
    "ec2:ReplaceNetworkAclAssociation",
    &[
        "ec2:ReplaceNetworkAclAssociation",
        "ec2:DescribeNetworkAcls",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceNetworkAclAssociation.html",
);

pub(super) const DELETE_ACL: Facts = Facts::new(
    "ec2:DeleteNetworkAcl",
    &["ec2:DeleteNetworkAcl", "ec2:DescribeNetworkAcls"],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNetworkAcl.html",
)
.one_way();

pub(super) const CREATE_ACL_ENTRY: Facts = Facts::new(
    "ec2:CreateNetworkAclEntry",
    &["ec2:CreateNetworkAclEntry", "ec2:DescribeNetworkAcls"],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html",
);

pub(super) const REPLACE_ACL_ENTRY: Facts = Facts::new(
    "ec2:ReplaceNetworkAclEntry",
    &["ec2:ReplaceNetworkAclEntry", "ec2:DescribeNetworkAcls"],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceNetworkAclEntry.html",
);

pub(super) const DELETE_ACL_ENTRY: Facts = Facts::new(
    "ec2:DeleteNetworkAclEntry",
    &["ec2:DeleteNetworkAclEntry", "ec2:DescribeNetworkAcls"],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNetworkAclEntry.html",
);

pub(super) const CREATE_ROUTE_TABLE: Facts = Facts::new(
    "ec2:CreateRouteTable",
    &[
        "ec2:CreateRouteTable",
        "ec2:CreateTags",
        "ec2:DescribeRouteTables",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRouteTable.html",
);

pub(super) const DELETE_ROUTE_TABLE: Facts = Facts::new(
    "ec2:DeleteRouteTable",
    &["ec2:DeleteRouteTable", "ec2:DescribeRouteTables"],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteRouteTable.html",
)
.one_way();

/// A subnet that has no association of its own gets one by `AssociateRouteTable`.
pub(super) const SET_SUBNET_ROUTE_TABLE: Facts = Facts::new(
    "ec2:ReplaceRouteTableAssociation",
    &[
        "ec2:ReplaceRouteTableAssociation",
        "ec2:AssociateRouteTable",
        "ec2:DescribeRouteTables",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceRouteTableAssociation.html",
);

pub(super) const UNSET_SUBNET_ROUTE_TABLE: Facts = Facts::new(
    "ec2:DisassociateRouteTable",
    &["ec2:DisassociateRouteTable", "ec2:DescribeRouteTables"],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisassociateRouteTable.html",
);

pub(super) const SET_MAIN_ROUTE_TABLE: Facts = Facts::new(
    "ec2:ReplaceRouteTableAssociation",
    &[
        "ec2:ReplaceRouteTableAssociation",
        "ec2:DescribeRouteTables",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceRouteTableAssociation.html",
);

pub(super) const CREATE_ROUTE: Facts = Facts::new(
    "ec2:CreateRoute",
    &["ec2:CreateRoute", "ec2:DescribeRouteTables"],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html",
);

pub(super) const REPLACE_ROUTE: Facts = Facts::new(
    "ec2:ReplaceRoute",
    &["ec2:ReplaceRoute", "ec2:DescribeRouteTables"],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceRoute.html",
);

pub(super) const DELETE_ROUTE: Facts = Facts::new(
    "ec2:DeleteRoute",
    &["ec2:DeleteRoute", "ec2:DescribeRouteTables"],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteRoute.html",
);

/// Nothing here attaches a gateway.
pub(super) const DETACH_INTERNET_GATEWAY: Facts = Facts::new(
    "ec2:DetachInternetGateway",
    &["ec2:DetachInternetGateway", "ec2:DescribeInternetGateways"],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachInternetGateway.html",
)
.one_way();
