//! Instances and what hangs on them, as their describe calls answer them.

use serde_json::{Value, json};

use super::network::name_tag;
use crate::model::{AsgMembership, Instance, InstanceProfile, Platform, TargetMembership, Volume};

/// An instance in a reservation of its own.
pub(super) fn reservation(it: &Instance) -> Value {
    let mut tags = name_tag(&it.name);
    let others = it.tags.iter();
    tags.extend(others.map(|(key, value)| json!({"Key": key, "Value": value})));
    // The account that it belongs to is not known here; only the name counts.
    let profile = it
        .profile
        .as_ref()
        .map(|name| json!({"Arn": format!("arn:aws:iam::000000000000:instance-profile/{name}")}));
    let instance = json!({
        "InstanceId": it.id,
        "InstanceType": it.instance_type,
        "State": {"Name": it.state.name()},
        "VpcId": it.vpc,
        "SubnetId": it.subnet,
        "IamInstanceProfile": profile,
        "LaunchTime": it.launched.map(|at| at.to_rfc3339()),
        "Platform": (it.platform == Platform::Windows).then_some("windows"),
        "InstanceLifecycle": it.spot.then_some("spot"),
        "ImageId": it.image,
        "HibernationOptions": it.attributes.hibernation.map(|it| json!({"Configured": it})),
        "MetadataOptions": it.attributes.metadata.map(|it| {
            json!({"HttpEndpoint": if it { "enabled" } else { "disabled" }})
        }),
        "Tags": tags,
    });
    json!({"Instances": [instance]})
}

/// What `describe-instance-attribute` answers of an instance, in one answer; `None`: nothing was read.
pub(super) fn attributes(it: &Instance) -> Option<Value> {
    let own = &it.attributes;
    let apart = (
        own.termination_protection,
        own.stop_protection,
        own.shutdown,
    );
    (apart != (None, None, None)).then(|| {
        let flag = |value: Option<bool>| value.map(|it| json!({"Value": it}));
        json!({
            "InstanceId": it.id,
            "DisableApiTermination": flag(own.termination_protection),
            "DisableApiStop": flag(own.stop_protection),
            "InstanceInitiatedShutdownBehavior":
                own.shutdown.map(|it| json!({"Value": it.name()})),
        })
    })
}

/// A volume with one attachment.
pub(super) fn volume(it: &Volume) -> Value {
    json!({
        "VolumeId": it.id,
        "Size": it.size_gib,
        "Encrypted": it.encrypted,
        "Attachments": [{
            "VolumeId": it.id,
            "InstanceId": it.instance,
            "Device": it.device,
            "DeleteOnTermination": it.delete_on_termination,
        }],
    })
}

pub(super) fn asg_membership(it: &AsgMembership) -> Value {
    json!({
        "InstanceId": it.instance,
        "AutoScalingGroupName": it.group,
        "LifecycleState": it.lifecycle,
        "AutoScalingGroupSize": it.size,
    })
}

/// `Users` is no key of AWS's answer, which does not say who has a profile.
pub(super) fn profile(it: &InstanceProfile) -> Value {
    let roles = it.roles.iter().map(|role| json!({"RoleName": role}));
    json!({
        "InstanceProfileName": it.name,
        "Roles": roles.collect::<Vec<_>>(),
        "Users": it.users,
    })
}

/// The health of several target groups in one answer: that of AWS does not name the group.
pub(super) fn target_health(all: &[TargetMembership]) -> Vec<Value> {
    let groups = all.chunk_by(|a, b| (&a.arn, &a.target_group) == (&b.arn, &b.target_group));
    let of_group = |members: &[TargetMembership]| {
        let first = members.first();
        json!({
            "TargetGroupArn": first.map(|it| &it.arn),
            "TargetGroupName": first.map(|it| &it.target_group),
            "TargetHealthDescriptions": members.iter().map(target).collect::<Vec<_>>(),
        })
    };
    groups.map(of_group).collect()
}

fn target(it: &TargetMembership) -> Value {
    json!({
        "Target": {"Id": it.instance, "Port": it.port},
        "TargetHealth": {"State": it.health},
    })
}
