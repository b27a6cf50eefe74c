//! Instances and what hangs on them.

use aws_sdk_autoscaling::types::{AutoScalingGroup, AutoScalingInstanceDetails};
use aws_sdk_ec2::types as sdk;
use aws_sdk_elasticloadbalancingv2::types::{
    TargetGroup, TargetHealthDescription, TargetHealthStateEnum,
};

use super::{name, shown, time};
use crate::model::notation::profile_name;
use crate::model::{
    AsgMembership, AsgName, AsgSize, Instance, InstanceAttributes, InstanceState, Platform,
    TargetMembership, Volume,
};

/// An instance.
pub(in crate::aws) fn instance(it: &sdk::Instance) -> Option<Instance> {
    let state = it.state().and_then(sdk::InstanceState::name);
    Some(Instance {
        id: it.instance_id()?.into(),
        name: name(it.tags()),
        instance_type: shown(it.instance_type().map(sdk::InstanceType::as_str)),
        state: InstanceState::named(state.map_or("", sdk::InstanceStateName::as_str)),
        vpc: it.vpc_id().map(Into::into),
        subnet: it.subnet_id().map(Into::into),
        profile: it
            .iam_instance_profile()
            .and_then(|profile| profile_name(profile.arn()?)),
        launched: time(it.launch_time()),
        platform: match it.platform() {
            Some(platform) if platform.as_str().eq_ignore_ascii_case("windows") => {
                Platform::Windows
            }
            _ => Platform::Unix,
        },
        spot: it
            .instance_lifecycle()
            .is_some_and(|cycle| cycle.as_str() == "spot"),
        image: shown(it.image_id()),
        tags: tags(it.tags()),
        attributes: attributes(it),
    })
}

/// What `DescribeInstances` says of them.
fn attributes(it: &sdk::Instance) -> InstanceAttributes {
    let hibernation = it.hibernation_options();
    let metadata = it.metadata_options();
    let endpoint = metadata.and_then(sdk::InstanceMetadataOptionsResponse::http_endpoint);
    InstanceAttributes {
        hibernation: hibernation.and_then(sdk::HibernationOptions::configured),
        metadata: endpoint.map(|endpoint| endpoint.as_str() == "enabled"),
        ..InstanceAttributes::default()
    }
}

fn tags(tags: &[sdk::Tag]) -> Vec<(String, String)> {
    let others = tags.iter().filter(|tag| tag.key() != Some("Name"));
    others
        .map(|tag| (shown(tag.key()), shown(tag.value())))
        .collect()
}

/// A volume, once per attachment.
pub(in crate::aws) fn volumes(it: &sdk::Volume) -> impl Iterator<Item = Volume> {
    let id = it.volume_id();
    let attachments = it.attachments().iter();
    attachments.filter_map(move |one| {
        Some(Volume {
            id: id?.into(),
            instance: one.instance_id()?.into(),
            device: shown(one.device()),
            size_gib: it
                .size()
                .and_then(|size| u32::try_from(size).ok())
                .unwrap_or(0),
            encrypted: it.encrypted().unwrap_or(false),
            delete_on_termination: one.delete_on_termination().unwrap_or(false),
        })
    })
}

/// A membership in an Auto Scaling group.
pub(in crate::aws) fn asg_membership(it: &AutoScalingInstanceDetails) -> Option<AsgMembership> {
    Some(AsgMembership {
        instance: it.instance_id()?.into(),
        group: it.auto_scaling_group_name()?.into(),
        lifecycle: shown(it.lifecycle_state()),
        size: None,
    })
}

/// How many instances an Auto Scaling group is to have, under its name.
pub(in crate::aws) fn asg_size(it: &AutoScalingGroup) -> Option<(AsgName, AsgSize)> {
    let count = |value: Option<i32>| u32::try_from(value?).ok();
    let size = AsgSize {
        min: count(it.min_size())?,
        desired: count(it.desired_capacity())?,
        max: count(it.max_size())?,
    };
    Some((it.auto_scaling_group_name()?.into(), size))
}

