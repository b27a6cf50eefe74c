//! Instances and what hangs on them.

use std::collections::BTreeMap;

use super::super::doubt::DoubtKind;
use super::super::envelope::Found;
use super::super::json::Object;
use super::super::list::List;
use super::super::notes::{Notes, Target};
use super::{Item, items, once_by, things};
use crate::model::notation::profile_name;
use crate::model::text::visible;
use crate::model::{
    AsgMembership, AsgSize, Instance, InstanceAttributes, InstanceProfile, InstanceState, Platform,
    Shutdown, TargetMembership, Volume,
};

/// Every instance: in reservations, as AWS answers, or without them.
pub(super) fn instance_items(found: &Found) -> impl Iterator<Item = Item<'_>> {
    let bare = move || items(found, List::Instances);
    items(found, List::Reservations)
        // A bare list of reservations may be named after the call.
        .chain(bare().filter(is_reservation))
        .flat_map(reserved)
        .chain(bare().filter(|it| !is_reservation(it)))
}

fn is_reservation(it: &Item<'_>) -> bool {
    let is = |it: Object<'_>| it.get("InstanceId").is_none() && it.get("Instances").is_some();
    it.object.is_some_and(is)
}

fn reserved(of: Item<'_>) -> impl Iterator<Item = Item<'_>> {
    let all = of.object.map_or(&[][..], |it| it.list("Instances"));
    all.iter().zip(1..).map(move |(value, at)| Item {
        at,
        list: "Instances",
        object: Object::of(value),
        ..of
    })
}

pub(super) fn instances(found: &Found, notes: &mut Notes) -> Vec<Instance> {
    let mut apart = attributes_apart(found, notes);
    things(instance_items(found), "InstanceId", notes, |it| {
        let object = it.object;
        for eni in object.objects("NetworkInterfaces") {
            if let Some(id) = eni.text("NetworkInterfaceId") {
                it.names("NetworkInterfaces", id, Target::Eni);
            }
        }
        let profile = object.object("IamInstanceProfile");
        let state = object.object("State").and_then(|it| it.text("Name"));
        let platform = object.text("Platform").unwrap_or_default();
        Some(Instance {
            id: it.id.into(),
            name: object.tag("Name"),
            instance_type: object.shown("InstanceType"),
            state: InstanceState::named(state.unwrap_or_default()),
            vpc: it.optional_id("VpcId", Target::Vpc).map(Into::into),
            subnet: it.optional_id("SubnetId", Target::Subnet).map(Into::into),
            profile: profile.and_then(|profile| profile_name(profile.text("Arn")?)),
            launched: object.time("LaunchTime"),
            platform: if platform.eq_ignore_ascii_case("windows") {
                Platform::Windows
            } else {
                Platform::Unix
            },
            spot: object.text("InstanceLifecycle") == Some("spot"),
            image: object.shown("ImageId"),
            tags: object
                .objects("Tags")
                .filter(|tag| tag.text("Key") != Some("Name"))
                .map(|tag| (tag.shown("Key"), tag.shown("Value")))
                .collect(),
            attributes: attributes(object, apart.remove(it.id).unwrap_or_default()),
        })
    })
}

/// What `DescribeInstances` says of them, added to what was asked for apart.
fn attributes(it: Object<'_>, apart: InstanceAttributes) -> InstanceAttributes {
    let hibernation = it.object("HibernationOptions");
    let metadata = it.object("MetadataOptions");
    let endpoint = metadata.and_then(|it| it.text("HttpEndpoint"));
    InstanceAttributes {
        hibernation: hibernation.and_then(|it| it.flag("Configured")),
        metadata: endpoint.map(|endpoint| endpoint == "enabled"),
        ..apart
    }
}

/// The attributes that take a call each, by instance.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceAttribute.html>
fn attributes_apart<'a>(
    found: &'a Found,
    notes: &mut Notes,
) -> BTreeMap<&'a str, InstanceAttributes> {
    let mut all: BTreeMap<&str, InstanceAttributes> = BTreeMap::new();
    for item in items(found, List::InstanceAttributes) {
        let Some(mut it) = item.subject("InstanceId", notes) else {
            continue;
        };
        it.names("InstanceId", it.id, Target::Instance);
        let known = all.entry(it.id).or_default();
        let value = |key| it.object.object(key);
        let flag = |key| value(key).and_then(|it| it.flag("Value"));
        let shutdown = value("InstanceInitiatedShutdownBehavior");
        let shutdown = match shutdown.and_then(|it| it.text("Value")) {
            Some("stop") => Some(Shutdown::Stop),
            Some("terminate") => Some(Shutdown::Terminate),
            _ => None,
        };
        known.termination_protection =
            flag("DisableApiTermination").or(known.termination_protection);
        known.stop_protection = flag("DisableApiStop").or(known.stop_protection);
        known.shutdown = shutdown.or(known.shutdown);
    }
    all
}

/// Volumes, once per attachment.
pub(super) fn volumes(found: &Found, notes: &mut Notes) -> Vec<Volume> {
    let mut all = Vec::new();
    for item in items(found, List::Volumes) {
        let Some(mut it) = item.subject("VolumeId", notes) else {
            continue;
        };
        let object = it.object;
        for one in object.objects("Attachments") {
            let Some(instance) = one.text("InstanceId") else {
                it.unreadable("Attachments", "an attachment without InstanceId");
                continue;
            };
            it.names("Attachments", instance, Target::Instance);
            all.push(Volume {
                id: it.id.into(),
                instance: instance.into(),
                device: one.shown("Device"),
                size_gib: object.small("Size").unwrap_or(0),
                encrypted: object.flag("Encrypted").unwrap_or(false),
                delete_on_termination: one.flag("DeleteOnTermination").unwrap_or(false),
            });
        }
    }
    once_by(all, |it| (it.id.clone(), it.instance.clone()))
}

