//! Pane 2: the suspect, its interfaces, and everything that they use.

use ratatui::text::Line;

use super::{Canvas, Content};
use crate::model::{Eni, Estate, GroupId, Instance, PartKind, SubnetId};
use crate::sources::Feed;

pub(super) fn content<'a>(canvas: &Canvas<'a>) -> Content<'a> {
    let state = canvas.state;
    let Some(id) = state.suspect() else {
        let words = "select a finding that names an instance (1)";
        return Content {
            title: "Suspect".into(),
            lines: canvas.prose(words, canvas.styles.dim),
        };
    };
    let mut lines = canvas
        .trouble(Feed::Part(PartKind::Instances))
        .unwrap_or_default();
    let instance = state.estate.instance(&id);
    let name = instance.map(|it| it.name.as_str()).unwrap_or_default();
    if let Some(instance) = instance {
        lines.extend(facts(canvas, instance));
    } else {
        let read = state.estate.freshness(PartKind::Instances).is_some();
        let words = if read {
            "not among the instances that were read: terminated, or in another VPC or Region"
        } else {
            "reading the estate"
        };
        lines.extend(canvas.prose(words, canvas.styles.dim));
    }
    let scroll = usize::from(state.cursors.suspect).min(lines.len().saturating_sub(canvas.height));
    lines.drain(..scroll);
    Content {
        title: format!("Suspect {id} {name}"),
        lines,
    }
}

fn facts<'a>(canvas: &Canvas<'a>, instance: &Instance) -> Vec<Line<'a>> {
    let (estate, styles) = (&*canvas.state.estate, canvas.styles);
    let dot = styles.glyphs.dot;
    let spot = if instance.spot { ", Spot" } else { "" };
    let mut facts = vec![format!(
        "{}{spot} {dot} {} {dot} {}",
        instance.instance_type,
        instance.state.name(),
        instance.image
    )];
    for eni in estate.enis_of_instance(&instance.id) {
        facts.extend(interface(estate, eni, dot));
        facts.extend(subnet(estate, &eni.subnet));
        facts.push(format!("  groups {}", groups(estate, &eni.groups)));
    }
    let profile = instance.profile.as_deref().unwrap_or("none");
    let users = instance
        .profile
        .as_deref()
        .map_or(0, |it| estate.instances_of_profile(it).count());
    facts.push(format!("profile {profile} (on {users} instances)"));
    if let Some(member) = estate.asg_of(&instance.id) {
        facts.push(format!(
            "Auto Scaling group {} ({})",
            member.group, member.lifecycle
        ));
    }
    for target in estate.targets_of(&instance.id) {
        let port = target.port.map(|it| format!(":{it}")).unwrap_or_default();
        facts.push(format!(
            "target group {}{port} ({})",
            target.target_group, target.health
        ));
    }
    for volume in estate.volumes_of(&instance.id) {
        let kept = if volume.delete_on_termination {
            "deleted with it"
        } else {
            "kept"
        };
        facts.push(format!(
            "volume {} {} {} GiB, {kept}",
            volume.id, volume.device, volume.size_gib
        ));
    }
    facts
        .into_iter()
        .map(|fact| canvas.line(&fact, styles.plain))
        .collect()
}

fn interface(estate: &Estate, eni: &Eni, dot: &str) -> [String; 2] {
    let addresses: Vec<String> = eni.addresses.iter().map(ToString::to_string).collect();
    let public = eni.public.first();
    let public = public.map(|it| format!(" {dot} public {}", it.address));
    let managed = if eni.requester_managed {
        ", requester-managed"
    } else {
        ""
    };
    let index = eni.device_index.map(|it| format!("eth{it} "));
    let vpc = estate.vpc(&eni.vpc).map(|it| it.name.as_str());
    [
        format!(
            "{}{}{managed} in {} {}",
            index.unwrap_or_default(),
            eni.id,
            eni.vpc,
            vpc.unwrap_or_default()
        ),
        format!("  {}{}", addresses.join(" "), public.unwrap_or_default()),
    ]
}

fn subnet(estate: &Estate, id: &SubnetId) -> [String; 2] {
    let name = estate
        .subnet(id)
        .map(|it| format!(" {} {}", it.name, it.zone));
    let table = estate.table_of_subnet(id);
    let table = table.map_or("unknown".into(), |it| it.id.to_string());
    let acl = estate.acl_of_subnet(id).map_or("unknown".into(), |acl| {
        format!("{}, which serves {} subnets", acl.id, acl.subnets.len())
    });
    [
        format!("  {id}{}, routes {table}", name.unwrap_or_default()),
        format!("  network ACL {acl}"),
    ]
}

pub(in crate::view) fn groups(estate: &Estate, ids: &[GroupId]) -> String {
    let name = |id: &GroupId| match estate.group(id) {
        Some(group) => format!("{} ({id})", group.name),
        None => id.to_string(),
    };
    if ids.is_empty() {
        return "none".into();
    }
    ids.iter().map(name).collect::<Vec<_>>().join(", ")
}
