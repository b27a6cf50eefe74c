//! Instances, their identity, the platform around them, and evidence.

use super::Facts;

/// The instance can be started again; its memory and instance store are lost.
pub(super) const STOP_INSTANCE: Facts = Facts::new(
    "ec2:StopInstances",
    &["ec2:StopInstances", "ec2:DescribeInstances"],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StopInstances.html",
);

pub(super) const START_INSTANCE: Facts = Facts::new(
    "ec2:StartInstances",
    &["ec2:StartInstances", "ec2:DescribeInstances"],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StartInstances.html",
);

pub(super) const SET_METADATA_ENDPOINT: Facts = Facts::new(
    "ec2:ModifyInstanceMetadataOptions",
    &["ec2:ModifyInstanceMetadataOptions", "ec2:DescribeInstances"],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceMetadataOptions.html",
);

pub(super) const SET_ATTRIBUTE: Facts = Facts::new(
    "ec2:ModifyInstanceAttribute",
    &[
        "ec2:ModifyInstanceAttribute",
        "ec2:DescribeInstanceAttribute",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html",
);

pub(super) const SET_VOLUME_ATTRIBUTE: Facts = Facts::new(
    "ec2:ModifyInstanceAttribute",
    &["ec2:ModifyInstanceAttribute", "ec2:DescribeInstances"],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html",
);

pub(super) const TAG: Facts = Facts::new(
    "ec2:CreateTags",
    &["ec2:CreateTags", "ec2:DescribeTags"],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html",
);

pub(super) const UNTAG: Facts = Facts::new(
    "ec2:DeleteTags",
    &["ec2:DeleteTags", "ec2:CreateTags", "ec2:DescribeTags"],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteTags.html",
);

/// What a command did in the guest is undone by hand.
pub(super) const RUN_HOST_BLOCK: Facts = Facts::new(
    "ssm:SendCommand",
    &[
        "ssm:SendCommand",
        "ssm:ListCommands",
        "ssm:GetCommandInvocation",
    ],
    "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html",
)
.one_way()
.without_dry_run();

pub(super) const DISASSOCIATE_PROFILE: Facts = Facts::new("ec2:DisassociateIamInstanceProfile", &["ec2:DisassociateIamInstanceProfile", "ec2:DescribeIamInstanceProfileAssociations"], "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisassociateIamInstanceProfile.html").without_dry_run();

pub(super) const ASSOCIATE_PROFILE: Facts = Facts::new(
    "ec2:AssociateIamInstanceProfile",
    &[
        "ec2:AssociateIamInstanceProfile",
        "ec2:DescribeIamInstanceProfileAssociations",
        "iam:PassRole",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateIamInstanceProfile.html",
)
.without_dry_run();

pub(super) const PUT_ROLE_POLICY: Facts = Facts::new(
    "iam:PutRolePolicy",
    &[
        "iam:PutRolePolicy",
        "iam:GetInstanceProfile",
        "iam:GetRolePolicy",
    ],
    "https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html",
)
.without_dry_run();

pub(super) const DELETE_ROLE_POLICY: Facts = Facts::new(
    "iam:DeleteRolePolicy",
    &[
        "iam:DeleteRolePolicy",
        "iam:GetInstanceProfile",
        "iam:GetRolePolicy",
    ],
    "https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRolePolicy.html",
)
.one_way()
.without_dry_run();

pub(super) const SET_ASG_MIN_SIZE: Facts = Facts::new(
    "autoscaling:UpdateAutoScalingGroup",
    &[
        "autoscaling:UpdateAutoScalingGroup",
        "autoscaling:DescribeAutoScalingGroups",
    ],
    "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html",
)
.without_dry_run();

pub(super) const ENTER_STANDBY: Facts = Facts::new(
    "autoscaling:EnterStandby",
    &[
        "autoscaling:EnterStandby",
        "autoscaling:DescribeAutoScalingInstances",
    ],
    "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_EnterStandby.html",
)
.without_dry_run();

pub(super) const EXIT_STANDBY: Facts = Facts::new(
    "autoscaling:ExitStandby",
    &[
        "autoscaling:ExitStandby",
        "autoscaling:DescribeAutoScalingInstances",
    ],
    "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_ExitStandby.html",
)
.without_dry_run();

pub(super) const DETACH_FROM_ASG: Facts = Facts::new(
    "autoscaling:DetachInstances",
    &[
        "autoscaling:DetachInstances",
        "autoscaling:DescribeAutoScalingInstances",
    ],
    "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DetachInstances.html",
)
.without_dry_run();

pub(super) const ATTACH_TO_ASG: Facts = Facts::new(
    "autoscaling:AttachInstances",
    &[
        "autoscaling:AttachInstances",
        "autoscaling:DescribeAutoScalingInstances",
    ],
    "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_AttachInstances.html",
)
.without_dry_run();

pub(super) const DEREGISTER_TARGET: Facts = Facts::new("elasticloadbalancing:DeregisterTargets", &["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:DescribeTargetHealth"], "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeregisterTargets.html").without_dry_run();

pub(super) const REGISTER_TARGET: Facts = Facts::new(
    "elasticloadbalancing:RegisterTargets",
    &[
        "elasticloadbalancing:RegisterTargets",
        "elasticloadbalancing:DescribeTargetHealth",
    ],
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RegisterTargets.html",
)
.without_dry_run();

/// Evidence is never undone.
pub(super) const CREATE_SNAPSHOTS: Facts = Facts::new(
    "ec2:CreateSnapshots",
    &[
        "ec2:CreateSnapshots",
        "ec2:CreateTags",
        "ec2:DescribeSnapshots",
    ],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSnapshots.html",
)
.one_way();

pub(super) const CREATE_IMAGE: Facts = Facts::new(
    "ec2:CreateImage",
    &["ec2:CreateImage", "ec2:CreateTags", "ec2:DescribeImages"],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html",
)
.one_way();

pub(super) const GET_CONSOLE_OUTPUT: Facts = Facts::new(
    "ec2:GetConsoleOutput",
    &["ec2:GetConsoleOutput"],
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html",
)
.one_way();