/// Memberships as `describe-auto-scaling-instances` says them, and those that only the groups say.
pub(super) fn asg_memberships(found: &Found, notes: &mut Notes) -> Vec<AsgMembership> {
    let mut all: Vec<AsgMembership> = Vec::new();
    for item in items(found, List::AutoScalingInstances) {
        let Some(mut it) = item.subject("InstanceId", notes) else {
            continue;
        };
        let Some(group) = it.needs("AutoScalingGroupName") else {
            continue;
        };
        it.names("InstanceId", it.id, Target::Instance);
        all.push(AsgMembership {
            instance: it.id.into(),
            group: group.into(),
            lifecycle: it.object.shown("LifecycleState"),
            size: it.object.object("AutoScalingGroupSize").and_then(own_size),
        });
    }
    for item in items(found, List::AutoScalingGroups) {
        let Some(mut it) = item.subject("AutoScalingGroupName", notes) else {
            continue;
        };
        for one in it.object.objects("Instances") {
            let Some(instance) = one.text("InstanceId") else {
                it.unreadable("Instances", "a member without InstanceId");
                continue;
            };
            it.names("Instances", instance, Target::Instance);
            all.push(AsgMembership {
                instance: instance.into(),
                group: it.id.into(),
                lifecycle: one.shown("LifecycleState"),
                size: group_size(it.object),
            });
        }
    }
    // An instance is in one group at the most.
    once_by(all, |it| it.instance.clone())
}

/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_AutoScalingGroup.html>
fn group_size(group: Object<'_>) -> Option<AsgSize> {
    Some(AsgSize {
        min: group.small("MinSize")?,
        desired: group.small("DesiredCapacity")?,
        max: group.small("MaxSize")?,
    })
}

/// What a snapshot adds to a membership: AWS's answer has no sizes.
fn own_size(size: Object<'_>) -> Option<AsgSize> {
    Some(AsgSize {
        min: size.small("min")?,
        desired: size.small("desired")?,
        max: size.small("max")?,
    })
}

/// Instance profiles. AWS's answer names no users: those that the instances name are added by whoever
/// asks the estate.
pub(super) fn profiles(found: &Found, notes: &mut Notes) -> Vec<InstanceProfile> {
    things(
        items(found, List::InstanceProfiles),
        "InstanceProfileName",
        notes,
        |it| {
            let roles = it.object.objects("Roles");
            let roles = roles.filter_map(|role| role.text("RoleName"));
            Some(InstanceProfile {
                name: visible(it.id).into_owned(),
                roles: roles.map(|it| visible(it).into_owned()).collect(),
                users: it.object.texts("Users").map(Into::into).collect(),
            })
        },
    )
}

/// Registrations in target groups. Targets by address may be anything and are none.
pub(super) fn target_memberships(found: &Found, notes: &mut Notes) -> Vec<TargetMembership> {
    let names = target_group_names(found, notes);
    let mut all = Vec::new();
    for item in items(found, List::LoadBalancerTargetHealth) {
        // The answer for one group does not name it; there may be only one.
        let only = match names.iter().next() {
            Some((arn, _)) if names.len() == 1 => Some(*arn),
            _ => None,
        };
        let object = item.object;
        let arn = object.and_then(|it| it.text("TargetGroupArn")).or(only);
        let (Some(object), Some(arn)) = (object, arn) else {
            notes.file.clone_from(item.file);
            notes.doubt(DoubtKind::WithoutId {
                list: item.list,
                entry: item.at,
                field: "TargetGroupArn",
            });
            continue;
        };
        let name = object.text("TargetGroupName").or(names.get(arn).copied());
        let mut it = super::Subject {
            object,
            id: arn,
            notes,
        };
        for one in object.objects("TargetHealthDescriptions") {
            let target = one.object("Target");
            let Some(id) = target.and_then(|it| it.text("Id")) else {
                it.unreadable("TargetHealthDescriptions", "a target without Id");
                continue;
            };
            if !id.starts_with("i-") {
                continue;
            }
            it.names("TargetHealthDescriptions", id, Target::Instance);
            let health = one.object("TargetHealth");
            all.push(TargetMembership {
                instance: id.into(),
                target_group: visible(name.unwrap_or_default()).into_owned(),
                arn: visible(arn).into_owned(),
                port: target.and_then(|it| it.small("Port")),
                health: health.map(|it| it.shown("State")).unwrap_or_default(),
            });
        }
    }
    once_by(all, |it| (it.instance.clone(), it.arn.clone(), it.port))
}

fn target_group_names<'a>(found: &'a Found, notes: &mut Notes) -> BTreeMap<&'a str, &'a str> {
    let mut names = BTreeMap::new();
    for item in items(found, List::TargetGroups) {
        if let Some(it) = item.subject("TargetGroupArn", notes) {
            names.insert(it.id, it.object.text("TargetGroupName").unwrap_or_default());
        }
    }
    names
}