/// A registration in a target group.
pub(in crate::aws) fn target_membership(
    group: &TargetGroup,
    it: &TargetHealthDescription,
) -> Option<TargetMembership> {
    let target = it.target()?;
    let id = target.id().filter(|id| id.starts_with("i-"))?;
    let health = it.target_health().and_then(|health| health.state());
    Some(TargetMembership {
        instance: id.into(),
        target_group: shown(group.target_group_name()),
        arn: shown(group.target_group_arn()),
        port: target.port().and_then(|port| u16::try_from(port).ok()),
        health: shown(health.map(TargetHealthStateEnum::as_str)),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::primitives::DateTime;
    use aws_sdk_ec2::types::{
        IamInstanceProfile, InstanceLifecycleType, InstanceStateName, InstanceType, PlatformValues,
        Tag, VolumeAttachment,
    };
    use aws_sdk_elasticloadbalancingv2::types::{TargetDescription, TargetHealth};

    use super::*;

    #[test]
    fn an_instance_keeps_what_containment_needs() {
        let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
        let made = instance(
            &sdk::Instance::builder()
                .instance_id("i-1")
                .instance_type(InstanceType::M5Large)
                .state(
                    sdk::InstanceState::builder()
                        .name(InstanceStateName::Stopping)
                        .build(),
                )
                .iam_instance_profile(
                    IamInstanceProfile::builder()
                        .arn("arn:aws:iam::111122223333:instance-profile/apps/web")
                        .build(),
                )
                .launch_time(DateTime::from_secs(1_700_000_000))
                .platform(PlatformValues::from("windows"))
                .instance_lifecycle(InstanceLifecycleType::Spot)
                .tags(tag("Name", "web\u{1b}[2J"))
                .tags(tag("team", "shop"))
                .build(),
        )
        .unwrap();
        assert_eq!(made.name, "web\\u{1b}[2J");
        assert_eq!(made.instance_type, "m5.large");
        assert_eq!(made.state, InstanceState::Stopping);
        assert_eq!(made.profile.as_deref(), Some("web"));
        assert_eq!(made.launched.unwrap().timestamp(), 1_700_000_000);
        assert_eq!(made.platform, Platform::Windows);
        assert!(made.spot);
        assert_eq!(made.tags, [("team".to_owned(), "shop".to_owned())]);
    }

    #[test]
    fn states_that_are_new_are_unknown() {
        for (name, state) in [
            ("running", InstanceState::Running),
            ("shutting-down", InstanceState::ShuttingDown),
            ("hibernating", InstanceState::Unknown),
            ("", InstanceState::Unknown),
        ] {
            assert_eq!(InstanceState::named(name), state, "{name}");
        }
    }

    #[test]
    fn a_volume_may_be_attached_twice_or_not_at_all() {
        let to = |id: &str| VolumeAttachment::builder().instance_id(id).build();
        let volume = sdk::Volume::builder().volume_id("vol-1").size(8);
        assert_eq!(volumes(&volume.clone().build()).count(), 0);
        let both = volume.attachments(to("i-1")).attachments(to("i-2")).build();
        let instances: Vec<_> = volumes(&both).map(|it| it.instance).collect();
        assert_eq!(instances, ["i-1".into(), "i-2".into()]);
    }

    #[test]
    fn a_group_of_which_a_size_is_missing_has_none() {
        let group = AutoScalingGroup::builder()
            .auto_scaling_group_name("web")
            .min_size(1)
            .desired_capacity(2);
        assert_eq!(asg_size(&group.clone().build()), None);
        let (name, size) = asg_size(&group.max_size(4).build()).unwrap();
        assert_eq!(
            (name.as_str(), size.min, size.desired, size.max),
            ("web", 1, 2, 4)
        );
    }

    #[test]
    fn only_instances_are_target_members() {
        let group = TargetGroup::builder().target_group_name("web").build();
        for (id, member) in [("i-1", true), ("10.0.0.1", false)] {
            let health = TargetHealthDescription::builder()
                .target(TargetDescription::builder().id(id).port(443).build())
                .target_health(
                    TargetHealth::builder()
                        .state(TargetHealthStateEnum::Healthy)
                        .build(),
                )
                .build();
            let made = target_membership(&group, &health);
            assert_eq!(made.is_some(), member, "{id}");
            assert!(made.is_none_or(|it| it.health == "healthy" && it.port == Some(443)));
        }
    }
}
